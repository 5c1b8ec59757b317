"""What another instance needs for records that people add by hand (C2, T6); the service only."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.crm.addition_schemas import (
    CrmAdditionSchema,
    CrmEntriesSchema,
    CrmEntryQuerySchema,
    CrmNewContactSchema,
    CrmTypeNamesSchema,
)
from backend.crm.answers import flat
from backend.crm.api_service import draft_from, service_tenant
from backend.crm.gateway import EmbeddedCrm
from backend.crm.gateway_problems import told_as_problems
from backend.crm.preconditions import entity_tag
from backend.crm.schemas import CrmActivitySchema, CrmContactSchema, CrmKeyQuerySchema
from backend.domain.crm import Additions, Contact, Reference
from backend.domain.ports import Clock

_activity = CrmActivitySchema()
_contact = CrmContactSchema()

Answer = tuple[dict[str, Any], int, dict[str, str]]


def add_addition_routes(blueprint: Blueprint, crm: EmbeddedCrm, clock: Clock) -> None:
    """Add a record by key, list what a picker shows, make a contact."""

    @blueprint.route("/activities/by-key", methods=["POST"])
    @blueprint.arguments(CrmKeyQuerySchema, location="query")
    @blueprint.arguments(CrmAdditionSchema)
    @blueprint.response(200, _activity)
    @blueprint.alt_response(201, schema=_activity)
    def add_by_key(query: dict[str, str], content: dict[str, Any]) -> Answer:
        """Make a record of kind ``added``; sent again, it answers the one that is there.

        409 ``removed`` when it was made and removed again, 422 ``unknown_reference`` when
        something it names does not exist.
        """
        tenant_id, key = service_tenant(), query["external_key"]
        additions = _additions_from(content)
        draft = draft_from(content)
        with told_as_problems():
            made, is_new = crm.add_activity(tenant_id, key, draft, additions)
        return flat(made, clock()), 201 if is_new else 200, entity_tag(made.revision)

    @blueprint.route("/entries")
    @blueprint.arguments(CrmEntryQuerySchema, location="query")
    @blueprint.response(200, CrmEntriesSchema)
    def list_entries(query: dict[str, Any]) -> dict[str, Any]:
        """Companies, opportunities or initiatives by name."""
        tenant_id, listing = service_tenant(), query["listing"]
        if query["id"]:
            return {"items": crm.entries_by_id(tenant_id, listing, query["id"])}
        return {"items": crm.find_entries(tenant_id, listing, query["q"], query["limit"])}

    @blueprint.route("/types")
    @blueprint.response(200, CrmTypeNamesSchema)
    def list_types() -> dict[str, Any]:
        """All contact types, and the types a person may choose for a record."""
        tenant_id = service_tenant()
        return {
            "contact_types": crm.contact_types(tenant_id),
            "activity_types": crm.activity_types(tenant_id),
        }

    @blueprint.route("/contacts/by-address", methods=["POST"])
    @blueprint.arguments(CrmNewContactSchema)
    @blueprint.response(201, _contact)
    def create_contact(content: dict[str, str]) -> Contact:
        """Make a contact, or answer the one that has this address."""
        with told_as_problems():
            return crm.create_contact(service_tenant(), content["name"], content["address"])


def _additions_from(content: dict[str, Any]) -> Additions:
    """What the schema loaded beside the draft, taken out of ``content``."""
    about = content.pop("regarding")
    return Additions(
        notes=content.pop("notes"),
        company_ids=tuple(content.pop("company_ids")),
        opportunity_ids=tuple(content.pop("opportunity_ids")),
        initiative_ids=tuple(content.pop("initiative_ids")),
        regarding=None if about is None else Reference(about["kind"], about["id"]),
        visibility=content.pop("visibility"),
        with_companies=content.pop("with_companies"),
        by_id=content.pop("by_id"),
    )
