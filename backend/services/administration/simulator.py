"""What settings would make of the last 30 days and of existing records, before they are stored
(A8, S6).

Calendars are read anew, as stored rows do not say who was invited: at most so many, and no longer
than a person waits; the answer says how many were read. Nothing is written, and nothing of a
private event leaves the judgement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.db import crowds, people
from backend.db.administration import PeopleFilter
from backend.db.crowds import Followed
from backend.db.models import FirmRow
from backend.domain.competing import Finding, marks_of
from backend.domain.crm import CrmGateway
from backend.domain.decisions import why_unqualified
from backend.domain.errors import SyncError
from backend.domain.event import Event
from backend.domain.plan import DESTROYING, FREEZING
from backend.domain.ports import Calendars, Clock, Principal, Window
from backend.services.administration.answers import Preview, SampleEvent
from backend.services.administration.competing import look_for
from backend.services.administration.configuration import normalised
from backend.services.administration.office import Admin, Office
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
BUDGET = 12.0
"""Seconds a person may wait for the numbers."""
MOST_SAMPLES = 50
LONGEST = timedelta(days=1825)
"""Graph answers no longer window (Graph docs: list calendarView)."""
MARGIN = timedelta(days=1)
"""An event may have been moved a little since its link was last looked at."""


@dataclass(frozen=True, slots=True)
class _Calendar:
    listed: ListedCalendar
    followed: Mapping[str, Followed]
    """The links with records that Outlook keeps up to date, by the event's id."""

    @property
    def owner(self) -> CalendarOwner:
        return self.listed.owner


@dataclass(frozen=True, slots=True)
class _Firm:
    """What has to be known of the firm besides its policy."""

    is_enabled: bool
    marks: tuple[str, ...]
    without_address: int


class Simulator:
    """Judges what there was by two sets of rules."""

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

    def preview(self, principal: Principal, changes: Mapping[str, Any]) -> Preview:
        """How many records the rules would make by ``changes``, and what differs from today.

        As if sync had been on all the time: that an event is older than that does not count.
        """
        admin = self._office.admit(principal)
        # Its samples name contacts.
        self._office.note_view(admin, "configuration", None, "preview")
        given = normalised(changes)
        until = self._monotonic() + BUDGET
        firm, calendars, total = self._enabled(admin, given)
        now = self._clock()
        competing = self._competing(firm, calendars, given, now, until)
        read, tally = 0, _Tally(own=admin.mailbox_id)
        for calendar in calendars:
            if self._monotonic() >= until:
                break
            if self._judge(calendar, given, now, tally, until):
                read += 1
        return Preview(
            records=len(tally.after),
            users=len(tally.users),
            added=len(tally.after - tally.before),
            removed=len(tally.before - tally.after),
            sample=tuple(tally.sample),
            mailboxes=total,
            mailboxes_read=read,
            unqualified=tally.unqualified,
            users_without_address=firm.without_address,
            competing=competing,
        )

    def _enabled(
        self, admin: Admin, changes: Mapping[str, Any]
    ) -> tuple[_Firm, list[_Calendar], int]:
        chosen = PeopleFilter(enabled=True, has_server=True)
        with self._database.read() as session:
            row = session.get_one(FirmRow, admin.firm_id)
            kind = changes.get("user_address", row.user_address)
            without = 0
            if kind is not row.user_address:
                without = people.count_without(session, admin.firm_id, kind)
            firm = _Firm(row.sync_enabled, tuple(row.competing_marks), without)
            listed, total = list_calendars(
                session, self._callers, admin, chosen, limit=MOST_MAILBOXES
            )
            found = []
            for one in listed:
                links = crowds.followed(session, one.owner.mailbox_id)
                found.append(_Calendar(one, {link.event_id: link for link in links}))
        return firm, found, total

    def _competing(
        self,
        firm: _Firm,
        calendars: Sequence[_Calendar],
        changes: Mapping[str, Any],
        now: datetime,
        until: float,
    ) -> tuple[Finding, ...]:
        """Other syncs at work; looked for while ours is off, and when their marks are changed."""
        if firm.is_enabled and "competing_marks" not in changes:
            return ()
        marks = marks_of(changes.get("competing_marks", firm.marks))
        half = self._monotonic() + (until - self._monotonic()) / 2
        mailboxes = [
            (self._calendars.as_app(one.owner.server, budget=BUDGET / 2), one.owner.mailbox)
            for one in calendars
            if one.owner.server is not None
        ]
        return look_for(marks, mailboxes, now, is_over=lambda: self._monotonic() >= half)

    def _judge(
        self,
        calendar: _Calendar,
        changes: Mapping[str, Any],
        now: datetime,
        tally: _Tally,
        until: float,
    ) -> bool:
        """Whether the calendar was read to its end."""
        owner = as_if_always_on(calendar.owner, now)
        follows = calendar.listed.follows_firm
        changed = changed_by(owner, changes, follows_firm=follows)
        real = changed_by(calendar.owner, changes, follows_firm=follows)
        try:
            for page in self._pages(calendar, now, until):
                for event, old, new in match_by_both(self._crm, owner, changed, page):
                    link = calendar.followed.get(event.id)
                    if link is not None and _no_longer_qualifies(real, link, event, new, now):
                        tally.unqualified += 1
                    if not is_recent(event, now):
                        continue
                    before = is_chosen(owner, event, old, now)
                    after = is_chosen(changed, event, new, now)
                    tally.count(changed, event, new, before=before, after=after)
        except (SyncError, TooMuchError):
            return False
        return True

    def _pages(self, of: _Calendar, now: datetime, until: float) -> Iterator[list[Event]]:
        owner = of.owner
        assert owner.server is not None
        budget = max(0.5, until - self._monotonic())
        calendar = self._calendars.as_app(owner.server, budget=budget)
        with self._callers.graph(owner):
            yield from event_pages(calendar, owner.mailbox, _window(of, now))


class _Tally:
    """Meetings by their iCalUId: one record each, however many calendars show them."""

    def __init__(self, own: str) -> None:
        self.before: set[str] = set()
        self.after: set[str] = set()
        self.users: set[str] = set()
        self.sample: list[SampleEvent] = []
        self.unqualified = 0
        self._own = own

    def count(
        self,
        owner: CalendarOwner,
        event: Event,
        matches: Matches,
        *,
        before: bool,
        after: bool,
    ) -> None:
        key = event.ical_uid or event.id
        is_new = key not in self.before | self.after
        if before:
            self.before.add(key)
        if after:
            self.after.add(key)
            self.users.add(owner.user_id)
        if before is after or not is_new or event.is_private:
            return
        if len(self.sample) < MOST_SAMPLES:
            self.sample.append(sample_of(owner, event, matches, own=self._own, is_added=after))


def _window(calendar: _Calendar, now: datetime) -> Window:
    """The last 30 days, and as far as there are records of this calendar."""
    ends = [link.event_end for link in calendar.followed.values() if link.event_end is not None]
    start = min([now - PERIOD, *(end - MARGIN for end in ends)])
    end = max([now, *(end + MARGIN for end in ends)])
    return Window(start, min(end, start + LONGEST))


def _no_longer_qualifies(
    owner: CalendarOwner, link: Followed, event: Event, matches: Matches, now: datetime
) -> bool:
    """Whether a review of this link would take its record away (S6)."""
    codes = judge_event(owner, event, matches, now, link.origin).codes
    if event.end < owner.policy.period(now)[0] or set(codes) & (FREEZING | DESTROYING):
        return False
    return why_unqualified(codes) is not None
