"""``/contacts``: translates HTTP to the contact desk and back."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.crm.answers import caller
from backend.crm.contact_desk import ContactDesk
from backend.crm.page_schemas import CrmContactPageSchema
from backend.crm.schemas import (
    CrmContactPatchSchema,
    CrmContactPostSchema,
    CrmContactQuerySchema,
    CrmContactSchema,
)
from backend.domain.crm import Contact

_query = CrmContactQuerySchema()
_contact = CrmContactSchema()
_post = CrmContactPostSchema()
_patch = CrmContactPatchSchema()
_page = CrmContactPageSchema()


def add_contact_routes(blueprint: Blueprint, desk: ContactDesk) -> None:
    """List, read, make, change and remove contacts."""

    @blueprint.route("/contacts")
    @blueprint.arguments(_query, location="query")
    @blueprint.response(200, _page)
    def list_contacts(query: dict[str, Any]) -> dict[str, Any]:
        """Contacts by name; ``q`` looks into names and addresses."""
        found = desk.page(
            caller(),
            query=query["q"],
            type_name=query["type"],
            company_id=query["company"],
            private=query["private"],
            limit=query["limit"],
            after=query["cursor"],
        )
        return {"items": found.items, "next": found.next}

    @blueprint.route("/contacts", methods=["POST"])
    @blueprint.arguments(_post)
    @blueprint.response(201, _contact)
    def create_contact(given: dict[str, Any]) -> Contact:
        """Make a contact; it belongs to whoever makes it."""
        return desk.add(caller(), given)

    @blueprint.route("/contacts/<contact_id>")
    @blueprint.response(200, _contact)
    def get_contact(contact_id: str) -> Contact:
        """One contact."""
        return desk.get(caller(), contact_id)

    @blueprint.route("/contacts/<contact_id>", methods=["PATCH"])
    @blueprint.arguments(_patch)
    @blueprint.response(200, _contact)
    def change_contact(changes: dict[str, Any], contact_id: str) -> Contact:
        """Change what is given."""
        return desk.change(caller(), contact_id, changes)

    @blueprint.route("/contacts/<contact_id>", methods=["DELETE"])
    @blueprint.response(204)
    def remove_contact(contact_id: str) -> None:
        """Remove a contact; activities keep the name and address."""
        desk.remove(caller(), contact_id)
