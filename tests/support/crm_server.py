"""The CRM's HTTP API and pages as an app of its own, and as a real server on a free port."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import Flask, Response, request
from flask_smorest import Api
from waitress import wasyncore
from waitress.server import create_server

from backend.crm.access import CrmCaller
from backend.crm.api import crm_api
from backend.crm.catalogue import TellContacts, TypeSettings
from backend.crm.pages import crm_pages
from backend.crm.problems import CrmError
from backend.crm.surroundings import Surroundings
from backend.domain.crm import Member
from backend.domain.ports import Clock
from backend.sql import Database

SERVICE_TOKEN = "service-token"


def authenticate() -> CrmCaller:
    """``Bearer <service token>`` is the service; ``Bearer <tenant>:<user>`` is a person.

    The person called ``admin`` is one.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    tenant_id = request.headers.get("X-CRM-Tenant", "")
    if scheme != "Bearer":
        raise CrmError(401, "token_invalid", "Sign in.")
    if token == SERVICE_TOKEN:
        return CrmCaller(tenant_id, None, "Calendar Sync", "", is_service=True)
    tenant_id, _, user = token.partition(":")
    name, address = user.title(), f"{user}@firm.example"
    return CrmCaller(tenant_id, user, name, address, is_admin=user == "admin")


class EverybodyWithAName:
    """Colleagues: whoever is asked for is there, unless his id says that he is not."""

    def find(self, tenant_id: str, query: str, limit: int) -> Sequence[Member]:
        known = self.by_ids(tenant_id, ("ann", "jane", "joe"))
        return [member for member in known if query.casefold() in member.name.casefold()][:limit]

    def by_ids(self, tenant_id: str, ids: Sequence[str]) -> Sequence[Member]:
        known = (each for each in ids if each != "nobody")
        return [Member(each, each.title(), f"{each}@firm.example") for each in known]


def crm_app(
    database: Database,
    clock: Clock,
    tell_contacts: TellContacts = lambda _tenant_id, _external_keys: None,
    settings: TypeSettings | None = None,
) -> Flask:
    """An app with nothing but the CRM's API."""
    app = Flask("crm-for-tests")
    app.config |= {
        "API_TITLE": "CRM",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.0.3",
        "OPENAPI_URL_PREFIX": "/docs",
        "OPENAPI_JSON_PATH": "openapi.json",
    }

    @app.errorhandler(500)
    def unexpected(_error: Exception) -> Response:
        return Response("internal error", 500)

    around = Surroundings(
        tell_contacts=tell_contacts, colleagues=EverybodyWithAName(), settings=settings
    )
    api = crm_api(database, clock, authenticate, around)
    Api(app).register_blueprint(api, url_prefix="/crm/api")
    return app


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve ``app`` on a free loopback port; yields its base URL."""
    connections: dict[int, object] = {}
    server = create_server(app, map=connections, host="127.0.0.1", port=0, threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # Workers first, then every connection on the loop's own thread, which ends the loop.
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(lambda: wasyncore.close_all(connections))
        thread.join(timeout=5)


def crm_pages_app(
    database: Database,
    clock: Clock,
    caller: CrmCaller | None,
    csrf_token: str = "token",
    tell_contacts: TellContacts = lambda _tenant_id, _external_keys: None,
    settings: TypeSettings | None = None,
) -> Flask:
    """An app with the CRM's pages; ``caller`` is signed in, or nobody is."""
    app = Flask("crm-pages-for-tests")

    def authenticate_page() -> CrmCaller | Response:
        return caller if caller is not None else Response("", 302, {"Location": "/sign-in"})

    around = Surroundings(
        tell_contacts=tell_contacts, colleagues=EverybodyWithAName(), settings=settings
    )
    pages = crm_pages(database, clock, authenticate_page, lambda: csrf_token, around)
    app.register_blueprint(pages, url_prefix="/crm")
    return app
