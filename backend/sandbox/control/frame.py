"""The outermost layer: request ids, request log, faults. Knows no route."""

import asyncio
import re
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.sandbox.clock import SandboxClock
from backend.sandbox.control.faults import Faults
from backend.sandbox.control.injury import (
    Exchanged,
    Refusal,
    graph_refusal,
    hurt,
    refusal,
    swallow,
)
from backend.sandbox.control.request_log import LogEntry, RequestLog
from backend.sandbox.directory import Directory, Person
from backend.sandbox.graph.caller import Caller
from backend.sandbox.graph.errors import GraphError
from backend.sandbox.graph.throttling import Throttle, is_for_outlook
from backend.sandbox.personality import Personality

GRAPH_PREFIX = re.compile(r"/(v1\.0|beta)(?=/|$)", re.IGNORECASE)
LOGIN_PATH = re.compile(
    r"/[^/]+/(oauth2|discovery|v2\.0|\.well-known|adminconsent|reprocess)(/|$)", re.IGNORECASE
)
MAILBOX_OF_PATH = re.compile(r"/users(?:/([^/]+)|\('([^']*)'\))", re.IGNORECASE)
ME_PATH = re.compile(r"/me(?:/|\?|$)", re.IGNORECASE)
UNLOGGED = frozenset({"/_sandbox/changes", "/_sandbox/requests"})
"""Watching must not fill the log that is watched."""


class FrameWorld(Protocol):
    """What the frame needs of the sandbox."""

    @property
    def clock(self) -> SandboxClock: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def request_log(self) -> RequestLog: ...
    @property
    def throttle(self) -> Throttle: ...
    @property
    def personality(self) -> Personality: ...
    @property
    def graph_caller(self) -> Callable[[str | None], Caller]: ...


def host_of(path: str) -> str | None:
    """Which of Microsoft's hosts the path belongs to, `control`, or None for pages."""
    if GRAPH_PREFIX.match(path):
        return "graph"
    if path.startswith("/_sandbox"):
        return "control"
    return "login" if LOGIN_PATH.match(path) else None


@lru_cache(maxsize=64)
def _date_of_second(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


class Frame:
    """ASGI middleware that sits directly on the server."""

    def __init__(self, app: ASGIApp, world: FrameWorld) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Kiota's base address ends with a slash, so real clients send "/v1.0//me"; Graph copes.
        while "//" in scope["path"]:
            scope["path"] = scope["path"].replace("//", "/")
        entry = self._new_entry(scope)
        state = scope.setdefault("state", {})
        state["log_entry"] = entry
        state["request_id"] = entry.request_id
        state["client_request_id"] = entry.client_request_id

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                self._add_headers(message, entry)
            await send(message)

        try:
            await self._serve(scope, receive, send, send_noted, entry)
        finally:
            if entry.host and scope["path"] not in UNLOGGED:
                self._world.request_log.add(entry)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, send_noted: Send, entry: LogEntry
    ) -> None:
        if entry.host not in ("graph", "login"):
            await self._app(scope, receive, send_noted)
            return
        caller = self._caller(scope) if entry.host == "graph" else None
        owner = None if caller is None else self._note_caller(caller, scope["path"], entry)
        is_outlooks = owner is not None and is_for_outlook(scope["path"])
        with ExitStack() as held:
            try:
                if caller is not None:
                    self._admit(caller, scope)
                if owner is not None and is_outlooks:
                    held.enter_context(self._world.throttle.slot(entry.app or "", owner.id))
            except GraphError as refused:
                answer = graph_refusal(refused, entry, self._world.clock())
                await self._refuse(answer, send_noted)
                return
            if is_outlooks and self._world.personality.outlook_latency:
                await asyncio.sleep(self._world.personality.outlook_latency)
            exchanged = Exchanged(scope, receive, send_noted, send)
            await self._serve_or_hurt(exchanged, entry, owner)

    async def _serve_or_hurt(
        self, exchanged: Exchanged, entry: LogEntry, owner: Person | None
    ) -> None:
        faults, scope = self._world.faults, exchanged.scope
        fault = None
        if not faults.is_quiet:
            is_graph = entry.host == "graph"
            path = GRAPH_PREFIX.sub("", entry.path, count=1) if is_graph else entry.path
            fault = faults.strike(scope["method"], path, owner)
        if fault is None:
            await self._app(scope, exchanged.receive, exchanged.send)
        elif fault.kind == "status":
            if fault.applied:
                await self._app(scope, exchanged.receive, swallow)
            await self._refuse(refusal(fault, entry, self._world.clock()), exchanged.send)
        elif fault.kind != "delay" and scope["state"].get("is_batch_item"):
            # An item has no connection of its own: Graph says that Outlook did not answer it.
            if fault.applied:
                await self._app(scope, exchanged.receive, swallow)
            lost = GraphError(504, "UnknownError", "")
            answer = graph_refusal(lost, entry, self._world.clock())
            await self._refuse(answer, exchanged.send)
        else:
            await hurt(fault, self._app, exchanged, faults.cleared)

    def _new_entry(self, scope: Scope) -> LogEntry:
        path = scope["path"]
        query = unquote(scope["query_string"].decode("latin-1"))
        request_id = str(uuid.uuid4())
        sent = next(
            (value for name, value in scope["headers"] if name == b"client-request-id"), None
        )
        return LogEntry(
            at=self._world.clock(),
            host=host_of(path) or "",
            method=scope["method"],
            path=f"{path}?{query}" if query else path,
            request_id=request_id,
            client_request_id=sent.decode("latin-1")[:100] if sent else request_id,
        )

    def _admit(self, caller: Caller, scope: Scope) -> None:
        """Count the request where it is limited but in a mailbox; raises GraphError 429."""
        self._world.throttle.admit_subscription_call(
            caller.client_id, caller.tenant_id, scope["method"], scope["path"]
        )

    def _caller(self, scope: Scope) -> Caller | None:
        """Who the token names; None for one that Graph will refuse."""
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        try:
            return self._world.graph_caller(header.decode("latin-1"))
        except GraphError:
            return None

    def _note_caller(self, caller: Caller, path: str, entry: LogEntry) -> Person | None:
        """Fill the log line from the token, and answer whose mailbox is asked for."""
        entry.app = caller.client_id
        entry.user = caller.user.address if caller.user else None
        owner = self._owner(caller, path)
        entry.mailbox = owner.address if owner else None
        return owner

    def _owner(self, caller: Caller, path: str) -> Person | None:
        named = MAILBOX_OF_PATH.search(path)
        if named:
            key = unquote(named.group(1) or named.group(2) or "")
            return self._world.directory.person(caller.tenant_id, key)
        return caller.user

    def _add_headers(self, message: Message, entry: LogEntry) -> None:
        headers = list(message.get("headers", []))
        present = {name.lower() for name, _ in headers}
        # The sandbox's own time, so that a skewed clock shows where Microsoft's would.
        own = [(b"date", _date_of_second(int(self._world.clock().timestamp())))]
        if entry.host == "graph":
            own += [
                (b"request-id", entry.request_id.encode()),
                (b"client-request-id", entry.client_request_id.encode("latin-1")),
            ]
        elif entry.host == "login":
            own += [
                (b"x-ms-request-id", entry.request_id.encode()),
                (b"client-request-id", entry.client_request_id.encode("latin-1")),
            ]
        headers += [pair for pair in own if pair[0] not in present]
        message["headers"] = headers

    async def _refuse(self, answer: Refusal, send: Send) -> None:
        status, headers, body = answer
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        raw.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})
