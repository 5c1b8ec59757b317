from tests.support.databases import postgres_database_url, postgres_schema_url

__all__ = ["postgres_database_url", "postgres_schema_url"]
