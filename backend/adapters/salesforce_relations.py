"""Who takes part in an Event: which EventRelations to delete, add and change. Calls nothing.

Only people that we have put there are ever taken away; whom a person added in Salesforce stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.adapters.salesforce_fields import CONTACT, LEAD
from backend.adapters.salesforce_org import Step, is_id
from backend.domain.crm import ActivityDraft

MOST_RELATED = 50
"""Contacts an event can be related to; it may invite 1,000 (Object Reference: EventRelation)."""

_BATCH = 200
"""Records per collection (REST API Developer Guide: sObject Collections)."""

_STATUS = {"accepted": "Accepted", "organizer": "Accepted", "declined": "Declined"}


@dataclass(frozen=True, slots=True)
class People:
    """What to do about an Event's people."""

    ids: tuple[str, ...]
    """Everybody of ours who is on the Event afterwards."""
    who_id: str | None
    sets_who: bool
    """Whether ``WhoId`` has to be written."""
    before: tuple[Step, ...]
    """To be done before the Event is written: who goes makes room for who comes."""
    after: tuple[Step, ...]


def people_of(draft: ActivityDraft) -> dict[str, str]:
    """Contacts and leads with their status; nobody of a private meeting (E6)."""
    if draft.private:
        return {}
    return {
        contact.contact_id: _STATUS.get(contact.response, "New")
        for contact in draft.contacts
        if is_id(contact.contact_id, CONTACT, LEAD)
    }


def plan_people(
    draft: ActivityDraft,
    there: Sequence[Mapping[str, Any]],
    *,
    ours: Sequence[str],
    who_id: str | None,
    what_id: str | None,
    event: str,
    shared: bool,
) -> People:
    """What makes the Event's people those of the draft.

    ``there``: its EventRelations; ``ours``: whom we had put there; ``event``: its id, or a
    reference to it; ``shared``: whether the organisation lets an event have several contacts
    (Shared Activities), which adds three fields to EventRelation.
    """
    wanted = people_of(draft)
    rows = {row["RelationId"]: row for row in there if not row.get("IsWhat")}
    leaving = [row for who, row in rows.items() if who in ours and who not in wanted]
    chosen = _who(who_id, wanted, ours=ours, what_id=what_id)
    sets_who = chosen != who_id
    # Salesforce makes the relation of WhoId by itself where events have several contacts.
    by_itself = chosen if shared and sets_who and chosen not in rows else None
    staying = sum(bool(row.get("IsParent")) for row in rows.values()) - len(leaving)
    room = MOST_RELATED - max(staying, 0) - (1 if by_itself else 0)
    added, changed = [], []
    for who, status in wanted.items():
        row = rows.get(who)
        if row is None and who != by_itself:
            related = shared and who.startswith(CONTACT) and room > 0
            room -= related
            added.append(_row(event, who, status, related=related, shared=shared))
        elif row is not None and (row["Status"] != status or (shared and not row["IsInvitee"])):
            changed.append(_change(row["Id"], status, shared=shared))
    return People(
        ids=tuple(wanted),
        who_id=chosen,
        sets_who=sets_who,
        before=tuple(_deletions(leaving)),
        after=(
            *(_primary(event, by_itself, wanted[by_itself]) if by_itself else ()),
            *_collections("add", "POST", added),
            *_collections("change", "PATCH", changed),
        ),
    )


def _who(
    now: str | None, wanted: Mapping[str, str], *, ours: Sequence[str], what_id: str | None
) -> str | None:
    """The Event's first person; one that somebody chose in Salesforce stays.

    An event has contacts or one lead, and with a lead it is related to nothing else.
    """
    if now is not None and (now in wanted or now not in ours):
        return now
    contact = next((who for who in wanted if who.startswith(CONTACT)), None)
    if contact is not None or what_id is not None:
        return contact
    return next(iter(wanted), None)


def _row(event: str, who: str, status: str, *, related: bool, shared: bool) -> dict[str, Any]:
    row = {
        "attributes": {"type": "EventRelation"},
        "EventId": event,
        "RelationId": who,
        "Status": status,
    }
    return row | ({"IsInvitee": True, "IsParent": related} if shared else {})


def _change(row_id: str, status: str, *, shared: bool) -> dict[str, Any]:
    row = {"attributes": {"type": "EventRelation"}, "id": row_id, "Status": status}
    return row | ({"IsInvitee": True} if shared else {})


def _primary(event: str, who: str, status: str) -> tuple[Step, ...]:
    """Find the relation that Salesforce has just made, and invite that person, too."""
    soql = f"SELECT Id FROM EventRelation WHERE EventId = '{event}' AND RelationId = '{who}'"  # noqa: S608
    return (
        Step("who", "GET", "query?q=" + soql.replace(" ", "+")),
        Step(
            "invite",
            "PATCH",
            "sobjects/EventRelation/@{who.records[0].Id}",
            {"IsInvitee": True, "Status": status},
        ),
    )


def deletions(rows: Sequence[Mapping[str, Any]]) -> list[Step]:
    """Steps that take these relations away."""
    return _deletions([row for row in rows if not row.get("IsWhat")])


def _deletions(rows: Sequence[Mapping[str, Any]]) -> list[Step]:
    ids = [row["Id"] for row in rows]
    return [
        Step(
            f"leave{start}",
            "DELETE",
            f"composite/sobjects?allOrNone=true&ids={','.join(ids[start : start + _BATCH])}",
        )
        for start in range(0, len(ids), _BATCH)
    ]


def _collections(name: str, method: str, rows: Sequence[Mapping[str, Any]]) -> list[Step]:
    return [
        Step(
            f"{name}{start}",
            method,
            "composite/sobjects",
            {"allOrNone": True, "records": list(rows[start : start + _BATCH])},
        )
        for start in range(0, len(rows), _BATCH)
    ]
