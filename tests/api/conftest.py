from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.app import create_app
from backend.settings import Settings
from backend.sql import Database
from tests.api.stubs import TENANT, StubServices

BEARER = {"Authorization": "Bearer good"}


def settings(**changes: Any) -> Settings:
    given = {
        "base_url": "http://localhost:8000",
        "client_id": "a9100000-2b7e-4d6c-9f58-3e1a7c5d9b22",
        "client_secret": "secret",
        "tenants": (TENANT,),
        "secret_keys": ("k" * 48,),
    }
    return Settings(**(given | changes))


@pytest.fixture
def services(tmp_path: Path) -> StubServices:
    return StubServices(database=Database(f"sqlite:///{tmp_path}/crm.db"))


@pytest.fixture
def make_client(services: StubServices) -> Callable[..., FlaskClient]:
    def make(**changes: Any) -> FlaskClient:
        return create_app(services, settings(**changes)).test_client()

    return make


@pytest.fixture
def anonymous(make_client: Callable[..., FlaskClient]) -> FlaskClient:
    return make_client()


@pytest.fixture
def client(make_client: Callable[..., FlaskClient]) -> FlaskClient:
    """A caller with a good bearer token."""
    made = make_client()
    made.environ_base["HTTP_AUTHORIZATION"] = BEARER["Authorization"]
    return made
