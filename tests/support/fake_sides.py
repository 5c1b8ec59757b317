"""Outlook and the CRM in memory, with a gate at both ends of every call to stop or break it.

Behind the same protocols as the real ones. A gate is asked before the effect and again before the
answer, so that a test can run something else in between, fail the call, or kill the caller.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from backend.domain.competing import Marked
from backend.domain.crm import (
    Activity,
    ActivityDraft,
    ActivityKind,
    Capabilities,
    Contact,
    SyncStatus,
)
from backend.domain.errors import (
    DeltaExpiredError,
    RemoteAccessError,
    RemoteConflictError,
    RemoteNotFoundError,
    TransientRemoteError,
)
from backend.domain.event import Event, Person
from backend.domain.ports import (
    Calendar,
    Change,
    Clock,
    DeltaPage,
    DirectoryPage,
    DirectoryUser,
    Examination,
    Hooks,
    Look,
    Mailbox,
    Principal,
    ServerCredentials,
    Subscription,
    Touched,
    Vanished,
    Window,
)

Gate = Callable[[str], None]
"""Called with ``system.call:before`` and ``system.call:after``; may switch, raise or do nothing."""


def open_gate(_name: str) -> None:
    """Lets everything through."""


class FakeOutlook:
    """One mailbox. People act through :meth:`change`, the product through :class:`FakeCalendar`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.gate: Gate = open_gate
        self.events: dict[str, Event] = {}
        self.deleted: set[str] = set()
        self.elsewhere: set[str] = set()
        self.if_match = "honour"
        self.deleted_get = "404"
        self.down: float | None = None
        """Every call fails; the number is the Retry-After, 0 for none."""
        self.stale_reads = 0
        self.reads = 0
        self.patches: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        """Categories before and after every PATCH of ours."""
        self.user_may_write = True
        self.app_may_write = True
        self.app_may_read = True
        self.subscriptions: dict[str, tuple[Subscription, Hooks]] = {}
        self.delta_is_dead = False
        """The next link is not known any more."""
        self._shown: dict[str, dict[str, str]] = {}
        self._older: dict[str, Event] = {}
        self._tags = itertools.count(1)

    def add(self, event: Event) -> Event:
        self.events[event.id] = replace(event, etag=str(next(self._tags)))
        return self.events[event.id]

    def change(self, event_id: str, **changes: object) -> Event:
        """A new version: etag and lastModifiedDateTime move on, whatever the clock does."""
        old = self.events[event_id]
        modified = max(self._clock(), old.modified_at + timedelta(milliseconds=1))
        self._older[event_id] = old
        self.events[event_id] = replace(
            old,
            modified_at=modified,
            etag=str(next(self._tags)),
            **changes,  # type: ignore[arg-type]
        )
        return self.events[event_id]

    def read(self, event_id: str) -> Event:
        """What a GET sees."""
        self.reads += 1
        event = self.events.get(event_id)
        if event is None or (event_id in self.deleted and self.deleted_get == "404"):
            raise RemoteNotFoundError(system="graph", status=404, remote_code="ErrorItemNotFound")
        if self.stale_reads and event_id in self._older:
            self.stale_reads -= 1
            return self._older[event_id]
        return event

    def listed(self, ical_uid: str, *, default_calendar: bool) -> list[Event]:
        return [
            event
            for event in self.events.values()
            if event.ical_uid == ical_uid
            and event.id not in self.deleted
            and not (default_calendar and event.id in self.elsewhere)
        ]

    def changes(self, link: str | None) -> DeltaPage:
        """What differs from what the link has shown, all on one page; without one everything."""
        if self.delta_is_dead and link is not None:
            self.delta_is_dead = False
            raise DeltaExpiredError(system="graph", status=410)
        before = {} if link is None else self._shown[link]
        now = {e.id: e.etag for e in self.events.values() if self._is_in_default_calendar(e)}
        gone = [Vanished(event_id) for event_id in before if event_id not in now]
        new = [Touched(self.events[i]) for i, etag in now.items() if before.get(i) != etag]
        following = f"delta-{len(self._shown)}"
        self._shown[following] = now
        changes: tuple[Change, ...] = (*gone, *new)
        return DeltaPage(changes, following, True, "request")

    def _is_in_default_calendar(self, event: Event) -> bool:
        return event.id not in self.deleted and event.id not in self.elsewhere

    def write(self, event_id: str, categories: Sequence[str], etag: str) -> Event:
        """What a PATCH of the categories does."""
        event = self.events.get(event_id)
        if event is None or event_id in self.deleted:
            raise RemoteNotFoundError(system="graph", status=404)
        if self.if_match == "honour" and etag != event.etag:
            raise RemoteConflictError(system="graph", status=412)
        self.patches.append((event.categories, tuple(categories)))
        return self.change(event_id, categories=tuple(categories))

    def answer(self, name: str) -> None:
        """Refuse if Graph is down."""
        self.gate(f"graph.{name}")
        if self.down is not None:
            raise TransientRemoteError(system="graph", status=503, retry_after=self.down or None)


@dataclass(frozen=True, slots=True)
class FakeCalendar:
    """:class:`~backend.domain.ports.Calendar` on a :class:`FakeOutlook`."""

    outlook: FakeOutlook
    is_user: bool
    clock: Clock

    @property
    def may_write_events(self) -> bool | None:
        return self.outlook.user_may_write if self.is_user else None

    @property
    def may_write_master_categories(self) -> bool | None:
        return False

    def get_event(self, mailbox: Mailbox, event_id: str, *, with_body: bool = False) -> Look:
        self.outlook.answer("get:before")
        self._check_read()
        event = self.outlook.read(event_id)
        self.outlook.gate("graph.get:after")
        return Look(event, "request", self.clock())

    def find_events(
        self, mailbox: Mailbox, ical_uid: str, *, default_calendar: bool
    ) -> list[Event]:
        self.outlook.answer("list:before")
        self._check_read()
        found = self.outlook.listed(ical_uid, default_calendar=default_calendar)
        self.outlook.gate("graph.list:after")
        return found

    def examine(self, mailbox: Mailbox, event_id: str, ical_uid: str) -> Examination:
        here = self.find_events(mailbox, ical_uid, default_calendar=True)
        anywhere = self.find_events(mailbox, ical_uid, default_calendar=False)
        try:
            look = self.get_event(mailbox, event_id, with_body=True)
        except RemoteNotFoundError:
            look = None
        return Examination(look, tuple(here), tuple(anywhere))

    def read_changes(self, mailbox: Mailbox, where: Window | str) -> DeltaPage:
        self.outlook.answer("delta:before")
        self._check_read()
        page = self.outlook.changes(where if isinstance(where, str) else None)
        self.outlook.gate("graph.delta:after")
        return page

    def subscribe(self, mailbox: Mailbox, hooks: Hooks, expires_at: datetime) -> Subscription:
        self.outlook.answer("subscribe:before")
        self._check_read()
        if self.outlook.subscriptions:
            raise RemoteConflictError(system="graph", status=409)
        made = Subscription("subscription-1", expires_at, hooks.notification_url)
        self.outlook.subscriptions[made.id] = (made, hooks)
        self.outlook.gate("graph.subscribe:after")
        return made

    def find_subscription(
        self, mailbox: Mailbox, conflict: RemoteConflictError
    ) -> Subscription | None:
        return next((made for made, _ in self.outlook.subscriptions.values()), None)

    def renew_subscription(self, subscription_id: str, expires_at: datetime) -> Subscription:
        self.outlook.answer("renew:before")
        if subscription_id not in self.outlook.subscriptions:
            raise RemoteNotFoundError(system="graph", status=404)
        made, hooks = self.outlook.subscriptions[subscription_id]
        renewed = replace(made, expires_at=expires_at)
        self.outlook.subscriptions[subscription_id] = (renewed, hooks)
        return renewed

    def unsubscribe(self, subscription_id: str) -> None:
        self.outlook.subscriptions.pop(subscription_id, None)

    def has_master_category(self, mailbox: Mailbox, name: str) -> bool | None:
        return None

    def set_categories(
        self, mailbox: Mailbox, event_id: str, categories: Sequence[str], *, etag: str
    ) -> Look:
        self.outlook.answer("patch:before")
        if not self.is_user and not self.outlook.app_may_write:
            raise RemoteAccessError(system="graph", status=403)
        event = self.outlook.write(event_id, categories, etag)
        self.outlook.gate("graph.patch:after")
        return Look(event, "request", self.clock())

    def ensure_master_category(self, mailbox: Mailbox, name: str, color: str) -> bool:
        return False

    def recolor_master_category(self, mailbox: Mailbox, name: str, color: str) -> bool:
        return False

    def read_marks(
        self, mailbox: Mailbox, window: Window, properties: Sequence[str]
    ) -> list[Marked]:
        return []

    def may_edit(self, mailbox: Mailbox) -> bool:
        return True

    def verified_domains(self) -> tuple[str, ...]:
        return ()

    def find_user(self, tenant_id: str, key: str) -> DirectoryUser | None:
        return None

    def list_users(self, link: str | None = None) -> DirectoryPage:
        return DirectoryPage((), None)

    def _check_read(self) -> None:
        if not self.is_user and not self.outlook.app_may_read:
            raise RemoteAccessError(system="graph", status=403)


@dataclass(frozen=True, slots=True)
class FakeCalendars:
    """:class:`~backend.domain.ports.Calendars`: everybody sees the same mailbox."""

    outlook: FakeOutlook
    clock: Clock

    def as_user(self, principal: Principal, *, budget: float | None = None) -> Calendar:
        return FakeCalendar(self.outlook, True, self.clock)

    def as_app(self, server: ServerCredentials, *, budget: float | None = None) -> Calendar:
        return FakeCalendar(self.outlook, False, self.clock)

    def sign_in_anew(self, server: ServerCredentials, *, budget: float | None = None) -> None:
        pass


@dataclass
class FakeCrm:
    """:class:`~backend.domain.crm.CrmGateway` in a dictionary; revisions are never used twice."""

    clock: Clock
    gate: Gate = open_gate
    down: bool = False
    tells_changes: bool = True
    records: dict[str, Activity] = field(default_factory=dict)
    contacts: dict[str, tuple[Contact, ...]] = field(default_factory=dict)
    on_overwrite: Callable[[Activity], None] = lambda _record: None
    """Told of every live record that a person had edited and the product writes over."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            can_restore=True, knows_revisions=True, tells_changes=self.tells_changes
        )

    @property
    def live(self) -> list[Activity]:
        return [record for record in self.records.values() if not record.removed]

    def edit(self, key: str, by: str = "Vera", **changes: object) -> None:
        """A person changes an Outlook-filled field."""
        record = self.records[key]
        self.records[key] = replace(
            record,
            draft=replace(record.draft, **changes),  # type: ignore[arg-type]
            edited_by=Person(by, ""),
            revision=self._revision(),
        )

    def delete(self, key: str) -> None:
        """A person deletes the record."""
        self.records[key] = replace(
            self.records[key], removed=True, edited_by=Person("Vera", ""), revision=self._revision()
        )

    def contacts_by_address(
        self, tenant_id: str, addresses: Sequence[str]
    ) -> Mapping[str, tuple[Contact, ...]]:
        self._answer("contacts:before")
        return {a: self.contacts[a] for a in addresses if a in self.contacts}

    def find_contacts(self, tenant_id: str, query: str, limit: int) -> Sequence[Contact]:
        return []

    def get_activity(self, tenant_id: str, activity_id: str) -> Activity | None:
        return next((r for r in self.live if r.id == activity_id), None)

    def find_activity(self, tenant_id: str, external_key: str) -> Activity | None:
        self._answer("find:before")
        found = self.records.get(external_key)
        self.gate("crm.find:after")
        return found

    def find_by_ical_uid(self, tenant_id: str, ical_uid: str) -> Sequence[Activity]:
        if self.down:
            raise TransientRemoteError(system="crm", status=503)
        return [r for r in self.live if r.draft.ical_uid == ical_uid]

    def write_activity(
        self,
        tenant_id: str,
        external_key: str,
        draft: ActivityDraft,
        *,
        revision: str | None,
        visibility: str = "everyone",
    ) -> Activity:
        self._answer("write:before")
        written = self._write(external_key, draft, revision)
        self.gate("crm.write:after")
        return written

    def remove_activity(self, tenant_id: str, external_key: str, *, revision: str) -> None:
        self._answer("remove:before")
        record = self.records.get(external_key)
        if record is not None and not record.removed:
            if record.revision != revision:
                raise RemoteConflictError(system="crm", status=412)
            self.records[external_key] = replace(record, removed=True, revision=self._revision())
        self.gate("crm.remove:after")

    def destroy_activity(self, tenant_id: str, external_key: str) -> None:
        self._answer("destroy:before")
        self.records.pop(external_key, None)
        self.gate("crm.destroy:after")

    def set_sync_status(self, tenant_id: str, external_key: str, status: SyncStatus) -> None:
        self._answer("mark:before")
        record = self.records.get(external_key)
        if record is not None and not record.removed:
            self.records[external_key] = replace(
                record, draft=replace(record.draft, sync_status=status)
            )
        self.gate("crm.mark:after")

    def _write(self, key: str, draft: ActivityDraft, revision: str | None) -> Activity:
        record = self.records.get(key)
        if revision is None:
            if record is None:
                now = self.clock()
                self.records[key] = Activity(
                    id=f"activity-{next(self._numbers)}",
                    external_key=key,
                    kind=ActivityKind.SYNCED,
                    draft=draft,
                    revision=self._revision(),
                    created_at=now,
                    updated_at=now,
                )
            return self.records[key]
        if record is None:
            raise RemoteNotFoundError(system="crm", status=404)
        if record.revision != revision:
            raise RemoteConflictError(system="crm", status=412)
        if record.edited_by is not None and not record.removed:
            self.on_overwrite(record)
        self.records[key] = replace(
            record, draft=draft, edited_by=None, removed=False, revision=self._revision()
        )
        return self.records[key]

    def _answer(self, name: str) -> None:
        self.gate(f"crm.{name}")
        if self.down:
            raise TransientRemoteError(system="crm", status=503)

    def _revision(self) -> str:
        return f"r{next(self._numbers)}"
