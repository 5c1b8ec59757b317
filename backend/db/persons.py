"""All rows about one person: counted, shown in pages, deleted in batches (X6); never commits."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from backend.db.admin_models import (
    AuditRow,
    DirectoryAddressRow,
    DriftRow,
    OperationRow,
    RunRow,
)
from backend.db.models import (
    DelegationRow,
    EventIdRow,
    FirmRow,
    HistoryRow,
    LinkRow,
    MailboxRow,
    UserRow,
    WatchRow,
)
from backend.db.statements import run
from backend.domain.link import LinkState

ERASED_NAME = "Erased person"
BATCH = 500
_OF_MAILBOX: tuple[type[Any], ...] = (DriftRow, RunRow, HistoryRow, EventIdRow, LinkRow)
"""In the order in which they go: each points to those behind it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the firm and his calendar."""

    user_id: str
    oid: str
    name: str
    address: str | None
    mailbox_id: str


def find_member(session: Session, firm_id: str, addresses: Collection[str]) -> Member | None:
    """Whose address one of these is."""
    known = or_(
        UserRow.address.in_(addresses),
        UserRow.mail.in_(addresses),
        UserRow.principal_name.in_(addresses),
    )
    row = session.execute(
        select(UserRow, MailboxRow.id)
        .join(MailboxRow, MailboxRow.user_id == UserRow.id)
        .where(UserRow.firm_id == firm_id, known)
        .order_by(UserRow.id)
        .limit(1)
    ).first()
    if row is None:
        return None
    user = row[0]
    return Member(user.id, user.oid, user.name, user.address, row[1])


def addresses_of(session: Session, member: Member) -> set[str]:
    """Every address by which the firm's own rows know a member."""
    user = session.get_one(UserRow, member.user_id)
    return {each for each in (user.address, user.mail, user.principal_name) if each}


def aliases(session: Session, firm_id: str, addresses: Collection[str]) -> set[str]:
    """Further addresses of the same people that the directory has told of."""
    named = or_(
        DirectoryAddressRow.address.in_(addresses),
        DirectoryAddressRow.primary_address.in_(addresses),
    )
    rows = session.execute(
        select(DirectoryAddressRow.address, DirectoryAddressRow.primary_address).where(
            DirectoryAddressRow.firm_id == firm_id,
            DirectoryAddressRow.primary_address.is_not(None),
            named,
        )
    )
    return {address for row in rows for address in row if address is not None}


def counts(session: Session, member: Member) -> dict[str, int]:
    """How many rows of each kind are about a member."""
    mine = member.mailbox_id
    which: dict[str, tuple[type[Any], ColumnElement[bool]]] = {
        "links": (LinkRow, LinkRow.mailbox_id == mine),
        "history": (HistoryRow, HistoryRow.mailbox_id == mine),
        "looks": (RunRow, RunRow.mailbox_id == mine),
        "delegations": (
            DelegationRow,
            or_(DelegationRow.mailbox_id == mine, DelegationRow.user_id == member.user_id),
        ),
        "acts": (AuditRow, AuditRow.by_user_id == member.user_id),
    }
    return {
        name: session.scalar(select(func.count()).select_from(table).where(condition)) or 0
        for name, (table, condition) in which.items()
    }


def reasons_naming(session: Session, firm_id: str, names: Collection[str]) -> int:
    """How many links say "… is a Client" of one of these."""
    if not names:
        return 0
    wanted = select(func.count()).select_from(LinkRow).where(_naming(firm_id, names))
    return session.scalar(wanted) or 0


def forget_reasons(session: Session, firm_id: str, names: Collection[str]) -> None:
    if names:
        run(session, update(LinkRow).where(_naming(firm_id, names)).values(because=None))


def _naming(firm_id: str, names: Collection[str]) -> ColumnElement[bool]:
    # Ann is not Anna: the name ends where the sentence goes on.
    said = [f"{name} {verb} " for name in sorted(names) for verb in ("is", "works for")]
    begins = [LinkRow.because.startswith(each, autoescape=True) for each in said]
    return (LinkRow.firm_id == firm_id) & or_(*begins)


def block_lists_naming(session: Session, firm_id: str, addresses: Collection[str]) -> int:
    """How many block lists hold one of these addresses, the firm's among them."""
    wanted = set(addresses)
    lists = [
        *session.scalars(select(UserRow.block_list).where(UserRow.firm_id == firm_id)),
        *session.scalars(select(FirmRow.block_list).where(FirmRow.id == firm_id)),
    ]
    return sum(1 for each in lists if wanted & {entry.strip().casefold() for entry in each})


def pages(
    session: Session, table: type[Any], condition: ColumnElement[bool], after: str
) -> Sequence[Any]:
    """Rows of a table in the order of their ids, behind ``after``."""
    wanted = select(table).where(condition, table.id > after).order_by(table.id).limit(BATCH)
    return session.scalars(wanted).all()


# -- erasing -------------------------------------------------------------------------------------


def running(session: Session, firm_id: str, kind: str) -> OperationRow | None:
    return session.scalars(
        select(OperationRow)
        .where(
            OperationRow.firm_id == firm_id,
            OperationRow.kind == kind,
            OperationRow.state == "running",
        )
        .limit(1)
    ).first()


def remember_erased(session: Session, firm_id: str, hashes: Collection[str]) -> None:
    firm = session.get_one(FirmRow, firm_id, with_for_update=True)
    firm.erased = sorted({*firm.erased, *hashes})


def forget_erased(session: Session, firm_id: str, hashes: Collection[str]) -> bool:
    """Whether any of these was remembered."""
    firm = session.get_one(FirmRow, firm_id, with_for_update=True)
    kept = [each for each in firm.erased if each not in set(hashes)]
    was_known = len(kept) < len(firm.erased)
    firm.erased = kept
    return was_known


def forget_addresses(session: Session, firm_id: str, addresses: Collection[str]) -> None:
    """What the directory told of them."""
    named = or_(
        DirectoryAddressRow.address.in_(addresses),
        DirectoryAddressRow.primary_address.in_(addresses),
    )
    run(
        session,
        delete(DirectoryAddressRow).where(DirectoryAddressRow.firm_id == firm_id, named),
    )


def stop(session: Session, member: Member) -> None:
    """Nobody reads or writes for the member any more; a reader's next page is void."""
    run(
        session,
        update(UserRow)
        .where(UserRow.id == member.user_id)
        .values(enabled_by_admin=False, enabled_by_user=False),
    )
    run(
        session,
        update(WatchRow)
        .where(WatchRow.mailbox_id == member.mailbox_id)
        .values(
            due_at=None,
            cursor=None,
            seed_id=None,
            seed_link=None,
            cursor_version=WatchRow.cursor_version + 1,
            ring_seq=WatchRow.ring_seq + 1,
        ),
    )
    # Whoever walks a link of his finds it changed, and writes nothing any more (R4).
    run(
        session,
        update(LinkRow)
        .where(LinkRow.mailbox_id == member.mailbox_id)
        .values(version=LinkRow.version + 1),
    )


def is_worked_on(session: Session, mailbox_id: str, now: datetime) -> bool:
    """Whether somebody holds a lease on the mailbox or one of its links."""
    links = select(LinkRow.id).where(LinkRow.mailbox_id == mailbox_id, LinkRow.lease_until > now)
    watch = select(WatchRow.mailbox_id).where(
        WatchRow.mailbox_id == mailbox_id, WatchRow.lease_until > now
    )
    return session.scalar(links.limit(1)) is not None or session.scalar(watch) is not None


def leaving(session: Session, mailbox_id: str) -> Iterator[LinkRow]:
    """Links whose record was on its way out of the CRM."""
    return iter(
        session.scalars(
            select(LinkRow).where(
                LinkRow.mailbox_id == mailbox_id, LinkRow.state == LinkState.REMOVING
            )
        ).all()
    )


def has_rows(session: Session, member: Member) -> bool:
    """Whether any row of the member's calendar is left."""
    return any(
        session.scalar(
            select(table.mailbox_id).where(table.mailbox_id == member.mailbox_id).limit(1)
        )
        for table in _OF_MAILBOX
    )


def delete_some(session: Session, member: Member) -> bool:
    """Delete a batch of the member's rows; False when none is left."""
    for table in _OF_MAILBOX:
        mine = select(*table.__table__.primary_key.columns).where(
            table.mailbox_id == member.mailbox_id
        )
        keys = [tuple(row) for row in session.execute(mine.limit(BATCH))]
        if not keys:
            continue
        for key in keys:
            row = session.get(table, key)
            if row is not None:
                session.delete(row)
        session.flush()
        return True
    return False


def delete_member(session: Session, member: Member) -> None:
    """What is left: an id without a name, for the lines of the audit that point to it."""
    his = or_(
        DelegationRow.mailbox_id == member.mailbox_id, DelegationRow.user_id == member.user_id
    )
    run(session, delete(DelegationRow).where(his))
    run(session, delete(WatchRow).where(WatchRow.mailbox_id == member.mailbox_id))
    run(session, delete(MailboxRow).where(MailboxRow.id == member.mailbox_id))
    run(
        session,
        update(UserRow)
        .where(UserRow.id == member.user_id)
        .values(
            oid=str(uuid.uuid4()),
            name=ERASED_NAME,
            address=None,
            mail=None,
            principal_name=None,
            block_list=[],
            default_activity_type=None,
            default_visibility="everyone",
            mode_chosen=False,
            activated_at=None,
        ),
    )
