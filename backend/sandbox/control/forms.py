"""Reads the JSON bodies of the control plane and says in words what is wrong with them."""

import math
from typing import Any

import orjson
from starlette.requests import Request

MAX_BODY_BYTES = 8 * 1024 * 1024


class BadActError(Exception):
    """The act cannot be carried out; `reason` says why, for the person who wrote the test."""

    def __init__(self, reason: str, status: int = 400, code: str = "bad_act") -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.code = code


async def read_json(request: Request, default: Any = None) -> Any:
    """The body as JSON; an empty body is `default`. Raises BadActError."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise BadActError("the body is too large", 413)
    if not raw.strip():
        return default
    try:
        return orjson.loads(bytes(raw))
    except ValueError as problem:
        raise BadActError(f"the body is not JSON: {problem}") from None


async def read_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty one. Raises BadActError."""
    body = await read_json(request, {})
    if not isinstance(body, dict):
        raise BadActError("the body must be a JSON object")
    return body


def only(form: dict[str, Any], *names: str) -> None:
    """Refuse members that would silently do nothing."""
    unknown = sorted(set(form) - set(names))
    if unknown:
        raise BadActError(f"unknown: {', '.join(unknown)}; known: {', '.join(names)}")


def text(form: dict[str, Any], name: str, default: str | None = None) -> str | None:
    """A member that is text if it is there."""
    value = form.get(name, default)
    if value is not None and not isinstance(value, str):
        raise BadActError(f"{name} must be text")
    return value


def number(form: dict[str, Any], name: str, default: float | None = None) -> float | None:
    """A member that is a finite number if it is there."""
    value = form.get(name, default)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise BadActError(f"{name} must be a number")
    return float(value)


def flag(form: dict[str, Any], name: str) -> bool:
    """A member that is true or false; missing is false."""
    value = form.get(name, False)
    if not isinstance(value, bool):
        raise BadActError(f"{name} must be true or false")
    return value


def text_list(form: dict[str, Any], name: str) -> list[str] | None:
    """A member that is a list of texts if it is there."""
    value = form.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadActError(f"{name} must be a list of texts")
    return value


def whole_number(value: str | None, name: str) -> int:
    """A query parameter that is a whole number; missing is 0."""
    try:
        found = int(value or 0)
    except ValueError:
        raise BadActError(f"{name} must be a whole number") from None
    if not 0 <= found < 2**63:
        raise BadActError(f"{name} must not be negative")
    return found
