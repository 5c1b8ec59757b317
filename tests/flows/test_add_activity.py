"""Add Activity, over HTTP against the sandbox: who may, what it makes, and that it makes one."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import select

from backend.db.models import FirmRow
from tests.support.product import Product

CLIENT = "ben@client.example"


def form_from(answer: Any, **changes: Any) -> dict[str, Any]:
    """What the pane would send if nothing was typed."""
    draft, event = answer.json["draft"], answer.json["event"]
    people = [
        {"contact_id": a["contact_id"], "name": a["name"], "address": a["address"]}
        for a in event["attendees"]
        if a["match"] in ("matched", "unmatched")
    ]
    kept = ("subject", "type", "start", "end", "all_day", "start_date", "end_date", "location")
    return {
        "event_id": event["id"],
        "request_id": str(uuid.uuid4()),
        "people": people,
        **{name: draft[name] for name in kept},
    } | changes


def colleague_of(product: Product, organizer: str) -> str:
    """Another member of the firm with a mailbox."""
    people = product.sandbox.state()["people"]
    found = (p for p in people if p["mailbox"] and p["roles"] == ["user"])
    return next(str(p["address"]) for p in found if p["address"] != organizer)


def copy_of(product: Product, user: str, ical_uid: str) -> str:
    """The id of a user's own copy of a meeting."""
    found = [e for e in product.sandbox.events(user) if e["iCalUId"] == ical_uid]
    assert len(found) == 1
    return str(found[0]["id"])


def test_an_attendee_adds_a_colleagues_meeting_and_owns_the_record(
    product: Product, organizer: str
) -> None:
    colleague = colleague_of(product, organizer)
    contact = product.add_contact("Ben Client", CLIENT, types=("Client",))
    meeting = product.meeting(organizer, colleague, CLIENT, "stranger@elsewhere.example")
    event_id = copy_of(product, colleague, meeting.ical_uid)
    pane = product.pane(colleague)

    proposal = pane.call("GET", f"/api/events/{event_id}/activity-draft")
    made = pane.call("POST", "/api/activities", form_from(proposal, notes="Bring the file"))

    assert proposal.status_code == 200, proposal.json
    assert proposal.json["others"] == []
    assert made.status_code == 201, made.json
    assert made.headers["Location"] == f"/crm/activities/{made.json['id']}"
    assert made.json["kind"] == "added"
    assert made.json["sync_status"] == "not_synced"
    assert made.json["notes"] == "Bring the file"
    assert [c["contact_id"] for c in made.json["contacts"]] == [contact]
    assert "stranger@elsewhere.example" in {u["address"] for u in made.json["unmatched"]}
    assert made.json["assigned_to"]["address"] == colleague
    assert made.json["ical_uid"] == meeting.ical_uid
    assert meeting.categories == []


def test_the_same_request_makes_one_record_even_at_the_same_moment(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    form = form_from(pane.call("GET", f"/api/events/{meeting.id}/activity-draft"))
    answers: list[Any] = []

    def send() -> None:
        answers.append(pane.call("POST", "/api/activities", form))

    senders = [threading.Thread(target=send) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert sorted(a.status_code for a in answers) == [200] * 5 + [201]
    assert len({a.json["id"] for a in answers}) == 1
    assert len(product.records(meeting.ical_uid)) == 1


def test_the_form_says_first_that_the_meeting_is_in_the_crm_and_by_whom(
    product: Product, organizer: str
) -> None:
    colleague = colleague_of(product, organizer)
    meeting = product.meeting(organizer, colleague, CLIENT)
    assert product.pane(organizer).tick(meeting.id).status_code == 200
    event_id = copy_of(product, colleague, meeting.ical_uid)

    proposal = product.pane(colleague).call("GET", f"/api/events/{event_id}/activity-draft")

    assert [other["kind"] for other in proposal.json["others"]] == ["synced"]
    assert proposal.json["others"][0]["by"]


@pytest.mark.parametrize("sensitivity", ["private", "confidential"])
def test_a_private_event_is_never_added(product: Product, organizer: str, sensitivity: str) -> None:
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    form = form_from(pane.call("GET", f"/api/events/{meeting.id}/activity-draft"))
    meeting.change(sensitivity=sensitivity)

    proposal = pane.call("GET", f"/api/events/{meeting.id}/activity-draft")
    made = pane.call("POST", "/api/activities", form)

    assert (proposal.status_code, proposal.json["code"]) == (422, "private_event")
    assert (made.status_code, made.json["code"]) == (422, "private_event")
    assert product.records(meeting.ical_uid) == []


def test_what_a_person_types_replaces_what_the_event_says(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT, body={"contentType": "html", "content": "<p>x"})
    pane = product.pane(organizer)
    proposal = pane.call("GET", f"/api/events/{meeting.id}/activity-draft")
    form = form_from(
        proposal,
        subject="Lunch 🍜",
        type="Lunch or dinner",
        people=[{"name": "Someone else"}],
        new_contacts=[{"name": "Ben Client", "address": CLIENT}],
        include_description=False,
        visibility="only_me",
    )

    made = pane.call("POST", "/api/activities", form)

    assert made.status_code == 201, made.json
    assert (made.json["subject"], made.json["type"]) == ("Lunch 🍜", "Lunch or dinner")
    assert made.json["description"] == ""
    assert [c["address"] for c in made.json["contacts"]] == [CLIENT]
    assert [u["name"] for u in made.json["unmatched"]] == ["Someone else"]
    assert made.json["visibility"] == "only_me"
    found = product.services.crm.contacts_by_address(product.sandbox.tenant_id, [CLIENT])
    assert [c.name for c in found[CLIENT]] == ["Ben Client"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"end": "2001-01-01T00:00:00Z"}, "invalid_request"),
        ({"all_day": True}, "invalid_request"),
        ({"company_ids": ["nobody"]}, "unknown_reference"),
        ({"people": [{"contact_id": "nobody"}]}, "unknown_reference"),
        ({"subject": "  "}, "invalid_request"),
        ({"people": [{}]}, "invalid_request"),
        ({"request_id": "not a uuid"}, "invalid_request"),
        ({"visibility": "nobody"}, "invalid_request"),
        ({"new_contacts": [{"name": "x", "address": "y"}]}, "invalid_request"),
    ],
)
def test_a_form_that_cannot_be_saved_says_why_and_leaves_nothing(
    product: Product, organizer: str, changes: dict[str, Any], code: str
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    form = form_from(pane.call("GET", f"/api/events/{meeting.id}/activity-draft"), **changes)

    made = pane.call("POST", "/api/activities", form)

    assert (made.status_code, made.json["code"]) == (422, code), made.json
    assert product.records(meeting.ical_uid) == []


def test_pickers_answer_what_the_crm_has(product: Product, organizer: str) -> None:
    product.add_contact("Ben Client", CLIENT, types=("Client",), company_types=("Prospect",))
    pane = product.pane(organizer)

    companies = pane.call("GET", "/api/companies").json["items"]

    assert companies
    assert pane.call("GET", "/api/companies", q="no such").json["items"] == []
    assert "Client" in pane.call("GET", "/api/contact-types").json["items"]
    assert pane.call("GET", "/api/activity-types").json["items"][0] == "CalendarSyncMeeting_System"
    assert pane.call("GET", "/api/opportunities").json == {"items": [], "next": None}
    assert pane.call("GET", "/api/initiatives").json == {"items": [], "next": None}


def test_a_firm_that_keeps_descriptions_out_keeps_them_out_of_forms_as_well(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT, body={"contentType": "text", "content": "secret"})
    pane = product.pane(organizer)
    with product.services.database.write.begin() as session:
        firm = session.scalars(
            select(FirmRow).where(FirmRow.tenant_id == product.sandbox.tenant_id)
        ).one()
        firm.include_description = False
    proposal = pane.call("GET", f"/api/events/{meeting.id}/activity-draft")

    made = pane.call("POST", "/api/activities", form_from(proposal, include_description=True))

    assert proposal.json["draft"]["description"] == ""
    assert made.status_code == 201, made.json
    assert made.json["description"] == ""


def test_a_picker_names_what_is_known_by_its_id(product: Product, organizer: str) -> None:
    product.add_contact("Ben Client", CLIENT, company_types=("Prospect",))
    product.add_contact("Ada Other", "ada@other.example", company_types=("Prospect",))
    pane = product.pane(organizer)
    one, two = pane.call("GET", "/api/companies").json["items"]

    named = pane.call("GET", "/api/companies", id=[two["id"], "nobody"]).json["items"]

    assert named == [two]
    assert one["id"] != two["id"]


def test_an_organizer_from_outside_is_on_the_form_and_whoever_fills_it_in_is_not(
    product: Product, organizer: str
) -> None:
    contact = product.add_contact("Ben Client", CLIENT, types=("Client",))
    attendees = [{"type": "required", "emailAddress": {"name": "", "address": organizer}}]
    event = {
        "subject": "At the client's",
        "start": {"dateTime": "2099-01-01T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2099-01-01T10:00:00", "timeZone": "UTC"},
        "attendees": attendees,
    }
    sender = {"name": "Ben", "address": CLIENT}
    invitation = {"organizer": sender, "event": event}
    [copy] = product.sandbox.control("POST", "/invitations", invitation)["items"]
    pane = product.pane(organizer)

    proposal = pane.call("GET", f"/api/events/{copy['id']}/activity-draft")

    people = proposal.json["event"]["attendees"]
    assert [(p["address"], p["match"], p["contact_id"]) for p in people] == [
        (CLIENT, "matched", contact)
    ]
