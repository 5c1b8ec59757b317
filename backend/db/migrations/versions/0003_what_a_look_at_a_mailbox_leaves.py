"""What a look at a mailbox leaves: when it was, and how long its round already goes on"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.sql import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("watches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("checked_at", UtcDateTime(), nullable=True))
        batch_op.add_column(
            sa.Column("round_pages", sa.Integer(), nullable=False, server_default="0")
        )
    # It moved: an idle look writes one row, not two.
    with op.batch_alter_table("mailboxes", schema=None) as batch_op:
        batch_op.drop_column("checked_at")


def downgrade() -> None:
    with op.batch_alter_table("mailboxes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("checked_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("watches", schema=None) as batch_op:
        batch_op.drop_column("round_pages")
        batch_op.drop_column("checked_at")
