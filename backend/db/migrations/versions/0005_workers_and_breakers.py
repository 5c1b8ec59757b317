"""Workers by name, leases that carry it, and breakers of remotes that fail"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.sql import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("threads", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
    op.create_table(
        "breakers",
        sa.Column("system", sa.String(length=16), nullable=False),
        sa.Column("scope_id", sa.String(length=36), nullable=False),
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("mailbox_id", sa.String(length=36), nullable=True),
        sa.Column("probe_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_breakers_firm_id_firms")),
        sa.PrimaryKeyConstraint("system", "scope_id", name=op.f("pk_breakers")),
    )
    for table in ("links", "watches"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("lease_holder", sa.String(length=100), nullable=True))
    leased = sa.text("lease_until IS NOT NULL")
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_index("ix_links_due")
        batch_op.create_index("ix_links_due", ["urgent", "due_at"])
        batch_op.create_index(
            "ix_links_leased", ["lease_until"], sqlite_where=leased, postgresql_where=leased
        )


def downgrade() -> None:
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_index("ix_links_leased")
        batch_op.drop_index("ix_links_due")
        batch_op.create_index("ix_links_due", ["due_at", "urgent"])
    for table in ("watches", "links"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("lease_holder")
    op.drop_table("breakers")
    op.drop_table("workers")
