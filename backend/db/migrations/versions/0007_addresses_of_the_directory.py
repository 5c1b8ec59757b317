"""Addresses of the directory"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_addresses",
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("primary_address", sa.String(length=320), nullable=True),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firms.id"], name=op.f("fk_directory_addresses_firm_id_firms")
        ),
        sa.PrimaryKeyConstraint("firm_id", "address", name=op.f("pk_directory_addresses")),
    )


def downgrade() -> None:
    op.drop_table("directory_addresses")
