"""What the CRM holds about one person: counted, shown, and erased for good (X6). Never commits.

A person is a set of addresses, and the Entra object id of a member of the firm. Addresses are
inside of JSON, so that a search reads the firm's records once; nobody waits but an admin.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, delete, func, or_, select, true
from sqlalchemy.orm import Session

from backend.crm import activities, people
from backend.crm.identifiers import new_revision
from backend.crm.models import (
    ActivityRow,
    AlertRow,
    ContactRow,
    FollowRow,
    GroupMemberRow,
    MentionRow,
)
from backend.crm.text import containing, folded
from backend.domain.crm import Contact, SyncStatus
from backend.domain.event import normalised_address

ERASED = "[erased]"
ONLY_ME = "only_me"
_BATCH = 500
_MOST_LIKE = 20
_NAMING = (
    ActivityRow.contacts,
    ActivityRow.unmatched,
    ActivityRow.assigned_to,
    ActivityRow.edited_by,
    ActivityRow.subject,
    ActivityRow.description,
    ActivityRow.location,
    ActivityRow.notes,
    ActivityRow.web_link,
)


@dataclass(frozen=True, slots=True)
class Somebody:
    """Whom it is about: every address of his, normalised, and who he is in the firm if he is."""

    addresses: frozenset[str]
    owner_id: str | None = None
    contact_ids: frozenset[str] = frozenset()

    def is_named(self, entry: dict[str, str] | None) -> bool:
        if not entry:
            return False
        if entry.get("contact_id") in self.contact_ids:
            return True
        return normalised_address(entry.get("address", "")) in self.addresses

    def names_him(self, row: ActivityRow) -> bool:
        """Whether anything of a record is about him."""
        if self.owner_id is not None and row.owner_id == self.owner_id:
            return True
        entries = (*row.contacts, *row.unmatched, row.assigned_to, row.edited_by)
        if any(self.is_named(entry) for entry in entries):
            return True
        texts = (row.subject, row.description, row.location, row.notes, row.web_link or "")
        return any(self.without_address(text) != text for text in texts)

    def is_his_alone(self, row: ActivityRow) -> bool:
        """Whether nobody else may see the record, or bring it back."""
        owned = self.owner_id is not None and row.owner_id == self.owner_id
        return owned and (row.visibility == ONLY_ME or row.removed_at is not None)

    def without_address(self, text: str) -> str:
        """The text with his addresses made unreadable, whatever their case.

        An address that is the end or the beginning of somebody else's (``m.jo@x.example``,
        ``jo@x.example.org``) is not his.
        """
        for address in sorted(self.addresses):
            whole = rf"(?<!\w)(?<!\w[.+-]){re.escape(address)}(?![\w-]|\.\w)"
            text = re.sub(whole, ERASED, text, flags=re.IGNORECASE)
        return text


def somebody(
    session: Session, tenant_id: str, addresses: Collection[str], owner_id: str | None
) -> tuple[Somebody, list[Contact]]:
    """The person with all addresses of the contacts that carry one of these."""
    wanted = frozenset(map(normalised_address, addresses)) - {""}
    found = people.by_address(session, tenant_id, sorted(wanted))
    contacts = {each.id: each for carried in found.values() for each in carried}
    known = {normalised_address(email) for each in contacts.values() for email in each.emails}
    who = Somebody(wanted | (known - {""}), owner_id, frozenset(contacts))
    return who, list(contacts.values())


def records_after(
    session: Session, tenant_id: str, who: Somebody, after: str, limit: int
) -> list[ActivityRow]:
    """Records that are about him, tombstones included, in the order of their ids."""
    found: list[ActivityRow] = []
    for row in _candidates(session, tenant_id, who, after):
        if who.names_him(row):
            found.append(row)
            if len(found) == limit:
                break
    return found


def _candidates(
    session: Session, tenant_id: str, who: Somebody, after: str
) -> Iterator[ActivityRow]:
    """Records that may be about him, found by the database in one pass."""
    may_name = _may_name(who)
    while True:
        rows = session.scalars(
            select(ActivityRow)
            .where(ActivityRow.tenant_id == tenant_id, ActivityRow.id > after, may_name)
            .order_by(ActivityRow.id)
            .limit(_BATCH)
        ).all()
        yield from rows
        if len(rows) < _BATCH:
            return
        after = rows[-1].id


def _may_name(who: Somebody) -> ColumnElement[bool]:
    names = sorted(who.addresses | who.contact_ids)
    if not all(name.isascii() for name in names) or len(names) > _MOST_LIKE:
        # Other characters are escaped in JSON, and databases fold ASCII only.
        return true()
    found = [
        func.lower(cast(column, Text)).like(containing(name), escape="\\")
        for column in _NAMING
        for name in names
    ]
    return or_(ActivityRow.owner_id == who.owner_id, *found)


def count(session: Session, tenant_id: str, who: Somebody) -> tuple[int, int]:
    """Records that are about him, and how many of them are his alone."""
    all_of_them = only_his = 0
    for row in _candidates(session, tenant_id, who, ""):
        if who.names_him(row):
            all_of_them += 1
            only_his += who.is_his_alone(row)
    return all_of_them, only_his


def erase(
    session: Session,
    tenant_id: str,
    who: Somebody,
    ids: Collection[str],
    now: datetime,
    *,
    and_contacts: bool,
) -> int:
    """Take him out of these records, which a search has found, and at last of everything else."""
    wanted = select(ActivityRow).where(ActivityRow.tenant_id == tenant_id, ActivityRow.id.in_(ids))
    rows = session.scalars(wanted.order_by(ActivityRow.id).with_for_update()).all()
    for row in rows:
        if who.is_his_alone(row):
            session.delete(row)
        else:
            _erase_from(session, row, who, now)
    if and_contacts:
        _erase_contacts(session, tenant_id, who)
    return len(rows)


def _erase_from(session: Session, row: ActivityRow, who: Somebody, now: datetime) -> None:
    """Its revision changes: whoever has read it before cannot write him back."""
    row.contacts = _without(row.contacts, who)
    row.unmatched = _without(row.unmatched, who)
    if who.is_named(row.assigned_to) or row.owner_id == who.owner_id is not None:
        row.assigned_to = row.originator = None
    if who.is_named(row.edited_by):
        # Still known to be edited, no longer by whom: the sync must not write over it (L4).
        row.edited_by = {"name": ERASED, "address": ""}
    if who.owner_id is not None and row.owner_id == who.owner_id:
        row.owner_id = None
        if row.sync_status == SyncStatus.SYNCED:
            row.sync_status = SyncStatus.RELEASED
    for name in ("subject", "description", "location", "notes"):
        setattr(row, name, who.without_address(getattr(row, name)))
    if row.web_link is not None:
        row.web_link = who.without_address(row.web_link)
    row.search_text = folded(row.subject, row.location)
    row.revision, row.updated_at = new_revision(), now
    if row.removed_at is None:
        activities.rewrite_mentions(session, row)


def _without(entries: Sequence[dict[str, str]], who: Somebody) -> list[dict[str, str]]:
    return [entry for entry in entries if not who.is_named(entry)]


def _erase_contacts(session: Session, tenant_id: str, who: Somebody) -> None:
    """The contacts themselves, what pointed to them, and what a member of the firm had here."""
    his: list[Any] = [
        delete(MentionRow).where(
            MentionRow.tenant_id == tenant_id,
            MentionRow.kind == "contact",
            MentionRow.mentioned_id.in_(who.contact_ids),
        ),
        delete(AlertRow).where(
            AlertRow.tenant_id == tenant_id,
            or_(AlertRow.contact_id.in_(who.contact_ids), AlertRow.user_id == who.owner_id),
        ),
        delete(FollowRow).where(
            FollowRow.tenant_id == tenant_id, FollowRow.user_id == who.owner_id
        ),
        delete(GroupMemberRow).where(
            GroupMemberRow.tenant_id == tenant_id,
            or_(
                GroupMemberRow.user_id == who.owner_id,
                GroupMemberRow.address.in_(who.addresses),
            ),
        ),
        delete(ContactRow).where(
            ContactRow.tenant_id == tenant_id, ContactRow.id.in_(who.contact_ids)
        ),
    ]
    session.flush()
    for statement in his:
        session.execute(statement, execution_options={"synchronize_session": False})
