"""What a look means for the wish, and which one step follows: a row per sentence of L, T4a, T11."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.domain.crm import Activity, ActivityStatus, SyncStatus
from backend.domain.event import Event, EventType, Person, Sensitivity
from backend.domain.link import CategoryMemory, EndReason, Link, Trigger
from backend.domain.mapping import draft_for, fingerprint
from backend.domain.plan import (
    ConfirmAbsence,
    Decision,
    DestroyRecord,
    MarkRecord,
    Missing,
    Nothing,
    RemoveRecord,
    Sight,
    WriteRecord,
    decide,
    plan,
)
from backend.domain.rules import EventFacts, Reason, evaluate
from tests.support.builders import (
    CATEGORY,
    NOON,
    OWNER_OID,
    a_link,
    a_policy,
    a_record,
    a_situation,
    a_user,
    an_event,
)

OURS = ("Mine", CATEGORY)
POLICY = a_policy()


def a_sight(event: Event | None = None, **changes: Any) -> Sight:
    """Graph shows ``event``; the CRM answered; the verdict follows from the event."""
    policy = changes.pop("policy", POLICY)
    user = changes.pop("user", a_user())
    verdict = None
    if event is not None:
        facts = EventFacts.of(event, ())
        verdict = evaluate(a_situation(facts=facts, policy=policy, user=user))
    return replace(
        Sight(
            policy=policy,
            now=NOON,
            owner_oid=OWNER_OID,
            event=event,
            verdict=verdict,
            record_known=event is not None or "record" in changes,
        ),
        **changes,
    )


def in_crm(event: Event, **changes: Any) -> Activity:
    return a_record(draft_for(event, (), POLICY, owner_oid=OWNER_OID), **changes)


def linked_to(event: Event, **changes: Any) -> Link:
    draft = draft_for(event, (), POLICY, owner_oid=OWNER_OID)
    return a_link(fingerprint=fingerprint(draft), **changes)


def decided(link: Link, sight: Sight) -> Decision:
    decision = decide(link, sight)
    assert decision is not None
    return decision


MEETING = an_event(categories=OURS)
EDITED = {"edited_by": Person("Kim", "kim@firm.example"), "revision": "r2"}


def test_a_link_that_agrees_with_everything_decides_and_does_nothing() -> None:
    link, sight = linked_to(MEETING), a_sight(MEETING, record=in_crm(MEETING))

    assert decide(link, sight) is None
    assert plan(link, sight) == Nothing()


def test_a_change_in_outlook_is_written_with_the_revision_that_was_seen() -> None:
    moved = an_event(categories=OURS, subject="Moved")

    step = plan(linked_to(MEETING), a_sight(moved, record=in_crm(MEETING)))

    assert isinstance(step, WriteRecord)
    assert (step.draft.subject, step.revision) == ("Moved", "r1")


@pytest.mark.parametrize("state", ["pending", "linked", "released"])
@pytest.mark.parametrize("sensitivity", [Sensitivity.PRIVATE, Sensitivity.CONFIDENTIAL])
def test_an_event_that_turned_private_loses_its_record_for_good(
    state: str, sensitivity: Sensitivity
) -> None:
    event = replace(MEETING, sensitivity=sensitivity)
    link = a_link(state, looked_at=True)
    sight = a_sight(event, record=in_crm(MEETING))

    decision = decided(link, sight)
    after = replace(link, state="removing", reason=decision.reason)

    assert (decision.trigger, decision.reason) == (Trigger.LET_GO, "private_event")
    assert plan(after, sight) == DestroyRecord()


def test_the_undo_copy_of_an_event_that_turned_private_is_destroyed_too() -> None:
    event = replace(MEETING, categories=(), sensitivity=Sensitivity.PRIVATE)
    link = a_link("removed", undo_until=NOON + timedelta(days=30), opted_out=True)
    sight = a_sight(event, record=in_crm(MEETING, removed=True))

    decision = decided(link, sight)

    assert decision.reason == "private_event"
    assert plan(replace(link, reason=decision.reason), sight) == DestroyRecord()


def test_a_wish_accepted_blindly_ends_when_the_first_verdict_says_no() -> None:
    event = an_event(days=-60)
    link = a_link("pending", looked_at=False)

    decision = decided(link, a_sight(event))

    assert (decision.trigger, decision.reason) == (Trigger.LET_GO, "outside_window")


def test_an_edit_in_the_crm_releases_the_link() -> None:
    decision = decided(linked_to(MEETING), a_sight(MEETING, record=in_crm(MEETING, **EDITED)))

    assert (decision.trigger, decision.reason) == (Trigger.RELEASE, EndReason.EDITED_IN_CRM)


def test_an_edit_in_the_crm_survives_an_untick_that_came_later() -> None:
    link = a_link("removing", activity_id="a1", activity_revision="r1", opted_out=True)

    decision = decided(link, a_sight(MEETING, record=in_crm(MEETING, **EDITED)))

    assert decision.trigger is Trigger.RELEASE


def test_a_fresh_tick_adopts_an_edited_record() -> None:
    link = linked_to(MEETING, adopt=True)
    sight = a_sight(MEETING, record=in_crm(MEETING, **EDITED))

    assert decide(link, sight) is None
    step = plan(link, sight)
    assert isinstance(step, WriteRecord)
    assert step.revision == "r2"


def test_our_own_lost_write_is_not_an_edit() -> None:
    sight = a_sight(MEETING, record=in_crm(MEETING, revision="r2"))

    assert decide(linked_to(MEETING), sight) is None
    assert isinstance(plan(linked_to(MEETING), sight), WriteRecord)


@pytest.mark.parametrize("record", [None, in_crm(MEETING, removed=True)])
def test_a_record_deleted_in_the_crm_releases_the_link(record: Activity | None) -> None:
    decision = decided(linked_to(MEETING), a_sight(MEETING, record=record))

    assert (decision.trigger, decision.reason) == (Trigger.RELEASE, EndReason.DELETED_IN_CRM)


def test_a_tick_after_an_untick_revives_the_same_record() -> None:
    tombstone = in_crm(MEETING, removed=True, revision="r7")
    link = a_link("pending", looked_at=True, adopt=True)

    step = plan(link, a_sight(MEETING, record=tombstone))

    assert isinstance(step, WriteRecord)
    assert step.revision == "r7"


def test_nothing_is_concluded_from_a_crm_that_did_not_answer() -> None:
    sight = a_sight(MEETING, record=None, record_known=False)

    assert decide(linked_to(MEETING), sight) is None
    assert plan(linked_to(MEETING), sight) == Nothing()


FROZEN = {
    "firm_sync_off": {"policy": a_policy(sync_enabled=False)},
    "no_online_server": {"user": a_user(has_server=False)},
    "user_not_enabled": {"user": a_user(enabled_by_admin=False)},
    "paused": {"policy": a_policy(paused=True)},
}


@pytest.mark.parametrize("code", list(FROZEN))
def test_switches_freeze_a_record_and_take_nothing_away(code: str) -> None:
    link = linked_to(MEETING)
    moved = an_event(categories=OURS, subject="Moved")
    sight = a_sight(moved, record=in_crm(MEETING), **FROZEN[code])

    decision = decided(link, sight)
    frozen = replace(link, blocked_by=decision.blocked_by)

    assert (decision.trigger, decision.blocked_by) == (None, code)
    assert decide(frozen, sight) is None
    assert plan(frozen, sight) == Nothing()


def test_a_meeting_that_became_a_series_is_frozen() -> None:
    event = replace(MEETING, type=EventType.SERIES_MASTER)

    decision = decided(linked_to(MEETING), a_sight(event, record=in_crm(MEETING)))

    assert (decision.trigger, decision.blocked_by) == (None, Reason.RECURRING_EVENT)


def test_a_frozen_link_thaws_when_the_reason_is_gone() -> None:
    link = linked_to(MEETING, blocked_by="user_not_enabled")

    decision = decided(link, a_sight(MEETING, record=in_crm(MEETING)))

    assert (decision.line, decision.blocked_by, decision.keeps_block) == ("thawed", None, False)


def test_a_record_is_final_once_its_period_is_over() -> None:
    event = an_event(days=-40, categories=OURS)
    link = linked_to(event)

    decision = decided(link, a_sight(event, record=in_crm(event)))
    after = replace(link, state="released", reason=decision.reason)

    assert (decision.trigger, decision.reason) == (Trigger.RELEASE, EndReason.FINAL)
    assert plan(after, a_sight(event, record=in_crm(event))) == MarkRecord(SyncStatus.FINAL)


def test_a_meeting_beyond_the_future_range_is_followed_on() -> None:
    event = an_event(days=800, categories=OURS)

    assert decide(linked_to(event), a_sight(event, record=in_crm(event))) is None


@pytest.mark.parametrize(
    ("had_attendees", "days", "policy", "trigger", "reason"),
    [
        (True, 2, POLICY, Trigger.RELEASE, EndReason.CANCELLED),
        (True, 2, a_policy(cancelled_records="delete"), Trigger.LET_GO, EndReason.CANCELLED),
        (False, 2, POLICY, Trigger.LET_GO, EndReason.DELETED),
        (False, -2, POLICY, Trigger.RELEASE, EndReason.DELETED),
        (False, 2, a_policy(delete_synced_events=False), Trigger.RELEASE, EndReason.DELETED),
    ],
)
def test_gone_with_other_people_is_cancelled_and_without_is_deleted(
    had_attendees: bool, days: int, policy: Any, trigger: Trigger, reason: str
) -> None:
    link = a_link(had_attendees=had_attendees, event_end=NOON + timedelta(days=days))

    decision = decided(link, a_sight(missing=Missing.GONE, policy=policy))

    assert (decision.trigger, decision.reason) == (trigger, reason)


def test_a_cancelled_record_is_marked_once() -> None:
    link = a_link("released", reason=EndReason.CANCELLED)
    record = in_crm(MEETING)
    marked = replace(
        record,
        draft=replace(
            record.draft, status=ActivityStatus.CANCELLED, sync_status=SyncStatus.RELEASED
        ),
    )

    assert plan(link, a_sight(record=record)) == MarkRecord(SyncStatus.RELEASED, cancelled=True)
    assert plan(link, a_sight(record=marked)) == Nothing()


@pytest.mark.parametrize("missing", [Missing.NOT_YET, Missing.PERHAPS_GONE, None])
def test_what_is_not_proven_changes_nothing(missing: Missing | None) -> None:
    assert decide(a_link(), a_sight(missing=missing)) is None


def test_an_unreachable_mailbox_is_never_the_events_fault() -> None:
    decision = decided(a_link(), a_sight(missing=Missing.UNREACHABLE))

    assert (decision.trigger, decision.blocked_by) == (None, EndReason.MAILBOX_UNREACHABLE)


def test_an_event_that_never_came_ends_the_wish() -> None:
    decision = decided(a_link("pending"), a_sight(missing=Missing.NEVER_CAME))

    assert (decision.trigger, decision.reason) == (Trigger.LET_GO, EndReason.EVENT_NOT_FOUND)


def test_a_category_put_on_an_event_that_may_not_be_synced_stays_and_is_refused_once() -> None:
    event = replace(MEETING, type=EventType.OCCURRENCE, modified_at=NOON)
    link = a_link("removed", opted_out=True)
    sight = a_sight(event)

    decision = decided(link, sight)
    assert decision.memory is not None
    after = replace(link, category=decision.memory)

    assert decision.trigger is None
    assert after.wants_category() is None
    assert decide(after, sight) is None


def test_removing_takes_the_revision_that_was_seen() -> None:
    sight = a_sight(MEETING, record=in_crm(MEETING))

    assert plan(a_link("removing"), sight) == RemoveRecord("r1")


@pytest.mark.parametrize("record", [None, in_crm(MEETING, removed=True)])
def test_removing_what_is_not_there_is_success(record: Activity | None) -> None:
    assert plan(a_link("removing"), a_sight(MEETING, record=record)) == ConfirmAbsence()


def test_a_wish_whose_meeting_has_no_identity_yet_writes_nothing() -> None:
    sight = a_sight(replace(MEETING, ical_uid=None))

    assert plan(a_link("pending", ical_uid=None), sight) == Nothing()
    assert plan(a_link("removing", ical_uid=None), sight) == ConfirmAbsence()


def test_every_decision_makes_itself_impossible() -> None:
    """The road asks again until there is none: a decision that repeats would never end."""
    event = without = replace(MEETING, categories=("Mine",), modified_at=NOON)
    link = linked_to(MEETING)
    memory = CategoryMemory(seen=True, name=CATEGORY, seen_at=NOON - timedelta(hours=1))
    link = replace(link, category=memory)

    decision = decided(link, a_sight(event, record=in_crm(without)))
    assert decision.memory is not None
    after = replace(link, state="removing", category=decision.memory, opted_out=True)

    assert decision.trigger is Trigger.UNTICK
    assert decide(after, a_sight(event, record=in_crm(without))) is None


def test_an_edit_in_the_crm_survives_an_untick_though_outlook_does_not_answer() -> None:
    link = a_link("removing", activity_id="a1", activity_revision="r1", opted_out=True)

    decision = decided(link, a_sight(None, record=in_crm(MEETING, **EDITED)))

    assert decision.trigger is Trigger.RELEASE


def test_a_refused_wish_to_follow_a_released_record_again_leaves_it_released() -> None:
    """The event could not be judged when it was ticked; nobody wants the record gone."""
    link = a_link("pending", activity_id="a1", activity_revision="r1", adopt=True)
    series = replace(MEETING, type=EventType.SERIES_MASTER)
    sight = a_sight(series, record=in_crm(MEETING, **EDITED))

    decision = decided(link, sight)

    assert (decision.trigger, decision.reason) == (Trigger.RELEASE, "edited_in_crm")
    unedited = decided(link, replace(sight, record=in_crm(MEETING)))
    assert (unedited.trigger, unedited.reason) == (Trigger.RELEASE, "recurring_event")
    assert decided(link, replace(sight, record_known=False)).trigger is None


def test_a_refused_wish_whose_record_was_removed_is_let_go() -> None:
    link = a_link("pending", activity_id="a1", adopt=True)
    series = replace(MEETING, type=EventType.SERIES_MASTER)
    removed = replace(in_crm(MEETING), removed=True)

    decision = decided(link, a_sight(series, record=removed))

    assert (decision.trigger, decision.reason) == (Trigger.LET_GO, "recurring_event")
