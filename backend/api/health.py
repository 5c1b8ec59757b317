"""``/healthz``, ``/readyz`` and ``/metrics`` for whoever operates the service (O2)."""

from __future__ import annotations

import hmac
import ipaddress

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from backend.api.ports import Health
from backend.domain.errors import IdentityError
from backend.domain.ports import Principal

_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def health_pages(health: Health) -> Blueprint:
    """Open to everybody; they name parts, never addresses or secrets."""
    pages = Blueprint("health", __name__)

    @pages.get("/healthz")
    def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @pages.get("/readyz")
    def ready() -> tuple[dict[str, object], int]:
        """All parts below answer: 200, else 503 and which ones do not; warnings change neither."""
        parts = dict(health.ready())
        is_ready = all(state == "ok" for state in parts.values())
        status = "ok" if is_ready else "unavailable"
        body: dict[str, object] = {
            "status": status,
            "parts": parts,
            "warnings": list(health.warnings()),
        }
        return body, 200 if is_ready else 503

    return pages


def metrics_page() -> Blueprint:
    """Prometheus text; guard it with :class:`Operators`."""
    pages = Blueprint("metrics", __name__)

    @pages.get("/metrics")
    def show() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return pages


class Operators:
    """Callers from this very machine, and those who know the metrics token."""

    def __init__(self, metrics_token: str | None) -> None:
        self._token = metrics_token

    def prove(self) -> Principal:
        """Raises: IdentityError."""
        if self._has_token() or _is_from_this_machine():
            return Principal(tenant_id="", oid="operator")
        raise IdentityError("Metrics are for this machine, or for those with their token.")

    def _has_token(self) -> bool:
        given = request.headers.get("Authorization", "").encode()
        expected = f"Bearer {self._token}".encode()
        return self._token is not None and hmac.compare_digest(given, expected)


def _is_from_this_machine() -> bool:
    """A proxy on this machine also calls from here, but for somebody else."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
