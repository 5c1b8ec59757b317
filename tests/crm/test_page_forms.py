"""The forms of the CRM's pages: contacts, and records made by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from backend.crm.access import CrmCaller
from backend.crm.activity_desk import ActivityDesk
from backend.crm.activity_filter import ActivityFilter
from backend.crm.contact_desk import ContactDesk
from backend.domain.crm import ActivityKind
from backend.sql import Database
from tests.crm.gateway_contract import TENANT, MakeContact
from tests.support.crm import HandClock, contact_maker, create_tables
from tests.support.crm_server import crm_pages_app

JANE = CrmCaller(TENANT, "jane", "Jane Owner", "jane@firm.example")
REQUEST_ID = "6f1c8f6e-7d7c-4f3e-9d51-0d7d4e9a3a11"


@pytest.fixture
def heard() -> list[tuple[str, list[str]]]:
    return []


@pytest.fixture
def client(database: Database, heard: list[tuple[str, list[str]]]) -> Iterator[FlaskClient]:
    create_tables(database)
    app = crm_pages_app(
        database,
        HandClock(),
        JANE,
        tell_contacts=lambda tenant_id, keys: heard.append((tenant_id, list(keys))),
    )
    with app.test_client() as client:
        yield client


@pytest.fixture
def people(database: Database) -> MakeContact:
    return contact_maker(database, TENANT)


@pytest.fixture
def contacts(database: Database) -> ContactDesk:
    return ContactDesk(database, HandClock())


@pytest.fixture
def activities(database: Database) -> ActivityDesk:
    return ActivityDesk(database, HandClock())


def an_activity(**changes: object) -> dict[str, object]:
    return {
        "csrf_token": "token",
        "act": "save",
        "request_id": REQUEST_ID,
        "subject": "Lunch",
        "type": "Call",
        "start": "2026-03-02T10:00",
        "end": "2026-03-02T11:30",
        "time_zone": "Europe/Berlin",
        "visibility": "everyone",
        **changes,
    }


def test_a_contact_is_made_and_changed_and_the_sync_hears_of_it(
    client: FlaskClient,
    people: MakeContact,
    contacts: ContactDesk,
    heard: list[tuple[str, list[str]]],
) -> None:
    people("Other", types=("Client",))
    form = {"csrf_token": "token", "name": "Ann", "emails": "a@x.example\r\n\r\nb@x.example "}

    made = client.post("/crm/contacts/new", data=form)
    contact_id = re.findall(r"contacts/(\w+)", made.headers["Location"])[0]
    changed = client.post(
        f"/crm/contacts/{contact_id}/edit",
        data={**form, "name": "Ann Lee", "types": "Client", "private": "1"},
    )

    assert made.status_code == changed.status_code == 303
    contact = contacts.get(JANE, contact_id)
    assert (contact.name, contact.emails) == ("Ann Lee", ("a@x.example", "b@x.example"))
    assert (contact.types, contact.private, contact.owner_id) == (("Client",), True, "jane")
    assert [tenant_id for tenant_id, _ in heard] == [TENANT, TENANT]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"emails": "not an address"},
        {"emails": "\n".join(f"{n}@x.example" for n in range(30))},
        {"types": "Unknown"},
        {"company_id": "nobody"},
        {"name": "\x00"},
    ],
)
def test_a_contact_that_cannot_be_saved_says_why_and_keeps_what_was_typed(
    client: FlaskClient, contacts: ContactDesk, wrong: dict[str, str]
) -> None:
    form = {"csrf_token": "token", "name": "Typed", "emails": "typed@x.example", **wrong}

    response = client.post("/crm/contacts/new", data=form)

    assert response.status_code == 422
    assert "Nothing was saved" in response.text
    assert "yped" in response.text
    assert contacts.page(JANE, limit=5).items == []


def test_nobody_elses_private_contact_is_edited(client: FlaskClient, people: MakeContact) -> None:
    hidden = people("Sue", "sue@x.example", private=True, owner_id="joe")

    for response in (
        client.get(f"/crm/contacts/{hidden}/edit"),
        client.post(
            f"/crm/contacts/{hidden}/edit", data={"csrf_token": "token", "name": "Mine now"}
        ),
    ):
        assert response.status_code == 404
        assert "Sue" not in response.text


def test_a_record_is_made_by_hand_once_however_often_the_form_is_sent(
    client: FlaskClient, people: MakeContact, activities: ActivityDesk
) -> None:
    contact_id = people("Ann", "ann@x.example")

    first = client.post("/crm/activities/new", data=an_activity(contact=contact_id, notes="n"))
    again = client.post("/crm/activities/new", data=an_activity(contact=contact_id, notes="n"))

    assert first.status_code == again.status_code == 303
    assert first.headers["Location"] == again.headers["Location"]
    (record,) = activities.page(
        JANE, ActivityFilter(mention=("contact", contact_id)), limit=5
    ).items
    assert record.kind is ActivityKind.ADDED
    assert record.draft.start.isoformat() == "2026-03-02T09:00:00+00:00"
    assert (record.draft.subject, record.draft.type, record.notes) == ("Lunch", "Call", "n")


def test_a_record_of_whole_days_has_its_dates(
    client: FlaskClient, activities: ActivityDesk
) -> None:
    client.post("/crm/activities/new", data=an_activity(all_day="1", end="2026-03-03T00:00"))

    (record,) = activities.page(JANE, ActivityFilter(), limit=5).items
    assert str(record.draft.start_date) == "2026-03-02"
    assert str(record.draft.end_date) == "2026-03-04"


def test_contacts_are_found_for_the_form_and_what_was_typed_stays(
    client: FlaskClient, people: MakeContact, activities: ActivityDesk
) -> None:
    chosen, found = people("Ann", "ann@x.example"), people("Bob Found", "bob@x.example")
    people("Secret Bob", "sb@x.example", private=True, owner_id="joe")

    response = client.post(
        "/crm/activities/new",
        data=an_activity(act="search", contact_search="bob", contact=chosen, subject="Typed"),
    )

    assert response.status_code == 200
    assert re.search(rf'value="{chosen}" checked', response.text)
    assert re.search(rf'value="{found}">', response.text)
    assert "Secret" not in response.text
    assert 'value="Typed"' in response.text
    assert activities.page(JANE, ActivityFilter(), limit=5).items == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": " "},
        {"type": ""},
        {"start": "soon"},
        {"end": "2020-01-01T00:00"},
        {"time_zone": "../../etc/passwd"},
        {"request_id": "x"},
        {"contact": "nobody"},
        {"contact": "\x00"},
        {"company": "nobody"},
        {"opportunity": "\x00"},
        {"visibility": "all"},
        {"all_day": "1", "end": "9999-12-31T00:00"},
        {"all_day": "1", "start": "0000"},
        {"subject": "\ud800".encode("utf-8", "surrogatepass")},
    ],
)
def test_a_record_that_cannot_be_made_says_why(
    client: FlaskClient, activities: ActivityDesk, wrong: dict[str, object]
) -> None:
    response = client.post("/crm/activities/new", data=an_activity(location="typed", **wrong))

    assert response.status_code in (303, 422)
    if response.status_code == 422:
        assert "Nothing was saved" in response.text
        assert "typed" in response.text
        assert activities.page(JANE, ActivityFilter(), limit=5).items == []


@pytest.mark.parametrize("path", ["contacts/new", "contacts/x/edit", "activities/new"])
def test_a_form_without_the_sessions_token_makes_nothing(client: FlaskClient, path: str) -> None:
    assert client.post(f"/crm/{path}", data={"name": "x"}).status_code == 403


def test_grids_keep_their_filters_from_page_to_page(
    client: FlaskClient, people: MakeContact, activities: ActivityDesk
) -> None:
    contact_id = people("Ann", "ann@x.example")
    for number in range(52):
        content = {
            "subject": f"S{number}",
            "type": "Call",
            "contacts": [],
            "visibility": "everyone",
        }
        content["contacts"] = [
            {"contact_id": contact_id, "name": "", "address": "", "response": "none",
             "attendance": "required"}
        ]  # fmt: skip
        begins = HandClock()()
        activities.create(JANE, {**content, "start": begins, "end": begins})

    first = client.get(f"/crm/contacts/{contact_id}?type=Call&period=past&by=JANE@firm.example")
    (after,) = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = client.get(after.replace("&amp;", "&"))

    assert first.text.count("<tr>") == 51
    assert "type=Call" in after
    assert "period=past" in after
    assert second.text.count("<tr>") == 3
    assert "No activity" in client.get(f"/crm/contacts/{contact_id}?period=upcoming").text
    assert client.get(f"/crm/contacts/{contact_id}?period=sideways").status_code == 422
    assert client.get(f"/crm/contacts/{contact_id}?kind=x").status_code == 422
