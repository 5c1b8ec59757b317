"""One sandbox per test process; a fresh database per test, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.databases import (  # noqa: F401 - fixtures
    database_url,
    postgres_database_url,
    postgres_schema_url,
    sqlite_url,
)
from tests.support.firm_office import Office
from tests.support.product import Product, running_product
from tests.support.sandbox import RunningSandbox
from tests.support.switchboard import Switchboard
from tests.support.watched import Watched


@pytest.fixture(scope="session")
def offset_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clock") / "offset"


@pytest.fixture(scope="session")
def shared_sandbox(offset_file: Path) -> Iterator[RunningSandbox]:
    with RunningSandbox(offset_file=offset_file) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: RunningSandbox) -> RunningSandbox:
    shared_sandbox.reset()
    return shared_sandbox


@pytest.fixture
def product(sandbox: RunningSandbox, database_url: str, offset_file: Path) -> Iterator[Product]:  # noqa: F811
    with running_product(sandbox, database_url, offset_file) as running:
        yield running


@pytest.fixture
def sqlite_product(
    sandbox: RunningSandbox,
    sqlite_url: URL,  # noqa: F811
    offset_file: Path,
) -> Iterator[Product]:
    """For stories in which the database plays no part."""
    with running_product(sandbox, sqlite_url, offset_file) as running:
        yield running


@pytest.fixture
def organizer(sandbox: RunningSandbox) -> str:
    found: str = sandbox.person()["address"]
    return found


@pytest.fixture
def watched(product: Product, organizer: str) -> Watched:
    return Watched(product, organizer)


@pytest.fixture
def sqlite_watched(sqlite_product: Product, organizer: str) -> Watched:
    return Watched(sqlite_product, organizer)


@pytest.fixture
def office(product: Product) -> Office:
    return Office(product)


@pytest.fixture
def sqlite_office(sqlite_product: Product) -> Office:
    return Office(sqlite_product)


@pytest.fixture(scope="module")
def board(
    shared_sandbox: RunningSandbox, offset_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Switchboard]:
    """For stories about settings: one deployment for a whole module, on SQLite."""
    shared_sandbox.reset()
    file = tmp_path_factory.mktemp("switches") / "test.sqlite3"
    url = URL.create("sqlite", database=str(file))
    with running_product(shared_sandbox, url, offset_file) as product:
        yield Switchboard(product)
