"""The front door of Graph: takes requests apart, checks tokens, sends answers and errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from backend.sandbox.entra.clouds import cloud_of
from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.graph import (
    calendars,
    delta,
    directory_routes,
    event_actions,
    events,
    mailbox_routes,
    odata,
    subscriptions,
    wire,
)
from backend.sandbox.graph.batch import BatchDoor
from backend.sandbox.graph.call import Answer, Call
from backend.sandbox.graph.caller import Caller
from backend.sandbox.graph.errors import GraphError, no_such_segment
from backend.sandbox.graph.paths import PathTable, segments_of
from backend.sandbox.graph.permissions import signed_in
from backend.sandbox.graph.world import GraphWorld

_ROOT = b"/v1.0"


def graph_routes(world: GraphWorld) -> list[BaseRoute]:
    """Routes for every path under `/v1.0`; unknown ones are answered as Graph answers them."""
    front_door = FrontDoor(world)
    return [
        Route("/v1.0/$batch", BatchDoor(world), methods=["POST"]),
        Route("/v1.0", front_door),
        Route("/v1.0/{path:path}", front_door),
    ]


def path_table() -> PathTable:
    """Everything this Graph answers."""
    table = PathTable()
    directory_routes.add_routes(table)
    mailbox_routes.add_routes(table)
    calendars.add_routes(table)
    events.add_routes(table)
    event_actions.add_routes(table)
    delta.add_routes(table)
    subscriptions.add_routes(table)
    return table


class FrontDoor:
    """An ASGI application for the Graph host."""

    def __init__(self, world: GraphWorld) -> None:
        self._world = world
        self._table = path_table()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = b"" if request.method in ("GET", "HEAD") else await wire.read_body(request)
        except ClientDisconnect:
            return
        answer = self.answer(request, body)
        if answer.awaited is not None:
            answer = await self._finish(request, answer.awaited)
        await wire.response(answer)(scope, receive, send)

    def answer(self, request: Request, body: bytes | None) -> Answer:
        """What Graph says to a request; never raises."""
        state = request.scope.setdefault("state", {})
        request_id = state["request_id"] = str(state.get("request_id") or uuid4())
        client_request_id = str(state.get("client_request_id") or request_id)
        try:
            if body is None:
                raise GraphError(413, "RequestEntityTooLarge", "The request body is too large.")
            answer = self._answer(request, body, request_id, state.get("log_entry"))
        except (GraphError, ExchangeError) as refusal:
            answer = wire.refused(refusal, self._world.clock(), request_id, client_request_id)
        answer.headers |= {"request-id": request_id, "client-request-id": client_request_id}
        return answer

    async def _finish(self, request: Request, awaited: Callable[[], Awaitable[Answer]]) -> Answer:
        state = request.scope["state"]
        request_id = str(state["request_id"])
        client_request_id = str(state.get("client_request_id") or request_id)
        try:
            answer = await awaited()
        except (GraphError, ExchangeError) as refusal:
            answer = wire.refused(refusal, self._world.clock(), request_id, client_request_id)
        answer.headers |= {"request-id": request_id, "client-request-id": client_request_id}
        return answer

    def _answer(self, request: Request, body: bytes, request_id: str, log_entry: Any) -> Answer:
        world, headers = self._world, request.headers
        caller = world.graph_caller(headers.get("authorization"))
        if log_entry is not None:
            log_entry.app = caller.client_id
            log_entry.user = caller.user.address if caller.user else None
        raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
        segments = segments_of(raw_path[len(_ROOT) :])
        if segments and segments[0].lower() == "me":
            segments = ["users", signed_in(caller).id, *segments[1:]]
        _check_cloud(headers.get("host", ""), caller, segments)
        match = self._table.match(request.method, segments)
        query = request.scope["query_string"].decode("latin-1")
        call = Call(
            world=world,
            caller=caller,
            method=request.method,
            base_url=_base_url(request.scope, headers),
            path=raw_path.decode("latin-1"),
            query=query,
            headers=headers,
            raw_body=body,
            options=odata.read_options(query),
            segments=segments,
            keys=match.keys,
            request_id=request_id,
            log_entry=log_entry,
        )
        answer: Answer = match.handler(call)
        if call.preferences.applied:
            tracked = answer.headers.get("Preference-Applied")
            applied = [tracked] if tracked else []
            answer.headers["Preference-Applied"] = ", ".join([*applied, *call.preferences.applied])
        return answer


def _check_cloud(host: str, caller: Caller, segments: list[str]) -> None:
    """Tokens are for one cloud, and not every cloud has everything (Graph docs: deployments)."""
    cloud = cloud_of(host)
    if cloud is None:
        return
    own = {f"https://{name}" for name in cloud.graph_hosts}
    if caller.audience.startswith("https://") and caller.audience.rstrip("/") not in own:
        raise GraphError(
            401,
            "InvalidAuthenticationToken",
            "Access token validation failure. Invalid audience.",
            {"WWW-Authenticate": f'Bearer realm="", authorization_uri="{cloud.login_url}/common"'},
        )
    for segment in segments[:5]:
        if segment.lower() in cloud.lacks:
            raise no_such_segment(segment)


def _base_url(scope: Scope, headers: Mapping[str, str]) -> str:
    """Scheme and host of absolute links: the host the client believes it speaks to."""
    host = headers.get("host", "graph.microsoft.com")
    return (
        f"https://{host}"
        if cloud_of(host) is not None
        else f"{scope.get('scheme', 'http')}://{host}"
    )
