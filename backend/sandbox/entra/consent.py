"""The administrator's consent page: what an application wants, and a button that grants it."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from backend.sandbox.directory import Tenant
from backend.sandbox.entra.clients import find_app
from backend.sandbox.entra.errors import EntraError
from backend.sandbox.entra.forms import read_form
from backend.sandbox.entra.grants import SHARED_AUTHORITIES, EntraWorld
from backend.sandbox.entra.pages import NO_STORE, error_page, origin, page, with_query
from backend.sandbox.entra.registrations import AppRegistration
from backend.sandbox.entra.scopes import parse_scopes
from backend.sandbox.sample.firms import sample_scopes


@dataclass(frozen=True, slots=True)
class _Wish:
    """One request for consent; without a redirect address the answer is a page."""

    app: AppRegistration
    tenants: list[Tenant]
    scopes: frozenset[str]
    redirect_uri: str
    state: str | None


def consent_routes(world: EntraWorld) -> list[Route]:
    """Both spellings of the address (Entra docs: admin consent endpoint)."""
    consent = _ConsentPage(world)
    return [
        Route(path, endpoint, methods=[method])
        for path in ("/{authority}/v2.0/adminconsent", "/{authority}/adminconsent")
        for method, endpoint in (("GET", consent.ask), ("POST", consent.answer))
    ]


class _ConsentPage:
    def __init__(self, world: EntraWorld) -> None:
        self._world = world

    async def ask(self, request: Request) -> Response:
        """Show what is wanted, with one button per tenant that may grant it."""
        params = dict(request.query_params)
        try:
            wish = self._wish(request.path_params["authority"], params)
        except EntraError as error:
            return error_page(error)
        buttons = "".join(
            f'<li><button name="tenant" value="{escape(tenant.id)}">'
            f'<span class="name">Accept for {escape(tenant.name)}</span></button></li>'
            for tenant in wish.tenants
        )
        return page(
            "consent.html",
            form_targets=origin(wish.redirect_uri) if wish.redirect_uri else "",
            app=wish.app.name,
            action=f"?{urlencode(params)}",
            raw_scopes="".join(f"<li>{escape(scope)}</li>" for scope in sorted(wish.scopes)),
            raw_buttons=buttons,
        )

    async def answer(self, request: Request) -> Response:
        """Grant, or do not, and send the administrator back."""
        try:
            wish = self._wish(request.path_params["authority"], dict(request.query_params))
            form = await read_form(request)
        except EntraError as error:
            return error_page(error)
        tenant = next((each for each in wish.tenants if each.id == form.get("tenant")), None)
        if tenant is None:
            refused = {"error": "access_denied", "error_description": "AADSTS65004: declined."}
            return _send_back(wish, refused, "Nothing was granted.")
        tenant.delegated_grants.setdefault(wish.app.client_id, set()).update(wish.scopes)
        answer = {"admin_consent": "True", "tenant": tenant.id}
        return _send_back(wish, answer, f"{tenant.name} has consented. You can close this page.")

    def _wish(self, authority: str, params: Mapping[str, str]) -> _Wish:
        app = find_app(params.get("client_id", ""), None, self._world.apps)
        redirect_uri = params.get("redirect_uri", "")
        if redirect_uri and not app.allows_redirect(redirect_uri):
            raise EntraError(50011, "invalid_request", redirect_uri[:200])
        asked = parse_scopes(params.get("scope", ".default") or ".default", self._world.apps)
        scopes = sample_scopes(app.client_id) if asked.wants_default else asked.permissions
        return _Wish(app, self._tenants(authority), scopes, redirect_uri, params.get("state"))

    def _tenants(self, authority: str) -> list[Tenant]:
        if authority.casefold() in SHARED_AUTHORITIES:
            return list(self._world.directory.tenants.values())
        tenant = self._world.directory.tenant(authority)
        if tenant is None:
            raise EntraError(90002, "invalid_request")
        return [tenant]


def _send_back(wish: _Wish, answer: Mapping[str, str], sentence: str) -> Response:
    if not wish.redirect_uri:
        return page("message.html", title="Consent", message=sentence)
    fields = dict(answer) | ({"state": wish.state} if wish.state is not None else {})
    return RedirectResponse(with_query(wish.redirect_uri, fields), 303, NO_STORE)
