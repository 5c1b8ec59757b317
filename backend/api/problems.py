"""Every failure as ``application/problem+json`` (RFC 9457) with a stable code, from one table."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from backend.api.answers import CheckSchema
from backend.domain import errors

_log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
"""What we suggest when the other side did not say how long to wait."""

PROBLEMS: Mapping[type[errors.SyncError], tuple[int, str]] = {
    errors.SyncError: (500, "Something went wrong"),
    errors.RuleError: (422, "The rules do not allow this"),
    errors.NotEligibleError: (422, "This event cannot be synced"),
    errors.IllegalTransitionError: (409, "Not possible at the moment"),
    errors.NothingToUndoError: (409, "Nothing to undo"),
    errors.InvalidEventIdError: (400, "Not an event id"),
    errors.EventNotFoundError: (404, "Event not found"),
    errors.NotAllowedError: (403, "Not allowed"),
    errors.UnknownFirmError: (403, "Unknown organisation"),
    errors.UnknownItemError: (404, "Not found"),
    errors.NotNowError: (409, "Not possible at the moment"),
    errors.ChangedMeanwhileError: (412, "It changed meanwhile"),
    errors.InvalidFieldsError: (422, "Some values cannot be stored"),
    errors.IdentityError: (401, "Sign-in needed"),
    errors.ClaimsRequiredError: (401, "Confirm your identity"),
    errors.ConsentRequiredError: (403, "Consent needed"),
    errors.RemoteError: (502, "Another system failed"),
    errors.TransientRemoteError: (503, "Another system does not answer at the moment"),
    errors.RemoteRejectedError: (502, "Another system refused"),
    errors.RemoteNotFoundError: (502, "Another system does not know this"),
    errors.RemoteConflictError: (409, "It changed meanwhile"),
    errors.RemoteAccessError: (403, "Another system denied access"),
    errors.DeltaExpiredError: (503, "Another system has to start over"),
}
"""What each of our errors means in HTTP; the tests demand an entry for every public class."""

_HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "request_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    428: "precondition_required",
    429: "rate_limited",
    500: "internal_error",
}

_checks = CheckSchema(many=True)


ConsentUrl = Callable[[str], str]
"""Where the administrator of this tenant agrees to what we do in Outlook."""


def register_problems(
    app: Flask,
    consent_url: ConsentUrl,
    may_pass: Callable[[Exception], bool] = lambda _error: False,
) -> None:
    """Answer every exception with a problem; nothing of an unexpected one leaves the process.

    ``may_pass``: whether an unexpected one is a database that does not answer at the moment. The
    caller then repeats his idempotent call, whose outcome is unknown (road rule A23).
    """

    def sync_error(error: errors.SyncError) -> Response:
        return problem_of(error, consent_url)

    app.register_error_handler(errors.SyncError, sync_error)
    app.register_error_handler(HTTPException, _http_problem)

    def unexpected(error: Exception) -> Response:
        return _unavailable(error) if may_pass(error) else _unexpected(error)

    app.register_error_handler(Exception, unexpected)


def problem(
    status: int,
    title: str,
    code: str,
    detail: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Response:
    """A problem document. ``extra`` members are added as they are, unless ``None``."""
    body = {"title": title, "status": status, "detail": detail or title, "code": code}
    body |= {name: value for name, value in extra.items() if value is not None}
    g.problem_code = code
    # Errors inside of lists are named by their place, a number.
    text = orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
    return Response(text, status, dict(headers or {}), content_type=MEDIA_TYPE)


def problem_of(error: errors.SyncError, consent_url: ConsentUrl) -> Response:
    """The problem of one of our own errors."""
    # An adapter's own kind of an error is answered like the error it is a kind of.
    status, title = next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)
    return problem(
        status,
        title,
        _code(error),
        error.message,
        headers=_headers(error),
        checks=_checks.dump(error.verdict.checks)
        if isinstance(error, errors.NotEligibleError)
        else None,
        errors=error.fields if isinstance(error, errors.InvalidFieldsError) else None,
        consent_url=consent_url(g.principal.tenant_id)
        if isinstance(error, errors.ConsentRequiredError) and "principal" in g
        else None,
    )


def _code(error: errors.SyncError) -> str:
    if isinstance(error, errors.TransientRemoteError):
        return "crm_unavailable" if error.system == "crm" else "graph_unavailable"
    return str(error.code)


def _headers(error: errors.SyncError) -> dict[str, str]:
    if isinstance(error, errors.ClaimsRequiredError):
        claims = base64.b64encode(error.claims.encode()).decode()
        return {"WWW-Authenticate": f'Bearer error="insufficient_claims", claims="{claims}"'}
    if isinstance(error, errors.ConsentRequiredError):
        return {}
    if isinstance(error, errors.IdentityError):
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    if isinstance(error, errors.TransientRemoteError | errors.DeltaExpiredError):
        wait = error.retry_after if error.retry_after is not None else RETRY_SECONDS
        return {"Retry-After": str(max(1, math.ceil(wait)))}
    return {}


def _http_problem(error: HTTPException) -> Response:
    """404, 405, 413, 429 … and whatever a schema refused (webargs keeps its words in ``data``)."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    given: Mapping[str, Any] = getattr(error, "data", None) or {}
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() not in ("content-type", "content-length")
    }
    if status == 429:
        headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return problem(
        status,
        error.name,
        given.get("code") or _HTTP_CODES.get(status) or _snake(error.name),
        given.get("message") or error.description,
        headers=headers | (given.get("headers") or {}),
        errors=given.get("errors") or _by_field(given.get("messages")),
    )


def _by_field(messages: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """webargs names the place first (``json``, ``query``); callers know where they put a field."""
    if not messages:
        return None
    fields: dict[str, Any] = {}
    for place, found in messages.items():
        fields |= found if isinstance(found, Mapping) else {place: found}
    return fields


def _unavailable(error: Exception) -> Response:
    _log.warning("database_unavailable", error=type(error).__name__)
    return problem(
        503,
        "The database does not answer at the moment",
        "database_unavailable",
        "Please try again in a moment.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def _unexpected(error: Exception) -> Response:
    _log.error("unexpected_error", exc_info=error)
    detail = "This should not have happened. The request id leads support to it."
    return problem(500, "Something went wrong", "internal_error", detail)


def _snake(words: str) -> str:
    return re.sub(r"\W+", "_", words).lower()
