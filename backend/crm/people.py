"""Contacts as domain values: who carries an address, who matches a search. Never commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from backend.crm.models import (
    CompanyTypeRow,
    ContactEmailRow,
    ContactHasTypeRow,
    ContactRow,
    ContactTypeRow,
)
from backend.crm.searching import says
from backend.crm.text import is_storable
from backend.domain.crm import Contact
from backend.domain.event import normalised_address

_BATCH = 500
"""Values per IN list: far below what either database takes."""


def by_address(
    session: Session, tenant_id: str, addresses: Sequence[str]
) -> Mapping[str, tuple[Contact, ...]]:
    """Contacts per normalised address, private ones included; unknown addresses are absent.

    Where contacts share an address the one made first comes first (then the lower id), whatever its
    type and whether it is private. So the answer is the same at every look until somebody tidies up
    the contacts, and a newer duplicate never takes over existing records (M).
    """
    wanted = sorted({normalised_address(a) for a in addresses if is_storable(a)} - {""})
    rows: dict[str, ContactRow] = {}
    ids_by_address: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(wanted), _BATCH):
        query = (
            select(ContactEmailRow.normalised, ContactRow)
            .join(
                ContactRow,
                (ContactRow.tenant_id == ContactEmailRow.tenant_id)
                & (ContactRow.id == ContactEmailRow.contact_id),
            )
            .where(
                ContactEmailRow.tenant_id == tenant_id,
                ContactEmailRow.normalised.in_(wanted[start : start + _BATCH]),
            )
            .order_by(ContactRow.created_at, ContactRow.id)
        )
        for address, row in session.execute(query):
            rows[row.id] = row
            if row.id not in ids_by_address[address]:
                ids_by_address[address].append(row.id)
    contacts = {contact.id: contact for contact in load(session, tenant_id, list(rows.values()))}
    return {
        address: tuple(contacts[contact_id] for contact_id in ids)
        for address, ids in ids_by_address.items()
    }


def search(
    session: Session,
    tenant_id: str,
    conditions: Sequence[ColumnElement[bool]],
    *,
    query: str = "",
    type_name: str | None = None,
    limit: int,
    after: tuple[str, str] | None = None,
) -> list[Contact]:
    """Contacts by name whose name or an address contains ``query``; ``after``: sort name and id."""
    found = select(ContactRow).where(ContactRow.tenant_id == tenant_id, *conditions)
    if query.strip():
        found = found.where(says(ContactRow.search_text, query))
    if type_name is not None:
        carries = select(ContactHasTypeRow.contact_id).join(
            ContactTypeRow,
            (ContactTypeRow.tenant_id == ContactHasTypeRow.tenant_id)
            & (ContactTypeRow.id == ContactHasTypeRow.type_id),
        )
        found = found.where(
            ContactRow.id.in_(
                carries.where(
                    ContactTypeRow.tenant_id == tenant_id,
                    ContactTypeRow.folded_name == type_name.casefold(),
                )
            )
        )
    if after is not None:
        sort_name, contact_id = after
        found = found.where(
            (ContactRow.sort_name > sort_name)
            | ((ContactRow.sort_name == sort_name) & (ContactRow.id > contact_id))
        )
    rows = session.scalars(found.order_by(ContactRow.sort_name, ContactRow.id).limit(limit)).all()
    return load(session, tenant_id, rows)


def by_ids(
    session: Session,
    tenant_id: str,
    ids: Sequence[str],
    conditions: Sequence[ColumnElement[bool]] = (),
) -> dict[str, Contact]:
    """The contacts with these ids that satisfy ``conditions``, by id."""
    wanted = sorted(set(ids))
    rows: list[ContactRow] = []
    for start in range(0, len(wanted), _BATCH):
        query = select(ContactRow).where(
            ContactRow.tenant_id == tenant_id,
            ContactRow.id.in_(wanted[start : start + _BATCH]),
            *conditions,
        )
        rows.extend(session.scalars(query))
    return {contact.id: contact for contact in load(session, tenant_id, rows)}


def load(session: Session, tenant_id: str, rows: Sequence[ContactRow]) -> list[Contact]:
    """The domain values of ``rows``, in their order, with addresses and types."""
    ids = [row.id for row in rows]
    emails: dict[str, list[str]] = defaultdict(list)
    types: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        addresses = (
            select(ContactEmailRow.contact_id, ContactEmailRow.address)
            .where(ContactEmailRow.tenant_id == tenant_id, ContactEmailRow.contact_id.in_(batch))
            .order_by(ContactEmailRow.position)
        )
        for contact_id, address in session.execute(addresses):
            emails[contact_id].append(address)
        names = (
            select(ContactHasTypeRow.contact_id, ContactTypeRow.name)
            .join(
                ContactTypeRow,
                (ContactTypeRow.tenant_id == ContactHasTypeRow.tenant_id)
                & (ContactTypeRow.id == ContactHasTypeRow.type_id),
            )
            .where(ContactHasTypeRow.tenant_id == tenant_id)
            .where(ContactHasTypeRow.contact_id.in_(batch))
            .order_by(ContactTypeRow.folded_name)
        )
        for contact_id, name in session.execute(names):
            types[contact_id].append(name)
    companies = types_of_companies(session, tenant_id, [row.company_id for row in rows])
    return [
        Contact(
            id=row.id,
            name=row.name,
            emails=tuple(emails[row.id]),
            types=tuple(types[row.id]),
            company_id=row.company_id,
            company_types=companies.get(row.company_id or "", ()),
            private=row.private,
            owner_id=row.owner_id,
        )
        for row in rows
    ]


def types_of_companies(
    session: Session, tenant_id: str, company_ids: Sequence[str | None]
) -> dict[str, tuple[str, ...]]:
    """The names of the types each company carries; companies without any are absent."""
    wanted = sorted({company_id for company_id in company_ids if company_id is not None})
    types: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(wanted), _BATCH):
        query = (
            select(CompanyTypeRow.company_id, ContactTypeRow.name)
            .join(
                ContactTypeRow,
                (ContactTypeRow.tenant_id == CompanyTypeRow.tenant_id)
                & (ContactTypeRow.id == CompanyTypeRow.type_id),
            )
            .where(CompanyTypeRow.tenant_id == tenant_id)
            .where(CompanyTypeRow.company_id.in_(wanted[start : start + _BATCH]))
            .order_by(ContactTypeRow.folded_name)
        )
        for company_id, name in session.execute(query):
            types[company_id].append(name)
    return {company_id: tuple(names) for company_id, names in types.items()}
