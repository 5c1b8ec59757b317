"""What tests use in place of a migration is one: same tables, same version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import URL, text

from backend.crm.migrations import VERSION_TABLE as CRM_VERSION_TABLE
from backend.db.migrations import VERSION_TABLE as OUR_VERSION_TABLE
from backend.migrate import migrate_all
from backend.sql import Database
from tests.support import migrated
from tests.support.databases import postgres_schema
from tests.support.migrated import migrate_quickly

VERSIONS = [f"SELECT version_num FROM {table}" for table in (CRM_VERSION_TABLE, OUR_VERSION_TABLE)]
_HERE = "current_schema()::regnamespace"
SCHEMA = {
    "sqlite": ["SELECT name, sql FROM sqlite_schema ORDER BY name"],
    "postgresql": [
        """SELECT table_name, column_name, data_type, is_nullable, column_default
          FROM information_schema.columns WHERE table_schema = current_schema()
          ORDER BY table_name, ordinal_position""",
        """SELECT tablename, replace(indexdef, current_schema(), '') FROM pg_indexes
          WHERE schemaname = current_schema() ORDER BY indexname""",
        f"""SELECT conname, replace(pg_get_constraintdef(oid), current_schema(), '')
          FROM pg_constraint WHERE connamespace = {_HERE} ORDER BY conname""",
        """SELECT trigger_name, event_manipulation, action_statement
          FROM information_schema.triggers WHERE trigger_schema = current_schema()
          ORDER BY trigger_name, event_manipulation""",
        f"SELECT proname, prosrc FROM pg_proc WHERE pronamespace = {_HERE} ORDER BY proname",
    ],
}


@pytest.fixture
def another(
    database: Database, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Database]:
    """Another empty database of the same kind."""
    with ExitStack() as stack:
        if database.dialect == "sqlite":
            url = URL.create("sqlite", database=str(tmp_path / "another.sqlite3"))
        else:
            server = request.getfixturevalue("postgres_database_url")
            url = stack.enter_context(postgres_schema(server))
        made = Database(url, pool_size=5)
        yield made
        made.dispose()


def test_a_recorded_migration_gives_what_migrating_gives(
    database: Database, another: Database
) -> None:
    migrate_all(another)
    expected = described(another)

    for _ in range(2):
        migrate_quickly(database)
        assert described(database) == expected


def test_the_second_database_is_made_from_the_record(
    database: Database, another: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate_quickly(database)
    monkeypatch.setattr(migrated, "_record", None)

    migrate_quickly(another)

    assert described(another) == described(database)


def described(database: Database) -> list[list[list[str]]]:
    """Every table, index, check, key and trigger, and the versions.

    Lines are sorted: Alembic rebuilds SQLite's tables with their checks in any order.
    """
    with database.write_engine.connect() as connection:
        return [
            [sorted(line.strip("\t ,") for line in str(value).splitlines()) for value in row]
            for question in (*SCHEMA[database.dialect], *VERSIONS)
            for row in connection.execute(text(question))
        ]
