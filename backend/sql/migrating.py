"""Runs the Alembic migrations of one folder; the rooms above say which tables are theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config


@dataclass(frozen=True, slots=True)
class Migrations:
    """The versions below one folder, and where a database says which of them it has."""

    folder: Path
    version_table: str
    lock_key: int
    """PostgreSQL advisory lock: processes that start together migrate one after the other."""

    def upgrade(self, engine: sa.Engine, revision: str = "head") -> None:
        """Bring the tables up to ``revision``, in one transaction; safe to repeat."""
        config = Config()
        config.set_main_option("script_location", str(self.folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    def run(
        self, metadata: sa.MetaData, render_item: Callable[[str, Any, Any], Any] | None = None
    ) -> None:
        """What the folder's ``env.py`` does, on the connection that :meth:`upgrade` hands over.

        ``render_item``: as Alembic takes it, for writing new versions.
        """
        connection: sa.Connection = context.config.attributes["connection"]
        if connection.dialect.name == "postgresql":
            connection.execute(
                sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": self.lock_key}
            )
        context.configure(
            connection=connection,
            target_metadata=metadata,
            version_table=self.version_table,
            render_as_batch=True,
            compare_type=True,
            render_item=render_item,
        )
        with context.begin_transaction():
            context.run_migrations()
