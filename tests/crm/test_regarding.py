"""What a record is about: one company, contact, opportunity or initiative (T6)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.crm.access import CrmCaller
from backend.crm.gateway import EmbeddedCrm
from backend.domain.crm import Additions, MatchedContact, Reference, ReferenceKind
from backend.domain.errors import RemoteRejectedError
from backend.sql import Database
from tests.crm.gateway_contract import KEY, TENANT, MakeContact, a_draft
from tests.support.crm import HandClock
from tests.support.crm_server import crm_pages_app

JANE = {"Authorization": f"Bearer {TENANT}:jane"}
JOE = {"Authorization": f"Bearer {TENANT}:joe"}


def made(client: FlaskClient, path: str, **given: Any) -> str:
    answer = client.post(f"/crm/api/{path}", json=given, headers=JANE)
    assert answer.status_code == 201, answer.text
    made_id: str = answer.get_json()["id"]
    return made_id


def about(client: FlaskClient, activity_id: str, who: dict[str, str] = JANE) -> Any:
    found = client.get(f"/crm/api/activities/{activity_id}", headers=who)
    return found.get_json()["regarding"]


def change(client: FlaskClient, activity_id: str, regarding: Any, who: Any = JANE) -> Any:
    path = f"/crm/api/activities/{activity_id}"
    tag = client.get(path, headers=who).headers["ETag"]
    return client.patch(path, json={"regarding": regarding}, headers={**who, "If-Match": tag})


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("company", "companies"),
        ("contact", "contacts"),
        ("opportunity", "opportunities"),
        ("initiative", "initiatives"),
    ],
)
def test_a_synced_record_is_filed_under_what_it_is_about_without_being_released(
    client: FlaskClient, crm: EmbeddedCrm, kind: str, path: str
) -> None:
    record = crm.write_activity(TENANT, KEY, a_draft(owner_id="jane"), revision=None)
    thing = made(client, path, name="The thing")

    answer = change(client, record.id, {"kind": kind, "id": thing})
    updated = crm.write_activity(
        TENANT, KEY, a_draft(owner_id="jane", subject="Other"), revision=record.revision
    )

    assert answer.status_code == 200
    assert answer.get_json()["revision"] == record.revision
    assert updated.regarding == Reference(ReferenceKind(kind), thing)
    grid = client.get(f"/crm/api/activities?{kind}={thing}", headers=JANE).get_json()["items"]
    assert [each["id"] for each in grid] == [record.id]
    change(client, record.id, None)
    assert about(client, record.id) is None
    grid = client.get(f"/crm/api/activities?{kind}={thing}", headers=JANE).get_json()["items"]
    assert grid == []


@pytest.mark.parametrize(
    "regarding",
    [
        {"kind": "company", "id": "nobody"},
        {"kind": "planet", "id": "x"},
        {"kind": "contact"},
        "company:x",
        {"kind": "company", "id": "\x00"},
    ],
)
def test_a_record_is_about_something_that_exists(
    client: FlaskClient, crm: EmbeddedCrm, regarding: Any
) -> None:
    record = crm.write_activity(TENANT, KEY, a_draft(owner_id="jane"), revision=None)

    assert change(client, record.id, regarding).status_code == 422
    assert about(client, record.id) is None


def test_a_private_contact_a_record_is_about_is_seen_by_his_owner_only(
    client: FlaskClient, crm: EmbeddedCrm, people: MakeContact
) -> None:
    secret = people("Secret Sue", "sue@x.example", private=True, owner_id="jane")
    record = crm.write_activity(TENANT, KEY, a_draft(owner_id="jane"), revision=None)
    reference = {"kind": "contact", "id": secret}

    refused = change(client, record.id, reference, JOE).status_code
    stored = change(client, record.id, reference).status_code
    emptied = change(client, record.id, None, JOE).status_code

    assert (refused, stored, emptied) == (422, 200, 200)
    assert about(client, record.id, JOE) is None
    assert about(client, record.id, JANE) == reference


def test_a_contact_that_is_removed_is_what_no_record_is_about(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    record = crm.write_activity(TENANT, KEY, a_draft(owner_id="jane"), revision=None)
    contact = made(client, "contacts", name="Ann")
    change(client, record.id, {"kind": "contact", "id": contact})

    client.delete(f"/crm/api/contacts/{contact}", headers=JANE)

    assert about(client, record.id) is None


def test_the_gateway_adds_a_record_that_is_about_something(
    client: FlaskClient, crm: EmbeddedCrm, people: MakeContact
) -> None:
    deal = made(client, "opportunities", name="Deal")
    secret = people("Secret Sue", "sue@x.example", private=True, owner_id="joe")
    reference = Reference(ReferenceKind.OPPORTUNITY, deal)

    record, _ = crm.add_activity(
        TENANT, "added/jane/1", a_draft(owner_id="jane"), Additions(regarding=reference)
    )
    for wrong in (
        Reference(ReferenceKind.OPPORTUNITY, "nothing"),
        Reference(ReferenceKind.CONTACT, secret),
    ):
        with pytest.raises(RemoteRejectedError) as caught:
            crm.add_activity(
                TENANT, "added/jane/2", a_draft(owner_id="jane"), Additions(regarding=wrong)
            )
        assert caught.value.remote_code == "unknown_reference"

    assert record.regarding == reference
    assert crm.find_activity(TENANT, "added/jane/2") is None


def test_companies_come_along_only_where_the_firm_wants_them(
    crm: EmbeddedCrm, people: MakeContact
) -> None:
    ann = people("Ann", "ann@x.example", company_types=("Client",))
    draft = a_draft(
        owner_id="jane", contacts=(MatchedContact(ann, "Ann", "ann@x.example", "", ""),)
    )

    along, _ = crm.add_activity(TENANT, "added/jane/1", draft, Additions())
    alone, _ = crm.add_activity(TENANT, "added/jane/2", draft, Additions(with_companies=False))

    assert len(along.company_ids) == 1
    assert alone.company_ids == ()


def test_the_pages_show_choose_and_clear_it(
    tables: Database, crm: EmbeddedCrm, client: FlaskClient
) -> None:
    jane = CrmCaller(TENANT, "jane", "Jane", "jane@firm.example")
    pages = crm_pages_app(tables, HandClock(), jane).test_client()
    drive = made(client, "initiatives", name="<i>Drive</i>")
    record = crm.write_activity(TENANT, KEY, a_draft(owner_id="jane"), revision=None)
    form = {"csrf_token": "token", "revision": record.revision, "notes": ""}
    path = f"/crm/activities/{record.id}"

    wrong = pages.post(path, data={**form, "regarding": "planet:x"})
    pages.post(path, data={**form, "regarding": f"initiative:{drive}"})
    page, grid = pages.get(path).text, pages.get("/crm/activities").text
    new = pages.get("/crm/activities/new").text
    pages.post(path, data={**form, "regarding": ""})

    assert wrong.status_code == 422
    assert f'value="initiative:{drive}" selected' in page
    assert "&lt;i&gt;Drive&lt;/i&gt;" in grid
    assert f'value="initiative:{drive}"' in new
    assert about(client, record.id) is None
