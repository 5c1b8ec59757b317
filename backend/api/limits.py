"""A generous ceiling on requests per signed-in user, so that a runaway client harms nobody else."""

from __future__ import annotations

from flask import Flask, g, request
from flask_limiter import ApplicationLimit, Limiter

from backend.domain.ports import Principal
from backend.settings import Settings

SYNC_NOW = "6 per minute"
"""Each of them has a mailbox read and is answered at once, so asking more often tells no more."""


def register_limits(app: Flask, settings: Settings) -> None:
    """Must come after the authentication: it counts people, not addresses."""
    limiter = Limiter(
        _who,
        app=app,
        # One budget for everything a person does, not one per address.
        application_limits=[
            settings.rate_limit,
            ApplicationLimit(SYNC_NOW, scope="sync_now", exempt_when=_is_not_sync_now),
        ],
        storage_uri=settings.rate_limit_storage,
        in_memory_fallback_enabled=True,
    )
    limiter.request_filter(_is_uncounted)


def _who() -> str:
    principal: Principal = g.principal
    return f"{principal.tenant_id}/{principal.oid}"


def _is_uncounted() -> bool:
    """Open pages are the same for everybody; the metrics have a reader of their own."""
    return "principal" not in g or request.endpoint == "metrics.show"


def _is_not_sync_now() -> bool:
    return request.endpoint != "me.sync"
