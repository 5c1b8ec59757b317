"""What another instance needs to use this CRM as its own (C2): the gateway's calls over HTTP.

Only the service may call these; people read and edit activities by id.
"""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.crm.activity_desk import demand_sensible_times
from backend.crm.answers import caller, flat
from backend.crm.contact_desk import ContactDesk
from backend.crm.gateway import EmbeddedCrm
from backend.crm.gateway_problems import told_as_problems
from backend.crm.page_schemas import CrmAddressMatchesSchema
from backend.crm.preconditions import entity_tag, revision_asked_for, wants_to_create
from backend.crm.problems import CrmError, forbidden, not_found
from backend.crm.schemas import (
    CrmActivitySchema,
    CrmAddressesSchema,
    CrmDraftSchema,
    CrmKeyQuerySchema,
    CrmRemovalQuerySchema,
    CrmSyncStatusSchema,
)
from backend.domain.crm import (
    ActivityDraft,
    MatchedContact,
    UnmatchedAttendee,
)
from backend.domain.event import OnlineMeeting, Person
from backend.domain.ports import Clock

_key = CrmKeyQuerySchema()
_removal = CrmRemovalQuerySchema()
_draft = CrmDraftSchema()
_status = CrmSyncStatusSchema()
_addresses = CrmAddressesSchema()
_activity = CrmActivitySchema()
_matches = CrmAddressMatchesSchema()

Answer = tuple[dict[str, Any], int, dict[str, str]]


def add_service_routes(
    blueprint: Blueprint, crm: EmbeddedCrm, contacts: ContactDesk, clock: Clock
) -> None:
    """Records by our key, and contacts by many addresses."""

    @blueprint.route("/activities/by-key")
    @blueprint.arguments(_key, location="query")
    @blueprint.response(200, _activity)
    def find_by_key(query: dict[str, str]) -> Answer:
        """The record with this key, tombstones included (``removed``)."""
        found = crm.find_activity(service_tenant(), query["external_key"])
        if found is None:
            raise not_found("activity")
        return flat(found, clock()), 200, entity_tag(found.revision)

    @blueprint.route("/activities/by-key", methods=["PUT"])
    @blueprint.arguments(_key, location="query")
    @blueprint.arguments(_draft)
    @blueprint.response(200, _activity)
    @blueprint.alt_response(201, schema=_activity)
    def write_by_key(query: dict[str, str], content: dict[str, Any]) -> Answer:
        """Create with ``If-None-Match: *``, else update or revive with ``If-Match``.

        Where the key exists already, creating answers 412 ``exists`` with the record as member
        ``activity``: insert or read back in one call.
        """
        tenant_id, key = service_tenant(), query["external_key"]
        visibility = content.pop("visibility")
        draft = draft_from(content)
        if wants_to_create():
            return _create(tenant_id, key, draft, visibility)
        with told_as_problems():
            written = crm.write_activity(tenant_id, key, draft, revision=revision_asked_for())
        return flat(written, clock()), 200, entity_tag(written.revision)

    def _create(tenant_id: str, key: str, draft: ActivityDraft, visibility: str) -> Answer:
        with told_as_problems():
            made, is_new = crm.create_activity(tenant_id, key, draft, visibility)
        if not is_new:
            existing = _activity.dump(flat(made, clock()))
            detail = "There is a record with this key."
            raise CrmError(412, "exists", detail, extra={"activity": existing})
        return flat(made, clock()), 201, entity_tag(made.revision)

    @blueprint.route("/activities/by-key", methods=["DELETE"])
    @blueprint.arguments(_removal, location="query")
    @blueprint.response(204)
    def remove_by_key(query: dict[str, Any]) -> None:
        """Turn the record into a tombstone (needs If-Match), or erase it with ``destroy``."""
        tenant_id, key = service_tenant(), query["external_key"]
        if query["destroy"]:
            crm.destroy_activity(tenant_id, key)
            return
        with told_as_problems():
            crm.remove_activity(tenant_id, key, revision=revision_asked_for())

    @blueprint.route("/activities/by-key/sync-status", methods=["PUT"])
    @blueprint.arguments(_key, location="query")
    @blueprint.arguments(_status)
    @blueprint.response(204)
    def set_sync_status(query: dict[str, str], content: dict[str, Any]) -> None:
        """Mark a live record; its revision stays."""
        crm.set_sync_status(service_tenant(), query["external_key"], content["sync_status"])

    @blueprint.route("/contacts/match", methods=["POST"])
    @blueprint.arguments(_addresses)
    @blueprint.response(200, _matches)
    def match_contacts(addresses: list[str]) -> dict[str, Any]:
        """Every contact of each address, private ones included, oldest first."""
        service_tenant()
        found = contacts.match(caller(), addresses)
        return {"items": [{"address": a, "contacts": people} for a, people in found.items()]}


def service_tenant() -> str:
    """The firm the service acts for. Raises: CrmError 403 for everybody else."""
    if not caller().is_service:
        raise forbidden("Only the service may do this.")
    return caller().tenant_id


def draft_from(content: dict[str, Any]) -> ActivityDraft:
    """What the draft schema loaded, as a domain value.

    Raises: CrmError 422 for times that make no sense.
    """
    given = dict(content)
    given["contacts"] = tuple(MatchedContact(**c) for c in given.get("contacts", ()))
    given["unmatched"] = tuple(UnmatchedAttendee(**u) for u in given.get("unmatched", ()))
    given["resources"] = tuple(given.get("resources", ()))
    if given.get("assigned_to") is not None:
        given["assigned_to"] = Person(**given["assigned_to"])
    if given.get("online_meeting") is not None:
        given["online_meeting"] = OnlineMeeting(**given["online_meeting"])
    draft = ActivityDraft(**given)
    demand_sensible_times(draft)
    return draft
