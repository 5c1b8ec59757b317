"""Queries of the administration: people in pages, servers, long operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    false,
    func,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.admin_models import OperationRow
from backend.db.machine_models import BreakerRow
from backend.db.models import FirmRow, MailboxRow, ServerRow, UserRow, WatchRow
from backend.db.people import is_enabled
from backend.db.statements import run


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Whom a list shows; what is ``None`` does not matter."""

    q: str | None = None
    """Part of a name or an address."""
    state: str | None = None
    server_id: str | None = None
    has_server: bool | None = None
    enabled: bool | None = None
    has_problem: bool | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One person of a list."""

    user: UserRow
    mailbox: MailboxRow
    watch: WatchRow
    is_enabled: bool
    state: str
    server_name: str | None


def sync_state() -> ColumnElement[str]:
    """One word for a user's sync, as ``services.people`` says it of loaded rows."""
    is_paused = or_(
        FirmRow.paused.is_(true()), MailboxRow.paused.is_(true()), ServerRow.paused.is_(true())
    )
    return case(
        (FirmRow.sync_enabled.is_(false()), "firm_off"),
        (is_paused, "paused"),
        (ServerRow.id.is_(None), "no_server"),
        (not_(is_enabled()), "disabled"),
        (MailboxRow.problem.is_not(None), "problem"),
        (WatchRow.cursor.is_not(None), "watching"),
        (WatchRow.checked_at.is_(None), "first_pull"),
        else_="resync",
    )


def list_people(
    session: Session,
    firm_id: str,
    chosen: PeopleFilter,
    *,
    limit: int,
    after: tuple[str, str] | None,
) -> list[Listed]:
    """A firm's people by name, at most ``limit``, behind the person of this name and id."""
    columns = select(UserRow, MailboxRow, WatchRow, is_enabled(), sync_state(), ServerRow.name)
    wanted = _people(columns, firm_id, chosen).order_by(UserRow.name, UserRow.id).limit(limit)
    if after is not None:
        name, user_id = after
        namesake = and_(UserRow.name == name, UserRow.id > user_id)
        wanted = wanted.where(or_(UserRow.name > name, namesake))
    return [Listed(*row) for row in session.execute(wanted)]


def count_people(session: Session, firm_id: str, chosen: PeopleFilter) -> int:
    return session.scalar(_people(select(func.count()), firm_id, chosen)) or 0


def ids_of_people(session: Session, firm_id: str, chosen: PeopleFilter) -> list[str]:
    """All whom a list would show, in its order."""
    wanted = _people(select(UserRow.id), firm_id, chosen).order_by(UserRow.name, UserRow.id)
    return list(session.scalars(wanted))


def count_by_state(session: Session, firm_id: str) -> dict[str, int]:
    """How many mailboxes there are in each state of :func:`sync_state`."""
    state = sync_state().label("state")
    wanted = _people(select(state, func.count()), firm_id, PeopleFilter()).group_by(state)
    return {row[0]: row[1] for row in session.execute(wanted)}


def _people(wanted: Any, firm_id: str, chosen: PeopleFilter) -> Any:
    """Whatever is selected, of the people who match."""
    found = (
        wanted.select_from(UserRow)
        .join(FirmRow, FirmRow.id == UserRow.firm_id)
        .join(MailboxRow, MailboxRow.user_id == UserRow.id)
        .join(WatchRow, WatchRow.mailbox_id == MailboxRow.id)
        .outerjoin(ServerRow, ServerRow.id == MailboxRow.server_id)
        .where(UserRow.firm_id == firm_id)
    )
    if chosen.q:
        part = chosen.q.strip().lower()
        found = found.where(
            or_(
                func.lower(UserRow.name).contains(part, autoescape=True),
                UserRow.address.contains(part, autoescape=True),
            )
        )
    if chosen.state is not None:
        found = found.where(sync_state() == chosen.state)
    if chosen.server_id is not None:
        found = found.where(MailboxRow.server_id == chosen.server_id)
    if chosen.has_server is not None:
        is_none = MailboxRow.server_id.is_(None)
        found = found.where(not_(is_none) if chosen.has_server else is_none)
    if chosen.enabled is not None:
        found = found.where(is_enabled() if chosen.enabled else not_(is_enabled()))
    if chosen.has_problem is not None:
        fine = and_(MailboxRow.problem.is_(None), UserRow.address.is_not(None))
        found = found.where(not_(fine) if chosen.has_problem else fine)
    return found


def lock_people(
    session: Session, firm_id: str, ids: Sequence[str]
) -> dict[str, tuple[UserRow, MailboxRow]]:
    """These people of the firm, locked against other admins; unknown ids are absent."""
    rows = session.execute(
        select(UserRow, MailboxRow)
        .join(MailboxRow, MailboxRow.user_id == UserRow.id)
        .where(UserRow.firm_id == firm_id, UserRow.id.in_(ids))
        .order_by(UserRow.id)
        .with_for_update(key_share=True, of=UserRow)
    )
    return {user.id: (user, mailbox) for user, mailbox in rows}


# -- servers -------------------------------------------------------------------------------------


def find_server(session: Session, firm_id: str, server_id: str) -> ServerRow | None:
    row = session.get(ServerRow, server_id)
    return row if row is not None and row.firm_id == firm_id else None


def list_servers(session: Session, firm_id: str) -> list[tuple[ServerRow, int]]:
    """A firm's servers by name, each with the number of its users."""
    users = (
        select(MailboxRow.server_id, func.count().label("users"))
        .where(MailboxRow.firm_id == firm_id)
        .group_by(MailboxRow.server_id)
        .subquery()
    )
    rows = session.execute(
        select(ServerRow, func.coalesce(users.c.users, 0))
        .outerjoin(users, users.c.server_id == ServerRow.id)
        .where(ServerRow.firm_id == firm_id)
        .order_by(ServerRow.name, ServerRow.id)
    )
    return [(server, count) for server, count in rows]


def count_users_of(session: Session, server_id: str) -> int:
    used = select(func.count()).select_from(MailboxRow).where(MailboxRow.server_id == server_id)
    return session.scalar(used) or 0


def remove_server(session: Session, row: ServerRow) -> bool:
    """Remove a server; False when a user was assigned to it just now."""
    session.execute(delete(BreakerRow).where(BreakerRow.scope_id == row.id))
    try:
        with session.begin_nested():
            session.delete(row)
    except IntegrityError:
        return False
    return True


# -- long operations -----------------------------------------------------------------------------


def find_operation(
    session: Session, firm_id: str, operation_id: str, *, lock: bool = False
) -> OperationRow | None:
    row = session.get(OperationRow, operation_id, with_for_update=lock or None)
    return row if row is not None and row.firm_id == firm_id else None


def claim_operation(session: Session, now: datetime, length: timedelta) -> OperationRow | None:
    """The oldest operation that nobody works on, leased for ``length``."""
    row = session.scalars(
        select(OperationRow)
        .where(OperationRow.state == "running", _is_free(now))
        .order_by(OperationRow.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is not None:
        row.lease_token = str(uuid4())
        row.not_before = now + length
    return row


def forget_operations(session: Session, firm_id: str, until: datetime, *, most: int) -> int:
    """Delete a firm's operations that ended before, at most ``most``; answers how many (X6)."""
    old = (
        select(OperationRow.id)
        .where(OperationRow.firm_id == firm_id, OperationRow.finished_at < until)
        .limit(most)
    )
    return run(session, delete(OperationRow).where(OperationRow.id.in_(old)))


def is_operation_due(session: Session, now: datetime) -> bool:
    due = select(OperationRow.id).where(OperationRow.state == "running", _is_free(now)).limit(1)
    return session.scalar(due) is not None


def locked_operation(session: Session, operation_id: str, token: str) -> OperationRow | None:
    """The operation, locked, if it still runs under this lease."""
    row = session.get(OperationRow, operation_id, with_for_update=True)
    if row is None or row.state != "running" or row.lease_token != token:
        return None
    return row


def release_operation(session: Session, operation_id: str, token: str) -> None:
    """Give the lease back before its end."""
    session.execute(
        update(OperationRow)
        .where(OperationRow.id == operation_id, OperationRow.lease_token == token)
        .values(lease_token=None, not_before=None)
    )


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(OperationRow.not_before.is_(None), OperationRow.not_before <= now)
