"""The databases of tests.support, for this folder."""

from tests.support.databases import (
    database,
    database_url,
    postgres_database_url,
    postgres_schema_url,
    sqlite_url,
)

__all__ = ["database", "database_url", "postgres_database_url", "postgres_schema_url", "sqlite_url"]
