"""JSON answers of the control plane."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from backend.sandbox.control.forms import BadActError
from backend.sandbox.exchange.errors import ExchangeError

Endpoint = Callable[[Request], Awaitable[Response]]
NO_STORE = {"cache-control": "no-store"}


def json_answer(body: Any, status: int = 200) -> Response:
    """A JSON answer that nobody keeps."""
    return Response(orjson.dumps(body), status, NO_STORE, "application/json")


def created(body: Any) -> Response:
    """201 with what was made."""
    return json_answer(body, 201)


def done() -> Response:
    """204, nothing to say."""
    return Response(status_code=204, headers=NO_STORE)


def with_reasons(endpoint: Endpoint) -> Endpoint:
    """Turn refusals into answers with a `reason`; Exchange's keep their Graph code and status."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BadActError as error:
            return json_answer({"error": error.code, "reason": error.reason}, error.status)
        except ExchangeError as error:
            return json_answer({"error": error.code, "reason": error.message}, error.status)

    return answered
