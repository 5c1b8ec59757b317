"""The tables behind the admin pages: what was done, what is being done, what the directory says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, new_id
from backend.db.ids import ordered_id


class AuditRow(Base):
    """What an admin did: who, when, what, to what, and the names of changed fields (A11).

    Append-only, and written in the transaction of the act. Never a value: no secret can be in it.
    """

    __tablename__ = "audit"
    __table_args__ = (Index(None, "firm_id", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=ordered_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"))
    at: Mapped[datetime]
    by_user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    act: Mapped[str] = mapped_column(String(64))
    target_kind: Mapped[str] = mapped_column(String(32))
    target_id: Mapped[str | None] = mapped_column(String(64))
    fields: Mapped[list[str]] = mapped_column(default=list)


class OperationRow(Base):
    """An admin's act on more rows than one request may touch; the worker does it in slices (A5)."""

    __tablename__ = "operations"
    __table_args__ = (Index(None, "state", "created_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16), default="running")
    """``running``, ``done``, ``cancelled`` or ``failed``."""
    by_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    """``None``: nobody asked for it, it was time (nightly)."""
    argument: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ids: Mapped[list[str]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0)
    """How many of ``ids`` are done: a killed worker's successor goes on from here."""
    cursor: Mapped[str | None] = mapped_column(Text)
    """The directory's next page, for an import."""
    total: Mapped[int | None]
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    failures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """A code per id that did not work, at most so many."""
    problem: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    """The worker that does it has it until then; after a failure, when it is tried again."""
    lease_token: Mapped[str | None] = mapped_column(String(36))
    attempts: Mapped[int] = mapped_column(default=0)


class DirectoryAddressRow(Base):
    """An address that the firm's directory knows: a member's alias, or a group's (M)."""

    __tablename__ = "directory_addresses"

    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    primary_address: Mapped[str | None] = mapped_column(String(320))
    """The member's primary address; ``None`` for a group."""


class RunRow(Base):
    """A look at a mailbox that found something or failed (A6): counts and codes, never a value.

    Looks that found nothing are counted in ``watches.quiet_looks`` and told by the next row.
    """

    __tablename__ = "runs"
    __table_args__ = (Index(None, "firm_id", "at"), Index(None, "mailbox_id", "at"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=ordered_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"))
    mailbox_id: Mapped[str] = mapped_column(ForeignKey("mailboxes.id"))
    at: Mapped[datetime]
    """When it ended; of a failure that repeats itself, when it did so last."""
    kind: Mapped[str] = mapped_column(String(16))
    """``first_pull``, ``resync`` or ``changes``."""
    is_notified: Mapped[bool] = mapped_column(default=False)
    """Microsoft had told of a change; otherwise it was time to look."""
    duration_ms: Mapped[int]
    processed: Mapped[int] = mapped_column(default=0)
    """Events that Outlook showed."""
    synced: Mapped[int] = mapped_column(default=0)
    """Of them, those that were passed on to be written."""
    errors: Mapped[int] = mapped_column(default=0)
    code: Mapped[str | None] = mapped_column(String(64))
    """Why it failed."""
    looks: Mapped[int] = mapped_column(default=1)
    """How many looks of a day failed the same way: they are one row."""
    quiet_looks: Mapped[int] = mapped_column(default=0)
    """How many looks before it had found nothing."""
    request_id: Mapped[str | None] = mapped_column(String(64))


class DriftRow(Base):
    """Something in which Outlook, link and CRM do not agree, as the last comparison found it (A10).

    Codes and ids only; of a private event there is never one (X4).
    """

    __tablename__ = "drifts"
    __table_args__ = (
        UniqueConstraint("firm_id", "kind", "subject_id"),
        Index(None, "firm_id", "found_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=ordered_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"))
    kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(512))
    """Of what: a link, an event without one, a record without one, or a mailbox."""
    mailbox_id: Mapped[str | None] = mapped_column(ForeignKey("mailboxes.id"), index=True)
    link_id: Mapped[str | None] = mapped_column(String(36))
    event_id: Mapped[str | None] = mapped_column(String(512))
    ical_uid: Mapped[str | None] = mapped_column(String(1024))
    activity_id: Mapped[str | None] = mapped_column(String(64))
    external_key: Mapped[str | None] = mapped_column(String(1100))
    run_id: Mapped[str] = mapped_column(String(36))
    """The comparison that saw it last; what a later one does not see has healed."""
    found_at: Mapped[datetime]
    fixed_at: Mapped[datetime | None]
    """An admin had it mended then; it goes when a look has shown that it has healed."""
