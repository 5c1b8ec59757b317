"""Watches mailboxes: asks Graph's delta what changed and makes the links it speaks of due (S4).

A pull decides nothing about a link: the delta is a hint, and only the road's own look counts (R6).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from backend.db import people, watches
from backend.db.watches import Rest, WatchLease
from backend.domain.breaker import ASKED_TO_WAIT, SPREAD
from backend.domain.errors import (
    DeltaExpiredError,
    RemoteError,
    RemoteRejectedError,
    SyncError,
    TransientRemoteError,
)
from backend.domain.link import EndReason
from backend.domain.ports import Calendar, Calendars, Clock
from backend.domain.problems import MailboxProblem, problem_of
from backend.domain.retry import retry_at
from backend.services import rounds
from backend.services.breaker import Breakers
from backend.services.callers import CalendarOwner, Callers
from backend.services.choosing import Choosing
from backend.services.reading import EndlessRoundError, Pace, Reading
from backend.services.rounds import Chain
from backend.services.run import FencedError
from backend.services.setbacks import setback_of
from backend.services.subscriptions import Subscriptions, SubscriptionState
from backend.sql import Database

log = structlog.get_logger(__name__)

LEASE_LENGTH = timedelta(seconds=90)
"""Longer than a slice and three times the longest call after it."""
LOOK_EVERY = timedelta(minutes=15)
"""Whatever notifications do: the longest a change can stay unseen (S4)."""
LOOK_SPREAD = timedelta(minutes=5)
ENDLESS_PAUSE = timedelta(minutes=15)
BUSY_PAUSE = timedelta(seconds=2)
MASS_CHANGE = EndReason.MASS_CHANGE.value
PROBLEM_PAUSES = (30.0, 60.0, 120.0, 300.0, 900.0, 1800.0, 3600.0)
"""Seconds until a mailbox that cannot be read is tried again."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came of a slice."""

    due_at: datetime | None
    """When the mailbox is due next; ``None``: it is not watched."""
    found_something: bool = False
    """Links may have become due."""


class Pulling:
    """Pulls one leased mailbox at a time."""

    def __init__(
        self,
        database: Database,
        calendars: Calendars,
        callers: Callers,
        clock: Clock,
        *,
        breakers: Breakers,
        choosing: Choosing,
        subscriptions: Subscriptions,
        jitter: Callable[[], float] = random.random,
        overlaps: bool = True,
    ) -> None:
        """``overlaps``: whether pages are read in a thread of their own while others are stored."""
        self._database = database
        self._calendars = calendars
        self._callers = callers
        self._clock = clock
        self._breakers = breakers
        self._choosing = choosing
        self._subscriptions = subscriptions
        self._jitter = jitter
        self._overlaps = overlaps

    def pull(self, lease: WatchLease) -> Pulled:
        """Read a slice of what changed and give the lease back.

        Remote failures never leave this method: they become a later due time, and a visible problem
        where they speak of the mailbox. A mailbox that may not be watched is due again when that
        changes (sweep).
        """
        now = self._clock()
        with self._database.read() as session:
            loaded = watches.load_owner(session, lease, now)
            owner = self._callers.owner_of(loaded.owner)
        if not loaded.may_be_watched or owner.server is None:
            return self._settle(lease, None)
        if loaded.is_busy:
            return self._settle(lease, now + BUSY_PAUSE)
        server, owner = owner.server, self._admit_to_graph(owner)
        closed = owner.why_not_graph(now)
        if closed is not None:
            return self._settle(lease, self._when_open(closed))
        calendar = self._calendars.as_app(server)
        asked_to_wait = self._tend(lease, owner, calendar)
        if asked_to_wait is not None:
            return self._settle(lease, asked_to_wait)
        reading = Reading(
            self._database,
            self._clock,
            self._choosing,
            self._breakers,
            Pace(self._regular, self._jitter),
            lease=lease,
            owner=owner,
            calendar=calendar,
            overlaps=self._overlaps,
        )
        due_at, failure = self._read(reading, lease, owner)
        self._breakers.note(owner, failed=[failure] if failure else [], answered=reading.answered)
        return Pulled(due_at, reading.found_something)

    def _admit_to_graph(self, owner: CalendarOwner) -> CalendarOwner:
        """An idle look never asks the CRM, so it must not use up the CRM's probe."""
        admitted = self._breakers.admit(replace(owner, crm_shut_until=None))
        return replace(admitted, crm_shut_until=owner.crm_shut_until)

    def _tend(self, lease: WatchLease, owner: CalendarOwner, calendar: Calendar) -> datetime | None:
        """Before the look, so that what changes between the two is notified of.

        Answers until when Graph asked us to wait, if it did.
        """
        state = SubscriptionState.of(lease.watch)
        if not self._subscriptions.is_due(state):
            return None
        return self._subscriptions.tend(owner, calendar, state)

    def _read(
        self, reading: Reading, lease: WatchLease, owner: CalendarOwner
    ) -> tuple[datetime | None, SyncError | None]:
        """When the mailbox is due next, and what failed."""
        try:
            return reading.read(), None
        except FencedError:
            # Somebody wants a new window, or the lease ran out: what is stored counts.
            return self._settle(lease, self._clock()).due_at, None
        except DeltaExpiredError as error:
            return self._start_over(lease, reading, error), None
        except EndlessRoundError as error:
            return self._start_over(lease, reading, error, pause=ENDLESS_PAUSE), None
        except RemoteRejectedError as error:
            if _follows_a_link(reading):
                # A link that Graph does not take, or that leads elsewhere, will not get better.
                return self._start_over(lease, reading, error), None
            return self._fail(lease, owner, reading, error), error
        except SyncError as error:
            return self._fail(lease, owner, reading, error), error
        except Exception:
            # One broken mailbox must not keep its own links waiting for the lease to run out.
            log.exception("pull.failed", mailbox_id=lease.mailbox_id)
            return self._give_up(lease, reading), None

    def _when_open(self, closed: TransientRemoteError) -> datetime:
        """To the second where Graph named one; after a probe those who waited come one by one."""
        at = self._clock() + timedelta(seconds=closed.retry_after or 0.0)
        return at if closed.remote_code == ASKED_TO_WAIT else at + SPREAD * self._jitter()

    def _regular(self, now: datetime) -> datetime:
        return now + LOOK_EVERY - self._jitter() * LOOK_SPREAD

    def _start_over(
        self, lease: WatchLease, reading: Reading, error: Exception, pause: timedelta | None = None
    ) -> datetime:
        """The chain is dead: a new window is read soon, not by all mailboxes in one instant."""
        now = self._clock()
        assert reading.chain is not None
        log.info(
            "pull.starts_over",
            mailbox_id=lease.mailbox_id,
            chain=reading.chain.value,
            why=type(error).__name__,
            request_id=getattr(error, "request_id", None),
        )
        at = self._later(lease, None) + self._jitter() * rounds.RESYNC_SPREAD
        if pause is not None:
            at = max(at, now + pause * (1 + self._jitter()))
        watch = rounds.start_over(reading.watch, reading.chain, at)
        due_at = now if watch.seed is not None else at
        attempts = lease.watch.attempts + 1
        rest = Rest(due_at, lease.watch.again_at, attempts, now)
        with self._database.write.begin() as session:
            rest = reading.tally.told(session, lease, rest, code=_start_over_code(error))
            if not watches.save(session, lease, watch, rest):
                watches.settle(session, lease, rest)
        return due_at

    def _give_up(self, lease: WatchLease, reading: Reading) -> datetime:
        """A fault of ours: tried again later, as everything is."""
        now, due_at = self._clock(), self._later(lease, None)
        rest = Rest(due_at, lease.watch.again_at, lease.watch.attempts + 1, now)
        with self._database.write.begin() as session:
            rest = reading.tally.told(session, lease, rest, code="internal_error")
            watches.settle(session, lease, rest)
        return due_at

    def _fail(
        self, lease: WatchLease, owner: CalendarOwner, reading: Reading, error: SyncError
    ) -> datetime:
        now = self._clock()
        attempts = lease.watch.attempts + 1
        problem = problem_of(error, attempts)
        log.info("pull.trouble", mailbox_id=lease.mailbox_id, problem=problem, **_loggable(error))
        asked = error.retry_after if isinstance(error, TransientRemoteError) else None
        due_at = self._later(lease, asked) if problem is None else self._much_later(attempts)
        with self._database.write.begin() as session:
            if problem is not None and owner.state.mailbox_problem not in (problem, MASS_CHANGE):
                watches.note_problem(session, owner.mailbox_id, problem.value, now)
            if asked and isinstance(error, RemoteError) and error.system == "graph":
                people.close_until(session, owner.mailbox_id, now + timedelta(seconds=asked))
            rest = Rest(due_at, lease.watch.again_at, attempts, now)
            reading.tally.request_id = getattr(error, "request_id", None)
            rest = reading.tally.told(session, lease, rest, code=_code_of(error, problem))
            watches.settle(session, lease, rest)
        return due_at

    def _later(self, lease: WatchLease, retry_after: float | None) -> datetime:
        attempts = lease.watch.attempts + 1
        return retry_at(attempts, retry_after, self._clock(), jitter=self._jitter())

    def _much_later(self, attempts: int) -> datetime:
        pause = PROBLEM_PAUSES[min(attempts, len(PROBLEM_PAUSES)) - 1]
        return self._clock() + timedelta(seconds=pause * (0.75 + 0.5 * self._jitter()))

    def _settle(
        self, lease: WatchLease, due_at: datetime | None, attempts: int | None = None
    ) -> Pulled:
        """Give the lease back, as often failed as before unless ``attempts`` says otherwise."""
        rest = Rest(
            due_at,
            lease.watch.again_at if due_at is not None else None,
            lease.watch.attempts if attempts is None else attempts,
            self._clock(),
        )
        with self._database.write.begin() as session:
            watches.settle(session, lease, rest)
        return Pulled(due_at)


def _follows_a_link(reading: Reading) -> bool:
    seed = reading.watch.seed
    return reading.chain is Chain.CHANGES or (seed is not None and seed.link is not None)


def _start_over_code(error: Exception) -> str:
    """Not a failure of the mailbox: Microsoft wants the window read anew."""
    return "endless_round" if isinstance(error, EndlessRoundError) else "cursor_lost"


def _code_of(error: SyncError, problem: MailboxProblem | None) -> str:
    """The mailbox's problem, if it is one by now; else which side could not do its part."""
    if problem is not None:
        return problem.value
    return setback_of(error).codes[0] if isinstance(error, RemoteError) else error.code


def _loggable(error: SyncError) -> dict[str, object]:
    return {
        "code": error.code,
        "system": getattr(error, "system", None),
        "status": getattr(error, "status", None),
        "remote_code": getattr(error, "remote_code", None),
        "request_id": getattr(error, "request_id", None),
    }
