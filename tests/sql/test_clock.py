"""One time for all machines: measured at the database, never backwards (A22)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from backend.sql import Database, DatabaseClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Machine:
    """A machine whose clock is off by some seconds and may be set by hand."""

    def __init__(self, off: float = 0) -> None:
        self.off = timedelta(seconds=off)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


def clock_of(database: Database, off: float = 0) -> tuple[DatabaseClock, Machine]:
    machine = Machine(off)
    return DatabaseClock(database, machine=machine, monotonic=time.monotonic), machine


@pytest.fixture
def postgres(postgres_schema_url: URL) -> Database:
    made = Database(postgres_schema_url)
    yield made
    made.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("off", [-120, 0, 120])
def test_machines_with_wrong_clocks_agree_on_the_databases_time(
    postgres: Database, off: float
) -> None:
    clock, _ = clock_of(postgres, off)

    clock.measure()

    assert abs((clock() - datetime.now(UTC)).total_seconds()) < 1
    assert clock.skew.total_seconds() == pytest.approx(-off, abs=1)


@pytest.mark.postgres
def test_a_step_of_the_machines_clock_moves_nothing(postgres: Database) -> None:
    clock, machine = clock_of(postgres)
    clock.measure()
    before = clock()

    machine.off = timedelta(hours=-3)

    assert timedelta() <= clock() - before < timedelta(seconds=1)
    clock.measure()
    assert clock() - before < timedelta(seconds=1)
    assert clock.skew.total_seconds() == pytest.approx(3 * 3600, abs=1)


def test_a_sqlite_database_goes_by_its_only_machine(sqlite_url: URL) -> None:
    database = Database(sqlite_url)
    clock, machine = clock_of(database)

    machine.off = timedelta(hours=1)
    clock.measure()

    assert abs(clock() - machine()) < timedelta(seconds=1)
    assert clock.skew == timedelta()


class ByHand:
    """Ticks and a machine that move by hand."""

    def __init__(self) -> None:
        self.ticks = 0.0
        self.now = NOON

    def advance(self, seconds: float, *, stepped: float = 0) -> None:
        self.ticks += seconds
        self.now += timedelta(seconds=seconds + stepped)


def test_a_clock_that_was_ahead_slows_down_and_never_goes_back(sqlite_url: URL) -> None:
    hand = ByHand()
    clock = DatabaseClock(
        Database(sqlite_url), machine=lambda: hand.now, monotonic=lambda: hand.ticks
    )
    seen = [clock()]
    hand.advance(1, stepped=-5)
    for _ in range(12):
        seen.append(clock())
        hand.advance(1)

    assert seen == sorted(seen)
    assert seen[2] - seen[1] == timedelta(seconds=0.5)
    assert clock() == hand.now, "it has caught up"


@pytest.mark.postgres
def test_a_database_that_does_not_answer_leaves_the_last_measurement(
    postgres_schema_url: URL,
) -> None:
    gone = Database(postgres_schema_url.set(port=1))
    clock, _ = clock_of(gone, 30)

    with pytest.raises(SQLAlchemyError):
        clock.measure()

    assert abs((clock() - datetime.now(UTC)).total_seconds() - 30) < 1
    gone.dispose()
