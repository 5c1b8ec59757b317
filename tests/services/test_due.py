"""When a link is looked at again: by whom its event is watched decides (A15, S4)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backend.domain.link import LinkState
from backend.services.due import FAR, LOOK_AGAIN, WATCH
from tests.support.stage import Stage


def due_in(stage: Stage) -> timedelta:
    """How long from now until the link is due."""
    due_at = stage.row.due_at
    assert due_at is not None
    return due_at - stage.clock()


def over(stage: Stage) -> datetime:
    return stage.now.end + timedelta(days=30, seconds=1)


def test_a_link_that_nobody_watches_is_looked_at_hourly(stage: Stage) -> None:
    stage.tick()

    assert due_in(stage) == WATCH


def test_a_watched_link_waits_for_its_end_only(stage: Stage) -> None:
    stage.watch()

    stage.tick()

    assert stage.row.due_at == over(stage)
    assert stage.later(days=7) == 0
    stage.edit(subject="Changed and told by a delta")
    stage.change_link(due_at=stage.clock())
    stage.drain()
    assert stage.row.due_at == over(stage)


def test_a_watched_link_is_looked_at_daily_where_the_crm_tells_nothing(stage: Stage) -> None:
    """A record edited or deleted there must be found out some day (L4)."""
    stage.watch()
    stage.crm.tells_changes = False
    stage.tick()
    assert due_in(stage) == FAR

    stage.crm.delete(stage.key)
    stage.later(days=1)

    assert stage.link.reason == "deleted_in_crm"
    assert not stage.shows_category


def test_a_link_that_the_delta_has_lost_is_looked_at_hourly(stage: Stage) -> None:
    stage.watch()
    stage.tick()

    stage.change_link(off_delta=True, due_at=stage.clock())
    stage.drain()

    assert due_in(stage) == WATCH


def test_a_link_beyond_the_window_is_looked_at_daily_until_the_window_reaches_it(
    stage: Stage,
) -> None:
    stage.watch(days=1)
    stage.tick()

    assert due_in(stage) == FAR
    stage.watch()
    stage.later(days=1)
    assert stage.row.due_at == over(stage)


def test_a_link_that_is_over_goes_final_when_its_time_comes(stage: Stage) -> None:
    stage.watch()
    stage.tick()

    stage.later(days=32)
    assert stage.link.state is LinkState.LINKED
    stage.later(hours=2)

    assert (stage.link.state, stage.link.reason) == (LinkState.RELEASED, "final")
    assert stage.row.due_at is None


def test_the_end_of_a_paused_link_waits_without_haste(stage: Stage) -> None:
    stage.watch()
    stage.tick()
    stage.configure(paused=True)

    stage.later(days=40)

    assert (stage.link.state, stage.link.blocked_by) == (LinkState.LINKED, "paused")
    assert due_in(stage) == FAR


def test_the_end_of_an_event_that_nobody_can_read_waits_without_haste(stage: Stage) -> None:
    stage.tick()
    stage.outlook.app_may_read = False

    stage.later(days=40)

    assert due_in(stage) == FAR


def test_an_undo_copy_is_watched_by_the_delta_where_there_is_one(stage: Stage) -> None:
    stage.watch()
    stage.tick()

    stage.untick()

    assert stage.row.due_at is None


@pytest.mark.parametrize(("days", "due"), [(None, WATCH), (1, FAR)])
def test_an_undo_copy_that_no_delta_sees_is_looked_after(
    stage: Stage, days: int | None, due: timedelta
) -> None:
    if days is not None:
        stage.watch(days=days)
    stage.tick()

    stage.untick()

    assert due_in(stage) == due
    stage.later(days=31)
    assert stage.row.due_at is None


def test_a_mailbox_with_a_problem_is_not_watched(stage: Stage) -> None:
    stage.watch()
    stage.change_mailbox(problem="mailbox_unreachable")

    stage.tick()

    assert due_in(stage) <= WATCH


def test_the_proof_that_an_event_is_gone_is_not_put_off(stage: Stage) -> None:
    stage.watch()
    stage.tick()
    stage.outlook.deleted.add(stage.event.id)
    stage.change_link(due_at=stage.clock())

    stage.drain()

    assert LOOK_AGAIN < due_in(stage) <= timedelta(minutes=5)
