"""What settings would make of the last 30 days, before they are stored (A8, S6).

Calendars are read anew, as stored rows do not say who was invited: at most so many, and no longer
than a person waits; the answer says how many were read. Nothing is written, and nothing of a
private event leaves the judgement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from backend.db import administration, people
from backend.db.administration import PeopleFilter
from backend.domain.choosing import because
from backend.domain.crm import AttendeeMatch, CrmGateway
from backend.domain.errors import SyncError
from backend.domain.event import Event, normalised_address
from backend.domain.matching import invited, match_attendees
from backend.domain.policy import Origin, Policy, PrivateEvents
from backend.domain.ports import Calendars, Clock, Principal, Touched, Window
from backend.services.administration.answers import Preview, SampleEvent
from backend.services.administration.configuration import normalised
from backend.services.administration.office import Admin, Office
from backend.services.callers import CalendarOwner, Callers
from backend.services.judging import judge_event
from backend.sql import Database

PERIOD = timedelta(days=30)
MOST_MAILBOXES = 200
MOST_PAGES = 20
BUDGET = 12.0
"""Seconds a person may wait for the numbers."""
MOST_SAMPLES = 50
Matches = tuple[AttendeeMatch, ...]
_POLICY_FIELDS = frozenset(Policy.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class _Calendar:
    owner: CalendarOwner
    follows_firm: bool
    """Whether the user's mode would change with the firm's."""


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
        until = self._monotonic() + BUDGET
        calendars, total = self._enabled(admin)
        now = self._clock()
        read, tally = 0, _Tally(own=admin.mailbox_id)
        for calendar in calendars:
            if self._monotonic() >= until:
                break
            if self._judge(calendar, normalised(changes), now, tally, until):
                read += 1
        return Preview(
            records=len(tally.after),
            users=len(tally.users),
            added=len(tally.after - tally.before),
            removed=len(tally.before - tally.after),
            sample=tuple(tally.sample),
            mailboxes=total,
            mailboxes_read=read,
        )

    def _enabled(self, admin: Admin) -> tuple[list[_Calendar], int]:
        chosen = PeopleFilter(enabled=True, has_server=True)
        with self._database.read() as session:
            total = administration.count_people(session, admin.firm_id, chosen)
            listed = administration.list_people(
                session, admin.firm_id, chosen, limit=MOST_MAILBOXES, after=None
            )
            found = []
            for one in listed:
                owner = people.get_owner_of_mailbox(session, admin.tenant_id, one.mailbox.id)
                values = self._callers.owner_of(owner)
                found.append(_Calendar(values, follows_firm=not one.user.mode_chosen))
        return found, total

    def _judge(
        self,
        calendar: _Calendar,
        changes: Mapping[str, Any],
        now: datetime,
        tally: _Tally,
        until: float,
    ) -> bool:
        """Whether the calendar was read to its end."""
        owner = _as_if_always_on(calendar.owner, now)
        changed = _changed(owner, changes, follows_firm=calendar.follows_firm)
        try:
            for page in self._pages(owner, now, until):
                matched = self._matched(owner, changed, page)
                for event, old, new in matched:
                    before = _is_chosen(owner, event, old, now)
                    after = _is_chosen(changed, event, new, now)
                    tally.count(changed, event, new, before=before, after=after)
        except SyncError:
            return False
        return True

    def _pages(self, owner: CalendarOwner, now: datetime, until: float) -> Iterator[list[Event]]:
        assert owner.server is not None
        budget = max(0.5, until - self._monotonic())
        calendar = self._calendars.as_app(owner.server, budget=budget)
        where: Window | str = Window(now - PERIOD, now)
        for _ in range(MOST_PAGES):
            page = calendar.read_changes(owner.mailbox, where)
            yield [change.event for change in page.changes if isinstance(change, Touched)]
            if page.is_last:
                return
            where = page.link

    def _matched(
        self, owner: CalendarOwner, changed: CalendarOwner, events: list[Event]
    ) -> list[tuple[Event, Matches, Matches]]:
        """Each event with who is a contact, by both settings; one call of the CRM for a page."""
        addresses = {
            normalised_address(attendee.address)
            for event in events
            if not (_stays_private(owner, event) and _stays_private(changed, event))
            for attendee in invited(event)
            if attendee.address
        }
        contacts = (
            self._crm.contacts_by_address(owner.tenant_id, sorted(addresses)) if addresses else {}
        )

        def matches(by: CalendarOwner, event: Event) -> Matches:
            if _stays_private(by, event):
                return ()
            block_list = (*by.policy.block_list, *by.state.block_list)
            return match_attendees(invited(event), contacts, by.policy, block_list=block_list)

        return [(event, matches(owner, event), matches(changed, event)) for event in events]


def _stays_private(owner: CalendarOwner, event: Event) -> bool:
    """Of such an event the CRM is told nothing."""
    return event.is_private and owner.policy.private_events is PrivateEvents.EXCLUDE


class _Tally:
    """Meetings by their iCalUId: one record each, however many calendars show them."""

    def __init__(self, own: str) -> None:
        self.before: set[str] = set()
        self.after: set[str] = set()
        self.users: set[str] = set()
        self.sample: list[SampleEvent] = []
        self._own = own

    def count(
        self,
        owner: CalendarOwner,
        event: Event,
        matches: tuple[AttendeeMatch, ...],
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
            self.sample.append(
                SampleEvent(
                    user=owner.address or owner.name,
                    event_id=event.id,
                    start=event.start,
                    subject=event.subject if owner.mailbox_id == self._own else None,
                    because=because(matches, owner.policy) if after else None,
                    change="added" if after else "removed",
                )
            )


def _is_chosen(
    owner: CalendarOwner, event: Event, matches: tuple[AttendeeMatch, ...], now: datetime
) -> bool:
    return judge_event(owner, event, matches, now, Origin.AUTOMATIC).eligible


def _as_if_always_on(owner: CalendarOwner, now: datetime) -> CalendarOwner:
    """Events older than the user's sync are judged like others."""
    return replace(owner, state=replace(owner.state, activated_at=now - timedelta(days=3650)))


def _changed(
    owner: CalendarOwner, changes: Mapping[str, Any], *, follows_firm: bool
) -> CalendarOwner:
    policy = owner.policy
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in changes.items()
        if name in _POLICY_FIELDS
    }
    if "further_domains" in changes:
        verified = owner.policy.own_domains
        values["own_domains"] = tuple(dict.fromkeys((*verified, *changes["further_domains"])))
    # Numbers are asked for before sync is enabled, too.
    new = replace(policy, **values)
    state = replace(owner.state, mode=new.mode) if follows_firm else owner.state
    return replace(owner, policy=new, state=state)
