"""Organisations behind HTTP on this machine: token endpoint, sessions, faults, and ``Rest``."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import jwt
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.salesforce.errors import RefusedError
from tests.support.salesforce.org import Organisation
from tests.support.salesforce.rest import Call, Reply, Rest

CLIENT_SECRET = "consumer-secret"
USERNAME = "sync@firm.example"
_ALL = ["GET", "POST", "PATCH", "DELETE"]
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass
class Served:
    """One organisation at an address of its own, and what it was asked."""

    org: Organisation
    rest: Rest
    client_id: str
    """The consumer key by which the token endpoint knows which organisation is meant."""
    url: str
    public_key: str | None = None
    """The certificate of the JWT bearer flow."""
    instance_url: str | None = None
    """What the token endpoint says instead of its own address."""
    sign_ins: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[int, Any]] = field(default_factory=list)
    """Statuses and bodies of the next answers, whatever is asked; the last of them repeats while
    :attr:`keeps_failing`."""
    keeps_failing: bool = False
    loses_answers: bool = False
    """Whether writing is done and answered with a failure."""
    sessions: set[str] = field(default_factory=set)

    def refuse(self, status: int, code: str, message: str = "", *, times: int | None = 1) -> None:
        """Refuse the next calls; ``times=None``: until :meth:`relent`."""
        self.faults += [(status, RefusedError(status, code, message).body)] * (times or 1)
        self.keeps_failing = times is None

    def relent(self) -> None:
        self.faults.clear()
        self.keeps_failing = False

    def expire_sessions(self) -> None:
        """Session Timeout: every token there is is worth nothing any more."""
        self.sessions.clear()


class StandIn:
    """Several organisations at one address, told apart by their app and by their sessions."""

    def __init__(self) -> None:
        self._served: dict[str, Served] = {}
        self._sessions: dict[str, Served] = {}
        self._numbers = itertools.count(1)
        self.url = ""
        self.app = Starlette(
            routes=[
                Route("/services/oauth2/token", self._token, methods=["POST"]),
                Route("/{path:path}", self._data, methods=_ALL),
            ]
        )

    def add(self, org: Organisation) -> Served:
        served = Served(org, Rest(org), f"3MVG9-{next(self._numbers)}", self.url)
        self._served[served.client_id] = served
        return served

    async def _token(self, request: Request) -> Response:
        """OAuth 2.0 Client Credentials Flow, OAuth 2.0 JWT Bearer Flow (Salesforce Help)."""
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}
        client_id, secret = _credentials(form, request.headers.get("authorization", ""))
        served = self._served.get(client_id)
        error = "invalid_client_id" if served is None else _grant_error(served, form, secret)
        if served is None or error is not None:
            return JSONResponse({"error": error, "error_description": error}, 400)
        served.sign_ins += 1
        token = f"00D5g!token{next(self._numbers)}"
        served.sessions.add(token)
        self._sessions[token] = served
        return JSONResponse(
            {
                "access_token": token,
                "signature": "c2lnbmF0dXJl",
                "scope": "api",
                "instance_url": served.instance_url or served.url,
                "id": f"https://login.salesforce.com/id/00D5g0000000001EAA/{served.org.user_id}",
                "token_type": "Bearer",
                "issued_at": "1700000000000",
            }
        )

    async def _data(self, request: Request) -> Response:
        raw = await request.body()
        address = "/" + request.path_params["path"]
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        served = self._sessions.get(token)
        if served is not None:
            served.asked.append((request.method, address))
        if served is None or token not in served.sessions:
            # Status Codes and Error Responses, 401.
            expired = RefusedError(401, "INVALID_SESSION_ID", "Session expired or invalid")
            return _answered(Reply(expired.status, expired.body))
        if served.faults:
            keeps = served.keeps_failing and len(served.faults) == 1
            status, body = served.faults[0] if keeps else served.faults.pop(0)
            return _answered(Reply(status, body))
        query = request.scope["query_string"].decode()
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            parse_error = RefusedError(400, "JSON_PARSER_ERROR", "Unexpected character")
            return _answered(Reply(parse_error.status, parse_error.body))
        path = f"{address}?{query}" if query else address
        reply = served.rest.answer(Call(request.method, path, body, request.headers))
        if served.loses_answers and _writes(request.method, body):
            return _answered(Reply(502, "<html><h1>Bad Gateway</h1></html>"))
        return _answered(reply)


def _credentials(form: dict[str, str], authorization: str) -> tuple[str, str]:
    """In the form, in a Basic header, or in the assertion (its issuer)."""
    if authorization.startswith("Basic "):
        plain = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        client_id, _, secret = plain.partition(":")
        return client_id, secret
    if "assertion" not in form:
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        claims = jwt.decode(form["assertion"], options={"verify_signature": False})
    except jwt.PyJWTError:
        return "", ""
    return str(claims.get("iss")), ""


def _grant_error(served: Served, form: dict[str, str], secret: str) -> str | None:
    grant = form.get("grant_type")
    if grant == "client_credentials":
        return None if secret == CLIENT_SECRET else "invalid_client"
    if grant != _JWT_BEARER:
        return "unsupported_grant_type"
    try:
        claims = jwt.decode(
            form["assertion"],
            served.public_key or "",
            algorithms=["RS256"],
            audience="https://login.salesforce.com",
            options={"verify_exp": False},
        )
    except (jwt.PyJWTError, ValueError, KeyError):
        return "invalid_grant"
    # An assertion is good for three minutes at most.
    left = int(claims["exp"]) - served.org.clock().timestamp()
    return None if claims["sub"] == USERNAME and 0 < left <= 300 else "invalid_grant"


def _writes(method: str, body: Any) -> bool:
    """A composite call of nothing but GETs reads."""
    if isinstance(body, dict) and "compositeRequest" in body:
        return any(step["method"] != "GET" for step in body["compositeRequest"])
    return method != "GET"


def _answered(reply: Reply) -> Response:
    headers = {"Sforce-Limit-Info": "api-usage=1000/100000"}
    if reply.body is None:
        return Response(None, reply.status, headers)
    if isinstance(reply.body, str):
        return Response(reply.body, reply.status, headers, media_type="text/html")
    return JSONResponse(reply.body, reply.status, headers)


@contextmanager
def served_salesforce() -> Iterator[StandIn]:
    """A stand-in on a free port, in a thread."""
    stand_in = StandIn()
    config = uvicorn.Config(
        stand_in.app, port=0, log_level="error", lifespan="off", http="httptools"
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    stand_in.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield stand_in
    finally:
        server.should_exit = True
        thread.join(10)
