"""HTTP of the sandbox's Entra: metadata, keys, token endpoint. The sign-in page is elsewhere."""

from typing import Protocol
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.sandbox.directory import Tenant
from backend.sandbox.entra import clouds, metadata
from backend.sandbox.entra.authorize import authorize_routes
from backend.sandbox.entra.consent import consent_routes
from backend.sandbox.entra.errors import EntraError, correlation_id_of
from backend.sandbox.entra.forms import read_form
from backend.sandbox.entra.grants import (
    SHARED_AUTHORITIES,
    EntraWorld,
    TokenRequest,
    answer_token_request,
)
from backend.sandbox.entra.keys import KeyRing


class EntraRoutesWorld(EntraWorld, Protocol):
    """What the routes need on top: the keys to publish."""

    @property
    def keys(self) -> KeyRing: ...


def entra_routes(world: EntraRoutesWorld) -> list[Route]:
    """Every path of the login host; the first segment is a tenant id, domain or `common`."""
    entra = _Entra(world)
    return [
        Route("/common/discovery/instance", entra.instance_discovery),
        Route("/{authority}/v2.0/.well-known/openid-configuration", entra.configuration_v2),
        Route("/{authority}/.well-known/openid-configuration", entra.configuration_v1),
        Route("/{authority}/discovery/v2.0/keys", entra.key_set),
        Route("/{authority}/discovery/keys", entra.key_set),
        Route("/{authority}/oauth2/v2.0/token", entra.token, methods=["POST"]),
        Route("/{authority}/oauth2/token", entra.token, methods=["POST"]),
        *authorize_routes(world),
        *consent_routes(world),
    ]


class _Entra:
    def __init__(self, world: EntraRoutesWorld) -> None:
        self._world = world

    async def instance_discovery(self, request: Request) -> Response:
        """Which hosts are one cloud; the tenant is taken from the address asked about."""
        asked = urlsplit(request.query_params.get("authorization_endpoint", "")).path.split("/")
        key = asked[1] if len(asked) > 1 and asked[1] else "common"
        return _json(metadata.instance_discovery(base_of(request), cloud_of(request), key))

    async def configuration_v2(self, request: Request) -> Response:
        return self._configuration(request, is_v2=True)

    async def configuration_v1(self, request: Request) -> Response:
        return self._configuration(request, is_v2=False)

    async def key_set(self, request: Request) -> Response:
        try:
            tenant_of(self._world, request.path_params["authority"])
        except EntraError as error:
            return self._refusal(request, error)
        return _json(metadata.key_set(self._world.keys, cloud_of(request)))

    async def token(self, request: Request) -> Response:
        try:
            answer = answer_token_request(self._world, await self._token_request(request))
        except EntraError as error:
            return self._refusal(request, error)
        entry = request.state.log_entry
        entry.app = answer.client_id
        entry.user = answer.person.address if answer.person else None
        return _json(answer.body)

    def _configuration(self, request: Request, *, is_v2: bool) -> Response:
        authority = request.path_params["authority"]
        try:
            tenant = tenant_of(self._world, authority)
        except EntraError as error:
            return self._refusal(request, error)
        base, cloud = base_of(request), cloud_of(request)
        return _json(metadata.openid_configuration(base, cloud, authority, tenant, is_v2=is_v2))

    async def _token_request(self, request: Request) -> TokenRequest:
        authority = request.path_params["authority"]
        form = await read_form(request)
        request.state.log_entry.app = form.get("client_id", "")[:64] or None
        if "oauth2/v2.0" not in request.url.path and "resource" in form and "scope" not in form:
            form["scope"] = f"{form['resource']}/.default"
        tenant = tenant_of(self._world, authority)
        paths = {authority, *([tenant.id] if tenant else [])}
        cloud = cloud_of(request)
        hosts = {base_of(request), *(f"https://{host}" for host in cloud.login_hosts)}
        endpoints = frozenset(
            f"{host}/{path}/{suffix}"
            for host in hosts
            for path in paths
            for suffix in ("oauth2/v2.0/token", "oauth2/token", "v2.0")
        )
        return TokenRequest(authority, tenant, form, endpoints, cloud)

    def _refusal(self, request: Request, error: EntraError) -> Response:
        entry = request.state.log_entry
        correlation = correlation_id_of(entry.client_request_id, entry.request_id)
        body = error.body(self._world.clock(), entry.request_id, correlation)
        return _json(body, error.status)


def tenant_of(world: EntraWorld, authority: str) -> Tenant | None:
    """The tenant of a path, None for a shared authority; raises EntraError 90002."""
    if authority.casefold() in SHARED_AUTHORITIES:
        return None
    tenant = world.directory.tenant(authority)
    if tenant is None:
        raise EntraError(90002, "invalid_request", f"Tenant '{authority[:64]}'.")
    return tenant


def base_of(request: Request) -> str:
    """Scheme and host for absolute links: Microsoft's when the client speaks to Microsoft."""
    host = request.headers.get("host", "").casefold()
    if clouds.cloud_of(host) is not None:
        return f"https://{host}"
    return f"{request.url.scheme}://{request.url.netloc}"


def cloud_of(request: Request) -> clouds.Cloud:
    """The cloud the client believes it speaks to."""
    return clouds.cloud_of(request.headers.get("host", "")) or clouds.GLOBAL


def _json(body: object, status: int = 200) -> Response:
    headers = {"cache-control": "no-store, no-cache", "pragma": "no-cache"}
    return Response(orjson.dumps(body), status, headers, "application/json; charset=utf-8")
