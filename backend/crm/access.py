"""Who is asking the CRM, and what he may see: the only place that decides it.

A private contact exists for its owner and the service only. Everybody else sees no trace of it: not
in lists, searches and pickers, and on an activity it is simply not among the contacts (nor among
the unmatched attendees, for that would tell the name).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select

from backend.crm.models import ActivityRow, ContactRow, GroupMemberRow
from backend.domain.crm import EVERYONE, GROUP_PREFIX
from backend.domain.event import Person


@dataclass(frozen=True, slots=True)
class CrmCaller:
    """A signed-in person of a firm, or the service that writes for all of the firm's people.

    ``user_id`` is the Entra object id; ``None`` for the service. An admin makes groups; he sees no
    more records than anybody else.
    """

    tenant_id: str
    user_id: str | None
    name: str
    address: str
    is_service: bool = False
    is_admin: bool = False

    @property
    def person(self) -> Person:
        return Person(self.name, self.address)


def visible_activities(caller: CrmCaller) -> Sequence[ColumnElement[bool]]:
    """Conditions: everybody's, the caller's own, and those of the groups he is a member of.

    A group that is not there any more has no members: its records are their owners' alone.
    """
    if caller.is_service:
        return ()
    groups = select(GROUP_PREFIX + GroupMemberRow.group_id).where(
        GroupMemberRow.tenant_id == caller.tenant_id, GroupMemberRow.user_id == caller.user_id
    )
    return (
        (ActivityRow.visibility == EVERYONE)
        | (ActivityRow.owner_id == caller.user_id)
        | ActivityRow.visibility.in_(groups),
    )


def visible_contacts(caller: CrmCaller) -> Sequence[ColumnElement[bool]]:
    """Conditions: not private, or the caller's own."""
    if caller.is_service:
        return ()
    return (ContactRow.private.is_(False) | (ContactRow.owner_id == caller.user_id),)


def hidden_contacts(caller: CrmCaller) -> Sequence[ColumnElement[bool]] | None:
    """Conditions for the contacts the caller must not know of; ``None`` when he may see all."""
    if caller.is_service:
        return None
    theirs = ContactRow.owner_id.is_(None) | (ContactRow.owner_id != caller.user_id)
    return (ContactRow.private.is_(True), theirs)
