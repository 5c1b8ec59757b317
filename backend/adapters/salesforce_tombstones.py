"""What an organisation of Salesforce has to forget: records taken away 30 days ago (T4, X4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from simple_salesforce.format import quote_soql_value

from backend.adapters.salesforce_fields import EVENT_KEY, MEMORY, found_of
from backend.adapters.salesforce_org import SalesforceOrg, Step
from backend.adapters.salesforce_steps import BLANK, bury, select_event, select_memory
from backend.domain.errors import RemoteConflictError, RemoteNotFoundError

KEPT_FOR = timedelta(days=30)
_BATCH = 100


def purge(org: SalesforceOrg) -> int:
    """Erase every memory record that has been a tombstone for 30 days; answers how many.

    Events that people deleted in Salesforce leave a memory record behind: those become tombstones
    first. Our own deletions take the key off the Event before, so they are not among them.
    """
    deleted = f"SELECT {EVENT_KEY} FROM Event WHERE IsDeleted = true AND {EVENT_KEY} != null"  # noqa: S608
    keys = sorted({str(row[EVENT_KEY]) for row in org.query(deleted, deleted=True)})
    for start in range(0, len(keys), _BATCH):
        _bury(org, keys[start : start + _BATCH])
    before = (org.now() - KEPT_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    old = f"SELECT Id FROM {MEMORY} WHERE Removed__c = true AND CreatedDate < {before}"  # noqa: S608
    doomed = [str(row["Id"]) for row in org.query(old)]
    for start in range(0, len(doomed), _BATCH):
        org.composite(_erasing(doomed[start : start + _BATCH]))
    return len(doomed)


def _bury(org: SalesforceOrg, keys: Sequence[str]) -> None:
    named = quote_soql_value(list(keys))
    memories, events = org.queries(
        [
            select_memory(f"Removed__c = false AND Key__c IN {named}"),
            select_event(f"{EVENT_KEY} IN {named}"),
        ]
    )
    living = {event[EVENT_KEY] for event in events}
    for memory in memories:
        if memory["Key__c"] in living:
            continue
        try:
            org.composite(bury(found_of(memory, None), memory))
        except (RemoteConflictError, RemoteNotFoundError):
            continue  # somebody has just written it: it is no tombstone any more


def _erasing(ids: Sequence[str]) -> list[Step]:
    """Emptied, then deleted: the recycle bin can be read."""
    records: list[dict[str, Any]] = [
        {"attributes": {"type": MEMORY}, "id": each, **BLANK} for each in ids
    ]
    return [
        Step("blank", "PATCH", "composite/sobjects", {"allOrNone": True, "records": records}),
        Step("erase", "DELETE", f"composite/sobjects?allOrNone=true&ids={','.join(ids)}"),
    ]
