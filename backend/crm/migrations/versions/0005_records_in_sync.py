"""Find the records that still follow an event without reading all others"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NAME = "ix_crm_activities_in_sync"
_IN_SYNC = sa.text("sync_status = 'synced' AND removed_at IS NULL")


def upgrade() -> None:
    op.create_index(
        _NAME,
        "crm_activities",
        ["tenant_id", "id"],
        unique=False,
        sqlite_where=_IN_SYNC,
        postgresql_where=_IN_SYNC,
    )


def downgrade() -> None:
    op.drop_index(_NAME, "crm_activities")
