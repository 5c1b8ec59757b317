"""Queries on firms, users, mailboxes, servers, delegations and clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import ClockRow, DelegationRow, FirmRow, MailboxRow, ServerRow, UserRow
from backend.domain.event import normalised_address


@dataclass(frozen=True, slots=True)
class Owner:
    """A mailbox with everything the rules look at: one joined row."""

    firm: FirmRow
    user: UserRow
    mailbox: MailboxRow
    server: ServerRow | None


def _owners(tenant_id: str) -> Select[FirmRow, UserRow, MailboxRow, ServerRow]:
    return (
        select(FirmRow, UserRow, MailboxRow, ServerRow)
        .join(UserRow, UserRow.firm_id == FirmRow.id)
        .join(MailboxRow, MailboxRow.user_id == UserRow.id)
        .outerjoin(ServerRow, ServerRow.id == MailboxRow.server_id)
        .where(FirmRow.tenant_id == tenant_id)
    )


def find_firm(session: Session, tenant_id: str) -> FirmRow | None:
    return session.scalars(select(FirmRow).where(FirmRow.tenant_id == tenant_id)).first()


def find_owner(session: Session, tenant_id: str, oid: str) -> Owner | None:
    """By Entra object id."""
    row = session.execute(_owners(tenant_id).where(UserRow.oid == oid)).first()
    return None if row is None else Owner(row[0], row[1], row[2], row[3])


def find_owner_by(session: Session, tenant_id: str, key: str) -> Owner | None:
    """By Entra object id or e-mail address, within the firm."""
    row = session.execute(
        _owners(tenant_id).where(
            or_(UserRow.oid == key.strip().lower(), UserRow.address == normalised_address(key))
        )
    ).first()
    return None if row is None else Owner(row[0], row[1], row[2], row[3])


def get_owner_of_mailbox(session: Session, tenant_id: str, mailbox_id: str) -> Owner:
    """By our own mailbox id, which is known to exist."""
    row = session.execute(_owners(tenant_id).where(MailboxRow.id == mailbox_id)).one()
    return Owner(row[0], row[1], row[2], row[3])


def only_server(session: Session, firm_id: str) -> ServerRow | None:
    """The firm's server if there is exactly one: a new user gets it."""
    servers = session.scalars(select(ServerRow).where(ServerRow.firm_id == firm_id).limit(2)).all()
    return servers[0] if len(servers) == 1 else None


def add_user(
    session: Session, firm: FirmRow, *, oid: str, name: str, address: str | None, now: datetime
) -> Owner:
    """A new person: not decided, the firm's mode, the firm's only server."""
    server = only_server(session, firm.id)
    user = UserRow(
        firm_id=firm.id,
        oid=oid,
        name=name[:300],
        address=normalised_address(address) if address else None,
        mode=firm.mode,
        created_at=now,
    )
    session.add(user)
    session.flush()
    mailbox = MailboxRow(
        firm_id=firm.id,
        user_id=user.id,
        server_id=server.id if server is not None else None,
        created_at=now,
    )
    session.add(mailbox)
    session.flush()
    return Owner(firm, user, mailbox, server)


def may_have_edit_right(
    session: Session, mailbox_id: str, user_id: str, *, since: datetime
) -> bool:
    """Whether Graph confirmed a delegate's edit right at or after ``since`` (T9)."""
    row = session.get(DelegationRow, (mailbox_id, user_id))
    return row is not None and row.confirmed_at >= since


def confirm_edit_right(session: Session, mailbox: MailboxRow, user_id: str, now: datetime) -> None:
    row = session.get(DelegationRow, (mailbox.id, user_id))
    if row is None:
        session.add(
            DelegationRow(
                mailbox_id=mailbox.id, user_id=user_id, firm_id=mailbox.firm_id, confirmed_at=now
            )
        )
    else:
        row.confirmed_at = now


def store_master_category(session: Session, mailbox_id: str, name: str) -> None:
    """The master category exists in this mailbox: it need not be looked for again."""
    _set(session, mailbox_id, master_category=name)


def note_written(session: Session, mailbox_id: str, now: datetime) -> None:
    """When a record of this mailbox was last written (S5)."""
    _set(session, mailbox_id, written_at=now)


def close_until(session: Session, mailbox_id: str, until: datetime) -> None:
    """Graph asked to wait: nobody calls it for this mailbox before ``until``."""
    _set(session, mailbox_id, not_before=until)


def _set(session: Session, mailbox_id: str, **values: object) -> None:
    session.execute(
        update(MailboxRow).where(MailboxRow.id == mailbox_id).values(**values),
        execution_options={"synchronize_session": False},
    )


def take_clock(session: Session, name: str, now: datetime, period: timedelta) -> bool:
    """Whether this caller runs the periodic job now: one of all workers, once per period (A21)."""
    clock = session.get(ClockRow, name)
    if clock is None:
        try:
            with session.begin_nested():
                session.add(ClockRow(name=name, next_at=now + period))
        except IntegrityError:
            return False
        return True
    if clock.next_at > now:
        return False
    taken = session.execute(
        update(ClockRow)
        .where(ClockRow.name == name, ClockRow.next_at == clock.next_at)
        .values(next_at=now + period)
        .returning(ClockRow.name),
        execution_options={"synchronize_session": False},
    )
    return taken.first() is not None
