"""Who is asking the CRM, and what he may see: the only place that decides it.

A private contact exists for its owner and the service only. Everybody else sees no trace of it: not
in lists, searches and pickers, and on an activity it is simply not among the contacts (nor among
the unmatched attendees, for that would tell the name).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from backend.crm.models import ActivityRow, ContactRow
from backend.domain.event import Person


@dataclass(frozen=True, slots=True)
class CrmCaller:
    """A signed-in person of a firm, or the service that writes for all of the firm's people.

    ``user_id`` is the Entra object id; ``None`` for the service.
    """

    tenant_id: str
    user_id: str | None
    name: str
    address: str
    is_service: bool = False

    @property
    def person(self) -> Person:
        return Person(self.name, self.address)


def visible_activities(caller: CrmCaller) -> Sequence[ColumnElement[bool]]:
    """Conditions: everybody's, or the caller's own.

    ``group:<id>`` is treated like ``only_me`` as long as nobody tells the CRM who is in a group.
    """
    if caller.is_service:
        return ()
    return ((ActivityRow.visibility == "everyone") | (ActivityRow.owner_id == caller.user_id),)


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
