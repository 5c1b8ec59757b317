"""The simulator: what a choice of contact types and switches makes of the last 30 days (A8).

A part of the firm at a time, as calendars are read anew: whoever asks sums up the parts, shows how
far it is, and stops by not asking for the next one. Nothing is kept and nothing is written.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from backend.db.administration import PeopleFilter
from backend.domain.choosing import codes_to_keep
from backend.domain.crm import CrmGateway
from backend.domain.errors import SyncError
from backend.domain.event import Event
from backend.domain.policy import Origin
from backend.domain.ports import Calendars, Clock, Principal, Window
from backend.services.administration.answers import NamePlace, SampleEvent
from backend.services.administration.configuration import normalised
from backend.services.administration.office import Office
from backend.services.administration.weighing import (
    PERIOD,
    ListedCalendar,
    Matches,
    TooMuchError,
    as_if_always_on,
    changed_by,
    event_pages,
    is_chosen,
    is_recent,
    list_calendars,
    match_by_both,
    sample_of,
)
from backend.services.callers import CalendarOwner, Callers
from backend.services.judging import judge_event
from backend.sql import Database

MOST_MAILBOXES = 200
"""Of one part."""
BUDGET = 5.0
"""Seconds until a part is answered with what it has come to."""
SLOWEST_CALENDAR = 10.0
THREADS = 8
MOST_SAMPLES = 10


@dataclass(frozen=True, slots=True)
class SimulatedUser:
    """What one user's calendar would give."""

    id: str
    name: str
    address: str | None
    records: int
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class SimulatedPart:
    """The numbers of some calendars; those of the firm are the sums of all parts."""

    calendars: int
    unreadable: int
    """How many of them could not be read."""
    total: int
    """How many calendars there are in all parts."""
    events: int
    records: int
    added: int
    removed: int
    by_code: dict[str, int]
    """Why events are not chosen; one may have several reasons."""
    by_user: tuple[SimulatedUser, ...]
    """Those whose calendars give records, or gave some."""
    sample: tuple[SampleEvent, ...]
    next: NamePlace | None


@dataclass(slots=True)
class _Count:
    """What one calendar came to; meetings are told apart by their iCalUId."""

    owner: CalendarOwner
    is_readable: bool = True
    events: int = 0
    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)
    codes: Counter[str] = field(default_factory=Counter)
    sample: list[SampleEvent] = field(default_factory=list)


class Simulation:
    """Judges calendars by settings that nobody has saved."""

    def __init__(
        self,
        database: Database,
        office: Office,
        callers: Callers,
        calendars: Calendars,
        crm: CrmGateway,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._office = office
        self._callers = callers
        self._calendars = calendars
        self._crm = crm
        self._clock = clock
        self._monotonic = monotonic

    def next_part(
        self,
        principal: Principal,
        settings: Mapping[str, Any],
        *,
        everybody: bool,
        after: NamePlace | None,
    ) -> SimulatedPart:
        """The numbers of the calendars behind ``after``, as many as there is time for.

        As if sync were on and had been all the time. ``everybody``: users who are not enabled
        count as if they were, so that numbers are known before anybody is.
        """
        admin = self._office.admit(principal)
        until = self._monotonic() + BUDGET
        chosen = PeopleFilter(enabled=None if everybody else True, has_server=True)
        with self._database.read() as session:
            calendars, total = list_calendars(
                session, self._callers, admin, chosen, limit=MOST_MAILBOXES, after=after
            )
        given = {**normalised(settings), "sync_enabled": True}
        count_one = partial(
            self._count, settings=given, now=self._clock(), own=admin.mailbox_id, all_on=everybody
        )
        counts: list[_Count] = []
        with ThreadPoolExecutor(THREADS, thread_name_prefix="simulation") as threads:
            for begin in range(0, len(calendars), THREADS):
                counts += threads.map(count_one, calendars[begin : begin + THREADS])
                if self._monotonic() >= until:
                    break
        is_last = len(counts) == len(calendars) < MOST_MAILBOXES
        place = None if is_last or not counts else calendars[len(counts) - 1].place
        return _summed_up(counts, total, place)

    def _count(
        self,
        calendar: ListedCalendar,
        *,
        settings: Mapping[str, Any],
        now: datetime,
        own: str,
        all_on: bool,
    ) -> _Count:
        today = as_if_always_on(calendar.owner, now)
        changed = changed_by(today, settings, follows_firm=calendar.follows_firm)
        if all_on:
            state = replace(changed.state, enabled_by_admin=True, enabled_by_user=None)
            changed = replace(changed, state=state)
        count = _Count(today)
        try:
            events = self._read(today, now)
            for event, old, new in match_by_both(self._crm, today, changed, events):
                before = is_chosen(today, event, old, now)
                _take(count, changed, event, new, now, was_chosen=before, own=own)
        except SyncError:
            return _Count(today, is_readable=False)
        return count

    def _read(self, owner: CalendarOwner, now: datetime) -> Sequence[Event]:
        assert owner.server is not None
        calendar = self._calendars.as_app(owner.server, budget=SLOWEST_CALENDAR)
        found: dict[str, Event] = {}
        # Of an endless calendar, what was read counts.
        with self._callers.graph(owner), suppress(TooMuchError):
            for page in event_pages(calendar, owner.mailbox, Window(now - PERIOD, now)):
                found |= {event.id: event for event in page if is_recent(event, now)}
        return list(found.values())


def _take(
    count: _Count,
    owner: CalendarOwner,
    event: Event,
    matches: Matches,
    now: datetime,
    *,
    was_chosen: bool,
    own: str,
) -> None:
    """Count one event; ``own``: the mailbox of whoever looks, who may read his own subjects."""
    verdict = judge_event(owner, event, matches, now, Origin.AUTOMATIC)
    key = event.ical_uid or event.id
    count.events += 1
    if was_chosen:
        count.before.add(key)
    if verdict.eligible:
        count.after.add(key)
    else:
        count.codes.update(codes_to_keep(verdict.codes))
    if verdict.eligible is was_chosen or event.is_private or len(count.sample) >= MOST_SAMPLES:
        return
    count.sample.append(sample_of(owner, event, matches, own=own, is_added=verdict.eligible))


def _summed_up(counts: Sequence[_Count], total: int, place: NamePlace | None) -> SimulatedPart:
    codes: Counter[str] = Counter()
    for count in counts:
        codes += count.codes
    users = tuple(
        SimulatedUser(
            id=count.owner.user_id,
            name=count.owner.name,
            address=count.owner.address or None,
            records=len(count.after),
            added=len(count.after - count.before),
            removed=len(count.before - count.after),
        )
        for count in counts
        if count.after or count.before
    )
    return SimulatedPart(
        calendars=len(counts),
        unreadable=sum(not count.is_readable for count in counts),
        total=total,
        events=sum(count.events for count in counts),
        records=sum(user.records for user in users),
        added=sum(user.added for user in users),
        removed=sum(user.removed for user in users),
        by_code=dict(codes),
        by_user=users,
        sample=tuple(one for count in counts for one in count.sample)[:MOST_SAMPLES],
        next=place,
    )
