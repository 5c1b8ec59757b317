"""One slice of a pull: reads pages and stores what each produced together with how far it came.

Read a page (no transaction) → prepare what the rules need (no transaction) → one short transaction.
A page that was not stored is read again, so nothing it said is ever lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter as Metric
from sqlalchemy.orm import Session

from backend.db import known_links, watches
from backend.db.known_links import Known, KnownLink
from backend.db.watches import Rest, Watch, WatchLease
from backend.domain.breaker import CRM, GRAPH, shut
from backend.domain.errors import RemoteError
from backend.domain.event import Event
from backend.domain.link import EndReason
from backend.domain.ports import (
    Calendar,
    Change,
    Clock,
    DeltaPage,
    Touched,
    TouchedOccurrence,
    Vanished,
)
from backend.services import rounds
from backend.services.ahead import Ahead
from backend.services.breaker import Breakers
from backend.services.callers import CalendarOwner
from backend.services.choosing import Choosing, Prepared
from backend.services.rounds import Chain
from backend.services.run import CALL_DEADLINE, FencedError
from backend.services.runs import Tally
from backend.sql import Database

SLICE_TIME = timedelta(seconds=10)
"""After that a pull gives its lease back, so that link work of the mailbox gets its turn."""
SLICE_PAGES = 100
SAME_PAGE_LIMIT = 3
"""A page whose ids come that often in one slice belongs to a round that does not end."""

UNREADABLE = Metric("calendar_sync_unreadable_changes", "Items of a delta that could not be read")

log = structlog.get_logger(__name__)


class EndlessRoundError(Exception):
    """Graph leads from page to page and never to an end."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When to look again after a look that ended well."""

    regular: Callable[[datetime], datetime]
    jitter: Callable[[], float]


class Reading:
    """Reads on from where the lease's watch stands. ``watch`` is what is stored so far."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        choosing: Choosing,
        breakers: Breakers,
        pace: Pace,
        *,
        lease: WatchLease,
        owner: CalendarOwner,
        calendar: Calendar,
        overlaps: bool = True,
    ) -> None:
        """``overlaps``: whether the next page is asked for while one is being stored."""
        self._database = database
        self._clock = clock
        self._choosing = choosing
        self._breakers = breakers
        self._pace = pace
        self._lease = lease
        self._owner = owner
        self._ahead = Ahead(
            lambda where: calendar.read_changes(owner.mailbox, where), overlaps=overlaps
        )
        self._began = clock()
        self._pages = 0
        self._changes_read = False
        self._cursor_works = False
        # What an admin has to look at (L7) is not over because Graph answers.
        self._had_problem = owner.state.mailbox_problem not in (None, EndReason.MASS_CHANGE)
        self._saw_change = False
        self._shown: Counter[frozenset[str]] = Counter()
        self.watch: Watch = lease.watch
        self.chain: Chain | None = None
        self.tally = Tally(self._began, lease.watch)
        self.answered: set[str] = set()
        """The systems that did (for the breakers)."""
        self.found_something = False
        """Links were made due, or may have been: a worker is wanted for them."""

    def read(self) -> datetime | None:
        """Read until the look is complete or the slice is over; gives the lease back.

        Answers when the mailbox is due next. Raises: RemoteError and other SyncErrors of a call,
        EndlessRoundError, FencedError; then the lease is still held and ``chain`` was being read.
        """
        with self._ahead:
            return self._read_on()

    def _read_on(self) -> datetime | None:
        while True:
            now = self._clock()
            self.chain = rounds.next_chain(self.watch, now, changes_read=self._changes_read)
            if self.chain is None:
                return self._end(now)
            if self.chain is Chain.SEED:
                self.watch = rounds.begin_seed(self.watch, self._owner.policy, now)
            rest = self._page(self.chain)
            if rest is not None:
                return rest.due_at

    def _page(self, chain: Chain) -> Rest | None:
        """Read and store one page; how the lease was given back with it, if it was."""
        if rounds.pages_read(self.watch, chain) >= rounds.MOST_PAGES:
            raise EndlessRoundError
        asked = rounds.where(self.watch, chain)
        self.tally.begin(chain)
        page = self._ahead.take(asked)
        self.answered.add(GRAPH)
        self._pages += 1
        self.tally.count(shown=len(page.changes), request_id=page.request_id)
        self._refuse_endless(page, asked)
        if not page.is_last and not self._is_over(self._clock()):
            self._ahead.begin(page.link)
        self._count_unreadable(page)
        events = [change.event for change in page.changes if isinstance(change, Touched)]
        prepared = Prepared()
        if events:
            try:
                prepared = self._prepare(events, page.request_id)
            except RemoteError:
                self._store_changes_only(page)
                raise
        if page.is_last:
            # A window that has just been read needs no second look.
            self._changes_read = True
            self._cursor_works = self._cursor_works or chain is Chain.CHANGES
        return self._store(chain, page, prepared)

    def _prepare(self, events: Sequence[Event], request_id: str | None) -> Prepared:
        """Ask the CRM, unless it is shut; when a probe is due, this page may be it."""
        self._owner = self._breakers.admit(self._owner)
        shut_until = self._owner.crm_shut_until
        if shut_until is not None:
            raise shut(CRM, shut_until, self._clock())
        prepared = self._choosing.prepare(self._owner, events, request_id)
        if prepared.judged:
            self.answered.add(CRM)
        return prepared

    def _store(self, chain: Chain, page: DeltaPage, prepared: Prepared) -> Rest | None:
        now = self._clock()
        moved = rounds.after_page(self.watch, chain, page, now, jitter=self._pace.jitter())
        rest = self._rest(moved, now)
        with self._database.write.begin() as session:
            if page.changes:
                known = self._ring(session, page, chain, now)
                if prepared.judged:
                    self.tally.synced += self._choosing.store(
                        session, self._owner, prepared, known, now
                    )
            if chain is Chain.SEED and page.is_last:
                self._sweep(session, now)
            if self._had_problem:
                watches.clear_problem(session, self._owner.mailbox_id, now)
            if self._saw_change:
                watches.note_changed(session, self._owner.mailbox_id, now)
                self._saw_change = False
            if rest is None and watches.person_waits(session, self._owner.mailbox_id, now):
                rest = self._pause(now)
            if rest is not None:
                rest = self.tally.told(session, self._lease, rest)
            if not watches.save(session, self._lease, moved, rest):
                raise FencedError
        if page.changes or self._had_problem or (chain is Chain.SEED and page.is_last):
            self.found_something = True
        self._had_problem = False
        self.watch = replace(moved, cursor_version=moved.cursor_version + 1)
        return rest

    def _store_changes_only(self, page: DeltaPage) -> None:
        """The CRM is away: links that changed need not wait for what rules say of others."""
        now = self._clock()
        with self._database.write.begin() as session:
            self._ring(session, page, Chain.CHANGES, now)
        self.found_something = True

    # -- known links ---------------------------------------------------------------------------

    def _ring(self, session: Session, page: DeltaPage, chain: Chain, now: datetime) -> Known:
        ids = {id_ for change in page.changes for id_ in _ids_of(change)}
        known = known_links.find(session, self._owner.mailbox_id, ids)
        known_links.lock(session, known)
        touched: dict[str, datetime] = {}
        lost: dict[str, bool] = {}
        stirred: set[str] = set()
        shown: set[str] = set()
        for change in page.changes:
            # The same item may come several times, in any order: the last one counts.
            for link in _links_of(change, known):
                match change:
                    case Touched(event):
                        shown.add(link.id)
                        lost.pop(link.id, None)
                        if _is_news(link, event):
                            touched[link.id] = max(
                                event.modified_at, touched.get(link.id, event.modified_at)
                            )
                    case TouchedOccurrence():
                        shown.add(link.id)
                        stirred.add(link.id)
                    case Vanished():
                        lost[link.id] = True
        known_links.ring_touched(session, touched, now)
        known_links.ring(session, stirred - touched.keys(), now)
        known_links.ring(session, lost.keys(), now, off_delta=True)
        if chain is Chain.SEED and self.watch.seed is not None:
            known_links.mark_seen(session, shown - lost.keys(), self.watch.seed.id)
        self._saw_change = self._saw_change or chain is Chain.CHANGES or bool(touched or lost)
        self.tally.synced += len(stirred | touched.keys() | lost.keys())
        return known

    def _sweep(self, session: Session, now: datetime) -> None:
        seed = self.watch.seed
        assert seed is not None
        known_links.sweep_unseen(
            session,
            self._owner.mailbox_id,
            seed_id=seed.id,
            window=seed.window,
            since=seed.since,
            now=now,
        )

    # -- the slice -----------------------------------------------------------------------------

    def _rest(self, moved: Watch, now: datetime) -> Rest | None:
        if rounds.next_chain(moved, now, changes_read=self._changes_read) is None:
            return self._good_rest(moved, now)
        return self._pause(now) if self._is_over(now) else None

    def _is_over(self, now: datetime) -> bool:
        over = self._pages >= SLICE_PAGES or now - self._began >= SLICE_TIME
        return over or self._lease.until - now < CALL_DEADLINE

    def _pause(self, now: datetime) -> Rest:
        """Not complete: due at once, behind whoever is due already."""
        return Rest(now, self._lease.watch.again_at, self.watch.attempts, now)

    def _good_rest(self, watch: Watch, now: datetime) -> Rest:
        again_at = self._lease.watch.again_at
        if again_at is not None and again_at <= self._began:
            again_at = None
        times = (self._pace.regular(now), again_at, watch.reseed_at)
        # Only a cursor that has proven to work lets earlier failures be forgotten.
        attempts = 0 if self._cursor_works else watch.attempts
        return Rest(min(time for time in times if time is not None), again_at, attempts, now)

    def _end(self, now: datetime) -> datetime | None:
        """Nothing to read: a resync waits for its time."""
        rest = self._good_rest(self.watch, now)
        with self._database.write.begin() as session:
            watches.settle(session, self._lease, rest)
        return rest.due_at

    def _refuse_endless(self, page: DeltaPage, asked: object) -> None:
        if page.is_last:
            return
        ids = frozenset(id_ for change in page.changes for id_ in _ids_of(change))
        if ids:
            self._shown[ids] += 1
        if page.link == asked or self._shown[ids] >= SAME_PAGE_LIMIT:
            raise EndlessRoundError

    def _count_unreadable(self, page: DeltaPage) -> None:
        if page.unreadable:
            self.tally.errors += page.unreadable
            UNREADABLE.inc(page.unreadable)
            log.warning(
                "pull.unreadable_items",
                mailbox_id=self._owner.mailbox_id,
                count=page.unreadable,
                request_id=page.request_id,
            )


def _ids_of(change: Change) -> tuple[str, ...]:
    match change:
        case Touched(event):
            return (event.id,)
        case TouchedOccurrence(event_id, series_id):
            return (event_id,) if series_id is None else (event_id, series_id)
        case Vanished(event_id):
            return (event_id,)


def _links_of(change: Change, known: Known) -> list[KnownLink]:
    return [known[id_] for id_ in _ids_of(change) if id_ in known]


def _is_news(link: KnownLink, event: Event) -> bool:
    """Whether the link's event has to be looked at: not our own echo, nor what is known already."""
    if link.off_delta or link.looked_at_version is None:
        return True
    if event.change_key and event.change_key == link.own_change_key:
        return False
    return event.modified_at > link.looked_at_version
