"""Queries on links and their work list: find, ring, lease, fence. Claims: ``db/leases.py``."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import (
    and_,
    exists,
    false,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from backend.db.models import EventIdRow, FirmRow, HistoryRow, LinkRow, ServerRow
from backend.db.statements import given_back, run, rung, unless_rung
from backend.domain.event import Event
from backend.domain.link import Trigger
from backend.domain.matching import invited


def find(session: Session, mailbox_id: str, event_ids: Sequence[str]) -> LinkRow | None:
    """The link of an event of this mailbox under any id form it was ever opened with."""
    found = session.scalars(
        select(LinkRow)
        .outerjoin(EventIdRow, EventIdRow.link_id == LinkRow.id)
        .where(
            LinkRow.mailbox_id == mailbox_id,
            or_(LinkRow.event_id.in_(event_ids), EventIdRow.event_id.in_(event_ids)),
        )
        .limit(1)
    )
    return found.first()


def find_by_ical_uid(session: Session, firm_id: str, ical_uid: str) -> LinkRow | None:
    """The firm's link of a meeting, whichever mailbox leads it (S3)."""
    return session.scalars(
        select(LinkRow).where(LinkRow.firm_id == firm_id, LinkRow.ical_uid == ical_uid)
    ).first()


def find_by_key(session: Session, tenant_id: str, ical_uid: str) -> LinkRow | None:
    """The link whose record carries the key ``<tenant>/<iCalUId>``."""
    return session.scalars(
        select(LinkRow)
        .join(FirmRow, FirmRow.id == LinkRow.firm_id)
        .where(FirmRow.tenant_id == tenant_id, LinkRow.ical_uid == ical_uid)
    ).first()


def find_twin(session: Session, row: LinkRow, event: Event) -> LinkRow | None:
    """Another link of the same calendar that turns out to mean the same event.

    Two id forms of one event, ticked while nobody could look, make two links.
    """
    if row.event_id == event.id and row.ical_uid == event.ical_uid:
        return None
    same_event = and_(LinkRow.mailbox_id == row.mailbox_id, LinkRow.event_id == event.id)
    if event.ical_uid is not None:
        same_meeting = and_(LinkRow.firm_id == row.firm_id, LinkRow.ical_uid == event.ical_uid)
        same_event = or_(same_event, same_meeting)
    return session.scalars(
        select(LinkRow).where(
            same_event, LinkRow.mailbox_id == row.mailbox_id, LinkRow.id != row.id
        )
    ).first()


def lock(session: Session, link_id: str) -> LinkRow | None:
    """The row, locked until the transaction ends."""
    return session.get(LinkRow, link_id, with_for_update=True, populate_existing=True)


def remember_id(session: Session, link: LinkRow, event_id: str) -> None:
    """Keep an id form, once."""
    if session.get(EventIdRow, (link.mailbox_id, event_id)) is None:
        add_id(session, link, event_id)


def add_id(session: Session, link: LinkRow, event_id: str) -> None:
    """Keep an id form that is known to be new."""
    session.add(
        EventIdRow(
            mailbox_id=link.mailbox_id,
            event_id=event_id,
            firm_id=link.firm_id,
            link_id=link.id,
        )
    )


def tenant_of(session: Session, row: LinkRow) -> str:
    """The Entra tenant of the link's firm."""
    return session.scalars(select(FirmRow.tenant_id).where(FirmRow.id == row.firm_id)).one()


def learn_event(session: Session, row: LinkRow, event: Event, now: datetime) -> None:
    """Keep what an event shows about itself; facts, so the version stays (R3).

    The iCalUId is taken over only while nobody else in the firm holds it.
    """
    if event.ical_uid is not None and row.ical_uid != event.ical_uid:
        holder = find_by_ical_uid(session, row.firm_id, event.ical_uid)
        if holder is None:
            row.ical_uid = event.ical_uid
    if row.event_id != event.id:
        remember_id(session, row, row.event_id)
        row.event_id = event.id
    if row.looked_at_version is None or event.modified_at > row.looked_at_version:
        row.looked_at_version = event.modified_at
        row.last_change_seen_at = now
    row.event_end = event.end
    row.had_attendees = bool(invited(event))
    row.gone_since = None


def merge_into(session: Session, row: LinkRow, kept: LinkRow) -> None:
    """Give ids and history of ``row`` to ``kept`` and delete it: both mean one event."""
    session.flush()
    for table in (EventIdRow, HistoryRow):
        run(session, update(table).where(table.link_id == row.id).values(link_id=kept.id))
    own_id = row.event_id
    session.delete(row)
    session.flush()
    remember_id(session, kept, own_id)


def last_wish_at(session: Session, link_id: str) -> datetime | None:
    """When the link was last ticked or unticked; ``None`` when its history is not kept any more."""
    return session.scalar(
        select(func.max(HistoryRow.at)).where(
            HistoryRow.link_id == link_id,
            HistoryRow.trigger.in_([Trigger.TICK.value, Trigger.UNTICK.value]),
        )
    )


def store_server_may_write(
    session: Session, server_id: str, *, allowed: bool, now: datetime
) -> None:
    """What a try has shown about a server's right to write categories (X1)."""
    run(
        session,
        update(ServerRow)
        .where(ServerRow.id == server_id)
        .values(can_write=allowed, can_write_at=now),
    )


def write_history(
    session: Session,
    row: LinkRow,
    *,
    kind: str,
    line: str,
    at: datetime,
    codes: Sequence[str] = (),
    request_id: str | None = None,
) -> None:
    """A line of history that is no move of the link: a fact."""
    session.add(
        HistoryRow(
            firm_id=row.firm_id,
            mailbox_id=row.mailbox_id,
            link_id=row.id,
            event_id=row.event_id,
            at=at,
            kind=kind,
            line=line,
            request_id=request_id,
            codes=list(codes),
        )
    )


def ring(session: Session, link_id: str, at: datetime, *, urgent: bool = False) -> None:
    """Make a link due at ``at`` at the latest; a run in progress will not erase this (R1)."""
    run(session, update(LinkRow).where(LinkRow.id == link_id).values(**_rung(at, urgent)))


def _rung(at: datetime, urgent: bool) -> dict[str, object]:
    return rung(LinkRow, at) | {"urgent": true() if urgent else LinkRow.urgent}


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a link until ``until``, proven by ``token``."""

    link_id: str
    token: str
    until: datetime
    ring_seq: int
    attempts: int
    taken_over: bool = False
    """The last holder never gave it back: nothing it may have done is known."""


def take_lease(
    session: Session,
    row: LinkRow,
    now: datetime,
    length: timedelta,
    *,
    holder: str | None = None,
) -> Lease:
    """Lease a row that the caller has locked and found free. ``holder``: the worker's name."""
    lease = _new_lease(row, now + length)
    statement = update(LinkRow).where(LinkRow.id == row.id)
    run(session, statement.values(**_leased(lease, holder)))
    return lease


def ring_and_lease(
    session: Session, row: LinkRow, now: datetime, length: timedelta
) -> Lease | None:
    """Make a row that the caller has locked due for a person, and lease it unless it is leased.

    One statement, so that no worker starts the same link (A7).
    """
    values = _rung(now, True)
    lease = None
    if not is_leased(row, now):
        lease = replace(_new_lease(row, now + length), ring_seq=row.ring_seq + 1)
        values |= _leased(lease, None)
    run(session, update(LinkRow).where(LinkRow.id == row.id).values(**values))
    return lease


def _new_lease(row: LinkRow, until: datetime) -> Lease:
    return Lease(
        link_id=row.id,
        token=str(uuid.uuid4()),
        until=until,
        ring_seq=row.ring_seq,
        attempts=row.attempts,
        taken_over=row.lease_token is not None,
    )


def _leased(lease: Lease, holder: str | None) -> dict[str, object]:
    return {"lease_token": lease.token, "lease_until": lease.until, "lease_holder": holder}


def is_leased(row: LinkRow, now: datetime) -> bool:
    """Whether somebody works on the link right now."""
    return row.lease_until is not None and row.lease_until > now


def holds(session: Session, lease: Lease, version: int, until: datetime) -> bool:
    """R4: whether lease and version still stand and the lease outlives ``until``."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    LinkRow.id == lease.link_id,
                    LinkRow.lease_token == lease.token,
                    LinkRow.lease_until >= until,
                    LinkRow.version == version,
                )
            )
        )
    )


def settle(
    session: Session, lease: Lease, *, due_at: datetime | None, attempts: int, now: datetime
) -> None:
    """Give the lease back and say when the link is due next.

    A ring during the run is kept: then the row stays due as the ring left it (R1).
    """
    values = given_back(LinkRow, lease.ring_seq, due_at=due_at, attempts=attempts, now=now)
    values["urgent"] = unless_rung(LinkRow, lease.ring_seq, false(), LinkRow.urgent)
    own = (LinkRow.id == lease.link_id, LinkRow.lease_token == lease.token)
    run(session, update(LinkRow).where(*own).values(**values))
