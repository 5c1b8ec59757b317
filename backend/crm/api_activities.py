"""``/activities``: translates HTTP to the activity desk and back."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.crm.activity_desk import ActivityDesk
from backend.crm.activity_filter import ActivityFilter
from backend.crm.answers import caller, flat
from backend.crm.page_schemas import CrmActivityPageSchema
from backend.crm.preconditions import entity_tag, revision_asked_for
from backend.crm.problems import invalid
from backend.crm.schemas import (
    CrmActivityPatchSchema,
    CrmActivityPostSchema,
    CrmActivityQuerySchema,
    CrmActivitySchema,
)
from backend.domain.ports import Clock

_query = CrmActivityQuerySchema()
_post = CrmActivityPostSchema()
_patch = CrmActivityPatchSchema()
_activity = CrmActivitySchema()
_page = CrmActivityPageSchema()

_MENTIONS = ("contact", "company", "opportunity", "initiative")

Answer = tuple[dict[str, Any], int, dict[str, str]]


def add_activity_routes(blueprint: Blueprint, desk: ActivityDesk, clock: Clock) -> None:
    """List, read, make, change and remove activities."""

    @blueprint.route("/activities")
    @blueprint.arguments(_query, location="query")
    @blueprint.response(200, _page)
    def list_activities(query: dict[str, Any]) -> dict[str, Any]:
        """Live activities, latest start first."""
        found = desk.page(caller(), _filter(query), limit=query["limit"], after=query["cursor"])
        return {"items": [flat(activity, clock()) for activity in found.items], "next": found.next}

    @blueprint.route("/activities", methods=["POST"])
    @blueprint.arguments(_post)
    @blueprint.response(201, _activity)
    @blueprint.alt_response(200, schema=_activity)
    def create_activity(content: dict[str, Any]) -> Answer:
        """Make an activity of kind ``added``; 200 if this ``request_id`` made it before."""
        made, is_new = desk.create(caller(), content)
        return flat(made, clock()), 201 if is_new else 200, entity_tag(made.revision)

    @blueprint.route("/activities/<activity_id>")
    @blueprint.response(200, _activity)
    def get_activity(activity_id: str) -> Answer:
        """One live activity; the entity tag is its revision."""
        found = desk.get(caller(), activity_id)
        return flat(found, clock()), 200, entity_tag(found.revision)

    @blueprint.route("/activities/<activity_id>", methods=["PATCH"])
    @blueprint.arguments(_patch)
    @blueprint.response(200, _activity)
    def change_activity(changes: dict[str, Any], activity_id: str) -> Answer:
        """Change what is given; needs If-Match. An Outlook-filled field unlinks a synced record."""
        changed = desk.edit(caller(), activity_id, revision_asked_for(), changes)
        return flat(changed, clock()), 200, entity_tag(changed.revision)

    @blueprint.route("/activities/<activity_id>", methods=["DELETE"])
    @blueprint.response(204)
    def remove_activity(activity_id: str) -> None:
        """Remove an activity; needs If-Match."""
        desk.remove(caller(), activity_id, revision_asked_for())


def _filter(query: dict[str, Any]) -> ActivityFilter:
    mentions = [(kind, query[kind]) for kind in _MENTIONS if query[kind] is not None]
    if len(mentions) > 1:
        raise invalid(mentions[1][0], f"Cannot be combined with {mentions[0][0]}.")
    return ActivityFilter(
        mention=mentions[0] if mentions else None,
        external_key=query["external_key"],
        ical_uid=query["ical_uid"],
        starts_from=query["from_"],
        starts_before=query["to"],
        query=query["q"],
    )
