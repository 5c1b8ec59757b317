"""L1-L3, over the sandbox: a change in Outlook reaches the record though nobody opens the pane."""

from __future__ import annotations

from datetime import timedelta

from tests.support.watched import CLIENT, Watched, moved, people


def test_subject_time_place_and_people_flow_without_anybody_opening_the_pane(
    watched: Watched,
) -> None:
    product = watched.product
    contact_id = product.add_contact("Cara Client", "cara@client.example")
    meeting = watched.linked()
    when = moved(product, days=5)

    meeting.change(
        subject="Closing dinner",
        location={"displayName": "Boardroom"},
        attendees=people("cara@client.example"),
        **when,
    )
    watched.pull()

    record = watched.crm_record(meeting)
    assert (record["subject"], record["location"]) == ("Closing dinner", "Boardroom")
    assert record["start"].startswith(when["start"]["dateTime"][:16])
    assert [c["contact_id"] for c in record["contacts"]] == [contact_id]
    assert record["unmatched"] == []


def test_our_own_write_costs_no_further_look(sqlite_watched: Watched) -> None:
    sqlite_watched.linked()
    before = sqlite_watched.product.sandbox.last_request()

    for _ in range(3):
        sqlite_watched.pull()

    asked = sqlite_watched.product.sandbox.requests(since=before)
    assert [line["path"].split("?")[0].split("/")[-1] for line in asked] == ["delta"] * 3


def test_a_watched_link_is_not_looked_at_while_nothing_happens(sqlite_watched: Watched) -> None:
    meeting = sqlite_watched.linked()
    sqlite_watched.product.advance(days=1)

    assert sqlite_watched.product.drain() == 0
    due_at = sqlite_watched.link(meeting).due_at
    assert due_at is not None
    assert due_at - sqlite_watched.product.clock() > timedelta(days=29)


def test_an_appointment_becomes_an_activity_by_the_clock_alone(sqlite_watched: Watched) -> None:
    meeting = sqlite_watched.linked()
    before = sqlite_watched.crm_record(meeting)

    sqlite_watched.later(days=3)

    after = sqlite_watched.crm_record(meeting)
    assert (before["phase"], after["phase"]) == ("appointment", "activity")
    assert after["revision"] == before["revision"]


def test_a_past_meeting_moved_ahead_is_an_appointment_again_and_back(
    sqlite_watched: Watched,
) -> None:
    product = sqlite_watched.product
    meeting = sqlite_watched.linked(days=-1)
    phases = [sqlite_watched.crm_record(meeting)["phase"]]
    record_id = sqlite_watched.record_id(meeting)

    for days in (4, -2):
        meeting.change(**moved(product, days=days))
        sqlite_watched.pull()
        phases.append(sqlite_watched.crm_record(meeting)["phase"])

    assert phases == ["activity", "appointment", "activity"]
    assert sqlite_watched.record_id(meeting) == record_id


def test_an_attendee_who_is_added_is_matched_and_one_who_is_removed_leaves(
    sqlite_watched: Watched,
) -> None:
    product = sqlite_watched.product
    product.add_contact("Ben Client", CLIENT)
    product.add_contact("Cara Client", "cara@client.example")
    meeting = sqlite_watched.linked()

    meeting.change(attendees=people(CLIENT, "cara@client.example", "dora@other.example"))
    sqlite_watched.pull()
    with_three = sqlite_watched.crm_record(meeting)
    meeting.change(attendees=people("cara@client.example"))
    sqlite_watched.pull()

    with_one = sqlite_watched.crm_record(meeting)
    assert {c["name"] for c in with_three["contacts"]} == {"Ben Client", "Cara Client"}
    assert [u["address"] for u in with_three["unmatched"]] == ["dora@other.example"]
    assert [c["name"] for c in with_one["contacts"]] == ["Cara Client"]
    assert with_one["unmatched"] == []


def test_a_contact_made_later_is_matched_at_the_next_look(sqlite_watched: Watched) -> None:
    meeting = sqlite_watched.linked()
    assert sqlite_watched.crm_record(meeting)["contacts"] == []
    contact_id = sqlite_watched.product.add_contact("Ben Client", CLIENT)

    meeting.change(subject="Closing dinner")
    sqlite_watched.pull()

    record = sqlite_watched.crm_record(meeting)
    assert [c["contact_id"] for c in record["contacts"]] == [contact_id]
    assert record["unmatched"] == []


def test_changes_flow_until_the_period_is_over_and_then_the_link_is_final(
    sqlite_watched: Watched,
) -> None:
    meeting = sqlite_watched.linked()
    sqlite_watched.later(days=31)
    meeting.change(subject="Just in time")
    sqlite_watched.pull()

    sqlite_watched.later(days=2)
    meeting.change(subject="Too late")
    sqlite_watched.pull()

    record = sqlite_watched.crm_record(meeting)
    assert sqlite_watched.word(meeting) == ("released", "final", None)
    assert (record["subject"], record["sync_status"]) == ("Just in time", "final")


def test_a_final_meeting_keeps_its_category_and_offers_no_untick(sqlite_watched: Watched) -> None:
    meeting = sqlite_watched.linked(categories=["Mine"])
    sqlite_watched.later(days=33)

    view = sqlite_watched.pane.view(meeting.id).json

    assert view["can"]["untick"] is False
    assert view["link"]["reason"] == "final"
    assert "Mine" in meeting.categories
    assert len(meeting.categories) == 2


def test_a_meeting_moved_beyond_the_future_range_is_followed_once_a_day(
    sqlite_watched: Watched,
) -> None:
    product = sqlite_watched.product
    meeting = sqlite_watched.linked()
    meeting.change(subject="In a while", **moved(product, days=1500))
    sqlite_watched.later(hours=1)
    sqlite_watched.later(hours=1)

    far = sqlite_watched.crm_record(meeting)
    meeting.change(subject="Still far away")
    sqlite_watched.later(days=1, hours=1)

    assert far["subject"] == "In a while"
    assert sqlite_watched.crm_record(meeting)["subject"] == "Still far away"
    assert sqlite_watched.word(meeting) == ("linked", None, None)
    due_at = sqlite_watched.link(meeting).due_at
    assert due_at is not None
    assert due_at - product.clock() > timedelta(hours=20)
