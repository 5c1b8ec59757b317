"""The web application: which blueprints there are, and who may call each of them."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from flask import Blueprint, Flask
from flask_cors import CORS

from backend.api.activities import activities_api
from backend.api.admin import admin_api, admin_views_api
from backend.api.admin_choices import admin_choices_api
from backend.api.authentication import (
    OPEN,
    SERVICE_CALLER,
    Callers,
    Resolver,
    caller,
    own_checks,
    register_authentication,
    register_guarded,
)
from backend.api.bodies import register_body_checks
from backend.api.contacts import contacts_api
from backend.api.crm_elsewhere import crm_elsewhere
from backend.api.documentation import DocumentedApi, documentation_page, documented
from backend.api.events import events_api
from backend.api.headers import register_headers
from backend.api.health import Operators, health_pages, metrics_page
from backend.api.limits import register_limits
from backend.api.me import me_api
from backend.api.notifications import notifications_api
from backend.api.observation import REQUEST_ID_HEADER, register_observation
from backend.api.pages import admin_page, site_pages
from backend.api.ports import Adding, Health, History, Linking, Notifications, People, SignIn
from backend.api.problems import register_problems
from backend.api.sessions import CSRF_HEADER, Sessions, configure_sessions
from backend.api.signin import CONSENT_STATE, sign_in_pages
from backend.crm.access import CrmCaller
from backend.crm.api import LARGEST_REQUEST as LARGEST_CRM_REQUEST
from backend.crm.api import crm_api
from backend.crm.fields import Moment as CrmMoment
from backend.crm.pages import crm_pages
from backend.crm.surroundings import Surroundings
from backend.domain.ports import Clock, TokenVerifier
from backend.services.administration.desk import Administration
from backend.settings import Settings
from backend.sql import Database, is_transient


class Services(Protocol):
    """What an application serves."""

    @property
    def people(self) -> People: ...
    @property
    def linking(self) -> Linking: ...
    @property
    def adding(self) -> Adding: ...
    @property
    def history(self) -> History: ...
    @property
    def administration(self) -> Administration: ...
    @property
    def notifications(self) -> Notifications: ...
    @property
    def health(self) -> Health: ...
    @property
    def verifier(self) -> TokenVerifier: ...
    @property
    def sign_in(self) -> SignIn: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def database(self) -> Database:
        """For the embedded CRM."""
        ...

    @property
    def around_crm(self) -> Surroundings:
        """What the embedded CRM tells to and asks of us."""
        ...


def create_app(services: Services, settings: Settings) -> Flask:
    """A WSGI application over ``services``. The order of the hooks is the order of the doors."""
    app = Flask("backend.api", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # EWS ids may hold two slashes in a row; a redirect would lose the bearer token.
    app.url_map.merge_slashes = False
    configure_sessions(app, settings)
    consented = f"{settings.base_url}/auth/callback"
    register_problems(
        app,
        lambda tenant_id: services.sign_in.admin_consent_url(
            consented, tenant=tenant_id, state=CONSENT_STATE
        ),
        may_pass=is_transient,
    )
    register_observation(app)
    register_headers(app, settings)
    register_authentication(app)
    register_limits(app, settings)
    register_body_checks(app, larger={"/crm/api/": LARGEST_CRM_REQUEST})
    _allow_origins(app, settings)
    _register_blueprints(app, services, settings)
    return app


def _register_blueprints(app: Flask, services: Services, settings: Settings) -> None:
    sessions = Sessions(services.clock)
    callers = Callers(services.verifier, sessions, settings.tenants, settings.crm_token)
    operators = Operators(settings.metrics_token)
    api = documented(app)
    described = partial(_described, app, api)
    described(me_api(services.people), callers.by_bearer_or_cookie)
    described(events_api(services.linking, services.history), callers.by_bearer)
    described(activities_api(services.adding, services.clock), callers.by_bearer)
    described(contacts_api(services.linking), callers.by_bearer)
    # Support looks, admins also change (A11).
    may_look = callers.of_role("admin", "support")
    described(admin_views_api(services.administration), may_look)
    described(admin_choices_api(services.adding), may_look)
    described(admin_api(services.administration), callers.of_role("admin"))
    described(notifications_api(services.notifications), own_checks)

    if settings.has_embedded_crm:
        api.register_field(CrmMoment, "string", "date-time")
        crm = crm_api(services.database, services.clock, _crm_caller, services.around_crm)
        described(crm, callers.of_crm, url_prefix="/crm/api")
        pages = crm_pages(
            services.database,
            services.clock,
            _crm_caller,
            lambda: sessions.csrf_token,
            services.around_crm,
        )
        register = partial(app.register_blueprint, url_prefix="/crm")
        register_guarded(app, pages, callers.of_page, register=register)
    elif settings.salesforce is not None:
        register_guarded(app, crm_elsewhere(settings.salesforce.url), OPEN)

    register_guarded(app, documentation_page(api), OPEN)
    register_guarded(app, health_pages(services.health), OPEN)
    register_guarded(app, metrics_page(), operators.prove)
    register_guarded(app, site_pages(settings), OPEN)
    register_guarded(app, admin_page(lambda: sessions.csrf_token), callers.of_page)
    sign_in = sign_in_pages(services.sign_in, callers, sessions, settings.base_url)
    register_guarded(app, sign_in, OPEN)


def _described(
    app: Flask, api: DocumentedApi, blueprint: Blueprint, guard: Resolver, **options: str
) -> None:
    register = partial(api.register_blueprint, **options)
    register_guarded(app, blueprint, guard, register=register)


def _crm_caller() -> CrmCaller:
    """The CRM's own word for who was proven to call."""
    principal = caller()
    is_service = principal.oid == SERVICE_CALLER
    return CrmCaller(
        tenant_id=principal.tenant_id,
        user_id=None if is_service else principal.oid,
        name=principal.name,
        address=principal.username,
        is_service=is_service,
        is_admin="admin" in principal.roles,
    )


def _allow_origins(app: Flask, settings: Settings) -> None:
    """CORS on ``/api`` only, for the listed origins only, never with cookies (X5)."""
    if not settings.cors_origins:
        return
    CORS(
        app,
        resources={r"/api/.*": {"origins": list(settings.cors_origins)}},
        supports_credentials=False,
        allow_headers=["Authorization", "Content-Type", CSRF_HEADER, REQUEST_ID_HEADER],
        expose_headers=["WWW-Authenticate", "Retry-After", REQUEST_ID_HEADER],
        max_age=600,
        vary_header=True,
    )
