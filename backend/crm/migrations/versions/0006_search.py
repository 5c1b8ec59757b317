"""Find words in a million records: an index that holds the text (SQLite), trigrams (PostgreSQL)"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SCAN = "ix_crm_activities_scan"
_TRIGRAMS = {
    "ix_crm_activities_trigrams": "crm_activities",
    "ix_crm_contacts_trigrams": "crm_contacts",
}


def upgrade() -> None:
    """Answers are the same with and without these indexes."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(
            _SCAN,
            "crm_activities",
            [
                *("tenant_id", "start_at", "id"),
                # What a search looks at, so that it need not look at the records.
                *("removed_at", "search_text", "visibility", "owner_id", "end_at"),
            ],
            unique=False,
            sqlite_where=sa.text("removed_at IS NULL"),
        )
        return
    schema = _schema_of_trigrams()
    if schema is None:
        # Whoever installs without this right searches more slowly; `doctor` and the manual say so.
        return
    for name, table in _TRIGRAMS.items():
        live = " WHERE removed_at IS NULL" if table == "crm_activities" else ""
        op.execute(
            f'CREATE INDEX {name} ON {table} USING gin (search_text "{schema}".gin_trgm_ops){live}'
        )


def downgrade() -> None:
    """The extension stays: others of this database may use it."""
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index(_SCAN, "crm_activities")
        return
    for name in _TRIGRAMS:
        op.execute(f"DROP INDEX IF EXISTS {name}")


def _schema_of_trigrams() -> str | None:
    """Where pg_trgm lives, made if need be: it is a trusted extension (PostgreSQL 13 and newer)."""
    connection = op.get_bind()
    where = sa.text(
        "SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace"
        " WHERE extname = 'pg_trgm'"
    )
    schema = connection.scalar(where)
    if schema is None:
        try:
            with connection.begin_nested():
                connection.execute(
                    sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public")
                )
        except DBAPIError:
            # No right, not installed, or somebody else was faster.
            pass
        schema = connection.scalar(where)
    return None if schema is None else str(schema)
