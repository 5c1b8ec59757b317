"""Who calls Graph, as the access token says."""

from dataclasses import dataclass

from backend.sandbox.directory import Person


@dataclass(frozen=True, slots=True)
class Caller:
    """The app, its tenant, and the signed-in user; `user` is None for an app-only token.

    `audience` is the Graph the token is for: that of one cloud.
    `scopes` are the delegated permissions of the token, `app_permissions` those of its roles.
    """

    client_id: str
    tenant_id: str
    user: Person | None
    scopes: frozenset[str]
    app_permissions: frozenset[str]
    audience: str = "https://graph.microsoft.com"
