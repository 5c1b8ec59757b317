"""The databases of tests.support, and a CRM on one; a module may override a part."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from backend.crm.gateway import EmbeddedCrm
from backend.sql import Database
from tests.crm.gateway_contract import TENANT, MakeContact
from tests.support.crm import HandClock, contact_maker, create_tables
from tests.support.crm_server import crm_app
from tests.support.databases import (
    database,
    database_url,
    postgres_database_url,
    postgres_schema_url,
    sqlite_url,
)

__all__ = ["database", "database_url", "postgres_database_url", "postgres_schema_url", "sqlite_url"]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def tables(database: Database) -> Database:
    create_tables(database)
    return database


@pytest.fixture
def crm(tables: Database, clock: HandClock) -> EmbeddedCrm:
    return EmbeddedCrm(tables, clock)


@pytest.fixture
def people(tables: Database) -> MakeContact:
    return contact_maker(tables, TENANT)


@pytest.fixture
def client(tables: Database, clock: HandClock) -> Iterator[FlaskClient]:
    """Of the CRM's API."""
    with crm_app(tables, clock).test_client() as client:
        yield client
