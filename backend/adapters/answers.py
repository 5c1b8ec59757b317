"""What came back from a remote call, and which error of the domain a status means.

Sends nothing; the rules of one particular service (Graph, Entra) are not here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)

_LONGEST_WAIT = 86_400.0
_SENTENCES: Mapping[type[RemoteError], str] = {
    TransientRemoteError: "the service is busy or down at the moment",
    RemoteAccessError: "access was denied",
    RemoteNotFoundError: "the service does not know this resource",
    RemoteConflictError: "it changed in the meantime",
    RemoteRejectedError: "the service refused the request",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said, whole. ``headers`` are looked up without regard to case."""

    system: str
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    received_at: datetime

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str | None:
        """The other side's own id of this call, for its support."""
        for name in ("request-id", "x-ms-request-id", "x-request-id"):
            if value := self.headers.get(name):
                return value[:100]
        return None

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, if the header says so in either of its two forms."""
        return parse_retry_after(self.headers.get("Retry-After"), self.received_at)

    def json(self) -> Any:
        """The decoded body.

        Raises: TransientRemoteError when it is not JSON, as with a proxy's page of apology.
        """
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise TransientRemoteError(
                f"{self.system}: the answer is not JSON",
                system=self.system,
                status=self.status,
                request_id=self.request_id,
            ) from error

    def error(self, kind: type[RemoteError] | None = None) -> RemoteError:
        """This answer as an error of the domain; ``kind`` overrules what the status says."""
        cls = kind or error_class(self.status)
        return cls(
            f"{self.system}: {_SENTENCES.get(cls, 'the call failed')} ({self.status})",
            system=self.system,
            status=self.status,
            remote_code=remote_code(self.content),
            request_id=self.request_id,
            retry_after=self.retry_after,
        )

    def raise_for_status(self) -> Answer:
        """Itself when it is a 2xx answer.

        Raises: the RemoteError that :func:`error_class` names, otherwise.
        """
        if not self.ok:
            raise self.error()
        return self


def error_class(status: int) -> type[RemoteError]:
    """What a status means to the caller, told by the number alone."""
    if status in (408, 425, 429) or status >= 500:
        return TransientRemoteError
    if status in (401, 403):
        return RemoteAccessError
    if status in (404, 410):
        return RemoteNotFoundError
    if status in (409, 412):
        return RemoteConflictError
    return RemoteRejectedError


def remote_code(content: bytes) -> str | None:
    """Their own code: Graph's ``error.code``, OAuth's ``error``, a problem's ``code``."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict):
        return None
    error = body.get("error", body.get("code"))
    code = error.get("code") if isinstance(error, dict) else error
    return code[:100] if isinstance(code, str) and code else None


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from a ``Retry-After`` header in either form, between 0 and one day."""
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text):
        return min(float(text), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now).total_seconds()), _LONGEST_WAIT)
