"""What every request must satisfy before a handler sees it: size, media type, JSON, plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from flask import Flask, Response, request

from backend.api.problems import problem

MOST_BYTES = 1_000_000
_DEEPEST = 32
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_JSON_ROOTS = ("/api/", "/crm/api/", "/graph/")


class _UnusableError(Exception):
    """No handler could use this request."""

    def __init__(self, code: str, detail: str, *, status: int = 400) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status


def register_body_checks(app: Flask, larger: Mapping[str, int]) -> None:
    """Refuse what no handler could use; the parsers behind would partly answer 500.

    ``larger``: roots of paths that take more than :data:`MOST_BYTES`, and how much.
    """
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MOST_BYTES
    app.config["MAX_FORM_PARTS"] = 100

    @app.before_request
    def check() -> Response | None:
        for root, most in larger.items():
            if request.path.startswith(root):
                request.max_content_length = most
        try:
            _check_address()
            _check_body()
        except _UnusableError as error:
            return problem(error.status, "Not a usable request", error.code, str(error))
        return None


def is_plain(text: str) -> bool:
    """Whether a database can store it: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _check_address() -> None:
    # What is no event id, or no file of ours, is told in words of its own.
    ids = {k: v for k, v in (request.view_args or {}).items() if k not in ("event_id", "name")}
    if not all(is_plain(value) for value in ids.values() if isinstance(value, str)):
        raise _UnusableError("invalid_text", "The path holds characters nobody can store.")
    for name, values in request.args.lists():
        if not all(map(is_plain, (name, *values))):
            raise _UnusableError("invalid_text", "The query holds characters nobody can store.")


def _check_body() -> None:
    if request.method not in _WITH_BODY or not request.path.startswith(_JSON_ROOTS):
        return
    body = request.get_data(cache=True)
    if not body:
        return
    if not request.is_json:
        raise _UnusableError("unsupported_media_type", "Send application/json.", status=415)
    try:
        parsed = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        # ValueError is more than JSONDecodeError: wrong UTF-8, and integers of 5,000 digits.
        raise _UnusableError("invalid_json", "The body is not valid JSON.") from None
    _check_values(parsed, _DEEPEST)


def _check_values(value: Any, depth: int) -> None:
    if depth == 0:
        raise _UnusableError("invalid_json", "The body is nested too deeply.")
    if isinstance(value, str) and not is_plain(value):
        raise _UnusableError("invalid_text", "The body holds characters nobody can store.")
    if isinstance(value, dict):
        for name, member in value.items():
            _check_values(name, depth)
            _check_values(member, depth - 1)
    if isinstance(value, list):
        for member in value:
            _check_values(member, depth - 1)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
