"""The requests that make up a change of a record in Salesforce, and its queries. Calls nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from typing import Any

from backend.adapters.salesforce_fields import (
    EVENT_FIELDS,
    EVENT_KEY,
    MEMORY,
    MEMORY_FIELDS,
    Found,
    moment_of,
)
from backend.adapters.salesforce_org import MOST_COLLECTIONS, Step

BLANK = dict.fromkeys(("Key__c", "Meeting__c", "Event_Id__c", "Memory__c"))
"""What is deleted lies in the recycle bin for 15 days and must say nothing there (L5)."""


def forget(found: Found) -> tuple[Step, ...]:
    """Delete the memory record that was seen: only one of all who have seen it can do that."""
    path = f"sobjects/{MEMORY}/{found.memory_id}"
    return Step("blank", "PATCH", path, BLANK), Step("forget", "DELETE", path)


def remember(fields: Mapping[str, Any]) -> Step:
    return Step("memory", "POST", f"sobjects/{MEMORY}", fields)


def bury(found: Found, memory: Mapping[str, Any]) -> list[Step]:
    """Make a tombstone of a memory record as it stands."""
    fields = {name: memory[name] for name in MEMORY_FIELDS}
    return [*forget(found), remember({**fields, "Removed__c": True})]


def change_event(found: Found, fields: Mapping[str, Any]) -> Step:
    """Only if nobody has changed the Event since it was read, as far as seconds can tell that
    (REST API Developer Guide: Conditional Request Headers)."""
    assert found.event is not None
    read = format_datetime(moment_of(found.event["LastModifiedDate"]), usegmt=True)
    path = f"sobjects/Event/{found.event_id}"
    return Step("event", "PATCH", path, fields, {"If-Unmodified-Since": read})


def event_step(name: str, event_id: str, fields: Mapping[str, Any]) -> Step:
    """A further change of an Event in the same transaction."""
    return Step(name, "PATCH", f"sobjects/Event/{event_id}", fields)


def read_back(event_id: str) -> Step:
    soql = select_event(f"Id = '{event_id}'").replace(" ", "+")
    return Step("written", "GET", f"queryAll?q={soql}")


def within_limits(before: Sequence[Step], after: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """What fits into the one call with the Event and its reading, and what has to follow."""
    room = MOST_COLLECTIONS - 1 - len(before)
    now: list[Step] = []
    later: list[Step] = []
    for step in after:
        if step.is_collection and room <= 0:
            later.append(step)
            continue
        room -= step.is_collection
        now.append(step)
    return now, later


def select_memory(condition: str) -> str:
    fields = ", ".join(("Id", *MEMORY_FIELDS, "CreatedDate"))
    return f"SELECT {fields} FROM {MEMORY} WHERE IsDeleted = false AND {condition}"  # noqa: S608


def select_event(condition: str) -> str:
    fields = ", ".join(EVENT_FIELDS)
    return f"SELECT {fields} FROM Event WHERE IsDeleted = false AND {condition}"  # noqa: S608


def select_people(key: str, known: Mapping[str, object]) -> str:
    """``known``: the fields that EventRelation has in this organisation."""
    flags = [name for name in ("IsInvitee", "IsParent", "IsWhat") if name in known]
    fields = ", ".join(("Id", "RelationId", "Status", *flags))
    condition = f"IsDeleted = false AND Event.{EVENT_KEY} = {key}"
    return f"SELECT {fields} FROM EventRelation WHERE {condition}"  # noqa: S608
