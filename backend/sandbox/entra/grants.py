"""The token endpoint's decisions: one function per grant type, form in, answer out."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import orjson

from backend.sandbox.directory import Directory, Person, Tenant
from backend.sandbox.entra.clients import find_app, prove_client
from backend.sandbox.entra.clouds import GLOBAL, Cloud
from backend.sandbox.entra.codes import GrantStore
from backend.sandbox.entra.errors import EntraError
from backend.sandbox.entra.keys import b64url
from backend.sandbox.entra.policies import Policies
from backend.sandbox.entra.registrations import AppRegistration
from backend.sandbox.entra.scopes import ScopeRequest, granted_text, parse_scopes
from backend.sandbox.entra.tokens import Client, Extras, TokenRefusedError, Tokens, issued_at

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SHARED_AUTHORITIES = frozenset({"common", "organizations", "consumers"})


class EntraWorld(Protocol):
    """What Entra needs of the sandbox."""

    @property
    def directory(self) -> Directory: ...
    @property
    def apps(self) -> dict[str, AppRegistration]: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def grants(self) -> GrantStore: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def policies(self) -> Policies: ...


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One POST to the token endpoint; `authority` is the first path segment."""

    authority: str
    tenant: Tenant | None
    form: Mapping[str, str]
    token_endpoints: frozenset[str]
    cloud: Cloud = GLOBAL

    def required(self, name: str) -> str:
        """A parameter that must be there; raises EntraError 900144."""
        value = self.form.get(name, "").strip()
        if not value:
            raise EntraError(900144, "invalid_request", f"The parameter is '{name}'.")
        return value


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a successful answer, and who it was for (for the request log)."""

    body: dict[str, Any]
    client_id: str
    person: Person | None


def answer_token_request(world: EntraWorld, request: TokenRequest) -> Answer:
    """Issue what the form asks for; raises EntraError."""
    grant_type = request.required("grant_type")
    grant = _GRANTS.get(grant_type)
    if grant is None:
        raise EntraError(70003, "unsupported_grant_type")
    app = find_app(request.required("client_id"), request.tenant, world.apps)
    client = prove_client(request.form, app, request.token_endpoints, world.clock())
    return grant(world, request, replace(client, cloud=request.cloud))


def _client_credentials(world: EntraWorld, request: TokenRequest, client: Client) -> Answer:
    if request.tenant is None:
        raise EntraError(9001023, "invalid_request")
    if client.proof == "0":
        raise EntraError(7000218, "invalid_client")
    scopes = parse_scopes(request.required("scope"), world.apps, request.cloud)
    if not scopes.wants_default:
        raise EntraError(70011, "invalid_scope", "Client credentials take only /.default.")
    lifetime = world.tokens.new_lifetime()
    if scopes.is_for_graph:
        permissions = frozenset(request.tenant.app_permissions.get(client.client_id, ()))
        token = world.tokens.for_graph_app_only(request.tenant.id, client, permissions, lifetime)
    else:
        token = world.tokens.for_api_app_only(request.tenant.id, client, lifetime)
    return Answer(_basic_body(token, lifetime), client.client_id, None)


def _on_behalf_of(world: EntraWorld, request: TokenRequest, client: Client) -> Answer:
    if client.proof == "0":
        raise EntraError(7000218, "invalid_client")
    if request.required("requested_token_use") != "on_behalf_of":
        raise EntraError(9002313, "invalid_request", "requested_token_use must be on_behalf_of.")
    assertion = request.required("assertion")
    scopes = parse_scopes(request.required("scope"), world.apps, request.cloud)
    claims = _assertion_claims(world, assertion, world.apps[client.client_id])
    person = _person(world, claims["tid"], claims["oid"])
    if request.tenant is not None and request.tenant.id != person.tenant_id:
        raise EntraError(50013, "invalid_grant", "The assertion comes from another tenant.")
    asked = set(asked_acrs(request.form.get("claims")))
    world.policies.check_assertion(claims, issued_at(claims), asked)
    find_app(client.client_id, world.directory.tenants[person.tenant_id], world.apps)
    acrs = tuple(claims.get("acrs", ()))
    return _user_answer(world, request, client, person, scopes, granted_acrs=acrs)


def _authorization_code(world: EntraWorld, request: TokenRequest, client: Client) -> Answer:
    code = world.grants.redeem_code(request.required("code"))
    if code.client_id != client.client_id:
        raise EntraError(70000, "invalid_grant", "The code was issued to another application.")
    if code.redirect_uri != request.required("redirect_uri"):
        raise EntraError(500112, "invalid_grant")
    if request.tenant is not None and request.tenant.id != code.tenant_id:
        raise EntraError(70000, "invalid_grant", "The code was issued in another tenant.")
    _check_code_verifier(code.code_challenge, request.form.get("code_verifier", ""))
    scopes = parse_scopes(request.form.get("scope") or code.scope, world.apps, request.cloud)
    person = _person(world, code.tenant_id, code.person_id)
    return _user_answer(
        world, request, client, person, scopes, nonce=code.nonce, granted_acrs=code.acrs
    )


def _refresh_token(world: EntraWorld, request: TokenRequest, client: Client) -> Answer:
    grant = world.grants.find_refresh(request.required("refresh_token"))
    if grant.client_id != client.client_id:
        raise EntraError(70000, "invalid_grant", "It was issued to another application.")
    person = _person(world, grant.tenant_id, grant.person_id)
    if world.policies.is_revoked(grant.person_id, grant.issued_at.timestamp()):
        raise EntraError(50173, "invalid_grant")
    scopes = parse_scopes(request.form.get("scope") or grant.scope, world.apps, request.cloud)
    return _user_answer(world, request, client, person, scopes)


_GRANTS: dict[str, Callable[[EntraWorld, TokenRequest, Client], Answer]] = {
    "client_credentials": _client_credentials,
    JWT_BEARER: _on_behalf_of,
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
}


def _user_answer(
    world: EntraWorld,
    request: TokenRequest,
    client: Client,
    person: Person,
    scopes: ScopeRequest,
    *,
    nonce: str | None = None,
    granted_acrs: tuple[str, ...] = (),
) -> Answer:
    tenant = world.directory.tenants[person.tenant_id]
    granted = granted_permissions(tenant, client.client_id, scopes)
    lifetime = world.tokens.new_lifetime()
    extras = Extras(granted_acrs, declares_cp1(request.form.get("claims")))
    if scopes.is_for_graph:
        token = world.tokens.for_graph(person, client, granted or scopes.oidc, lifetime, extras)
    else:
        token = world.tokens.for_api(person, client, granted, lifetime, extras)
    body = _basic_body(token, lifetime) | {"scope": granted_text(scopes, granted)}
    if "offline_access" in scopes.oidc:
        body["refresh_token"] = world.grants.new_refresh_token(
            client_id=client.client_id,
            tenant_id=tenant.id,
            person_id=person.id,
            scope=request.form.get("scope", "") or granted_text(scopes, granted),
        )
    if "openid" in scopes.oidc:
        body["id_token"] = world.tokens.id_token(person, client, nonce, lifetime)
    if request.form.get("client_info") == "1":
        info = {"uid": person.id, "utid": person.tenant_id}
        body["client_info"] = b64url(orjson.dumps(info))
    return Answer(body, client.client_id, person)


def granted_permissions(tenant: Tenant, client_id: str, scopes: ScopeRequest) -> frozenset[str]:
    """What the client gets of what it asks for; raises EntraError 65001 without consent."""
    consented = _consented(tenant, client_id, scopes)
    if scopes.wants_default:
        if not consented:
            raise EntraError(65001, "invalid_grant", suberror="consent_required")
        return consented
    missing = scopes.permissions - consented
    if missing:
        detail = f"Not consented: {' '.join(sorted(missing))}."
        raise EntraError(65001, "invalid_grant", detail, suberror="consent_required")
    return scopes.permissions


def _consented(tenant: Tenant, client_id: str, scopes: ScopeRequest) -> frozenset[str]:
    if scopes.resource is None:
        return frozenset(tenant.delegated_grants.get(client_id, ()))
    if client_id in scopes.resource.preauthorised_clients:
        return scopes.resource.exposed_scopes
    return frozenset()


def _assertion_claims(world: EntraWorld, assertion: str, app: AppRegistration) -> dict[str, Any]:
    """The claims of a user's token for this app (Entra docs: on-behalf-of flow)."""
    try:
        claims = world.tokens.read(assertion, check_lifetime=False)
    except TokenRefusedError:
        raise EntraError(50013, "invalid_grant") from None
    if claims["ver"] == "2.0" and "azp" not in claims:
        raise EntraError(240002, "invalid_grant")
    if claims["aud"] not in app.audiences:
        raise EntraError(500131, "invalid_grant")
    if not claims["nbf"] <= world.clock().timestamp() < claims["exp"]:
        raise EntraError(500133, "invalid_grant")
    if claims["idtyp"] == "app":
        raise EntraError(7000114, "invalid_grant")
    return claims


def _person(world: EntraWorld, tenant_id: str, person_id: str) -> Person:
    tenant = world.directory.tenant(tenant_id)
    person = tenant.people.get(person_id) if tenant else None
    if person is None:
        raise EntraError(50034, "invalid_grant")
    if not person.account_enabled:
        raise EntraError(50057, "invalid_grant")
    return person


def _check_code_verifier(challenge: str | None, verifier: str) -> None:
    if challenge is None:
        return
    if not 43 <= len(verifier) <= 128:
        raise EntraError(501471, "invalid_grant")
    computed = b64url(hashlib.sha256(verifier.encode()).digest())
    if not hmac.compare_digest(computed.encode(), challenge.encode()):
        raise EntraError(501481, "invalid_grant")


def _basic_body(token: str, lifetime: int) -> dict[str, Any]:
    return {
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token,
    }


def declares_cp1(claims: str | None) -> bool:
    """Whether a `claims` parameter declares CP1 (Entra docs: client capabilities)."""
    wanted = read_claims(claims).get("xms_cc", {})
    values = wanted.get("values", []) if isinstance(wanted, dict) else []
    return isinstance(values, list) and any(str(value).casefold() == "cp1" for value in values)


def asked_acrs(claims: str | None) -> tuple[str, ...]:
    """The authentication contexts that a `claims` parameter asks for."""
    wanted = read_claims(claims).get("acrs", {})
    if not isinstance(wanted, dict):
        return ()
    values = [wanted.get("value"), *(wanted.get("values") or [])]
    return tuple(value for value in values if isinstance(value, str))


def read_claims(claims: str | None) -> dict[str, Any]:
    """The `access_token` part of a `claims` parameter, given as JSON or base64 of JSON."""
    if not claims:
        return {}
    text = claims.strip()
    try:
        raw = text if text.startswith("{") else base64.b64decode(text).decode()
        parsed = orjson.loads(raw)
    except ValueError:
        raise EntraError(9002313, "invalid_request", "The claims cannot be read.") from None
    part = parsed.get("access_token") if isinstance(parsed, dict) else None
    return part if isinstance(part, dict) else {}
