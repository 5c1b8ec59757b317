"""Compares one mailbox with its links and their records, in slices (A10).

Only reads, so that ``Calendars.Read`` is enough. The mailbox's lease is held for a slice: link
work and looks at the mailbox wait meanwhile, and Graph sees one call at a time. Breakers,
``Retry-After`` and pauses are obeyed as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import or_

from backend.db import candidates, drifts, links, watches
from backend.db.drifts import Found
from backend.db.models import LinkRow
from backend.db.people import Owner
from backend.db.rows import snapshot
from backend.db.watches import WatchLease
from backend.domain.breaker import CRM, GRAPH
from backend.domain.choosing import Choice, Judged, choose
from backend.domain.crm import Activity, CrmGateway
from backend.domain.errors import SyncError, TransientRemoteError
from backend.domain.event import Event
from backend.domain.link import LinkState
from backend.domain.ports import Calendar, Calendars, Clock, Touched, Window
from backend.domain.problems import problem_of
from backend.domain.reconciliation import (
    DONE_WITHIN,
    SEEN_WITHIN,
    Drift,
    Resting,
    compare_event,
    compare_record,
    should_be_shown,
    stays_private,
    turned_private,
    was_not_read,
)
from backend.services.breaker import Breakers, reachable
from backend.services.callers import CalendarOwner, Callers
from backend.services.choosing import Choosing
from backend.services.rounds import window_for
from backend.sql import Database

LEASE_LENGTH = timedelta(seconds=90)
SLICE_TIME = timedelta(seconds=10)
SLICE_PAGES = 50
SLICE_LINKS = 100
MOST_TRIES = 20
BUSY_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=2)
BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the comparison of one mailbox has come: all that a successor has to know."""

    mailbox_id: str
    since: datetime
    link: str | None = None
    """The list's next page; ``None`` before the first one."""
    is_listed: bool = False
    """The whole list was read; links are compared from now on."""
    seen: frozenset[str] = frozenset()
    """Links whose events the list has shown."""
    after: str = ""
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """What came of a slice."""

    progress: Progress
    is_done: bool = False
    failure: str | None = None
    """Why the mailbox could not be compared to its end."""
    wait: timedelta | None = None
    found: tuple[Found, ...] = ()
    versions: dict[str, int] = field(default_factory=dict)
    """Of the links that were compared: one that has changed since is no finding."""
    private: tuple[str, ...] = ()
    """Links whose events are private now: the road is rung at once (L5)."""


class Comparing:
    """Reads, and says what does not agree; stores nothing."""

    def __init__(
        self,
        database: Database,
        callers: Callers,
        calendars: Calendars,
        crm: CrmGateway,
        breakers: Breakers,
        clock: Clock,
    ) -> None:
        self._database = database
        self._callers = callers
        self._calendars = calendars
        self._crm = crm
        self._breakers = breakers
        self._clock = clock

    def slice_of(self, at: Progress) -> Part:
        """Compare the next slice of a mailbox. Failures are an answer, not an exception."""
        lease = self.lease(at.mailbox_id)
        if lease is None:
            return self._again(at, BUSY, BUSY_PAUSE)
        try:
            return self._under(lease, at)
        finally:
            self.give_back(lease)

    def lease(self, mailbox_id: str) -> WatchLease | None:
        """The right to read this mailbox, if nobody else does."""
        with self._database.write.begin() as session:
            return watches.claim(session, self._clock(), LEASE_LENGTH, mailbox_id=mailbox_id)

    def give_back(self, lease: WatchLease) -> None:
        with self._database.write.begin() as session:
            watches.give_back(session, lease)

    def _under(self, lease: WatchLease, at: Progress) -> Part:
        now = self._clock()
        with self._database.read() as session:
            loaded = watches.load_owner(session, lease, now)
            owner = self._callers.owner_of(loaded.owner)
            is_settled = _is_settled(loaded.owner, now)
            read_at = drifts.read_at(session, at.mailbox_id)
        if not loaded.may_be_watched or owner.server is None:
            return Part(at, is_done=True)
        if loaded.is_busy:
            return self._again(at, BUSY, BUSY_PAUSE)
        if owner.state.mailbox_problem is not None:
            return Part(at, is_done=True, failure=owner.state.mailbox_problem)
        server, owner = owner.server, self._breakers.admit(owner)
        closed = owner.why_not_graph(now)
        if closed is not None:
            return self._failed(owner, at, closed)
        look = _Look(self, owner, self._calendars.as_app(server), now, is_settled=is_settled)
        try:
            part = look.links(at) if at.is_listed else look.events(at)
        except SyncError as error:
            self._breakers.note(owner, failed=[error])
            return self._failed(owner, at, error)
        self._breakers.note(owner, answered={GRAPH, CRM} if at.is_listed else {GRAPH})
        if at.link is None and not at.is_listed and was_not_read(*read_at, now):
            unread = Found(Drift.MAILBOX_NOT_READ, at.mailbox_id, mailbox_id=at.mailbox_id)
            part = replace(part, found=(*part.found, unread))
        return part

    def _failed(self, owner: CalendarOwner, at: Progress, error: SyncError) -> Part:
        """What may pass is tried again; a mailbox that cannot be read is told with its code."""
        problem = problem_of(error, at.tries + 1)
        code = problem.value if problem is not None else error.code
        if not isinstance(error, TransientRemoteError):
            return Part(at, is_done=True, failure=code)
        if error.system == GRAPH and error.retry_after and owner.throttled_until is None:
            self._callers.note_throttle(owner, error.retry_after)
        wait = timedelta(seconds=error.retry_after or 5 * 2 ** min(at.tries, 5))
        return self._again(at, code, wait)

    def _again(self, at: Progress, code: str, wait: timedelta) -> Part:
        if at.tries + 1 >= MOST_TRIES:
            return Part(at, is_done=True, failure=code)
        return Part(replace(at, tries=at.tries + 1), wait=min(wait, LONGEST_PAUSE))

    # -- what a look at one mailbox needs ------------------------------------------------------

    def time(self) -> datetime:
        return self._clock()

    def crm_of(self, owner: CalendarOwner) -> CrmGateway:
        return reachable(self._crm, owner, self._clock())

    def links_of(self, owner: CalendarOwner, events: Iterable[Event]) -> dict[str, Resting]:
        """The calendar's links by the events' ids."""
        now = self._clock()
        with self._database.read() as session:
            ids = [event.id for event in events]
            rows = drifts.links_of_events(session, owner.mailbox_id, ids)
            return {key: resting(row, owner.tenant_id, now) for key, row in rows.items()}

    def next_links(self, owner: CalendarOwner, after: str) -> list[Resting]:
        now = self._clock()
        wanted = LinkRow.state.in_((LinkState.PENDING, LinkState.LINKED, LinkState.REMOVING))
        which = or_(wanted, LinkRow.due_at < now - DONE_WITHIN)
        with self._database.read() as session:
            rows = drifts.links_after(
                session, owner.mailbox_id, after, limit=SLICE_LINKS, which=which
            )
            return [resting(row, owner.tenant_id, now) for row in rows]

    def leaders_of(self, owner: CalendarOwner, judged: Sequence[Judged]) -> dict[str, str]:
        """In which calendar each of these meetings is kept already, by iCalUId (S3)."""
        uids = {each.event.ical_uid for each in judged if each.event.ical_uid}
        with self._database.read() as session:
            found = candidates.find_leaders(session, owner.firm_id, uids)
            return {uid: row.mailbox_id for uid, row in found.items()}

    def unlinked(self, owner: CalendarOwner, events: Sequence[Event]) -> list[tuple[Drift, Event]]:
        """Of events without a link those that should have one. Raises: RemoteError of the CRM."""
        choosing = Choosing(self.crm_of(owner), self._clock)
        judged = choosing.prepare(owner, events).judged
        leaders = self.leaders_of(owner, judged)
        found = []
        for each in judged:
            if each.event.ical_uid in leaders:
                continue
            match choose(each, None, is_led_elsewhere=False).choice:
                case Choice.LOOK:
                    found.append((Drift.CATEGORY_WITHOUT_LINK, each.event))
                case Choice.MATCH:
                    found.append((Drift.NOT_SELECTED, each.event))
        return found


class _Look:
    """One slice under a lease: Graph may be called."""

    def __init__(
        self,
        comparing: Comparing,
        owner: CalendarOwner,
        calendar: Calendar,
        now: datetime,
        *,
        is_settled: bool,
    ) -> None:
        self._comparing = comparing
        self._owner = owner
        self._calendar = calendar
        self._now = now
        self._is_settled = is_settled

    def events(self, at: Progress) -> Part:
        """The next pages of the list, compared with the links. Raises: SyncError."""
        until = self._now + SLICE_TIME
        where = at.link
        part = Part(at)
        for _ in range(SLICE_PAGES):
            asked: Window | str = where or window_for(self._owner.policy, at.since)
            page = self._calendar.read_changes(self._owner.mailbox, asked)
            events = [change.event for change in page.changes if isinstance(change, Touched)]
            part = self._compare(part, events)
            where = page.link
            if page.is_last:
                return replace(part, progress=replace(part.progress, link=None, is_listed=True))
            if self._comparing.time() >= until:
                break
        return replace(part, progress=replace(part.progress, link=where, tries=0))

    def _compare(self, part: Part, events: Sequence[Event]) -> Part:
        owner, policy = self._owner, self._owner.policy
        known = self._comparing.links_of(owner, events)
        found: list[Found] = []
        versions, private = dict(part.versions), list(part.private)
        for event in events:
            rest = known.get(event.id)
            if rest is None:
                continue
            versions[rest.link.id] = rest.link.version
            if turned_private(rest.link, event, policy):
                private.append(rest.link.id)
            found += of_link(rest, compare_event(rest, event, policy, self._now))
        if self._is_settled:
            old = [e for e in events if e.id not in known and self._has_had_its_time(e)]
            found += [of_event(owner, *each) for each in self._comparing.unlinked(owner, old)]
        seen = part.progress.seen | {rest.link.id for rest in known.values()}
        return Part(
            replace(part.progress, seen=seen),
            found=(*part.found, *found),
            versions=versions,
            private=tuple(private),
        )

    def _has_had_its_time(self, event: Event) -> bool:
        if stays_private(event, self._owner.policy):
            return False
        return self._now - event.modified_at >= SEEN_WITHIN

    def links(self, at: Progress) -> Part:
        """The next links, compared with their records. Raises: RemoteError of the CRM."""
        owner, until = self._owner, self._now + SLICE_TIME
        window = window_for(owner.policy, at.since)
        crm = self._comparing.crm_of(owner)
        found: list[Found] = []
        versions: dict[str, int] = {}
        after, following = at.after, self._comparing.next_links(owner, at.after)
        for rest in following:
            link = rest.link
            versions[link.id], after = link.version, link.id
            drifted = compare_record(
                rest, records_of(crm, rest, self._now), owner.policy, self._now
            )
            is_shown = link.id in at.seen
            span = (window.start, window.end)
            if not is_shown and should_be_shown(rest, span, at.since, self._now):
                drifted = (*drifted, Drift.EVENT_NOT_SHOWN)
            found += of_link(rest, drifted)
            if self._comparing.time() >= until:
                break
        is_done = len(following) < SLICE_LINKS and (not following or after == following[-1].link.id)
        progress = replace(at, after=after, tries=0)
        return Part(progress, is_done=is_done, found=tuple(found), versions=versions)


def _is_settled(owner: Owner, now: datetime) -> bool:
    """Whether the calendar was read to its end and no new reading is due: all was chosen (S6)."""
    watch = owner.watch
    if watch.cursor is None or watch.seed_id is not None:
        return False
    return watch.reseed_at is None or watch.reseed_at > now


def resting(row: LinkRow, tenant_id: str, now: datetime) -> Resting:
    """The row as values; call it while the session is open."""
    return Resting(snapshot(row, tenant_id), row.due_at, links.is_leased(row, now))


def records_of(crm: CrmGateway, rest: Resting, now: datetime) -> Sequence[Activity]:
    """The live records of a link's meeting; what is not at rest need not be asked for."""
    if rest.link.ical_uid is None or not rest.is_at_rest(now) or rest.left_undone(now):
        return ()
    return crm.find_by_ical_uid(rest.link.tenant_id, rest.link.ical_uid)


def of_link(rest: Resting, drifted: Iterable[Drift]) -> list[Found]:
    """Findings about a link."""
    link = rest.link
    return [
        Found(
            drift.value,
            link.id,
            mailbox_id=link.mailbox_id,
            link_id=link.id,
            event_id=link.event_id,
            ical_uid=link.ical_uid,
            activity_id=link.activity_id,
            external_key=link.external_key,
        )
        for drift in drifted
    ]


def of_event(owner: CalendarOwner, drift: Drift, event: Event) -> Found:
    """A finding about an event that has no link."""
    return Found(
        drift.value,
        event.id,
        mailbox_id=owner.mailbox_id,
        event_id=event.id,
        ical_uid=event.ical_uid,
    )
