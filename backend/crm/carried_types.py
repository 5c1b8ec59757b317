"""Which of the catalogue's types a contact or a company carries. Never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from backend.crm.models import CompanyTypeRow, ContactHasTypeRow, ContactTypeRow
from backend.crm.problems import invalid


def type_ids(session: Session, tenant_id: str, names: Sequence[str]) -> list[str]:
    """The ids of the types with these names, in any case.

    Raises: CrmError 422 when there is no such type.
    """
    wanted = {name.casefold(): name for name in names}
    query = select(ContactTypeRow.folded_name, ContactTypeRow.id).where(
        ContactTypeRow.tenant_id == tenant_id, ContactTypeRow.folded_name.in_(sorted(wanted))
    )
    found = {row.folded_name: row.id for row in session.execute(query)} if wanted else {}
    missing = [name for folded_name, name in wanted.items() if folded_name not in found]
    if missing:
        raise invalid("types", f"Unknown: {', '.join(missing)}")
    return list(found.values())


def replace_types(
    session: Session,
    table: type[ContactHasTypeRow] | type[CompanyTypeRow],
    tenant_id: str,
    carrier_id: str,
    ids: Sequence[str],
) -> None:
    """Make these the types the contact or company carries."""
    carrier = "contact_id" if table is ContactHasTypeRow else "company_id"
    column = getattr(table, carrier)
    session.execute(delete(table).where(table.tenant_id == tenant_id, column == carrier_id))
    if ids:
        session.execute(
            insert(table),
            [{"tenant_id": tenant_id, carrier: carrier_id, "type_id": type_id} for type_id in ids],
        )
