"""A stage for the road: a fresh database per test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from backend.sql import Database
from tests.support.databases import (
    database,
    database_url,
    postgres_database_url,
    postgres_schema_url,
    sqlite_url,
)
from tests.support.pulling import Pull
from tests.support.stage import Stage, create_tables

__all__ = ["database", "database_url", "postgres_database_url", "postgres_schema_url", "sqlite_url"]


@pytest.fixture
def stage(database: Database) -> Stage:
    create_tables(database)
    return Stage(database)


@pytest.fixture
def pull(database: Database) -> Pull:
    create_tables(database)
    return Pull(database)
