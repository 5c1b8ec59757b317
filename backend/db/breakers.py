"""Breakers of remotes: counted, asked and closed by all processes through one small table (A20)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.machine_models import BreakerRow
from backend.db.models import LinkRow, MailboxRow, WatchRow
from backend.db.statements import run, run_returning
from backend.domain.breaker import CRM, GRAPH, SPREAD, Failures, one_more
from backend.sql import UtcDateTime


def is_shut(now: datetime, systems: Collection[str] = (CRM, GRAPH)) -> ColumnElement[bool]:
    """SQL: whether one of these remotes is shut for the joined ``MailboxRow`` at this moment.

    For claims of links and watches; once a probe is due the row may be handed out, and
    ``services.breaker`` sees to it that only one of them tries.
    """
    return exists().where(
        BreakerRow.firm_id == MailboxRow.firm_id,
        BreakerRow.system.in_(systems),
        BreakerRow.probe_at > now,
        or_(BreakerRow.mailbox_id.is_(None), BreakerRow.mailbox_id == MailboxRow.id),
        or_(
            BreakerRow.system == CRM,
            BreakerRow.scope_id == func.coalesce(MailboxRow.server_id, MailboxRow.firm_id),
        ),
    )


def take_probe(
    session: Session, system: str, scope_id: str, now: datetime, length: timedelta
) -> bool:
    """Whether this caller is the one who tries now; others wait for ``length`` meanwhile."""
    taken = run_returning(
        session,
        update(BreakerRow)
        .where(
            BreakerRow.system == system, BreakerRow.scope_id == scope_id, BreakerRow.probe_at <= now
        )
        .values(probe_at=now + length)
        .returning(BreakerRow.system),
    )
    return taken.first() is not None


def count_failure(
    session: Session,
    system: str,
    scope_id: str,
    *,
    firm_id: str,
    mailbox_id: str | None,
    now: datetime,
    retry_after: float | None,
    jitter: float,
) -> Failures:
    """Count one more failure in a row; the answer says whether the breaker is open now.

    Raises: IntegrityError when another process counted the first one just now; count again.
    """
    row = session.get(BreakerRow, (system, scope_id), with_for_update=True, populate_existing=True)
    before = None if row is None else Failures(row.failures, row.mailbox_id, row.probe_at)
    after = one_more(before, mailbox_id, now, retry_after=retry_after, jitter=jitter)
    if row is None:
        row = BreakerRow(system=system, scope_id=scope_id, firm_id=firm_id)
        session.add(row)
    row.failures, row.mailbox_id, row.probe_at = after.count, after.mailbox_id, after.probe_at
    session.flush()
    return after


def close(session: Session, system: str, scope_id: str, mailbox_id: str) -> bool:
    """The remote has answered this mailbox: forget its failures. Whether it had been shut."""
    gone = run_returning(
        session,
        delete(BreakerRow)
        .where(
            BreakerRow.system == system,
            BreakerRow.scope_id == scope_id,
            or_(BreakerRow.mailbox_id.is_(None), BreakerRow.mailbox_id == mailbox_id),
        )
        .returning(BreakerRow.probe_at),
    )
    return any(probe_at is not None for probe_at in gone.scalars())


def put_off(
    session: Session,
    system: str,
    scope_id: str,
    *,
    mailbox_id: str | None,
    until: datetime,
    now: datetime,
) -> None:
    """Whatever would be due before ``until`` and needs the remote comes back soon after it.

    Mailboxes are looked into without the CRM: what their links need waits with the links.
    Rows that somebody works on, or is about to, are left alone: nobody waits here for a lock.
    """
    mailboxes = _mailboxes(system, scope_id, mailbox_id)
    keys: tuple[tuple[type[LinkRow | WatchRow], InstrumentedAttribute[str]], ...] = (
        (LinkRow, LinkRow.id),
        (WatchRow, WatchRow.mailbox_id),
    )
    for table, key in keys[:1] if system == CRM else keys:
        waiting = (
            select(key)
            .where(
                table.mailbox_id.in_(mailboxes),
                table.due_at < until,
                or_(table.lease_until.is_(None), table.lease_until <= now),
            )
            .with_for_update(of=table, skip_locked=True)
        )
        run(session, update(table).where(key.in_(waiting)).values(due_at=_spread(key, until)))


def _mailboxes(system: str, scope_id: str, mailbox_id: str | None) -> Select[str]:
    if mailbox_id is not None:
        return select(MailboxRow.id).where(MailboxRow.id == mailbox_id)
    if system == GRAPH:
        at_server = and_(MailboxRow.server_id.is_(None), MailboxRow.firm_id == scope_id)
        return select(MailboxRow.id).where(or_(MailboxRow.server_id == scope_id, at_server))
    return select(MailboxRow.id).where(MailboxRow.firm_id == scope_id)


def _spread(key: InstrumentedAttribute[str], until: datetime) -> ColumnElement[datetime]:
    """Sixteen moments after ``until``, told apart by the first digit of a random id.

    Both databases know ``random()``, but neither adds seconds to a moment as the other does.
    """
    digits = "0123456789abcdef"
    moments = {
        digit: literal(until + SPREAD * number / len(digits), UtcDateTime())
        for number, digit in enumerate(digits)
    }
    return case(moments, value=func.substr(key, 1, 1), else_=literal(until, UtcDateTime()))
