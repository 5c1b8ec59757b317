"""Rows of the plan that only show beside another: leaders, refusals, other calendars, the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from backend.domain.category import CategoryWord, category_says
from backend.domain.crm import ActivityDraft, Phase
from backend.domain.event import Event, EventType, Sensitivity
from backend.domain.link import EndReason, Link, Trigger
from backend.domain.mapping import draft_for
from backend.domain.matching import match_attendees
from backend.domain.plan import (
    COUNTED_LINES,
    ConfirmAbsence,
    Decision,
    Missing,
    Nothing,
    Sight,
    Weight,
    WriteRecord,
    decide,
    plan,
)
from backend.domain.policy import Origin, SyncMode, UserState, choosable_modes
from backend.domain.rules import EventFacts, Reason, Verdict, evaluate
from tests.support.builders import (
    CATEGORY,
    NOON,
    OWNER_OID,
    a_contact,
    a_link,
    a_match,
    a_policy,
    a_record,
    a_situation,
    an_attendee,
    an_event,
)

POLICY = a_policy()


def a_sight(event: Event | None = None, **changes: object) -> Sight:
    verdict = None
    if event is not None:
        verdict = evaluate(a_situation(facts=EventFacts.of(event, ()), policy=POLICY))
    sight = Sight(
        policy=POLICY,
        now=NOON,
        owner_oid=OWNER_OID,
        event=event,
        verdict=verdict,
        record_known=event is not None or "record" in changes,
    )
    return replace(sight, **changes)  # type: ignore[arg-type]


def decided(link: Link, sight: Sight) -> Decision:
    found = decide(link, sight)
    assert found is not None
    return found


OURS = an_event(categories=(CATEGORY,))
BARE = an_event()


def test_a_wish_ends_when_another_calendar_holds_the_meeting() -> None:
    link = a_link("pending", ical_uid=None)

    assert decide(link, a_sight(BARE)) is None
    decision = decided(link, a_sight(BARE, facts_stored=True))

    assert (decision.trigger, decision.reason) == (Trigger.LET_GO, EndReason.ALREADY_LINKED)


def test_nobody_is_refused_twice() -> None:
    assert decide(a_link("removed", ical_uid=None), a_sight(BARE, facts_stored=True)) is None


def test_a_refused_wish_leaves_the_category_a_person_put_on() -> None:
    private = replace(OURS, sensitivity=Sensitivity.PRIVATE)

    decision = decided(a_link("pending"), a_sight(private))

    assert decision.reason == Reason.PRIVATE_EVENT
    assert decision.memory is not None
    assert decision.memory.refused is True


def test_a_refused_category_that_goes_is_forgotten() -> None:
    link = a_link("removed")
    link = replace(link, category=replace(link.category, refused=True, seen=True))

    decision = decided(link, a_sight(BARE))

    assert decision.trigger is None
    assert decision.memory is not None
    assert (decision.memory.refused, decision.memory.seen) == (False, False)


def test_an_older_form_is_mended_once() -> None:
    later = replace(BARE, modified_at=NOON)
    link = a_link("linked")
    soon = replace(link.category, written_at=NOON - timedelta(minutes=1))

    decision = decided(replace(link, category=soon), a_sight(later, record=a_record_of(BARE)))

    assert decision.trigger is None
    assert decision.memory is not None
    assert decision.memory.put_back is True
    again = replace(link, category=decision.memory)
    assert category_says(again, later, CATEGORY) is CategoryWord.NOTHING


def test_a_category_put_on_by_hand_is_a_tick() -> None:
    decision = decided(a_link("removed"), a_sight(replace(OURS, modified_at=NOON)))

    assert (decision.trigger, decision.opts_out) == (Trigger.TICK, False)


def test_an_untick_in_outlook_keeps_the_reason_of_a_released_link() -> None:
    link = replace(a_link("released"), reason=EndReason.EDITED_IN_CRM)
    link = replace(link, category=replace(link.category, seen=True))

    decision = decided(link, a_sight(replace(BARE, modified_at=NOON)))

    assert (decision.trigger, decision.reason) == (Trigger.UNTICK, EndReason.EDITED_IN_CRM)


def test_a_final_link_has_nothing_to_untick() -> None:
    link = replace(a_link("released"), reason=EndReason.FINAL)
    link = replace(link, category=replace(link.category, seen=True))

    assert decide(link, a_sight(replace(BARE, modified_at=NOON))) is None


def test_an_event_in_another_calendar_is_frozen_but_still_judged_for_privacy() -> None:
    frozen = decided(
        a_link(), a_sight(OURS, missing=Missing.LEFT_CALENDAR, record=a_record_of(OURS))
    )
    private = decided(
        a_link(),
        a_sight(
            replace(OURS, sensitivity=Sensitivity.PRIVATE),
            missing=Missing.LEFT_CALENDAR,
            record=a_record_of(OURS),
        ),
    )

    assert frozen.blocked_by == EndReason.LEFT_CALENDAR
    assert private.reason == Reason.PRIVATE_EVENT


def test_an_event_that_ended_too_long_ago_before_any_record_was_made_is_let_go() -> None:
    old = an_event(days=-40)
    link = replace(a_link("pending"), looked_at=True)

    decision = decided(link, a_sight(old))

    assert (decision.trigger, decision.reason) == (Trigger.LET_GO, Reason.OUTSIDE_WINDOW)


def test_switches_freeze_a_link_whose_event_nobody_may_look_at() -> None:
    verdict = evaluate(a_situation(facts=EventFacts(), policy=replace(POLICY, sync_enabled=False)))

    decision = decided(a_link(), a_sight(verdict=verdict))

    assert decision.blocked_by == Reason.FIRM_SYNC_OFF
    assert decide(a_link("removed"), a_sight(verdict=verdict)) is None
    assert decide(a_link(), a_sight()) is None


def test_a_wish_without_a_record_whose_event_is_gone_is_let_go() -> None:
    link = replace(a_link("pending"), activity_id=None)

    decision = decided(link, a_sight(missing=Missing.GONE))

    assert (decision.trigger, decision.reason) == (Trigger.LET_GO, EndReason.DELETED)


def test_a_record_nobody_remembers_goes_with_its_private_event() -> None:
    private = replace(BARE, sensitivity=Sensitivity.PRIVATE)

    assert decide(a_link("removed"), a_sight(private)) is None
    assert decided(a_link("removed"), a_sight(private, record=a_record_of(BARE))) is not None


def test_a_destroyed_record_stays_away() -> None:
    reason = Reason.PRIVATE_EVENT.value

    assert plan(replace(a_link("removing"), reason=reason), a_sight(BARE)) == ConfirmAbsence()
    assert plan(replace(a_link("removed"), reason=reason), a_sight(BARE)) == Nothing()
    assert plan(a_link("removed"), a_sight(BARE)) == Nothing()


def test_a_pending_link_writes_even_what_stands_there_already() -> None:
    """The new revision is what keeps a dead worker's late removal from matching."""
    record = a_record_of(BARE)

    step = plan(replace(a_link("pending"), activity_id="a1"), a_sight(BARE, record=record))

    assert isinstance(step, WriteRecord)
    assert step.revision == record.revision


@pytest.mark.parametrize(
    ("firm", "own"),
    [
        (SyncMode.COMBINED, tuple(SyncMode)),
        (SyncMode.MANUAL, (SyncMode.MANUAL,)),
        (SyncMode.AUTOMATIC, (SyncMode.AUTOMATIC,)),
    ],
)
def test_the_firms_mode_bounds_the_users(firm: SyncMode, own: tuple[SyncMode, ...]) -> None:
    assert set(choosable_modes(firm)) == set(own)


def test_an_appointment_becomes_an_activity_when_it_ends() -> None:
    record = a_record_of(BARE)

    assert record.phase(BARE.end - timedelta(seconds=1)) is Phase.APPOINTMENT
    assert record.phase(BARE.end) is Phase.ACTIVITY


def test_an_attendee_no_contact_carries_is_unmatched_and_has_no_type() -> None:
    policy = replace(POLICY, contact_types=("Client",))
    [match] = match_attendees([an_attendee()], {}, policy)
    verdict = evaluate(
        a_situation(
            facts=EventFacts.of(an_event(an_attendee()), (match, a_match(contact=a_contact()))),
            policy=policy,
        )
    )

    assert match.match == "unmatched"
    assert verdict.eligible


def a_record_of(event: Event) -> object:
    return a_record(draft_for(event, (), POLICY, owner_oid=OWNER_OID))


BRAKED = UserState(mailbox_problem="mass_change")


def test_what_goes_because_of_outlook_is_counted_and_what_turned_private_is_never_held() -> None:
    linked = a_link("linked")
    record = a_record_of(BARE)
    gone = a_sight(missing=Missing.GONE)
    unticked = a_sight(replace(BARE, modified_at=NOON), record=record)
    series = a_sight(replace(OURS, type=EventType.SERIES_MASTER), record=record)
    private = a_sight(replace(OURS, sensitivity=Sensitivity.PRIVATE), record=record)

    for sight in (gone, unticked, series):
        assert decided(linked, sight).weight is Weight.COUNTED
    assert decided(linked, private).weight is Weight.NEVER_HELD
    for sight in (gone, unticked, series, private):
        assert decided(linked, sight).line in COUNTED_LINES


def test_what_is_done_in_the_crm_weighs_nothing() -> None:
    deleted = decided(a_link("linked"), a_sight(OURS, record=None))

    assert deleted.reason == EndReason.DELETED_IN_CRM
    assert deleted.weight is Weight.NONE


@pytest.mark.parametrize(
    "sight",
    [
        a_sight(missing=Missing.GONE, user=BRAKED),
        a_sight(replace(BARE, modified_at=NOON), user=BRAKED),
        a_sight(OURS, record=None, user=BRAKED),
        a_sight(missing=Missing.UNREACHABLE, user=BRAKED),
    ],
)
def test_in_a_stopped_mailbox_everything_that_is_wanted_freezes(sight: Sight) -> None:
    decision = decided(a_link("linked"), sight)

    assert (decision.trigger, decision.blocked_by) == (None, EndReason.MASS_CHANGE)


def test_privacy_is_decided_in_a_stopped_mailbox_too() -> None:
    private = replace(OURS, sensitivity=Sensitivity.PRIVATE)

    decision = decided(a_link("linked"), a_sight(private, record=a_record_of(OURS), user=BRAKED))

    assert decision.reason == Reason.PRIVATE_EVENT


@pytest.mark.parametrize(
    "user",
    [UserState(server_paused=True), UserState(mailbox_paused=True)],
)
def test_a_pause_at_any_level_freezes_even_what_nobody_may_look_at(user: UserState) -> None:
    for sight in (a_sight(user=user), a_sight(OURS, record=a_record_of(OURS), user=user)):
        assert decided(a_link("linked"), sight).blocked_by == EndReason.PAUSED


def test_a_category_lost_from_the_whole_mailbox_is_no_untick() -> None:
    sight = a_sight(
        replace(BARE, modified_at=NOON), record=a_record_of(BARE), master_category_lost=True
    )

    decision = decided(a_link("linked"), sight)

    assert (decision.line, decision.trigger) == ("master_category_lost", None)
    assert decision.memory is not None
    assert decision.memory.seen is False


WEEK = NOON + timedelta(days=7)


def judged(origin: Origin, **policy: object) -> Verdict:
    """What today's rules say of a meeting with a client."""
    return evaluate(
        a_situation(origin=origin, policy=replace(a_policy(contact_types=("Client",)), **policy))  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("origin", "policy", "code"),
    [
        (Origin.AUTOMATIC, {"contact_types": ("Vendor",)}, "no_selected_contact_type"),
        (Origin.AUTOMATIC, {"block_list": ("client.example",)}, "blocked_address"),
        (Origin.MANUAL, {"block_list": ("client.example",)}, "blocked_address"),
        (
            Origin.MANUAL,
            {"own_domains": ("client.example",), "sync_internal_manual": False},
            "internal_only",
        ),
        (Origin.MANUAL, {"commencement_date": date(2030, 1, 1)}, "before_commencement"),
        (Origin.MANUAL, {"contact_types": ("Vendor",)}, None),
    ],
)
def test_a_record_that_no_longer_qualifies_goes_only_in_a_review(
    origin: Origin, policy: dict[str, object], code: str | None
) -> None:
    """L9, S6: by itself no rule of E11-E17 takes a record away."""
    event = an_event(an_attendee(), categories=(CATEGORY,))
    sight = a_sight(event, verdict=judged(origin, **policy), record=a_record(draft_of(event)))
    link = a_link(origin=origin)

    assert decide(link, sight) is None
    decision = decide(replace(link, review_until=WEEK), sight)

    if code is None:
        assert decision is None
    else:
        assert decision is not None
        assert (decision.trigger, decision.reason) == (Trigger.LET_GO, code)
        assert decision.weight is Weight.NONE  # the brake is about what Outlook shows (L7)
    assert decide(replace(link, review_until=NOON), sight) is None


def test_a_review_waits_for_the_crm_and_for_what_freezes_the_link() -> None:
    event = an_event(an_attendee(), categories=(CATEGORY,))
    verdict = judged(Origin.AUTOMATIC, contact_types=())
    link = a_link(origin=Origin.AUTOMATIC, review_until=WEEK)
    frozen = judged(Origin.AUTOMATIC, contact_types=(), mode=SyncMode.MANUAL)

    assert decide(link, a_sight(event, verdict=verdict, record_known=False)) is None
    decision = decide(link, a_sight(event, verdict=frozen, record=a_record(draft_of(event))))

    assert decision is not None
    assert (decision.trigger, decision.blocked_by) == (None, "mode_not_allowed")


def draft_of(event: Event) -> ActivityDraft:
    return draft_for(event, (), POLICY, owner_oid=OWNER_OID)
