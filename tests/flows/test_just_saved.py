"""A tick right after saving: Exchange has not caught up yet, and may never do (T8)."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from backend.db.models import LinkRow
from tests.support.product import CATEGORY, Meeting, Product

CLIENT = "ben@client.example"
JUST_SAVED = {"just_saved": True}


@pytest.fixture
def lagging(product: Product) -> Product:
    """Exchange shows a new item a minute late."""
    product.sandbox.personality(get_lag=60)
    return product


def state_of(product: Product, meeting: Meeting) -> tuple[str, str | None]:
    link = product.pane(meeting.owner).view(meeting.id).json["link"]
    return link["state"], link["reason"]


def test_a_just_saved_event_is_pending_until_exchange_shows_it(
    lagging: Product, organizer: str
) -> None:
    meeting = lagging.meeting(organizer, CLIENT)

    answer = lagging.pane(organizer).tick(meeting.id, JUST_SAVED)

    assert answer.status_code == 202
    assert answer.json["event"] is None
    assert answer.json["verdict"] is None
    assert answer.json["link"]["state"] == "pending"
    assert answer.json["link"]["outstanding"] == ["event"]
    assert lagging.records(meeting.ical_uid) == []


def test_a_just_saved_event_is_linked_once_exchange_shows_it(
    lagging: Product, organizer: str
) -> None:
    meeting = lagging.meeting(organizer, CLIENT)
    lagging.pane(organizer).tick(meeting.id, JUST_SAVED)
    for _ in range(5):
        lagging.advance(seconds=10)
        lagging.drain()
        assert state_of(lagging, meeting) == ("pending", None)

    lagging.settle()

    assert state_of(lagging, meeting) == ("linked", None)
    assert meeting.categories == [CATEGORY]
    assert len(lagging.records(meeting.ical_uid)) == 1


def test_without_the_word_just_saved_an_unknown_event_is_not_found_and_not_remembered(
    lagging: Product, organizer: str
) -> None:
    meeting = lagging.meeting(organizer, CLIENT)

    answer = lagging.pane(organizer).tick(meeting.id)

    assert (answer.status_code, answer.json["code"]) == (404, "event_not_found")
    with lagging.services.database.read() as session:
        assert session.scalar(select(func.count()).select_from(LinkRow)) == 0


def test_an_event_that_never_appears_is_given_up_after_half_an_hour(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    product.sandbox.personality(get_lag=3600)
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id, JUST_SAVED)
    product.advance(minutes=29)
    product.drain()
    assert state_of(product, meeting) == ("pending", None)

    product.advance(minutes=2)
    product.settle()

    assert state_of(product, meeting) == ("removed", "event_not_found")
    assert product.records(meeting.ical_uid) == []


def test_an_untick_before_exchange_has_caught_up_is_the_last_word(
    lagging: Product, organizer: str
) -> None:
    meeting = lagging.meeting(organizer, CLIENT)
    pane = lagging.pane(organizer)
    pane.tick(meeting.id, JUST_SAVED)

    assert pane.untick(meeting.id).status_code in (200, 202)
    lagging.advance(minutes=2)
    lagging.settle()

    assert state_of(lagging, meeting) == ("removed", "unticked")
    assert meeting.categories == []
    assert lagging.records(meeting.ical_uid) == []


def test_a_just_saved_event_that_turns_out_private_ends_removed_with_its_checks(
    lagging: Product, organizer: str
) -> None:
    meeting = lagging.meeting(organizer, CLIENT, sensitivity="private")
    lagging.pane(organizer).tick(meeting.id, JUST_SAVED)

    lagging.advance(minutes=2)
    lagging.settle()

    answer = lagging.pane(organizer).view(meeting.id).json
    failed = [c["code"] for c in answer["verdict"]["checks"] if c["passed"] is False]
    assert (answer["link"]["state"], answer["link"]["reason"]) == ("removed", "private_event")
    assert failed == ["private_event"]
    assert meeting.categories == []
    assert lagging.record(meeting.ical_uid) is None


def test_discarding_a_saved_item_removes_its_record_after_the_proof(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer)
    product.pane(organizer).tick(meeting.id, JUST_SAVED)
    assert len(product.records(meeting.ical_uid)) == 1

    product.sandbox.delete_event(organizer, meeting.id)
    product.pane(organizer).view(meeting.id)
    product.drain()
    assert len(product.records(meeting.ical_uid)) == 1
    product.advance(minutes=6)
    product.settle()

    assert product.records(meeting.ical_uid) == []
    assert state_of(product, meeting) == ("removed", "deleted")
