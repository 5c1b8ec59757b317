"""The links that a page of changes speaks of: find them, ring them, mark and sweep (road rule A16).

Core statements only: a pull never touches a link's version, it only makes links due.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from backend.db.models import EventIdRow, LinkRow
from backend.db.statements import run, rung
from backend.domain.link import WANTED, EndReason, LinkState
from backend.domain.ports import Window
from backend.sql import UtcDateTime

CHUNK = 500
"""Ids in one statement, far below what any database takes."""


@dataclass(frozen=True, slots=True)
class KnownLink:
    """What a pull has to know of a link."""

    id: str
    state: LinkState
    opted_out: bool
    own_change_key: str | None
    looked_at_version: datetime | None
    off_delta: bool

    @property
    def is_wanted(self) -> bool:
        return self.state in WANTED


Known = Mapping[str, KnownLink]
"""By the id, in whatever form, under which it was asked for."""


def find(session: Session, mailbox_id: str, event_ids: Collection[str]) -> Known:
    """The links of a mailbox's events, by any id form they were ever opened with."""
    columns = (
        LinkRow.id,
        LinkRow.state,
        LinkRow.opted_out,
        LinkRow.own_change_key,
        LinkRow.looked_at_version,
        LinkRow.off_delta,
    )
    known: dict[str, KnownLink] = {}
    for ids in _chunks(event_ids):
        by_other_form = (
            select(EventIdRow.event_id, *columns)
            .join(LinkRow, LinkRow.id == EventIdRow.link_id)
            .where(EventIdRow.mailbox_id == mailbox_id, EventIdRow.event_id.in_(ids))
        )
        by_id = select(LinkRow.event_id, *columns).where(
            LinkRow.mailbox_id == mailbox_id, LinkRow.event_id.in_(ids)
        )
        for found in (by_other_form, by_id):
            known |= {row[0]: KnownLink(*row[1:]) for row in session.execute(found)}
    return known


def lock(session: Session, known: Known) -> None:
    """Lock links by id before several of them are changed, as whoever changes many does."""
    ids = sorted({link.id for link in known.values()})
    for part in _chunks(ids):
        wanted = select(LinkRow.id).where(LinkRow.id.in_(part)).order_by(LinkRow.id)
        session.execute(wanted.with_for_update(key_share=True)).all()


def ring_touched(session: Session, versions: Mapping[str, datetime], now: datetime) -> None:
    """Links whose events changed are due; ``versions`` says by link how new the delta showed them.

    A look that shows an older version than the delta did lags behind and proves nothing (R5).
    """
    if not versions:
        return
    shown = bindparam("shown", type_=UtcDateTime())
    newest = case(
        (
            or_(LinkRow.looked_at_version.is_(None), LinkRow.looked_at_version < shown),
            shown,
        ),
        else_=LinkRow.looked_at_version,
    )
    session.connection().execute(
        update(LinkRow)
        .where(LinkRow.id == bindparam("link"))
        .values(
            off_delta=False,
            looked_at_version=newest,
            last_change_seen_at=now,
            **rung(LinkRow, now),
        ),
        [{"link": link_id, "shown": version} for link_id, version in versions.items()],
    )


def ring(
    session: Session, link_ids: Collection[str], now: datetime, *, off_delta: bool | None = None
) -> None:
    """Links are due; ``off_delta``: whether the delta has lost their events, if it said so."""
    values = rung(LinkRow, now)
    if off_delta is not None:
        values["off_delta"] = off_delta
    for ids in _chunks(link_ids):
        run(session, update(LinkRow).where(LinkRow.id.in_(ids)).values(**values))


def mark_seen(session: Session, link_ids: Collection[str], seed_id: str) -> None:
    """The first round of a window showed their events: the delta tells of them from now on."""
    for ids in _chunks(link_ids):
        run(
            session,
            update(LinkRow).where(LinkRow.id.in_(ids)).values(seed_id=seed_id, off_delta=False),
        )


def sweep_unseen(
    session: Session,
    mailbox_id: str,
    *,
    seed_id: str,
    window: Window,
    since: datetime,
    now: datetime,
) -> int:
    """Links that a complete first round should have shown and did not are due; answers how many.

    Their events were deleted between two cursors, moved, or left the calendar: the road proves
    which (L6). ``since``: when the round began; what was linked later it need not have shown.
    """
    unseen = or_(LinkRow.seed_id.is_(None), LinkRow.seed_id != seed_id)
    inside = or_(
        LinkRow.event_end.is_(None),
        and_(LinkRow.event_end > window.start, LinkRow.event_end < window.end),
    )
    swept = (
        update(LinkRow)
        .where(
            LinkRow.mailbox_id == mailbox_id,
            LinkRow.created_at < since,
            unseen,
            inside,
            _matters(now),
        )
        .values(off_delta=true(), **rung(LinkRow, now))
    )
    return run(session, swept)


def _matters(now: datetime) -> ColumnElement[bool]:
    """A record is there, is to be, or could come back: what its event does concerns us."""
    return or_(
        LinkRow.state.in_([LinkState.PENDING, LinkState.LINKED, LinkState.REMOVING]),
        LinkRow.undo_until > now,
        and_(LinkRow.state == LinkState.RELEASED, LinkRow.reason == EndReason.EDITED_IN_CRM.value),
    )


def _chunks(ids: Collection[str]) -> Iterator[list[str]]:
    every = list(ids)
    return (every[start : start + CHUNK] for start in range(0, len(every), CHUNK))
