"""What the administration answers: plain values that outlive every transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from backend.domain.competing import Finding
from backend.domain.policy import (
    BlockedAddresses,
    Direction,
    PrivateEvents,
    SyncMode,
    UserAddress,
)
from backend.services.answers import Place


@dataclass(frozen=True, slots=True)
class AuditLine:
    id: str
    at: datetime
    by: str
    by_address: str | None
    act: str
    target_kind: str
    target_id: str | None
    fields: tuple[str, ...]
    target_name: str | None = None
    """``None``: it has none, or is gone."""


@dataclass(frozen=True, slots=True)
class AuditPage:
    items: tuple[AuditLine, ...]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Configuration:
    """A firm's settings (A1, A2); ``version`` counts their changes."""

    sync_enabled: bool
    sync_enabled_at: datetime | None
    paused: bool
    mode: SyncMode
    users_may_enable: bool
    past_days: int
    future_days: int
    commencement_date: date | None
    private_events: PrivateEvents
    sync_internal_manual: bool
    sync_internal_automatic: bool
    unmatched_manual: bool
    unmatched_automatic: bool
    blocked_addresses: BlockedAddresses
    block_list: tuple[str, ...]
    verified_domains: tuple[str, ...]
    further_domains: tuple[str, ...]
    contact_types: tuple[str, ...]
    also_company_types: bool
    exclude_personnel: bool
    include_description: bool
    include_location: bool
    include_reminder: bool
    show_as_values: Mapping[str, str]
    activity_type: str
    added_activity_type: str | None
    add_companies: bool
    user_address: UserAddress
    competing_marks: tuple[str, ...]
    category_name: str
    category_color: str
    cancelled_records: str
    delete_synced_events: bool
    log_days: int
    version: int
    direction: Direction = Direction.FROM_MICROSOFT
    """The only one there is yet (A2)."""


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """One event that a change of settings would add or take away."""

    user: str
    event_id: str
    start: datetime
    subject: str | None
    """``None``: masked, as the viewer is not the calendar's owner."""
    because: str | None
    change: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What settings would do to the last 30 days (A8)."""

    records: int
    users: int
    added: int
    removed: int
    sample: tuple[SampleEvent, ...]
    mailboxes: int
    """How many calendars there are to look at."""
    mailboxes_read: int
    """How many were read in the time there was: the numbers are about these."""
    unqualified: int = 0
    """Existing records that would no longer qualify, whatever their age; they stay by default."""
    users_without_address: int = 0
    """Enabled users whom sync would leave, as they have no address of the kind that is chosen."""
    competing: tuple[Finding, ...] = ()
    """Other syncs that are at work in these calendars; looked for before sync is enabled."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row of the list of users (A5)."""

    id: str
    mailbox_id: str
    name: str
    address: str | None
    server_id: str | None
    server_name: str | None
    enabled_by_admin: bool | None
    enabled_by_user: bool | None
    enabled: bool
    mode: SyncMode
    paused: bool
    checked_at: datetime | None
    changed_at: datetime | None
    written_at: datetime | None
    state: str
    problem: str | None
    problem_text: str | None


@dataclass(frozen=True, slots=True)
class NamePlace:
    """Where a page of a list by name ended."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class PeoplePage:
    items: tuple[PersonRow, ...]
    next: NamePlace | None
    total: int


@dataclass(frozen=True, slots=True)
class RowResult:
    id: str
    ok: bool
    code: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """How far a long operation has come."""

    id: str
    kind: str
    state: str
    total: int | None
    done: int
    failed: int
    items: tuple[RowResult, ...]
    """What did not work, at most so many."""
    problem: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """What became of each row; or the operation that goes on in the background."""

    items: tuple[RowResult, ...] = ()
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """An online server without its secrets (A4)."""

    id: str
    name: str
    cloud: str
    tenant_id: str
    client_id: str
    has_secret: bool
    has_certificate: bool
    expires_at: datetime | None
    paused: bool
    can_write: bool | None
    users: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class ServerCheck:
    """One thing that *Test* tried; ``fix`` says what to do where it did not work."""

    code: str
    ok: bool
    text: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class ServerTest:
    checks: tuple[ServerCheck, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)
