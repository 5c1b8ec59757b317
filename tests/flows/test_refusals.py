"""Events that may not be synced: 422 with the right code, and nothing is left anywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.db.models import HistoryRow, LinkRow
from tests.support.product import CATEGORY, Product
from tests.support.watched import weekly as recurring

CLIENT = "ben@client.example"


def weekly(product: Product) -> dict[str, Any]:
    return recurring(product.clock() + timedelta(days=2), 4)


def assert_refused(product: Product, user: str, event_id: str, code: str) -> Any:
    with product.services.database.read() as session:
        links = select(func.count()).select_from(LinkRow)
        before = session.scalar(links)
    answer = product.pane(user).tick(event_id)

    assert (answer.status_code, answer.json["code"]) == (422, code), answer.json
    failed = [c for c in answer.json["checks"] if c["applies"] and c["passed"] is False]
    assert failed[0]["code"] == code
    assert len(answer.json["checks"]) == 19
    event = product.sandbox.get_event(user, event_id)
    assert event["categories"] == []
    assert product.records(event["iCalUId"]) == []
    with product.services.database.read() as session:
        assert session.scalar(links) == before
        rows = session.scalars(select(HistoryRow).where(HistoryRow.event_id == event_id)).all()
        assert [row.kind for row in rows] in (["refusal"], [])
    return answer


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"sensitivity": "private"}, "private_event"),
        ({"sensitivity": "confidential"}, "private_event"),
        ({"days": -40}, "outside_window"),
        ({"days": 800}, "outside_window"),
    ],
)
def test_what_may_not_be_synced_is_refused(
    sqlite_product: Product, organizer: str, event: dict[str, Any], code: str
) -> None:
    meeting = sqlite_product.meeting(organizer, CLIENT, **event)

    assert_refused(sqlite_product, organizer, meeting.id, code)


def test_a_series_and_its_occurrences_are_refused(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    series = product.meeting(organizer, CLIENT, recurrence=weekly(product))
    now = product.clock()
    listed = product.sandbox.events(
        organizer,
        start=(now + timedelta(days=1)).isoformat(),
        end=(now + timedelta(days=30)).isoformat(),
    )
    occurrence = next(e for e in listed if e["type"] == "occurrence")

    assert_refused(product, organizer, series.id, "recurring_event")
    assert_refused(product, organizer, occurrence["id"], "recurring_event")


def test_a_colleagues_meeting_is_refused(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    colleague = product.sandbox.person("support")["address"]
    meeting = product.meeting(organizer, colleague)
    copy = next(e for e in product.sandbox.events(colleague) if e["iCalUId"] == meeting.ical_uid)

    answer = assert_refused(product, colleague, copy["id"], "not_organizer")

    assert "Add Activity" in str(answer.json["checks"])


def test_a_cancelled_copy_is_refused(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    colleague = product.sandbox.person("support")["address"]
    meeting = product.meeting(organizer, colleague)
    product.sandbox.act(organizer, meeting.id, "cancel")
    copy = next(e for e in product.sandbox.events(colleague) if e["iCalUId"] == meeting.ical_uid)

    answer = product.pane(colleague).tick(copy["id"])

    codes = [c["code"] for c in answer.json["checks"] if c["applies"] and not c["passed"]]
    assert codes == ["not_organizer", "cancelled"]


def test_a_private_contact_is_refused_and_not_named(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    product.add_contact("Secret Witness", CLIENT, private=True, owner_id="somebody-else")
    meeting = product.meeting(organizer, CLIENT)

    answer = assert_refused(product, organizer, meeting.id, "private_contact")

    assert "Secret" not in answer.text


def test_a_blocked_address_is_refused(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    pane = product.pane(organizer)
    pane.call("PATCH", "/api/me", {"block_list": ["client.example"]})
    meeting = product.meeting(organizer, "ann@mail.client.example")

    assert_refused(product, organizer, meeting.id, "blocked_address")


def test_a_category_on_a_refused_event_is_left_where_it_is(
    sqlite_product: Product, organizer: str
) -> None:
    meeting = sqlite_product.meeting(
        organizer, CLIENT, sensitivity="private", categories=[CATEGORY]
    )

    answer = sqlite_product.pane(organizer).tick(meeting.id)
    sqlite_product.settle()

    assert answer.json["code"] == "private_event"
    assert meeting.categories == [CATEGORY]


def test_another_firm_sees_nothing(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    second = product.sandbox.person(tenant_id=product.sandbox.second_tenant_id)["address"]
    stranger = product.pane(second)

    answers = [
        stranger.view(meeting.id),
        stranger.view(meeting.id, mailbox=organizer),
        stranger.tick(meeting.id, mailbox=organizer),
        stranger.untick(meeting.id, mailbox=organizer),
        stranger.undo(meeting.id, mailbox=organizer),
    ]

    assert {a.status_code for a in answers} <= {403, 404}
    assert all(organizer not in a.text and "Quarterly" not in a.text for a in answers)
    assert stranger.untick(meeting.id).json["link"] is None
    assert len(product.records(meeting.ical_uid)) == 1


def test_an_unknown_firm_is_told_so(sqlite_product: Product) -> None:
    product = sqlite_product
    outsider = product.sandbox.person(tenant_id=product.sandbox.unregistered_tenant_id)["address"]

    answer = product.pane(outsider).tick("AAMkAGI2TG93AAA=")

    assert (answer.status_code, answer.json["code"]) == (403, "unknown_firm")


def test_a_colleague_learns_nothing_of_a_link_while_outlook_is_silent(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    colleague = product.sandbox.person("support")["address"]
    product.sandbox.faults([{"match": {"path": "/events/"}, "kind": "status", "status": 503}])

    seen = product.pane(colleague).view(meeting.id, mailbox=organizer)
    ticked = product.pane(colleague).tick(meeting.id, mailbox=organizer)

    assert seen.status_code == 503
    assert ticked.status_code in (403, 503)
    assert meeting.ical_uid not in seen.text
