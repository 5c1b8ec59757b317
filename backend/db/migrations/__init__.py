"""Alembic migrations of the product's own tables, run by ``calendar-sync migrate`` and ``demo``."""

from __future__ import annotations

from pathlib import Path

from backend.sql.migrating import Migrations

MIGRATIONS = Migrations(Path(__file__).parent, version_table="alembic_version", lock_key=0x63616C)
VERSION_TABLE = MIGRATIONS.version_table
upgrade = MIGRATIONS.upgrade
