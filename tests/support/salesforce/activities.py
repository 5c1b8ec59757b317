"""What is special about events and their people (Object Reference: Event, EventRelation)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.support.salesforce.errors import RefusedError
from tests.support.salesforce.moments import read_moment, written

if TYPE_CHECKING:
    from tests.support.salesforce.org import Organisation

Row = dict[str, Any]
MOST_RELATED = 50
LONGEST = 14 * 24 * 60
_INTEGRITY = "FIELD_INTEGRITY_EXCEPTION"


class ActivityRules:
    """Called round every save and deletion of the organisation."""

    def __init__(self, org: Organisation) -> None:
        self._org = org

    def before_save(self, name: str, row: Row, before: Row | None) -> None:
        if name == "Event":
            _check_times(row, before)
            # Event, WhoId and WhatId: a lead's event is related to nothing else.
            if (row["WhoId"] or "").startswith("00Q") and row["WhatId"]:
                said = "WhatId: an event with a lead cannot be related to another record"
                raise RefusedError(400, _INTEGRITY, said, ["WhatId"])
        if name == "EventRelation":
            self._check_relation(row, before)

    def after_save(self, name: str, row: Row, before: Row | None, by: str | None) -> None:
        if not self._org.shared_activities:
            return
        if name == "Event":
            was = before["WhoId"] if before is not None else None
            if row["WhoId"] != was:
                self._replace_primary(row, was, by)
        if name == "EventRelation" and row["IsParent"]:
            event = self._org.tables["Event"][row["EventId"]]
            if event["WhoId"] is None:
                self._org.tables["Event"][event["Id"]] = event | {"WhoId": row["RelationId"]}

    def after_delete(self, name: str, row: Row, by: str | None) -> None:
        if name == "Event":
            self._after_event(row)
        if name == "EventRelation" and self._org.shared_activities:
            self._promote(row)

    def relations(self, event_id: str) -> list[Row]:
        table = self._org.tables["EventRelation"].values()
        return [row for row in table if row["EventId"] == event_id and not row["IsDeleted"]]

    def _check_relation(self, row: Row, before: Row | None) -> None:
        others = [r for r in self.relations(row["EventId"]) if r["Id"] != row["Id"]]
        if before is None and any(r["RelationId"] == row["RelationId"] for r in others):
            # EventRelation: one record per person, whether related, invited or both.
            raise RefusedError(400, "DUPLICATE_VALUE", "duplicate value found: RelationId")
        if not self._org.shared_activities or not row["IsParent"]:
            return
        # EventRelation: up to 50 contacts or one lead.
        parents = [r["RelationId"] for r in others if r["IsParent"]]
        with_leads = row["RelationId"].startswith("00Q") or any(p[:3] == "00Q" for p in parents)
        if len(parents) >= MOST_RELATED or (with_leads and parents):
            said = "An event can be related to up to 50 contacts or one lead."
            raise RefusedError(400, _INTEGRITY, said, ["RelationId"])

    def _replace_primary(self, event: Row, was: str | None, by: str | None) -> None:
        """WhoId has a relation of its own, which comes and goes with it."""
        there = {row["RelationId"]: row for row in self.relations(event["Id"])}
        table = self._org.tables["EventRelation"]
        if was in there and event["WhoId"] not in there:
            table[there[was]["Id"]] = there[was] | {"IsDeleted": True}
        if event["WhoId"] is not None and event["WhoId"] not in there:
            who = {"EventId": event["Id"], "RelationId": event["WhoId"], "IsParent": True}
            self._org.insert("EventRelation", {**who, "Status": "New"}, by=by)

    def _after_event(self, row: Row) -> None:
        """With Shared Activities the relations go along, and what they filled is cleared."""
        table = self._org.tables["EventRelation"]
        for relation in self.relations(row["Id"]):
            table[relation["Id"]] = relation | {"IsDeleted": True}
        if self._org.shared_activities:
            cleared = row | {"WhoId": None, "WhatId": None}
            self._org.tables["Event"][row["Id"]] = cleared

    def _promote(self, row: Row) -> None:
        """Deleting the relation of WhoId makes another Who of the event its WhoId."""
        event = self._org.tables["Event"][row["EventId"]]
        if event["WhoId"] == row["RelationId"] and not event["IsDeleted"]:
            parents = [r["RelationId"] for r in self.relations(event["Id"]) if r["IsParent"]]
            who_id = parents[0] if parents else None
            self._org.tables["Event"][event["Id"]] = event | {"WhoId": who_id}


def _check_times(row: Row, before: Row | None) -> None:
    """Event, fields DurationInMinutes and EndDateTime: one of them, or both if they agree."""
    if row["StartDateTime"] is None:
        said = "Required fields are missing: [StartDateTime]"
        raise RefusedError(400, "REQUIRED_FIELD_MISSING", said, ["StartDateTime"])
    start = read_moment(row["StartDateTime"])
    if row["IsAllDayEvent"]:
        start = start.replace(hour=0, minute=0, second=0)
    minutes, until = row["DurationInMinutes"], row["EndDateTime"]
    if before is not None and until == before["EndDateTime"]:
        until = None
    elif before is not None and minutes == before["DurationInMinutes"]:
        minutes = None
    whole_day = timedelta(days=1 if row["IsAllDayEvent"] else 0)
    if until is not None:
        told = (read_moment(until) - start + whole_day) // timedelta(minutes=1)
        if minutes is not None and minutes != told:
            said = "Duration and end of the event do not agree"
            raise RefusedError(400, _INTEGRITY, said, ["DurationInMinutes", "EndDateTime"])
        minutes = told
    if minutes is None and row["IsAllDayEvent"]:
        minutes = 24 * 60
    if minutes is None:
        said = "Required fields are missing: [DurationInMinutes]"
        raise RefusedError(400, "REQUIRED_FIELD_MISSING", said, ["DurationInMinutes"])
    if not 0 <= minutes <= LONGEST:
        # Salesforce Help, Considerations for Events: fourteen days at most.
        raise RefusedError(400, _INTEGRITY, "Duration is out of range", ["DurationInMinutes"])
    row["StartDateTime"] = written(start)
    row["DurationInMinutes"] = minutes
    row["EndDateTime"] = written(start + timedelta(minutes=minutes) - whole_day)
