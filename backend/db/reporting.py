"""Queries of logs and numbers: always of one firm; nothing here changes what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, Text, and_, case, cast, func, or_, select, update
from sqlalchemy.orm import Session

from backend.db import runs
from backend.db.admin_models import RunRow
from backend.db.history import Place
from backend.db.models import EventIdRow, HistoryRow, LinkRow, MailboxRow, UserRow, WatchRow
from backend.db.runs import LoggedRun
from backend.db.statements import run_returning, rung
from backend.domain.link import LinkState
from backend.domain.policy import Origin

RUN = "run"
"""The kind of line that tells of a look at a mailbox."""
MOST_SAMPLES = 5_000
"""Rows that a number is made of at most; the newest."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines a log shows; what is ``None`` does not matter."""

    errors: bool = False
    user: str | None = None
    """Part of the calendar owner's name or address."""
    event_id: str | None = None
    """Any id form, or the iCalUId."""
    code: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str | None = None
    """Part of a name, an address, an id, a code or a line."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One line, whose calendar it is about, and its link if there is one."""

    row: HistoryRow
    owner: UserRow
    link: LinkRow | None


def log_page(
    session: Session, firm_id: str, chosen: LogFilter, *, limit: int, before: Place | None
) -> list[Logged]:
    """A firm's lines, newest first, at most ``limit``."""
    wanted = _lines(firm_id).order_by(HistoryRow.at.desc(), HistoryRow.id.desc()).limit(limit)
    for condition in _conditions(chosen):
        wanted = wanted.where(condition)
    if before is not None:
        same_moment = and_(HistoryRow.at == before.at, HistoryRow.id < before.id)
        wanted = wanted.where(or_(HistoryRow.at < before.at, same_moment))
    return [Logged(*row) for row in session.execute(wanted)]


def find_line(session: Session, firm_id: str, line_id: str) -> Logged | None:
    row = session.execute(_lines(firm_id).where(HistoryRow.id == line_id)).first()
    return Logged(*row) if row is not None else None


def _lines(firm_id: str) -> Select[HistoryRow, UserRow, LinkRow]:
    return (
        select(HistoryRow, UserRow, LinkRow)
        .join(MailboxRow, MailboxRow.id == HistoryRow.mailbox_id)
        .join(UserRow, UserRow.id == MailboxRow.user_id)
        .outerjoin(LinkRow, LinkRow.id == HistoryRow.link_id)
        .where(HistoryRow.firm_id == firm_id)
    )


def run_page(
    session: Session, firm_id: str, chosen: LogFilter, *, limit: int, before: Place | None
) -> list[LoggedRun]:
    """As :func:`log_page`, of looks at mailboxes; none where the filter speaks of events."""
    if chosen.event_id or chosen.kind not in (None, RUN):
        return []
    found: list[Any] = []
    if chosen.errors:
        found.append(RunRow.errors > 0)
    if chosen.since is not None:
        found.append(RunRow.at >= chosen.since)
    if chosen.until is not None:
        found.append(RunRow.at < chosen.until)
    if chosen.user:
        found.append(_is_named(chosen.user))
    if chosen.code:
        found.append(RunRow.code == chosen.code)
    if chosen.q:
        part = chosen.q
        found.append(or_(_is_named(part), RunRow.code == part, RunRow.request_id == part))
    return runs.page(session, firm_id, found, limit=limit, before=before)


def _conditions(chosen: LogFilter) -> list[Any]:
    found: list[Any] = []
    if chosen.errors:
        found.append(HistoryRow.kind == "failure")
    if chosen.kind:
        found.append(HistoryRow.kind == chosen.kind)
    if chosen.since is not None:
        found.append(HistoryRow.at >= chosen.since)
    if chosen.until is not None:
        found.append(HistoryRow.at < chosen.until)
    if chosen.user:
        found.append(_is_named(chosen.user))
    if chosen.event_id:
        key = chosen.event_id
        known = select(EventIdRow.link_id).where(EventIdRow.event_id == key)
        found.append(
            or_(
                HistoryRow.event_id == key,
                LinkRow.ical_uid == key,
                HistoryRow.link_id.in_(known),
            )
        )
    if chosen.code:
        found.append(or_(HistoryRow.line == chosen.code, _has_code(f'"{chosen.code}"')))
    if chosen.q:
        part = chosen.q
        found.append(
            or_(
                _is_named(part),
                HistoryRow.event_id == part,
                LinkRow.ical_uid == part,
                HistoryRow.line.contains(part, autoescape=True),
                HistoryRow.request_id == part,
                _has_code(part),
            )
        )
    return found


def _is_named(part: str) -> Any:
    folded = part.strip().lower()
    return or_(
        func.lower(UserRow.name).contains(folded, autoescape=True),
        UserRow.address.contains(folded, autoescape=True),
    )


def _has_code(part: str) -> Any:
    return cast(HistoryRow.codes, Text).contains(part, autoescape=True)


def lines_of_event(
    session: Session, firm_id: str, mailbox_id: str, *, link_id: str | None, ids: Sequence[str]
) -> list[HistoryRow]:
    """All lines of one event, oldest first, the newest thousand of them."""
    about: Any = HistoryRow.event_id.in_(ids)
    if link_id is not None:
        known = select(EventIdRow.event_id).where(EventIdRow.link_id == link_id)
        about = or_(about, HistoryRow.link_id == link_id, HistoryRow.event_id.in_(known))
    newest = (
        select(HistoryRow)
        .where(HistoryRow.firm_id == firm_id, HistoryRow.mailbox_id == mailbox_id, about)
        .order_by(HistoryRow.at.desc(), HistoryRow.id.desc())
        .limit(1_000)
    )
    return list(session.scalars(newest))[::-1]


# -- retries -------------------------------------------------------------------------------------


def ring_failed(session: Session, firm_id: str, since: datetime, now: datetime) -> tuple[int, int]:
    """Make due whatever failed since then: how many links, and mailboxes that cannot be read."""
    links = run_returning(
        session,
        update(LinkRow)
        .where(_has_failed(firm_id, since))
        .values(**rung(LinkRow, now))
        .returning(LinkRow.id),
    )
    count = len(links.all())
    watches = run_returning(
        session,
        update(WatchRow)
        .where(WatchRow.mailbox_id.in_(_troubled(firm_id)))
        .values(**rung(WatchRow, now))
        .returning(WatchRow.mailbox_id),
    )
    return count, len(watches.all())


def count_failed(session: Session, firm_id: str, since: datetime) -> tuple[int, int]:
    """How many links and mailboxes :func:`ring_failed` would make due."""
    links = select(func.count()).select_from(LinkRow).where(_has_failed(firm_id, since))
    troubled = select(func.count()).select_from(_troubled(firm_id).subquery())
    return session.scalar(links) or 0, session.scalar(troubled) or 0


def _has_failed(firm_id: str, since: datetime) -> Any:
    failed = select(HistoryRow.link_id).where(
        HistoryRow.firm_id == firm_id,
        HistoryRow.at >= since,
        HistoryRow.kind == "failure",
        HistoryRow.link_id.is_not(None),
    )
    return and_(LinkRow.firm_id == firm_id, LinkRow.id.in_(failed))


def _troubled(firm_id: str) -> Select[str]:
    return select(MailboxRow.id).where(
        MailboxRow.firm_id == firm_id, MailboxRow.problem.is_not(None)
    )


# -- numbers -------------------------------------------------------------------------------------


def records_made(
    session: Session, firm_id: str, days: Sequence[datetime]
) -> dict[tuple[int, Origin], int]:
    """How many records were made per day and origin; ``days``: where each begins, and the end."""
    day = case(
        *((HistoryRow.at < end, number) for number, end in enumerate(days[1:])), else_=len(days)
    ).label("day")
    rows = session.execute(
        select(day, LinkRow.origin, func.count())
        .join(LinkRow, LinkRow.id == HistoryRow.link_id)
        .where(
            HistoryRow.firm_id == firm_id,
            HistoryRow.at >= days[0],
            HistoryRow.at < days[-1],
            HistoryRow.kind == "write",
            HistoryRow.line.in_(("created", "restored")),
        )
        .group_by(day, LinkRow.origin)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def links_by_state(session: Session, firm_id: str) -> dict[tuple[LinkState, Origin], int]:
    rows = session.execute(
        select(LinkRow.state, LinkRow.origin, func.count())
        .where(LinkRow.firm_id == firm_id)
        .group_by(LinkRow.state, LinkRow.origin)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def codes_of_failures(session: Session, firm_id: str, since: datetime) -> list[list[str]]:
    """The codes of each failure, or its line where there is none; the newest."""
    rows = session.execute(
        select(HistoryRow.codes, HistoryRow.line)
        .where(HistoryRow.firm_id == firm_id, HistoryRow.at >= since, HistoryRow.kind == "failure")
        .order_by(HistoryRow.at.desc())
        .limit(MOST_SAMPLES)
    )
    return [codes or [line] for codes, line in rows]


def lags(session: Session, firm_id: str, since: datetime) -> list[timedelta]:
    """From the change in Outlook to the update of the record, of links' newest updates."""
    rows = session.execute(
        select(HistoryRow.at, LinkRow.looked_at_version)
        .join(LinkRow, LinkRow.id == HistoryRow.link_id)
        .where(
            HistoryRow.firm_id == firm_id,
            HistoryRow.at >= since,
            HistoryRow.kind == "write",
            HistoryRow.line == "updated",
            # An older update was of an older version, whose time nobody keeps.
            HistoryRow.at == LinkRow.written_at,
            LinkRow.looked_at_version.is_not(None),
        )
        .order_by(HistoryRow.at.desc())
        .limit(MOST_SAMPLES)
    )
    return [at - changed for at, changed in rows if changed is not None and at >= changed]


def mailbox_problems(session: Session, firm_id: str) -> dict[str, int]:
    rows = session.execute(
        select(MailboxRow.problem, func.count())
        .where(MailboxRow.firm_id == firm_id, MailboxRow.problem.is_not(None))
        .group_by(MailboxRow.problem)
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}


def subscriptions(session: Session, firm_id: str, soon: datetime) -> dict[str, int]:
    """How many mailboxes are notified of changes, how many of these not much longer, how many
    cannot be.
    """
    is_ending = and_(
        WatchRow.subscription_id.is_not(None), WatchRow.subscription_expires_at <= soon
    )
    row = session.execute(
        select(
            func.count(WatchRow.subscription_id),
            func.sum(case((is_ending, 1), else_=0)),
            func.sum(case((WatchRow.subscription_problem.is_not(None), 1), else_=0)),
        ).where(WatchRow.firm_id == firm_id)
    ).one()
    return {"active": row[0] or 0, "ending": row[1] or 0, "problems": row[2] or 0}
