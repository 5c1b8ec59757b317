"""The only caller of requests: total deadline, size cap, one log line per call, our own errors.

Repeats a call only as often as the caller allows; decides nothing about Graph, Entra or the CRM.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import requests
import structlog
from urllib3.exceptions import HTTPError

from backend.adapters.answers import Answer
from backend.adapters.transport import Budget, deadline
from backend.domain.breaker import NO_TIME_LEFT
from backend.domain.errors import RemoteError, RemoteRejectedError, TransientRemoteError
from backend.domain.ports import Clock

_log = structlog.get_logger(__name__)

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Call:
    """One request as it will be sent."""

    method: str
    url: str
    system: str
    path: str
    params: Mapping[str, str | Sequence[str]] | None
    headers: Mapping[str, str]
    body: Any


class Http:
    """Sends one request and reads the whole answer, inside a total time and a total size."""

    def __init__(
        self,
        session: requests.Session,
        *,
        clock: Clock,
        timeout: float = 10.0,
        connect_timeout: float = 3.0,
        max_bytes: int = 16 * 1024 * 1024,
        on_answer: Callable[[Answer], None] = lambda _answer: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``timeout``: seconds one call may take in all; ``max_bytes``: of the decoded body;
        ``on_answer`` is shown every answer and must not raise.
        """
        self._session = session
        self._clock = clock
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._max_bytes = max_bytes
        self._on_answer = on_answer
        self._monotonic = monotonic

    def budget(self, seconds: float) -> Budget:
        """A budget that runs from now on."""
        return Budget(seconds, self._monotonic)

    def request(
        self,
        method: str,
        url: str,
        *,
        system: str,
        path: str,
        params: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        data: Mapping[str, str | bytes | int] | bytes | None = None,
        timeout: float | None = None,
        budget: Budget | None = None,
        retries: int = 0,
    ) -> Answer:
        """One call; any status is an answer, redirects are not followed.

        ``path`` is the address as the log may show it, ids replaced by names. ``retries``: how
        often a connection that broke is tried again at once, for calls that may be repeated,
        within the same time.

        Raises: TransientRemoteError when there is no complete answer in time; RemoteRejectedError
        when the request cannot be sent or the answer is too large.
        """
        seconds = self._timeout if timeout is None else timeout
        whole = self.budget(seconds) if budget is None else budget.at_most(seconds)
        sent_headers = dict(headers or {})
        body: object = data
        if json is not None:
            body = _encoded(json, system)
            sent_headers["Content-Type"] = "application/json"
        call = _Call(method, url, system, path, params, sent_headers, body)
        for _ in range(retries):
            try:
                return self._once(call, whole)
            except _BrokenConnectionError:
                continue
        return self._once(call, whole)

    def _once(self, call: _Call, budget: Budget) -> Answer:
        started = self._monotonic()
        answer: Answer | None = None
        failure: str | None = None
        try:
            answer = self._send(call, budget)
            return answer
        except RemoteError as error:
            failure = type(error.__cause__ or error).__name__
            raise
        finally:
            _log.info(
                "remote call",
                system=call.system,
                method=call.method,
                path=call.path,
                status=answer.status if answer else None,
                failure=failure,
                ms=round((self._monotonic() - started) * 1000, 1),
                request_id=answer.request_id if answer else None,
                client_request_id=call.headers.get("client-request-id"),
            )

    def _send(self, call: _Call, budget: Budget) -> Answer:
        system = call.system
        seconds = budget.remaining
        if seconds <= 0:
            raise TransientRemoteError(
                f"{system}: no time left for this call", system=system, remote_code=NO_TIME_LEFT
            )
        try:
            with (
                deadline(budget),
                self._session.request(
                    call.method,
                    call.url,
                    params=call.params,
                    headers=call.headers,
                    data=call.body,
                    timeout=(min(self._connect_timeout, seconds), seconds),
                    stream=True,
                    allow_redirects=False,
                ) as response,
            ):
                content = self._read(response, system, budget)
        except (requests.Timeout, TimeoutError) as error:
            raise TransientRemoteError(f"{system}: no answer in time", system=system) from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            # A time-out while the body is read surfaces as a ConnectionError.
            if budget.remaining <= 0:
                raise TransientRemoteError(f"{system}: no answer in time", system=system) from error
            raise _BrokenConnectionError(
                f"{system}: the connection broke", system=system
            ) from error
        except requests.RequestException as error:
            # requests marks what is wrong with the request itself as a ValueError too.
            kind = RemoteRejectedError if isinstance(error, ValueError) else TransientRemoteError
            raise kind(f"{system}: the call failed", system=system) from error
        except UnicodeError as error:
            raise RemoteRejectedError(
                f"{system}: the request cannot be sent", system=system
            ) from error
        except (HTTPError, OSError) as error:
            raise _BrokenConnectionError(
                f"{system}: the connection broke", system=system
            ) from error
        answer = Answer(system, response.status_code, response.headers, content, self._clock())
        self._on_answer(answer)
        return answer

    def _read(self, response: requests.Response, system: str, budget: Budget) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > self._max_bytes:
                raise RemoteRejectedError(
                    f"{system}: the answer is larger than {self._max_bytes} bytes",
                    system=system,
                    status=response.status_code,
                    remote_code="answer_too_large",
                )
            if budget.remaining <= 0:
                raise TimeoutError("the answer took too long")
            chunks.append(chunk)
        return b"".join(chunks)


def _encoded(json: object, system: str) -> bytes:
    try:
        return orjson.dumps(json)
    except orjson.JSONEncodeError as error:  # half a surrogate pair in a string, say
        raise RemoteRejectedError(f"{system}: the request cannot be sent", system=system) from error


class _BrokenConnectionError(TransientRemoteError):
    """No complete answer, but not for want of time: a repeatable call may be sent again at once."""
