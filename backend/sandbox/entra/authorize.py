"""The sign-in page of the sandbox: checks the request, asks who you are, sends back a code."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from backend.sandbox.directory import Person, Tenant
from backend.sandbox.entra import grants
from backend.sandbox.entra.clients import find_app
from backend.sandbox.entra.errors import EntraError
from backend.sandbox.entra.forms import read_form
from backend.sandbox.entra.pages import NO_STORE, STATIC, error_page, origin, page, with_query
from backend.sandbox.entra.registrations import AppRegistration, is_loopback
from backend.sandbox.entra.scopes import parse_scopes

ASSETS = {
    "authorize.css": "text/css",
    "authorize.js": "text/javascript",
    "post.js": "text/javascript",
}
SHOWN_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class SignIn:
    """An authorization request whose application and redirect address are in order."""

    app: AppRegistration
    redirect_uri: str
    params: Mapping[str, str]
    tenant: Tenant | None

    @property
    def wants_form_post(self) -> bool:
        """Whether the answer travels in a form instead of the address."""
        return self.params.get("response_mode") == "form_post"


def authorize_routes(world: grants.EntraWorld) -> list[Route]:
    """The browser's part of Entra."""
    page = _SignInPage(world)
    return [
        Route("/_entra/{name}", _asset),
        Route("/{authority}/oauth2/v2.0/authorize", page.ask, methods=["GET"]),
        Route("/{authority}/oauth2/v2.0/authorize", page.answer, methods=["POST"]),
        Route("/{authority}/oauth2/v2.0/logout", page.sign_out, methods=["GET"]),
        Route("/{authority}/oauth2/logout", page.sign_out, methods=["GET"]),
    ]


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in ASSETS:
        return Response("not found", 404)
    return Response((STATIC / name).read_bytes(), media_type=ASSETS[name])


class _SignInPage:
    def __init__(self, world: grants.EntraWorld) -> None:
        self._world = world

    async def ask(self, request: Request) -> Response:
        """Show the people of the tenant."""
        params = dict(request.query_params)
        try:
            sign_in = self._sign_in(request.path_params["authority"], params)
        except EntraError as error:
            return error_page(error)
        try:
            self._check(sign_in)
            if params.get("prompt") == "none":
                raise EntraError(16000, "login_required")
        except EntraError as error:
            return _send_back(sign_in, _error_answer(error))
        return self._people_page(sign_in, params)

    async def answer(self, request: Request) -> Response:
        """Somebody was chosen: check everything again and send a code back."""
        params = dict(request.query_params)
        try:
            sign_in = self._sign_in(request.path_params["authority"], params)
            form = await read_form(request)
        except EntraError as error:
            return error_page(error)
        if "cancel" in form:
            refused = {"error": "access_denied", "error_description": "The user cancelled."}
            return _send_back(sign_in, refused)
        try:
            self._check(sign_in)
            person = self._chosen(sign_in, form.get("person", ""))
            code = self._code(sign_in, person)
        except EntraError as error:
            return _send_back(sign_in, _error_answer(error))
        request.state.log_entry.app = sign_in.app.client_id
        request.state.log_entry.user = person.address
        return _send_back(sign_in, {"code": code, "session_state": person.id})

    async def sign_out(self, request: Request) -> Response:
        """Back to a loopback page, or a sentence that one is signed out."""
        back = request.query_params.get("post_logout_redirect_uri", "")
        try:
            parts = urlsplit(back)
            may_follow = parts.scheme in ("http", "https") and is_loopback(parts.hostname)
        except ValueError:
            may_follow = False
        if may_follow:
            state = request.query_params.get("state")
            return RedirectResponse(with_query(back, {"state": state} if state else {}), 302)
        return page("message.html", title="Signed out", message="You are signed out.")

    def _sign_in(self, authority: str, params: Mapping[str, str]) -> SignIn:
        """Application and redirect address; errors here must not be sent anywhere."""
        tenant = None
        if authority.casefold() not in grants.SHARED_AUTHORITIES:
            tenant = self._world.directory.tenant(authority)
            if tenant is None:
                raise EntraError(90002, "invalid_request")
        if not params.get("client_id"):
            raise EntraError(900144, "invalid_request", "The parameter is 'client_id'.")
        app = find_app(params["client_id"], tenant, self._world.apps)
        redirect_uri = params.get("redirect_uri", "")
        if not redirect_uri:
            raise EntraError(900971, "invalid_request")
        if not app.allows_redirect(redirect_uri):
            raise EntraError(50011, "invalid_request", redirect_uri[:200])
        return SignIn(app, redirect_uri, params, tenant)

    def _check(self, sign_in: SignIn) -> None:
        params = sign_in.params
        if params.get("response_type") != "code":
            raise EntraError(70000, "unsupported_response_type", "Only code is supported.")
        if params.get("response_mode", "query") not in ("query", "form_post"):
            raise EntraError(9002313, "invalid_request", "response_mode: query or form_post.")
        challenge, method = params.get("code_challenge"), params.get("code_challenge_method")
        if challenge and method != "S256":
            raise EntraError(9002313, "invalid_request", "code_challenge_method must be S256.")
        if challenge and not 43 <= len(challenge) <= 128:
            raise EntraError(501471, "invalid_request")
        if sign_in.app.is_public and not challenge:
            raise EntraError(9002313, "invalid_request", "A public client must use PKCE.")
        if not params.get("scope", "").split():
            raise EntraError(900144, "invalid_request", "The parameter is 'scope'.")
        parse_scopes(params["scope"], self._world.apps)
        grants.read_claims(params.get("claims"))

    def _chosen(self, sign_in: SignIn, person_id: str) -> Person:
        person = self._world.directory.person_by_id(person_id)
        if person is None or (sign_in.tenant and person.tenant_id != sign_in.tenant.id):
            raise EntraError(50034, "access_denied")
        if not person.account_enabled:
            raise EntraError(50057, "access_denied")
        return person

    def _code(self, sign_in: SignIn, person: Person) -> str:
        tenant = self._world.directory.tenants[person.tenant_id]
        scopes = parse_scopes(sign_in.params["scope"], self._world.apps)
        find_app(sign_in.app.client_id, tenant, self._world.apps)
        grants.granted_permissions(tenant, sign_in.app.client_id, scopes)
        return self._world.grants.new_code(
            client_id=sign_in.app.client_id,
            tenant_id=tenant.id,
            person_id=person.id,
            redirect_uri=sign_in.redirect_uri,
            scope=sign_in.params["scope"],
            nonce=sign_in.params.get("nonce"),
            code_challenge=sign_in.params.get("code_challenge"),
            acrs=grants.asked_acrs(sign_in.params.get("claims")),
        )

    def _people_page(self, sign_in: SignIn, params: Mapping[str, str]) -> Response:
        search = params.get("q", "").strip().casefold()
        hint = params.get("login_hint", "").casefold()
        tenants = (
            [sign_in.tenant] if sign_in.tenant else list(self._world.directory.tenants.values())
        )
        sections = [_section(tenant, search, hint) for tenant in tenants]
        kept = {name: value for name, value in params.items() if name != "q"}
        return page(
            "authorize.html",
            form_targets=origin(sign_in.redirect_uri),
            app=sign_in.app.name,
            search=params.get("q", ""),
            action=f"?{urlencode(kept)}",
            raw_hidden="".join(
                f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
                for name, value in kept.items()
            ),
            raw_sections="".join(sections) or '<p class="none">Nobody of that name.</p>',
        )


def _section(tenant: Tenant, search: str, hint: str) -> str:
    people = [
        person
        for person in tenant.people.values()
        if person.purpose == "user" and person.account_enabled and search in _searched_text(person)
    ]
    if not people:
        return ""
    if hint:
        people.sort(
            key=lambda person: hint not in (person.upn.casefold(), person.address.casefold())
        )
    rows = "".join(_row(person) for person in people[:SHOWN_PEOPLE])
    more = len(people) - SHOWN_PEOPLE
    note = f'<p class="none">{more} more: search for a name.</p>' if more > 0 else ""
    return f"<section><h2>{escape(tenant.name)}</h2><ul>{rows}</ul>{note}</section>"


def _searched_text(person: Person) -> str:
    parts = [person.name, person.job_title or "", person.upn, *person.roles]
    return " ".join(parts).casefold()


def _row(person: Person) -> str:
    roles = ", ".join(role for role in person.roles if role != "user")
    badge = f'<span class="role">{escape(roles)}</span>' if roles else ""
    return (
        f'<li><button name="person" value="{escape(person.id)}">'
        f'<span class="name">{escape(person.name)}</span>{badge}'
        f'<span class="detail">{escape(person.job_title or "")}</span>'
        f'<span class="detail">{escape(person.upn)}</span></button></li>'
    )


def _error_answer(error: EntraError) -> dict[str, str]:
    answer = {"error": error.error, "error_description": error.text}
    return answer | ({"error_subcode": error.suberror} if error.suberror else {})


def _send_back(sign_in: SignIn, answer: Mapping[str, str]) -> Response:
    state = sign_in.params.get("state")
    fields = dict(answer) | ({"state": state} if state is not None else {})
    if not sign_in.wants_form_post:
        return RedirectResponse(with_query(sign_in.redirect_uri, fields), 303, NO_STORE)
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    return page(
        "post.html",
        form_targets=origin(sign_in.redirect_uri),
        action=sign_in.redirect_uri,
        raw_inputs=inputs,
    )
