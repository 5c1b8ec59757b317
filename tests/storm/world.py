"""What the evaluator looks at: plain values, read over HTTP or handed in. No rule and no reading.

Nothing in the evaluator's modules (this one, ``reading``, ``rules``, ``expecting``, ``evaluator``)
imports the product; ``test_independence.py`` proves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

CATEGORY = "Add this Event to InterAction"


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm's settings in the words of product.md A1 and A2; the defaults are the demo's."""

    tenant_id: str
    own_domains: frozenset[str]
    manual: bool = True
    """Whether the firm's mode allows ticks (E2)."""
    automatic: bool = True
    contact_types: frozenset[str] = frozenset({"client", "prospect"})
    past: timedelta = timedelta(days=30)
    future: timedelta = timedelta(days=730)
    also_company: bool = False
    excludes_personnel: bool = True
    internal_manual: bool = True
    internal_automatic: bool = False
    category: str = CATEGORY
    marks_cancelled: bool = True
    deletes_synced: bool = True
    blocked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    """One mailbox and its owner's switches."""

    oid: str
    address: str
    enabled: bool = True
    manual: bool = True
    automatic: bool = True
    has_server: bool = True
    activated_at: datetime | None = None
    blocked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Attendee:
    address: str
    """Case folded."""
    name: str
    kind: str
    response: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of an event as Graph shows it. Instants are UTC; all-day ones have dates, too."""

    mailbox: str
    id: str
    ical_uid: str
    subject: str
    start: datetime
    end: datetime
    all_day: bool
    start_date: date | None
    end_date: date | None
    type: str
    sensitivity: str
    is_organizer: bool
    is_cancelled: bool
    is_draft: bool
    organizer: str
    attendees: tuple[Attendee, ...]
    categories: tuple[str, ...]
    created: datetime
    in_default_calendar: bool = True

    @property
    def is_private(self) -> bool:
        return self.sensitivity in ("private", "confidential")

    def others(self) -> tuple[Attendee, ...]:
        """Everybody invited but the organizer, each address once."""
        seen = {self.organizer, ""}
        found = []
        for attendee in self.attendees:
            if attendee.address not in seen:
                seen.add(attendee.address)
                found.append(attendee)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Contact:
    id: str
    emails: frozenset[str]
    types: frozenset[str]
    company_types: frozenset[str]
    private: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One CRM activity; ``raw`` is its JSON."""

    id: str
    external_key: str | None
    kind: str
    ical_uid: str | None
    subject: str
    start: datetime
    end: datetime
    all_day: bool
    start_date: date | None
    end_date: date | None
    status: str
    sync_status: str
    contacts: Mapping[str, str]
    """Contact id by the attendee's address, case folded."""
    responses: Mapping[str, str]
    unmatched: frozenset[str]
    raw: Mapping[str, Any] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Directory:
    """Other addresses of one's own people, and the addresses of groups; all case folded."""

    aliases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()


class Word(StrEnum):
    """The user's last word about an event, as far as anybody can know it."""

    NONE = "none"
    """Nobody said anything: the rules decide."""
    TICKED = "ticked"
    UNTICKED = "unticked"
    UNKNOWN = "unknown"
    """Road.md §0: who acted on a wish not yet mirrored cannot be told to have been last."""


@dataclass
class Story:
    """What the driver's journal knows of one event. Everything has an answer for "nothing"."""

    word: Word = Word.NONE
    ever_wanted: bool = False
    """Whether at any time somebody or the rules wanted the record."""
    unsure: str | None = None
    """Why it cannot be said whether there is a record (documented freedom); None: it can."""
    gone: Copy | None = None
    """The organizer's copy as it was when it was cancelled or deleted."""
    hid_briefly: bool = False
    """Whether it turned private so shortly before it went that nobody may have seen it."""
    edited: dict[str, Any] = field(default_factory=dict)
    """Fields a person has written into the synced record (L4)."""
    removed_in_crm: bool = False
    kept: dict[str, Any] = field(default_factory=dict)
    """Exempt fields a person has written (notes): they survive everything but a destruction."""
    was_linked: bool = False
    """Whether there was a record for sure when the event came into a state that keeps records."""
    own_categories: dict[str, frozenset[str]] = field(default_factory=dict)
    """Per immutable id of a copy: the categories of its owner's own that must be there."""
    categories_unsure: bool = False
    typed_category: bool = False
    """Whether a person ever put our category on (or copied it along)."""
    shown: dict[str, Any] = field(default_factory=dict)
    """What the organizer last made of the event: nobody else may have changed it."""
    marks: set[str] = field(default_factory=set)
    """Words that stand nowhere but in this event's text."""


@dataclass(frozen=True, slots=True)
class Mail:
    kind: str
    subject: str
    app: str


@dataclass(frozen=True, slots=True)
class World:
    """Everything as it is now."""

    now: datetime
    began: datetime
    """When the product began to watch: what was past before then was never inside the period."""
    firm: Firm
    members: Mapping[str, Member]
    """By address, case folded."""
    copies: tuple[Copy, ...]
    records: tuple[Record, ...]
    contacts: tuple[Contact, ...]
    directory: Directory = Directory()
    mails: tuple[Mail, ...] = ()
    """Those that our applications caused."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One difference between what must be and what is."""

    kind: str
    mailbox: str
    event: str
    """iCalUId, or an id where there is none."""
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.mailbox} {self.event}: {self.expected}; found {self.found}"
