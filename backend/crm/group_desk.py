"""What people do with groups: admins make them, members see them (T6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.crm import groups
from backend.crm.access import CrmCaller
from backend.crm.identifiers import new_id
from backend.crm.models import GroupMemberRow, GroupRow
from backend.crm.paging import Page, cursor, name_and_id
from backend.crm.problems import CrmError, forbidden, invalid, not_found
from backend.crm.surroundings import Audit, Colleagues
from backend.crm.text import containing
from backend.domain.crm import Group, Member
from backend.domain.ports import Clock
from backend.sql import Database


@dataclass(frozen=True, slots=True)
class WholeGroup:
    """A group and who is in it."""

    id: str
    name: str
    members: tuple[Member, ...]


class GroupDesk:
    """Groups as one caller sees them. Raises CrmError for whatever it refuses."""

    def __init__(
        self, database: Database, clock: Clock, colleagues: Colleagues, audit: Audit
    ) -> None:
        self._database = database
        self._clock = clock
        self._colleagues = colleagues
        self._audit = audit

    def page(
        self, caller: CrmCaller, *, query: str = "", limit: int, after: str | None = None
    ) -> Page[Group]:
        """By name: all for admins, his own for everybody else."""
        found = select(GroupRow).where(GroupRow.tenant_id == caller.tenant_id)
        if not _may_make(caller):
            own = select(GroupMemberRow.group_id).where(
                GroupMemberRow.tenant_id == caller.tenant_id,
                GroupMemberRow.user_id == caller.user_id,
            )
            found = found.where(GroupRow.id.in_(own))
        if query.strip():
            found = found.where(GroupRow.folded_name.like(containing(query), escape="\\"))
        last_seen = name_and_id(after)
        if last_seen is not None:
            # Names are unique within a firm, so the name alone says where to go on.
            found = found.where(GroupRow.folded_name > last_seen[0])
        with self._database.read() as session:
            rows = session.scalars(found.order_by(GroupRow.folded_name).limit(limit + 1)).all()
        shown = rows[:limit]
        more = len(rows) > limit
        following = cursor(shown[-1].folded_name, shown[-1].id) if more else None
        return Page([Group(row.id, row.name) for row in shown], following)

    def own(self, caller: CrmCaller) -> Sequence[Group]:
        """The groups the caller is in: those his records can be shown to."""
        if caller.user_id is None:
            return ()
        with self._database.read() as session:
            return groups.of_member(session, caller.tenant_id, caller.user_id)

    def get(self, caller: CrmCaller, group_id: str) -> WholeGroup:
        with self._database.read() as session:
            row = _row(session, caller, group_id)
            return WholeGroup(
                row.id, row.name, tuple(groups.members(session, caller.tenant_id, row.id))
            )

    def save(self, caller: CrmCaller, group_id: str | None, given: Mapping[str, Any]) -> WholeGroup:
        """Make a group (``group_id`` is ``None``) or change its name or ``member_ids``."""
        _demand_admin(caller)
        members = self._members(caller, given["member_ids"]) if "member_ids" in given else None
        try:
            with self._database.write.begin() as session:
                row = self._blank_or_existing(session, caller, group_id)
                row.name = given.get("name", row.name)
                row.folded_name = row.name.casefold()
                session.add(row)
                session.flush()
                if members is not None:
                    kept = self._kept(session, row, given["member_ids"], members)
                    groups.replace_members(session, row.tenant_id, row.id, kept)
                saved = row.id
                act = "group_made" if group_id is None else "group_changed"
                self._audit.note(session, caller, act, "group", saved, sorted(given))
        except IntegrityError as error:
            raise CrmError(409, "exists", "There is a group of this name.") from error
        return self.get(caller, saved)

    def remove(self, caller: CrmCaller, group_id: str) -> None:
        """Records that only the group could see are their owners' alone from now on."""
        _demand_admin(caller)
        with self._database.write.begin() as session:
            session.delete(_row(session, caller, group_id, lock=True))
            self._audit.note(session, caller, "group_removed", "group", group_id)

    def colleagues(self, caller: CrmCaller, query: str, limit: int) -> Sequence[Member]:
        """Who could be put into a group."""
        _demand_admin(caller)
        return self._colleagues.find(caller.tenant_id, query, limit)

    def named(self, caller: CrmCaller, ids: Sequence[str]) -> Sequence[Member]:
        """The members of the firm with these ids."""
        _demand_admin(caller)
        return self._colleagues.by_ids(caller.tenant_id, ids)

    def _blank_or_existing(
        self, session: Session, caller: CrmCaller, group_id: str | None
    ) -> GroupRow:
        if group_id is not None:
            return _row(session, caller, group_id, lock=True)
        now = self._clock()
        return GroupRow(tenant_id=caller.tenant_id, id=new_id(now), created_at=now)

    def _members(self, caller: CrmCaller, ids: Sequence[str]) -> dict[str, Member]:
        known = self._colleagues.by_ids(caller.tenant_id, list(dict.fromkeys(ids)))
        return {member.id: member for member in known}

    def _kept(
        self, session: Session, row: GroupRow, ids: Sequence[str], known: Mapping[str, Member]
    ) -> list[Member]:
        """Whom ``ids`` name; who has left the firm meanwhile may stay until he is taken out."""
        there = {m.id: m for m in groups.members(session, row.tenant_id, row.id)}
        found = {each: known.get(each) or there.get(each) for each in dict.fromkeys(ids)}
        if None in found.values():
            raise invalid("member_ids", "Unknown member of the firm.")
        return [member for member in found.values() if member is not None]


def _row(session: Session, caller: CrmCaller, group_id: str, *, lock: bool = False) -> GroupRow:
    """``lock``: whoever changes it waits for others who do, as it and its members change together.

    Raises: CrmError 404 also for a group that the caller is not in.
    """
    row = session.get(GroupRow, (caller.tenant_id, group_id), with_for_update=lock)
    if row is None or not (_may_make(caller) or _is_member(session, caller, group_id)):
        raise not_found("group")
    return row


def _is_member(session: Session, caller: CrmCaller, group_id: str) -> bool:
    return session.get(GroupMemberRow, (caller.tenant_id, group_id, caller.user_id)) is not None


def _may_make(caller: CrmCaller) -> bool:
    return caller.is_admin or caller.is_service


def _demand_admin(caller: CrmCaller) -> None:
    if not _may_make(caller):
        raise forbidden("Only an administrator makes and changes groups.")
