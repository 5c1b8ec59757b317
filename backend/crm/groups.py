"""Groups of a firm's members who may see records together (T6). Never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from backend.crm.models import GroupMemberRow, GroupRow
from backend.crm.text import is_storable
from backend.domain.crm import Group, Member

MOST_MEMBERS = 1_000


def of_member(session: Session, tenant_id: str, person_id: str) -> list[Group]:
    """The groups this person is a member of, by name."""
    if not is_storable(person_id):
        return []
    query = (
        select(GroupRow.id, GroupRow.name)
        .join(
            GroupMemberRow,
            (GroupMemberRow.tenant_id == GroupRow.tenant_id)
            & (GroupMemberRow.group_id == GroupRow.id),
        )
        .where(GroupMemberRow.tenant_id == tenant_id, GroupMemberRow.user_id == person_id)
        .order_by(GroupRow.folded_name)
    )
    return [Group(row.id, row.name) for row in session.execute(query)]


def members(session: Session, tenant_id: str, group_id: str) -> list[Member]:
    """The members of a group, by name."""
    query = select(GroupMemberRow).where(
        GroupMemberRow.tenant_id == tenant_id, GroupMemberRow.group_id == group_id
    )
    found = [Member(row.user_id, row.name, row.address) for row in session.scalars(query)]
    return sorted(found, key=lambda each: (each.name.casefold(), each.address, each.id))


def replace_members(
    session: Session, tenant_id: str, group_id: str, wanted: Sequence[Member]
) -> None:
    """Make these the group's members."""
    session.execute(
        delete(GroupMemberRow).where(
            GroupMemberRow.tenant_id == tenant_id, GroupMemberRow.group_id == group_id
        )
    )
    if wanted:
        keys = {"tenant_id": tenant_id, "group_id": group_id}
        session.execute(
            insert(GroupMemberRow),
            [
                {**keys, "user_id": each.id, "name": each.name, "address": each.address}
                for each in wanted
            ],
        )
