"""Tokens that a careful API refuses, made from what an attacker has: a good token and public keys.

Every function answers a token for `Authorization: Bearer`.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.sandbox import RunningSandbox

_STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token, unverified."""
    found: dict[str, Any] = json.loads(_unpadded(token.split(".")[1]))
    return found


def header_of(token: str) -> dict[str, Any]:
    """The header of a token, unverified."""
    found: dict[str, Any] = json.loads(_unpadded(token.split(".", maxsplit=1)[0]))
    return found


def resigned(sandbox: RunningSandbox, user: str, **changes: Any) -> str:
    """A token for our API with other claims, signed by the sandbox's own key.

    For what only Entra itself could get wrong: other audience, issuer, version, missing scope. A
    change to None takes the claim away.
    """
    claims = claims_of(sandbox.token(user)) | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    assert sandbox.app is not None
    key = sandbox.app.world.keys.current
    return jwt.encode(claims, key.private, "RS256", headers={"kid": key.kid})


def alg_none(token: str) -> str:
    """No signature, and the header says so."""
    header = header_of(token) | {"alg": "none"}
    return f"{_encoded(header)}.{token.split('.')[1]}."


def hs256_with_public_key(sandbox: RunningSandbox, token: str) -> str:
    """The public key used as the secret of a symmetric signature."""
    pem = _published_pem(sandbox, header_of(token)["kid"])
    signed = f"{_encoded(header_of(token) | {'alg': 'HS256'})}.{token.split('.')[1]}"
    mac = hmac.new(pem, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def tampered(token: str, **changes: Any) -> str:
    """Other claims under the old signature; without changes somebody else's object id."""
    changes = changes or {"oid": "00000000-0000-4000-8000-000000000001"}
    header, _, signature = token.split(".")
    return f"{header}.{_encoded(claims_of(token) | changes)}.{signature}"


def signed_by_stranger(token: str) -> str:
    """The same claims and key id, signed by a key of the attacker's."""
    headers = {"kid": header_of(token)["kid"]}
    return jwt.encode(claims_of(token), _STRANGER, "RS256", headers=headers)


def unknown_kid(token: str, kid: str = "bm8tc3VjaC1rZXk") -> str:
    """The same claims, signed by a key nobody published, under its own id."""
    return jwt.encode(claims_of(token), _STRANGER, "RS256", headers={"kid": kid})


def expired(sandbox: RunningSandbox, user: str) -> str:
    """A token that ended an hour ago."""
    return sandbox.token(user, lifetime=-3600)


def not_yet_valid(sandbox: RunningSandbox, user: str) -> str:
    """A token that begins in an hour."""
    now = claims_of(sandbox.token(user))["iat"]
    later = {"iat": now + 3900, "nbf": now + 3900, "exp": now + 7500}
    return resigned(sandbox, user, **later)


def other_audience(sandbox: RunningSandbox, user: str) -> str:
    """A token for another API of the same tenant."""
    return resigned(sandbox, user, aud="11111111-2222-4333-8444-555555555555")


def other_tenant(sandbox: RunningSandbox) -> str:
    """A good token of a tenant that is no firm of ours."""
    person = sandbox.person(tenant_id=sandbox.unregistered_tenant_id)
    return sandbox.token(person["address"])


def app_only(sandbox: RunningSandbox) -> str:
    """A token of an application without a user."""
    return sandbox.token(app=True)


def graph_token(sandbox: RunningSandbox, user: str) -> str:
    """An access token for Graph instead of our API."""
    return sandbox.token(user, "graph")


def id_token(sandbox: RunningSandbox, user: str) -> str:
    """The id_token for our API's own pages, whose audience is our client id."""
    issued = sandbox.issue(user, id_token=True, client="api")
    return str(issued["id_token"])


def without_scope(sandbox: RunningSandbox, user: str) -> str:
    """A user's token that lacks access_as_user."""
    return sandbox.token(user, scopes=["something_else"])


def stranger_client(sandbox: RunningSandbox, user: str) -> str:
    """A token that an application we do not know asked for."""
    return sandbox.token(user, client="99999999-8888-4777-8666-555555555555")


def forged(sandbox: RunningSandbox, user: str) -> dict[str, str]:
    """Every bad token by the name of its fault; all of them deserve 401 or 403."""
    good = sandbox.token(user)
    wrong_issuer = f"https://login.microsoftonline.com/{sandbox.second_tenant_id}/v2.0"
    return {
        "alg none": alg_none(good),
        "HS256 with the public key": hs256_with_public_key(sandbox, good),
        "tampered": tampered(good),
        "made an admin": tampered(good, roles=["admin"]),
        "signed by a stranger": signed_by_stranger(good),
        "unknown kid": unknown_kid(good),
        "expired": expired(sandbox, user),
        "not yet valid": not_yet_valid(sandbox, user),
        "other audience": other_audience(sandbox, user),
        "issuer of another tenant": resigned(sandbox, user, iss=wrong_issuer),
        "tenant is no GUID": resigned(sandbox, user, tid="../common"),
        "version 1": resigned(sandbox, user, ver="1.0"),
        "other tenant": other_tenant(sandbox),
        "app-only": app_only(sandbox),
        "Graph token": graph_token(sandbox, user),
        "id token": id_token(sandbox, user),
        "without our scope": without_scope(sandbox, user),
        "unknown client": stranger_client(sandbox, user),
        "no signature": good.rsplit(".", 1)[0] + ".",
        "not a token": "certainly-not-a-token",
    }


def _published_pem(sandbox: RunningSandbox, kid: str) -> bytes:
    answer = requests.Session().get(f"{sandbox.url}/common/discovery/v2.0/keys", timeout=10)
    entry = next(key for key in answer.json()["keys"] if key["kid"] == kid)
    public = jwt.PyJWK(entry, algorithm="RS256").key
    return bytes(
        public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def _encoded(part: dict[str, Any]) -> str:
    raw = json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
