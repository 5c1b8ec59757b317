"""The tables of firms, people and linked events. Everything below a firm carries ``firm_id``."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, new_id
from backend.db.ids import ordered_id
from backend.domain.link import CategoryPermission, LinkState
from backend.domain.policy import (
    BlockedAddresses,
    Origin,
    PrivateEvents,
    SyncMode,
    UserAddress,
)


class FirmRow(Base):
    """One customer: one Entra tenant and its settings (A1, A2)."""

    __tablename__ = "firms"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    sync_enabled: Mapped[bool] = mapped_column(default=False)
    sync_enabled_at: Mapped[datetime | None]
    mode: Mapped[SyncMode] = mapped_column(default=SyncMode.MANUAL)
    paused: Mapped[bool] = mapped_column(default=False)
    users_may_enable: Mapped[bool] = mapped_column(default=True)
    past_days: Mapped[int] = mapped_column(default=30)
    future_days: Mapped[int] = mapped_column(default=730)
    commencement_date: Mapped[date | None]
    private_events: Mapped[PrivateEvents] = mapped_column(default=PrivateEvents.EXCLUDE)
    sync_internal_manual: Mapped[bool] = mapped_column(default=True)
    sync_internal_automatic: Mapped[bool] = mapped_column(default=False)
    unmatched_manual: Mapped[bool] = mapped_column(default=True)
    unmatched_automatic: Mapped[bool] = mapped_column(default=False)
    blocked_addresses: Mapped[BlockedAddresses] = mapped_column(default=BlockedAddresses.SKIP_EVENT)
    block_list: Mapped[list[str]] = mapped_column(default=list)
    verified_domains: Mapped[list[str]] = mapped_column(default=list)
    further_domains: Mapped[list[str]] = mapped_column(default=list)
    contact_types: Mapped[list[str]] = mapped_column(default=list)
    also_company_types: Mapped[bool] = mapped_column(default=False)
    exclude_personnel: Mapped[bool] = mapped_column(default=True)
    include_description: Mapped[bool] = mapped_column(default=True)
    include_location: Mapped[bool] = mapped_column(default=True)
    include_reminder: Mapped[bool] = mapped_column(default=True)
    show_as_values: Mapped[dict[str, str]] = mapped_column(default=dict)
    activity_type: Mapped[str] = mapped_column(String(200), default="CalendarSyncMeeting_System")
    added_activity_type: Mapped[str | None] = mapped_column(String(200))
    add_companies: Mapped[bool] = mapped_column(default=True)
    """Whether an added activity carries the companies of its contacts by itself (T6)."""
    user_address: Mapped[UserAddress] = mapped_column(default=UserAddress.MAIL)
    """Which address of the directory identifies a user (A1)."""
    competing_marks: Mapped[list[str]] = mapped_column(default=list)
    """Categories and properties by which the firm knows further competing syncs (A2)."""
    category_name: Mapped[str] = mapped_column(String(255), default="Add this Event to InterAction")
    category_color: Mapped[str] = mapped_column(String(20), default="preset7")
    cancelled_records: Mapped[str] = mapped_column(String(20), default="mark")
    delete_synced_events: Mapped[bool] = mapped_column(default=True)
    log_days: Mapped[int] = mapped_column(default=180)
    """How long lines of the history are kept (X6)."""
    erased: Mapped[list[str]] = mapped_column(default=list)
    """Hashes of the addresses of people who were erased: no record names them again (X6)."""
    version: Mapped[int] = mapped_column(default=1)
    """Counts changes of the settings: two admins never overwrite each other unseen."""


class ServerRow(Base):
    """An online server: one registered Microsoft 365 connection of a firm (A4)."""

    __tablename__ = "servers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    cloud: Mapped[str] = mapped_column(String(20), default="global")
    tenant_id: Mapped[str] = mapped_column(String(36))
    client_id: Mapped[str] = mapped_column(String(36))
    secret_encrypted: Mapped[str | None] = mapped_column(Text)
    certificate_encrypted: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None]
    paused: Mapped[bool] = mapped_column(default=False)
    can_write: Mapped[bool | None]
    """Whether the app may write categories: only a try can tell (X1)."""
    can_write_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class UserRow(Base):
    """A person of a firm. ``oid`` is the Entra object id; it never changes."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("firm_id", "oid"), Index(None, "firm_id", "address"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"))
    oid: Mapped[str] = mapped_column(String(36))
    name: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str | None] = mapped_column(String(320))
    """The e-mail address that identifies the user, normalised; ``None``: cannot be enabled (A5)."""
    mail: Mapped[str | None] = mapped_column(String(320))
    principal_name: Mapped[str | None] = mapped_column(String(320))
    """What the directory last said of both kinds of address; ``None`` in both: nothing yet."""
    enabled_by_admin: Mapped[bool | None]
    enabled_by_user: Mapped[bool | None]
    mode: Mapped[SyncMode] = mapped_column(default=SyncMode.MANUAL)
    mode_chosen: Mapped[bool] = mapped_column(default=False)
    """Whether the mode is the user's own choice; others follow the firm's when it changes."""
    activated_at: Mapped[datetime | None]
    block_list: Mapped[list[str]] = mapped_column(default=list)
    default_activity_type: Mapped[str | None] = mapped_column(String(200))
    default_visibility: Mapped[str] = mapped_column(String(100), default="everyone")
    created_at: Mapped[datetime]


class MailboxRow(Base):
    """One user's default calendar, reached through an online server."""

    __tablename__ = "mailboxes"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), unique=True)
    server_id: Mapped[str | None] = mapped_column(ForeignKey("servers.id"))
    paused: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[str | None] = mapped_column(String(64))
    not_before: Mapped[datetime | None]
    """Graph asked everybody to wait until then (Retry-After, shared through the row)."""
    master_category: Mapped[str | None] = mapped_column(String(255))
    """The master category that was made or found, so that it is looked for once."""
    master_color: Mapped[str | None] = mapped_column(String(20))
    """The firm's colour for it then; another one now: it is coloured anew."""
    changed_at: Mapped[datetime | None]
    written_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class WatchRow(Base):
    """How far the watching of one mailbox has come: cursor, new window, lease, subscription.

    Written by Core statements of whoever holds the lease; only rings come from elsewhere.
    """

    __tablename__ = "watches"
    __table_args__ = (Index("ix_watches_due", "due_at"),)

    mailbox_id: Mapped[str] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"), index=True)

    cursor: Mapped[str | None] = mapped_column(Text)
    """Graph's link to what changed next; ``None`` until the first round is complete."""
    cursor_version: Mapped[int] = mapped_column(default=0)
    """Whoever stores a cursor names the one it read: two readers would kill each other's (A16)."""
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    """The window sealed in ``cursor``."""
    round_pages: Mapped[int] = mapped_column(default=0)
    """Pages of the round that ``cursor`` stands in: an endless one is given up."""
    checked_at: Mapped[datetime | None]
    """When a round was last complete (S5)."""
    quiet_looks: Mapped[int] = mapped_column(default=0)
    """Looks that found nothing since the last row in ``runs``, which the next one tells (A6)."""

    seed_id: Mapped[str | None] = mapped_column(String(36))
    """The first round of a new window is going on; links it shows carry this mark."""
    seed_link: Mapped[str | None] = mapped_column(Text)
    """Its next page; ``None`` before the first one."""
    seed_start: Mapped[datetime | None]
    seed_end: Mapped[datetime | None]
    seed_since: Mapped[datetime | None]
    seed_pages: Mapped[int] = mapped_column(default=0)
    seed_events: Mapped[int] = mapped_column(default=0)
    reseed_at: Mapped[datetime | None]
    """When the next window begins to be read: daily, after a change of settings, after a loss."""

    problem_since: Mapped[datetime | None]
    brake_off_until: Mapped[datetime | None]
    """An admin has looked at a mass change and lets it happen until then (L7)."""

    subscription_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Graph's id of the change notifications; ``None``: polling only."""
    subscription_expires_at: Mapped[datetime | None]
    subscription_due_at: Mapped[datetime | None]
    """When it has to be made or renewed."""
    subscription_problem: Mapped[str | None] = mapped_column(String(64))
    notified_at: Mapped[datetime | None]

    # The work list, as for links.
    due_at: Mapped[datetime | None]
    again_at: Mapped[datetime | None]
    """A second look after a notification, as changes become visible late (Graph docs: delta)."""
    ring_seq: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]
    lease_holder: Mapped[str | None] = mapped_column(String(100))
    """The worker that leased it: when that one starts again, its leases are free at once (A24)."""


class DelegationRow(Base):
    """When Graph last confirmed that a user may edit another one's calendar (T9)."""

    __tablename__ = "delegations"

    mailbox_id: Mapped[str] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"))
    confirmed_at: Mapped[datetime]


class LinkRow(Base):
    """The pair (event, CRM record) and the wish behind it. Columns in the order of ``Link``."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("firm_id", "ical_uid"),
        UniqueConstraint("mailbox_id", "event_id"),
        CheckConstraint(
            "state IN ('pending', 'linked', 'removing', 'removed', 'released')", name="state"
        ),
        CheckConstraint("state <> 'linked' OR activity_id IS NOT NULL", name="linked_has_record"),
        # In the order of the claim, so that it stops at the first row that is free.
        Index("ix_links_due", "urgent", "due_at"),
        Index(
            "ix_links_leased",
            "lease_until",
            sqlite_where=text("lease_until IS NOT NULL"),
            postgresql_where=text("lease_until IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"))
    mailbox_id: Mapped[str] = mapped_column(ForeignKey("mailboxes.id"))
    event_id: Mapped[str] = mapped_column(String(512))
    ical_uid: Mapped[str | None] = mapped_column(String(1024))
    state: Mapped[LinkState]
    origin: Mapped[Origin]
    wished_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None] = mapped_column(String(64))
    codes: Mapped[list[str]] = mapped_column(default=list)
    """The codes of the last verdict that said no."""
    blocked_by: Mapped[str | None] = mapped_column(String(64))
    opted_out: Mapped[bool] = mapped_column(default=False)
    adopt: Mapped[bool] = mapped_column(default=False)
    because: Mapped[str | None] = mapped_column(Text)
    activity_id: Mapped[str | None] = mapped_column(String(64))
    activity_revision: Mapped[str | None] = mapped_column(String(64))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    category_seen: Mapped[bool | None] = mapped_column(default=False)
    category_name: Mapped[str | None] = mapped_column(String(255))
    category_seen_at: Mapped[datetime | None]
    category_written_at: Mapped[datetime | None]
    category_content: Mapped[str | None] = mapped_column(String(64))
    category_put_back: Mapped[bool] = mapped_column(default=False)
    category_refused: Mapped[bool] = mapped_column(default=False)
    category_permission: Mapped[CategoryPermission] = mapped_column(
        default=CategoryPermission.UNKNOWN
    )
    looked_at: Mapped[bool] = mapped_column(default=False)
    looked_at_version: Mapped[datetime | None]
    event_end: Mapped[datetime | None]
    had_attendees: Mapped[bool] = mapped_column(default=False)
    gone_since: Mapped[datetime | None]
    awaited_until: Mapped[datetime | None]
    undo_until: Mapped[datetime | None]
    review_until: Mapped[datetime | None]
    """An admin has chosen that this record goes if it no longer qualifies; until then (S6)."""
    last_change_seen_at: Mapped[datetime | None]
    written_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    own_change_key: Mapped[str | None] = mapped_column(String(128))
    """The change our own last PATCH made: its echo in a delta needs no look (R6)."""
    off_delta: Mapped[bool] = mapped_column(default=False)
    """The delta said it left; nothing tells us of it any more, so it is looked at hourly (A15)."""
    seed_id: Mapped[str | None] = mapped_column(String(36))
    """The last window whose first round showed the event: mark and sweep (A16)."""

    version: Mapped[int] = mapped_column(default=1)
    """Counts wishes and decisions only; an outcome decided on an older version is void (A2)."""

    # The work list. Written by Core statements only, so that they never touch the version (A2).
    due_at: Mapped[datetime | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    """A person waits for it: claimed before everything else (A20)."""
    ring_seq: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]
    lease_holder: Mapped[str | None] = mapped_column(String(100))
    """The worker that leased it: when that one starts again, its leases are free at once (A24)."""


class EventIdRow(Base):
    """Every id form under which a linked event was opened (compared byte by byte)."""

    __tablename__ = "event_ids"

    mailbox_id: Mapped[str] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(512), primary_key=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"))
    link_id: Mapped[str] = mapped_column(ForeignKey("links.id"), index=True)


class HistoryRow(Base):
    """What was seen, decided and written: codes, ids and field names, never values (X4)."""

    __tablename__ = "history"
    __table_args__ = (
        Index(None, "firm_id", "at"),
        Index(None, "link_id", "at"),
        Index(None, "mailbox_id", "event_id"),
        Index(None, "mailbox_id", "at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=ordered_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"))
    mailbox_id: Mapped[str] = mapped_column(ForeignKey("mailboxes.id"))
    link_id: Mapped[str | None] = mapped_column(ForeignKey("links.id"))
    event_id: Mapped[str] = mapped_column(String(512))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    """``decision``, ``write``, ``refusal``, ``skip`` (a rule said no), ``failure``, ``look``."""
    line: Mapped[str] = mapped_column(String(64))
    trigger: Mapped[str | None] = mapped_column(String(16))
    state_before: Mapped[str | None] = mapped_column(String(16))
    state_after: Mapped[str | None] = mapped_column(String(16))
    by_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    codes: Mapped[list[str]] = mapped_column(default=list)
    fields: Mapped[list[str]] = mapped_column(default=list)
    """Names of the record's fields that a write changed; never what was in them (X4)."""
    request_id: Mapped[str | None] = mapped_column(String(64))
