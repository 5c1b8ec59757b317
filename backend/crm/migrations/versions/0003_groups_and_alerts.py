"""What a record is about, groups that may see one, alerts for those who follow a contact"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.sql import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.String(64)


def upgrade() -> None:
    """Servers that do not know the new columns leave them empty."""
    op.add_column("crm_activities", sa.Column("regarding_kind", sa.String(12), nullable=True))
    op.add_column("crm_activities", sa.Column("regarding_id", _ID, nullable=True))
    _create_groups()
    _create_follows()
    _create_alerts()


def downgrade() -> None:
    for table in ("crm_alerts", "crm_follows", "crm_group_members", "crm_groups"):
        op.drop_table(table)
    op.drop_column("crm_activities", "regarding_id")
    op.drop_column("crm_activities", "regarding_kind")


def _create_groups() -> None:
    op.create_table(
        "crm_groups",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("folded_name", sa.String(600), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_crm_groups")),
        sa.UniqueConstraint(
            "tenant_id", "folded_name", name=op.f("uq_crm_groups_tenant_id_folded_name")
        ),
    )
    op.create_table(
        "crm_group_members",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("group_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["crm_groups.tenant_id", "crm_groups.id"],
            name=op.f("fk_crm_group_members_tenant_id_group_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "group_id", "user_id", name=op.f("pk_crm_group_members")
        ),
    )
    _index("crm_group_members", "tenant_id", "user_id")


def _create_follows() -> None:
    op.create_table(
        "crm_follows",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("contact_id", _ID, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["crm_contacts.tenant_id", "crm_contacts.id"],
            name=op.f("fk_crm_follows_tenant_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "contact_id", name=op.f("pk_crm_follows")),
    )
    _index("crm_follows", "tenant_id", "contact_id")


def _create_alerts() -> None:
    op.create_table(
        "crm_alerts",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("activity_id", _ID, nullable=False),
        sa.Column("contact_id", _ID, nullable=False),
        sa.Column("news", sa.String(10), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("was_at", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "news IN ('appeared', 'moved', 'cancelled', 'removed')",
            name=op.f("ck_crm_alerts_news"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "activity_id"],
            ["crm_activities.tenant_id", "crm_activities.id"],
            name=op.f("fk_crm_alerts_tenant_id_activity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "activity_id", name=op.f("pk_crm_alerts")),
    )
    _index("crm_alerts", "tenant_id", "activity_id")
    _index("crm_alerts", "tenant_id", "user_id", "at", "activity_id")
    _index("crm_alerts", "at")


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
