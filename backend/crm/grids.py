"""A page of activities with its filters, as every page that shows a grid has it."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import fields, validate

from backend.crm.activity_desk import ActivityDesk
from backend.crm.activity_filter import ActivityFilter
from backend.crm.answers import caller
from backend.crm.fields import Text
from backend.crm.page_tools import PAGE, loaded, paging
from backend.crm.schemas import (
    LONGEST_LINE,
    LONGEST_NAME,
    CrmActivityQuerySchema,
)
from backend.domain.crm import ActivityKind
from backend.domain.ports import Clock

UPCOMING, PAST = "upcoming", "past"


class GridQuerySchema(CrmActivityQuerySchema):
    """The filters of a grid; ``by`` is the originator's address."""

    period = fields.String(load_default=None, validate=validate.OneOf([UPCOMING, PAST]))
    type = Text(LONGEST_NAME, load_default=None)
    kind = fields.Enum(ActivityKind, by_value=True, load_default=None)
    by = Text(LONGEST_LINE, load_default=None)


_query = GridQuerySchema()


def grid(
    desk: ActivityDesk, clock: Clock, mention: tuple[str, str] | None = None
) -> dict[str, Any]:
    """What the grid's template needs: records, filters, choices, the next page's address."""
    query, now = loaded(_query), clock()
    wanted = ActivityFilter(
        mention=mention,
        starts_from=query["from_"],
        starts_before=query["to"],
        ends_after=now if query["period"] == UPCOMING else None,
        ends_by=now if query["period"] == PAST else None,
        type=query["type"],
        kind=query["kind"],
        originator=query["by"],
        query=query["q"],
    )
    found = desk.page(caller(), wanted, limit=PAGE, after=query["cursor"])
    shown = {name: request.args.get(name, "") for name in ("q", "from", "to", "type", "by")}
    shown |= {"period": query["period"] or "", "kind": query["kind"] or ""}
    return {
        "activities": found.items,
        "about": desk.names_of_regarding(caller(), found.items),
        "choices": desk.choices(caller()),
        "shown": shown,
        "is_narrowed": any(shown.values()),
        "now": now,
        **paging(found.next, query["cursor"]),
    }
