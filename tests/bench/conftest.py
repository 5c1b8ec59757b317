from tests.support.databases import (  # noqa: F401
    database,
    database_url,
    postgres_database_url,
    postgres_schema_url,
    sqlite_url,
)
