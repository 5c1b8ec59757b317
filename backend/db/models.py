"""The product's own tables. Everything below a firm carries ``firm_id``."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backend.domain.link import CategoryPermission, LinkState
from backend.domain.policy import BlockedAddresses, Origin, PrivateEvents, SyncMode
from backend.sql import UtcDateTime


def new_id() -> str:
    return str(uuid.uuid4())


def _values(enum: type[StrEnum]) -> Enum:
    """Enums are stored by value, as text that a later version may extend."""
    return Enum(
        enum,
        native_enum=False,
        length=32,
        create_constraint=False,
        values_callable=lambda members: [m.value for m in members],
    )


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy at class creation
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
        SyncMode: _values(SyncMode),
        Origin: _values(Origin),
        PrivateEvents: _values(PrivateEvents),
        BlockedAddresses: _values(BlockedAddresses),
        LinkState: _values(LinkState),
        CategoryPermission: _values(CategoryPermission),
    }


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
    activity_type: Mapped[str] = mapped_column(String(200), default="CalendarSyncMeeting_System")
    category_name: Mapped[str] = mapped_column(String(255), default="Add this Event to InterAction")
    category_color: Mapped[str] = mapped_column(String(20), default="preset7")
    cancelled_records: Mapped[str] = mapped_column(String(20), default="mark")
    delete_synced_events: Mapped[bool] = mapped_column(default=True)


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
    enabled_by_admin: Mapped[bool | None]
    enabled_by_user: Mapped[bool | None]
    mode: Mapped[SyncMode] = mapped_column(default=SyncMode.MANUAL)
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
    checked_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    written_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


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
        Index("ix_links_due", "due_at", "urgent"),
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
    last_change_seen_at: Mapped[datetime | None]
    written_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

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
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"))
    mailbox_id: Mapped[str] = mapped_column(ForeignKey("mailboxes.id"))
    link_id: Mapped[str | None] = mapped_column(ForeignKey("links.id"))
    event_id: Mapped[str] = mapped_column(String(512))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    """``decision``, ``write``, ``refusal`` or ``failure``."""
    line: Mapped[str] = mapped_column(String(64))
    trigger: Mapped[str | None] = mapped_column(String(16))
    state_before: Mapped[str | None] = mapped_column(String(16))
    state_after: Mapped[str | None] = mapped_column(String(16))
    by_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    codes: Mapped[list[str]] = mapped_column(default=list)
    request_id: Mapped[str | None] = mapped_column(String(64))


class ClockRow(Base):
    """When each periodic job runs next; taken by compare-and-set, once per period (A21)."""

    __tablename__ = "clocks"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    next_at: Mapped[datetime]
