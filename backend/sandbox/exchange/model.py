"""What a mailbox holds: copies of events, calendars, categories; and what is written about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.sandbox.exchange.mailbox import Mailbox

Json = dict[str, Any]
Clock = Callable[[], datetime]


class EventKind(StrEnum):
    """Graph's eventType."""

    SINGLE = "singleInstance"
    OCCURRENCE = "occurrence"
    EXCEPTION = "exception"
    MASTER = "seriesMaster"


class ChangeKind(StrEnum):
    """Graph's changeType."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Cause:
    """Who made something happen; `app` None means a person in Outlook."""

    app: str | None = None
    user_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class MailItem:
    """A mail Exchange sends about a meeting."""

    at: datetime
    kind: str
    from_: str
    to: tuple[str, ...]
    subject: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a mailbox's history; `sequence` grows over all mailboxes of the sandbox."""

    sequence: int
    kind: ChangeKind
    at: datetime
    event: StoredEvent
    calendar_id: str
    event_id: str
    cause: Cause | None


@dataclass(slots=True)
class Override:
    """What one instance of a series has of its own; everything else is its master's."""

    fields: Json = field(default_factory=dict)
    start: datetime | None = None
    end: datetime | None = None
    modified: datetime | None = None
    version: int = 0
    extended: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class StoredEvent:
    """One mailbox's copy of an event, of a series, or of one instance of a series.

    `fields` has the Graph members that are not ids, versions or times; its values are never
    changed in place, because copies share them. An all-day event's start and end are midnight UTC
    of its dates. Instances are made on demand from `master`, whose `overrides` keep what is theirs.
    `original` is what somebody else's calendar has of an event in a shared calendar that was added.
    """

    mailbox: Mailbox
    id: str
    immutable_id: str
    entry: bytes
    immutable_entry: bytes
    calendar_id: str
    kind: EventKind
    ical_uid: str
    fields: Json
    start: datetime
    end: datetime
    created: datetime
    modified: datetime
    version: int = 0
    series_version: int = 0
    extended: dict[str, str] = field(default_factory=dict)
    visible_at: datetime | None = None
    is_deleted: bool = False
    original: StoredEvent | None = None
    master: StoredEvent | None = None
    day: date | None = None
    original_start: datetime | None = None
    overrides: dict[date, Override] = field(default_factory=dict)
    cancelled: set[date] = field(default_factory=set)
    instances: dict[date, StoredEvent | None] = field(default_factory=dict)
    rendered: dict[Any, Any] = field(default_factory=dict)

    @property
    def change_key(self) -> str:
        """The version of this copy, as Graph shows it."""
        return self.mailbox.mint.change_key(self.version)

    @property
    def is_organizer(self) -> bool:
        """Whether the owner of this calendar organizes the meeting."""
        return bool(self.fields["isOrganizer"])

    @property
    def is_all_day(self) -> bool:
        """Whether start and end are dates."""
        return bool(self.fields["isAllDay"])

    @property
    def zone_name(self) -> str:
        """The zone the event was created in; dates have none, which UTC stands for."""
        if self.is_all_day:
            return "UTC"
        recurrence = self.fields.get("recurrence") if self.master is None else None
        if recurrence:
            return str(recurrence["range"]["recurrenceTimeZone"])
        return str(self.fields["originalStartTimeZone"])

    @property
    def attendees(self) -> list[Json]:
        """Graph's attendee objects."""
        found: list[Json] = self.fields["attendees"]
        return found

    @property
    def is_local_copy(self) -> bool:
        """Whether this is what a shared calendar, added to one's own, has of somebody's event."""
        return (self.master or self).original is not None

    @property
    def owner_id(self) -> str:
        """Object id of the mailbox's owner."""
        return self.mailbox.person.id


@dataclass(slots=True)
class Calendar:
    """A calendar folder of a mailbox.

    One that somebody shares and the mailbox's owner added has the sharer's object id in `owner_id`,
    the id of his calendar in `original_id`, and in `copies` the immutable ids of its own events by
    those of the originals.
    """

    id: str
    name: str
    is_default: bool
    version: int
    color: str = "auto"
    hex_color: str = ""
    owner_id: str | None = None
    original_id: str | None = None
    copies: dict[str, str] = field(default_factory=dict)

    @property
    def is_shared(self) -> bool:
        """Whether it is somebody else's."""
        return self.owner_id is not None


@dataclass(slots=True)
class MasterCategory:
    """A coloured category of a mailbox's master list."""

    id: str
    name: str
    color: str
