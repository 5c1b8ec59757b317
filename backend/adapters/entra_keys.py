"""Entra's signing keys: fetched when needed, at most twice a minute, kept when Entra is away.

Checks no tokens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from backend.adapters.http import Http
from backend.domain.errors import RemoteError, RemoteRejectedError, TransientRemoteError

_CALM = 30.0
"""Seconds between two looks, whatever tokens are sent; an unknown key may be new, or invented."""
_CALM_AFTER_FAILURE = 5.0
_LIFE = 86_400.0
_TIMEOUT = 5.0
_SMALLEST_KEY = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key and the issuer it may sign for, ``{tenantid}`` standing for the tenant."""

    public_key: RSAPublicKey
    issuer: str


class EntraKeys:
    """The keys of the v2 endpoint, by key id. Thread-safe; callers with a known key never wait."""

    def __init__(
        self, http: Http, login_root: str, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """``login_root``: as ``https://login.microsoftonline.com``."""
        self._http = http
        self._login_root = login_root.rstrip("/")
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: Mapping[str, SigningKey] = {}
        self._loaded_at: float | None = None
        self._next_look = float("-inf")
        self._failed = False

    def still_holds(self, kid: str, key: SigningKey) -> bool:
        """Whether ``kid`` still means this very key, as far as we know; asks nobody."""
        return self._keys.get(kid) is key

    def find(self, kid: str) -> SigningKey | None:
        """The key with this id; ``None`` when Entra does not publish it.

        Raises: TransientRemoteError when the key is unknown and Entra could not be asked.
        """
        key = self._keys.get(kid)
        if key is not None and not self._old():
            return key
        with self._lock:
            if kid not in self._keys or self._old():
                self._look()
            key = self._keys.get(kid)
            if key is None and self._failed:
                raise TransientRemoteError(
                    "entra: the signing keys are out of reach", system="entra"
                )
            return key

    def _old(self) -> bool:
        loaded_at = self._loaded_at
        return loaded_at is None or self._monotonic() - loaded_at > _LIFE

    def _look(self) -> None:
        """Replace the keys by the published ones; keep them when there is no readable answer."""
        now = self._monotonic()
        if now < self._next_look:
            return
        if self._loaded_at is not None:
            # The very first look was nobody's doing: a key made right after it works at once.
            self._next_look = now + _CALM
        try:
            keys = self._published()
        except RemoteError:
            self._failed = True
            self._next_look = now + _CALM_AFTER_FAILURE
            return
        self._failed = False
        self._loaded_at = now
        if keys != self._keys:
            self._keys = keys

    def _published(self) -> Mapping[str, SigningKey]:
        tenant = "organizations"
        metadata = self._get(
            f"{self._login_root}/{tenant}/v2.0/.well-known/openid-configuration",
            "/{tenant}/v2.0/.well-known/openid-configuration",
        )
        jwks_uri, issuer = metadata.get("jwks_uri"), metadata.get("issuer")
        if not isinstance(jwks_uri, str) or not isinstance(issuer, str):
            raise _unreadable()
        if urlsplit(jwks_uri)[:2] != urlsplit(self._login_root)[:2]:
            raise _unreadable()
        document = self._get(jwks_uri, "/{tenant}/discovery/v2.0/keys")
        entries = document.get("keys")
        found = {
            entry["kid"]: key
            for entry in (entries if isinstance(entries, list) else ())
            if (key := _signing_key(entry, issuer)) is not None
        }
        if not found:
            raise _unreadable()
        return found

    def _get(self, url: str, path: str) -> Mapping[str, Any]:
        answer = self._http.request(
            "GET", url, system="entra", path=path, timeout=_TIMEOUT, retries=1
        )
        body = answer.raise_for_status().json()
        if not isinstance(body, dict):
            raise _unreadable()
        return body


def _unreadable() -> RemoteRejectedError:
    return RemoteRejectedError("entra: the key document cannot be read", system="entra")


def _signing_key(entry: object, issuer: str) -> SigningKey | None:
    """One entry of the document; ``None`` for what is not an RSA signing key of decent size."""
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK({**entry, "alg": "RS256"}).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        return None
    own = entry.get("issuer")
    return SigningKey(key, own if isinstance(own, str) and own else issuer)
