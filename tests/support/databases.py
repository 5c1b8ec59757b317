"""Databases for tests: an empty one per test, on a SQLite file and on a real PostgreSQL.

Rooms import the fixtures they want into their ``conftest.py``. Where PostgreSQL is not reachable
its variants are skipped with the reason, except in CI, where that is a failure.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from backend.sql import Database

DEFAULT_POSTGRES_URL = "postgresql+psycopg://root@127.0.0.1:5432/postgres"
_schema_numbers = itertools.count(1)


def postgres_url() -> URL:
    return make_url(os.environ.get("CALENDAR_SYNC_TEST_POSTGRES_URL", DEFAULT_POSTGRES_URL))


@pytest.fixture(scope="session")
def postgres_database_url(worker_id: str) -> Iterator[URL]:
    """A fresh PostgreSQL database for this test process; dropped at the end."""
    server = create_engine(
        postgres_url(), isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3}
    )
    name = f"calendar_sync_test_{os.getpid()}_{worker_id}"
    try:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            connection.execute(text(f'CREATE DATABASE "{name}"'))
            # Tests never pull the plug: a commit need not wait for the disk.
            connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit TO off'))
    except OperationalError as error:
        reason = (
            f"PostgreSQL is not reachable at {postgres_url()!r} "
            f"(set CALENDAR_SYNC_TEST_POSTGRES_URL): {error.orig}"
        )
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    yield postgres_url().set(database=name)
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    server.dispose()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> URL:
    return URL.create("sqlite", database=str(tmp_path / "test.sqlite3"))


@pytest.fixture
def postgres_schema_url(postgres_database_url: URL) -> Iterator[URL]:
    """An empty schema of its own: cheaper than a database, as separate as the test needs."""
    with postgres_schema(postgres_database_url) as url:
        yield url


@contextmanager
def postgres_schema(database_url: URL) -> Iterator[URL]:
    """A new schema of that database; dropped at the end."""
    schema = f"test_{next(_schema_numbers)}"
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield database_url.update_query_dict({"options": f"-c search_path={schema}"})
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> URL:
    """The URL of an empty database, once per kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_schema_url"
    url: URL = request.getfixturevalue(name)
    return url


@pytest.fixture
def database(database_url: URL) -> Iterator[Database]:
    """An empty :class:`Database`, once per kind; the test makes its own tables."""
    made = Database(database_url, pool_size=5)
    yield made
    made.dispose()
