"""What a firm's admin and a user have chosen: the settings the rules look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from backend.domain.erasure import ErasedPeople
from backend.domain.event import domain_of, normalised_address


class SyncMode(StrEnum):
    """How events get linked (E2)."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"
    COMBINED = "combined"


class Origin(StrEnum):
    """Which way a link came about."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


class PrivateEvents(StrEnum):
    """What happens to private events (E6)."""

    EXCLUDE = "exclude"
    WITHOUT_ATTENDEES = "without_attendees"


class BlockedAddresses(StrEnum):
    """What a blocked attendee does (E16): keeps the event out, or only the match."""

    SKIP_EVENT = "skip_event"
    SKIP_MATCH = "skip_match"


class UserAddress(StrEnum):
    """Which address of the directory identifies a user (A1)."""

    MAIL = "mail"
    PRINCIPAL_NAME = "principal_name"


class Direction(StrEnum):
    """Which way changes flow (A2); only the first is there yet."""

    FROM_MICROSOFT = "from_microsoft"
    TO_MICROSOFT = "to_microsoft"
    BOTH = "both"


SHOW_AS = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
"""Graph's words for how an event shows its time (Graph docs: freeBusyStatus)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A firm's settings (A1, A2). Defaults are the product's."""

    sync_enabled: bool = False
    mode: SyncMode = SyncMode.MANUAL
    paused: bool = False
    users_may_enable: bool = True
    past_days: int = 30
    future_days: int = 730
    commencement_date: date | None = None
    """Events that ended before this day (UTC) are not synced, whoever wants them (A2)."""
    private_events: PrivateEvents = PrivateEvents.EXCLUDE
    sync_internal_manual: bool = True
    sync_internal_automatic: bool = False
    unmatched_manual: bool = True
    unmatched_automatic: bool = False
    blocked_addresses: BlockedAddresses = BlockedAddresses.SKIP_EVENT
    block_list: tuple[str, ...] = ()
    own_domains: tuple[str, ...] = ()
    """The directory's verified domains and those an admin added."""
    contact_types: tuple[str, ...] = ()
    also_company_types: bool = False
    exclude_personnel: bool = True
    include_description: bool = True
    include_location: bool = True
    include_reminder: bool = True
    show_as_values: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the CRM gets for Graph's words; a word that is missing goes as it is."""
    activity_type: str = "CalendarSyncMeeting_System"
    added_activity_type: str | None = None
    """What the Add Activity form proposes; ``None``: as synced records."""
    add_companies: bool = True
    """Whether the companies of the contacts come along with an added activity by themselves."""
    category_name: str = "Add this Event to InterAction"
    category_color: str = "preset7"
    cancelled_records: str = "mark"
    """``mark`` or ``delete`` (L6)."""
    delete_synced_events: bool = True
    erased: ErasedPeople = field(default_factory=ErasedPeople)
    """No record names them (X6)."""

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """Between which instants an event's end lies inside the period."""
        return now - timedelta(days=self.past_days), now + timedelta(days=self.future_days)

    @property
    def begins_at(self) -> datetime | None:
        """The first instant of the commencement date."""
        day = self.commencement_date
        return None if day is None else datetime.combine(day, time(), UTC)

    def allows(self, origin: Origin) -> bool:
        """Whether the firm's mode allows this way of syncing (E2)."""
        return mode_allows(self.mode, origin)


def mode_allows(mode: SyncMode, origin: Origin) -> bool:
    """*Combined* allows both ways, the other two only their own (E2)."""
    return mode is SyncMode.COMBINED or mode.value == origin.value


def choosable_modes(firm_mode: SyncMode) -> tuple[SyncMode, ...]:
    """The modes a user may choose under the firm's mode (E2)."""
    if firm_mode is SyncMode.COMBINED:
        return (SyncMode.MANUAL, SyncMode.AUTOMATIC, SyncMode.COMBINED)
    return (firm_mode,)


def mode_in_force(mode: SyncMode, firm_mode: SyncMode) -> SyncMode:
    """A user's choice counts only while the firm leaves it to the users (E2)."""
    return mode if mode in choosable_modes(firm_mode) else firm_mode


@dataclass(frozen=True, slots=True)
class UserState:
    """What is known of the mailbox's owner when a rule looks."""

    mode: SyncMode = SyncMode.MANUAL
    enabled_by_admin: bool | None = None
    enabled_by_user: bool | None = None
    has_server: bool = False
    server_paused: bool = False
    mailbox_paused: bool = False
    mailbox_problem: str | None = None
    activated_at: datetime | None = None
    block_list: tuple[str, ...] = ()
    owner_oid: str = ""
    has_address: bool = True
    """Whether the directory has an address of the type the firm uses (A5)."""

    def is_enabled(self, policy: Policy) -> bool:
        """E4: the admin's word first, then the user's own where the firm allows it (A5: nobody
        without an address).
        """
        if not self.has_address or False in (self.enabled_by_admin, self.enabled_by_user):
            return False
        if self.enabled_by_admin is True:
            return True
        return self.enabled_by_user is True and policy.users_may_enable

    def is_paused(self, policy: Policy) -> bool:
        """A3: one pause of firm, server or mailbox is enough; each ends by itself only."""
        return policy.paused or self.server_paused or self.mailbox_paused

    def may_enable_himself(self, policy: Policy) -> bool:
        """Whether flipping his own switch would enable the user (T7)."""
        if not self.has_address:
            return False
        return self.enabled_by_admin is True or (
            self.enabled_by_admin is None and policy.users_may_enable
        )


def is_blocked(address: str, block_list: Sequence[str]) -> bool:
    """Whether an address is on a list of addresses and domains (E16); subdomains count."""
    folded = normalised_address(address)
    domain = domain_of(folded)
    for entry in block_list:
        blocked = normalised_address(entry).removeprefix("@")
        if not blocked:
            continue
        if blocked in (folded, domain) or domain.endswith("." + blocked):
            return True
    return False


def is_own_domain(address: str, own_domains: Sequence[str]) -> bool:
    """Whether an address belongs to one of the firm's domains (E11, E15)."""
    domain = domain_of(address)
    return bool(domain) and any(domain == own.strip().casefold() for own in own_domains)
