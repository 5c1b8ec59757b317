"""Bodies in and answers out, as Graph's front end writes them: headers, error bodies."""

from __future__ import annotations

from datetime import datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response

from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.graph.call import Answer
from backend.sandbox.graph.errors import GraphError

MAX_BODY = 4 * 1024 * 1024
CONTENT_TYPE = (
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;"
    "charset=utf-8"
)
_FIXED_HEADERS = {
    "Cache-Control": "private",
    "Strict-Transport-Security": "max-age=31536000",
    "OData-Version": "4.0",
    "x-ms-ags-diagnostic": '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"1"}}',
}


async def read_body(request: Request) -> bytes | None:
    """The body; None if it is too large. Raises ClientDisconnect."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > MAX_BODY:
            return None
    return bytes(found)


def refused(
    refusal: GraphError | ExchangeError, now: datetime, request_id: str, client_request_id: str
) -> Answer:
    """The answer to a request that was refused (Graph docs: error responses)."""
    inner = {
        "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": client_request_id,
    }
    headers = dict(refusal.headers) if isinstance(refusal, GraphError) else {}
    error = {"code": refusal.code, "message": refusal.message, "innerError": inner}
    return Answer(refusal.status, {"error": error}, headers)


def response(answer: Answer) -> Response:
    """The answer with the headers that every answer of Graph has."""
    headers = _FIXED_HEADERS | answer.headers
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    content = orjson.dumps(answer.body)
    return Response(content, answer.status, headers | {"Content-Type": CONTENT_TYPE})
