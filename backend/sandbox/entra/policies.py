"""What administrators demand beyond consent: Conditional Access, and sessions they revoked."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from backend.sandbox.entra.errors import EntraError
from backend.sandbox.graph.errors import GraphError

DENIALS: dict[int, tuple[str, str]] = {
    50076: ("interaction_required", "basic_action"),
    50079: ("interaction_required", "basic_action"),
    50158: ("interaction_required", "additional_action"),
    53000: ("interaction_required", "additional_action"),
    53001: ("interaction_required", "additional_action"),
    53002: ("interaction_required", "message_only"),
    53003: ("invalid_grant", "message_only"),
    530034: ("invalid_grant", "message_only"),
}
"""Error word and suberror of each AADSTS number of Conditional Access."""
DEFAULT_DENIAL = 50079
_AUTHORIZATION_URI = "https://login.microsoftonline.com/common/oauth2/authorize"


@dataclass(slots=True)
class Policies:
    """Changed in place.

    `login_acrs` are authentication contexts that on-behalf-of asks for, with the AADSTS number
    `denial`; `graph_acrs` those that Graph itself asks for. `revoked` says from when on a person
    has to have signed in, by object id; `disabled` are the accounts that were disabled on order.
    """

    login_acrs: set[str] = field(default_factory=set)
    graph_acrs: set[str] = field(default_factory=set)
    denial: int = DEFAULT_DENIAL
    revoked: dict[str, datetime] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)

    def clear(self) -> None:
        """Nothing is demanded any more."""
        self.login_acrs.clear()
        self.graph_acrs.clear()
        self.denial = DEFAULT_DENIAL
        self.revoked.clear()
        self.disabled.clear()

    def check_assertion(self, claims: Mapping[str, Any], issued_at: float, asked: set[str]) -> None:
        """Whether a user's token may be exchanged; `asked` are contexts of the request's claims.

        Raises EntraError 50173, or that of Conditional Access with a claims challenge.
        """
        if self.is_revoked(claims["oid"], issued_at):
            raise EntraError(50173, "invalid_grant")
        missing = (self.login_acrs | asked) - set(claims.get("acrs", ()))
        if missing:
            word, suberror = DENIALS[self.denial]
            challenge = acrs_challenge(missing)
            raise EntraError(self.denial, word, suberror=suberror, claims=challenge)

    def check_graph_token(self, claims: Mapping[str, Any], issued_at: float) -> None:
        """Whether Graph takes a user's token (Entra docs: continuous access evaluation).

        Only a client that declared CP1 is challenged. Raises GraphError 401 or 403.
        """
        understands = "cp1" in claims.get("xms_cc", ())
        if understands and self.is_revoked(claims["oid"], issued_at):
            since = str(int(self.revoked[claims["oid"]].timestamp()))
            raise challenged({"nbf": {"essential": True, "value": since}})
        missing = self.graph_acrs - set(claims.get("acrs", ()))
        if missing and understands:
            raise challenged({"acrs": {"essential": True, "value": sorted(missing)[0]}})
        if missing:
            raise GraphError(
                403, "accessDenied", "Access has been blocked by Conditional Access policies."
            )

    def is_revoked(self, person_id: str, issued_at: float) -> bool:
        """Whether what was issued to the person then does not count any more."""
        since = self.revoked.get(person_id)
        return since is not None and issued_at < since.timestamp()


def acrs_challenge(contexts: set[str]) -> str:
    """The JSON text of a claims challenge for these authentication contexts."""
    value = {"essential": True, "value": sorted(contexts)[0]}
    return orjson.dumps({"access_token": {"acrs": value}}).decode()


def challenged(wanted: Mapping[str, Any]) -> GraphError:
    """Graph's 401 with a claims challenge (Entra docs: claims challenges)."""
    claims = base64.b64encode(orjson.dumps({"access_token": wanted})).decode()
    header = (
        f'Bearer realm="", authorization_uri="{_AUTHORIZATION_URI}", '
        f'error="insufficient_claims", claims="{claims}"'
    )
    return GraphError(
        401,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge with result: InteractionRequired.",
        {"WWW-Authenticate": header},
    )
