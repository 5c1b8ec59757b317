"""Filter activities by originator, type and kind without reading a firm's records"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BATCH = 1_000

_NEW_INDEXES = {
    "ix_crm_activities_tenant_id_originator_start_at_id": "originator",
    "ix_crm_activities_tenant_id_type_start_at_id": "type",
    "ix_crm_activities_tenant_id_kind_start_at_id": "kind",
}


def upgrade() -> None:
    """Servers that do not know the column yet leave it empty; the next write fills it."""
    op.add_column("crm_activities", sa.Column("originator", sa.String(640), nullable=True))
    _fill_originators()
    for name, column in _NEW_INDEXES.items():
        op.create_index(
            op.f(name), "crm_activities", ["tenant_id", column, "start_at", "id"], unique=False
        )


def downgrade() -> None:
    for name in _NEW_INDEXES:
        op.drop_index(op.f(name), "crm_activities")
    op.drop_column("crm_activities", "originator")


def _fill_originators() -> None:
    activities = sa.table(
        "crm_activities",
        sa.column("tenant_id", sa.String),
        sa.column("id", sa.String),
        sa.column("assigned_to", sa.JSON),
        sa.column("originator", sa.String),
    )
    connection = op.get_bind()
    key = sa.tuple_(activities.c.tenant_id, activities.c.id)
    one = sa.and_(
        activities.c.tenant_id == sa.bindparam("of_tenant"),
        activities.c.id == sa.bindparam("of_id"),
    )
    last: tuple[str, str] = ("", "")
    while True:
        query = (
            sa.select(activities.c.tenant_id, activities.c.id, activities.c.assigned_to)
            .where(key > last)
            .order_by(activities.c.tenant_id, activities.c.id)
            .limit(_BATCH)
        )
        rows = connection.execute(query).all()
        if not rows:
            return
        changes = [
            {"of_tenant": row.tenant_id, "of_id": row.id, "value": _originator(row.assigned_to)}
            for row in rows
            if row.assigned_to
        ]
        if changes:
            update = sa.update(activities).where(one).values(originator=sa.bindparam("value"))
            connection.execute(update, changes)
        last = (rows[-1].tenant_id, rows[-1].id)


def _originator(person: dict[str, Any]) -> str | None:
    """As ``backend.crm.records`` does it, written down here: migrations do not change with code."""
    address = str(person.get("address") or "").strip().casefold().removeprefix("smtp:")
    name = str(person.get("name") or "").strip().casefold()
    return (address or name)[:320] or None
