"""One Graph request while it is answered: caller, mailbox, options, preferences, body, links."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import orjson

from backend.sandbox.directory import Person
from backend.sandbox.exchange import zones
from backend.sandbox.exchange.model import Cause, Json
from backend.sandbox.graph.caller import Caller
from backend.sandbox.graph.errors import bad_body
from backend.sandbox.graph.odata import Options
from backend.sandbox.graph.world import GraphWorld

_PREFERENCE = re.compile(r'\s*([\w.-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;"]*)))?\s*(?:[,;]|$)')
_BAD_JSON = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is "
    "of valid JSON format."
)


@dataclass(frozen=True, slots=True)
class Preferences:
    """The Prefer header; `applied` is what Preference-Applied repeats."""

    time_zone: str = "UTC"
    text_body: bool = False
    immutable_ids: bool = False
    page_size: int | None = None
    applied: tuple[str, ...] = ()


@dataclass(slots=True)
class Answer:
    """What goes back; a body of None is empty.

    `awaited` gives the real answer when somebody else has to be asked first; it may raise
    GraphError.
    """

    status: int
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)
    awaited: Callable[[], Awaitable[Answer]] | None = None


@dataclass(slots=True)
class Call:
    """A request that passed the token check; `keys` are the ids of its path."""

    world: GraphWorld
    caller: Caller
    method: str
    base_url: str
    path: str
    query: str
    headers: Mapping[str, str]
    raw_body: bytes
    options: Options
    segments: list[str]
    keys: list[str]
    request_id: str
    log_entry: Any = None
    _preferences: Preferences | None = None

    def note_mailbox(self, owner: Person) -> None:
        """Tell the request log whose mailbox is asked for."""
        if self.log_entry is not None:
            self.log_entry.mailbox = owner.address

    @property
    def preferences(self) -> Preferences:
        """The Prefer header, read once; raises ExchangeError 400 for an unknown zone."""
        if self._preferences is None:
            self._preferences = read_preferences(self.headers.get("prefer", ""))
        return self._preferences

    @property
    def cause(self) -> Cause:
        """Who is to blame for what this request does."""
        user = self.caller.user
        return Cause(self.caller.client_id, user.id if user else None, self.request_id)

    def json_body(self, *, required: bool = True) -> Json:
        """The body as a JSON object; raises GraphError 400 `BadRequest`."""
        if not self.raw_body:
            if required:
                raise bad_body(_BAD_JSON)
            return {}
        try:
            body = orjson.loads(self.raw_body)
        except orjson.JSONDecodeError:
            raise bad_body(_BAD_JSON) from None
        if not isinstance(body, dict):
            raise bad_body(_BAD_JSON)
        return body

    def context(self, what: str) -> str:
        """The value of @odata.context."""
        return f"{self.base_url}/v1.0/$metadata#{what}"

    def next_link(self, position: int, option: str = "$skip") -> str:
        """The absolute address of the next page: this request from another position on."""
        kept = [f"{name}={quote(value)}" for name, value in _pairs(self.options)]
        return f"{self.base_url}{self.path}?{'&'.join([*kept, f'{option}={position}'])}"


def _pairs(options: Options) -> list[tuple[str, str]]:
    spelled = {"startdatetime": "startDateTime", "enddatetime": "endDateTime"}
    return [
        (spelled.get(name, name), value)
        for name, value in options.raw.items()
        if name not in ("$skip", "$skiptoken")
    ]


@lru_cache(maxsize=1024)
def read_preferences(header: str) -> Preferences:
    """Read a Prefer header (Graph docs: outlook.timezone, immutable ids).

    Unknown preferences are ignored, as HTTP wants it. Raises ExchangeError 400 for an unknown zone.
    """
    if not header:
        return Preferences()
    found: dict[str, str] = {}
    for match in _PREFERENCE.finditer(header):
        found.setdefault(match[1].lower(), match[2] if match[2] is not None else match[3] or "")
    applied: list[str] = []
    zone_name = found.get("outlook.timezone", "")
    if zone_name:
        zones.zone(zone_name)
        applied.append(f'outlook.timezone="{zone_name}"')
    body_type = found.get("outlook.body-content-type", "").lower()
    if body_type in ("text", "html"):
        applied.append(f'outlook.body-content-type="{body_type}"')
    page_size = found.get("odata.maxpagesize", "")
    size = int(page_size) if page_size.isascii() and page_size.isdigit() else 0
    if size:
        applied.append(f"odata.maxpagesize={size}")
    immutable = found.get("idtype", "").lower() == "immutableid"
    if immutable:
        applied.append('IdType="ImmutableId"')
    return Preferences(
        time_zone=zone_name or "UTC",
        text_body=body_type == "text",
        immutable_ids=immutable,
        page_size=size or None,
        applied=tuple(applied),
    )
