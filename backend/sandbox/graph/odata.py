"""OData query options: which were sent, and what they do to a list of JSON objects.

Option names are case-insensitive and `%24select` equals `$select` (Graph docs: query parameters).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from backend.sandbox.exchange.model import Json
from backend.sandbox.graph import odata_filter
from backend.sandbox.graph.errors import bad_query

MAX_QUERY_LENGTH = 16_384
_KNOWN = frozenset(
    (
        "$select",
        "$top",
        "$skip",
        "$filter",
        "$orderby",
        "$expand",
        "$count",
        "$search",
        "$skiptoken",
        "$deltatoken",
        "$format",
    )
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one request; `raw` has them all by lower-case name."""

    raw: dict[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False

    @property
    def filter(self) -> str | None:
        """The $filter expression."""
        return self.raw.get("$filter") or None

    @property
    def orderby(self) -> str | None:
        """The $orderby expression."""
        return self.raw.get("$orderby") or None

    @property
    def expand(self) -> str | None:
        """The $expand expression."""
        return self.raw.get("$expand") or None


@lru_cache(maxsize=4096)
def read_options(query: str) -> Options:
    """The options in a query string; raises GraphError 400 `ErrorInvalidUrlQuery`."""
    if not query:
        return Options()
    if len(query) > MAX_QUERY_LENGTH:
        raise bad_query("The query string is too long.")
    raw: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        lowered = name.strip().lower()
        if lowered.startswith("$") and lowered not in _KNOWN:
            raise bad_query(f"The query parameter '{name[:100]}' is not supported.")
        if lowered in raw and lowered.startswith("$"):
            raise bad_query(f"Query option '{name[:100]}' was specified more than once.")
        raw[lowered] = value
    return Options(
        raw=raw,
        select=_names(raw.get("$select", "")),
        top=_number(raw, "$top"),
        skip=_number(raw, "$skip") or 0,
        count=_flag(raw.get("$count")),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _number(raw: dict[str, str], name: str) -> int | None:
    text = raw.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise bad_query(f"Invalid value '{text[:100]}' for {name} query option found.")
    return int(text)


def _flag(text: str | None) -> bool:
    if text is None:
        return False
    if text.lower() not in ("true", "false"):
        raise bad_query(f"Invalid value '{text[:100]}' for $count query option found.")
    return text.lower() == "true"


def filtered(rows: Iterable[Json], expression: str | None) -> list[Json]:
    """The rows for which the expression holds; raises GraphError 400 if it cannot be read."""
    if expression is None:
        return list(rows)
    matches = odata_filter.compiled(expression)
    return [row for row in rows if matches(row)]


def ordered(rows: list[Json], expression: str | None) -> list[Json]:
    """The rows in the wanted order, nulls first; raises GraphError 400 if it cannot be read."""
    if expression is None:
        return rows
    for term in reversed(expression.split(",")):
        words = term.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
            raise bad_query(f"The $orderby expression '{expression[:200]}' is not valid.")
        path = words[0].split("/")
        rows = sorted(rows, key=lambda row: _sort_key(row, path), reverse=words[-1] == "desc")
    return rows


def _sort_key(row: Json, path: list[str]) -> tuple[bool, str]:
    value: Any = row
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return (value is not None, str(value).casefold())
