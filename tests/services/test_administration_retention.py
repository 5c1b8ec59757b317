"""Lines of the history are kept as long as the firm says, and no longer."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from backend.db.admin_models import OperationRow
from backend.db.models import FirmRow, HistoryRow
from backend.services import retention
from backend.services.retention import Retention
from tests.support.stage import Stage


def count(stage: Stage) -> int:
    with stage.database.read() as session:
        mine = HistoryRow.mailbox_id == stage.mailbox_id
        return session.scalar(select(func.count()).select_from(HistoryRow).where(mine)) or 0


def test_each_firm_keeps_its_own_time(stage: Stage) -> None:
    other = Stage(stage.database)
    stage.tick()
    other.tick()
    stage.configure(log_days=7)
    kept = count(other)
    assert count(stage) > 0

    stage.clock.advance(timedelta(days=6))
    assert Retention(stage.database, stage.clock).purge() == 0
    stage.clock.advance(timedelta(days=2))
    Retention(stage.database, stage.clock).purge()

    assert (count(stage), count(other)) == (0, kept)
    assert kept > 0


def test_what_is_recorded_later_stays(stage: Stage) -> None:
    stage.configure(log_days=7)
    stage.tick()
    stage.clock.advance(timedelta(days=8))
    stage.untick()
    before = count(stage)

    gone = Retention(stage.database, stage.clock).purge()

    assert 0 < gone < before
    assert count(stage) == before - gone


def test_many_lines_go_in_several_transactions(stage: Stage) -> None:
    retention.BATCH, whole = 1, retention.BATCH
    try:
        stage.configure(log_days=7)
        stage.tick()
        lines = count(stage)
        stage.clock.advance(timedelta(days=8))
        assert Retention(stage.database, stage.clock).purge() == lines
    finally:
        retention.BATCH = whole


def test_operations_that_ended_go_and_those_that_run_stay(stage: Stage) -> None:
    now = stage.clock()
    with stage.database.write.begin() as session:
        firm_id = session.scalars(select(FirmRow.id)).one()
        session.add_all(
            OperationRow(id=state, firm_id=firm_id, kind="reconcile", state=state, **times)
            for state, times in {
                "done": {"created_at": now, "finished_at": now},
                "running": {"created_at": now},
            }.items()
        )
    stage.configure(log_days=7)
    stage.clock.advance(timedelta(days=8))

    Retention(stage.database, stage.clock).purge()

    with stage.database.read() as session:
        assert list(session.scalars(select(OperationRow.id))) == ["running"]
