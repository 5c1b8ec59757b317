"""Access tokens and id_tokens: what they say, how they are signed, what makes one believable."""

import hashlib
import random
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from backend.sandbox.directory import Directory, Person
from backend.sandbox.entra.clouds import GLOBAL, Cloud
from backend.sandbox.entra.keys import KeyRing, b64url
from backend.sandbox.entra.policies import Policies
from backend.sandbox.entra.scopes import GRAPH_AUDIENCES
from backend.sandbox.graph.caller import Caller
from backend.sandbox.graph.errors import GraphError
from backend.sandbox.sample import ids

ISSUED_EARLIER_SECONDS = 300
"""Entra dates its tokens a little back, so that clocks may differ."""
SHORTEST_LIFETIME, LONGEST_LIFETIME = 3600, 5399
REMEMBERED_CALLERS = 20_000
CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
    f', client_id="{ids.GRAPH_APP_ID}"'
)


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, and how it proved itself: 0 not at all, 1 by secret, 2 by certificate.

    `cloud` is the one whose login host it asked at.
    """

    client_id: str
    proof: str = "0"
    cloud: Cloud = GLOBAL


@dataclass(frozen=True, slots=True)
class Extras:
    """Claims that only some requests lead to: `acrs` contexts met, `cp1` capability declared."""

    acrs: tuple[str, ...] = ()
    declares_cp1: bool = False


class TokenRefusedError(Exception):
    """A token that is not to be believed; `reason` is malformed, signature, lifetime."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Tokens:
    """Makes tokens for one Entra and reads them back."""

    def __init__(
        self,
        keys: KeyRing,
        directory: Directory,
        clock: Callable[[], datetime],
        randomness: random.Random,
        policies: Policies | None = None,
    ) -> None:
        self._keys = keys
        self._directory = directory
        self._clock = clock
        self._random = randomness
        self._policies = policies or Policies()
        self._callers: OrderedDict[str, tuple[float, Caller]] = OrderedDict()

    def new_lifetime(self) -> int:
        """Seconds a token lives: 60 to 90 minutes at random (Entra docs: token lifetime)."""
        return self._random.randint(SHORTEST_LIFETIME, LONGEST_LIFETIME)

    def for_api(
        self,
        person: Person,
        client: Client,
        scopes: frozenset[str],
        lifetime: float,
        extras: Extras = Extras(),
    ) -> str:
        """A v2 access token of a user for our API."""
        claims = {
            "aud": ids.API_CLIENT_ID,
            **self._v2_base(person.tenant_id, client.cloud, lifetime),
            "azp": client.client_id,
            "azpacr": client.proof,
            "idtyp": "user",
            "name": person.name,
            "oid": person.id,
            "preferred_username": person.upn,
            "scp": " ".join(sorted(scopes)),
            "sub": _pairwise(person.id, ids.API_CLIENT_ID),
            **_roles_of(person),
            **_claims_of(extras),
        }
        return self._sign(claims)

    def for_api_app_only(self, tenant_id: str, client: Client, lifetime: float) -> str:
        """A v2 token of an application without a user for our API: no `scp`, no roles."""
        service_principal = ids.stable_id(tenant_id, "service-principal", client.client_id)
        claims = {
            "aud": ids.API_CLIENT_ID,
            **self._v2_base(tenant_id, client.cloud, lifetime),
            "azp": client.client_id,
            "azpacr": client.proof,
            "idtyp": "app",
            "oid": service_principal,
            "sub": service_principal,
        }
        return self._sign(claims)

    def for_graph(
        self,
        person: Person,
        client: Client,
        scopes: frozenset[str],
        lifetime: float,
        extras: Extras = Extras(),
    ) -> str:
        """A v1 access token of a user for Graph; opaque to everybody but Graph."""
        claims = {
            "aud": client.cloud.graph_url,
            **self._v1_base(person.tenant_id, client, lifetime),
            "idtyp": "user",
            "name": person.name,
            "oid": person.id,
            "scp": " ".join(sorted(scopes)),
            "sub": _pairwise(person.id, ids.GRAPH_APP_ID),
            "unique_name": person.upn,
            "upn": person.upn,
            **_claims_of(extras),
        }
        return self._sign(claims, is_v1=True)

    def for_graph_app_only(
        self, tenant_id: str, client: Client, permissions: frozenset[str], lifetime: float
    ) -> str:
        """A v1 token of an application without a user for Graph; `roles` are its permissions."""
        service_principal = ids.stable_id(tenant_id, "service-principal", client.client_id)
        claims: dict[str, Any] = {
            "aud": client.cloud.graph_url,
            **self._v1_base(tenant_id, client, lifetime),
            "idtyp": "app",
            "oid": service_principal,
            "sub": service_principal,
        }
        if permissions:
            claims["roles"] = sorted(permissions)
        return self._sign(claims, is_v1=True)

    def id_token(
        self, person: Person, client: Client, nonce: str | None = None, lifetime: float = 3600
    ) -> str:
        """The id_token that goes with a user's access token."""
        claims = {
            "aud": client.client_id,
            **self._v2_base(person.tenant_id, client.cloud, lifetime),
            "name": person.name,
            "oid": person.id,
            "preferred_username": person.upn,
            "sub": _pairwise(person.id, client.client_id),
            **_roles_of(person),
        }
        if nonce is not None:
            claims["nonce"] = nonce
        return self._sign(claims)

    def read(self, token: str, *, check_lifetime: bool = True) -> dict[str, Any]:
        """The claims of a token signed here; raises TokenRefusedError. Audience is not checked."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError:
            raise TokenRefusedError("malformed") from None
        key = self._keys.find(kid)
        if key is None:
            raise TokenRefusedError("signature")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.public,
                algorithms=["RS256"],
                # The sandbox's clock counts, not the library's.
                options={
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                    "require": ["exp", "nbf", "iat", "aud", "iss"],
                },
            )
        except jwt.PyJWTError:
            raise TokenRefusedError("signature") from None
        if check_lifetime and not claims["nbf"] <= self._clock().timestamp() < claims["exp"]:
            raise TokenRefusedError("lifetime")
        return claims

    def graph_caller(self, authorization: str | None) -> Caller:
        """Who calls Graph with this Authorization header.

        Each token is verified once and remembered until it expires. Raises GraphError 401
        `InvalidAuthenticationToken`.
        """
        scheme, _, token = (authorization or "").strip().partition(" ")
        token = token.strip()
        if scheme.casefold() != "bearer" or not token:
            raise _refused("Access token is empty.")
        remembered = self._callers.get(token)
        if remembered is not None and self._clock().timestamp() < remembered[0]:
            return remembered[1]
        self._callers.pop(token, None)
        claims = self._graph_claims(token)
        caller = self._caller_of(claims)
        self._callers[token] = (float(claims["exp"]), caller)
        if len(self._callers) > REMEMBERED_CALLERS:
            self._callers.popitem(last=False)
        return caller

    def forget_callers(self) -> None:
        """Look at every token afresh: permissions, people or keys have changed."""
        self._callers.clear()

    def _graph_claims(self, token: str) -> dict[str, Any]:
        try:
            claims = self.read(token)
        except TokenRefusedError as refused:
            raise _refused(_REFUSALS[refused.reason]) from None
        if claims["aud"] not in GRAPH_AUDIENCES:
            raise _refused("Access token validation failure. Invalid audience.")
        if claims["idtyp"] == "user":
            self._policies.check_graph_token(claims, issued_at(claims))
        return claims

    def _caller_of(self, claims: dict[str, Any]) -> Caller:
        tenant = self._directory.tenant(claims["tid"])
        if tenant is None:
            raise _refused("The tenant of the access token is unknown.")
        client_id = claims["appid"]
        if claims["idtyp"] == "app":
            # Read from the directory, not from `roles`: a scoped grant of Exchange is not in the
            # token either, and a permission taken away has to bite at once.
            granted = frozenset(tenant.app_permissions.get(client_id, ()))
            return Caller(client_id, tenant.id, None, frozenset(), granted, claims["aud"])
        person = tenant.people.get(claims["oid"])
        if person is None:
            raise _refused("The user of the access token is unknown.")
        scopes = frozenset(claims["scp"].split())
        return Caller(client_id, tenant.id, person, scopes, frozenset(), claims["aud"])

    def _v2_base(self, tenant_id: str, cloud: Cloud, lifetime: float) -> dict[str, Any]:
        return {
            "iss": cloud.issuer_template.replace("{tenantid}", tenant_id),
            **self._dates(lifetime),
            "tid": tenant_id,
            "uti": self._unique(),
            "ver": "2.0",
        }

    def _v1_base(self, tenant_id: str, client: Client, lifetime: float) -> dict[str, Any]:
        return {
            "iss": client.cloud.v1_issuer_template.replace("{tenantid}", tenant_id),
            **self._dates(lifetime),
            "appid": client.client_id,
            "appidacr": client.proof,
            "tid": tenant_id,
            "uti": self._unique(),
            "ver": "1.0",
        }

    def _dates(self, lifetime: float) -> dict[str, int]:
        now = int(self._clock().timestamp())
        expires = now + int(lifetime)
        issued = min(now, expires) - ISSUED_EARLIER_SECONDS
        return {"iat": issued, "nbf": issued, "exp": expires}

    def _unique(self) -> str:
        return b64url(self._random.randbytes(16))

    def _sign(self, claims: dict[str, Any], *, is_v1: bool = False) -> str:
        key = self._keys.current
        headers = {"typ": "JWT", "kid": key.kid}
        if is_v1:
            headers["x5t"] = key.kid
        return jwt.encode(claims, key.private, algorithm="RS256", headers=headers)


def issued_at(claims: Mapping[str, Any]) -> float:
    """When a token was really issued."""
    return float(claims["iat"]) + ISSUED_EARLIER_SECONDS


_REFUSALS = {
    "malformed": "IDX14100: JWT is not well formed.",
    "signature": "Access token validation failure. The signature cannot be verified.",
    "lifetime": "Lifetime validation failed, the token is expired.",
}


def _refused(message: str) -> GraphError:
    headers = {"WWW-Authenticate": CHALLENGE}
    return GraphError(401, "InvalidAuthenticationToken", message, headers)


def _roles_of(person: Person) -> dict[str, list[str]]:
    roles = [role for role in person.roles if role != "user"]
    return {"roles": roles} if roles else {}


def _claims_of(extras: Extras) -> dict[str, list[str]]:
    acrs = {"acrs": list(extras.acrs)} if extras.acrs else {}
    return acrs | ({"xms_cc": ["cp1"]} if extras.declares_cp1 else {})


def _pairwise(person_id: str, audience: str) -> str:
    """A subject that differs from application to application (Entra docs: sub claim)."""
    return b64url(hashlib.sha256(f"{person_id}/{audience}".encode()).digest())
