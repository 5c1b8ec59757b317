"""What a worker does when the bell rings: claim due links and walk them; sweep once a minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from backend.db import links, people
from backend.db.models import FirmRow
from backend.domain.ports import Clock
from backend.services.driving import DRAIN_LINKS, Ring
from backend.services.road import LEASE_LENGTH, Road
from backend.sql import Database

log = structlog.get_logger(__name__)

SWEEP_PERIOD = timedelta(seconds=60)
DRAIN_TIME = timedelta(seconds=55)
"""A drain ends before the next sweep rings, so that a stop never waits for a long backlog."""


class Work:
    """Rings carry no work: the rows say what is due (the database holds the work)."""

    def __init__(
        self,
        database: Database,
        road: Road,
        clock: Clock,
        ring: Ring,
        *,
        threads: int = 4,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """``threads``: how many drains one sweep may start; ``stopping``: asked between links."""
        self._database = database
        self._road = road
        self._clock = clock
        self._ring = ring
        self._threads = threads
        self._stopping = stopping

    def drain_links(self) -> int:
        """Walk due links until none is left; answers how many. One broken link stops nobody."""
        walked = 0
        until = self._clock() + DRAIN_TIME
        while not self._stopping() and self._clock() < until:
            with self._database.write.begin() as session:
                lease = links.claim(session, self._clock(), LEASE_LENGTH)
            if lease is None:
                break
            try:
                outcome = self._road.walk(lease)
            except Exception:
                # The worker loop is one of two places that catch everything: the row keeps its
                # lease and comes back when that runs out, taken over and distrusted.
                log.exception("drain.failed", link_id=lease.link_id)
            else:
                self._ring_soon(outcome.due_at)
            walked += 1
        return walked

    def sweep(self) -> bool:
        """Once a minute, whatever the number of workers: ring for whatever is due."""
        now = self._clock()
        with self._database.write.begin() as session:
            if not people.take_clock(session, "sweep", now, SWEEP_PERIOD):
                return False
            due = links.count_due(session, now)
        for _ in range(min(due, self._threads)):
            self._ring(DRAIN_LINKS, 0)
        return True

    def _ring_soon(self, due_at: datetime | None) -> None:
        if due_at is None:
            return
        delay = (due_at - self._clock()).total_seconds()
        if delay < SWEEP_PERIOD.total_seconds():
            self._ring(DRAIN_LINKS, max(delay, 0.0))


class Health:
    """Whether the parts below answer (O2)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ready(self) -> dict[str, str]:
        """Each part by name: ``ok``, or what is wrong with it."""
        try:
            with self._database.read() as session:
                migrated = inspect(session.connection()).has_table(FirmRow.__tablename__)
        except SQLAlchemyError:
            return {"database": "does not answer"}
        return {"database": "ok" if migrated else "is not migrated: run calendar-sync migrate"}
