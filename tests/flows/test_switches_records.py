"""Every switch of the Configuration that decides what a record holds and becomes (A1, A2).

One deployment for all: each test turns one switch, looks what becomes of the same calendar, and
turns it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.db.models import HistoryRow
from backend.services.retention import Retention
from tests.support.product import CATEGORY, Meeting
from tests.support.switchboard import CLIENT, Switchboard


@pytest.fixture(autouse=True)
def _nothing_stays_switched(board: Switchboard) -> Iterator[None]:
    yield
    now = board.settings()
    assert {**now, "version": 0} == {**board.defaults, "version": 0}


def recorded(board: Switchboard, *attendees: str, **event: Any) -> Meeting:
    """A meeting that a rule has recorded."""
    meeting = board.meeting(*attendees, **event)
    board.sync()
    assert board.synced(meeting) == [True]
    return meeting


class TestWhatARecordHolds:
    def test_include_description(self, board: Switchboard) -> None:
        meeting = recorded(board, body={"contentType": "text", "content": "Agenda"})
        before = board.draft(meeting).description
        with board.switched(include_description=False):
            without = board.draft(meeting).description

        assert (before, without, board.draft(meeting).description) == ("Agenda", "", "Agenda")

    def test_include_location(self, board: Switchboard) -> None:
        meeting = recorded(board, location={"displayName": "Court 4"})
        before = board.draft(meeting).location
        with board.switched(include_location=False):
            without = board.draft(meeting)

        assert (before, without.location, without.resources) == ("Court 4", "", ())
        assert board.draft(meeting).location == "Court 4"

    def test_include_reminder(self, board: Switchboard) -> None:
        meeting = recorded(board, isReminderOn=True, reminderMinutesBeforeStart=20)
        before = board.draft(meeting).reminder_minutes
        with board.switched(include_reminder=False):
            without = board.draft(meeting).reminder_minutes

        assert (before, without, board.draft(meeting).reminder_minutes) == (20, None, 20)

    def test_show_as_values(self, board: Switchboard) -> None:
        away, busy = recorded(board, showAs="oof"), recorded(board, showAs="busy")
        before = board.draft(away).show_as, board.draft(busy).show_as
        with board.switched(show_as_values={"oof": "OutOfOffice", "busy": " "}):
            mapped = board.draft(away).show_as, board.draft(busy).show_as

        assert (before, mapped) == (("oof", "busy"), ("OutOfOffice", "busy"))
        assert board.draft(away).show_as == "oof"
        assert board.put(show_as_values={"asleep": "Busy"}).status_code == 422

    def test_activity_type(self, board: Switchboard) -> None:
        meeting = recorded(board)
        before = board.draft(meeting).type
        with board.switched(activity_type="Client meeting"):
            assert (before, board.draft(meeting).type) == (
                "CalendarSyncMeeting_System",
                "Client meeting",
            )

    def test_added_activity_type(self, board: Switchboard) -> None:
        """What the form proposes; the user's own default goes first."""
        meeting, pane = board.meeting(), board.product.pane(board.organizer)

        def proposed() -> str:
            found = pane.call("GET", f"/api/events/{meeting.id}/activity-draft").json["draft"]
            return str(found["type"])

        before = proposed()
        with board.switched(added_activity_type="Telephone call"):
            firms = proposed()
            pane.call("PATCH", "/api/me", {"default_activity_type": "Lunch"})
            own = proposed()
            pane.call("PATCH", "/api/me", {"default_activity_type": ""})

        assert (before, firms, own) == ("CalendarSyncMeeting_System", "Telephone call", "Lunch")

    def test_exclude_personnel(self, board: Switchboard) -> None:
        ours = board.client("Our Olga", types=["Our Personnel"])
        meeting = recorded(board, ours, CLIENT)

        def names() -> list[str]:
            return sorted(contact.name for contact in board.draft(meeting).contacts)

        before = names()
        with board.switched(exclude_personnel=False):
            assert (before, names()) == (["Jane Doe"], ["Jane Doe", "Our Olga"])


class TestWhatBecomesOfARecord:
    def test_cancelled_records(self, board: Switchboard) -> None:
        marked, deleted = recorded(board), recorded(board)
        gone(board, marked)
        stays = [record.draft.status.value for record in board.product.records(marked.ical_uid)]
        with board.switched(cancelled_records="delete"):
            gone(board, deleted)

        assert stays == ["cancelled"]
        assert board.synced(marked, deleted) == [True, False]

    def test_delete_synced_events(self, board: Switchboard) -> None:
        with board.switched(unmatched_automatic=True, sync_internal_automatic=True):
            kept, deleted = (board.product.meeting(board.organizer) for _ in range(2))
            board.sync()
            assert board.synced(kept, deleted) == [True, True]
            with board.switched(delete_synced_events=False):
                gone(board, kept)
            gone(board, deleted)

        assert board.synced(kept, deleted) == [True, False]

    def test_log_days(self, board: Switchboard) -> None:
        services = board.product.services

        def lines(meeting: Meeting) -> int:
            found = board.product.sandbox.get_event(board.organizer, meeting.id)["immutableId"]
            query = select(func.count()).where(HistoryRow.event_id == found)
            with services.database.read() as session:
                return session.scalar(query) or 0

        meeting = recorded(board)
        board.sync(minutes=9 * 24 * 60)
        purge = Retention(services.database, services.clock).purge
        purge()
        kept = lines(meeting)
        with board.switched(log_days=7):
            purge()
            gone_lines = lines(meeting)

        assert kept > 0
        assert gone_lines == 0


def gone(board: Switchboard, meeting: Meeting) -> None:
    """Deleted in Outlook, and proven so by two looks (L6)."""
    board.product.sandbox.delete_event(board.organizer, meeting.id)
    board.sync()
    board.sync(minutes=6)
    board.sync()


class TestInOutlook:
    def test_category_name(self, board: Switchboard) -> None:
        meeting = recorded(board, categories=["Mine"])
        before = meeting.categories
        with board.switched(category_name="In the CRM"):
            renamed = meeting.categories

        assert (before, renamed) == (["Mine", CATEGORY], ["Mine", "In the CRM"])
        assert meeting.categories == ["Mine", CATEGORY]
        assert board.synced(meeting) == [True]

    def test_category_color(self, board: Switchboard) -> None:
        """The category that the mailbox lists is coloured anew, and not made twice."""
        recorded(board)
        board.product.pane(board.organizer).tick(board.meeting().id)
        before = colors(board)
        with board.switched(category_color="preset3"):
            changed = colors(board)

        assert (before, changed, colors(board)) == (["preset7"], ["preset3"], ["preset7"])

    def test_competing_marks(self, board: Switchboard) -> None:
        board.meeting(categories=["Riva"])
        extended = {"id": f"String {{{GUID}}} Name other-sync", "value": "42"}
        board.meeting(singleValueExtendedProperties=[extended])

        nothing = board.preview(competing_marks=[])["competing"]
        found = board.preview(competing_marks=["riva", extended["id"]])["competing"]

        assert nothing == []
        assert [(one["mark"], one["mailboxes"], one["events"]) for one in found] == [
            ("riva", 1, 1),
            (extended["id"], 1, 1),
        ]
        assert board.put(competing_marks=["String {nonsense} Name x"]).status_code == 422


GUID = "66f5a359-4659-4830-9070-00047ec6ac6e"


def colors(board: Switchboard) -> list[str]:
    """Of our category in the organizer's list."""
    listed = board.product.sandbox.control("GET", f"/mailboxes/{board.organizer}/categories")
    return [each["color"] for each in listed["items"] if each["displayName"] == CATEGORY]


class TestRecordsThatNoLongerQualify:
    """S6: they stay by default; an admin may have them removed, with the number told before."""

    def test_they_are_counted_and_stay(self, board: Switchboard) -> None:
        chosen = board.new_type()
        meeting = recorded_as(board, chosen)
        told = board.preview(contact_types=["Client", "Prospect"])["unqualified"]
        told_if_chosen = board.preview(contact_types=["Client", chosen])["unqualified"]

        board.sync()

        assert (told, told_if_chosen) == (1, 0)
        assert board.synced(meeting) == [True]
        clean_up(board)

    def test_they_go_by_the_road_and_others_stay(self, board: Switchboard) -> None:
        kept, by_hand = recorded(board), board.meeting(board.stranger())
        meeting = recorded_as(board, board.new_type())
        assert board.tick(by_hand) == "linked"
        told = board.preview()["unqualified"]

        board.turn(unqualified_records="remove")

        assert told == 1
        assert board.synced(kept, meeting, by_hand) == [True, False, True]
        assert meeting.categories == []
        link = board.link(meeting)
        assert (link["state"], link["reason"]) == ("removed", "no_selected_contact_type")
        assert board.preview()["unqualified"] == 0
        acts = [line["act"] for line in board.call("GET", "/audit").json["items"]]
        assert "removal_of_unqualified_begun" in acts

    def test_what_was_ticked_by_hand_goes_too_where_ticks_are_not_allowed_any_more(
        self, board: Switchboard
    ) -> None:
        meeting = board.meeting(board.stranger())
        assert board.tick(meeting) == "linked"
        with board.switched(unmatched_manual=False):
            kept, told = board.synced(meeting), board.preview()["unqualified"]
            board.turn(unqualified_records="remove")
            assert (kept, told >= 1, board.synced(meeting)) == ([True], True, [False])
            assert board.link(meeting)["reason"] == "no_contact"

    def test_the_setting_turned_back_brings_the_same_record_back(self, board: Switchboard) -> None:
        chosen = board.new_type()
        meeting = recorded_as(board, chosen)
        [before] = board.product.records(meeting.ical_uid)
        board.turn(unqualified_records="remove")
        removed = board.synced(meeting)

        with board.switched(contact_types=["Client", chosen]):
            [after] = board.product.records(meeting.ical_uid)

        assert (removed, after.id) == ([False], before.id)
        clean_up(board)

    def test_many_go_at_once_without_the_brake_and_an_untick_stays_one(
        self, board: Switchboard
    ) -> None:
        """L7 is about what Outlook shows, not about what an admin chooses."""
        chosen = board.new_type()
        address = board.client(types=[chosen])
        many = [board.meeting(address, days=3 + number) for number in range(16)]
        with board.switched(contact_types=["Client", chosen]):
            board.sync()
            assert board.synced(*many) == [True] * 16
            board.product.pane(board.organizer).untick(many[0].id)
        told = board.preview()["unqualified"]

        board.turn(unqualified_records="remove")
        board.sync()

        assert told == 15
        assert board.synced(*many) == [False] * 16
        assert board.mailbox().problem is None
        with board.switched(contact_types=["Client", chosen]):
            assert board.synced(*many) == [False] + [True] * 15  # the untick still counts
        clean_up(board)

    def test_the_choice_is_made_once(self, board: Switchboard) -> None:
        """What loses its type afterwards stays (L9)."""
        board.turn(unqualified_records="remove")

        meeting = recorded_as(board, board.new_type())
        board.sync()

        assert board.synced(meeting) == [True]
        clean_up(board)

    def test_what_rests_longer_than_a_week_is_not_removed_when_it_thaws(
        self, board: Switchboard
    ) -> None:
        meeting = recorded_as(board, board.new_type(), days=20)
        mailbox_id = board.mailbox().id
        board.call("POST", "/pause", {"level": "mailbox", "id": mailbox_id})
        board.turn(unqualified_records="remove")
        board.product.advance(days=8)
        board.call("POST", "/resume", {"level": "mailbox", "id": mailbox_id})
        board.work()

        assert board.synced(meeting) == [True]
        clean_up(board)


def recorded_as(board: Switchboard, chosen: str, **event: Any) -> Meeting:
    """Recorded while its contact's type was chosen; by now it is not."""
    meeting = board.meeting(board.client(types=[chosen]), **event)
    with board.switched(contact_types=["Client", chosen]):
        board.sync()
    assert board.synced(meeting) == [True]
    return meeting


def clean_up(board: Switchboard) -> None:
    board.turn(unqualified_records="remove")
    assert board.preview()["unqualified"] == 0
