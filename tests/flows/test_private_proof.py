"""Nothing of a private event is stored anywhere: not a word of it in any table, file or log (X4).

One long story makes the product touch private events in every way it has, then every table, the
bytes of the database's files and everything that was logged are searched for their words.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from backend.db.models import LinkRow, MailboxRow, WatchRow
from tests.flows.test_add_activity import form_from
from tests.flows.test_privacy import logged  # noqa: F401 - the fixture
from tests.support.firm_office import Office
from tests.support.product import CATEGORY, Meeting, Product
from tests.support.traces import tables_with

SUBJECT, BODY, PLACE, NAME = "Zephyrine", "Quixotry", "Brobdingnag", "Ottoline"
ADDRESS = "ottoline@vantablack.example"
WORDS = (SUBJECT, BODY, PLACE, NAME, ADDRESS)
CLIENT = "carla@client.example"


def telling(product: Product, organizer: str, **event: Any) -> Meeting:
    """A meeting full of words that may be kept of an open event only."""
    return product.meeting(
        organizer,
        **{
            "subject": f"{SUBJECT} merger",
            "body": {"contentType": "html", "content": f"<p>{BODY} &amp; more</p>"},
            "location": {"displayName": f"{PLACE} House"},
            "attendees": [
                {"type": "required", "emailAddress": {"name": NAME, "address": ADDRESS}},
                {"type": "required", "emailAddress": {"name": "Carla", "address": CLIENT}},
            ],
        }
        | event,
    )


@pytest.fixture
def office(sqlite_product: Product, organizer: str) -> Office:
    """The firm selects events by contact types; the organizer's mailbox is watched."""
    made = Office(sqlite_product)
    sqlite_product.add_contact("Carla", CLIENT, types=["Client"])
    answer = sqlite_product.save_settings(mode="combined", contact_types=["Client"])
    assert answer.status_code == 200, answer.text
    made.work(minutes=1)
    assert organizer
    return made


def notify(product: Product, meeting: Meeting) -> None:
    """What Graph would post of the event, with more in it than it should send."""
    with product.services.database.write.begin() as session:
        watch = session.scalars(
            select(WatchRow).join(MailboxRow, MailboxRow.id == WatchRow.mailbox_id).limit(1)
        ).one()
        session.execute(
            update(WatchRow)
            .where(WatchRow.mailbox_id == watch.mailbox_id)
            .values(subscription_id="subscription-1")
        )
    item = {
        "subscriptionId": "subscription-1",
        "clientState": "wrong",
        "changeType": "updated",
        "resource": f"users/x/events/{meeting.id}",
        "resourceData": {"id": meeting.id, "subject": f"{SUBJECT} merger", "body": BODY},
    }
    posted = product.app.test_client().post("/graph/notifications", json={"value": [item]})
    assert posted.status_code == 202


def everything_an_admin_can_ask(office: Office, organizer: str, meetings: list[Meeting]) -> str:
    """All answers of the administration that could speak of the events, in one text."""
    pane = office.admin
    answers = [
        pane.call("GET", f"/api/admin{path}")
        for path in (
            "/log",
            "/log.csv",
            "/log/errors",
            "/dashboard",
            "/audit",
            "/reconciliation",
            "/reconciliation/findings",
            "/users",
        )
    ]
    for meeting in meetings:
        key = {"event_id": meeting.id, "mailbox": organizer}
        answers.append(pane.call("GET", "/api/admin/explain", **key))
        answers.append(pane.call("POST", "/api/admin/explain/replay", key))
    answers.append(pane.call("POST", "/api/admin/configuration/preview", {"past_days": 20}))
    for path in ("/person/find", "/person/export"):
        answers.append(pane.call("POST", f"/api/admin{path}", {"address": organizer}))
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    return "\n".join(answer.text for answer in answers)


def files_with(product: Product, *words: str) -> list[tuple[str, str]]:
    """The database's files in whose bytes a word stands, after everything was written back."""
    with product.services.database.write_engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = Path(product.services.database.url.database or "")
    files = [file for file in path.parent.glob(f"{path.name}*") if file.is_file()]
    assert path in files
    held = {file.name: file.read_bytes().lower() for file in files}
    return [
        (name, word)
        for name, content in held.items()
        for word in words
        if word.lower().encode() in content
    ]


def test_of_private_events_no_word_is_stored_logged_or_told(
    office: Office,
    organizer: str,
    logged: io.StringIO,  # noqa: F811 - the fixture
) -> None:
    product = office.product
    pane = product.pane(organizer)
    # Private from the start: selected by a rule, ticked by category and pane, added by hand.
    selected = telling(product, organizer, sensitivity="private")
    by_category = telling(product, organizer, sensitivity="private", categories=[CATEGORY])
    confidential = telling(product, organizer, sensitivity="confidential", categories=[CATEGORY])
    # Open at first, and private in every state a link can have.
    linked, unticked, edited, by_rule = (telling(product, organizer) for _ in range(4))
    private_from_the_start = [selected, by_category, confidential]
    turned = [linked, unticked, edited, by_rule]
    for meeting in (linked, unticked, edited):
        assert pane.tick(meeting.id).status_code == 200
    office.work(minutes=16)
    assert len(product.records(by_rule.ical_uid)) == 1
    with product.services.database.write.begin() as session:
        session.execute(
            text(
                "UPDATE crm_activities SET revision = 'edited', notes = :notes,"
                """ edited_by = '{"name": "Vera", "address": ""}' WHERE ical_uid = :uid"""
            ),
            {"uid": edited.ical_uid, "notes": f"{SUBJECT} note"},
        )
    pane.untick(unticked.id)
    office.work(minutes=16)
    assert tables_with(product.services.database, *WORDS) == {"crm_activities"}

    for meeting in private_from_the_start:
        assert pane.tick(meeting.id).status_code == 422
        draft = pane.call("GET", f"/api/events/{meeting.id}/activity-draft")
        form = form_from(pane.call("GET", f"/api/events/{linked.id}/activity-draft"))
        added = pane.call("POST", "/api/activities", form | {"event_id": meeting.id})
        assert (draft.status_code, added.status_code) == (422, 422)
        pane.undo(meeting.id)
        pane.view(meeting.id)
        pane.call("GET", f"/api/events/{meeting.id}/history")
        notify(product, meeting)
    for meeting in turned:
        meeting.change(sensitivity="private")
        notify(product, meeting)
    office.work(minutes=16)
    office.work(minutes=16)
    assert pane.undo(unticked.id).json["code"] == "private_event"
    product.sandbox.faults([{"match": {"path": "/events/"}, "kind": "status", "status": 503}])
    for meeting in private_from_the_start:
        pane.tick(meeting.id)
    product.sandbox.clear_faults()
    office.work(minutes=16)

    office.compare()
    told = everything_an_admin_can_ask(office, organizer, [*private_from_the_start, *turned])
    office.work(minutes=61)

    assert tables_with(product.services.database, *WORDS) == set()
    assert files_with(product, *WORDS) == []
    assert [word for word in WORDS if word.casefold() in told.casefold()] == []
    lines = logged.getvalue().casefold()
    assert '"event": "request"' in lines
    assert [word for word in WORDS if word.casefold() in lines] == []
    assert product.records(linked.ical_uid) == []
    assert all(product.record(meeting.ical_uid) is None for meeting in turned)


def test_what_is_left_is_one_row_of_codes_for_each(office: Office, organizer: str) -> None:
    product = office.product
    meeting = telling(product, organizer, sensitivity="private", categories=[CATEGORY])
    pane = product.pane(organizer)
    for _ in range(3):
        pane.tick(meeting.id)
        office.work(minutes=16)
    office.compare()

    told = pane.call("GET", f"/api/events/{meeting.id}/history").json["items"]
    assert [[why["code"] for why in line["why"]] for line in told] == [["private_event"]]
    with product.services.database.read() as session:
        wanted = select(LinkRow).where(LinkRow.ical_uid == meeting.ical_uid)
        assert session.scalars(wanted).all() == []
    assert office.found() == {}


def test_the_search_itself_finds_what_an_open_event_leaves(office: Office, organizer: str) -> None:
    """A proof that could not fail would be none."""
    product = office.product
    meeting = telling(product, organizer)
    product.pane(organizer).tick(meeting.id)

    assert tables_with(product.services.database, *WORDS) == {"crm_activities"}
    assert {word for _, word in files_with(product, *WORDS)} == set(WORDS)
