"""What a refusal of Entra's token endpoint means to us, told by its codes and never by its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.domain.errors import (
    ClaimsRequiredError,
    ConsentRequiredError,
    IdentityError,
    RemoteAccessError,
    RemoteRejectedError,
    SyncError,
    TransientRemoteError,
)

_CONSENT = frozenset({65001, 65004, 650052})
_BUSY = frozenset({90006, 90024, 90033})
_OUR_CREDENTIALS = frozenset(
    {
        "invalid_client",
        "unauthorized_client",
        "invalid_scope",
        "invalid_resource",
        "invalid_tenant",
        "access_denied",
    }
)
_OUR_CREDENTIAL_CODES = frozenset({50034, 70011, 90002, 500011, 650057, 700016, 7000112})
_NEEDS_THE_USER = frozenset({"invalid_grant", "interaction_required", "login_required"})


def sign_in_error(result: Mapping[str, Any]) -> SyncError:
    """The error of the domain for a refusal (Entra docs: authentication and authorization errors).

    ``remote_code`` of a RemoteError is the AADSTS number where there is one, because "wrong secret"
    and "expired secret" differ in nothing else.
    """
    error = str(result.get("error", ""))
    codes = _codes(result)
    claims = result.get("claims")
    if error in ("temporarily_unavailable", "server_error") or codes & _BUSY:
        return TransientRemoteError("entra: busy", **_details(error, result))
    if error == "consent_required" or result.get("suberror") == "consent_required":
        return ConsentRequiredError()
    if codes & _CONSENT:
        return ConsentRequiredError()
    if isinstance(claims, str) and claims:
        return ClaimsRequiredError(claims)
    if error in _OUR_CREDENTIALS or codes & _OUR_CREDENTIAL_CODES:
        return RemoteAccessError("entra: our own sign-in was refused", **_details(error, result))
    if error in _NEEDS_THE_USER:
        return IdentityError("Microsoft does not accept this sign-in any more; sign in again.")
    return RemoteRejectedError("entra: the sign-in was refused", **_details(error, result))


def _codes(result: Mapping[str, Any]) -> frozenset[int]:
    codes = result.get("error_codes")
    return frozenset(c for c in codes if isinstance(c, int)) if isinstance(codes, list) else _NONE


_NONE: frozenset[int] = frozenset()


def _details(error: str, result: Mapping[str, Any]) -> dict[str, Any]:
    codes = result.get("error_codes")
    number = (
        next((c for c in codes if isinstance(c, int)), None) if isinstance(codes, list) else None
    )
    trace = result.get("trace_id")
    return {
        "system": "entra",
        "remote_code": f"AADSTS{number}" if number is not None else error[:100] or None,
        "request_id": trace[:100] if isinstance(trace, str) else None,
    }
