"""Following contacts, and ``/alerts``: translates HTTP to the alert desk and back (C1)."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.crm.alert_desk import AlertDesk
from backend.crm.answers import caller
from backend.crm.contact_desk import ContactDesk
from backend.crm.group_schemas import (
    CrmAlertPageSchema,
    CrmAlertQuerySchema,
    CrmFollowSchema,
    CrmUntilSchema,
)


def add_alert_routes(blueprint: Blueprint, desk: AlertDesk, contacts: ContactDesk) -> None:
    """Follow and unfollow; list alerts and mark them as read."""

    @blueprint.route("/contacts/<contact_id>/follow")
    @blueprint.response(200, CrmFollowSchema)
    def get_follow(contact_id: str) -> dict[str, bool]:
        """Whether the caller follows this contact."""
        contacts.get(caller(), contact_id)
        return {"following": desk.follows(caller(), contact_id)}

    @blueprint.route("/contacts/<contact_id>/follow", methods=["PUT"])
    @blueprint.response(204)
    def follow(contact_id: str) -> None:
        """Be alerted when a record with this contact comes, moves, is cancelled or removed."""
        desk.follow(caller(), contact_id)

    @blueprint.route("/contacts/<contact_id>/follow", methods=["DELETE"])
    @blueprint.response(204)
    def unfollow(contact_id: str) -> None:
        """No more alerts of this contact; those there are go as well."""
        desk.unfollow(caller(), contact_id)

    @blueprint.route("/alerts")
    @blueprint.arguments(CrmAlertQuerySchema, location="query")
    @blueprint.response(200, CrmAlertPageSchema)
    def list_alerts(query: dict[str, Any]) -> dict[str, Any]:
        """The caller's alerts, latest news first; one a record."""
        found = desk.page(
            caller(), unread_only=query["unread"], limit=query["limit"], after=query["cursor"]
        )
        return {"items": found.items, "next": found.next, "unread": desk.unread(caller())}

    @blueprint.route("/alerts/read", methods=["POST"])
    @blueprint.arguments(CrmUntilSchema)
    @blueprint.response(204)
    def read_all_alerts(given: dict[str, Any]) -> None:
        """Mark all alerts as read."""
        desk.read_all(caller(), given["until"])

    @blueprint.route("/alerts/<activity_id>/read", methods=["POST"])
    @blueprint.arguments(CrmUntilSchema)
    @blueprint.response(204)
    def read_alert(given: dict[str, Any], activity_id: str) -> None:
        """Mark the alert of one record as read."""
        desk.read(caller(), activity_id, given["until"])
