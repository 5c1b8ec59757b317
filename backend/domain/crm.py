"""What the CRM holds, in the product's words, and the one interface to every CRM (C2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

from backend.domain.event import Attendee, OnlineMeeting, Person
from backend.domain.zones import zone_of


class ActivityKind(StrEnum):
    """``synced`` records follow an event, ``added`` ones were made once by hand."""

    SYNCED = "synced"
    ADDED = "added"


class ActivityStatus(StrEnum):
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class SyncStatus(StrEnum):
    SYNCED = "synced"
    RELEASED = "released"
    FINAL = "final"
    NOT_SYNCED = "not_synced"


class Phase(StrEnum):
    """One record, two words: an appointment until its end, an activity afterwards (L2)."""

    APPOINTMENT = "appointment"
    ACTIVITY = "activity"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person in the CRM. ``owner_id``: the Entra object id of a private contact's owner."""

    id: str
    name: str
    emails: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    company_id: str | None = None
    company_types: tuple[str, ...] = ()
    private: bool = False
    owner_id: str | None = None


@dataclass(frozen=True, slots=True)
class MatchedContact:
    """An attendee who is a contact."""

    contact_id: str
    name: str
    address: str
    response: str
    attendance: str


@dataclass(frozen=True, slots=True)
class UnmatchedAttendee:
    """An attendee the CRM does not know: kept by name and address (M)."""

    name: str
    address: str
    response: str
    attendance: str


@dataclass(frozen=True, slots=True)
class ActivityDraft:
    """What Outlook fills in a record: exactly the fields that ``revision`` counts (L4)."""

    subject: str
    start: datetime
    end: datetime
    type: str
    description: str = ""
    all_day: bool = False
    start_date: date | None = None
    end_date: date | None = None
    time_zone: str | None = None
    location: str = ""
    resources: tuple[str, ...] = ()
    status: ActivityStatus = ActivityStatus.CONFIRMED
    contacts: tuple[MatchedContact, ...] = ()
    unmatched: tuple[UnmatchedAttendee, ...] = ()
    assigned_to: Person | None = None
    owner_id: str | None = None
    event_id: str | None = None
    """The immutable id of the copy that the record was made from."""
    ical_uid: str | None = None
    recurring: bool = False
    """Made from one meeting of a series (``added`` records only: a series is never synced)."""
    web_link: str | None = None
    online_meeting: OnlineMeeting | None = None
    show_as: str = "busy"
    importance: str = "normal"
    private: bool = False
    reminder_minutes: int | None = None
    sync_status: SyncStatus = SyncStatus.SYNCED

    @property
    def duration_minutes(self) -> int:
        """Whole minutes from start to end; days of 24 hours where it lasts all day."""
        if self.all_day and self.start_date is not None and self.end_date is not None:
            return (self.end_date - self.start_date) // timedelta(minutes=1)
        return (self.end - self.start) // timedelta(minutes=1)

    @property
    def reminder_at(self) -> datetime | None:
        """When Outlook reminds, UTC; ``None`` without a reminder.

        An all-day event begins with midnight in the zone it was made in, or in UTC where that
        zone's rules are unknown.
        """
        if self.reminder_minutes is None:
            return None
        begins = self.start
        if self.all_day and self.start_date is not None:
            zone = zone_of(self.time_zone) or UTC
            begins = datetime.combine(self.start_date, time(), tzinfo=zone)
        try:
            return begins.astimezone(UTC) - timedelta(minutes=self.reminder_minutes)
        except OverflowError:
            return None


class ReferenceKind(StrEnum):
    """What a record can be about."""

    COMPANY = "company"
    CONTACT = "contact"
    OPPORTUNITY = "opportunity"
    INITIATIVE = "initiative"


@dataclass(frozen=True, slots=True)
class Reference:
    """One thing of the CRM, by its kind and id."""

    kind: ReferenceKind
    id: str


@dataclass(frozen=True, slots=True)
class Group:
    """Members of a firm who may see a record together (T6)."""

    id: str
    name: str

    @property
    def audience(self) -> str:
        """The visibility of a record that this group may see."""
        return GROUP_PREFIX + self.id


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the firm. ``id``: his Entra object id."""

    id: str
    name: str
    address: str


EVERYONE, ONLY_ME, GROUP_PREFIX = "everyone", "only_me", "group:"
"""Who can see a record: everybody of the firm, its owner, or he and a group (``group:ID``)."""


def group_of(visibility: str) -> str | None:
    """The id of the group that may see a record; ``None`` when that is no group's matter."""
    if not visibility.startswith(GROUP_PREFIX):
        return None
    return visibility.removeprefix(GROUP_PREFIX)


@dataclass(frozen=True, slots=True)
class Activity:
    """A record as the CRM answers it. ``revision`` is opaque: equal means unchanged."""

    id: str
    external_key: str | None
    kind: ActivityKind
    draft: ActivityDraft
    revision: str
    created_at: datetime
    updated_at: datetime
    edited_by: Person | None = None
    """Who last changed an Outlook-filled field by hand; ``None`` while only the sync wrote it."""
    notes: str = ""
    company_ids: tuple[str, ...] = ()
    opportunity_ids: tuple[str, ...] = ()
    initiative_ids: tuple[str, ...] = ()
    regarding: Reference | None = None
    """The one thing it is about (T6)."""
    visibility: str = EVERYONE
    removed: bool = False
    """A tombstone: taken away, restorable for 30 days."""

    def phase(self, now: datetime) -> Phase:
        return Phase.APPOINTMENT if self.draft.end > now else Phase.ACTIVITY


@dataclass(frozen=True, slots=True)
class Additions:
    """What a person adds to a record and Outlook never fills in (L4)."""

    notes: str = ""
    company_ids: tuple[str, ...] = ()
    """Beyond the contacts' own companies, where those come along by themselves."""
    opportunity_ids: tuple[str, ...] = ()
    initiative_ids: tuple[str, ...] = ()
    regarding: Reference | None = None
    visibility: str = EVERYONE
    with_companies: bool = True
    """Whether the contacts' companies come along by themselves, as a firm's setting says."""
    by_id: str | None = None
    """Who filled the form in, the owner or a delegate: nobody is alerted of his own act."""


class Listing(StrEnum):
    """What a record can be filed under, besides contacts."""

    COMPANIES = "companies"
    OPPORTUNITIES = "opportunities"
    INITIATIVES = "initiatives"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a picker; ``detail`` tells two of the same name apart (may be empty)."""

    id: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a CRM can do (C2)."""

    can_restore: bool
    knows_revisions: bool
    tells_changes: bool = False
    """Whether it says at once that a person has changed a record; else somebody has to look."""
    listings: frozenset[Listing] = frozenset(Listing)
    """What a record can be filed under there."""


class CrmGateway(Protocol):
    """The CRM of one deployment; every call names the tenant it acts for.

    All calls raise :class:`~backend.domain.errors.RemoteError` subclasses with ``system="crm"``:
    transient when the CRM is slow or down, conflict when a revision is stale, rejected otherwise.
    Called inside one of our transactions the embedded gateway refuses with ``RuntimeError``.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def contacts_by_address(
        self, tenant_id: str, addresses: Sequence[str]
    ) -> Mapping[str, tuple[Contact, ...]]:
        """Contacts per normalised address, in one call; addresses without a contact are absent."""
        ...

    def find_contacts(self, tenant_id: str, query: str, limit: int) -> Sequence[Contact]:
        """Contacts whose name or address contains ``query``, for pickers."""
        ...

    def get_activity(self, tenant_id: str, activity_id: str) -> Activity | None:
        """The live record, ``None`` when there is none (or only a tombstone)."""
        ...

    def find_activity(self, tenant_id: str, external_key: str) -> Activity | None:
        """The record with our key, tombstones included (``removed`` tells)."""
        ...

    def find_by_ical_uid(self, tenant_id: str, ical_uid: str) -> Sequence[Activity]:
        """Every live record of that meeting, synced and added."""
        ...

    def write_activity(
        self,
        tenant_id: str,
        external_key: str,
        draft: ActivityDraft,
        *,
        revision: str | None,
        visibility: str = "everyone",
    ) -> Activity:
        """Create or update the synced record with this key; safe to repeat.

        ``revision=None``: create; if the key exists already (live or tombstone) nothing is changed
        and the existing record is answered (insert-or-read-back), so the caller must compare.
        With a revision: update the live record if it still has that revision, revive the tombstone
        if the tombstone has it. Notes, opportunities, initiatives, visibility stay untouched.
        ``visibility`` is used at creation only.

        Raises: RemoteConflictError when the revision is stale; RemoteNotFoundError when there is
        neither a record nor a tombstone.
        """
        ...

    def add_activity(
        self, tenant_id: str, external_key: str, draft: ActivityDraft, additions: Additions
    ) -> tuple[Activity, bool]:
        """Make a record of kind ``added`` (T6), and whether this call made it.

        The key makes it once: sent again, it answers the record that is there, unchanged.

        Raises: RemoteRejectedError with ``remote_code`` ``unknown_reference`` when a contact,
        company, opportunity, initiative or group (of the owner's) does not exist;
        RemoteConflictError when that record was made and removed again.
        """
        ...

    def find_entries(
        self, tenant_id: str, listing: Listing, query: str, limit: int
    ) -> Sequence[Entry]:
        """Companies, opportunities or initiatives whose name contains ``query``, by name."""
        ...

    def entries_by_id(
        self, tenant_id: str, listing: Listing, ids: Sequence[str]
    ) -> Sequence[Entry]:
        """The entries with these ids, by name; unknown ids are absent."""
        ...

    def contact_types(self, tenant_id: str) -> Sequence[str]:
        """The names of all contact types, by name."""
        ...

    def activity_types(self, tenant_id: str) -> Sequence[str]:
        """The types a person may choose for a record, best first."""
        ...

    def groups_of(self, tenant_id: str, person_id: str) -> Sequence[Group]:
        """The groups this person (Entra object id) is a member of, by name; a CRM without: none.

        A record with the visibility ``group:ID`` is seen by its owner and the group's members.
        """
        ...

    def create_contact(self, tenant_id: str, name: str, address: str) -> Contact:
        """Make a contact with one address; a contact that has this address is answered instead.

        Raises: RemoteRejectedError when the CRM cannot store it.
        """
        ...

    def remove_activity(self, tenant_id: str, external_key: str, *, revision: str) -> None:
        """Turn the record into a tombstone; nothing there, or already a tombstone, is success.

        Raises: RemoteConflictError when the revision is stale.
        """
        ...

    def destroy_activity(self, tenant_id: str, external_key: str) -> None:
        """Erase record and tombstone for good (L5, X4); nothing there is success."""
        ...

    def set_sync_status(self, tenant_id: str, external_key: str, status: SyncStatus) -> None:
        """Mark a live record as released or final without changing its revision."""
        ...


@dataclass(frozen=True, slots=True)
class AttendeeMatch:
    """What matching said of one attendee: ``matched``, ``unmatched``, ``excluded`` or ``group``."""

    attendee: Attendee
    match: str
    contact: Contact | None = None
