"""What becomes of a linked event: edited, moved, made private, deleted, over, in either system."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.crm_user import CrmUser
from tests.support.product import CATEGORY, Meeting, Product
from tests.support.traces import tables_with
from tests.support.watched import weekly

CLIENT = "ben@client.example"


def linked(product: Product, organizer: str, *attendees: str, **event: Any) -> Meeting:
    meeting = product.meeting(organizer, *(attendees or (CLIENT,)), **event)
    answer = product.pane(organizer).tick(meeting.id)
    assert answer.status_code == 200, answer.text
    return meeting


def activity_id(product: Product, meeting: Meeting) -> str:
    [record] = product.records(meeting.ical_uid)
    return record.id


def colleague_of(product: Product) -> CrmUser:
    return CrmUser(product, product.sandbox.person("support")["address"])


# --- changes in Outlook ----------------------------------------------------------------------


def test_a_change_in_outlook_reaches_the_record_when_the_pane_is_opened(
    product: Product, organizer: str
) -> None:
    contact_id = product.add_contact("Cara Client", "cara@client.example")
    meeting = linked(product, organizer)
    invited = [{"type": "optional", "emailAddress": {"address": "cara@client.example"}}]

    meeting.change(
        subject="Closing dinner", location={"displayName": "Boardroom"}, attendees=invited
    )
    product.pane(organizer).view(meeting.id)
    product.drain()

    [record] = product.records(meeting.ical_uid)
    assert record.draft.subject == "Closing dinner"
    assert record.draft.location == "Boardroom"
    assert [c.contact_id for c in record.draft.contacts] == [contact_id]
    assert record.draft.unmatched == ()


def test_a_change_in_outlook_reaches_the_record_within_the_hour_though_nobody_looks(
    sqlite_product: Product, organizer: str
) -> None:
    meeting = linked(sqlite_product, organizer)

    meeting.change(subject="Closing dinner")
    sqlite_product.an_hour_later()

    assert sqlite_product.records(meeting.ical_uid)[0].draft.subject == "Closing dinner"


def test_a_past_meeting_is_an_activity_and_an_appointment_again_when_it_is_moved_ahead(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer, days=-1)
    crm = CrmUser(product, organizer)
    made = crm.get(activity_id(product, meeting)).json
    start = product.clock().replace(microsecond=0) + timedelta(days=3)

    meeting.change(
        start={"dateTime": start.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"},
        end={
            "dateTime": (start + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S"),
            "timeZone": "UTC",
        },
    )
    product.pane(organizer).view(meeting.id)
    product.drain()

    moved = crm.get(activity_id(product, meeting)).json
    assert (made["phase"], moved["phase"]) == ("activity", "appointment")
    assert moved["start"].startswith(start.strftime("%Y-%m-%dT%H:%M"))
    assert moved["id"] == made["id"]


def test_when_the_period_is_over_the_link_is_final_and_the_record_stays(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer, days=-29)
    pane = product.pane(organizer)

    product.advance(days=2)
    product.settle()
    meeting.change(subject="Too late to flow")
    view = pane.view(meeting.id).json
    product.an_hour_later()
    unticked = pane.untick(meeting.id)

    assert (view["link"]["state"], view["link"]["reason"]) == ("released", "final")
    assert view["can"]["untick"] is False
    assert unticked.json["link"]["state"] == "released"
    [record] = product.records(meeting.ical_uid)
    assert record.draft.subject == "Quarterly review"
    assert record.draft.sync_status == "final"


# --- turned private --------------------------------------------------------------------------


@pytest.mark.parametrize("sensitivity", ["private", "confidential"])
def test_a_linked_event_that_turns_private_leaves_no_trace_but_its_reason(
    product: Product, organizer: str, sensitivity: str
) -> None:
    word = "Zephyrine"
    meeting = linked(product, organizer, subject=f"{word} merger")
    assert tables_with(product.services.database, word) == {"crm_activities"}

    meeting.change(sensitivity=sensitivity)
    pane = product.pane(organizer)
    pane.view(meeting.id)
    product.settle()

    link = meeting.link
    assert (link["state"], link["reason"]) == ("removed", "private_event")
    assert product.record(meeting.ical_uid) is None
    assert tables_with(product.services.database, word) == set()
    undone = pane.undo(meeting.id)
    assert (undone.status_code, undone.json["code"]) == (422, "private_event")


def test_an_unticked_event_that_turns_private_loses_its_undo_copy_too(
    product: Product, organizer: str
) -> None:
    word = "Zephyrine"
    meeting = linked(product, organizer, subject=f"{word} merger")
    pane = product.pane(organizer)
    pane.untick(meeting.id)
    assert product.record(meeting.ical_uid) is not None

    meeting.change(sensitivity="private")
    undone = pane.undo(meeting.id)
    product.settle()

    assert (undone.status_code, undone.json["code"]) == (422, "private_event")
    assert product.record(meeting.ical_uid) is None
    assert tables_with(product.services.database, word) == set()


def test_an_attendee_who_becomes_a_private_contact_takes_the_record_along(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer)
    product.add_contact("Secret Witness", CLIENT, private=True, owner_id="somebody-else")

    product.an_hour_later()

    view = product.pane(organizer).view(meeting.id)
    assert view.json["link"]["reason"] == "private_contact"
    assert product.record(meeting.ical_uid) is None
    assert "Secret Witness" not in view.text


def test_an_event_that_turns_into_a_series_freezes_its_link(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer)
    start = product.clock() + timedelta(days=2)

    meeting.change(
        subject="Now weekly",
        recurrence=weekly(start),
    )
    product.pane(organizer).view(meeting.id)
    product.settle()

    link = meeting.link
    assert (link["state"], link["blocked_by"]) == ("linked", "recurring_event")
    assert product.records(meeting.ical_uid)[0].draft.subject == "Quarterly review"


# --- changes in the CRM ----------------------------------------------------------------------


def test_a_record_edited_in_the_crm_is_released_and_never_overwritten(
    product: Product, organizer: str
) -> None:
    meeting = linked(product, organizer)
    colleague_of(product).edit(activity_id(product, meeting), subject="Dinner with Ben")

    meeting.change(subject="Changed in Outlook afterwards")
    product.pane(organizer).view(meeting.id)
    product.settle()

    view = product.pane(organizer).view(meeting.id).json
    assert (view["link"]["state"], view["link"]["reason"]) == ("released", "edited_in_crm")
    assert view["activity"]["subject"] == "Dinner with Ben"
    assert view["activity"]["edited_by"]["name"]
    assert view["can"]["tick"] is True
    assert meeting.categories == [CATEGORY]


def test_an_edit_in_the_crm_is_noticed_by_the_next_opening_though_outlook_is_unchanged(
    product: Product, organizer: str
) -> None:
    meeting = linked(product, organizer)
    colleague_of(product).edit(activity_id(product, meeting), subject="Dinner with Ben")

    first = product.pane(organizer).view(meeting.id).json["link"]
    product.drain()

    assert first["next_attempt_at"] is not None
    assert meeting.link["reason"] == "edited_in_crm"


def test_what_outlook_does_not_fill_may_be_changed_without_unlinking(
    product: Product, organizer: str
) -> None:
    meeting = linked(product, organizer)
    crm = colleague_of(product)
    crm.edit(activity_id(product, meeting), notes="Bring the file", visibility="everyone")

    meeting.change(subject="Changed in Outlook afterwards")
    product.pane(organizer).view(meeting.id)
    product.settle()

    record = crm.get(activity_id(product, meeting)).json
    assert meeting.link["state"] == "linked"
    assert record["subject"] == "Changed in Outlook afterwards"
    assert record["notes"] == "Bring the file"


@pytest.mark.parametrize("somebody_looked", [False, True])
def test_unticking_an_edited_record_takes_the_category_and_leaves_the_record(
    product: Product, organizer: str, somebody_looked: bool
) -> None:
    meeting = linked(product, organizer, categories=["Mine"])
    colleague_of(product).edit(activity_id(product, meeting), subject="Dinner with Ben")
    if somebody_looked:
        product.an_hour_later()

    answer = product.pane(organizer).untick(meeting.id)

    assert answer.status_code == 200
    assert answer.json["link"]["state"] == "released"
    assert answer.json["link"]["reason"] == "edited_in_crm"
    assert answer.json["activity"]["subject"] == "Dinner with Ben"
    assert meeting.categories == ["Mine"]
    assert len(product.records(meeting.ical_uid)) == 1


def test_a_tick_takes_an_edited_record_back_and_brings_it_up_to_date(
    product: Product, organizer: str
) -> None:
    meeting = linked(product, organizer)
    crm = colleague_of(product)
    record_id = activity_id(product, meeting)
    crm.edit(record_id, subject="Dinner with Ben")
    crm.edit(record_id, notes="Bring the file")
    product.an_hour_later()

    answer = product.pane(organizer).tick(meeting.id)

    assert (answer.status_code, answer.json["link"]["state"]) == (200, "linked")
    record = crm.get(record_id).json
    assert (record["subject"], record["notes"]) == ("Quarterly review", "Bring the file")
    assert record["edited_by"] is None
    assert len(product.records(meeting.ical_uid)) == 1


def test_a_record_deleted_in_the_crm_takes_the_category_along_until_somebody_ticks_again(
    product: Product, organizer: str
) -> None:
    meeting = linked(product, organizer, categories=["Mine"])
    record_id = activity_id(product, meeting)
    colleague_of(product).remove(record_id)

    product.an_hour_later()

    link = meeting.link
    assert (link["state"], link["reason"]) == ("released", "deleted_in_crm")
    assert meeting.categories == ["Mine"]
    assert product.records(meeting.ical_uid) == []
    answer = product.pane(organizer).tick(meeting.id)
    assert (answer.status_code, answer.json["link"]["state"]) == (200, "linked")
    assert meeting.categories == ["Mine", CATEGORY]
    assert activity_id(product, meeting) == record_id


def test_undo_brings_notes_and_opportunities_back_and_the_event_as_it_is_now(
    product: Product, organizer: str
) -> None:
    meeting = linked(product, organizer)
    crm = CrmUser(product, organizer)
    record_id = activity_id(product, meeting)
    crm.edit(record_id, notes="Bring the file")
    pane = product.pane(organizer)
    pane.untick(meeting.id)
    meeting.change(subject="Closing dinner")

    answer = pane.undo(meeting.id)

    assert (answer.status_code, answer.json["link"]["activity_id"]) == (200, record_id)
    record = crm.get(record_id).json
    assert (record["subject"], record["notes"]) == ("Closing dinner", "Bring the file")


def test_there_is_nothing_to_undo_after_thirty_days(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer, days=60)
    pane = product.pane(organizer)
    pane.untick(meeting.id)

    product.advance(days=31)
    answer = pane.undo(meeting.id)

    assert (answer.status_code, answer.json["code"]) == (409, "nothing_to_undo")
    assert pane.view(meeting.id).json["can"]["undo"] is False
    assert pane.tick(meeting.id).status_code == 200


# --- gone ------------------------------------------------------------------------------------


@pytest.mark.parametrize("deleted_get", ["404", "200"])
@pytest.mark.parametrize("for_good", [False, True])
def test_a_deleted_event_is_believed_after_two_empty_lists_five_minutes_apart(
    sqlite_product: Product, organizer: str, deleted_get: str, for_good: bool
) -> None:
    product = sqlite_product
    product.sandbox.personality(deleted_get=deleted_get)
    meeting = product.meeting(organizer)
    product.pane(organizer).tick(meeting.id)

    path = f"/mailboxes/{organizer}/events/{meeting.id}"
    product.sandbox.control("DELETE", path, **({"for_good": "1"} if for_good else {}))
    product.advance(minutes=61)
    product.drain()
    after_one_look = meeting.link
    product.advance(minutes=4)
    product.drain()
    assert len(product.records(meeting.ical_uid)) == 1
    product.advance(minutes=2)
    product.settle()

    assert after_one_look["state"] == "linked"
    assert product.records(meeting.ical_uid) == []
    assert meeting.link["reason"] == "deleted"


@pytest.mark.parametrize("deleted_get", ["404", "200"])
def test_a_meeting_that_its_organizer_cancels_is_marked_cancelled_in_the_crm(
    product: Product, organizer: str, deleted_get: str
) -> None:
    product.sandbox.personality(deleted_get=deleted_get)
    meeting = linked(product, organizer)

    product.sandbox.act(organizer, meeting.id, "cancel")
    product.advance(minutes=61)
    product.drain()
    assert product.records(meeting.ical_uid)[0].draft.status == "confirmed"
    product.advance(minutes=6)
    product.settle()

    [record] = product.records(meeting.ical_uid)
    assert record.draft.status == "cancelled"
    link = meeting.link
    assert (link["state"], link["reason"]) == ("released", "cancelled")


def test_a_deleted_past_event_leaves_its_record(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, days=-3)
    product.pane(organizer).tick(meeting.id)

    product.sandbox.delete_event(organizer, meeting.id)
    for _ in range(2):
        product.advance(minutes=61)
        product.drain()

    assert len(product.records(meeting.ical_uid)) == 1
    assert meeting.link["state"] == "released"


def test_an_event_in_another_calendar_is_frozen_and_thaws_when_it_comes_back(
    product: Product, organizer: str
) -> None:
    meeting = linked(product, organizer)
    moved = product.sandbox.act(organizer, meeting.id, "move", calendar="Archive")
    product.sandbox.change_event(organizer, moved["id"], subject="Changed while away")

    product.an_hour_later()

    pane = product.pane(organizer)
    away = pane.view(moved["id"]).json["link"]
    assert (away["state"], away["blocked_by"]) == ("linked", "left_calendar")
    assert product.records(meeting.ical_uid)[0].draft.subject == "Quarterly review"
    back = product.sandbox.act(organizer, moved["id"], "move", calendar="Calendar")
    product.an_hour_later()
    thawed = pane.view(back["id"]).json["link"]
    assert (thawed["state"], thawed["blocked_by"]) == ("linked", None)
    [record] = product.records(meeting.ical_uid)
    assert record.draft.subject == "Changed while away"


def test_a_mailbox_that_answers_404_takes_no_record_along(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer)
    broken = {"kind": "status", "status": 404, "error": "ErrorMailboxMoveInProgress"}
    product.sandbox.faults([{"match": {"user": organizer}} | broken])

    for _ in range(3):
        product.advance(minutes=61)
        product.drain()

    assert len(product.records(meeting.ical_uid)) == 1
    product.sandbox.clear_faults()
    product.an_hour_later()
    link = meeting.link
    assert (link["state"], link["blocked_by"]) == ("linked", None)
