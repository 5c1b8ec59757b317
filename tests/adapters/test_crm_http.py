from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from backend.adapters.crm_http import HttpCrm
from backend.adapters.http import Http
from backend.adapters.transport import new_session
from backend.crm.gateway import EmbeddedCrm
from backend.domain.crm import Additions, Listing, Reference, ReferenceKind
from backend.domain.errors import RemoteAccessError, RemoteRejectedError, TransientRemoteError
from backend.sql import Database
from tests.crm.gateway_contract import (
    KEY,
    TENANT,
    AdditionsContract,
    ContactsContract,
    GatewayContract,
    MakeContact,
    a_draft,
)
from tests.crm.gateway_editing_contract import EditingContract
from tests.crm.gateway_trouble_contract import TroubleContract
from tests.support.crm import HandClock, contact_maker, create_tables
from tests.support.crm_hands import ApiHands, UnwellServer
from tests.support.crm_server import SERVICE_TOKEN, crm_app, served
from tests.support.databases import sqlite_url

__all__ = ["sqlite_url"]


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url, pool_size=10)
    create_tables(database)
    yield database
    database.dispose()


@pytest.fixture
def app(database: Database) -> Flask:
    return crm_app(database, HandClock())


@pytest.fixture
def trouble(app: Flask) -> UnwellServer:
    return UnwellServer(app)


@pytest.fixture
def hands(app: Flask, database: Database) -> ApiHands:
    return ApiHands(app, EmbeddedCrm(database, HandClock()))


@pytest.fixture
def base_url(app: Flask) -> Iterator[str]:
    with served(app) as url:
        yield f"{url}/crm/api"


@pytest.fixture
def http() -> Iterator[Http]:
    session = new_session()
    yield Http(session, clock=HandClock())
    session.close()


@pytest.fixture
def gateway(http: Http, base_url: str) -> HttpCrm:
    return HttpCrm(http, base_url, SERVICE_TOKEN)


@pytest.fixture
def people(database: Database) -> MakeContact:
    return contact_maker(database, TENANT)


class TestHttpCrm(
    GatewayContract, ContactsContract, AdditionsContract, EditingContract, TroubleContract
):
    """The same CRM over HTTP keeps the same contract."""


def test_groups_and_what_a_record_is_about_travel_as_well(
    gateway: HttpCrm, app: Flask, people: MakeContact
) -> None:
    people("Ann", "ann@x.example", company_types=("Client",))
    [company] = gateway.find_entries(TENANT, Listing.COMPANIES, "", 10)
    admin = {"Authorization": f"Bearer {TENANT}:admin"}
    group = {"name": "Partners", "member_ids": ["jane"]}
    app.test_client().post("/crm/api/groups", json=group, headers=admin)
    about = Reference(ReferenceKind.COMPANY, company.id)

    [partners] = gateway.groups_of(TENANT, "jane")
    made, _ = gateway.add_activity(
        TENANT,
        "added/jane/1",
        a_draft(owner_id="jane"),
        Additions(regarding=about, visibility=partners.audience, with_companies=False),
    )
    found = gateway.get_activity(TENANT, made.id)

    assert partners.name == "Partners"
    assert gateway.groups_of(TENANT, "joe") == []
    assert gateway.groups_of(TENANT, "x/../y") == []
    assert found == made
    assert (made.regarding, made.visibility) == (about, partners.audience)
    for wrong in (
        Additions(regarding=Reference(ReferenceKind.COMPANY, "nobody")),
        Additions(visibility="group:unknown"),
    ):
        with pytest.raises(RemoteRejectedError) as caught:
            gateway.add_activity(TENANT, "added/jane/2", a_draft(owner_id="jane"), wrong)
        assert caught.value.remote_code == "unknown_reference"


def test_a_user_may_not_write_by_key(http: Http, base_url: str) -> None:
    as_user = HttpCrm(http, base_url, f"{TENANT}:jane")

    with pytest.raises(RemoteAccessError):
        as_user.write_activity(TENANT, KEY, a_draft(), revision=None)
    with pytest.raises(RemoteAccessError):
        as_user.find_activity(TENANT, KEY)
    with pytest.raises(RemoteAccessError):
        as_user.contacts_by_address(TENANT, ["jane@client.example"])


def test_a_crm_that_is_down_is_a_passing_failure(http: Http) -> None:
    gateway = HttpCrm(http, "http://127.0.0.1:1/crm/api", SERVICE_TOKEN)

    with pytest.raises(TransientRemoteError) as caught:
        gateway.find_activity(TENANT, KEY)

    assert caught.value.system == "crm"


def test_a_404_of_somebody_else_is_no_word_about_the_record(http: Http, base_url: str) -> None:
    wrong_address = HttpCrm(http, base_url.replace("/crm/api", "/elsewhere"), SERVICE_TOKEN)

    with pytest.raises(TransientRemoteError):
        wrong_address.find_activity(TENANT, KEY)
