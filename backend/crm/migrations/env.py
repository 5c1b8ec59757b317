"""Alembic's entry: runs the versions on the connection that ``upgrade`` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from backend.crm.migrations import VERSION_TABLE
from backend.crm.models import Base

_LOCK = 0x63726D
"""PostgreSQL advisory lock: two processes that start together migrate one after the other."""


def run() -> None:
    connection: Connection = context.config.attributes["connection"]
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
