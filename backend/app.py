"""The web application: which blueprints there are, and who may call each of them."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Flask
from flask_cors import CORS

from backend.api.authentication import (
    OPEN,
    Callers,
    Resolver,
    register_authentication,
    register_guarded,
)
from backend.api.bodies import register_body_checks
from backend.api.contacts import contacts_api
from backend.api.documentation import DocumentedApi, documentation_page, documented
from backend.api.events import events_api
from backend.api.headers import register_headers
from backend.api.health import Operators, health_pages, metrics_page
from backend.api.limits import register_limits
from backend.api.me import me_api
from backend.api.observation import REQUEST_ID_HEADER, register_observation
from backend.api.pages import site_pages
from backend.api.ports import Services
from backend.api.problems import register_problems
from backend.api.sessions import CSRF_HEADER, Sessions, configure_sessions
from backend.api.signin import sign_in_pages
from backend.settings import Settings


def create_app(services: Services, settings: Settings) -> Flask:
    """A WSGI application over ``services``. The order of the hooks is the order of the doors."""
    app = Flask("backend.api", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # EWS ids may hold two slashes in a row; a redirect would lose the bearer token.
    app.url_map.merge_slashes = False
    configure_sessions(app, settings)
    register_problems(app, settings)
    register_observation(app)
    register_headers(app, settings)
    register_authentication(app)
    register_limits(app, settings)
    register_body_checks(app)
    _allow_origins(app, settings)
    _register_blueprints(app, services, settings)
    return app


def _register_blueprints(app: Flask, services: Services, settings: Settings) -> None:
    sessions = Sessions(services.clock)
    callers = Callers(services.verifier, sessions, settings.crm_token)
    operators = Operators(settings.metrics_token)
    api = documented(app)
    described = partial(_described, app, api)
    described(me_api(services.people), callers.by_bearer_or_cookie)
    described(events_api(services.linking), callers.by_bearer)
    described(contacts_api(services.linking), callers.by_bearer)

    register_guarded(app, documentation_page(api), OPEN)
    register_guarded(app, health_pages(services.health), OPEN)
    register_guarded(app, metrics_page(), operators.prove)
    register_guarded(app, site_pages(settings), OPEN)
    sign_in = sign_in_pages(services.sign_in, services.verifier, sessions, settings.base_url)
    register_guarded(app, sign_in, OPEN)


def _described(app: Flask, api: DocumentedApi, blueprint: Blueprint, guard: Resolver) -> None:
    register_guarded(app, blueprint, guard, register=api.register_blueprint)


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
