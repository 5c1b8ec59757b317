"""What a worker does when it is rung: walk due links, pull due mailboxes, sweep once a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from backend.db import leases, people, watches
from backend.db.models import FirmRow
from backend.domain.ports import Clock
from backend.services import pulling
from backend.services.driving import DRAIN_LINKS, Ring
from backend.services.pulling import Pulling
from backend.services.road import LEASE_LENGTH, Road
from backend.sql import Database

log = structlog.get_logger(__name__)

DRAIN_MAILBOXES = "drain_mailboxes"


class Background(Protocol):
    """What else the worker does, besides links and mailboxes: admins' long operations."""

    def is_due(self) -> bool: ...

    def work(self, stopping: Callable[[], bool]) -> int:
        """Do it, or as much as there is time for; answers how much."""
        ...


MOST_SKEW = timedelta(seconds=2)
"""Leases and due times of several machines agree only within this (road rule A22)."""

SWEEP_PERIOD = timedelta(seconds=60)
DAY = timedelta(days=1)
DRAIN_TIME = timedelta(seconds=55)
"""A drain ends before the next sweep rings, so that a stop never waits for a long backlog."""


class Work:
    """Rings carry no work: the rows say what is due (the database holds the work)."""

    def __init__(
        self,
        database: Database,
        road: Road,
        pulling: Pulling,
        clock: Clock,
        ring: Ring,
        *,
        threads: int = 4,
        name: str | None = None,
        measure_clock: Callable[[], None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
        background: Background | None = None,
        refresh_directories: Callable[[], object] = lambda: None,
        daily: Mapping[str, Callable[[], object]] | None = None,
        periodic: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        """``threads``: how many drains of a kind one sweep may start; ``name``: the worker's, which
        its leases carry; ``stopping``: asked between two pieces of work; ``refresh_directories``:
        done in a sweep, before mailboxes begin to be watched; ``daily``: jobs by name that one
        worker does once a day; ``periodic``: jobs that know themselves whether their time has
        come, asked in every sweep.
        """
        self._database = database
        self._road = road
        self._pulling = pulling
        self._clock = clock
        self._ring = ring
        self._threads = threads
        self._name = name
        self._is_known = False
        self._measure_clock = measure_clock
        self._stopping = stopping
        self._background = background
        self._refresh_directories = refresh_directories
        self._daily = daily or {}
        self._periodic = periodic or {}
        # A thread is left for people, whatever mailboxes there are to read.
        self._pulls = threading.BoundedSemaphore(max(1, threads - 1))

    def show_alive(self) -> None:
        """A sign of life; the first one also frees what the worker's last life had leased (A24)."""
        self._measure_clock()
        if self._name is None:
            return
        now = self._clock()
        with self._database.write.begin() as session:
            if self._is_known and leases.note_alive(session, self._name, now):
                return
            freed = 0 if self._is_known else leases.free_leases(session, self._name, now)
            leases.add_worker(session, self._name, self._threads, now)
        self._is_known = True
        if freed:
            log.info("worker.leases_freed", worker=self._name, count=freed)
            for kind in (DRAIN_LINKS, DRAIN_MAILBOXES):
                self._ring(kind, 0)

    def say_goodbye(self) -> None:
        """The worker ends: its threads do not count any more."""
        if self._name is not None and self._is_known:
            with self._database.write.begin() as session:
                leases.end_worker(session, self._name)

    def drain_links(self) -> int:
        """Walk due links until none is left; answers how many. One broken link stops nobody."""
        walked = 0
        until = self._clock() + DRAIN_TIME
        while not self._stopping() and self._clock() < until:
            with self._database.write.begin() as session:
                lease = leases.claim(session, self._clock(), LEASE_LENGTH, holder=self._name)
            if lease is None:
                break
            try:
                outcome = self._road.walk(lease)
            except Exception:
                # The worker loop is one of two places that catch everything: the row keeps its
                # lease and comes back when that runs out, taken over and distrusted.
                log.exception("drain.failed", link_id=lease.link_id)
            else:
                self._ring_soon(DRAIN_LINKS, outcome.due_at)
            walked += 1
        return walked

    def drain_mailboxes(self) -> int:
        """Pull due mailboxes until none is left; answers how many. A broken one stops nobody."""
        if not self._pulls.acquire(blocking=False):
            return 0
        try:
            return self._pull_all()
        finally:
            self._pulls.release()

    def _pull_all(self) -> int:
        until = self._clock() + DRAIN_TIME
        pulled = self._do_background(until)
        while not self._stopping() and self._clock() < until:
            with self._database.write.begin() as session:
                lease = watches.claim(
                    session, self._clock(), pulling.LEASE_LENGTH, holder=self._name
                )
            if lease is None:
                break
            try:
                outcome = self._pulling.pull(lease)
            except Exception:
                # As for links: the lease runs out, and the mailbox is due as before.
                log.exception("drain.failed", mailbox_id=lease.mailbox_id)
            else:
                self._ring_soon(DRAIN_MAILBOXES, outcome.due_at)
                if outcome.found_something:
                    self._ring(DRAIN_LINKS, 0)
            pulled += 1
            if self._threads == 1:
                # Nobody else is there for people who wait.
                self.drain_links()
        return pulled

    def _do_background(self, until: datetime) -> int:
        if self._background is None:
            return 0
        try:
            return self._background.work(lambda: self._stopping() or self._clock() >= until)
        except Exception:
            # As for links: whatever it was stays due.
            log.exception("drain.failed", part="background")
            return 0

    def sweep(self) -> bool:
        """Once a minute, whatever the number of workers: ring for whatever is due.

        Mailboxes that may be watched since somebody enabled them, or ended a pause, begin here.
        """
        now = self._clock()
        with self._database.write.begin() as session:
            if not people.take_clock(session, "sweep", now, SWEEP_PERIOD):
                return False
        self._try("directories", self._refresh_directories)
        self._do_daily(now)
        for name, job in self._periodic.items():
            self._try(name, job)
        now = self._clock()
        with self._database.write.begin() as session:
            watches.start_watching(session, now)
            due = {
                DRAIN_LINKS: leases.count_due(session, now),
                DRAIN_MAILBOXES: watches.count_due(session, now),
            }
        if self._background is not None and self._background.is_due():
            due[DRAIN_MAILBOXES] += 1
        for kind, count in due.items():
            for _ in range(min(count, self._threads)):
                self._ring(kind, 0)
        return True

    def _do_daily(self, now: datetime) -> None:
        for name, job in self._daily.items():
            with self._database.write.begin() as session:
                is_due = people.take_clock(session, f"daily:{name}", now, DAY)
            if is_due:
                self._try(name, job)

    def _try(self, part: str, job: Callable[[], object]) -> None:
        try:
            job()
        except Exception:
            # As for links: nothing may keep the sweep from ringing; the next day tries again.
            log.exception("sweep.failed", part=part)

    def _ring_soon(self, kind: str, due_at: datetime | None) -> None:
        if due_at is None:
            return
        delay = (due_at - self._clock()).total_seconds()
        if delay < SWEEP_PERIOD.total_seconds():
            self._ring(kind, max(delay, 0.0))


class Health:
    """Whether the parts below answer (O2)."""

    def __init__(
        self,
        database: Database,
        skews: Mapping[str, Callable[[], timedelta | None]] | None = None,
    ) -> None:
        """``skews``: by whose clock ours differs, as last seen; nobody is asked for it here."""
        self._database = database
        self._skews = dict(skews or {})

    def warnings(self) -> list[str]:
        """What works, and should be looked at all the same."""
        found = []
        for whose, skew_of in self._skews.items():
            skew = skew_of()
            if skew is not None and abs(skew) > MOST_SKEW:
                seconds = abs(skew).total_seconds()
                found.append(f"The clocks of {whose} and this machine are {seconds:.0f} s apart.")
        return found

    def ready(self) -> dict[str, str]:
        """Each part by name: ``ok``, or what is wrong with it."""
        try:
            with self._database.read() as session:
                migrated = inspect(session.connection()).has_table(FirmRow.__tablename__)
        except SQLAlchemyError:
            return {"database": "does not answer"}
        return {"database": "ok" if migrated else "is not migrated: run calendar-sync migrate"}
