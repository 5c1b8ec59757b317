"""Records that people add by hand through the gateway, and what their pickers list (T6).

Works inside a caller's session; never commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.crm import activities, people, references
from backend.crm.identifiers import new_id
from backend.crm.models import (
    ActivityRow,
    CompanyRow,
    ContactEmailRow,
    ContactRow,
    ContactTypeRow,
    InitiativeRow,
    OpportunityRow,
)
from backend.crm.text import containing, folded, sort_name
from backend.domain.crm import (
    ActivityDraft,
    ActivityKind,
    Additions,
    Contact,
    Entry,
    Listing,
    ReferenceKind,
)
from backend.domain.errors import RemoteRejectedError
from backend.domain.event import normalised_address
from backend.domain.ports import Clock

ACTIVITY_TYPES = ("Meeting", "Call", "Video call", "Lunch or dinner", "Event", "Pitch", "Other")
"""What the embedded CRM offers; a record may carry any other type, too."""

MOST_IDS = 200

_Listed = CompanyRow | OpportunityRow | InitiativeRow

_LISTINGS: Mapping[Listing, type[_Listed]] = {
    Listing.COMPANIES: CompanyRow,
    Listing.OPPORTUNITIES: OpportunityRow,
    Listing.INITIATIVES: InitiativeRow,
}


def add(
    session: Session,
    tenant_id: str,
    external_key: str,
    draft: ActivityDraft,
    additions: Additions,
    clock: Clock,
) -> ActivityRow:
    """A record of kind ``added`` with everything filed under it.

    Raises: RemoteRejectedError when something it names does not exist; IntegrityError when the key
    is taken.
    """
    _demand(session, tenant_id, ReferenceKind.CONTACT, [c.contact_id for c in draft.contacts])
    _demand(session, tenant_id, ReferenceKind.COMPANY, additions.company_ids)
    _demand(session, tenant_id, ReferenceKind.OPPORTUNITY, additions.opportunity_ids)
    _demand(session, tenant_id, ReferenceKind.INITIATIVE, additions.initiative_ids)
    about = additions.regarding
    nameable = (ContactRow.private.is_(False) | (ContactRow.owner_id == draft.owner_id),)
    if about is not None and not references.may_be_about(session, tenant_id, about, nameable):
        raise _unknown(about.kind)
    owner_id = draft.owner_id
    if not references.is_for_group_of(session, tenant_id, additions.visibility, owner_id):
        raise _unknown("group")
    row = activities.add(
        session,
        tenant_id,
        draft,
        clock(),
        kind=ActivityKind.ADDED,
        external_key=external_key,
        visibility=additions.visibility,
        acting=(additions.by_id,),
    )
    row.notes = additions.notes
    along = row.company_ids if additions.with_companies else ()
    row.company_ids = list(dict.fromkeys((*additions.company_ids, *along)))
    row.opportunity_ids = list(dict.fromkeys(additions.opportunity_ids))
    row.initiative_ids = list(dict.fromkeys(additions.initiative_ids))
    row.regarding_kind = about.kind if about is not None else None
    row.regarding_id = about.id if about is not None else None
    session.flush()
    activities.rewrite_mentions(session, row)
    return row


def entries(
    session: Session, tenant_id: str, listing: Listing, query: str, limit: int
) -> list[Entry]:
    """One page of a picker, by name; an opportunity tells its company and stage."""
    table = _LISTINGS[listing]
    found = select(table).where(table.tenant_id == tenant_id)
    if query.strip():
        found = found.where(table.search_text.like(containing(query), escape="\\"))
    by_name = found.order_by(table.sort_name, table.id).limit(limit)
    return _entries(session, tenant_id, cast("Sequence[_Listed]", session.scalars(by_name).all()))


def entries_by_id(
    session: Session, tenant_id: str, listing: Listing, ids: Sequence[str]
) -> list[Entry]:
    """As :func:`entries`, for known ids."""
    table = _LISTINGS[listing]
    wanted = sorted(set(ids))[:MOST_IDS]
    query = select(table).where(table.tenant_id == tenant_id, table.id.in_(wanted))
    by_name = query.order_by(table.sort_name, table.id)
    return _entries(session, tenant_id, cast("Sequence[_Listed]", session.scalars(by_name).all()))


def contact_types(session: Session, tenant_id: str) -> list[str]:
    """All names, in the order of the alphabet."""
    query = (
        select(ContactTypeRow.name)
        .where(ContactTypeRow.tenant_id == tenant_id)
        .order_by(ContactTypeRow.folded_name)
    )
    return list(session.scalars(query))


def create_contact(
    session: Session, tenant_id: str, name: str, address: str, clock: Clock
) -> tuple[Contact, bool]:
    """A contact with one address, unless a public one carries it already; whether it is new."""
    normalised = normalised_address(address)
    known = people.by_address(session, tenant_id, [address]).get(normalised, ())
    existing = next((contact for contact in known if not contact.private), None)
    if existing is not None:
        return existing, False
    now = clock()
    row = ContactRow(
        tenant_id=tenant_id,
        id=new_id(now),
        name=name,
        sort_name=sort_name(name),
        search_text=folded(name, address),
        private=False,
        created_at=now,
    )
    session.add(row)
    session.flush()
    if address:
        session.add(
            ContactEmailRow(
                tenant_id=tenant_id,
                contact_id=row.id,
                position=0,
                address=address,
                normalised=normalised,
            )
        )
        session.flush()
    return people.load(session, tenant_id, [row])[0], True


def _entries(session: Session, tenant_id: str, rows: Sequence[_Listed]) -> list[Entry]:
    details = _details(session, tenant_id, rows)
    return [Entry(row.id, row.name, details.get(row.id, "")) for row in rows]


def _details(
    session: Session,
    tenant_id: str,
    rows: Sequence[_Listed],
) -> dict[str, str]:
    opportunities = [row for row in rows if isinstance(row, OpportunityRow)]
    company_ids = {row.company_id for row in opportunities if row.company_id is not None}
    query = select(CompanyRow.id, CompanyRow.name).where(
        CompanyRow.tenant_id == tenant_id, CompanyRow.id.in_(sorted(company_ids))
    )
    names = {row.id: row.name for row in session.execute(query)} if company_ids else {}
    return {
        row.id: " · ".join(part for part in (names.get(row.company_id or ""), row.stage) if part)
        for row in opportunities
    }


def _demand(session: Session, tenant_id: str, kind: ReferenceKind, ids: Sequence[str]) -> None:
    if references.missing(session, tenant_id, kind, ids):
        raise _unknown(kind)


def _unknown(word: str) -> RemoteRejectedError:
    return RemoteRejectedError(
        f"an unknown {word}", system="crm", status=422, remote_code="unknown_reference"
    )
