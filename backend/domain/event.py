"""An Outlook event as the product sees it: a frozen value, free of Graph's JSON and quirks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class EventType(StrEnum):
    """Graph's ``event.type``."""

    SINGLE_INSTANCE = "singleInstance"
    OCCURRENCE = "occurrence"
    EXCEPTION = "exception"
    SERIES_MASTER = "seriesMaster"


class Sensitivity(StrEnum):
    """Graph's ``event.sensitivity``."""

    NORMAL = "normal"
    PERSONAL = "personal"
    PRIVATE = "private"
    CONFIDENTIAL = "confidential"


class AttendeeType(StrEnum):
    """Graph's ``attendee.type``."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class Person:
    """A name and an e-mail address as Outlook shows them; either may be empty."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attendee:
    """One invited address. ``response`` is Graph's word (``accepted``, ``none``, …)."""

    name: str
    address: str
    type: AttendeeType = AttendeeType.REQUIRED
    response: str = "none"


@dataclass(frozen=True, slots=True)
class Location:
    """One place of the event; ``is_room`` when Exchange knows it as a bookable room."""

    name: str
    address: str | None = None
    is_room: bool = False


@dataclass(frozen=True, slots=True)
class OnlineMeeting:
    """How to join online."""

    provider: str
    join_url: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One copy of an event, in one mailbox.

    ``id`` is Graph's immutable id. ``start`` and ``end`` are aware UTC; an all-day event also has
    ``start_date`` and the exclusive ``end_date``, which are never shifted between zones.
    ``body_text`` is ``None`` when the look did not ask for it.
    """

    id: str
    ical_uid: str | None
    change_key: str
    etag: str
    subject: str
    start: datetime
    end: datetime
    created_at: datetime
    modified_at: datetime
    type: EventType = EventType.SINGLE_INSTANCE
    sensitivity: Sensitivity = Sensitivity.NORMAL
    all_day: bool = False
    start_date: date | None = None
    end_date: date | None = None
    time_zone: str | None = None
    is_organizer: bool = True
    is_cancelled: bool = False
    is_draft: bool = False
    organizer: Person | None = None
    attendees: tuple[Attendee, ...] = ()
    hide_attendees: bool = False
    categories: tuple[str, ...] = ()
    locations: tuple[Location, ...] = ()
    body_text: str | None = None
    show_as: str = "busy"
    importance: str = "normal"
    reminder_minutes: int | None = None
    online_meeting: OnlineMeeting | None = None
    web_link: str | None = None

    @property
    def is_recurring(self) -> bool:
        return self.type is not EventType.SINGLE_INSTANCE

    @property
    def is_private(self) -> bool:
        """Private or confidential: E6 treats both alike."""
        return self.sensitivity in (Sensitivity.PRIVATE, Sensitivity.CONFIDENTIAL)

    def has_category(self, name: str) -> bool:
        return has_category(self.categories, name)


def has_category(categories: Sequence[str], name: str) -> bool:
    """Whether ``name`` is among ``categories``; case does not matter (T11)."""
    wanted = name.strip().casefold()
    return any(category.strip().casefold() == wanted for category in categories)


def with_category(categories: Sequence[str], name: str) -> tuple[str, ...]:
    """The whole array with ``name`` added at the end, order and unknown entries kept."""
    return tuple(categories) if has_category(categories, name) else (*categories, name)


def without_category(categories: Sequence[str], name: str) -> tuple[str, ...]:
    """The whole array without ``name``, order and other entries kept."""
    wanted = name.strip().casefold()
    return tuple(c for c in categories if c.strip().casefold() != wanted)


def normalised_address(address: str) -> str:
    """An address in the form in which addresses are compared: trimmed, casefolded, no ``smtp:``."""
    folded = address.strip().casefold()
    return folded.removeprefix("smtp:")


def domain_of(address: str) -> str:
    """What follows the last ``@``, casefolded; empty when there is none."""
    return normalised_address(address).rpartition("@")[2] if "@" in address else ""
