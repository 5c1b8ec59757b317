"""Who is calling: decided per blueprint at registration, before any handler runs.

A route whose blueprint was registered without a guard is refused to everybody.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection
from typing import cast

import structlog
from flask import Blueprint, Flask, g, redirect, request, url_for
from werkzeug.wrappers import Response

from backend.api.sessions import CSRF_HEADER, Sessions
from backend.domain.errors import IdentityError, NotAllowedError, UnknownFirmError
from backend.domain.ports import Principal, TokenVerifier

Resolver = Callable[[], Principal | Response]
"""Proves the caller of the current request, or answers for him; raises IdentityError,
UnknownFirmError or NotAllowedError."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_EXTENSION = "calendar_sync_guards"

OPEN = None
"""The guard of what everybody may see."""


def own_checks() -> Principal:
    """The guard of what proves itself item by item, as Graph's notifications do: never called."""
    raise NotAllowedError


CRM_TENANT_HEADER = "X-CRM-Tenant"
SERVICE_CALLER = "service"
"""The ``oid`` of another instance that calls ``/crm/api`` with the shared word."""


def register_guarded(
    app: Flask,
    blueprint: Blueprint,
    guard: Resolver | None,
    register: Callable[[Blueprint], None] | None = None,
) -> None:
    """Register ``blueprint`` behind ``guard``; ``register``: how, if not plainly on ``app``."""
    app.extensions.setdefault(_EXTENSION, {})[blueprint.name] = guard
    (register or app.register_blueprint)(blueprint)


def register_authentication(app: Flask) -> None:
    """Run the guard of the requested blueprint first; must come before anything that counts."""

    @app.before_request
    def authenticate() -> Response | None:
        if request.endpoint is None or request.method == "OPTIONS":
            return None
        guards = app.extensions[_EXTENSION]
        if request.blueprint not in guards:
            raise NotAllowedError
        guard = guards[request.blueprint]
        if guard is OPEN or guard is own_checks:
            return None
        principal = guard()
        if isinstance(principal, Response):
            return principal
        g.principal = principal
        structlog.contextvars.bind_contextvars(tenant=principal.tenant_id, user=principal.oid)
        return None


def guards_of(app: Flask) -> dict[str, Resolver | None]:
    """Every registered blueprint and its guard, for the test that asks for one of each route."""
    return cast("dict[str, Resolver | None]", app.extensions[_EXTENSION])


def caller() -> Principal:
    """Who was proven to call."""
    return cast("Principal", g.principal)


class Callers:
    """The ways to prove oneself."""

    def __init__(
        self,
        verifier: TokenVerifier,
        sessions: Sessions,
        tenants: Collection[str],
        crm_token: str | None = None,
    ) -> None:
        """``tenants``: whose people may call at all; ``crm_token``: as in the settings."""
        self._verifier = verifier
        self._sessions = sessions
        self._tenants = frozenset(tenants)
        self._crm_token = crm_token

    def by_bearer(self) -> Principal:
        """An access token for this API (X1).

        Raises: IdentityError, UnknownFirmError.
        """
        token = _bearer()
        if token is None:
            raise IdentityError("Send an access token.")
        return self.of_firm(self._verifier.verify(token))

    def by_bearer_or_cookie(self) -> Principal:
        """A token, or the session of our own pages; with both the token counts.

        Raises: IdentityError; NotAllowedError without the CSRF token on an unsafe method.
        """
        if "Authorization" in request.headers:
            return self.by_bearer()
        principal = self._sessions.principal()
        if principal is None:
            raise IdentityError("Send an access token or sign in.")
        if request.method not in _SAFE:
            self._sessions.check_csrf(request.headers.get(CSRF_HEADER))
        return principal

    def of_role(self, *roles: str) -> Resolver:
        """As :meth:`by_bearer_or_cookie`, for people of the firm who have one of these app roles.

        Asked of the token or the session at each request (A11).
        """

        def prove() -> Principal:
            principal = self.of_firm(self.by_bearer_or_cookie())
            if principal.roles.isdisjoint(roles):
                raise NotAllowedError("This is for your firm's Calendar Sync administrators.")
            return principal

        return prove

    def of_page(self) -> Principal | Response:
        """Whoever is signed in on our pages; strangers are led to the sign-in and back."""
        principal = self._sessions.principal()
        if principal is not None:
            return self.of_firm(principal)
        target = request.full_path.rstrip("?") if request.method in _SAFE else request.path
        return redirect(url_for("auth.login", next=target))

    def of_crm(self) -> Principal:
        """A person, or another instance with the shared word; it then names the tenant."""
        token = _bearer()
        if token is None or not self._is_crm_token(token):
            return self.by_bearer_or_cookie()
        tenant_id = request.headers.get(CRM_TENANT_HEADER, "")
        if not tenant_id:
            raise NotAllowedError(f"{CRM_TENANT_HEADER} is missing.")
        return self.of_firm(Principal(tenant_id, SERVICE_CALLER, name="Calendar Sync"))

    def of_firm(self, principal: Principal) -> Principal:
        """The same principal, if he belongs to a customer.

        Raises: UnknownFirmError.
        """
        if principal.tenant_id not in self._tenants:
            raise UnknownFirmError
        return principal

    def _is_crm_token(self, token: str) -> bool:
        word = self._crm_token
        return word is not None and hmac.compare_digest(token.encode(), word.encode())


def _bearer() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
