"""Proves the tokens sent to us (Entra docs: secure applications by validating claims).

Whether the tenant is a customer is not decided here: a true token of any tenant names its owner.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import jwt
import orjson

from backend.adapters.entra_keys import EntraKeys, SigningKey
from backend.domain.errors import IdentityError
from backend.domain.ports import Clock, Principal

LONGEST_TOKEN = 16 * 1024
"""Characters; Entra's own stay below 8 KB even with many groups and roles."""
_EARLY = 60.0
"""Seconds that a token may lie in our future. Entra dates its tokens five minutes back already."""
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Proven:
    """A token that passed: good until ``expires``, and as long as Entra publishes its key."""

    principal: Principal
    expires: float
    kid: str
    key: SigningKey


class EntraTokenVerifier:
    """Access tokens of our API and id tokens of our pages → who it is. Thread-safe."""

    def __init__(
        self,
        keys: EntraKeys,
        *,
        client_id: str,
        clock: Clock,
        scope: str = "access_as_user",
        allowed_clients: Collection[str] | None = None,
        tokens_kept: int = 2_048,
    ) -> None:
        """``client_id``: our API's, the only audience; ``allowed_clients``: the applications that
        may call for a user (``azp``), ``None`` for any the user's tenant lets ask for ``scope``.
        """
        self._keys = keys
        self._client_id = client_id
        self._clock = clock
        self._scope = scope
        self._clients = (
            None
            if allowed_clients is None
            else frozenset({client_id.casefold(), *(c.casefold() for c in allowed_clients)})
        )
        self._capacity = tokens_kept
        self._lock = threading.Lock()
        self._proven: OrderedDict[bytes, _Proven] = OrderedDict()

    def verify(self, token: str) -> Principal:
        """Whose access token this is; the token goes along for on-behalf-of.

        No leeway is given at the end: a client renews its token minutes before that.

        Raises: IdentityError with code ``token_invalid`` for anything that is not a user's access
        token for our API; TransientRemoteError when Entra's keys cannot be had.
        """
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise IdentityError
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock().timestamp()
        if (known := self._known(digest, now)) is not None:
            return known
        kid, key = self._key(token)
        claims = self._claims(token, key, now)
        self._check_caller(claims)
        principal = _principal(claims, token)
        self._keep(digest, _Proven(principal, float(claims["exp"]), kid, key))
        return principal

    def verify_id_token(self, token: str) -> Principal:
        """Who signed in on our own pages. Nonce and code were checked by whoever got the token.

        Raises: as :meth:`verify`.
        """
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise IdentityError
        _, key = self._key(token)
        claims = self._claims(token, key, self._clock().timestamp())
        if "scp" in claims:
            _refuse("an access token is no id token")
        return _principal(claims, None)

    def _key(self, token: str) -> tuple[str, SigningKey]:
        """The published key that the token's header names."""
        header = _header(token)
        kid = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(kid, str):
            _refuse("header")
        key = self._keys.find(kid)
        if key is None:
            _refuse("key")
        return kid, key

    def _claims(self, token: str, key: SigningKey, now: float) -> Mapping[str, Any]:
        """The claims of a token whose signature, issuer, audience and times are right."""
        try:
            payload = jwt.PyJWS().decode(token, key.public_key, algorithms=["RS256"])
            claims = orjson.loads(payload)
        except (jwt.PyJWTError, ValueError) as error:
            raise IdentityError from error
        if not isinstance(claims, dict):
            _refuse("payload")
        _check_times(claims, now)
        self._check_origin(claims, key.issuer)
        return claims

    def _check_origin(self, claims: Mapping[str, Any], key_issuer: str) -> None:
        """Version, audience, tenant and issuer; the issuer must be the one the key itself names."""
        tenant_id = claims.get("tid")
        if claims.get("ver") != "2.0" or claims.get("aud") != self._client_id:
            _refuse("audience")
        if not isinstance(tenant_id, str) or _GUID.fullmatch(tenant_id) is None:
            _refuse("tenant")
        issuer = claims.get("iss")
        if not isinstance(issuer, str) or issuer != key_issuer.replace("{tenantid}", tenant_id):
            _refuse("issuer")
        if issuer.rstrip("/").split("/")[3:4] != [tenant_id]:
            _refuse("issuer")

    def _check_caller(self, claims: Mapping[str, Any]) -> None:
        """A user, through an application that may speak for him, with our API's permission."""
        scopes = claims.get("scp")
        if claims.get("idtyp", "user") != "user" or not isinstance(scopes, str):
            _refuse("not a user's token")
        if self._scope not in scopes.split():
            _refuse("scope")
        client = claims.get("azp")
        if self._clients is not None and (
            not isinstance(client, str) or client.casefold() not in self._clients
        ):
            _refuse("client")

    def _known(self, digest: bytes, now: float) -> Principal | None:
        with self._lock:
            proven = self._proven.get(digest)
            if proven is None:
                return None
            if proven.expires <= now or not self._keys.still_holds(proven.kid, proven.key):
                del self._proven[digest]
                return None
            self._proven.move_to_end(digest)
            return proven.principal

    def _keep(self, digest: bytes, proven: _Proven) -> None:
        with self._lock:
            self._proven[digest] = proven
            while len(self._proven) > self._capacity:
                self._proven.popitem(last=False)


def _refuse(_why: str) -> NoReturn:
    """One sentence for all: a forger learns nothing about which check he failed."""
    raise IdentityError


def _header(token: str) -> Mapping[str, Any]:
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise IdentityError from error


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            _refuse(name)
    if now >= claims["exp"]:
        _refuse("expired")
    if max(claims["nbf"], claims["iat"]) > now + _EARLY:
        _refuse("not yet")


def _principal(claims: Mapping[str, Any], token: str | None) -> Principal:
    oid = claims.get("oid")
    if not isinstance(oid, str) or _GUID.fullmatch(oid) is None:
        _refuse("oid")
    roles = claims.get("roles")
    return Principal(
        tenant_id=str(claims["tid"]).lower(),
        oid=oid.lower(),
        name=_text(claims.get("name")),
        username=_text(claims.get("preferred_username")),
        roles=frozenset(r for r in roles if isinstance(r, str))
        if isinstance(roles, list)
        else frozenset(),
        client_id=_text(claims.get("azp")) or None,
        token=token,
    )


def _text(value: object) -> str:
    return value.replace("\x00", "")[:400] if isinstance(value, str) else ""
