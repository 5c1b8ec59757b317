"""The CRM's plain pages under ``/crm``: contacts, companies, activities; forms without scripts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.crm.access import CrmCaller
from backend.crm.activity_desk import ActivityDesk
from backend.crm.activity_pages import add_activity_pages
from backend.crm.alert_desk import AlertDesk
from backend.crm.alert_pages import add_alert_pages
from backend.crm.catalogue import Catalogue
from backend.crm.contact_desk import ContactDesk
from backend.crm.contact_import import ContactImport
from backend.crm.contact_type_pages import add_contact_type_pages
from backend.crm.directory_pages import add_directory_pages
from backend.crm.form_pages import add_form_pages
from backend.crm.group_desk import GroupDesk
from backend.crm.group_pages import add_group_pages
from backend.crm.import_pages import add_import_pages
from backend.crm.page_tools import demand_csrf, refused
from backend.crm.problems import CrmError
from backend.crm.surroundings import ALONE, Surroundings
from backend.domain.ports import Clock
from backend.sql import Database

AuthenticatePage = Callable[[], CrmCaller | Response]
CsrfToken = Callable[[], str]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_LARGEST_FORM = 2 * 1024 * 1024


def crm_pages(
    database: Database,
    clock: Clock,
    authenticate_page: AuthenticatePage,
    csrf_token: CsrfToken,
    around: Surroundings = ALONE,
) -> Blueprint:
    """The blueprint; register it with ``url_prefix="/crm"``.

    ``authenticate_page`` answers who is signed in, or the response that leads to the sign-in.
    ``csrf_token`` answers the session's token: forms carry it, and without it nothing is changed.
    """
    alerts = AlertDesk(database, clock)
    groups = GroupDesk(database, clock, around.colleagues, around.audit)
    blueprint = Blueprint(
        "crm_pages",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )

    @blueprint.before_request
    def identify() -> AnyResponse | None:
        if request.endpoint == f"{blueprint.name}.static":
            return None
        request.max_content_length = request.max_form_memory_size = _LARGEST_FORM
        signed_in = authenticate_page()
        if isinstance(signed_in, AnyResponse):
            return signed_in
        g.crm_caller, g.crm_csrf = signed_in, csrf_token()
        g.crm_unread = partial(alerts.unread, signed_in)
        if request.method == "POST":
            demand_csrf(g.crm_csrf)
        return None

    @blueprint.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        if request.endpoint != f"{blueprint.name}.static":
            response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.route("/")
    def start() -> AnyResponse:
        return redirect(url_for("crm_pages.contacts"))

    blueprint.register_error_handler(CrmError, refused)
    activities = ActivityDesk(database, clock, around.tell)
    contacts = ContactDesk(database, clock, around.tell_contacts)
    catalogue = Catalogue(database, clock, around.tell_contacts, around.settings)
    add_directory_pages(blueprint, contacts, catalogue, activities, alerts, clock)
    add_activity_pages(blueprint, activities, catalogue, groups, clock)
    add_form_pages(blueprint, contacts, catalogue, activities, groups, clock)
    add_alert_pages(blueprint, alerts)
    add_group_pages(blueprint, groups)
    add_contact_type_pages(blueprint, catalogue)
    add_import_pages(blueprint, ContactImport(database, clock, contacts))
    return blueprint
