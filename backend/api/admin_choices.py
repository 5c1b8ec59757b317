"""``/api/admin/contact-types``, ``…/activity-types``: what the settings' page offers."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.api.activity_json import NameListSchema
from backend.api.authentication import caller
from backend.api.ports import Adding


def admin_choices_api(adding: Adding) -> Blueprint:
    """The pane's pickers take bearer tokens only; pages have a cookie."""
    api = Blueprint(
        "admin_choices", __name__, url_prefix="/api/admin", description="Administration: choices"
    )

    @api.get("/contact-types")
    @api.response(200, NameListSchema)
    def contact_types() -> dict[str, Any]:
        """The names of all contact types of the CRM, for the choice of A1."""
        return {"items": adding.contact_types(caller()), "next": None}

    @api.get("/activity-types")
    @api.response(200, NameListSchema)
    def activity_types() -> dict[str, Any]:
        """The types of records that the CRM offers, for the default of added ones (A1)."""
        return {"items": adding.activity_types(caller()), "next": None}

    return api
