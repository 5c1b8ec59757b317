"""Brings all tables of a database up to date: the product's own and the embedded CRM's."""

from __future__ import annotations

from pathlib import Path

from backend.crm import migrations as crm_migrations
from backend.db import migrations
from backend.sql import Database


def migrate_all(database: Database) -> None:
    """Safe to repeat. A SQLite file's folder is made first."""
    file = database.url.database
    if database.dialect == "sqlite" and file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(database.write_engine)
    crm_migrations.upgrade(database.write_engine)
