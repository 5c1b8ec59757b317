"""Every look at a mailbox is in the log, and looks that found nothing fill no table (A6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.db.admin_models import RunRow
from backend.domain.errors import DeltaExpiredError, RemoteAccessError, TransientRemoteError
from backend.domain.ports import Touched, Vanished
from backend.services.retention import Retention
from tests.support.pulling import Pull, page


@pytest.fixture
def quiet(pull: Pull) -> Pull:
    """A watched mailbox with a link, in which nothing happens; nothing is recorded of it yet."""
    pull.watched()
    pull.linked()
    forget(pull)
    return pull


def rows(pull: Pull) -> list[RunRow]:
    with pull.database.read() as session:
        mine = select(RunRow).where(RunRow.mailbox_id == pull.mailbox_id)
        return list(session.scalars(mine.order_by(RunRow.at, RunRow.id)))


def forget(pull: Pull) -> None:
    with pull.database.write.begin() as session:
        for row in session.scalars(select(RunRow).where(RunRow.mailbox_id == pull.mailbox_id)):
            session.delete(row)


def only(pull: Pull) -> RunRow:
    [row] = rows(pull)
    return row


def test_the_first_reading_is_a_run_of_its_own(pull: Pull) -> None:
    pull(page(Touched(pull.stage.event), last=False), page(Touched(pull.stage.event), link="end"))

    row = only(pull)
    assert (row.kind, row.processed, row.errors, row.code) == ("first_pull", 2, 0, None)
    assert row.request_id == "request"


def test_looks_that_find_nothing_are_counted_and_told_by_the_next_run(quiet: Pull) -> None:
    for _ in range(5):
        quiet(page(link="cursor"))
        quiet.clock.advance(timedelta(minutes=15))
    assert rows(quiet) == []

    quiet(page(Touched(quiet.event(modified_at=quiet.clock())), Vanished("nobody knows it")))

    row = only(quiet)
    assert (row.kind, row.processed, row.synced, row.errors) == ("changes", 2, 1, 0)
    assert (row.quiet_looks, quiet.row.quiet_looks) == (5, 0)


def test_a_day_without_events_is_one_row_for_the_daily_reading(quiet: Pull) -> None:
    for _ in range(30):
        quiet.clock.advance(timedelta(hours=1))
        quiet.script.steps = [page(link="cursor"), page(link="cursor")]
        quiet.pulling.pull(quiet.claim())

    row = only(quiet)
    assert (row.kind, row.processed) == ("resync", 0)
    assert row.quiet_looks >= 20


def test_what_microsoft_told_of_is_told_apart_from_what_was_looked_for(quiet: Pull) -> None:
    quiet(page(Vanished("one")))
    quiet.stage.change_watch(notified_at=quiet.clock() + timedelta(seconds=1))
    quiet.clock.advance(timedelta(seconds=5))
    quiet(page(Vanished("two")))

    assert [row.is_notified for row in rows(quiet)] == [False, True]


def test_a_failure_that_goes_on_is_one_row_a_day(quiet: Pull) -> None:
    denied = RemoteAccessError(system="graph", status=403, remote_code="ErrorAccessDenied")
    for _ in range(4):
        quiet(denied)
        quiet.clock.advance(timedelta(minutes=1))
    away = TransientRemoteError(system="graph", status=503)
    quiet(away)
    quiet.clock.advance(timedelta(days=1))
    quiet(away)

    assert [(row.code, row.looks, row.errors) for row in rows(quiet)] == [
        ("access_denied", 4, 4),
        ("graph_unavailable", 1, 1),
        ("graph_unavailable", 1, 1),
    ]


def test_a_lost_cursor_and_what_cannot_be_read_are_errors(quiet: Pull) -> None:
    quiet(page(link="cursor", unreadable=2))
    quiet(DeltaExpiredError(system="graph", status=410))

    assert [(row.code, row.errors) for row in rows(quiet)] == [(None, 2), ("cursor_lost", 1)]


def test_runs_are_kept_as_long_as_the_log(quiet: Pull) -> None:
    quiet.stage.configure(log_days=7)
    quiet(page(Vanished("one")))
    quiet.clock.advance(timedelta(days=8))
    quiet(page(Vanished("two")), page(link="cursor"))

    Retention(quiet.database, quiet.clock).purge()

    assert only(quiet).at == quiet.clock()
