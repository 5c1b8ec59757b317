"""Shared calendars that somebody added to his own: local copies that follow the original.

Graph docs (get shared calendar and its events): the calendar and its events have ids of their own
in the sharee's mailbox, beside those in the owner's. What is changed in the owner's calendar is
changed here at once; what the sharee changes is changed in the owner's calendar.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.sandbox.directory import DelegateRights, Person
from backend.sandbox.exchange import series
from backend.sandbox.exchange.errors import ExchangeError, bad_request, not_found
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import (
    Calendar,
    Cause,
    Change,
    ChangeKind,
    EventKind,
    Json,
    StoredEvent,
)

if TYPE_CHECKING:
    from backend.sandbox.exchange.store import Exchange

Place = tuple[str, str]
"""The owner's object id and the id of a calendar in his mailbox."""


class SharedCalendars:
    """Which shared calendars were added by whom; told of every change by the exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._followers: dict[Place, list[tuple[Mailbox, Calendar]]] = {}

    def clear(self) -> None:
        """Nobody follows anything."""
        self._followers.clear()

    def rights(self, calendar: Calendar, sharee_id: str) -> DelegateRights:
        """What the sharee may do in an added calendar at the moment; nothing once withdrawn."""
        found = self._exchange.directory.delegate_rights(calendar.owner_id or "", sharee_id)
        return found or DelegateRights(read=False)

    def accept(self, sharee: Person, owner: Person, calendar_id: str | None = None) -> Calendar:
        """The sharee adds a calendar of the owner, the default one unless another is named.

        One that was added before stays as it is. Raises ExchangeError 403 if it is not shared.
        """
        rights = self._exchange.directory.delegate_rights(owner.id, sharee.id)
        if rights is None or sharee.id == owner.id:
            raise ExchangeError(403, "ErrorAccessDenied", "The calendar is not shared.")
        theirs, mine = self._exchange.mailbox(owner.id), self._exchange.mailbox(sharee.id)
        shared = theirs.default_calendar if calendar_id is None else theirs.calendar(calendar_id)
        if shared.is_shared:
            raise bad_request("A calendar can only be shared by its owner.")
        for mailbox, calendar in self._followers.get((owner.id, shared.id), []):
            if mailbox is mine:
                return calendar
        calendar = mine.add_calendar(owner.name if shared.is_default else shared.name)
        calendar.owner_id, calendar.original_id = owner.id, shared.id
        self.resume(mine, calendar)
        for event in theirs.items(shared.id):
            self._add(mine, calendar, event, None)
        return calendar

    def resume(self, mailbox: Mailbox, calendar: Calendar) -> None:
        """Follow the original from now on, as after a restart."""
        place = (calendar.owner_id or "", calendar.original_id or "")
        self._followers.setdefault(place, []).append((mailbox, calendar))

    def leave(self, mailbox: Mailbox, calendar: Calendar, cause: Cause | None) -> None:
        """The sharee takes an added calendar off his list; the original stays."""
        place = (calendar.owner_id or "", calendar.original_id or "")
        followers = self._followers.get(place, [])
        self._followers[place] = [each for each in followers if each[1] is not calendar]
        for event in list(mailbox.items(calendar.id)):
            mailbox.remove(event, cause, for_good=True)
        mailbox.calendars.pop(calendar.id, None)

    def withdraw(self, owner: Person, sharee: Person) -> None:
        """The owner shares no longer: his calendars leave the sharee's list."""
        self._exchange.directory.delegations.pop((owner.id, sharee.id), None)
        mailbox = self._exchange.mailbox(sharee.id)
        for calendar in list(mailbox.calendars.values()):
            if calendar.owner_id == owner.id:
                self.leave(mailbox, calendar, None)

    def original(self, event: StoredEvent) -> StoredEvent:
        """What an event of an added calendar is in its owner's; any other event is itself."""
        local = event.master or event
        if local.original is None:
            return event
        found = local.original if event.day is None else series.instance(local.original, event.day)
        if found is None:
            raise not_found()
        return found

    def follow(self, mailbox: Mailbox, change: Change) -> None:
        """Something changed in a mailbox: so do the added calendars that show it."""
        place = (mailbox.person.id, change.calendar_id)
        for sharee, calendar in self._followers.get(place, ()):
            self._repeat(sharee, calendar, change)

    def _repeat(self, sharee: Mailbox, calendar: Calendar, change: Change) -> None:
        source = change.event.master or change.event
        local_id = calendar.copies.get(source.immutable_id)
        local = sharee.find(local_id) if local_id is not None else None
        if local is None:
            if change.kind is not ChangeKind.DELETED:
                self._add(sharee, calendar, source, change.cause)
        elif change.kind is ChangeKind.DELETED and change.event.master is None:
            del calendar.copies[source.immutable_id]
            sharee.remove(local, change.cause, for_good=True)
        else:
            self._update(local, source, change)

    def _update(self, local: StoredEvent, source: StoredEvent, change: Change) -> None:
        _take_over(local, source)
        day = change.event.day
        part = series.instance(local, day) if day is not None else None
        local.mailbox.record_change(change.kind, part or local, change.cause)
        if change.kind is ChangeKind.DELETED and day is not None:
            # The original loses the instance when everybody has heard of it; so does the copy.
            local.cancelled.add(day)
            local.overrides.pop(day, None)
            local.instances.pop(day, None)

    def _add(
        self, sharee: Mailbox, calendar: Calendar, source: StoredEvent, cause: Cause | None
    ) -> None:
        local = sharee.add(
            kind=source.kind,
            ical_uid=source.ical_uid,
            fields=_fields(source),
            start=source.start,
            end=source.end,
            cause=cause,
            calendar_id=calendar.id,
            created=source.created,
            lag=source.visible_at,
            original=source,
        )
        if source.kind is EventKind.MASTER:
            _take_over(local, source)
        calendar.copies[source.immutable_id] = local.immutable_id


def _take_over(local: StoredEvent, source: StoredEvent) -> None:
    """Be as the original is now, exceptions and cancelled instances included."""
    local.fields, local.kind = _fields(source), source.kind
    local.start, local.end = source.start, source.end
    local.overrides = {day: replace(own) for day, own in source.overrides.items()}
    local.cancelled = set(source.cancelled)
    local.instances.clear()
    local.rendered.clear()


def _fields(source: StoredEvent) -> Json:
    # A transaction belongs to whoever made the original.
    return {**source.fields, "transactionId": None}
