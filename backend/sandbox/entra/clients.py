"""Who asks at the token endpoint, proven by a secret or by a certificate's signature."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from backend.sandbox.directory import Tenant
from backend.sandbox.entra.errors import EntraError
from backend.sandbox.entra.registrations import AppRegistration
from backend.sandbox.entra.tokens import Client

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW_SECONDS = 300


def find_app(
    client_id: str, tenant: Tenant | None, apps: Mapping[str, AppRegistration]
) -> AppRegistration:
    """The registration with this id, known in the tenant; raises EntraError 700016."""
    app = apps.get(client_id.casefold())
    if app is None or (tenant is not None and not _is_in_tenant(app, tenant)):
        raise EntraError(700016, "unauthorized_client", f"Application '{client_id[:64]}'.")
    return app


def prove_client(
    form: Mapping[str, str],
    app: AppRegistration,
    token_endpoints: frozenset[str],
    now: datetime,
) -> Client:
    """Check the credential in the form.

    Raises EntraError 7000218 (none), 7000215 / 7000222 (secret wrong / expired), 7000216, 700027
    and 700024 (assertion). A public client proves nothing (Entra docs: client credentials flow,
    certificate credentials).
    """
    if form.get("client_assertion"):
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise EntraError(7000216, "invalid_client")
        _check_assertion(form["client_assertion"], app, token_endpoints, now)
        return Client(app.client_id, "2")
    if form.get("client_secret"):
        _check_secret(form["client_secret"], app, now)
        return Client(app.client_id, "1")
    if app.is_public:
        return Client(app.client_id)
    raise EntraError(7000218, "invalid_client")


def _is_in_tenant(app: AppRegistration, tenant: Tenant) -> bool:
    return app.client_id in tenant.delegated_grants or app.client_id in tenant.app_permissions


def _check_secret(sent: str, app: AppRegistration, now: datetime) -> None:
    for secret in app.secrets:
        if not hmac.compare_digest(secret.value.encode(), sent.encode()):
            continue
        is_over = secret.expires_at is not None and secret.expires_at <= now
        if is_over or app.secrets_expired:
            raise EntraError(7000222, "invalid_client")
        return
    raise EntraError(7000215, "invalid_client")


def _check_assertion(
    assertion: str, app: AppRegistration, token_endpoints: frozenset[str], now: datetime
) -> None:
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.PyJWTError:
        raise EntraError(700027, "invalid_client", "It is not a JWT.") from None
    key = _registered_key(header, app, now)
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key,
            algorithms=["PS256", "RS256"],
            # Dates are judged by the sandbox's clock; MSAL sends them as floats.
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
                "require": ["exp", "aud", "iss", "sub"],
            },
        )
    except jwt.PyJWTError:
        raise EntraError(700027, "invalid_client") from None
    if claims["iss"] != app.client_id or claims["sub"] != app.client_id:
        raise EntraError(700027, "invalid_client", "iss and sub must be the client id.")
    if claims["aud"] not in token_endpoints:
        raise EntraError(700027, "invalid_client", "aud must be the token endpoint.")
    _check_dates(claims, now.timestamp())


def _check_dates(claims: Mapping[str, Any], now: float) -> None:
    starts = claims.get("nbf", claims.get("iat", now))
    ends = claims["exp"]
    if not all(isinstance(date, int | float) for date in (starts, ends)):
        raise EntraError(700027, "invalid_client", "Its dates are no numbers.")
    if not starts - SKEW_SECONDS <= now < ends + SKEW_SECONDS:
        raise EntraError(700024, "invalid_client")


def _registered_key(
    header: Mapping[str, Any], app: AppRegistration, now: datetime
) -> rsa.RSAPublicKey:
    """The key of the registered certificate that the header names by SHA-256 or SHA-1."""
    wanted_sha256, wanted_sha1 = _decode(header.get("x5t#S256")), _decode(header.get("x5t"))
    for der in app.certificates.values():
        sha1 = hashlib.sha1(der).digest()  # noqa: S324 - x5t is SHA-1
        if wanted_sha256 == hashlib.sha256(der).digest() or wanted_sha1 == sha1:
            certificate = x509.load_der_x509_certificate(der)
            if app.certificates_expired or certificate.not_valid_after_utc <= now:
                raise EntraError(700027, "invalid_client", "The certificate has expired.")
            key = certificate.public_key()
            if isinstance(key, rsa.RSAPublicKey):
                return key
    raise EntraError(700027, "invalid_client", "No certificate with this thumbprint is registered.")


def _decode(value: object) -> bytes | None:
    """Base64url with or without padding; MSAL pads, others do not."""
    if not isinstance(value, str) or not value:
        return None
    try:
        return base64.urlsafe_b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return None
