"""Errors of the token endpoint, in Entra's own shape."""

import uuid
from datetime import datetime
from typing import Any

DEFAULT_MESSAGES = {
    16000: "Interaction is required to choose an account.",
    28000: "The scopes asked for belong to more than one resource.",
    28002: "The scope asked for is not valid for this resource.",
    50013: "The assertion is not valid: its signature, issuer or form cannot be accepted.",
    500131: "The audience of the assertion does not match the application that presents it.",
    500133: "The assertion is not within its valid time range.",
    50011: "The redirect URI of the request is not one of those registered for the application.",
    500112: "The reply address does not match the one of the authorization request.",
    50034: "The account does not exist in the directory.",
    50057: "The account is disabled.",
    50079: "Because of a policy of the administrator the user must sign in more strongly.",
    500011: "The resource principal was not found in the tenant.",
    50076: "Because of a change by the administrator or a new place, use multi-factor sign-in.",
    50158: "An external security challenge was not satisfied.",
    50173: "The grant was revoked, for example because the password changed; sign in again.",
    53000: "The device does not meet the policy: it is not compliant.",
    53001: "The device does not meet the policy: it is not joined to the domain.",
    53002: "The application is not one of those the policy approves.",
    53003: "Access was blocked by Conditional Access policies.",
    530034: "A delegated administrator was blocked from access.",
    501471: "The code_verifier is missing or malformed.",
    501481: "The code_verifier does not match the code_challenge of the authorization request.",
    54005: "The authorization code was already redeemed; ask for a new one.",
    65001: "Neither the user nor an administrator has consented to the application's request.",
    70000: "The grant is invalid or malformed.",
    70003: "The grant type is not supported.",
    70008: "The code or refresh token has expired.",
    70011: "The scope of the request is invalid or unknown.",
    700016: "The application was not found in the directory of the tenant.",
    700024: "The client assertion is not within its valid time range.",
    700027: "The client assertion does not carry a valid signature of a registered certificate.",
    7000114: "The application is not allowed to make on-behalf-of calls for itself.",
    7000215: "The client secret is invalid; send its value, not its id.",
    7000216: "A client assertion needs its type, and the right one.",
    7000218: "The request must carry either client_assertion or client_secret.",
    7000222: "The client secret is expired; make a new one.",
    90002: "The tenant was not found.",
    900144: "A required parameter is missing from the request body.",
    900971: "No redirect URI was given.",
    9001023: "This grant type is not supported over /common, /organizations or /consumers.",
    9002313: "The request is malformed.",
    240002: "An id_token cannot be used as the assertion of an on-behalf-of request.",
    90033: "A temporary problem occurred; try again.",
}


class EntraError(Exception):
    """A refusal: AADSTS number, OAuth error word, and what a client may do about it.

    `claims` is the JSON text of a claims challenge (Entra docs: claims challenges).
    """

    def __init__(
        self,
        number: int,
        error: str,
        detail: str = "",
        *,
        suberror: str | None = None,
        claims: str | None = None,
    ) -> None:
        super().__init__(f"AADSTS{number}")
        self.number = number
        self.error = error
        self.detail = detail
        self.suberror = suberror
        self.claims = claims

    @property
    def status(self) -> int:
        """HTTP status: 401 for a client that could not prove itself, else 400."""
        return 401 if self.error == "invalid_client" else 400

    @property
    def text(self) -> str:
        """The sentence of the error with its number in front."""
        message = DEFAULT_MESSAGES.get(self.number, "The request was refused.")
        return f"AADSTS{self.number}: {message}{' ' + self.detail if self.detail else ''}"

    def body(self, now: datetime, trace_id: str, correlation_id: str) -> dict[str, Any]:
        """The JSON object of the answer (Entra docs: token endpoint error response)."""
        stamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
        answer: dict[str, Any] = {
            "error": self.error,
            "error_description": (
                f"{self.text} Trace ID: {trace_id} Correlation ID: {correlation_id} "
                f"Timestamp: {stamp}"
            ),
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        if self.suberror is not None:
            answer["suberror"] = self.suberror
        if self.claims is not None:
            answer["claims"] = self.claims
        return answer


def correlation_id_of(sent: str | None, fallback: str) -> str:
    """The caller's own id if it is a GUID, else the one of this request."""
    try:
        return str(uuid.UUID(sent or ""))
    except ValueError:
        return fallback
