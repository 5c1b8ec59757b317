"""The CRM's own Alembic environment, apart from the product's."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

VERSION_TABLE = "crm_alembic_version"


def upgrade(engine: Engine) -> None:
    """Bring the CRM's tables to the newest version; safe to repeat, also at the same time."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
