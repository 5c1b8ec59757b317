"""The tables by which processes know of each other: workers, periodic jobs, remotes that fail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base


class BreakerRow(Base):
    """A remote that has failed since it last answered; no row, no trouble (A20).

    ``system`` and ``scope_id``: ``crm`` of a firm, or ``graph`` of an online server (of a firm
    where a mailbox has no server).
    """

    __tablename__ = "breakers"

    system: Mapped[str] = mapped_column(String(16), primary_key=True)
    scope_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id"))
    failures: Mapped[int]
    """In a row, by whatever process."""
    mailbox_id: Mapped[str | None] = mapped_column(String(36))
    """The only mailbox that has failed so far; others are not kept waiting for its trouble."""
    probe_at: Mapped[datetime | None]
    """Open: nobody calls before then, and whoever comes first afterwards moves it on and tries."""


class WorkerRow(Base):
    """A worker process that gave a sign of life lately, by its stable name (A20, A24)."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    threads: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class ClockRow(Base):
    """When each periodic job runs next; taken by compare-and-set, once per period (A21)."""

    __tablename__ = "clocks"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    next_at: Mapped[datetime]
