"""Loads sample CRM data, such as a demo's, into the tables; repeating it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from backend.crm.carried_types import type_ids
from backend.crm.contact_desk import replace_emails
from backend.crm.groups import replace_members
from backend.crm.models import (
    Base,
    CompanyRow,
    CompanyTypeRow,
    ContactHasTypeRow,
    ContactRow,
    ContactTypeRow,
    GroupRow,
    InitiativeRow,
    OpportunityRow,
)
from backend.crm.text import folded, sort_name
from backend.domain.crm import Member
from backend.sql import Database

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""When sample rows were made: the order of the list, a second apart, before any real row."""

Sample = Mapping[str, Any]


def import_sample(
    database: Database,
    tenant_id: str,
    data: Sample,
    owner_ids: Mapping[str, str] | None = None,
) -> int:
    """Add what ``data`` holds for the firm and is not there yet; answers how many rows were added.

    ``data`` is either one firm's ``{"contact_types", "companies", "contacts", "opportunities",
    "initiatives", "groups"}`` or ``{"tenants": [the same with "tenant_id"]}``. ``owner_ids`` maps
    the addresses of private contacts' owners and of groups' members to their object ids; who has
    none is left out of a group. Rows with a known id are left as they are, so what people changed
    since survives.
    """
    firm = _of_firm(data, tenant_id)
    with database.write.begin() as session:
        return (
            _add_types(session, tenant_id, firm.get("contact_types", ()))
            + _add_companies(session, tenant_id, firm.get("companies", ()))
            + _add_contacts(session, tenant_id, firm.get("contacts", ()), owner_ids or {})
            + _add_opportunities(session, tenant_id, firm.get("opportunities", ()))
            + _add_initiatives(session, tenant_id, firm.get("initiatives", ()))
            + _add_groups(session, tenant_id, firm.get("groups", ()), owner_ids or {})
        )


def _of_firm(data: Sample, tenant_id: str) -> Sample:
    if "tenants" not in data:
        return data
    for firm in data["tenants"]:
        if firm["tenant_id"] == tenant_id:
            found: Sample = firm
            return found
    return {}


def _missing(
    session: Session, table: type[Base], tenant_id: str, rows: Sequence[Sample]
) -> list[tuple[datetime, Sample]]:
    """The rows whose id is not there yet, each with the moment it counts as made."""
    columns = table.__table__.c
    known = set(session.scalars(select(columns.id).where(columns.tenant_id == tenant_id)))
    return [
        (_EPOCH + timedelta(seconds=number), row)
        for number, row in enumerate(rows)
        if row["id"] not in known
    ]


def _add_types(session: Session, tenant_id: str, rows: Sequence[Sample]) -> int:
    missing = _missing(session, ContactTypeRow, tenant_id, rows)
    for _, row in missing:
        name = row["name"]
        session.add(
            ContactTypeRow(
                tenant_id=tenant_id, id=row["id"], name=name, folded_name=name.casefold()
            )
        )
    session.flush()
    return len(missing)


def _add_companies(session: Session, tenant_id: str, rows: Sequence[Sample]) -> int:
    missing = _missing(session, CompanyRow, tenant_id, rows)
    session.add_all(
        CompanyRow(**_named(tenant_id, made_at, row), search_text=folded(row["name"]))
        for made_at, row in missing
    )
    session.flush()
    carried = [
        {"tenant_id": tenant_id, "company_id": row["id"], "type_id": type_id}
        for _, row in missing
        for type_id in type_ids(session, tenant_id, row.get("types", ()))
    ]
    if carried:
        session.execute(insert(CompanyTypeRow), carried)
    return len(missing)


def _add_contacts(
    session: Session, tenant_id: str, rows: Sequence[Sample], owner_ids: Mapping[str, str]
) -> int:
    missing = _missing(session, ContactRow, tenant_id, rows)
    session.add_all(
        ContactRow(
            **_named(tenant_id, made_at, row),
            search_text=folded(row["name"], *row["emails"]),
            company_id=row.get("company_id"),
            private=row.get("private", False),
            owner_id=row.get("owner_id") or owner_ids.get(row.get("owner") or "", row.get("owner")),
        )
        for made_at, row in missing
    )
    session.flush()
    for _, row in missing:
        replace_emails(session, tenant_id, row["id"], row["emails"])
    carried = [
        {"tenant_id": tenant_id, "contact_id": row["id"], "type_id": type_id}
        for _, row in missing
        for type_id in type_ids(session, tenant_id, row.get("types", ()))
    ]
    if carried:
        session.execute(insert(ContactHasTypeRow), carried)
    return len(missing)


def _add_opportunities(session: Session, tenant_id: str, rows: Sequence[Sample]) -> int:
    missing = _missing(session, OpportunityRow, tenant_id, rows)
    session.add_all(
        OpportunityRow(
            **_named(tenant_id, made_at, row),
            search_text=folded(row["name"]),
            company_id=row.get("company_id"),
            stage=row.get("stage") or row.get("status") or "",
        )
        for made_at, row in missing
    )
    return len(missing)


def _add_initiatives(session: Session, tenant_id: str, rows: Sequence[Sample]) -> int:
    missing = _missing(session, InitiativeRow, tenant_id, rows)
    session.add_all(
        InitiativeRow(**_named(tenant_id, made_at, row), search_text=folded(row["name"]))
        for made_at, row in missing
    )
    return len(missing)


def _add_groups(
    session: Session, tenant_id: str, rows: Sequence[Sample], user_ids: Mapping[str, str]
) -> int:
    missing = _missing(session, GroupRow, tenant_id, rows)
    for made_at, row in missing:
        group = GroupRow(tenant_id=tenant_id, id=row["id"], name=row["name"])
        group.folded_name, group.created_at = row["name"].casefold(), made_at
        session.add(group)
        session.flush()
        members = [
            Member(user_ids[each["address"]], each["name"], each["address"])
            for each in row["members"]
            if each["address"] in user_ids
        ]
        replace_members(session, tenant_id, group.id, members)
    return len(missing)


def _named(tenant_id: str, made_at: datetime, row: Sample) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "id": row["id"],
        "name": row["name"],
        "sort_name": sort_name(row["name"]),
        "created_at": made_at,
    }
