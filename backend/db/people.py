"""Queries on firms, users, mailboxes, servers, delegations and clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from backend.db.crowds import Crowd
from backend.db.machine_models import BreakerRow, ClockRow
from backend.db.models import DelegationRow, FirmRow, MailboxRow, ServerRow, UserRow, WatchRow
from backend.db.statements import run, run_returning
from backend.domain.breaker import CRM, GRAPH
from backend.domain.event import normalised_address
from backend.domain.policy import UserAddress

MOST_NAMED = 500
"""How many ids one statement names."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A mailbox with everything the rules look at: one joined row."""

    firm: FirmRow
    user: UserRow
    mailbox: MailboxRow
    watch: WatchRow
    server: ServerRow | None
    graph_breaker: BreakerRow | None = None
    crm_breaker: BreakerRow | None = None


_GraphBreaker, _CrmBreaker = aliased(BreakerRow), aliased(BreakerRow)


def owners() -> Select[FirmRow, UserRow, MailboxRow, WatchRow, ServerRow, BreakerRow, BreakerRow]:
    """Every mailbox with everything the rules look at, in the order of :class:`Owner`."""
    return (
        select(FirmRow, UserRow, MailboxRow, WatchRow, ServerRow, _GraphBreaker, _CrmBreaker)
        .join(UserRow, UserRow.firm_id == FirmRow.id)
        .join(MailboxRow, MailboxRow.user_id == UserRow.id)
        .join(WatchRow, WatchRow.mailbox_id == MailboxRow.id)
        .outerjoin(ServerRow, ServerRow.id == MailboxRow.server_id)
        .outerjoin(
            _GraphBreaker,
            and_(
                _GraphBreaker.system == GRAPH,
                _GraphBreaker.scope_id == func.coalesce(MailboxRow.server_id, FirmRow.id),
            ),
        )
        .outerjoin(_CrmBreaker, and_(_CrmBreaker.system == CRM, _CrmBreaker.scope_id == FirmRow.id))
    )


# SQLAlchemy makes what an alias needs at its first use. Threads that used it first at the same
# moment got statements with wrong columns; so it is used here, where there is one thread.
str(owners())


def is_enabled() -> ColumnElement[bool]:
    """E4: says of joined rows what ``UserState.is_enabled`` says of the value."""
    by_himself = and_(
        UserRow.enabled_by_admin.is_(None),
        UserRow.enabled_by_user.is_(true()),
        FirmRow.users_may_enable.is_(true()),
    )
    by_admin = and_(
        UserRow.enabled_by_admin.is_(true()),
        or_(UserRow.enabled_by_user.is_(None), UserRow.enabled_by_user.is_(true())),
    )
    return and_(UserRow.address.is_not(None), or_(by_himself, by_admin))


def note_activations(session: Session, whose: Crowd, now: datetime) -> None:
    """Keep since when sync is on for whoever is enabled: older events no rule selects (E12)."""
    mailboxes = select(WatchRow.mailbox_id).where(whose.of(WatchRow))
    enabled = (
        select(UserRow.id)
        .join(FirmRow, FirmRow.id == UserRow.firm_id)
        .join(MailboxRow, MailboxRow.user_id == UserRow.id)
        .where(MailboxRow.id.in_(mailboxes), FirmRow.sync_enabled.is_(true()), is_enabled())
        .correlate(None)
    )
    run(
        session,
        update(UserRow)
        .where(UserRow.activated_at.is_(None), UserRow.id.in_(enabled))
        .values(activated_at=now),
    )


def _owners(
    tenant_id: str,
) -> Select[FirmRow, UserRow, MailboxRow, WatchRow, ServerRow, BreakerRow, BreakerRow]:
    return owners().where(FirmRow.tenant_id == tenant_id)


def find_firm(session: Session, tenant_id: str) -> FirmRow | None:
    return session.scalars(select(FirmRow).where(FirmRow.tenant_id == tenant_id)).first()


def find_owner(session: Session, tenant_id: str, oid: str) -> Owner | None:
    """By Entra object id."""
    row = session.execute(_owners(tenant_id).where(UserRow.oid == oid)).first()
    return None if row is None else Owner(*row)


def find_owner_by(session: Session, tenant_id: str, key: str) -> Owner | None:
    """By Entra object id or e-mail address, within the firm."""
    row = session.execute(
        _owners(tenant_id).where(
            or_(UserRow.oid == key.strip().lower(), UserRow.address == normalised_address(key))
        )
    ).first()
    return None if row is None else Owner(*row)


def find_users(session: Session, firm_id: str, oids: Sequence[str]) -> dict[str, UserRow]:
    """The firm's users among these object ids, by object id."""
    found: dict[str, UserRow] = {}
    for begin in range(0, len(oids), MOST_NAMED):
        part = oids[begin : begin + MOST_NAMED]
        rows = session.scalars(
            select(UserRow).where(UserRow.firm_id == firm_id, UserRow.oid.in_(part))
        )
        found |= {row.oid: row for row in rows}
    return found


def search_users(session: Session, firm_id: str, query: str, limit: int) -> Sequence[UserRow]:
    """The firm's users whose name or address contains ``query``, by name."""
    part = query.strip().lower()
    wanted = select(UserRow).where(
        UserRow.firm_id == firm_id,
        or_(
            func.lower(UserRow.name).contains(part, autoescape=True),
            UserRow.address.contains(part, autoescape=True),
        ),
    )
    return session.scalars(wanted.order_by(func.lower(UserRow.name), UserRow.id).limit(limit)).all()


def mailboxes_of(session: Session, firm_id: str, oids: Sequence[str]) -> dict[str, str]:
    """The firm's mailboxes by their owners' object ids; unknown ones are absent."""
    found: dict[str, str] = {}
    for begin in range(0, len(oids), MOST_NAMED):
        part = oids[begin : begin + MOST_NAMED]
        rows = session.execute(
            select(UserRow.oid, MailboxRow.id)
            .join(MailboxRow, MailboxRow.user_id == UserRow.id)
            .where(UserRow.firm_id == firm_id, UserRow.oid.in_(part))
        )
        found |= {row[0]: row[1] for row in rows}
    return found


def get_owner_of_mailbox(session: Session, tenant_id: str, mailbox_id: str) -> Owner:
    """By our own mailbox id, which is known to exist."""
    row = session.execute(_owners(tenant_id).where(MailboxRow.id == mailbox_id)).one()
    return Owner(*row)


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
    watch = WatchRow(mailbox_id=mailbox.id, firm_id=firm.id)
    session.add(watch)
    session.flush()
    return Owner(firm, user, mailbox, watch, server)


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


def store_master_category(
    session: Session, mailbox_id: str, name: str | None, color: str | None = None
) -> None:
    """The master category exists in this mailbox: it need not be looked for; ``None``: it went."""
    _set(session, mailbox_id, master_category=name, master_color=color)


def identify_by(session: Session, firm_id: str, kind: UserAddress) -> None:
    """Users of whom the directory has told get the address of this kind, or none (A1, A5)."""
    chosen = UserRow.mail if kind is UserAddress.MAIL else UserRow.principal_name
    is_known = or_(UserRow.mail.is_not(None), UserRow.principal_name.is_not(None))
    run(
        session,
        update(UserRow).where(UserRow.firm_id == firm_id, is_known).values(address=chosen),
    )


def count_without(session: Session, firm_id: str, kind: UserAddress) -> int:
    """How many enabled users would have no address of this kind."""
    chosen, other = UserRow.mail, UserRow.principal_name
    if kind is UserAddress.PRINCIPAL_NAME:
        chosen, other = other, chosen
    found = (
        select(func.count())
        .select_from(UserRow)
        .join(FirmRow, FirmRow.id == UserRow.firm_id)
        .where(UserRow.firm_id == firm_id, is_enabled(), chosen.is_(None), other.is_not(None))
    )
    return session.scalar(found) or 0


def note_written(session: Session, mailbox_id: str, now: datetime) -> None:
    """When a record of this mailbox was last written (S5)."""
    _set(session, mailbox_id, written_at=now)


def close_until(session: Session, mailbox_id: str, until: datetime) -> None:
    """Graph asked to wait: nobody calls it for this mailbox before ``until``."""
    _set(session, mailbox_id, not_before=until)


def _set(session: Session, mailbox_id: str, **values: object) -> None:
    run(session, update(MailboxRow).where(MailboxRow.id == mailbox_id).values(**values))


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
    taken = run_returning(
        session,
        update(ClockRow)
        .where(ClockRow.name == name, ClockRow.next_at == clock.next_at)
        .values(next_at=now + period)
        .returning(ClockRow.name),
    )
    return taken.first() is not None


def set_clock(session: Session, name: str, next_at: datetime) -> None:
    """When a periodic job, which has run before, runs next."""
    run(session, update(ClockRow).where(ClockRow.name == name).values(next_at=next_at))


def plan_once(
    session: Session, name: str, now: datetime, delay: timedelta, *, at_most_every: timedelta
) -> datetime | None:
    """When to do something that has just been asked for; ``None`` when it is planned already.

    ``delay`` from now, and not sooner than ``at_most_every`` after the last time.
    """
    clock = session.get(ClockRow, name, with_for_update=True)
    if clock is None:
        session.add(ClockRow(name=name, next_at=now + delay))
        return now + delay
    if clock.next_at > now:
        return None
    clock.next_at = max(now + delay, clock.next_at + at_most_every)
    return clock.next_at
