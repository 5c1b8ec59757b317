"""Alembic migrations of the product's own tables, run by ``calendar-sync migrate`` and ``demo``."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

VERSION_TABLE = "alembic_version"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to ``revision``, in one transaction; safe to repeat."""
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
