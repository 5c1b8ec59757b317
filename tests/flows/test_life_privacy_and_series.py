"""L5 and L9 over the sandbox: turned private, private contacts, turned into a series, and back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.db.models import HistoryRow
from tests.support.product import CATEGORY
from tests.support.traces import tables_with
from tests.support.watched import CLIENT, Watched, people, weekly

WORD = "Zephyrine"


@pytest.mark.parametrize("sensitivity", ["private", "confidential"])
def test_a_meeting_turned_private_leaves_its_reason_and_nothing_else(
    watched: Watched, sensitivity: str
) -> None:
    product = watched.product
    meeting = watched.linked(subject=f"{WORD} merger")
    assert tables_with(product.services.database, WORD) == {"crm_activities"}

    meeting.change(sensitivity=sensitivity)
    watched.pull()

    assert watched.word(meeting) == ("removed", "private_event", None)
    assert product.record(meeting.ical_uid) is None
    assert tables_with(product.services.database, WORD) == set()
    link = watched.link(meeting)
    assert (link.event_end, link.category_content, link.because) == (None, None, None)
    assert CATEGORY not in meeting.categories
    with product.services.database.read() as session:
        codes = session.scalars(select(HistoryRow.codes).where(HistoryRow.link_id == link.id))
        assert any("private_event" in line for line in codes)


def test_the_undo_copy_of_a_meeting_turned_private_goes_too(sqlite_watched: Watched) -> None:
    product = sqlite_watched.product
    meeting = sqlite_watched.linked(subject=f"{WORD} merger")
    sqlite_watched.pane.untick(meeting.id)
    sqlite_watched.pull()
    assert product.record(meeting.ical_uid) is not None

    meeting.change(sensitivity="private")
    sqlite_watched.pull()

    assert product.record(meeting.ical_uid) is None
    assert tables_with(product.services.database, WORD) == set()
    undone = sqlite_watched.pane.undo(meeting.id)
    assert undone.status_code in (409, 422)


def test_a_meeting_that_is_public_again_comes_back_by_a_tick_only(sqlite_watched: Watched) -> None:
    product = sqlite_watched.product
    meeting = sqlite_watched.linked()
    meeting.change(sensitivity="private")
    sqlite_watched.pull()

    meeting.change(sensitivity="normal")
    sqlite_watched.pull()
    sqlite_watched.later(hours=2)
    assert product.records(meeting.ical_uid) == []
    answer = sqlite_watched.pane.tick(meeting.id)

    assert (answer.status_code, answer.json["link"]["state"]) == (200, "linked")
    assert len(product.records(meeting.ical_uid)) == 1


def test_a_private_contact_who_is_invited_takes_the_record_along(sqlite_watched: Watched) -> None:
    product = sqlite_watched.product
    product.add_contact("Secret Witness", "witness@law.example", private=True, owner_id="other")
    meeting = sqlite_watched.linked()

    meeting.change(attendees=people(CLIENT, "witness@law.example"))
    sqlite_watched.pull()

    assert sqlite_watched.word(meeting) == ("removed", "private_contact", None)
    assert product.record(meeting.ical_uid) is None
    assert "Secret Witness" not in sqlite_watched.pane.view(meeting.id).text


def test_a_contact_who_becomes_private_takes_the_record_along_at_the_next_look(
    sqlite_watched: Watched,
) -> None:
    product = sqlite_watched.product
    meeting = sqlite_watched.linked()
    product.add_contact("Secret Witness", CLIENT, private=True, owner_id="other")

    meeting.change(location={"displayName": "Elsewhere"})
    sqlite_watched.pull()

    assert sqlite_watched.word(meeting) == ("removed", "private_contact", None)
    assert product.record(meeting.ical_uid) is None


def test_a_meeting_that_becomes_a_series_is_frozen_and_thaws_when_it_is_single_again(
    sqlite_watched: Watched,
) -> None:
    product = sqlite_watched.product
    meeting = sqlite_watched.linked()
    start = product.clock() + timedelta(days=2)

    meeting.change(subject="Now weekly", recurrence=weekly(start))
    sqlite_watched.pull()
    frozen = sqlite_watched.word(meeting)
    kept = sqlite_watched.crm_record(meeting)["subject"]
    meeting.change(subject="Once again", recurrence=None)
    sqlite_watched.pull()

    assert (frozen, kept) == (("linked", None, "recurring_event"), "Quarterly review")
    assert sqlite_watched.word(meeting) == ("linked", None, None)
    assert sqlite_watched.crm_record(meeting)["subject"] == "Once again"


def test_an_untick_of_a_frozen_series_takes_its_record(sqlite_watched: Watched) -> None:
    product = sqlite_watched.product
    meeting = sqlite_watched.linked()
    meeting.change(recurrence=weekly(product.clock() + timedelta(days=2)))
    sqlite_watched.pull()

    answer = sqlite_watched.pane.untick(meeting.id)

    assert answer.status_code == 200
    assert product.records(meeting.ical_uid) == []
