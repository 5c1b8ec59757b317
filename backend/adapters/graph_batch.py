"""Several reads of one mailbox in one round trip (Graph docs: JSON batching)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from requests.structures import CaseInsensitiveDict

from backend.adapters.answers import Answer
from backend.adapters.graph_client import (
    PREFER_IMMUTABLE_IDS,
    GraphClient,
    filled,
    json_object,
)
from backend.domain.errors import TransientRemoteError
from backend.domain.ports import Mailbox


@dataclass(frozen=True, slots=True)
class Read:
    """A GET: path with names in braces, what fills them, and the query."""

    path: str
    ids: Mapping[str, str]
    params: Mapping[str, str]

    @property
    def url(self) -> str:
        """Relative to the service root, as a batch wants it."""
        return f"{filled(self.path, self.ids)}?{urlencode(self.params, quote_via=quote)}"


def read_together(client: GraphClient, mailbox: Mailbox, reads: Sequence[Read]) -> list[Answer]:
    """The answer to each read, in their order; any status is an answer.

    One waits for the other, so that a batch never takes more than one of the four places that a
    mailbox has for us. After one that failed the rest are answered 424: put first what must not
    fail.

    Raises: what a single call raises when the batch as a whole failed; TransientRemoteError when
    an answer is missing.
    """
    outer = client.call(
        "POST",
        "/$batch",
        mailbox=mailbox,
        json={"requests": [_request(number, read) for number, read in enumerate(reads)]},
        repeatable=True,
    )
    rows = json_object(outer).get("responses")
    found = {
        str(row.get("id")): row
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and type(row.get("status")) is int
    }
    if missing := [number for number in range(len(reads)) if str(number) not in found]:
        raise TransientRemoteError(
            f"graph: {len(missing)} answers of a batch are missing",
            system="graph",
            remote_code="incomplete_batch",
            request_id=outer.request_id,
        )
    return [_answer(outer, found[str(number)]) for number in range(len(reads))]


def _request(number: int, read: Read) -> dict[str, Any]:
    request: dict[str, Any] = {
        "id": str(number),
        "method": "GET",
        "url": read.url,
        "headers": {"Accept": "application/json", "Prefer": PREFER_IMMUTABLE_IDS},
    }
    return request | ({"dependsOn": [str(number - 1)]} if number else {})


def _answer(outer: Answer, row: Mapping[str, Any]) -> Answer:
    """An item as if it had been answered alone; without a request id of its own, the batch's."""
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    if outer.request_id is not None:
        headers["request-id"] = outer.request_id
    own = row.get("headers")
    for name, value in (own if isinstance(own, dict) else {}).items():
        headers[name] = str(value)
    content = orjson.dumps(row.get("body"))
    return Answer(outer.system, row["status"], headers, content, outer.received_at)
