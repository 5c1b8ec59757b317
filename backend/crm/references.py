"""Whether what a record names exists. Never commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from backend.crm.models import (
    Base,
    CompanyRow,
    ContactRow,
    GroupMemberRow,
    InitiativeRow,
    OpportunityRow,
)
from backend.crm.text import is_storable
from backend.domain.crm import Reference, ReferenceKind, group_of

TABLES: Mapping[ReferenceKind, type[Base]] = {
    ReferenceKind.COMPANY: CompanyRow,
    ReferenceKind.CONTACT: ContactRow,
    ReferenceKind.OPPORTUNITY: OpportunityRow,
    ReferenceKind.INITIATIVE: InitiativeRow,
}


def missing(
    session: Session,
    tenant_id: str,
    kind: ReferenceKind,
    ids: Iterable[str],
    *conditions: ColumnElement[bool],
) -> list[str]:
    """Those of the ids that the firm has no such thing for, or none that fits ``conditions``."""
    wanted = set(ids)
    if not wanted:
        return []
    columns = TABLES[kind].__table__.c
    askable = sorted(filter(is_storable, wanted))
    query = select(columns.id).where(
        columns.tenant_id == tenant_id, columns.id.in_(askable), *conditions
    )
    return sorted(wanted - set(session.scalars(query)))


def names(session: Session, tenant_id: str, wanted: Iterable[Reference]) -> dict[Reference, str]:
    """The names of these things; one statement a kind. What is not there is absent."""
    ids: dict[ReferenceKind, list[str]] = defaultdict(list)
    for reference in wanted:
        ids[reference.kind].append(reference.id)
    found: dict[Reference, str] = {}
    for kind, some in ids.items():
        columns = TABLES[kind].__table__.c
        query = select(columns.id, columns.name).where(
            columns.tenant_id == tenant_id, columns.id.in_(sorted(set(some)))
        )
        found |= {Reference(kind, row.id): row.name for row in session.execute(query)}
    return found


def may_be_about(
    session: Session, tenant_id: str, reference: Reference, contacts: Iterable[ColumnElement[bool]]
) -> bool:
    """Whether a record can be about this; ``contacts``: which of them may be named."""
    conditions = contacts if reference.kind is ReferenceKind.CONTACT else ()
    return not missing(session, tenant_id, reference.kind, [reference.id], *conditions)


def is_for_group_of(
    session: Session, tenant_id: str, visibility: str, owner_id: str | None
) -> bool:
    """Whether a record may be seen by whom ``visibility`` says: a group must be its owner's."""
    group_id = group_of(visibility)
    if group_id is None:
        return True
    return session.get(GroupMemberRow, (tenant_id, group_id, owner_id)) is not None
