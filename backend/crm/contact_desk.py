"""What people do with contacts: list, read, match, make, change and remove them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from backend.crm import naming, people
from backend.crm.access import CrmCaller, visible_contacts
from backend.crm.carried_types import replace_types, type_ids
from backend.crm.catalogue import TellContacts, demand_company
from backend.crm.identifiers import new_id
from backend.crm.models import (
    ActivityRow,
    AlertRow,
    ContactEmailRow,
    ContactHasTypeRow,
    ContactRow,
    MentionRow,
)
from backend.crm.paging import Page, cursor, name_and_id
from backend.crm.problems import forbidden, invalid, not_found
from backend.crm.text import folded, sort_name
from backend.domain.crm import Contact, ReferenceKind
from backend.domain.event import normalised_address
from backend.domain.ports import Clock
from backend.sql import Database


class ContactDesk:
    """Contacts as one caller sees them. Raises CrmError for whatever it refuses."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tell: TellContacts = lambda _tenant_id, _external_keys: None,
    ) -> None:
        """``tell`` hears of every contact that was made, changed or removed."""
        self._database = database
        self._clock = clock
        self._tell = tell

    def page(
        self,
        caller: CrmCaller,
        *,
        query: str = "",
        type_name: str | None = None,
        company_id: str | None = None,
        private: bool | None = None,
        limit: int,
        after: str | None = None,
    ) -> Page[Contact]:
        conditions: list[ColumnElement[bool]] = [*visible_contacts(caller)]
        if company_id is not None:
            conditions.append(ContactRow.company_id == company_id)
        if private is not None:
            conditions.append(ContactRow.private.is_(private))
        with self._database.read() as session:
            found = people.search(
                session,
                caller.tenant_id,
                conditions,
                query=query,
                type_name=type_name,
                limit=limit + 1,
                after=name_and_id(after),
            )
        shown = found[:limit]
        more = len(found) > limit
        return Page(shown, cursor(sort_name(shown[-1].name), shown[-1].id) if more else None)

    def match(self, caller: CrmCaller, addresses: Sequence[str]) -> Mapping[str, Sequence[Contact]]:
        """Contacts by normalised address, as the gateway answers them."""
        with self._database.read() as session:
            return people.by_address(session, caller.tenant_id, addresses)

    def get(self, caller: CrmCaller, contact_id: str) -> Contact:
        with self._database.read() as session:
            return _contact(session, caller, contact_id)

    def add(self, caller: CrmCaller, given: Mapping[str, Any]) -> Contact:
        with self._database.write.begin() as session:
            now = self._clock()
            row = ContactRow(
                tenant_id=caller.tenant_id,
                id=new_id(now),
                owner_id=caller.user_id,
                private=False,
                created_at=now,
            )
            _fill_contact(session, caller, row, given, [])
            made = _contact(session, caller, row.id)
        self.tell_of(caller, made.emails)
        return made

    def change(self, caller: CrmCaller, contact_id: str, changes: Mapping[str, Any]) -> Contact:
        with self._database.write.begin() as session:
            row, before = _locked(session, caller, contact_id)
            _fill_contact(session, caller, row, changes, before.emails)
            after = _contact(session, caller, contact_id)
        if after != before:
            self.tell_of(caller, (*before.emails, *after.emails))
        return after

    def remove(self, caller: CrmCaller, contact_id: str) -> None:
        """Records keep the contact's name and address."""
        with self._database.write.begin() as session:
            row, before = _locked(session, caller, contact_id)
            session.delete(row)
            _forget(session, caller.tenant_id, contact_id)
        self.tell_of(caller, before.emails)

    def tell_of(self, caller: CrmCaller, addresses: Sequence[str]) -> None:
        """After the commit, with the keys of the records that name one of the addresses."""
        with self._database.read() as session:
            keys = naming.keys_naming(session, caller.tenant_id, addresses)
        self._tell(caller.tenant_id, keys)


def _contact(session: Session, caller: CrmCaller, contact_id: str) -> Contact:
    found = people.by_ids(session, caller.tenant_id, [contact_id], visible_contacts(caller))
    if contact_id not in found:
        raise not_found("contact")
    return found[contact_id]


def _locked(session: Session, caller: CrmCaller, contact_id: str) -> tuple[ContactRow, Contact]:
    """Whoever changes a contact waits for others who do: its rows change together."""
    row = session.get(ContactRow, (caller.tenant_id, contact_id), with_for_update=True)
    if row is None:
        raise not_found("contact")
    return row, _contact(session, caller, contact_id)


def _forget(session: Session, tenant_id: str, contact_id: str) -> None:
    """No record is about a contact that is gone, or in its grid, and nobody is alerted of it."""
    mentions = (
        MentionRow.tenant_id == tenant_id,
        MentionRow.kind == ReferenceKind.CONTACT,
        MentionRow.mentioned_id == contact_id,
    )
    session.execute(
        update(ActivityRow)
        .where(
            ActivityRow.tenant_id == tenant_id,
            ActivityRow.id.in_(select(MentionRow.activity_id).where(*mentions)),
            ActivityRow.regarding_kind == ReferenceKind.CONTACT,
            ActivityRow.regarding_id == contact_id,
        )
        .values(regarding_kind=None, regarding_id=None)
    )
    session.execute(delete(MentionRow).where(*mentions))
    session.execute(
        delete(AlertRow).where(AlertRow.tenant_id == tenant_id, AlertRow.contact_id == contact_id)
    )


def _fill_contact(
    session: Session,
    caller: CrmCaller,
    row: ContactRow,
    given: Mapping[str, Any],
    emails_before: Sequence[str],
) -> None:
    emails = list(dict.fromkeys(given.get("emails", emails_before)))
    row.name = given.get("name", row.name)
    row.sort_name = sort_name(row.name)
    row.search_text = folded(row.name, *emails)
    if "company_id" in given:
        demand_company(session, caller.tenant_id, given["company_id"])
        row.company_id = given["company_id"]
    _make_private(caller, row, given.get("private", row.private))
    session.add(row)
    session.flush()
    if "emails" in given:
        replace_emails(session, row.tenant_id, row.id, emails)
    if "types" in given:
        ids = type_ids(session, row.tenant_id, given["types"])
        replace_types(session, ContactHasTypeRow, row.tenant_id, row.id, ids)


def _make_private(caller: CrmCaller, row: ContactRow, private: bool) -> None:
    """Whoever makes an unowned contact private owns it; nobody hides another one's contact."""
    if private == row.private:
        return
    if row.owner_id not in (None, caller.user_id):
        raise forbidden("Only the owner of a contact makes it private.")
    if private and caller.user_id is None:
        raise invalid("private", "A private contact needs an owner; the service is nobody.")
    row.owner_id = caller.user_id or row.owner_id
    row.private = private


def replace_emails(
    session: Session, tenant_id: str, contact_id: str, emails: Sequence[str]
) -> None:
    """Make these the contact's addresses, in this order."""
    session.execute(
        delete(ContactEmailRow).where(
            ContactEmailRow.tenant_id == tenant_id, ContactEmailRow.contact_id == contact_id
        )
    )
    if emails:
        session.execute(
            insert(ContactEmailRow),
            [
                {
                    "tenant_id": tenant_id,
                    "contact_id": contact_id,
                    "position": position,
                    "address": address,
                    "normalised": normalised_address(address),
                }
                for position, address in enumerate(emails)
            ],
        )
