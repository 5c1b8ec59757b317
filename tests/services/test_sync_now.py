"""Sync now (U): the own calendar is read at once, and what is outstanding is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.errors import RuleError
from backend.services.answers import Preferences
from backend.services.people import People
from tests.support.stage import Stage


def people_of(stage: Stage) -> tuple[People, list[str]]:
    rings: list[str] = []
    people = People(
        stage.database, stage.callers, stage.clock, lambda kind, _delay: rings.append(kind)
    )
    return people, rings


def test_the_mailbox_is_due_at_once_and_its_cursor_stays(stage: Stage) -> None:
    stage.work.drain_mailboxes()
    before = stage.watch_row
    people, rings = people_of(stage)
    stage.clock.advance(timedelta(minutes=1))
    assert before.due_at is not None
    assert before.due_at > stage.clock()

    me = people.sync_now(stage.principal)

    after = stage.watch_row
    assert after.due_at == stage.clock()
    assert (after.ring_seq, after.cursor) == (before.ring_seq + 1, before.cursor)
    assert set(rings) == {"drain_mailboxes", "drain_links"}
    assert me.state == "watching"


def test_what_waits_for_its_next_attempt_is_tried_and_what_is_in_order_sleeps_on(
    stage: Stage,
) -> None:
    stage.tick()
    stage.settle()
    sleeping = stage.row.due_at
    people, _rings = people_of(stage)

    people.sync_now(stage.principal)

    assert stage.row.due_at == sleeping
    assert sleeping is None or sleeping > stage.clock()

    stage.change_link(blocked_by="crm_unavailable", due_at=stage.clock() + timedelta(hours=1))
    people.sync_now(stage.principal)

    assert stage.row.due_at == stage.clock()


def test_whoever_is_switched_off_is_told_and_nothing_is_rung(stage: Stage) -> None:
    people, rings = people_of(stage)
    people.update_me(stage.principal, Preferences(enabled=False))
    rings.clear()
    before = stage.watch_row.ring_seq

    with pytest.raises(RuleError) as refusal:
        people.sync_now(stage.principal)

    assert refusal.value.code == "sync_off"
    assert (stage.watch_row.ring_seq, rings) == (before, [])
