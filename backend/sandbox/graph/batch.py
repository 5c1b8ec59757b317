"""`POST /v1.0/$batch`: up to twenty requests in one, each served as if it had come alone.

Graph docs: JSON batching. An item passes the request log, the limits and the faults by itself, so
that its status, headers and body are what a single request would have got.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from uuid import uuid4
from zlib import crc32

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.exchange.model import Json
from backend.sandbox.graph import wire
from backend.sandbox.graph.call import Answer
from backend.sandbox.graph.errors import GraphError
from backend.sandbox.graph.throttling import is_for_outlook
from backend.sandbox.graph.world import GraphWorld

MOST_ITEMS = 20
AT_A_TIME_TO_OUTLOOK = 4
_METHODS = frozenset(("GET", "POST", "PATCH", "PUT", "DELETE"))
_OUTER_HEADERS = frozenset((b"authorization", b"host"))
_SHOWN_HEADERS = frozenset(
    (
        "cache-control",
        "content-type",
        "location",
        "odata-version",
        "preference-applied",
        "retry-after",
        "www-authenticate",
    )
)


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch, checked; `needs` are the ids it waits for."""

    id: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    needs: tuple[str, ...]


class BatchDoor:
    """An ASGI application for one path; items go back through the application it is part of."""

    def __init__(self, world: GraphWorld) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        state = scope.get("state", {})
        request_id = str(state.get("request_id") or uuid4())
        client_request_id = str(state.get("client_request_id") or request_id)
        try:
            body = await wire.read_body(request)
            answer = await self._answer(request, body)
        except ClientDisconnect:
            return
        except (GraphError, ExchangeError) as refusal:
            answer = wire.refused(refusal, self._world.clock(), request_id, client_request_id)
        answer.headers |= {"request-id": request_id, "client-request-id": client_request_id}
        await wire.response(answer)(scope, receive, send)

    async def _answer(self, request: Request, body: bytes | None) -> Answer:
        self._world.graph_caller(request.headers.get("authorization"))
        if request.scope.get("state", {}).get("is_batch_item"):
            raise _malformed("A batch cannot contain a batch.")
        if body is None:
            raise GraphError(413, "RequestEntityTooLarge", "The request body is too large.")
        items = read_items(body)
        run = _Run(request.scope["app"], request.scope)
        return Answer(200, {"responses": await run.answers(items)})


@dataclass(slots=True)
class _Run:
    """The items of one batch on their way."""

    app: ASGIApp
    outer: Scope
    to_outlook: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(AT_A_TIME_TO_OUTLOOK)
    )

    async def answers(self, items: list[Item]) -> list[Json]:
        """What becomes of each item, in an order that is not the one they came in."""
        tasks: dict[str, asyncio.Task[Json]] = {}
        for item in items:
            tasks[item.id.lower()] = asyncio.create_task(self._after_others(item, tasks))
        found = await asyncio.gather(*tasks.values())
        return sorted(found, key=lambda answer: crc32(answer["id"].encode()))

    async def _after_others(self, item: Item, tasks: Mapping[str, asyncio.Task[Json]]) -> Json:
        # An item can only wait for earlier ones, which therefore have their tasks already.
        awaited = [await tasks[need] for need in item.needs]
        if any(answer["status"] >= 400 for answer in awaited):
            error = {"code": "FailedDependency", "message": "A request it depends on has failed."}
            return {"id": item.id, "status": 424, "headers": {}, "body": {"error": error}}
        if not is_for_outlook(item.path):
            return await self._serve(item)
        async with self.to_outlook:
            return await self._serve(item)

    async def _serve(self, item: Item) -> Json:
        start: Message = {}
        parts: list[bytes] = []
        is_asked = False

        async def receive() -> Message:
            nonlocal is_asked
            if is_asked:
                return {"type": "http.disconnect"}
            is_asked = True
            return {"type": "http.request", "body": item.body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app(self._scope(item), receive, send)
        return _shown(item, start, b"".join(parts))

    def _scope(self, item: Item) -> Scope:
        own = [(name.lower().encode(), value.encode()) for name, value in item.headers.items()]
        outer = [pair for pair in self.outer["headers"] if pair[0] in _OUTER_HEADERS]
        return {
            **{name: self.outer[name] for name in ("type", "asgi", "http_version", "scheme")},
            "server": self.outer.get("server"),
            "client": self.outer.get("client"),
            "root_path": "",
            "method": item.method,
            "path": unquote(item.path),
            "raw_path": item.path.encode("latin-1", "replace"),
            "query_string": item.query.encode("latin-1", "replace"),
            "headers": [*outer, *(pair for pair in own if pair[0] not in _OUTER_HEADERS)],
            "state": {"is_batch_item": True},
        }


def _shown(item: Item, start: Message, body: bytes) -> Json:
    pairs = [(name.decode().lower(), value.decode("latin-1")) for name, value in start["headers"]]
    headers = {
        "-".join(part.capitalize() for part in name.split("-")): value
        for name, value in pairs
        if name in _SHOWN_HEADERS
    }
    answer: Json = {"id": item.id, "status": start["status"], "headers": headers}
    if body:
        try:
            answer["body"] = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer["body"] = base64.urlsafe_b64encode(body).decode()
    return answer


# --- reading ------------------------------------------------------------------------------------


def read_items(body: bytes) -> list[Item]:
    """The items of a batch; raises GraphError 400 if any of them cannot be one."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _malformed("Unable to read JSON request payload.") from None
    rows = sent.get("requests") if isinstance(sent, dict) else None
    if not isinstance(rows, list) or not rows:
        raise _malformed("The batch has no 'requests'.")
    if len(rows) > MOST_ITEMS:
        raise _malformed(
            f"Number of batch request steps exceeds the maximum value of {MOST_ITEMS}."
        )
    found: dict[str, Item] = {}
    for row in rows:
        item = _read_item(row, found)
        if item.id.lower() in found:
            raise _malformed(f"Duplicate request id '{item.id[:100]}'.")
        found[item.id.lower()] = item
    return list(found.values())


def _read_item(row: Any, earlier: Mapping[str, Item]) -> Item:
    if not isinstance(row, dict):
        raise _malformed("A request of the batch is no object.")
    item_id, method, url = (_text(row, name) for name in ("id", "method", "url"))
    if method.upper() not in _METHODS:
        raise _malformed(f"The method '{method[:20]}' is not allowed in a batch.")
    headers = row.get("headers") or {}
    is_plain = isinstance(headers, dict) and all(
        isinstance(value, str) and not {"\r", "\n"} & set(f"{name}{value}")
        for name, value in headers.items()
    )
    if not is_plain:
        raise _malformed("The headers of a request must be an object of texts.")
    body = _body_of(row, headers)
    path, _, query = url.partition("#")[0].partition("?")
    return Item(
        id=item_id,
        method=method.upper(),
        path=f"/v1.0/{path.lstrip('/')}",
        query=query,
        headers=headers,
        body=body,
        needs=_needs(row, earlier),
    )


def _text(row: Json, name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise _malformed(f"A request of the batch has no '{name}'.")
    if name == "url" and "://" in value.split("?")[0]:
        raise _malformed("The url of a request must be relative.")
    return value


def _body_of(row: Json, headers: Mapping[str, str]) -> bytes:
    body = row.get("body")
    if body is None:
        return b""
    if "content-type" not in {name.lower() for name in headers}:
        raise _malformed("A request with a body needs the header Content-Type.")
    if isinstance(body, str):
        try:
            return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        except ValueError:
            raise _malformed("A body that is no JSON must be base64url.") from None
    return orjson.dumps(body)


def _needs(row: Json, earlier: Mapping[str, Item]) -> tuple[str, ...]:
    needs = row.get("dependsOn")
    if needs is None:
        return ()
    if not isinstance(needs, list) or not all(isinstance(need, str) for need in needs):
        raise _malformed("'dependsOn' must be a list of request ids.")
    unknown = [need for need in needs if need.lower() not in earlier]
    if unknown:
        raise _malformed(f"'dependsOn' names '{unknown[0][:100]}', which is no earlier request.")
    return tuple(need.lower() for need in needs)


def _malformed(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)
