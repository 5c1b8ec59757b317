"""What a tick costs the database: statements and transactions, counted so that they stay few."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import event

from backend.db import links, people
from backend.sql import Database
from tests.support.stage import CATEGORY, Stage


@pytest.fixture
def counted(stage: Stage) -> Counter[str]:
    with stage.database.read() as session:
        owner = people.find_owner(session, stage.tenant_id, stage.oid)
        assert owner is not None
    with stage.database.write.begin() as session:
        people.store_master_category(session, owner.mailbox.id, CATEGORY)
    # What the directory tells is kept in memory for minutes; every pane opening asks for it.
    assert stage.callers.owner_of_mailbox(stage.tenant_id, owner.mailbox.id).directory.aliases == {}
    count: Counter[str] = Counter()
    watch(stage.database, count)
    return count


def watch(database: Database, count: Counter[str]) -> None:
    def statement(_connection: object, _cursor: object, sql: str, *_more: object) -> None:
        if not sql.startswith("BEGIN"):
            count["statements"] += 1

    def commit(_connection: object) -> None:
        count["commits"] += 1

    for engine in (database.write_engine, database.read_engine):
        event.listen(engine, "before_cursor_execute", statement)
    event.listen(database.write_engine, "commit", commit)


def test_a_tick_of_an_event_nobody_knew(stage: Stage, counted: Counter[str]) -> None:
    stage.tick()

    assert counted["statements"] <= 20
    assert counted["commits"] == 4
    assert stage.link.state == "linked"


def test_an_untick_and_its_undo(stage: Stage, counted: Counter[str]) -> None:
    stage.tick()
    counted.clear()

    stage.untick()
    unticked = dict(counted)
    counted.clear()
    stage.undo()

    assert unticked["statements"] <= 17
    assert unticked["commits"] == 5
    assert counted["statements"] <= 20
    assert counted["commits"] == 4
    assert stage.row.lease_token is None
    assert stage.row.urgent is False


def test_a_ring_during_the_run_outlives_the_outcome_that_gives_the_lease_back(
    stage: Stage, counted: Counter[str]
) -> None:
    """R1 holds also where lease and record are stored in one transaction."""

    def ring(name: str) -> None:
        if name == "crm.write:after":
            stage.crm.gate = lambda _name: None
            with stage.database.write.begin() as session:
                links.ring(session, stage.row.id, stage.clock(), urgent=True)

    stage.crm.gate = ring
    stage.tick()

    assert stage.link.state == "linked"
    assert stage.row.due_at == stage.clock()
    assert stage.row.lease_token is None
