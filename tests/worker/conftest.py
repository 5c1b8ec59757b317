from tests.support.databases import postgres_database_url

__all__ = ["postgres_database_url"]
