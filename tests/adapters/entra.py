"""A small Entra made of `responses`: keys, metadata, tokens. The sandbox is the big one."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
import orjson
import requests
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from backend.adapters.entra_keys import EntraKeys
from backend.adapters.entra_tokens import EntraTokenVerifier
from backend.adapters.http import Http
from backend.adapters.transport import new_session

LOGIN = "https://login.microsoftonline.com"
METADATA_URL = f"{LOGIN}/organizations/v2.0/.well-known/openid-configuration"
KEYS_URL = f"{LOGIN}/organizations/discovery/v2.0/keys"
ISSUER = LOGIN + "/{tenantid}/v2.0"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TENANT = "3f6c1b52-7a0e-4c1d-9b8e-1d2f4a6c8e01"
OID = "7c4bf9ff-ec72-544c-b137-d4ed4bf9d3d3"
API = "a9100000-2b7e-4d6c-9f58-3e1a7c5d9b22"
ADDIN = "a11d1000-5c0d-4e8a-b7f3-0d9c2e4b6a11"


@cache
def private_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of this name, the same one all through the run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public_pem(name: str) -> bytes:
    """What an attacker can read and try as a shared secret."""
    return (
        private_key(name)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def jwk(name: str, **members: Any) -> dict[str, Any]:
    """An entry of the key document."""
    own = jwt.algorithms.RSAAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    own = {k: own[k] for k in ("kty", "n", "e")}
    return {**own, "use": "sig", "kid": name, "x5t": name, "issuer": ISSUER, **members}


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good v2 access token at NOON; ``...`` leaves one out."""
    now = int(NOON.timestamp())
    good: dict[str, Any] = {
        "aud": API,
        "iss": ISSUER.replace("{tenantid}", TENANT),
        "iat": now - 300,
        "nbf": now - 300,
        "exp": now + 3600,
        "azp": ADDIN,
        "azpacr": "0",
        "name": "Ann Lawyer",
        "oid": OID,
        "preferred_username": "ann@firm.example",
        "scp": "access_as_user",
        "sub": "pairwise",
        "tid": TENANT,
        "uti": "u",
        "ver": "2.0",
    }
    good.update(changes)
    return {name: value for name, value in good.items() if value is not ...}


def signed(payload: Any = None, *, key: str = "k1", kid: str | None = None, **header: Any) -> str:
    """A token signed by ``key``."""
    if payload is None:
        payload = claims()
    return jwt.api_jws.encode(
        orjson.dumps(payload),
        private_key(key),
        algorithm="RS256",
        headers={"kid": kid or key, **header},
    )


def segment(value: Any) -> str:
    """One part of a token made by hand."""
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


@dataclass
class FakeEntra:
    """Publishes keys and counts who asks. ``down`` makes it answer 503."""

    web: responses.RequestsMock
    keys: list[Any] = field(default_factory=lambda: [jwk("k1")])
    down: bool = False
    looks: int = 0
    monotonic: float = 1000.0
    now: datetime = NOON
    metadata: dict[str, Any] = field(
        default_factory=lambda: {
            "issuer": ISSUER,
            "jwks_uri": KEYS_URL,
            "authorization_endpoint": f"{LOGIN}/organizations/oauth2/v2.0/authorize",
            "token_endpoint": f"{LOGIN}/organizations/oauth2/v2.0/token",
        }
    )

    def __post_init__(self) -> None:
        self.web.assert_all_requests_are_fired = False
        self.web.add_callback("GET", METADATA_URL, lambda _: self._answer(self.metadata))
        self.web.add_callback("GET", KEYS_URL, self._keys)

    def _keys(self, _request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        self.looks += 1
        return self._answer({"keys": self.keys})

    def _answer(self, body: Any) -> tuple[int, dict[str, str], bytes]:
        return (503, {}, b"") if self.down else (200, {}, orjson.dumps(body))

    def http(self) -> Http:
        return Http(new_session(), clock=lambda: self.now)

    def verifier(self, **options: Any) -> EntraTokenVerifier:
        keys = EntraKeys(self.http(), LOGIN, monotonic=lambda: self.monotonic)
        return EntraTokenVerifier(keys, client_id=API, clock=lambda: self.now, **options)

    def later(self, seconds: float) -> None:
        """Both clocks move."""
        self.monotonic += seconds
        self.now += timedelta(seconds=seconds)
