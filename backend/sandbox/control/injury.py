"""Carries faults out as true network behaviour: late, reset, silent, cut short or refused."""

import asyncio
import base64
import socket
import struct
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.sandbox.control.faults import Fault
from backend.sandbox.control.request_log import LogEntry
from backend.sandbox.entra.errors import EntraError, correlation_id_of
from backend.sandbox.graph.errors import GraphError

Refusal = tuple[int, dict[str, str], bytes]
"""Status, headers and body of an answer that no route gave."""

GRAPH_CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "ErrorItemNotFound",
    409: "ErrorIrresolvableConflict",
    410: "SyncStateNotFound",
    412: "ErrorIrresolvableConflict",
    429: "ApplicationThrottled",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "UnknownError",
}
GRAPH_MESSAGES = {
    429: "Application is over its MailboxConcurrency limit.",
    503: "The service is temporarily unavailable.",
    504: "",
}
ENTRA_NUMBERS = {
    "temporarily_unavailable": 90033,
    "interaction_required": 50079,
    "invalid_grant": 50013,
    "invalid_client": 7000215,
    "unauthorized_client": 700016,
    "invalid_scope": 70011,
    "consent_required": 65001,
}
DEFAULT_DELAY_SECONDS = 1.0
LINGER_NOT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
DEFAULT_CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One request on its connection; `send` notes the status, `wire` is the server's own send."""

    scope: Scope
    receive: Receive
    send: Send
    wire: Send

    @property
    def transport(self) -> Any:
        """The TCP connection below: the frame sits directly on uvicorn for this."""
        return self.wire.__self__.transport  # type: ignore[attr-defined]

    async def disconnected(self) -> None:
        """Wait until the server has noticed that the connection is gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


async def hurt(fault: Fault, app: ASGIApp, exchanged: Exchanged, cleared: asyncio.Event) -> None:
    """Serve the request the way the fault wants it; `cleared` ends waiting."""
    if fault.kind == "delay":
        seconds = DEFAULT_DELAY_SECONDS if fault.seconds is None else fault.seconds
        await _wait(seconds, cleared)
        await app(exchanged.scope, exchanged.receive, exchanged.send)
        return
    if fault.kind == "truncate":
        await _truncate(app, exchanged)
        return
    if fault.applied:
        await app(exchanged.scope, exchanged.receive, swallow)
    if fault.kind == "reset":
        await _reset(exchanged)
    elif fault.kind == "hang":
        await _hang(fault.seconds, exchanged, cleared)


async def swallow(message: Message) -> None:
    """An answer that nobody will see."""


def graph_refusal(refused: GraphError, entry: LogEntry, now: datetime) -> Refusal:
    """Status, headers and body of Graph's own refusal."""
    headers = {"content-type": "application/json; charset=utf-8"}
    headers |= {name.lower(): value for name, value in refused.headers.items()}
    body = _graph_body(refused.code, refused.message, entry, now)
    return refused.status, headers, orjson.dumps(body)


def refusal(fault: Fault, entry: LogEntry, now: datetime) -> Refusal:
    """Status, headers and body of a `status` fault, in the shape of the host asked."""
    headers = {"content-type": "application/json; charset=utf-8"}
    if fault.retry_after is not None:
        headers["retry-after"] = str(fault.retry_after)
    if entry.host == "login":
        return fault.status, headers, orjson.dumps(_entra_body(fault, entry, now))
    code = fault.error or GRAPH_CODES.get(fault.status, "UnknownError")
    if fault.status == 401:
        headers["www-authenticate"] = _challenge(fault)
    message = fault.message or GRAPH_MESSAGES.get(fault.status, "The request failed.")
    return fault.status, headers, orjson.dumps(_graph_body(code, message, entry, now))


def _graph_body(code: str, message: str, entry: LogEntry, now: datetime) -> dict[str, Any]:
    inner = {
        "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": entry.request_id,
        "client-request-id": entry.client_request_id,
    }
    return {"error": {"code": code, "message": message, "innerError": inner}}


def _entra_body(fault: Fault, entry: LogEntry, now: datetime) -> dict[str, Any]:
    word = fault.error or "temporarily_unavailable"
    number = ENTRA_NUMBERS.get(word, 90033)
    needs_interaction = word == "interaction_required"
    claims = (fault.claims or DEFAULT_CLAIMS) if needs_interaction else fault.claims
    if word == "consent_required":
        error = EntraError(number, "invalid_grant", suberror="consent_required")
    else:
        suberror = "basic_action" if needs_interaction else None
        error = EntraError(number, word, suberror=suberror, claims=claims)
    correlation = correlation_id_of(entry.client_request_id, entry.request_id)
    return error.body(now, entry.request_id, correlation)


def _challenge(fault: Fault) -> str:
    """WWW-Authenticate of Graph, with a claims challenge when asked for (Entra docs: CAE)."""
    parts = [
        'Bearer realm=""',
        'authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"',
    ]
    if fault.claims is not None or fault.error == "insufficient_claims":
        claims = base64.b64encode((fault.claims or DEFAULT_CLAIMS).encode()).decode()
        parts += ['error="insufficient_claims"', f'claims="{claims}"']
    return ", ".join(parts)


async def _wait(seconds: float, cleared: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(cleared.wait(), seconds)
    except TimeoutError:
        return


async def _hang(seconds: float | None, exchanged: Exchanged, cleared: asyncio.Event) -> None:
    """Say nothing until the caller goes, the time is over or the fault is taken back."""
    gone = asyncio.ensure_future(exchanged.disconnected())
    released = asyncio.ensure_future(cleared.wait())
    try:
        await asyncio.wait({gone, released}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not gone.done():
            exchanged.transport.abort()
            await gone
    finally:
        gone.cancel()
        released.cancel()


async def _reset(exchanged: Exchanged) -> None:
    """Close the connection with RST instead of FIN."""
    transport = exchanged.transport
    plug = transport.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    transport.abort()
    await exchanged.disconnected()


async def _truncate(app: ASGIApp, exchanged: Exchanged) -> None:
    """Promise the whole body, send half of it, close."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(exchanged.scope, exchanged.receive, keep)
    start, *parts = messages
    body = b"".join(part.get("body", b"") for part in parts)
    promised = max(len(body), 2)
    headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
    headers.append((b"content-length", str(promised).encode()))
    half = body[: promised // 2]
    await exchanged.send({**start, "headers": headers})
    await exchanged.send({"type": "http.response.body", "body": half, "more_body": True})
    exchanged.transport.close()
    await exchanged.disconnected()
