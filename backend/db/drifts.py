"""Findings of comparisons (A10), and the links that are compared; never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from backend.db.admin_models import DriftRow, OperationRow
from backend.db.history import Place
from backend.db.models import EventIdRow, LinkRow, MailboxRow, UserRow, WatchRow
from backend.db.people import owners
from backend.db.statements import run
from backend.db.watches import is_watchable

CHUNK = 500
RECONCILE = "reconcile"
"""The kind of operation that compares a firm's calendars."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding, before it is stored."""

    kind: str
    subject_id: str
    mailbox_id: str | None = None
    link_id: str | None = None
    event_id: str | None = None
    ical_uid: str | None = None
    activity_id: str | None = None
    external_key: str | None = None


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings a list shows; what is ``None`` does not matter."""

    kind: str | None = None
    user: str | None = None
    """Part of a name or an address."""
    fixed: bool | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One finding and whose calendar it is about."""

    row: DriftRow
    owner: UserRow | None


def keep(
    session: Session, firm_id: str, run_id: str, found: Collection[Found], now: datetime
) -> None:
    """Store what a comparison has found; what was known already keeps its id and its time."""
    for part in _parts([each.subject_id for each in found]):
        known = {
            (row.kind, row.subject_id): row
            for row in session.scalars(
                select(DriftRow).where(DriftRow.firm_id == firm_id, DriftRow.subject_id.in_(part))
            )
        }
        for each in found:
            if each.subject_id not in part:
                continue
            row = known.get((each.kind, each.subject_id))
            if row is None:
                row = DriftRow(firm_id=firm_id, kind=each.kind, subject_id=each.subject_id)
                row.found_at = now
                known[each.kind, each.subject_id] = row
                session.add(row)
            row.run_id, row.mailbox_id, row.link_id = run_id, each.mailbox_id, each.link_id
            row.event_id, row.ical_uid = each.event_id, each.ical_uid
            row.activity_id, row.external_key = each.activity_id, each.external_key
    session.flush()


def forget_healed(
    session: Session,
    firm_id: str,
    run_id: str,
    *,
    mailbox_id: str | None = None,
    kinds: Collection[str] = (),
) -> None:
    """What this comparison did not see again has healed: in one mailbox, or of these kinds."""
    which = DriftRow.mailbox_id == mailbox_id if mailbox_id else DriftRow.kind.in_(kinds)
    wanted = and_(DriftRow.firm_id == firm_id, DriftRow.run_id != run_id, which)
    if mailbox_id:
        wanted = and_(wanted, DriftRow.kind.not_in(kinds))
    run(session, delete(DriftRow).where(wanted))


def forget_unreached(
    session: Session, firm_id: str, run_id: str, compared: Collection[str]
) -> None:
    """At the end: mailboxes that are not compared any more have no findings.

    ``compared``: the mailboxes of this comparison; one that could not be read keeps its findings.
    """
    stale = [DriftRow.firm_id == firm_id, DriftRow.run_id != run_id]
    found = session.scalars(select(DriftRow.mailbox_id).where(*stale).distinct()).all()
    gone = {each for each in found if each is not None} - set(compared)
    run(session, delete(DriftRow).where(*stale, DriftRow.mailbox_id.is_(None)))
    for part in _parts(gone):
        run(session, delete(DriftRow).where(*stale, DriftRow.mailbox_id.in_(part)))


def forget(session: Session, firm_id: str, ids: Collection[str]) -> None:
    """The firm's findings of these ids go; ids are an admin's words, and may be another firm's."""
    for part in _parts(ids):
        wanted = (DriftRow.firm_id == firm_id) & DriftRow.id.in_(part)
        run(session, delete(DriftRow).where(wanted))


def note_fixed(session: Session, firm_id: str, ids: Collection[str], now: datetime) -> None:
    for part in _parts(ids):
        wanted = (DriftRow.firm_id == firm_id) & DriftRow.id.in_(part)
        run(session, update(DriftRow).where(wanted).values(fixed_at=now))


def load(session: Session, firm_id: str, ids: Collection[str]) -> dict[str, DriftRow]:
    """The firm's findings of these ids; unknown ids are absent."""
    found: dict[str, DriftRow] = {}
    for part in _parts(ids):
        rows = session.scalars(
            select(DriftRow).where(DriftRow.firm_id == firm_id, DriftRow.id.in_(part))
        )
        found |= {row.id: row for row in rows}
    return found


def counts(session: Session, firm_id: str) -> dict[str, int]:
    """How many findings there are of each kind."""
    counted = (
        select(DriftRow.kind, func.count())
        .where(DriftRow.firm_id == firm_id)
        .group_by(DriftRow.kind)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def ids_of_kind(session: Session, firm_id: str, kind: str, *, most: int) -> list[str]:
    """At most so many: first those that are not being mended, the oldest first."""
    wanted = select(DriftRow.id).where(DriftRow.firm_id == firm_id, DriftRow.kind == kind)
    ordered = wanted.order_by(DriftRow.fixed_at.is_not(None), DriftRow.id)
    return list(session.scalars(ordered.limit(most)))


def page(
    session: Session, firm_id: str, chosen: FindingFilter, *, limit: int, before: Place | None
) -> list[Listed]:
    """Findings, newest first, at most ``limit``."""
    wanted = (
        select(DriftRow, UserRow)
        .outerjoin(MailboxRow, MailboxRow.id == DriftRow.mailbox_id)
        .outerjoin(UserRow, UserRow.id == MailboxRow.user_id)
        .where(DriftRow.firm_id == firm_id)
        .order_by(DriftRow.found_at.desc(), DriftRow.id.desc())
        .limit(limit)
    )
    if chosen.kind is not None:
        wanted = wanted.where(DriftRow.kind == chosen.kind)
    if chosen.fixed is not None:
        is_open = DriftRow.fixed_at.is_(None)
        wanted = wanted.where(~is_open if chosen.fixed else is_open)
    if chosen.user:
        part = chosen.user.strip().lower()
        wanted = wanted.where(
            or_(
                func.lower(UserRow.name).contains(part, autoescape=True),
                UserRow.address.contains(part, autoescape=True),
            )
        )
    if before is not None:
        same_moment = and_(DriftRow.found_at == before.at, DriftRow.id < before.id)
        wanted = wanted.where(or_(DriftRow.found_at < before.at, same_moment))
    return [Listed(row, owner) for row, owner in session.execute(wanted)]


# -- what is compared ----------------------------------------------------------------------------


def mailboxes_to_compare(session: Session, firm_id: str) -> list[str]:
    """Mailboxes that may be watched, in the order of their ids."""
    wanted = owners().with_only_columns(MailboxRow.id)
    wanted = wanted.where(MailboxRow.firm_id == firm_id, is_watchable())
    return list(session.scalars(wanted.order_by(MailboxRow.id)))


def names_of_mailboxes(session: Session, firm_id: str, ids: Collection[str]) -> dict[str, str]:
    """Whose these mailboxes of the firm are: an address, else a name."""
    found: dict[str, str] = {}
    for part in _parts(ids):
        rows = session.execute(
            select(MailboxRow.id, UserRow.address, UserRow.name)
            .join(UserRow, UserRow.id == MailboxRow.user_id)
            .where(MailboxRow.firm_id == firm_id, MailboxRow.id.in_(part))
        )
        found |= {row.id: row.address or row.name for row in rows}
    return found


def read_at(session: Session, mailbox_id: str) -> tuple[datetime | None, datetime]:
    """When a mailbox was last looked at, and since when it could have been."""
    row = session.execute(
        select(WatchRow.checked_at, MailboxRow.created_at, UserRow.activated_at)
        .join(MailboxRow, MailboxRow.id == WatchRow.mailbox_id)
        .join(UserRow, UserRow.id == MailboxRow.user_id)
        .where(WatchRow.mailbox_id == mailbox_id)
    ).one()
    return row.checked_at, max(row.created_at, row.activated_at or row.created_at)


def links_of_events(
    session: Session, mailbox_id: str, event_ids: Collection[str]
) -> dict[str, LinkRow]:
    """A mailbox's links by the id under which their events were asked for, whatever its form."""
    found: dict[str, LinkRow] = {}
    for part in _parts(event_ids):
        by_other_form = (
            select(EventIdRow.event_id, LinkRow)
            .join(LinkRow, LinkRow.id == EventIdRow.link_id)
            .where(EventIdRow.mailbox_id == mailbox_id, EventIdRow.event_id.in_(part))
        )
        by_id = select(LinkRow.event_id, LinkRow).where(
            LinkRow.mailbox_id == mailbox_id, LinkRow.event_id.in_(part)
        )
        for statement in (by_other_form, by_id):
            found |= {row[0]: row[1] for row in session.execute(statement)}
    return found


def links_after(
    session: Session, mailbox_id: str, after: str, *, limit: int, which: ColumnElement[bool]
) -> list[LinkRow]:
    """A mailbox's links in the order of their ids, behind ``after``."""
    wanted = select(LinkRow).where(LinkRow.mailbox_id == mailbox_id, LinkRow.id > after, which)
    return list(session.scalars(wanted.order_by(LinkRow.id).limit(limit)))


# -- runs ----------------------------------------------------------------------------------------


def running(session: Session, firm_id: str) -> OperationRow | None:
    """The comparison that is going on."""
    return session.scalars(_runs(firm_id).where(OperationRow.state == "running").limit(1)).first()


def last_run(session: Session, firm_id: str) -> OperationRow | None:
    """The comparison that ended last."""
    ended = _runs(firm_id).where(OperationRow.finished_at.is_not(None))
    return session.scalars(ended.order_by(OperationRow.finished_at.desc()).limit(1)).first()


def _runs(firm_id: str) -> Select[OperationRow]:
    return select(OperationRow).where(
        OperationRow.firm_id == firm_id, OperationRow.kind == RECONCILE
    )


def _parts(ids: Collection[str]) -> Sequence[list[str]]:
    every = list(dict.fromkeys(ids))
    return [every[start : start + CHUNK] for start in range(0, len(every), CHUNK)]
