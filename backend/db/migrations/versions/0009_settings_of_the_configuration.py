"""Further settings of a firm, both addresses of a user, reviews of links"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.sql import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("firms", schema=None) as batch_op:
        batch_op.add_column(sa.Column("commencement_date", sa.Date(), nullable=True))
        for name in ("include_location", "include_reminder"):
            batch_op.add_column(
                sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true())
            )
        batch_op.add_column(
            sa.Column("show_as_values", sa.JSON(), nullable=False, server_default="{}")
        )
        batch_op.add_column(sa.Column("added_activity_type", sa.String(length=200), nullable=True))
        batch_op.add_column(
            sa.Column("user_address", sa.String(length=32), nullable=False, server_default="mail")
        )
        batch_op.add_column(
            sa.Column("competing_marks", sa.JSON(), nullable=False, server_default="[]")
        )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail", sa.String(length=320), nullable=True))
        batch_op.add_column(sa.Column("principal_name", sa.String(length=320), nullable=True))
    with op.batch_alter_table("mailboxes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("master_color", sa.String(length=20), nullable=True))
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.add_column(sa.Column("review_until", UtcDateTime(), nullable=True))
    op.execute(
        sa.text(
            "UPDATE mailboxes SET master_color = "
            "(SELECT firms.category_color FROM firms WHERE firms.id = mailboxes.firm_id)"
            " WHERE master_category IS NOT NULL"
        )
    )


def downgrade() -> None:
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_column("review_until")
    with op.batch_alter_table("mailboxes", schema=None) as batch_op:
        batch_op.drop_column("master_color")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("principal_name")
        batch_op.drop_column("mail")
    with op.batch_alter_table("firms", schema=None) as batch_op:
        for name in (
            "competing_marks",
            "user_address",
            "added_activity_type",
            "show_as_values",
            "include_reminder",
            "include_location",
            "commencement_date",
        ):
            batch_op.drop_column(name)
