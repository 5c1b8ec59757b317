"""The second opinion finds every planted error, and nothing where nothing is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.storm.conftest import (
    CLIENT,
    HIDDEN,
    PROSPECT,
    STRANGER,
    VENDOR,
    SmallWorld,
)
from tests.storm.reading import copy_of
from tests.storm.world import CATEGORY, Word


def seen(world: SmallWorld, meeting: Any) -> dict[str, Any]:
    return world.product.sandbox.get_event(meeting.owner, meeting.id)


def test_a_world_in_which_all_is_well_has_no_finding(small_world: SmallWorld) -> None:
    organizer, product = small_world.organizer, small_world.product
    small_world.linked(CLIENT, STRANGER, small_world.colleague, subject="Selected")
    small_world.linked(VENDOR, subject="Ticked, though nobody selected it")
    small_world.linked(subject="")
    small_world.linked(CLIENT, isAllDay=True, **_days(small_world, 3, 5))
    product.meeting(organizer, VENDOR, subject="Not selected")
    product.meeting(organizer, CLIENT, sensitivity="private", subject="Secret")
    product.meeting(organizer, CLIENT, HIDDEN, subject="With a private contact")
    product.meeting(organizer, CLIENT, days=-40, subject="Long past")
    product.meeting(organizer, small_world.colleague, subject="Among ourselves")
    product.meeting(
        organizer,
        CLIENT,
        subject="Every week",
        recurrence=_daily(small_world),
        **_hours(small_world),
    )
    unticked = small_world.linked(CLIENT, subject="Taken out again")
    product.pane(organizer).untick(unticked.id)
    small_world.story(unticked).word = Word.UNTICKED

    report = small_world.report()

    assert [str(finding) for finding in report.findings] == []
    assert report.counts["exactly one record"] >= 3
    assert report.counts["no record"] >= 6
    assert report.counts["at most one record"] == 0


def test_a_missing_record_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.linked(PROSPECT)

    small_world.take_away(meeting)

    assert small_world.new_findings(before) == {("missing_record", meeting.ical_uid)}


def test_an_event_that_nobody_synced_though_the_rules_select_it_is_found(
    small_world: SmallWorld,
) -> None:
    before = small_world.report()

    meeting = small_world.product.meeting(small_world.organizer, CLIENT)

    assert small_world.new_findings(before) == {
        ("missing_record", meeting.ical_uid),
        ("missing_category", meeting.ical_uid),
    }


def test_a_second_record_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.linked(CLIENT)
    contact = {"contact_id": small_world.client_id, "address": CLIENT}

    small_world.plant(seen(small_world, meeting), suffix="#2", contacts=[contact])

    assert small_world.new_findings(before) == {
        ("second_record", meeting.ical_uid),
        ("wrong_key", meeting.ical_uid),
    }


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"start": "2026-01-01T09:00:00Z"}, "wrong_time"),
        ({"subject": "Another subject"}, "wrong_subject"),
        ({"status": "cancelled"}, "wrong_status"),
        ({"contacts": []}, "wrong_contacts"),
        ({"unmatched": []}, "wrong_unmatched"),
        ({"sync_status": "released"}, "wrong_sync_status"),
        (
            {"all_day": True, "start_date": "2026-01-01", "end_date": "2026-01-02"},
            "wrong_all_day",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_record_that_says_something_else_is_found(
    small_world: SmallWorld, changes: dict[str, Any], kind: str
) -> None:
    before = small_world.report()
    meeting = small_world.linked(CLIENT, STRANGER)

    small_world.spoil(meeting, **changes)

    assert small_world.new_findings(before) == {(kind, meeting.ical_uid)}


def test_somebody_else_in_place_of_the_contact_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.linked(PROSPECT)
    contacts = small_world.record(meeting.ical_uid)["contacts"]

    small_world.spoil(meeting, contacts=[{**contacts[0], "contact_id": small_world.client_id}])

    assert small_world.new_findings(before) == {("wrong_contact", meeting.ical_uid)}


def test_an_answer_that_did_not_arrive_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.linked(CLIENT)
    contacts = small_world.record(meeting.ical_uid)["contacts"]

    small_world.spoil(meeting, contacts=[{**contacts[0], "response": "declined"}])

    assert small_world.new_findings(before) == {("wrong_response", meeting.ical_uid)}


def test_a_record_of_a_private_event_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.product.meeting(
        small_world.organizer, CLIENT, sensitivity="private", subject="Zanzibar"
    )

    small_world.plant(seen(small_world, meeting))

    assert small_world.new_findings(before) == {("private_record", meeting.ical_uid)}


def test_a_private_event_told_of_in_another_record_is_found(small_world: SmallWorld) -> None:
    other = small_world.linked(CLIENT)
    before = small_world.report()
    meeting = small_world.product.meeting(
        small_world.organizer, sensitivity="confidential", subject="Quokka"
    )
    small_world.story(meeting).marks.add("Quokka")

    small_world.spoil(other, location="Talk about Quokka")

    assert small_world.new_findings(before) == {("private_text", meeting.ical_uid)}


def test_a_record_of_an_event_with_a_private_contact_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.product.meeting(small_world.organizer, CLIENT, HIDDEN)

    small_world.plant(seen(small_world, meeting))

    assert small_world.new_findings(before) == {("unwanted_record", meeting.ical_uid)}


def test_a_record_of_an_event_nobody_selected_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.product.meeting(small_world.organizer, VENDOR)

    small_world.plant(seen(small_world, meeting))

    assert small_world.new_findings(before) == {("unwanted_record", meeting.ical_uid)}


def test_a_record_from_an_attendees_copy_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    invitation = small_world.product.sandbox.control(
        "POST",
        "/invitations",
        {
            "organizer": {"name": "Ben", "address": CLIENT},
            "event": {
                **_hours(small_world),
                "subject": "From outside",
                "attendees": [{"emailAddress": {"address": small_world.organizer}}],
            },
        },
    )["items"][0]

    small_world.plant(invitation)

    assert small_world.new_findings(before) == {("unwanted_record", invitation["iCalUId"])}


def test_a_record_kept_after_an_untick_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.linked(CLIENT)

    small_world.story(meeting).word = Word.UNTICKED

    assert small_world.new_findings(before) == {
        ("unwanted_record", meeting.ical_uid),
        ("stray_category", meeting.ical_uid),
    }


def test_a_record_of_an_event_that_is_nowhere_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.product.meeting(small_world.organizer, VENDOR)
    event = seen(small_world, meeting)
    small_world.product.sandbox.delete_event(meeting.owner, meeting.id)

    small_world.plant(event)

    assert small_world.new_findings(before) == {("unwanted_record", meeting.ical_uid)}


def test_a_cancelled_meeting_whose_record_does_not_say_so_is_found(
    small_world: SmallWorld,
) -> None:
    before = small_world.report()
    meeting = small_world.linked(CLIENT)
    story = small_world.story(meeting)
    story.ever_wanted = True
    story.gone = copy_of(seen(small_world, meeting), meeting.owner)

    small_world.product.sandbox.act(meeting.owner, meeting.id, "cancel")

    assert small_world.new_findings(before) == {("wrong_status", meeting.ical_uid)}


def test_a_missing_category_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.linked(CLIENT, categories=["Mine"])

    meeting.change(categories=["Mine"])

    assert small_world.new_findings(before) == {("missing_category", meeting.ical_uid)}


def test_our_category_on_an_event_nobody_wanted_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.product.meeting(small_world.organizer, VENDOR)
    small_world.story(meeting).word = Word.UNTICKED

    meeting.change(categories=[CATEGORY])

    assert small_world.new_findings(before) == {("stray_category", meeting.ical_uid)}


def test_a_lost_and_an_invented_category_are_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.linked(CLIENT, categories=["Mine", "Matter 4711"])
    story = small_world.story(meeting)
    copy_id = seen(small_world, meeting)["immutableId"]
    story.own_categories[copy_id] = frozenset({"Mine", "Matter 4711"})
    assert small_world.new_findings(before) == set()

    meeting.change(categories=["Mine", "Blue", CATEGORY])

    assert small_world.new_findings(before) == {
        ("lost_category", meeting.ical_uid),
        ("invented_category", meeting.ical_uid),
    }


def test_an_edit_of_a_person_that_was_overwritten_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.linked(CLIENT)
    story = small_world.story(meeting)
    story.edited["location"] = "Where I said"
    story.kept["notes"] = "What I noted"

    assert small_world.new_findings(before) == {("lost_edit", meeting.ical_uid)}


def test_an_event_that_we_changed_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    meeting = small_world.linked(CLIENT)
    small_world.story(meeting).shown["subject"] = "What the organizer wrote"

    assert small_world.new_findings(before) == {("changed_event", meeting.ical_uid)}


def test_a_mail_that_our_application_caused_is_found(small_world: SmallWorld) -> None:
    before = small_world.report()
    sandbox = small_world.product.sandbox
    meeting = small_world.product.meeting(small_world.organizer, VENDOR)
    token = sandbox.issue(audience="graph", app=True)["access_token"]

    answer = requests.patch(
        f"{sandbox.url}/v1.0/users/{meeting.owner}/events/{meeting.id}",
        json={"subject": "Changed by a program"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )

    assert answer.status_code == 200
    assert small_world.new_findings(before) == {("mail", "")}


def _hours(world: SmallWorld) -> dict[str, Any]:
    day = world.product.clock().date().isoformat()
    return {
        "start": {"dateTime": f"{day}T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"{day}T10:00:00", "timeZone": "UTC"},
    }


def _days(world: SmallWorld, first: int, end: int) -> dict[str, Any]:
    """Midnights of a zone that is not UTC."""
    today = world.product.clock().date()
    begin, finish = (f"{today + timedelta(days=n)}T00:00:00" for n in (first, end))
    zone = "W. Europe Standard Time"
    return {
        "start": {"dateTime": begin, "timeZone": zone},
        "end": {"dateTime": finish, "timeZone": zone},
    }


def _daily(world: SmallWorld) -> dict[str, Any]:
    today = world.product.clock().date().isoformat()
    return {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": today, "numberOfOccurrences": 3},
    }
