"""Queries on the watching of mailboxes: ring, claim, lease, keep the cursor, start anew.

The work list is the one of links, a row per mailbox. Link work and a pull of one mailbox exclude
each other, and a person who waits comes first (road rule A20).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Update,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from backend.db import crowds, people
from backend.db.breakers import is_shut
from backend.db.crowds import Crowd
from backend.db.models import FirmRow, LinkRow, MailboxRow, ServerRow, UserRow, WatchRow
from backend.db.people import Owner
from backend.db.statements import earliest, given_back, run, run_returning, rung, unless_rung
from backend.domain.breaker import GRAPH
from backend.domain.link import EndReason
from backend.domain.ports import Window
from backend.sql import UtcDateTime


@dataclass(frozen=True, slots=True)
class Seed:
    """The first round of a new window, which runs beside the old cursor."""

    id: str
    window: Window
    since: datetime
    link: str | None = None
    """The next page; ``None`` before the first one."""
    pages: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class Watch:
    """How far the watching of a mailbox has come: a copy that outlives the transaction."""

    mailbox_id: str
    firm_id: str
    cursor: str | None
    cursor_version: int
    window: Window | None
    """The one sealed in ``cursor``."""
    round_pages: int
    seed: Seed | None
    reseed_at: datetime | None
    checked_at: datetime | None
    problem_since: datetime | None
    brake_off_until: datetime | None
    subscription_id: str | None
    subscription_expires_at: datetime | None
    subscription_due_at: datetime | None
    subscription_problem: str | None
    notified_at: datetime | None
    again_at: datetime | None
    attempts: int
    quiet_looks: int


@dataclass(frozen=True, slots=True)
class WatchLease:
    """The right to read a mailbox's changes until ``until``, proven by ``token``."""

    mailbox_id: str
    token: str
    until: datetime
    ring_seq: int
    watch: Watch


@dataclass(frozen=True, slots=True)
class Rest:
    """How a lease is given back: when to look again, and how many failures in a row there were."""

    due_at: datetime | None
    again_at: datetime | None
    attempts: int
    now: datetime
    is_quiet: bool | None = None
    """Whether the look found nothing, which is counted; False: a row tells of it and of those
    before it; ``None``: it was no look (A6)."""


def snapshot(row: WatchRow) -> Watch:
    """The row as a value."""
    return Watch(
        mailbox_id=row.mailbox_id,
        firm_id=row.firm_id,
        cursor=row.cursor,
        cursor_version=row.cursor_version,
        window=_window(row.window_start, row.window_end),
        round_pages=row.round_pages,
        seed=_seed(row),
        reseed_at=row.reseed_at,
        checked_at=row.checked_at,
        problem_since=row.problem_since,
        brake_off_until=row.brake_off_until,
        subscription_id=row.subscription_id,
        subscription_expires_at=row.subscription_expires_at,
        subscription_due_at=row.subscription_due_at,
        subscription_problem=row.subscription_problem,
        notified_at=row.notified_at,
        again_at=row.again_at,
        attempts=row.attempts,
        quiet_looks=row.quiet_looks,
    )


def _window(start: datetime | None, end: datetime | None) -> Window | None:
    return None if start is None or end is None else Window(start, end)


def _seed(row: WatchRow) -> Seed | None:
    window = _window(row.seed_start, row.seed_end)
    if row.seed_id is None or window is None or row.seed_since is None:
        return None
    return Seed(
        id=row.seed_id,
        window=window,
        since=row.seed_since,
        link=row.seed_link,
        pages=row.seed_pages,
        events=row.seed_events,
    )


def claim(
    session: Session,
    now: datetime,
    length: timedelta,
    *,
    holder: str | None = None,
    mailbox_id: str | None = None,
) -> WatchLease | None:
    """Take the mailbox that has been due longest and whose links nobody works on, in one statement.

    ``mailbox_id``: this one, due or not, for somebody else who has to read it.

    Its row and the mailbox's are locked meanwhile and locked ones are skipped. On PostgreSQL a link
    may still have been leased between the statement's snapshot and its lock: whoever works with
    the lease must ask :func:`load_owner` first, which sees that. ``holder``: the worker's name.
    """
    due = (
        select(WatchRow.mailbox_id)
        .join(MailboxRow, MailboxRow.id == WatchRow.mailbox_id)
        .where(
            WatchRow.due_at <= now if mailbox_id is None else WatchRow.mailbox_id == mailbox_id,
            _is_free(now),
            or_(MailboxRow.not_before.is_(None), MailboxRow.not_before <= now),
            ~_links_are_leased(now),
            ~_person_waits(now),
            ~is_shut(now, (GRAPH,)),
        )
        .order_by(WatchRow.due_at)
        .limit(1)
        .with_for_update(of=[WatchRow, MailboxRow], skip_locked=True)
        .correlate(None)
        .scalar_subquery()
    )
    token = str(uuid.uuid4())
    taken = (
        update(WatchRow)
        .where(WatchRow.mailbox_id == due)
        .values(lease_token=token, lease_until=now + length, lease_holder=holder)
        .returning(WatchRow)
    )
    row = run_returning(session, taken).scalars().first()
    if row is None:
        return None
    return WatchLease(row.mailbox_id, token, now + length, row.ring_seq, snapshot(row))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(WatchRow.lease_until.is_(None), WatchRow.lease_until <= now)


def _links_are_leased(now: datetime) -> ColumnElement[bool]:
    # Asked of the few leased links, not of the many that a mailbox may have.
    leased = select(LinkRow.mailbox_id).where(LinkRow.lease_until > now).correlate(None)
    return MailboxRow.id.in_(leased)


def _person_waits(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        LinkRow.mailbox_id == MailboxRow.id, LinkRow.urgent.is_(true()), LinkRow.due_at <= now
    )


@dataclass(frozen=True, slots=True)
class Loaded:
    """A leased mailbox's owner, read by one statement."""

    owner: Owner
    may_be_watched: bool
    is_busy: bool
    """A link of the mailbox was leased just before this lease was taken."""


def load_owner(session: Session, lease: WatchLease, now: datetime) -> Loaded:
    """Whose mailbox it is, under which settings, and whether it may be read now."""
    row = session.execute(
        people.owners()
        .add_columns(is_watchable(), _links_are_leased(now))
        .where(MailboxRow.id == lease.mailbox_id)
    ).one()
    *values, may_be_watched, is_busy = row
    return Loaded(Owner(*values), bool(may_be_watched), bool(is_busy))


def is_watchable() -> ColumnElement[bool]:
    """E1, E3, E4, no pause at any of the three levels (A3), and not stopped by the brake (L7).

    The server is outer-joined.

    Says of the row what ``UserState.is_enabled`` says of the value.
    """
    return and_(
        FirmRow.sync_enabled.is_(true()),
        FirmRow.paused.is_(false()),
        MailboxRow.paused.is_(false()),
        MailboxRow.problem.is_distinct_from(EndReason.MASS_CHANGE.value),
        ServerRow.id.is_not(None),
        ServerRow.paused.is_(false()),
        people.is_enabled(),
    )


def start_watching(session: Session, now: datetime) -> int:
    """Make every mailbox due that may be watched and is not; answers how many (sweep)."""
    waiting = (
        select(WatchRow.mailbox_id)
        .join(MailboxRow, MailboxRow.id == WatchRow.mailbox_id)
        .join(UserRow, UserRow.id == MailboxRow.user_id)
        .join(FirmRow, FirmRow.id == MailboxRow.firm_id)
        .join(ServerRow, ServerRow.id == MailboxRow.server_id)
        .where(WatchRow.due_at.is_(None), is_watchable())
        .correlate(None)
    )
    return run(
        session,
        update(WatchRow)
        .where(WatchRow.due_at.is_(None), WatchRow.mailbox_id.in_(waiting))
        .values(due_at=now, ring_seq=WatchRow.ring_seq + 1),
    )


def ring(
    session: Session, mailbox_id: str, at: datetime, *, again_at: datetime | None = None
) -> None:
    """Make a mailbox due at ``at`` at the latest; a run in progress will not erase this (R1).

    ``again_at``: a second look, as changes become visible late (Graph docs: delta).
    """
    run(
        session,
        update(WatchRow)
        .where(WatchRow.mailbox_id == mailbox_id)
        .values(
            again_at=literal(again_at, UtcDateTime()) if again_at else WatchRow.again_at,
            **rung(WatchRow, at),
        ),
    )


def reseed(session: Session, whose: Crowd, now: datetime, *, at: datetime | None = None) -> None:
    """Read a new window from its start: after a change of settings (S6), or ``at`` a later time.

    A mailbox that was never read completely does not wait until then.
    A first round under way was judged by the old settings, so it is given up; whoever is reading
    finds the version changed and stores nothing.
    """
    chosen = update(WatchRow).where(whose.of(WatchRow))
    begins_at = case(
        (WatchRow.cursor.is_(None), literal(now, UtcDateTime())),
        else_=literal(at or now, UtcDateTime()),
    )
    run(
        session,
        chosen.values(
            reseed_at=begins_at,
            seed_id=None,
            seed_link=None,
            cursor_version=WatchRow.cursor_version + 1,
            due_at=case(
                (WatchRow.cursor.is_(None), earliest(WatchRow.due_at, now)),
                else_=earliest(WatchRow.due_at, at or now),
            ),
            ring_seq=WatchRow.ring_seq + 1,
        ),
    )


def save(session: Session, lease: WatchLease, watch: Watch, rest: Rest | None = None) -> bool:
    """Keep how far ``watch`` has come, if nobody else did since; ``rest`` gives the lease back.

    False when the lease or the cursor is not the reader's own any more: then nothing was written,
    and what the page produced must not be stored either.
    """
    seed, window = watch.seed, watch.window
    values: dict[str, object] = {
        "cursor": watch.cursor,
        "cursor_version": watch.cursor_version + 1,
        "window_start": window.start if window else None,
        "window_end": window.end if window else None,
        "round_pages": watch.round_pages,
        "seed_id": seed.id if seed else None,
        "seed_link": seed.link if seed else None,
        "seed_start": seed.window.start if seed else None,
        "seed_end": seed.window.end if seed else None,
        "seed_since": seed.since if seed else None,
        "seed_pages": seed.pages if seed else 0,
        "seed_events": seed.events if seed else 0,
        "reseed_at": watch.reseed_at,
        "checked_at": watch.checked_at,
    }
    if rest is not None:
        values |= _given_back(lease, rest)
    statement = _own(lease).where(WatchRow.cursor_version == watch.cursor_version)
    return run(session, statement.values(**values)) == 1


def settle(session: Session, lease: WatchLease, rest: Rest) -> None:
    """Give the lease back and keep everything else as it is."""
    run(session, _own(lease).values(**_given_back(lease, rest)))


def give_back(session: Session, lease: WatchLease) -> None:
    """End a lease under which nothing was read for the cursor: the mailbox stays due as it was."""
    run(session, _own(lease).values(lease_token=None, lease_until=None, lease_holder=None))


def _own(lease: WatchLease) -> Update:
    return update(WatchRow).where(
        WatchRow.mailbox_id == lease.mailbox_id, WatchRow.lease_token == lease.token
    )


def _given_back(lease: WatchLease, rest: Rest) -> dict[str, object]:
    again_at = literal(rest.again_at, UtcDateTime())
    values = given_back(
        WatchRow, lease.ring_seq, due_at=rest.due_at, attempts=rest.attempts, now=rest.now
    )
    values["again_at"] = unless_rung(WatchRow, lease.ring_seq, again_at, WatchRow.again_at)
    if rest.is_quiet is not None:
        values["quiet_looks"] = WatchRow.quiet_looks + 1 if rest.is_quiet else 0
    return values


def note_problem(session: Session, mailbox_id: str, code: str, now: datetime) -> None:
    """The mailbox cannot be read (L8): since when, and why; the newest reason counts.

    Its wanted links are rung, and freeze without a look. A mailbox that an admin has to look at
    (L7) keeps that problem.
    """
    # Links before the mailbox, as everybody locks them.
    crowds.ring_wanted(session, Crowd(mailbox_id=mailbox_id), now)
    _set_problem(session, mailbox_id, code)
    run(
        session,
        update(WatchRow)
        .where(WatchRow.mailbox_id == mailbox_id)
        .values(problem_since=func.coalesce(WatchRow.problem_since, literal(now, UtcDateTime()))),
    )


def clear_problem(session: Session, mailbox_id: str, now: datetime) -> None:
    """The mailbox can be read again: every link that rests under a mark is looked at."""
    run(
        session,
        update(LinkRow)
        .where(LinkRow.mailbox_id == mailbox_id, LinkRow.blocked_by.is_not(None))
        .values(**rung(LinkRow, now)),
    )
    _set_problem(session, mailbox_id, None)
    run(
        session,
        update(WatchRow).where(WatchRow.mailbox_id == mailbox_id).values(problem_since=None),
    )


def _set_problem(session: Session, mailbox_id: str, code: str | None) -> None:
    """Only an admin takes back that too much changed at once (L7)."""
    is_ours = MailboxRow.problem.is_distinct_from(EndReason.MASS_CHANGE.value)
    statement = update(MailboxRow).where(MailboxRow.id == mailbox_id, is_ours)
    run(session, statement.values(problem=code))


def note_changed(session: Session, mailbox_id: str, now: datetime) -> None:
    """When a change was last detected (S5)."""
    run(session, update(MailboxRow).where(MailboxRow.id == mailbox_id).values(changed_at=now))


def person_waits(session: Session, mailbox_id: str, now: datetime) -> bool:
    """Whether a person waits for a link of this mailbox; he comes before a long pull (A20)."""
    waiting = select(_person_waits(now)).where(MailboxRow.id == mailbox_id)
    return bool(session.scalar(waiting))


def count_due(session: Session, now: datetime) -> int:
    """How many mailboxes wait for a look at this moment."""
    counted = (
        select(func.count()).select_from(WatchRow).where(WatchRow.due_at <= now, _is_free(now))
    )
    return session.scalar(counted) or 0
