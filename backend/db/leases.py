"""Who works on what: claims of due links, the caps of mailboxes and firms, workers by name.

A claim is a few statements of one short transaction; locked rows are skipped, so that several
machines do not queue behind each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, exists, func, or_, select, union_all, update
from sqlalchemy.orm import Session

from backend.db.breakers import is_shut
from backend.db.links import Lease, take_lease
from backend.db.machine_models import WorkerRow
from backend.db.models import LinkRow, MailboxRow, WatchRow
from backend.db.statements import run

FIRM_SHARE = 4
"""One firm holds at most this part of all worker threads while others have work, too (A20)."""

SILENCE = timedelta(seconds=90)
"""A worker that has been silent for longer has ended; its threads do not count."""


LOOKS = 6
"""How often a claim looks again when others were quicker; each time somebody got on with work."""


def claim(
    session: Session, now: datetime, length: timedelta, *, holder: str | None = None
) -> Lease | None:
    """Take the next due link: people first, then firms below their share, then the longest due.

    One link or pull at a time per mailbox; nothing of a remote that is shut unless a probe is due.
    A firm is held to its share only while another firm's work could be taken instead: otherwise
    most threads of a one-firm installation would idle. ``holder``: the worker's name.
    """
    full = _full_firms(session, now)
    for is_urgent in (True, False):
        for left_out in (full, ()) if full else ((),):
            row = _lock_next(session, now, is_urgent=is_urgent, left_out=left_out)
            if row is not None:
                return take_lease(session, row, now, length, holder=holder)
    return None


def _lock_next(
    session: Session, now: datetime, *, is_urgent: bool, left_out: Sequence[str]
) -> LinkRow | None:
    due = _due(now, is_urgent=is_urgent).where(LinkRow.firm_id.not_in(left_out))
    for _ in range(LOOKS):
        row = session.scalars(due).first()
        if row is None or not is_mailbox_busy(session, row.mailbox_id, now):
            return row
        # Somebody leased one of this mailbox between our statement's snapshot and its lock.
    return None


def _due(now: datetime, *, is_urgent: bool) -> Select[LinkRow]:
    """The next free link; its mailbox is locked with it, which orders all claims of a mailbox."""
    busy = union_all(
        select(LinkRow.mailbox_id).where(LinkRow.lease_until > now),
        select(WatchRow.mailbox_id).where(WatchRow.lease_until > now),
    )
    return (
        select(LinkRow)
        .join(MailboxRow, MailboxRow.id == LinkRow.mailbox_id)
        .where(
            LinkRow.urgent.is_(is_urgent),
            LinkRow.due_at <= now,
            or_(LinkRow.lease_until.is_(None), LinkRow.lease_until <= now),
            or_(MailboxRow.not_before.is_(None), MailboxRow.not_before <= now),
            LinkRow.mailbox_id.not_in(busy),
            ~is_shut(now),
        )
        .order_by(LinkRow.due_at)
        .limit(1)
        .with_for_update(of=[LinkRow, MailboxRow], skip_locked=True)
    )


def is_mailbox_busy(session: Session, mailbox_id: str, now: datetime) -> bool:
    """Whether a link of the mailbox or the mailbox itself is leased, by a statement of its own."""
    link = exists().where(LinkRow.mailbox_id == mailbox_id, LinkRow.lease_until > now)
    pull = exists().where(WatchRow.mailbox_id == mailbox_id, WatchRow.lease_until > now)
    return bool(session.scalar(select(or_(link, pull))))


def _full_firms(session: Session, now: datetime) -> Sequence[str]:
    """Firms whose next lease would be more than their share of all living workers' threads."""
    held = union_all(
        select(LinkRow.firm_id).where(LinkRow.lease_until > now),
        select(WatchRow.firm_id).where(WatchRow.lease_until > now),
    ).subquery()
    threads = (
        select(func.coalesce(func.sum(WorkerRow.threads), 0))
        .where(WorkerRow.seen_at > now - SILENCE)
        .scalar_subquery()
    )
    return session.scalars(
        select(held.c.firm_id)
        .group_by(held.c.firm_id)
        .having((func.count() + 1) * FIRM_SHARE > threads)
    ).all()


def count_due(session: Session, now: datetime) -> int:
    """How many links wait for work at this moment."""
    return (
        session.scalar(
            select(func.count())
            .select_from(LinkRow)
            .where(
                # Both values are named so that the index of the claim serves this, too.
                LinkRow.urgent.in_((True, False)),
                LinkRow.due_at <= now,
                or_(LinkRow.lease_until.is_(None), LinkRow.lease_until <= now),
            )
        )
        or 0
    )


def free_leases(session: Session, name: str, now: datetime) -> int:
    """A worker has started: whatever its last life had leased is free at once (A24).

    The rows keep the dead token, so that whoever takes them distrusts what was done. Answers how
    many leases were freed.
    """
    freed = 0
    for table in (LinkRow, WatchRow):
        freed += run(
            session,
            update(table)
            .where(table.lease_holder == name, table.lease_until > now)
            .values(lease_until=now),
        )
    return freed


def add_worker(session: Session, name: str, threads: int, now: datetime) -> None:
    """Its threads count from now on; those who have been silent for a day are forgotten."""
    row = session.get(WorkerRow, name)
    if row is None:
        session.add(WorkerRow(name=name, threads=threads, started_at=now, seen_at=now))
    else:
        row.threads, row.started_at, row.seen_at = threads, now, now
    run(session, delete(WorkerRow).where(WorkerRow.seen_at < now - timedelta(days=1)))


def note_alive(session: Session, name: str, now: datetime) -> bool:
    """A worker's sign of life; False when nobody of this name is known any more."""
    alive = update(WorkerRow).where(WorkerRow.name == name)
    return run(session, alive.values(seen_at=now)) == 1


def end_worker(session: Session, name: str) -> None:
    """A worker has stopped gracefully: its threads do not count any more."""
    row = session.get(WorkerRow, name)
    if row is not None:
        session.delete(row)


def living_workers(session: Session, now: datetime) -> Sequence[WorkerRow]:
    """Workers that gave a sign of life lately, by name."""
    alive = select(WorkerRow).where(WorkerRow.seen_at > now - SILENCE).order_by(WorkerRow.name)
    return session.scalars(alive).all()
