"""The session cookie of our own pages: signed, HttpOnly, at most an hour, with a CSRF token."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, session

from backend.domain.errors import NotAllowedError
from backend.domain.ports import Clock, Principal
from backend.settings import Settings

CSRF_HEADER = "X-CSRF-Token"
LIFETIME = timedelta(minutes=60)


def configure_sessions(app: Flask, settings: Settings) -> None:
    """Flask's signed cookie under our keys; it is sent to nobody's frame and to no script."""
    newest, *older = (key.hex() for key in settings.keys_for("session cookie"))
    app.secret_key = newest
    app.config.update(
        SECRET_KEY_FALLBACKS=older,
        # The prefix makes browsers insist on https and on this very host.
        SESSION_COOKIE_NAME="__Host-calendar-sync" if settings.is_https else "calendar-sync",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LIFETIME,
    )


class Sessions:
    """Who is signed in on our pages. The end is judged by our own clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def begin_sign_in(self, flow: Mapping[str, Any], target: str) -> None:
        """Remember a flow that was begun, in place of whoever was signed in."""
        session.clear()
        session.update(flow=dict(flow), target=target)

    def take_flow(self) -> tuple[dict[str, Any], str] | None:
        """The flow that was begun and where it should lead, once."""
        flow, target = session.pop("flow", None), session.pop("target", "/")
        return (flow, target) if flow else None

    def sign_in(self, principal: Principal) -> None:
        """Start a session; nothing of an earlier one survives."""
        session.clear()
        session.permanent = True
        session.update(
            tenant_id=principal.tenant_id,
            oid=principal.oid,
            name=principal.name,
            username=principal.username,
            roles=sorted(principal.roles),
            until=(self._clock() + LIFETIME).isoformat(),
            csrf=secrets.token_urlsafe(32),
        )

    def sign_out(self) -> None:
        session.clear()

    def principal(self) -> Principal | None:
        """Who is signed in; ``None`` without a session or after its end."""
        if "oid" not in session or datetime.fromisoformat(session["until"]) <= self._clock():
            return None
        return Principal(
            tenant_id=session["tenant_id"],
            oid=session["oid"],
            name=session["name"],
            username=session["username"],
            roles=frozenset(session["roles"]),
        )

    @property
    def csrf_token(self) -> str:
        """What our pages send along with every unsafe request; empty without a session."""
        return str(session.get("csrf", ""))

    def check_csrf(self, token: str | None) -> None:
        """Raises: NotAllowedError when the token is not the session's."""
        expected = self.csrf_token
        if not expected or not hmac.compare_digest((token or "").encode(), expected.encode()):
            raise NotAllowedError(f"{CSRF_HEADER} is missing or wrong.", code="csrf_token_invalid")
