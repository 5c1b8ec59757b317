"""An admin sees in numbers what a stopped mailbox holds back before he decides (L7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.errors import NotNowError, UnknownItemError
from backend.domain.event import EventType, Sensitivity
from backend.domain.fate import Consequence, Happened, what_follows
from backend.domain.policy import Policy
from backend.services.administration.brake_desk import BrakeDesk, BrakeReport
from backend.services.administration.office import Office
from backend.services.brake import Brake
from tests.support.crm import NOON
from tests.support.fake_sides import FakeCalendars
from tests.support.stage import Stage


@pytest.fixture
def desk(stage: Stage) -> BrakeDesk:
    calendars = FakeCalendars(stage.outlook, stage.clock)
    office = Office(stage.database, stage.callers, stage.clock)
    return BrakeDesk(stage.database, office, stage.callers, calendars, stage.clock)


def report(desk: BrakeDesk, stage: Stage) -> BrakeReport:
    return desk.show(stage.principal, stage.mailbox_id)


@pytest.fixture
def stopped(stage: Stage) -> Stage:
    """Eight of twelve categories went: five records are gone, seven events rest."""
    events = stage.add_meetings(12)
    stage.clock.advance(timedelta(minutes=30))
    for event in events[:8]:
        stage.outlook.change(event.id, categories=())
    stage.ring(*events)
    stage.drain()
    assert stage.mailbox().problem == "mass_change"
    return stage


def test_it_says_what_went_what_waits_and_what_each_choice_does(
    desk: BrakeDesk, stopped: Stage
) -> None:
    found = report(desk, stopped)

    assert (found.user, found.followed, found.is_read) == ("ann@firm.example", 7, True)
    assert found.since == stopped.clock()
    assert found.went == {"category_removed": 5}
    assert found.waiting == {"unticked": 3, "nothing": 4}
    assert found.let_go == {"removed": 3, "followed": 4}
    assert found.hold == {"restored": 5, "unfollowed": 0, "followed": 7}
    assert {each.happened for each in found.sample} == {"unticked"}
    assert "Quarterly" not in str(found)


def test_letting_it_happen_does_what_the_numbers_said(desk: BrakeDesk, stopped: Stage) -> None:
    before = len(stopped.crm.live)
    promised = report(desk, stopped).let_go["removed"]
    mailbox = stopped.mailbox()

    brake = Brake(stopped.database, stopped.clock, lambda *_: None)
    brake.release(mailbox.firm_id, mailbox.id, by_user_id=mailbox.user_id)
    stopped.drain()

    assert before - len(stopped.crm.live) == promised


def test_taking_it_back_does_what_the_numbers_said(desk: BrakeDesk, stopped: Stage) -> None:
    before = len(stopped.crm.live)
    promised = report(desk, stopped).hold["restored"]
    mailbox = stopped.mailbox()

    brake = Brake(stopped.database, stopped.clock, lambda *_: None)
    brake.hold(mailbox.firm_id, mailbox.id, by_user_id=mailbox.user_id)
    stopped.drain()

    assert len(stopped.crm.live) - before == promised


def test_deleted_cancelled_and_private_events_are_told_apart(desk: BrakeDesk, stage: Stage) -> None:
    cancelled, deleted = stage.add_meetings(7), stage.add_meetings(4, attendees=())
    private, series = stage.add_meetings(1), stage.add_meetings(1)
    stage.outlook.deleted |= {event.id for event in (*cancelled, *deleted)}
    stage.ring(*cancelled, *deleted)
    stage.drain()
    stage.later(minutes=6)
    assert stage.mailbox().problem == "mass_change"
    stage.outlook.change(private[0].id, sensitivity=Sensitivity.PRIVATE)
    stage.outlook.change(series[0].id, type=EventType.SERIES_MASTER)

    found = report(desk, stage)

    waiting = {name: found.waiting.get(name, 0) for name in ("cancelled", "deleted")}
    assert sum(waiting.values()) == 11 - sum(found.went.values())
    assert (found.waiting["private"], found.waiting["series"]) == (1, 1)
    assert found.hold["unfollowed"] == sum(waiting.values())
    [hidden] = [each for each in found.sample if each.happened == "private"]
    assert hidden.ends_at is None


def test_where_the_calendar_cannot_be_read_the_log_still_counts(
    desk: BrakeDesk, stopped: Stage
) -> None:
    stopped.outlook.app_may_read = False

    found = report(desk, stopped)

    assert (found.is_read, found.waiting) == (False, {"unknown": 7})
    assert found.went == {"category_removed": 5}


def test_a_mailbox_that_has_not_stopped_has_no_report(desk: BrakeDesk, stage: Stage) -> None:
    with pytest.raises(NotNowError, match="has not stopped"):
        report(desk, stage)
    with pytest.raises(UnknownItemError):
        desk.show(stage.principal, "nothing")
    other = Stage(stage.database)
    with pytest.raises(UnknownItemError):
        desk.show(stage.principal, other.mailbox_id)


@pytest.mark.parametrize(
    ("happened", "policy", "ended", "follows"),
    [
        (Happened.NOTHING, Policy(), False, Consequence.FOLLOWED),
        (Happened.UNTICKED, Policy(), True, Consequence.REMOVED),
        (Happened.DELETED, Policy(), False, Consequence.REMOVED),
        (Happened.DELETED, Policy(), True, Consequence.KEPT),
        (Happened.DELETED, Policy(delete_synced_events=False), False, Consequence.KEPT),
        (Happened.CANCELLED, Policy(), False, Consequence.MARKED),
        (Happened.CANCELLED, Policy(cancelled_records="delete"), False, Consequence.REMOVED),
        (Happened.PRIVATE, Policy(), False, Consequence.DESTROYED),
        (Happened.SERIES, Policy(), False, Consequence.RESTS),
        (Happened.UNKNOWN, Policy(), False, Consequence.UNKNOWN),
    ],
)
def test_what_follows_is_what_the_road_does(
    happened: Happened, policy: Policy, follows: Consequence, *, ended: bool
) -> None:
    ends_at = NOON - timedelta(hours=1) if ended else NOON + timedelta(hours=1)

    assert what_follows(happened, policy, ends_at=ends_at, now=NOON) is follows
