"""``/api/contacts``: the CRM's contacts for the pane's picker."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.api.answers import ContactListSchema
from backend.api.authentication import caller
from backend.api.paging import PickerQuerySchema
from backend.api.ports import Linking


def contacts_api(linking: Linking) -> Blueprint:
    """Bearer only."""
    api = Blueprint("contacts", __name__, url_prefix="/api/contacts", description="CRM contacts")

    @api.get("")
    @api.arguments(PickerQuerySchema, location="query")
    @api.response(200, ContactListSchema)
    def search(query: dict[str, Any]) -> dict[str, Any]:
        """Contacts whose name or address contains ``q``; a picker has one page only."""
        contacts = linking.find_contacts(caller(), query["q"], query["limit"])
        return {"items": contacts, "next": None}

    return api
