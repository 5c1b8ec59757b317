"""Queries on many links at once: ring those that rest, unsettle categories, count what went.

Whoever changes several links locks them by id, as pages of a pull do: on PostgreSQL two who met in
another order would wait for each other until one of them is thrown out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from backend.db.models import HistoryRow, LinkRow, MailboxRow, WatchRow
from backend.db.statements import run, rung
from backend.domain.link import WANTED, LinkState
from backend.domain.policy import Origin
from backend.sql import UtcDateTime

MOST_NAMED = 500
"""How many meetings one statement names."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The links and watches of a firm, a server, a mailbox or several: one of these is named."""

    firm_id: str | None = None
    server_id: str | None = None
    mailbox_id: str | None = None
    mailbox_ids: Sequence[str] | None = None

    def of(self, table: type[LinkRow] | type[WatchRow]) -> ColumnElement[bool]:
        """The condition on ``table``."""
        if self.mailbox_id is not None:
            return table.mailbox_id == self.mailbox_id
        if self.mailbox_ids is not None:
            return table.mailbox_id.in_(self.mailbox_ids)
        if self.server_id is not None:
            reached = select(MailboxRow.id).where(MailboxRow.server_id == self.server_id)
            return table.mailbox_id.in_(reached.correlate(None))
        return table.firm_id == self.firm_id


def ring_wanted(
    session: Session,
    whose: Crowd,
    at: datetime,
    *,
    unsettles: bool = False,
    review_until: datetime | None = None,
) -> None:
    """Make every wanted link due at ``at`` at the latest; runs in progress keep this (R1).

    One statement, for a firm may have hundreds of thousands. ``unsettles``: what their categories
    showed is forgotten as by :func:`unsettle_categories`. ``review_until``: records that no longer
    qualify go when their links are looked at until then (S6).
    """
    values = rung(LinkRow, at)
    if unsettles:
        values["category_seen"] = None
    if review_until is not None:
        values["review_until"] = case(
            (LinkRow.activity_id.is_not(None), literal(review_until, UtcDateTime())),
            else_=LinkRow.review_until,
        )
    _change(session, and_(whose.of(LinkRow), LinkRow.state.in_(WANTED)), values)


def ring_unsettled(session: Session, whose: Crowd, at: datetime) -> None:
    """Make due whatever a pause, a brake or an outage may have kept from its end.

    Besides the wanted ones: what is being removed, records whose links were released, as those may
    have to be marked still, and events whose category may have to be taken off.
    """
    has_ended = and_(LinkRow.state == LinkState.REMOVED, LinkRow.category_seen.is_(false()))
    _change(session, and_(whose.of(LinkRow), not_(has_ended)), rung(LinkRow, at))


def ring_outstanding(session: Session, whose: Crowd, at: datetime) -> None:
    """Make due what waits for its next attempt or rests under a mark; the rest sleeps on."""
    is_under_way = LinkRow.state.in_((LinkState.PENDING, LinkState.REMOVING))
    rests = (LinkRow.state != LinkState.REMOVED) & LinkRow.blocked_by.is_not(None)
    _change(session, and_(whose.of(LinkRow), or_(is_under_way, rests)), rung(LinkRow, at))


def ring_meetings(session: Session, firm_id: str, ical_uids: Collection[str], at: datetime) -> None:
    """Make the links of these meetings due at ``at`` at the latest; an import names thousands."""
    ordered = sorted(set(ical_uids))
    for begin in range(0, len(ordered), MOST_NAMED):
        part = ordered[begin : begin + MOST_NAMED]
        named = and_(LinkRow.firm_id == firm_id, LinkRow.ical_uid.in_(part))
        _change(session, named, rung(LinkRow, at))


def ring_watches(session: Session, whose: Crowd, at: datetime) -> None:
    """Make the mailboxes themselves due at ``at`` at the latest."""
    run(
        session,
        update(WatchRow).where(whose.of(WatchRow)).values(**rung(WatchRow, at)),
    )


@dataclass(frozen=True, slots=True)
class Followed:
    """A link with a record that Outlook keeps up to date."""

    event_id: str
    origin: Origin
    event_end: datetime | None


def followed(session: Session, mailbox_id: str) -> list[Followed]:
    """A mailbox's links that a review would look at, by the event's id."""
    found = session.execute(
        select(LinkRow.event_id, LinkRow.origin, LinkRow.event_end).where(
            LinkRow.mailbox_id == mailbox_id,
            LinkRow.state.in_(WANTED),
            LinkRow.activity_id.is_not(None),
        )
    )
    return [Followed(*row) for row in found]


def unsettle_categories(session: Session, whose: Crowd, *, but: str | None = None) -> None:
    """Forget what the category of wanted links showed: it is mended, not read (R2).

    A fact, not a decision: the versions stay. ``but`` names a link that stays as it is.
    """
    settled = and_(
        whose.of(LinkRow),
        LinkRow.id != (but or ""),
        LinkRow.state.in_(WANTED),
        LinkRow.category_seen.is_not(None),
    )
    _change(session, settled, {"category_seen": None})


def lose_category(session: Session, mailbox_id: str, now: datetime, *, but: str) -> None:
    """The category went from all events of a mailbox at once: unsettle and ring each, and say so.

    ``but``: a link that somebody works on and takes care of.
    """
    whose = Crowd(mailbox_id=mailbox_id)
    showing = select(LinkRow.id, LinkRow.firm_id, LinkRow.event_id).where(
        LinkRow.mailbox_id == mailbox_id,
        LinkRow.id != but,
        LinkRow.state.in_(WANTED),
        LinkRow.category_seen.is_(true()),
    )
    for link_id, firm_id, event_id in session.execute(showing).all():
        session.add(
            HistoryRow(
                firm_id=firm_id,
                mailbox_id=mailbox_id,
                link_id=link_id,
                event_id=event_id,
                at=now,
                kind="decision",
                line="master_category_lost",
                codes=[],
            )
        )
    unsettle_categories(session, whose, but=but)
    ring_wanted(session, whose, now)


def marked(session: Session, mailbox_id: str, mark: str) -> list[LinkRow]:
    """The links that rest under a mark, locked."""
    return list(session.scalars(_marked(mailbox_id, mark).with_for_update()))


def list_marked(session: Session, mailbox_id: str, mark: str) -> list[LinkRow]:
    """As :func:`marked`, only to be looked at."""
    return list(session.scalars(_marked(mailbox_id, mark)))


def _marked(mailbox_id: str, mark: str) -> Select[LinkRow]:
    return (
        select(LinkRow)
        .where(LinkRow.mailbox_id == mailbox_id, LinkRow.blocked_by == mark)
        .order_by(LinkRow.id)
    )


def gone_since(
    session: Session, mailbox_id: str, lines: Sequence[str], since: datetime
) -> list[LinkRow]:
    """The links that went since then by one of these decisions and are not wanted again, locked."""
    return list(session.scalars(_gone(mailbox_id, lines, since).with_for_update()))


def list_gone_since(
    session: Session, mailbox_id: str, lines: Sequence[str], since: datetime
) -> list[LinkRow]:
    """As :func:`gone_since`, only to be looked at."""
    return list(session.scalars(_gone(mailbox_id, lines, since)))


def _gone(mailbox_id: str, lines: Sequence[str], since: datetime) -> Select[LinkRow]:
    return (
        select(LinkRow)
        .where(
            LinkRow.id.in_(_went(mailbox_id, lines, since)),
            LinkRow.state.in_((LinkState.REMOVING, LinkState.REMOVED)),
        )
        .order_by(LinkRow.id)
    )


def count_by_line(
    session: Session, mailbox_id: str, lines: Sequence[str], since: datetime
) -> dict[str, int]:
    """How many links of a mailbox went since then, by the decision."""
    rows = session.execute(
        select(HistoryRow.line, func.count(HistoryRow.link_id.distinct()))
        .where(
            HistoryRow.mailbox_id == mailbox_id,
            HistoryRow.at > since,
            HistoryRow.line.in_(lines),
        )
        .group_by(HistoryRow.line)
    )
    return {row[0]: row[1] for row in rows}


def _went(mailbox_id: str, lines: Sequence[str], since: datetime) -> Select[str | None]:
    return (
        select(HistoryRow.link_id)
        .where(
            HistoryRow.mailbox_id == mailbox_id,
            HistoryRow.at > since,
            HistoryRow.line.in_(lines),
        )
        .distinct()
    )


def count_gone(
    session: Session, mailbox_id: str, lines: Sequence[str], since: datetime, *, but: str
) -> tuple[int, int]:
    """How many links of a mailbox went since then by one of these decisions, and of how many.

    ``but`` names the link that is about to go: it belongs to the crowd and is not counted as gone.
    """
    went = _went(mailbox_id, lines, since).where(HistoryRow.link_id != but)
    gone = session.scalar(select(func.count()).select_from(went.subquery())) or 0
    crowd = session.scalar(
        select(func.count())
        .select_from(LinkRow)
        .where(
            LinkRow.mailbox_id == mailbox_id,
            or_(LinkRow.state.in_(WANTED), LinkRow.id.in_(went), LinkRow.id == but),
        )
    )
    return gone, crowd or 0


def _change(session: Session, which: ColumnElement[bool], values: Mapping[str, object]) -> None:
    if session.get_bind().dialect.name == "postgresql":
        by_id = select(LinkRow.id).where(which).order_by(LinkRow.id).with_for_update(key_share=True)
        which = LinkRow.id.in_(by_id.correlate(None))
    # SQLite's writers queue anyway, and the order would take it five times as long.
    run(session, update(LinkRow).where(which).values(**values))
