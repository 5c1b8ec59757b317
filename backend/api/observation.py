"""What operators see of requests: a correlation id, one access line, counters (O2)."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

REQUEST_ID_HEADER = "X-Request-ID"

REQUESTS = Counter(
    "calendar_sync_requests_total", "Answered requests", ["method", "route", "status"]
)
SECONDS = Histogram(
    "calendar_sync_request_seconds",
    "Time until the answer was ready",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

_log = structlog.get_logger("calendar_sync.access")
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SILENT = frozenset({"health.live", "health.ready", "metrics.show", "pages.static_file"})


def register_observation(app: Flask) -> None:
    """Must come first, so that refused requests are seen as well."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started = time.perf_counter()
    given = request.headers.get(REQUEST_ID_HEADER, "")
    g.request_id = given if _ACCEPTABLE_ID.fullmatch(given) else uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.started
    # The rule, never the path: paths hold ids.
    route = request.url_rule.rule if request.url_rule is not None else "unknown"
    method = request.method if request.method in _KNOWN_METHODS else "other"
    REQUESTS.labels(method, route, response.status_code).inc()
    SECONDS.labels(method, route).observe(seconds)
    response.headers[REQUEST_ID_HEADER] = g.request_id
    if request.endpoint not in _SILENT or response.status_code >= 500:
        _log.info(
            "request",
            method=method,
            route=route,
            status=response.status_code,
            code=g.get("problem_code"),
            ms=round(seconds * 1000, 1),
        )
    return response
