"""The mass-change brake: what goes because of Outlook is counted per mailbox and hour (L7)."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest

from backend.domain.event import Event, EventType, Sensitivity
from backend.domain.link import LinkState
from backend.services.brake import Brake
from backend.services.damage import is_mass_change
from tests.support.stage import CATEGORY, Stage


@pytest.fixture
def brake(stage: Stage) -> Brake:
    return Brake(stage.database, stage.clock, lambda _kind, _delay: None)


def quiet(stage: Stage) -> None:
    """Longer than an open form may write back an older copy (T11)."""
    stage.clock.advance(timedelta(minutes=30))


def lose_category(stage: Stage, *events: Event) -> None:
    for event in events:
        stage.outlook.change(event.id, categories=())
    stage.ring(*events)


def states(stage: Stage, events: list[Event]) -> dict[tuple[str, str | None], int]:
    rows = [stage.row_of(event) for event in events]
    return dict(Counter((row.state.value, row.blocked_by) for row in rows))


def firm_of(stage: Stage) -> str:
    return stage.mailbox().firm_id


def me(stage: Stage) -> str:
    return stage.mailbox().user_id


@pytest.mark.parametrize(
    ("gone", "crowd", "stops"),
    [(5, 5, False), (6, 6, True), (6, 18, False), (7, 18, True), (10, 30, False), (11, 30, True)],
)
def test_more_than_five_and_more_than_a_third_is_too_much(
    gone: int, crowd: int, *, stops: bool
) -> None:
    assert is_mass_change(gone, crowd) is stops


def test_categories_that_go_from_a_whole_mailbox_stop_it_at_the_sixth(stage: Stage) -> None:
    events = stage.add_meetings(12)
    quiet(stage)

    lose_category(stage, *events)
    stage.drain()

    assert states(stage, events) == {("removed", None): 5, ("linked", "mass_change"): 7}
    assert stage.mailbox().problem == "mass_change"
    assert len(stage.crm.live) == 7


def test_every_link_of_a_stopped_mailbox_freezes_also_those_that_nothing_happened_to(
    stage: Stage,
) -> None:
    events = stage.add_meetings(9)
    quiet(stage)

    lose_category(stage, *events[:6])
    stage.drain()
    stage.outlook.change(events[8].id, subject="Changed meanwhile")
    stage.ring(events[8])
    stage.drain()

    assert states(stage, events) == {("removed", None): 5, ("linked", "mass_change"): 4}
    subjects = {record.draft.subject for record in stage.crm.live}
    assert subjects == {"Quarterly review"}


def test_single_events_that_drip_in_are_seen_as_well(stage: Stage) -> None:
    events = stage.add_meetings(8)
    quiet(stage)

    for event in events:
        lose_category(stage, event)
        stage.drain()
        stage.clock.advance(timedelta(minutes=9))

    assert states(stage, events) == {("removed", None): 5, ("linked", "mass_change"): 3}


def test_as_many_over_a_longer_time_are_what_people_do(stage: Stage) -> None:
    events = stage.add_meetings(9)
    quiet(stage)

    for event in events:
        lose_category(stage, event)
        stage.drain()
        stage.clock.advance(timedelta(minutes=13))

    assert states(stage, events) == {("removed", None): 9}
    assert stage.mailbox().problem is None


def test_a_third_of_a_full_mailbox_may_go(stage: Stage) -> None:
    events = stage.add_meetings(24)
    quiet(stage)

    lose_category(stage, *events[:8])
    stage.drain()
    assert states(stage, events[:8]) == {("removed", None): 8}
    lose_category(stage, events[8])
    stage.drain()

    assert states(stage, events[8:9]) == {("linked", "mass_change"): 1}


@pytest.mark.parametrize("deleted_get", ["404", "200"])
def test_events_that_are_gone_count_whether_deleted_or_cancelled(
    stage: Stage, deleted_get: str
) -> None:
    stage.outlook.deleted_get = deleted_get
    events = [*stage.add_meetings(4), *stage.add_meetings(4, attendees=())]

    stage.outlook.deleted |= {event.id for event in events}
    stage.ring(*events)
    stage.drain()
    stage.later(minutes=6)

    after = states(stage, events)
    assert after.pop(("linked", "mass_change")) == 3
    assert sum(after.values()) == 5
    assert len(stage.crm.live) >= 3


def test_meetings_that_turn_into_series_count(stage: Stage) -> None:
    events = stage.add_meetings(7)

    for event in events:
        stage.outlook.change(event.id, type=EventType.SERIES_MASTER)
    stage.ring(*events)
    stage.drain()

    assert stage.mailbox().problem == "mass_change"
    assert len(stage.crm.live) == 7


def test_nothing_holds_privacy_back(stage: Stage) -> None:
    events = stage.add_meetings(8)

    for event in events:
        stage.outlook.change(event.id, sensitivity=Sensitivity.PRIVATE)
    stage.ring(*events)
    stage.drain()

    assert states(stage, events) == {("removed", None): 8}
    assert stage.crm.records == {}
    assert stage.mailbox().problem == "mass_change"


def test_an_event_of_a_stopped_mailbox_that_turns_private_goes_at_once(stage: Stage) -> None:
    events = stage.add_meetings(8)
    quiet(stage)
    lose_category(stage, *events[:7])
    stage.drain()

    stage.outlook.change(events[7].id, sensitivity=Sensitivity.CONFIDENTIAL)
    stage.later(minutes=61)

    assert stage.row_of(events[7]).reason == "private_event"
    assert len(stage.crm.live) == 2


def test_what_is_done_in_the_pane_is_not_counted(stage: Stage) -> None:
    events = stage.add_meetings(8)
    quiet(stage)

    for event in events:
        stage.untick(event.id)
    stage.drain()

    assert states(stage, events) == {("removed", None): 8}
    assert stage.mailbox().problem is None


def test_an_untick_in_the_pane_works_in_a_stopped_mailbox(stage: Stage) -> None:
    events = stage.add_meetings(8)
    quiet(stage)
    lose_category(stage, *events[:7])
    stage.drain()

    stage.untick(events[7].id)

    assert stage.row_of(events[7]).state is LinkState.REMOVED


def test_what_is_done_in_the_crm_is_not_counted(stage: Stage) -> None:
    events = stage.add_meetings(8)

    for event in events:
        stage.crm.delete(f"{stage.tenant_id}/{event.ical_uid}")
    stage.ring(*events)
    stage.drain()

    assert {stage.row_of(event).reason for event in events} == {"deleted_in_crm"}
    assert stage.mailbox().problem is None


def test_a_category_renamed_by_the_firm_is_not_counted(stage: Stage) -> None:
    events = stage.add_meetings(8)
    quiet(stage)

    stage.configure(category_name="Into the CRM")
    stage.ring(*events)
    stage.drain()

    assert states(stage, events) == {("linked", None): 8}
    assert all(stage.outlook.events[e.id].categories == ("Into the CRM",) for e in events)


def test_an_admin_lets_it_happen(stage: Stage, brake: Brake) -> None:
    events = stage.add_meetings(10)
    quiet(stage)
    lose_category(stage, *events)
    stage.drain()

    assert brake.release(firm_of(stage), stage.mailbox_id, by_user_id=me(stage))
    stage.drain()

    assert states(stage, events) == {("removed", None): 10}
    assert stage.crm.live == []
    assert stage.mailbox().problem is None
    assert "brake_released" in stage.history_of(events[9])


def test_what_was_let_happen_does_not_stop_the_mailbox_when_the_hour_is_over(
    stage: Stage, brake: Brake
) -> None:
    events = stage.add_meetings(20)
    quiet(stage)
    lose_category(stage, *events[:9])
    stage.drain()
    brake.release(firm_of(stage), stage.mailbox_id, by_user_id=me(stage))
    stage.clock.advance(timedelta(minutes=55))
    stage.drain()

    stage.clock.advance(timedelta(minutes=6))
    lose_category(stage, events[10])
    stage.drain()

    assert stage.row_of(events[10]).state is LinkState.REMOVED


def test_an_admin_takes_it_back_with_what_went_before_the_stop(stage: Stage, brake: Brake) -> None:
    events = stage.add_meetings(10)
    quiet(stage)
    before = {record.id for record in stage.crm.live}
    lose_category(stage, *events)
    stage.drain()

    assert brake.hold(firm_of(stage), stage.mailbox_id, by_user_id=me(stage))
    stage.settle()

    assert states(stage, events) == {("linked", None): 10}
    assert all(stage.outlook.events[e.id].categories == (CATEGORY,) for e in events)
    assert {record.id for record in stage.crm.live} == before
    assert stage.mailbox().problem is None


def test_records_of_events_that_are_gone_stay_when_an_admin_takes_it_back(
    stage: Stage, brake: Brake
) -> None:
    events = stage.add_meetings(10, attendees=())
    stage.outlook.deleted |= {event.id for event in events}
    stage.ring(*events)
    stage.drain()
    stage.later(minutes=6)
    assert len(stage.crm.live) == 5

    stage.later(minutes=10)
    brake.hold(firm_of(stage), stage.mailbox_id, by_user_id=me(stage))
    stage.settle()

    assert len(stage.crm.live) == 5
    assert states(stage, events) == {("removed", None): 5, ("released", None): 5}
    assert stage.mailbox().problem is None


def test_an_untick_after_the_mailbox_was_taken_back_counts_anew(stage: Stage, brake: Brake) -> None:
    events = stage.add_meetings(10)
    quiet(stage)
    lose_category(stage, *events)
    stage.drain()
    brake.hold(firm_of(stage), stage.mailbox_id, by_user_id=me(stage))
    stage.settle()
    quiet(stage)

    lose_category(stage, events[0])
    stage.drain()

    assert stage.row_of(events[0]).state is LinkState.REMOVED
    assert stage.mailbox().problem is None


def test_nobody_decides_about_a_mailbox_that_runs_or_belongs_to_others(
    stage: Stage, brake: Brake
) -> None:
    other = Stage(stage.database)
    events = other.add_meetings(10)
    quiet(other)
    lose_category(other, *events)
    other.drain()

    for decide in (brake.release, brake.hold):
        assert not decide(firm_of(stage), stage.mailbox_id, by_user_id=me(stage))
        assert not decide(firm_of(stage), other.mailbox_id, by_user_id=me(stage))
    assert other.mailbox().problem == "mass_change"


def test_two_at_once_do_not_both_slip_through(stage: Stage) -> None:
    """Doors walk links of one mailbox side by side; the mailbox's row lets one count at a time."""
    events = stage.add_meetings(8)
    quiet(stage)
    lose_category(stage, *events[:4])
    stage.drain()
    both = threading.Barrier(2, timeout=20)
    stage.outlook.gate = stage.crm.gate = (
        lambda name: both.wait() if name == "crm.find:after" else None  # type: ignore[assignment,return-value]
    )
    lose_category(stage, *events[4:6])

    walks = [threading.Thread(target=walk, args=(stage, event)) for event in events[4:6]]
    for thread in walks:
        thread.start()
    for thread in walks:
        thread.join(30)

    assert states(stage, events[4:6]) == {("removed", None): 1, ("linked", "mass_change"): 1}
    assert not stage.failures


def walk(stage: Stage, event: Event) -> None:
    lease = stage.wishes.try_lease(stage.row_of(event).id)
    assert lease is not None
    stage.road.walk(lease)
