"""Runs migrations on the connection that ``upgrade`` hands over."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from backend.db.migrations import VERSION_TABLE
from backend.db.models import Base
from backend.sql import UtcDateTime

_LOCK = 0x63616C
"""PostgreSQL advisory lock: processes that start together migrate one after the other."""


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Migrations name our own types by their import, and enums as the text they are."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from backend.sql import UtcDateTime")
        return "UtcDateTime()"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


connection: sa.Connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_type=True,
    render_item=_render,
)
context.run_migrations()
