"""The history of events: lines in, pages out, newest first (A6, X4).

Lines hold codes, ids and names of fields, never a value of an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from backend.db import links
from backend.db.models import EventIdRow, HistoryRow, UserRow
from backend.db.statements import run_returning
from backend.domain.link import Link
from backend.domain.plan import DESTROYING
from backend.domain.rules import Reason

FAILURE_PAUSE = timedelta(hours=1)
"""A failure that goes on is one line an hour, so that an outage does not fill the table."""
LONGEST_CODE = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: lines are ordered by time, those of one moment by id."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, and who did it if a person did."""

    row: HistoryRow
    by: UserRow | None


def page(
    session: Session,
    *,
    firm_id: str,
    mailbox_id: str,
    event_ids: Sequence[str],
    link_id: str | None,
    limit: int,
    before: Place | None,
) -> list[Entry]:
    """The lines of one event of one mailbox, newest first, at most ``limit``.

    Those of its link, and those that were written without one: refusals and skips, under any id
    form that is known.
    """
    without_link = and_(HistoryRow.link_id.is_(None), HistoryRow.event_id.in_(event_ids))
    about = without_link
    if link_id is not None:
        known = select(EventIdRow.event_id).where(EventIdRow.link_id == link_id)
        also = and_(HistoryRow.link_id.is_(None), HistoryRow.event_id.in_(known))
        about = or_(HistoryRow.link_id == link_id, without_link, also)
    wanted = (
        select(HistoryRow, UserRow)
        .outerjoin(UserRow, UserRow.id == HistoryRow.by_user_id)
        .where(HistoryRow.firm_id == firm_id, HistoryRow.mailbox_id == mailbox_id, about)
        .order_by(HistoryRow.at.desc(), HistoryRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        same_moment = and_(HistoryRow.at == before.at, HistoryRow.id < before.id)
        wanted = wanted.where(or_(HistoryRow.at < before.at, same_moment))
    return [Entry(row, by) for row, by in session.execute(wanted)]


def write_refusal(
    session: Session,
    *,
    firm_id: str,
    mailbox_id: str,
    link_id: str | None,
    event_id: str,
    codes: Sequence[str],
    at: datetime,
    by_user_id: str | None = None,
    request_id: str | None = None,
) -> None:
    """A tick that the rules refused; a private event leaves one row however often it is tried."""
    if DESTROYING.intersection(codes):
        row = _find_refusal(session, mailbox_id, event_id, codes)
        if row is not None:
            row.kind, row.line, row.codes = "refusal", "tick_refused", list(codes)
            row.at, row.by_user_id, row.request_id = at, by_user_id, request_id
            return
    session.add(
        HistoryRow(
            firm_id=firm_id,
            mailbox_id=mailbox_id,
            link_id=link_id,
            event_id=event_id,
            at=at,
            kind="refusal",
            line="tick_refused",
            by_user_id=by_user_id,
            codes=list(codes),
            request_id=request_id,
        )
    )


def _find_refusal(
    session: Session, mailbox_id: str, event_id: str, codes: Sequence[str]
) -> HistoryRow | None:
    rows = session.scalars(
        select(HistoryRow).where(
            HistoryRow.mailbox_id == mailbox_id,
            HistoryRow.event_id == event_id,
            HistoryRow.kind.in_(["refusal", "skip"]),
            HistoryRow.state_before.is_(None),
        )
    )
    return next((row for row in rows if _says_the_same(row, codes)), None)


def _says_the_same(row: HistoryRow, codes: Sequence[str]) -> bool:
    """A rule may have skipped the private event already: then that is its one row."""
    private = Reason.PRIVATE_EVENT.value
    return row.codes == list(codes) or (private in codes and private in row.codes)


def note_failure(
    session: Session,
    link: Link,
    *,
    line: str,
    at: datetime,
    codes: Sequence[str] = (),
    request_id: str | None = None,
) -> None:
    """Something went wrong with a link; at most one line of its kind an hour and link."""
    if links.lock(session, link.id) is None:
        return  # merged into another link meanwhile
    lately = session.scalars(
        select(HistoryRow.id)
        .where(
            HistoryRow.link_id == link.id,
            HistoryRow.at > at - FAILURE_PAUSE,
            HistoryRow.kind == "failure",
            HistoryRow.line == line,
        )
        .limit(1)
    )
    if lately.first() is not None:
        return
    session.add(
        HistoryRow(
            firm_id=link.firm_id,
            mailbox_id=link.mailbox_id,
            link_id=link.id,
            event_id=link.event_id,
            at=at,
            kind="failure",
            line=line,
            codes=[code[:LONGEST_CODE] for code in codes],
            request_id=request_id[:LONGEST_CODE] if request_id else None,
        )
    )


def forget(session: Session, firm_id: str, until: datetime, *, most: int) -> int:
    """Delete a firm's lines that are older, at most ``most``; answers how many (X6)."""
    old = (
        select(HistoryRow.id)
        .where(HistoryRow.firm_id == firm_id, HistoryRow.at < until)
        .order_by(HistoryRow.at)
        .limit(most)
    )
    gone = run_returning(
        session, delete(HistoryRow).where(HistoryRow.id.in_(old)).returning(HistoryRow.id)
    )
    return len(gone.all())
