"""One time for all machines: the database's, whatever their own clocks say (road rule A22)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from backend.sql.database import Database

_SAMPLES = 3


class DatabaseClock:
    """Aware UTC now as the database has it, so that due times and leases of all machines agree.

    Measured by :meth:`measure`, and counted on with the monotonic clock in between: a step of the
    machine's clock moves nothing. Once measured it never goes backwards; when it was ahead it runs
    at half speed until the others have caught up. A SQLite database has one machine, and goes by
    its clock.
    """

    def __init__(
        self,
        database: Database,
        *,
        machine: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        """``machine``: the machine's own clock; ``monotonic``: seconds, as ``time.monotonic``."""
        self._database = database
        self._machine = machine
        self._monotonic = monotonic
        self._is_local = database.dialect == "sqlite"
        self._is_measured = self._is_local
        self._lock = threading.Lock()
        ticks = monotonic()
        self._anchor, self._anchor_ticks = machine(), ticks
        self._last, self._last_ticks = self._anchor, ticks
        self.skew = timedelta()
        """The database's time minus the machine's, when it was last measured."""

    def __call__(self) -> datetime:
        with self._lock:
            ticks = self._monotonic()
            now = self._read(ticks)
            if now < self._last:
                now = self._last + timedelta(seconds=(ticks - self._last_ticks) / 2)
            self._last, self._last_ticks = now, ticks
            return now

    def measure(self) -> None:
        """Compare with the database: at the start, and regularly as clocks drift.

        Raises: SQLAlchemyError when it does not answer; then the last measurement goes on.
        """
        if self._is_local:
            return
        _, now, ticks, skew = min(
            (self._sample() for _ in range(_SAMPLES)), key=lambda sample: sample[0]
        )
        with self._lock:
            if not self._is_measured:
                # What was said before was a guess, and nothing was stored with it: the database
                # had not answered yet.
                self._last, self._last_ticks, self._is_measured = now, ticks, True
            self._anchor, self._anchor_ticks, self.skew = now, ticks, skew

    def _read(self, ticks: float) -> datetime:
        if self._is_local:
            return self._machine()
        return self._anchor + timedelta(seconds=ticks - self._anchor_ticks)

    def _sample(self) -> tuple[float, datetime, float, timedelta]:
        """How long the answer took, the database's time, the ticks and our skew at that moment."""
        with self._database.read() as session:
            session.connection()
            before, machine = self._monotonic(), self._machine()
            theirs: datetime = session.scalars(select(func.clock_timestamp())).one()
            took = self._monotonic() - before
        half = timedelta(seconds=took / 2)
        return took, theirs, before + took / 2, theirs - (machine + half)
