"""L6 and L8 over the sandbox: cancelled, deleted, moved away, the mailbox or its owner gone."""

from __future__ import annotations

import pytest

from tests.support.product import CATEGORY, Meeting
from tests.support.watched import Watched, moved

BOTH = pytest.mark.parametrize("deleted_get", ["404", "200"])
REMOVED_LINE = pytest.mark.parametrize("removed_line", ["sent", "silent"])


def alone(watched: Watched, **event: object) -> Meeting:
    """A linked entry with nobody invited."""
    meeting = watched.product.meeting(watched.organizer, **event)  # type: ignore[arg-type]
    assert watched.pane.tick(meeting.id).status_code == 200
    watched.pull()
    return meeting


def delete(watched: Watched, meeting: Meeting) -> None:
    watched.product.sandbox.delete_event(watched.organizer, meeting.id)
    watched.pull()


@BOTH
def test_a_meeting_its_organizer_cancels_is_marked_cancelled(
    watched: Watched, deleted_get: str
) -> None:
    product = watched.product
    product.sandbox.personality(deleted_get=deleted_get)
    meeting = watched.linked()

    product.sandbox.act(watched.organizer, meeting.id, "cancel")
    watched.pull()
    after_one_look = watched.crm_record(meeting)["status"]
    watched.prove()

    record = watched.crm_record(meeting)
    assert (after_one_look, record["status"]) == ("confirmed", "cancelled")
    assert record["sync_status"] == "released"
    assert watched.word(meeting) == ("released", "cancelled", None)


def test_a_cancelled_meeting_is_deleted_where_the_firm_wants_that(sqlite_watched: Watched) -> None:
    sqlite_watched.configure(cancelled_records="delete")
    meeting = sqlite_watched.linked()

    sqlite_watched.product.sandbox.act(sqlite_watched.organizer, meeting.id, "cancel")
    sqlite_watched.pull()
    sqlite_watched.prove()

    assert sqlite_watched.word(meeting) == ("removed", "cancelled", None)
    assert sqlite_watched.product.records(meeting.ical_uid) == []


@BOTH
def test_a_future_entry_that_is_deleted_takes_its_record_after_two_empty_lists(
    sqlite_watched: Watched, deleted_get: str
) -> None:
    product = sqlite_watched.product
    product.sandbox.personality(deleted_get=deleted_get)
    meeting = alone(sqlite_watched)

    delete(sqlite_watched, meeting)
    sqlite_watched.later(minutes=4)
    assert len(product.records(meeting.ical_uid)) == 1
    sqlite_watched.later(minutes=2)

    assert product.records(meeting.ical_uid) == []
    assert sqlite_watched.word(meeting) == ("removed", "deleted", None)
    assert "deleted" in sqlite_watched.history(meeting)


def test_a_past_entry_that_is_deleted_leaves_its_record(sqlite_watched: Watched) -> None:
    meeting = alone(sqlite_watched, days=-3)

    delete(sqlite_watched, meeting)
    sqlite_watched.prove()

    record = sqlite_watched.crm_record(meeting)
    assert (record["status"], record["sync_status"]) == ("confirmed", "released")
    assert sqlite_watched.word(meeting) == ("released", "deleted", None)


def test_a_deleted_entry_leaves_its_record_where_the_firm_wants_that(
    sqlite_watched: Watched,
) -> None:
    sqlite_watched.configure(delete_synced_events=False)
    meeting = alone(sqlite_watched)

    delete(sqlite_watched, meeting)
    sqlite_watched.prove()

    assert len(sqlite_watched.product.records(meeting.ical_uid)) == 1
    assert sqlite_watched.word(meeting) == ("released", "deleted", None)


@REMOVED_LINE
def test_an_event_in_another_calendar_is_frozen_and_thaws_when_it_comes_back(
    watched: Watched, removed_line: str
) -> None:
    product, organizer = watched.product, watched.organizer
    product.sandbox.personality(removed_line=removed_line)
    meeting = watched.linked()
    away = product.sandbox.act(organizer, meeting.id, "move", calendar="Archive")
    product.sandbox.change_event(organizer, away["id"], subject="Changed while away")

    watched.pull()
    if removed_line == "silent":
        # Only the sweep of the next window can tell; a pane opening rings as well.
        watched.pane.view(away["id"])
        watched.later(minutes=1)
    assert watched.word(meeting) == ("linked", None, "left_calendar")
    assert watched.crm_record(meeting)["subject"] == "Quarterly review"
    product.sandbox.act(organizer, away["id"], "move", calendar="Calendar")
    watched.later(minutes=61)

    assert watched.word(meeting) == ("linked", None, None)
    assert watched.crm_record(meeting)["subject"] == "Changed while away"


def test_an_event_moved_away_is_final_when_its_period_is_over(sqlite_watched: Watched) -> None:
    product, organizer = sqlite_watched.product, sqlite_watched.organizer
    meeting = sqlite_watched.linked()
    product.sandbox.act(organizer, meeting.id, "move", calendar="Archive")
    sqlite_watched.pull()

    sqlite_watched.later(days=34)

    assert sqlite_watched.word(meeting) == ("released", "final", None)
    assert len(product.records(meeting.ical_uid)) == 1


@pytest.mark.parametrize(
    ("order", "cure", "problem"),
    [
        (
            {"kind": "mailbox", "state": "inactive"},
            {"kind": "mailbox", "state": "ready"},
            "no_mailbox",
        ),
        (
            {"kind": "mailbox", "state": "undiscoverable"},
            {"kind": "mailbox", "state": "ready"},
            None,
        ),
    ],
)
def test_the_records_of_somebody_who_left_stay_and_his_links_freeze(
    sqlite_watched: Watched,
    order: dict[str, str],
    cure: dict[str, str],
    problem: str | None,
) -> None:
    product = sqlite_watched.product
    first, second = sqlite_watched.linked(), sqlite_watched.linked(days=3)
    who = {"user": sqlite_watched.organizer}

    product.sandbox.faults([order | who])
    for _ in range(6):
        sqlite_watched.pull()
        sqlite_watched.later(minutes=20)

    for meeting in (first, second):
        assert sqlite_watched.word(meeting) == ("linked", None, "mailbox_unreachable")
        assert len(product.records(meeting.ical_uid)) == 1
    assert sqlite_watched.problem is not None
    assert problem is None or sqlite_watched.problem == problem
    product.sandbox.faults([cure | who])
    sqlite_watched.later(hours=2)
    assert sqlite_watched.problem is None
    assert sqlite_watched.word(first) == sqlite_watched.word(second) == ("linked", None, None)


def test_links_of_a_mailbox_with_a_problem_cost_no_calls(sqlite_watched: Watched) -> None:
    product = sqlite_watched.product
    for days in range(1, 5):
        sqlite_watched.linked(days=days)
    product.sandbox.faults(
        [{"kind": "mailbox", "state": "inactive", "user": sqlite_watched.organizer}]
    )
    sqlite_watched.pull()
    before = product.sandbox.last_request()

    product.advance(minutes=70)
    walked = product.drain()

    assert walked == 4
    asked = [line for line in product.sandbox.requests(since=before) if line["host"] == "graph"]
    assert asked == []


def test_a_user_whom_the_admin_disables_keeps_his_records_and_catches_up_when_enabled_again(
    sqlite_watched: Watched,
) -> None:
    product = sqlite_watched.product
    meeting = sqlite_watched.linked()
    sqlite_watched.pane.call("PATCH", "/api/me", {"enabled": False})

    meeting.change(subject="Changed while he was off", **moved(product, days=4))
    sqlite_watched.pull()
    sqlite_watched.later(hours=2)
    frozen = sqlite_watched.word(meeting)
    assert sqlite_watched.crm_record(meeting)["subject"] == "Quarterly review"
    sqlite_watched.pane.call("PATCH", "/api/me", {"enabled": True})
    sqlite_watched.pull()
    sqlite_watched.later(minutes=61)

    assert frozen == ("linked", None, "user_not_enabled")
    assert sqlite_watched.word(meeting) == ("linked", None, None)
    assert sqlite_watched.crm_record(meeting)["subject"] == "Changed while he was off"
    assert meeting.categories == [CATEGORY]
