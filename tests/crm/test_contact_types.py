"""Renaming and removing contact types that the sync's settings know by name (S1, E13, A1)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backend.crm.access import CrmCaller
from backend.crm.gateway import EmbeddedCrm
from backend.domain.crm import SyncStatus, UnmatchedAttendee
from backend.sql import Database
from tests.crm.gateway_contract import KEY, TENANT, a_draft
from tests.support.crm import HandClock, create_tables
from tests.support.crm_server import crm_app, crm_pages_app
from tests.support.together import at_once

ADMIN = {"Authorization": f"Bearer {TENANT}:admin"}
JANE = {"Authorization": f"Bearer {TENANT}:jane"}


class Selected:
    """Settings that select the type Client, and know Our Personnel by its name."""

    def __init__(self) -> None:
        self.names = ["Client"]

    def is_needed(self, session: Session, tenant_id: str, name: str) -> bool:
        return name in self.names

    def is_fixed(self, name: str) -> bool:
        return name == "Our Personnel"

    def rename(self, session: Session, caller: CrmCaller, old: str, new: str) -> None:
        assert session.in_transaction()
        assert (caller.tenant_id, caller.user_id) == (TENANT, "admin")
        self.names = [new if name == old else name for name in self.names]


@pytest.fixture
def settings() -> Selected:
    return Selected()


@pytest.fixture
def heard() -> list[list[str]]:
    return []


@pytest.fixture
def client(database: Database, settings: Selected, heard: list[list[str]]) -> Iterator[FlaskClient]:
    create_tables(database)
    app = crm_app(database, HandClock(), lambda _tenant, keys: heard.append([*keys]), settings)
    with app.test_client() as client:
        yield client


def a_type(client: FlaskClient, name: str) -> str:
    made = client.post("/crm/api/contact-types", json={"name": name}, headers=ADMIN)
    type_id: str = made.get_json()["id"]
    return f"/crm/api/contact-types/{type_id}"


def test_a_rename_takes_the_settings_along_and_rings(
    client: FlaskClient, settings: Selected, heard: list[list[str]]
) -> None:
    path = a_type(client, "Client")

    renamed = client.patch(path, json={"name": "Key client"}, headers=ADMIN)
    client.patch(path, json={"name": "KEY client"}, headers=ADMIN)

    assert renamed.get_json()["name"] == "Key client"
    assert settings.names == ["KEY client"]
    assert heard == [[]], "another spelling of the same name concerns no contact"


def test_a_member_changes_no_type_and_so_no_setting_through_the_api_either(
    client: FlaskClient, settings: Selected
) -> None:
    path = a_type(client, "Client")

    answers = [
        client.post("/crm/api/contact-types", json={"name": "Mine"}, headers=JANE),
        client.patch(path, json={"name": "Mine"}, headers=JANE),
        client.delete(path, headers=JANE),
    ]

    assert [(each.status_code, each.get_json()["code"]) for each in answers] == [
        (403, "forbidden")
    ] * 3
    assert settings.names == ["Client"]
    assert client.get(path, headers=JANE).get_json()["name"] == "Client"


def test_renaming_and_removing_at_once_ends_in_one_of_both(
    client: FlaskClient, settings: Selected
) -> None:
    settings.names = []
    for number in range(5):
        path = a_type(client, f"Type {number}")

        def act(method: str, name: str = "", path: str = path) -> int:
            one = client.application.test_client()
            return one.open(path, method=method, json={"name": name}, headers=ADMIN).status_code

        renames = [partial(act, "PATCH", f"Other {number}.{each}") for each in range(4)]
        statuses = at_once(*renames, partial(act, "DELETE"), partial(act, "DELETE"))

        assert set(statuses[:4]) <= {200, 404}
        assert sorted(statuses[4:]) == [204, 404]


def test_a_name_that_is_taken_changes_nothing(client: FlaskClient) -> None:
    path = a_type(client, "Client")
    a_type(client, "Prospect")

    refused = client.patch(path, json={"name": "PROSPECT"}, headers=ADMIN)

    assert (refused.status_code, refused.get_json()["code"]) == (409, "exists")
    assert client.get(path, headers=ADMIN).get_json()["name"] == "Client"


def test_a_type_that_a_rule_selects_is_not_removed_and_the_refusal_says_why(
    client: FlaskClient, settings: Selected
) -> None:
    path = a_type(client, "Client")

    refused = client.delete(path, headers=ADMIN)
    settings.names = []
    removed = client.delete(path, headers=ADMIN)

    assert (refused.status_code, refused.get_json()["code"]) == (409, "selected")
    assert "settings" in refused.get_json()["detail"]
    assert removed.status_code == 204


def test_a_type_that_the_sync_knows_by_its_name_keeps_it(client: FlaskClient) -> None:
    path = a_type(client, "Our Personnel")

    renamed = client.patch(path, json={"name": "Staff"}, headers=ADMIN)
    removed = client.delete(path, headers=ADMIN)
    respelt = client.patch(path, json={"name": "OUR PERSONNEL"}, headers=ADMIN)

    assert [each.get_json()["code"] for each in (renamed, removed)] == ["reserved"] * 2
    assert respelt.status_code == 200


def test_a_contact_made_through_the_gateway_rings_the_records_that_name_it(
    database: Database,
) -> None:
    create_tables(database)
    heard: list[tuple[str, list[str]]] = []
    crm = EmbeddedCrm(
        database, HandClock(), lambda tenant_id, keys: heard.append((tenant_id, [*keys]))
    )
    new = UnmatchedAttendee("New", "New@x.example", "none", "required")
    crm.write_activity(TENANT, KEY, a_draft(unmatched=(new,)), revision=None)
    crm.write_activity(TENANT, f"{KEY}-2", a_draft(), revision=None)
    crm.write_activity(TENANT, f"{KEY}-3", a_draft(unmatched=(new,)), revision=None)
    crm.set_sync_status(TENANT, f"{KEY}-3", SyncStatus.FINAL)

    crm.create_contact(TENANT, "New", "new@x.example")
    crm.create_contact(TENANT, "New again", "new@x.example")

    assert heard == [(TENANT, [KEY])], "once, and only what still follows its event"


def page_of(path: str) -> str:
    """The form of a type, by its address in the API."""
    return f"{path.replace('/crm/api/', '/crm/')}/edit"


def test_an_admin_makes_renames_and_removes_a_type_on_the_pages(
    client: FlaskClient, database: Database, settings: Selected
) -> None:
    admin = CrmCaller(TENANT, "admin", "Admin", "admin@firm.example", is_admin=True)
    pages = crm_pages_app(database, HandClock(), admin, settings=settings).test_client()
    form = {"csrf_token": "token"}
    edit = {name: page_of(a_type(client, name)) for name in ("Client", "Our Personnel", "Press")}

    made = pages.post("/crm/contact-types/new", data={**form, "name": "<b>Counsel</b>"})
    taken = pages.post("/crm/contact-types/new", data={**form, "name": "press"})
    renamed = pages.post(edit["Client"], data={**form, "name": "Customer"})
    removal = {**form, "act": "remove"}
    unsure = pages.post(edit["Press"], data=removal)
    selected = pages.post(edit["Client"], data={**removal, "sure": "1"})
    reserved = pages.post(edit["Our Personnel"], data={**removal, "sure": "1"})
    removed = pages.post(edit["Press"], data={**removal, "sure": "1"})
    shown = pages.get("/crm/contact-types").text

    assert (made.status_code, renamed.status_code, removed.status_code) == (303, 303, 303)
    assert settings.names == ["Customer"]
    assert (taken.status_code, unsure.status_code) == (409, 422)
    assert (selected.status_code, reserved.status_code) == (409, 409)
    assert "Take it out of the firm" in selected.text
    assert "“Our Personnel”" in reserved.text
    assert "&lt;b&gt;Counsel&lt;/b&gt;" in shown
    assert ("Customer" in shown, "Press" in shown) == (True, False)
    assert pages.post(edit["Client"], data={"name": "X"}).status_code == 403
    assert pages.get("/crm/contact-types/nope/edit").status_code == 404


def test_members_see_the_types_and_change_none(client: FlaskClient, database: Database) -> None:
    joe = CrmCaller(TENANT, "joe", "Joe", "joe@firm.example")
    pages = crm_pages_app(database, HandClock(), joe).test_client()
    edit = page_of(a_type(client, "Client"))

    shown = pages.get("/crm/contact-types").text

    assert "Client" in shown
    assert "Rename" not in shown
    for path in ("/crm/contact-types/new", edit):
        assert pages.get(path).status_code == 403
        assert pages.post(path, data={"csrf_token": "token", "name": "x"}).status_code == 403
