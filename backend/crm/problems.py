"""What the CRM refuses, and how its HTTP API says so: ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, json
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from backend.sql import is_transient

MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: "The request is malformed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Not possible at the moment",
    412: "It changed meanwhile",
    413: "The request is too large",
    415: "Unsupported media type",
    422: "The request is not valid",
    428: "A precondition is required",
    503: "The CRM does not answer at the moment",
}
_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "request_too_large",
    415: "unsupported_media_type",
    422: "validation",
}


class CrmError(Exception):
    """A refusal with its HTTP status and stable code. ``extra`` members join the problem."""

    def __init__(
        self, status: int, code: str, detail: str, *, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.extra = dict(extra or {})


def not_found(what: str) -> CrmError:
    return CrmError(404, "not_found", f"There is no such {what}.")


def invalid(field: str, message: str) -> CrmError:
    """422 with one field's error."""
    return CrmError(422, "validation", message, extra={"errors": {field: [message]}})


def forbidden(detail: str) -> CrmError:
    return CrmError(403, "forbidden", detail)


def changed_meanwhile() -> CrmError:
    return CrmError(
        412, "changed_meanwhile", "Somebody changed this record after you opened it; look again."
    )


def problem(
    status: int, code: str, detail: str, extra: Mapping[str, Any] | None = None
) -> Response:
    """A problem document; ``extra`` members are added as they are."""
    title = _TITLES.get(status, "The request failed")
    body = {"title": title, "status": status, "detail": detail, "code": code, **(extra or {})}
    return Response(json.dumps(body), status, content_type=MEDIA_TYPE)


def register_problems(blueprint: Blueprint) -> None:
    """Answer this blueprint's refusals as problems; what it does not know goes to the app."""
    blueprint.register_error_handler(CrmError, _crm_problem)
    blueprint.register_error_handler(HTTPException, _http_problem)
    blueprint.register_error_handler(SQLAlchemyError, _database_problem)


def _crm_problem(error: CrmError) -> Response:
    return problem(error.status, error.code, error.detail, error.extra)


def _http_problem(error: HTTPException) -> Response:
    """Flask's own refusals, and what a schema refused: webargs keeps its words in ``data``."""
    status = error.code or 500
    words: Mapping[str, Any] = getattr(error, "data", None) or {}
    if isinstance(error, RequestEntityTooLarge):
        return problem(413, "request_too_large", "The request is larger than the CRM accepts.")
    by_location: Mapping[str, Any] = words.get("messages") or {}
    errors = next(iter(by_location.values()), None)
    response = problem(
        status,
        _CODES.get(status, "error"),
        error.description or _TITLES.get(status, ""),
        {"errors": errors} if isinstance(errors, dict) else None,
    )
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _database_problem(error: SQLAlchemyError) -> Response:
    """A database that is down for a moment is no bug of the caller's nor of ours."""
    if not is_transient(error):
        raise error
    response = problem(503, "crm_unavailable", "The CRM's database does not answer; try again.")
    response.headers["Retry-After"] = "5"
    return response
