"""What people write stays where it belongs: in Outlook and in the CRM, nowhere else (X4)."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy import select, text

from backend.db.models import HistoryRow
from backend.logs import configure_logging
from tests.support.product import Meeting, Product
from tests.support.traces import tables_with

SUBJECT, BODY, NAME, ADDRESS = "Zephyrine", "Quixotry", "Ottoline", "ottoline@vantablack.example"
WORDS = (SUBJECT, BODY, NAME, ADDRESS)
CRM_TABLES = {"crm_activities", "crm_contacts", "crm_contact_emails"}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that a program logs, at its most talkative."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logging("DEBUG")
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    structlog.reset_defaults()


def telling_meeting(product: Product, organizer: str, **event: Any) -> Meeting:
    return product.meeting(
        organizer,
        **{
            "subject": f"{SUBJECT} merger",
            "body": {"contentType": "html", "content": f"<p>{BODY} &amp; more</p>"},
            "location": {"displayName": f"{SUBJECT} House"},
            "attendees": [{"type": "required", "emailAddress": {"name": NAME, "address": ADDRESS}}],
        }
        | event,
    )


def test_only_the_crm_holds_what_people_wrote(product: Product, organizer: str) -> None:
    product.add_contact(NAME, ADDRESS)
    meeting = telling_meeting(product, organizer)
    pane = product.pane(organizer)

    pane.view(meeting.id)
    pane.tick(meeting.id)
    pane.untick(meeting.id)
    pane.undo(meeting.id)
    meeting.change(subject=f"{SUBJECT} dinner")
    pane.view(meeting.id)
    product.settle()

    assert f"{SUBJECT} dinner" in product.records(meeting.ical_uid)[0].draft.subject
    assert BODY in product.records(meeting.ical_uid)[0].draft.description
    assert tables_with(product.services.database, *WORDS) <= CRM_TABLES


def test_after_a_tick_of_a_private_event_the_database_knows_codes_only(
    product: Product, organizer: str
) -> None:
    for sensitivity in ("private", "confidential"):
        meeting = telling_meeting(product, organizer, sensitivity=sensitivity)
        assert product.pane(organizer).tick(meeting.id).status_code == 422
    product.settle()

    assert tables_with(product.services.database, *WORDS) == set()
    with product.services.database.read() as session:
        rows = session.scalars(select(HistoryRow)).all()
    assert [(row.kind, row.codes) for row in rows] == [("refusal", ["private_event"])] * 2
    assert all(row.request_id for row in rows)


def test_a_private_event_ticked_during_an_outage_leaves_no_words_either(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = telling_meeting(product, organizer, categories=["Mine"], sensitivity="private")
    product.sandbox.faults([{"match": {"path": "/events/"}, "kind": "status", "status": 503}])
    pane = product.pane(organizer)
    assert pane.tick(meeting.id).status_code == 202

    product.sandbox.clear_faults()
    pane.view(meeting.id)
    product.settle()

    assert tables_with(product.services.database, *WORDS) == set()
    assert pane.view(meeting.id).json["link"]["reason"] == "private_event"
    assert meeting.categories == ["Mine"]


def test_nothing_of_an_event_and_no_token_is_ever_logged(
    sqlite_product: Product, organizer: str, logged: io.StringIO
) -> None:
    product = sqlite_product
    product.add_contact(NAME, ADDRESS)
    meeting = telling_meeting(product, organizer)
    secret = telling_meeting(product, organizer, sensitivity="private")
    pane = product.pane(organizer)
    words = [*WORDS, product.token(organizer), "eyJ", product.sandbox.daemon_client_secret]
    words += [product.sandbox.api_client_secret, meeting.ical_uid, meeting.id]

    pane.tick(meeting.id)
    pane.tick(secret.id)
    pane.call("GET", "/api/contacts", q=NAME)
    pane.view(meeting.id, mailbox=organizer)
    product.sandbox.faults([{"match": {"path": "/events/"}, "kind": "status", "status": 503}])
    pane.untick(meeting.id)
    pane.tick(meeting.id)
    product.sandbox.clear_faults()
    product.sandbox.faults([{"match": {"method": "PATCH"}, "kind": "truncate"}])
    product.settle()
    product.sandbox.clear_faults()
    product.advance(minutes=61)
    product.drain()
    lines = logged.getvalue()

    assert '"event": "remote call"' in lines
    assert '"event": "request"' in lines
    assert [word for word in words if word.casefold() in lines.casefold()] == []


def test_an_error_of_the_database_is_logged_without_the_values_it_was_given(
    sqlite_product: Product, organizer: str, logged: io.StringIO
) -> None:
    product = sqlite_product
    with product.services.database.write.begin() as session:
        refusing = "BEFORE INSERT ON crm_activities BEGIN SELECT RAISE(ABORT, 'no room'); END"
        session.execute(text(f"CREATE TRIGGER refusing {refusing}"))
    record = {
        "subject": f"{SUBJECT} merger",
        "type": "Meeting",
        "start": "2026-03-01T10:00:00Z",
        "end": "2026-03-01T11:00:00Z",
        "description": BODY,
    }

    answer = product.pane(organizer).call("POST", "/crm/api/activities", record)

    assert answer.status_code == 500
    assert "no room" in logged.getvalue()
    assert [word for word in WORDS if word in logged.getvalue() + answer.text] == []


def test_a_private_contact_is_named_to_its_owner_alone(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    people = product.sandbox.state()["people"]
    owner_id = next(person["id"] for person in people if person["address"] == organizer)
    product.add_contact(NAME, ADDRESS, private=True, owner_id=owner_id)
    own = telling_meeting(product, organizer, attendees=[_invited("Somebody", ADDRESS)])
    other = product.sandbox.person("support")["address"]
    others = telling_meeting(product, other, attendees=[_invited("Somebody", ADDRESS)])

    told = product.pane(organizer).tick(own.id)
    not_told = product.pane(other).tick(others.id)
    seen = product.pane(other).view(others.id)

    assert (told.status_code, told.json["code"]) == (422, "private_contact")
    assert (not_told.status_code, not_told.json["code"]) == (422, "private_contact")
    assert NAME in told.text
    assert NAME not in not_told.text + seen.text
    assert [a["match"] for a in seen.json["event"]["attendees"]] == ["unmatched"]


def _invited(name: str, address: str) -> dict[str, Any]:
    return {"type": "required", "emailAddress": {"name": name, "address": address}}
