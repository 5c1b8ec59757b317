"""``/groups``: translates HTTP to the group desk and back (T6)."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.crm.answers import caller
from backend.crm.gateway import EmbeddedCrm
from backend.crm.group_desk import GroupDesk, WholeGroup
from backend.crm.group_schemas import (
    CrmGroupPatchSchema,
    CrmGroupPostSchema,
    CrmGroupQuerySchema,
    CrmWholeGroupSchema,
)
from backend.crm.page_schemas import CrmGroupPageSchema

_whole = CrmWholeGroupSchema()


def add_group_routes(blueprint: Blueprint, desk: GroupDesk, crm: EmbeddedCrm) -> None:
    """List and read groups; admins make, change and remove them."""

    @blueprint.route("/groups")
    @blueprint.arguments(CrmGroupQuerySchema, location="query")
    @blueprint.response(200, CrmGroupPageSchema)
    def list_groups(query: dict[str, Any]) -> dict[str, Any]:
        """All groups for an admin, one's own for everybody else, by name.

        ``member`` is for the service: all groups of this person, on one page.
        """
        if query["member"] is not None and caller().is_service:
            return {"items": crm.groups_of(caller().tenant_id, query["member"]), "next": None}
        found = desk.page(caller(), query=query["q"], limit=query["limit"], after=query["cursor"])
        return {"items": found.items, "next": found.next}

    @blueprint.route("/groups", methods=["POST"])
    @blueprint.arguments(CrmGroupPostSchema)
    @blueprint.response(201, _whole)
    def create_group(given: dict[str, Any]) -> WholeGroup:
        """Make a group; ``member_ids`` are the Entra object ids of members of the firm."""
        return desk.save(caller(), None, given)

    @blueprint.route("/groups/<group_id>")
    @blueprint.response(200, _whole)
    def get_group(group_id: str) -> WholeGroup:
        """One group with its members; 404 for whoever is neither in it nor an admin."""
        return desk.get(caller(), group_id)

    @blueprint.route("/groups/<group_id>", methods=["PATCH"])
    @blueprint.arguments(CrmGroupPatchSchema)
    @blueprint.response(200, _whole)
    def change_group(given: dict[str, Any], group_id: str) -> WholeGroup:
        """Change what is given; ``member_ids`` replaces all members."""
        return desk.save(caller(), group_id, given)

    @blueprint.route("/groups/<group_id>", methods=["DELETE"])
    @blueprint.response(204)
    def remove_group(group_id: str) -> None:
        """Remove a group: records that only it could see are their owners' alone."""
        desk.remove(caller(), group_id)
