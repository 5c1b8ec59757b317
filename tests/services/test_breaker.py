"""A remote that is down is left alone by everybody but one probe (A20)."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import func, insert, select, update

from backend.db import people
from backend.db.machine_models import BreakerRow
from backend.db.models import FirmRow, LinkRow, WatchRow
from backend.domain.breaker import OPENS_AFTER, PROBE_TIME, SPREAD
from backend.domain.errors import TransientRemoteError
from backend.domain.link import LinkState
from backend.domain.policy import Origin
from backend.services.breaker import Breakers, scope_of
from backend.services.callers import CalendarOwner
from backend.sql import Database
from tests.support.crm import NOON
from tests.support.stage import Stage, create_tables


class EnoughError(BaseException):
    """The test has seen enough."""


class Calls:
    """Counts the calls that reach a side, by their first word."""

    def __init__(self, stage: Stage) -> None:
        self.names: Counter[str] = Counter()
        self.most = 1_000_000
        stage.crm.gate = self.count
        stage.outlook.gate = self.count

    def count(self, name: str) -> None:
        if name.endswith(":before"):
            self.names[name.partition(".")[0]] += 1
        if self.names["crm"] > self.most:
            raise EnoughError


def add_mailboxes(stage: Stage, number: int) -> list[tuple[str, str]]:
    """More people of the stage's firm, set up as its organizer is: (mailbox, user)."""
    with stage.database.write.begin() as session:
        firm = session.scalars(select(FirmRow).where(FirmRow.tenant_id == stage.tenant_id)).one()
        added = []
        for n in range(number):
            owner = people.add_user(
                session,
                firm,
                oid=f"{firm.id[:28]}{n:08d}",
                name="",
                address=f"p{n}@firm.example",
                now=NOON,
            )
            owner.user.enabled_by_admin = True
            added.append((owner.mailbox.id, owner.user.id))
        return added


def add_links(stage: Stage, mailboxes: list[tuple[str, str]], number: int) -> None:
    """Links that are due, spread over the mailboxes; their events are not in Outlook."""
    with stage.database.write.begin() as session:
        firm_id = session.scalars(
            select(FirmRow.id).where(FirmRow.tenant_id == stage.tenant_id)
        ).one()
        session.execute(
            insert(LinkRow),
            [
                {
                    "firm_id": firm_id,
                    "mailbox_id": mailboxes[n % len(mailboxes)][0],
                    "wished_by": mailboxes[n % len(mailboxes)][1],
                    "event_id": f"storm-{n}",
                    "ical_uid": f"storm-uid-{n}",
                    "state": LinkState.PENDING,
                    "origin": Origin.MANUAL,
                    "created_at": NOON,
                    "due_at": NOON,
                    "version": 1,
                }
                for n in range(number)
            ],
        )


def breaker_rows(database: Database) -> list[BreakerRow]:
    with database.read() as session:
        return list(session.scalars(select(BreakerRow)))


def due_now(stage: Stage) -> int:
    with stage.database.read() as session:
        return (
            session.scalar(
                select(func.count()).select_from(LinkRow).where(LinkRow.due_at <= stage.clock())
            )
            or 0
        )


def owner_of(stage: Stage) -> CalendarOwner:
    with stage.database.read() as session:
        found = people.find_owner(session, stage.tenant_id, stage.oid)
        assert found is not None
        return stage.callers.owner_of_mailbox(stage.tenant_id, found.mailbox.id)


def fail(stage: Stage, times: int, owner: CalendarOwner | None = None, **error: Any) -> None:
    error = {"system": "crm", "status": 503} | error
    for _ in range(times):
        stage.breakers.note(owner or owner_of(stage), failed=[TransientRemoteError(**error)])


def test_two_thousand_due_links_cost_a_crm_that_is_down_five_tries_and_one_per_probe(
    stage: Stage,
) -> None:
    add_links(stage, add_mailboxes(stage, 20), 2_000)
    calls = Calls(stage)
    stage.crm.down = True

    stage.drain()

    assert calls.names["crm"] == OPENS_AFTER
    assert due_now(stage) == 0
    for _ in range(40):
        stage.later(seconds=15)
    tries = calls.names["crm"]
    assert OPENS_AFTER + 5 < tries <= OPENS_AFTER + 14, "ten minutes of probes"

    stage.crm.down = False
    stage.clock.advance(timedelta(seconds=95))
    calls.most = tries + 20
    with pytest.raises(EnoughError):
        stage.work.drain_links()
    assert breaker_rows(stage.database) == []


def test_what_waits_for_a_shut_remote_comes_back_spread_and_in_no_try(stage: Stage) -> None:
    add_links(stage, add_mailboxes(stage, 3), 60)
    stage.crm.down = True

    stage.drain()

    probe_at = breaker_rows(stage.database)[0].probe_at
    assert probe_at is not None
    with stage.database.read() as session:
        rows = session.execute(select(LinkRow.due_at, LinkRow.attempts)).all()
    times = {due_at for due_at, _ in rows}
    assert all(probe_at <= due_at <= probe_at + SPREAD for due_at in times)
    assert len(times) > 5
    assert sum(attempts for _, attempts in rows) == OPENS_AFTER


def test_the_first_answer_closes_the_breaker_and_wakes_the_workers(stage: Stage) -> None:
    fail(stage, OPENS_AFTER)
    stage.clock.advance(timedelta(minutes=2))
    owner = stage.breakers.admit(owner_of(stage))
    stage.rings.clear()

    stage.breakers.note(owner, answered=("crm",))

    assert breaker_rows(stage.database) == []
    assert {kind for kind, _ in stage.rings} == {"drain_links", "drain_mailboxes"}


def test_failures_that_are_not_in_a_row_open_nothing(stage: Stage) -> None:
    for _ in range(3):
        fail(stage, OPENS_AFTER - 1)
        stage.breakers.note(owner_of(stage), answered=("crm",))

    assert breaker_rows(stage.database) == []


@pytest.mark.parametrize(
    "error",
    [
        {"system": "graph", "status": 429, "retry_after": 30.0},
        {"system": "graph", "remote_code": "no_time_left"},
        {"system": "graph", "remote_code": "asked_to_wait"},
        {"system": "graph", "remote_code": "busy_here"},
        {"system": "crm", "remote_code": "shut"},
    ],
)
def test_what_says_nothing_of_the_remote_is_not_counted(
    stage: Stage, error: dict[str, Any]
) -> None:
    fail(stage, OPENS_AFTER, **error)

    assert breaker_rows(stage.database) == []


def test_one_mailbox_that_fails_by_itself_keeps_nobody_else_waiting(stage: Stage) -> None:
    """Issue: one failing mailbox never delays another."""
    (mailbox_id, _), *_ = add_mailboxes(stage, 1)
    fail(stage, OPENS_AFTER, system="graph")
    mine = owner_of(stage)
    other = stage.callers.owner_of_mailbox(stage.tenant_id, mailbox_id)

    assert (mine.graph_shut_until is None, other.graph_shut_until) == (False, None)

    fail(stage, 1, other, system="graph")
    assert owner_of(stage).graph_shut_until is None
    fail(stage, OPENS_AFTER - 2, other, system="graph")
    assert owner_of(stage).graph_shut_until is not None
    assert stage.callers.owner_of_mailbox(stage.tenant_id, mailbox_id).graph_shut_until is not None


def test_a_pull_of_the_server_waits_with_the_links(stage: Stage) -> None:
    owner = owner_of(stage)
    with stage.database.write.begin() as session:
        session.execute(
            update(WatchRow).where(WatchRow.mailbox_id == owner.mailbox_id).values(due_at=NOON)
        )

    fail(stage, OPENS_AFTER, system="graph")

    shut_until = owner_of(stage).graph_shut_until
    assert shut_until is not None
    with stage.database.read() as session:
        row = session.get_one(WatchRow, owner.mailbox_id)
    assert row.due_at is not None
    assert row.due_at >= shut_until


def test_a_tick_while_the_crm_is_shut_is_kept_at_once_and_asks_nobody(stage: Stage) -> None:
    fail(stage, OPENS_AFTER)
    calls = Calls(stage)

    answer = stage.tick()

    assert answer.link is not None
    assert answer.link.state == "pending"
    assert calls.names["crm"] == 0
    stage.later(minutes=2)
    assert stage.link.state is LinkState.LINKED
    assert breaker_rows(stage.database) == []


def test_a_tick_while_graph_is_shut_is_kept_at_once_and_asks_nobody(stage: Stage) -> None:
    fail(stage, OPENS_AFTER, system="graph")
    calls = Calls(stage)

    answer = stage.tick()

    assert answer.link is not None
    assert answer.link.state == "pending"
    assert calls.names["graph"] == 0
    stage.later(minutes=2)
    assert stage.link.state is LinkState.LINKED


def test_a_tick_after_the_pause_is_the_probe(stage: Stage) -> None:
    fail(stage, OPENS_AFTER)
    stage.clock.advance(timedelta(seconds=6))

    answer = stage.tick()

    assert answer.link is not None
    assert answer.link.state == "linked"
    assert breaker_rows(stage.database) == []


def test_an_untick_while_graph_is_shut_takes_the_record_at_once(stage: Stage) -> None:
    stage.tick()
    fail(stage, OPENS_AFTER, system="graph")

    stage.untick()

    assert stage.record.removed
    assert stage.shows_category
    stage.later(minutes=2)
    assert not stage.shows_category
    assert stage.link.state is LinkState.REMOVED


def test_of_many_who_ask_at_once_one_may_probe(stage: Stage) -> None:
    fail(stage, OPENS_AFTER)
    stage.clock.advance(timedelta(minutes=1))
    owner = owner_of(stage)
    start, admitted = threading.Barrier(6), []

    def ask() -> None:
        start.wait()
        admitted.append(stage.breakers.admit(owner).crm_shut_until is None)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert admitted.count(True) == 1
    stage.clock.advance(PROBE_TIME)
    assert stage.breakers.admit(owner_of(stage)).crm_shut_until is None


def test_failures_counted_at_once_by_several_processes_are_all_counted(database: Database) -> None:
    create_tables(database)
    stage = Stage(database)
    owner = owner_of(stage)
    start = threading.Barrier(4)
    others = [Breakers(database, stage.clock) for _ in range(4)]

    def count(breakers: Breakers) -> None:
        start.wait()
        breakers.note(owner, failed=[TransientRemoteError(system="crm", status=503)])

    threads = [threading.Thread(target=count, args=(breakers,)) for breakers in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [row.failures for row in breaker_rows(database)] == [4]


def test_while_nothing_fails_the_breakers_cost_no_statement(stage: Stage) -> None:
    seen: list[str] = []
    for engine in (stage.database.write_engine, stage.database.read_engine):
        sql_event.listen(
            engine, "before_cursor_execute", lambda _c, _cur, statement, *_: seen.append(statement)
        )

    stage.tick()
    stage.untick()

    of_breakers = [statement for statement in seen if "breakers" in statement]
    assert of_breakers
    assert all("FROM firms" in statement for statement in of_breakers), of_breakers


def test_a_mailbox_without_a_server_has_its_firm_for_a_scope(stage: Stage) -> None:
    owner = owner_of(stage)

    assert scope_of(owner, "graph") != owner.firm_id
    assert scope_of(replace(owner, server=None), "graph") == owner.firm_id
