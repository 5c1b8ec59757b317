"""Add Activity: ``…/activity-draft``, ``/api/activities`` and the pickers of its form (T6)."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.api.activity_json import (
    AboutListSchema,
    ActivityDraftSchema,
    ActivityRequestSchema,
    EntryListSchema,
    EntryQuerySchema,
    GroupListSchema,
    NameListSchema,
)
from backend.api.answers import ActivitySchema, SeenActivity
from backend.api.authentication import caller
from backend.api.event_ids import graph_event_id
from backend.api.paging import PickerQuerySchema
from backend.api.ports import Adding
from backend.api.requests import MailboxSchema
from backend.domain.crm import Listing
from backend.domain.ports import Clock


def activities_api(adding: Adding, clock: Clock) -> Blueprint:
    """Bearer only: these calls may go on to Outlook in the caller's name."""
    api = Blueprint("activities", __name__, url_prefix="/api", description="Add Activity")

    @api.get("/events/<event_id:event_id>/activity-draft")
    @api.arguments(MailboxSchema, location="query")
    @api.response(200, ActivityDraftSchema)
    def propose(query: dict[str, Any], event_id: str) -> Any:
        """The form prefilled from an event, and what the CRM already has of the meeting."""
        return adding.propose(caller(), graph_event_id(event_id), query["mailbox"])

    @api.post("/activities")
    @api.arguments(ActivityRequestSchema)
    @api.arguments(MailboxSchema, location="query")
    @api.response(201, ActivitySchema, description="Made.")
    @api.alt_response(200, schema=ActivitySchema, description="Made before, by the same request.")
    def add(body: dict[str, Any], query: dict[str, Any]) -> Any:
        """Make one record from the form; the same ``request_id`` makes it once."""
        added = adding.add(
            caller(),
            graph_event_id(body["event_id"]),
            query["mailbox"],
            body["request_id"],
            body["form"],
        )
        seen = SeenActivity(added.activity, added.activity.phase(clock()))
        where = {"Location": f"/crm/activities/{added.activity.id}"}
        return seen, 201 if added.is_new else 200, where

    @api.get("/contact-types")
    @api.response(200, NameListSchema)
    def contact_types() -> dict[str, Any]:
        """The names of all contact types."""
        return {"items": adding.contact_types(caller()), "next": None}

    @api.get("/activity-types")
    @api.response(200, NameListSchema)
    def activity_types() -> dict[str, Any]:
        """The types a record may have, the caller's own default first."""
        return {"items": adding.activity_types(caller()), "next": None}

    @api.get("/regarding")
    @api.arguments(PickerQuerySchema, location="query")
    @api.response(200, AboutListSchema)
    def find_about(query: dict[str, Any]) -> dict[str, Any]:
        """What a record can be about: companies, contacts, opportunities, initiatives; one page."""
        return {"items": adding.find_about(caller(), query["q"], query["limit"]), "next": None}

    @api.get("/groups")
    @api.response(200, GroupListSchema)
    def groups() -> dict[str, Any]:
        """The groups the caller is in: whom he can show his records to."""
        return {"items": adding.groups(caller()), "next": None}

    for listing in Listing:
        _add_picker(api, adding, listing)
    return api


def _add_picker(api: Blueprint, adding: Adding, listing: Listing) -> None:
    def find(query: dict[str, Any]) -> dict[str, Any]:
        if query["id"]:
            found = adding.entries_by_id(caller(), listing, query["id"])
        else:
            found = adding.find_entries(caller(), listing, query["q"], query["limit"])
        return {"items": found, "next": None}

    find.__name__ = f"find_{listing.value}"
    find.__doc__ = (
        f"{listing.value.capitalize()} whose name contains ``q``, or those that ``id`` names; "
        "one page only."
    )
    answered = api.response(200, EntryListSchema)(find)
    api.get(f"/{listing.value}")(api.arguments(EntryQuerySchema, location="query")(answered))
