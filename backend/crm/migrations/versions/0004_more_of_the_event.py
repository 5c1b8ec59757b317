"""The event's own id, and whether a record was made from one meeting of a series"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Servers that do not know the columns yet leave the defaults; the next write fills them."""
    op.add_column("crm_activities", sa.Column("event_id", sa.String(600), nullable=True))
    op.add_column(
        "crm_activities",
        sa.Column("recurring", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("crm_activities", "recurring")
    op.drop_column("crm_activities", "event_id")
