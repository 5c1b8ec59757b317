"""L3, E9, S1: contacts that are made, changed or removed in the embedded CRM after the event."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from backend.db.models import WatchRow
from tests.support.product import Meeting, Product

ADDRESS = "Jane.Doe@client.example"


@pytest.fixture
def firm(product: Product) -> Product:
    """Every calendar has been read once; nothing is due."""
    product.work()
    return product


def crm(product: Product, user: str, method: str, path: str, json: Any = None) -> Any:
    """A person works with contacts."""
    answer = product.app.test_client().open(
        f"/crm/api{path}",
        method=method,
        json=json,
        headers={"Authorization": f"Bearer {product.token(user)}"},
    )
    assert answer.status_code < 300, answer.text
    return answer.get_json(silent=True)


def add_contact(product: Product, user: str, **more: Any) -> str:
    body = {"name": "Jane Doe", "emails": [ADDRESS.lower()], **more}
    made: str = crm(product, user, "POST", "/contacts", body)["id"]
    return made


def linked(product: Product, organizer: str) -> Meeting:
    meeting = product.meeting(organizer, ADDRESS)
    assert product.pane(organizer).tick(meeting.id).json["link"]["state"] == "linked"
    product.work()
    return meeting


def matched(product: Product, meeting: Meeting) -> list[str]:
    [record] = product.records(meeting.ical_uid)
    return [contact.name for contact in record.draft.contacts]


def test_records_follow_the_contacts_they_name_at_once(firm: Product, organizer: str) -> None:
    meeting = linked(firm, organizer)
    assert matched(firm, meeting) == []

    contact = add_contact(firm, organizer)
    firm.drain()
    assert matched(firm, meeting) == ["Jane Doe"]
    crm(firm, organizer, "PATCH", f"/contacts/{contact}", {"emails": ["other@client.example"]})
    firm.drain()
    assert matched(firm, meeting) == []
    crm(firm, organizer, "PATCH", f"/contacts/{contact}", {"emails": [ADDRESS]})
    firm.drain()
    assert matched(firm, meeting) == ["Jane Doe"]
    crm(firm, organizer, "DELETE", f"/contacts/{contact}")
    firm.drain()
    assert matched(firm, meeting) == []


def test_a_contact_that_turns_private_takes_the_record_along_at_once(
    firm: Product, organizer: str
) -> None:
    meeting = linked(firm, organizer)
    contact = add_contact(firm, organizer)
    firm.drain()

    crm(firm, organizer, "PATCH", f"/contacts/{contact}", {"private": True})
    firm.drain()

    assert firm.record(meeting.ical_uid) is None
    link = firm.pane(organizer).view(meeting.id).json["link"]
    assert (link["state"], link["reason"]) == ("removed", "private_contact")


def test_a_new_contact_of_a_selected_type_selects_what_is_there_once_an_hour(
    firm: Product, organizer: str
) -> None:
    meeting = firm.meeting(organizer, ADDRESS)
    firm.advance(minutes=16)
    firm.work()
    assert firm.records(meeting.ical_uid) == []

    crm(firm, firm.sandbox.person("admin")["address"], "POST", "/contact-types", {"name": "Client"})
    add_contact(firm, organizer, types=["Client"])
    begins_at = reseed_at(firm)
    crm(firm, organizer, "POST", "/contacts", {"name": "Somebody else", "emails": []})
    assert reseed_at(firm) == begins_at, "what comes soon after is read along with it"
    firm.advance(minutes=6)
    firm.work()

    assert matched(firm, meeting) == ["Jane Doe"]
    crm(firm, organizer, "POST", "/contacts", {"name": "Yet another", "emails": []})
    assert (reseed_at(firm) - begins_at).total_seconds() == 3600


def reseed_at(product: Product) -> Any:
    """When calendars of the sample firm are read anew next, the earliest of them."""
    with product.services.database.read() as session:
        times = session.scalars(select(WatchRow.reseed_at)).all()
        return min(time for time in times if time is not None)
