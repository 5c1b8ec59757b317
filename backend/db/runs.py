"""Rows about looks at mailboxes: written by whoever holds the lease, read by the log (A6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, delete, or_, select
from sqlalchemy.orm import Session

from backend.db.admin_models import RunRow
from backend.db.history import LONGEST_CODE, Place
from backend.db.models import MailboxRow, UserRow


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """One row, and whose calendar was looked at."""

    row: RunRow
    owner: UserRow


def write(session: Session, row: RunRow) -> None:
    """Add a row. A failure that repeats the last row's on the same day makes it one more look."""
    row.request_id = row.request_id[:LONGEST_CODE] if row.request_id else None
    last = _last(session, row.mailbox_id) if row.code is not None else None
    if last is not None and _is_the_same(last, row):
        last.at, last.looks, last.errors = row.at, last.looks + 1, last.errors + row.errors
        last.duration_ms, last.request_id = row.duration_ms, row.request_id
        last.quiet_looks += row.quiet_looks
        return
    session.add(row)


def _last(session: Session, mailbox_id: str) -> RunRow | None:
    newest = select(RunRow).where(RunRow.mailbox_id == mailbox_id)
    return session.scalars(newest.order_by(RunRow.at.desc(), RunRow.id.desc()).limit(1)).first()


def _is_the_same(last: RunRow, row: RunRow) -> bool:
    found_nothing = last.processed == row.processed == 0
    is_same_kind = (last.kind, last.code) == (row.kind, row.code)
    return found_nothing and is_same_kind and last.at.date() == row.at.date()


def page(
    session: Session,
    firm_id: str,
    conditions: list[object],
    *,
    limit: int,
    before: Place | None,
) -> list[LoggedRun]:
    """A firm's rows, newest first, at most ``limit``; ``conditions`` on run, mailbox and user."""
    wanted = _rows(firm_id).order_by(RunRow.at.desc(), RunRow.id.desc()).limit(limit)
    for condition in conditions:
        wanted = wanted.where(condition)  # type: ignore[arg-type]
    if before is not None:
        same_moment = and_(RunRow.at == before.at, RunRow.id < before.id)
        wanted = wanted.where(or_(RunRow.at < before.at, same_moment))
    return [LoggedRun(*row) for row in session.execute(wanted)]


def find(session: Session, firm_id: str, run_id: str) -> RunRow | None:
    """One row of the firm."""
    row = session.get(RunRow, run_id)
    return row if row is not None and row.firm_id == firm_id else None


def _rows(firm_id: str) -> Select[RunRow, UserRow]:
    return (
        select(RunRow, UserRow)
        .join(MailboxRow, MailboxRow.id == RunRow.mailbox_id)
        .join(UserRow, UserRow.id == MailboxRow.user_id)
        .where(RunRow.firm_id == firm_id)
    )


def forget(session: Session, firm_id: str, until: datetime, *, most: int) -> int:
    """Delete a firm's rows that are older, at most ``most``; answers how many (X6)."""
    old = (
        select(RunRow.id)
        .where(RunRow.firm_id == firm_id, RunRow.at < until)
        .order_by(RunRow.at)
        .limit(most)
    )
    gone = session.execute(
        delete(RunRow).where(RunRow.id.in_(old)).returning(RunRow.id),
        execution_options={"synchronize_session": False},
    )
    return len(gone.all())
