"""The CRM's HTTP API as one blueprint for ``/crm/api``; who is calling is told by the app."""

from __future__ import annotations

from collections.abc import Callable

from flask import g, request
from flask_smorest import Blueprint

from backend.crm.access import CrmCaller
from backend.crm.activity_desk import ActivityDesk
from backend.crm.alert_desk import AlertDesk
from backend.crm.api_activities import add_activity_routes
from backend.crm.api_additions import add_addition_routes
from backend.crm.api_alerts import add_alert_routes
from backend.crm.api_catalogue import add_catalogue_routes
from backend.crm.api_contacts import add_contact_routes
from backend.crm.api_groups import add_group_routes
from backend.crm.api_service import add_service_routes
from backend.crm.catalogue import Catalogue
from backend.crm.contact_desk import ContactDesk
from backend.crm.gateway import EmbeddedCrm
from backend.crm.group_desk import GroupDesk
from backend.crm.problems import not_found, register_problems
from backend.crm.surroundings import ALONE, Surroundings
from backend.crm.text import is_storable
from backend.domain.ports import Clock
from backend.sql import Database

LARGEST_REQUEST = 4 * 1024 * 1024
"""Bytes: the longest description with 2,000 attendees fits."""

Authenticate = Callable[[], CrmCaller]


def crm_api(
    database: Database,
    clock: Clock,
    authenticate: Authenticate,
    around: Surroundings = ALONE,
) -> Blueprint:
    """The blueprint; register it with ``url_prefix="/crm/api"``.

    ``authenticate`` is called once per request; it answers who is calling or raises an error that
    the app knows how to answer (401, 403), and checks the CSRF token of cookie sessions.
    """
    blueprint = Blueprint("crm_api", __name__, description="The embedded CRM")
    register_problems(blueprint)

    @blueprint.before_request
    def identify() -> None:
        request.max_content_length = LARGEST_REQUEST
        g.crm_caller = authenticate()
        if not all(is_storable(str(part)) for part in (request.view_args or {}).values()):
            raise not_found("resource")

    contacts = ContactDesk(database, clock, around.tell_contacts)
    add_activity_routes(blueprint, ActivityDesk(database, clock, around.tell), clock)
    add_contact_routes(blueprint, contacts)
    add_catalogue_routes(
        blueprint, Catalogue(database, clock, around.tell_contacts, around.settings)
    )
    crm = EmbeddedCrm(database, clock, around.tell_contacts)
    add_service_routes(blueprint, crm, contacts, clock)
    add_addition_routes(blueprint, crm, clock)
    add_alert_routes(blueprint, AlertDesk(database, clock), contacts)
    add_group_routes(blueprint, GroupDesk(database, clock, around.colleagues, around.audit), crm)
    return blueprint
