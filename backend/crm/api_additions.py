"""What another instance needs for records that people add by hand (C2, T6); the service only."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.crm.activity_desk import demand_sensible_times
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
from backend.crm.preconditions import entity_tag
from backend.crm.problems import CrmError
from backend.crm.schemas import CrmActivitySchema, CrmContactSchema, CrmKeyQuerySchema
from backend.domain.crm import Additions, Contact
from backend.domain.errors import RemoteConflictError, RemoteRejectedError
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
        tenant_id = service_tenant()
        additions = Additions(
            notes=content.pop("notes"),
            company_ids=tuple(content.pop("company_ids")),
            opportunity_ids=tuple(content.pop("opportunity_ids")),
            initiative_ids=tuple(content.pop("initiative_ids")),
            visibility=content.pop("visibility"),
        )
        draft = draft_from(content)
        demand_sensible_times(draft)
        try:
            made, is_new = crm.add_activity(tenant_id, query["external_key"], draft, additions)
        except RemoteConflictError as error:
            raise CrmError(409, "removed", "This activity was made and removed again.") from error
        except RemoteRejectedError as error:
            raise _refused(error) from error
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
        try:
            return crm.create_contact(service_tenant(), content["name"], content["address"])
        except RemoteRejectedError as error:
            raise _refused(error) from error


def _refused(error: RemoteRejectedError) -> CrmError:
    return CrmError(422, error.remote_code or "validation", error.message)
