"""The CRM's own Alembic environment, apart from the product's."""

from __future__ import annotations

from pathlib import Path

from backend.sql.migrating import Migrations

MIGRATIONS = Migrations(
    Path(__file__).parent, version_table="crm_alembic_version", lock_key=0x63726D
)
VERSION_TABLE = MIGRATIONS.version_table
upgrade = MIGRATIONS.upgrade
