"""Graph paths: taken apart the way Graph does it, and matched to what answers them.

Tolerates `//`, `users('id')/events('id')`, `delta()` and any case of segment names; ids keep
theirs. An id with `/` in it falls apart here, as it does in Graph.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from backend.sandbox.graph.errors import GraphError, no_such_segment

MAX_PATH_LENGTH = 8_192
_KEY_IN_PARENTHESES = re.compile(r"([A-Za-z.]+)\((?:'((?:[^']|'')*)')?\)")
_NAMESPACE = "microsoft.graph."


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    handlers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """What answers a path, and the keys (ids) in it, in order."""

    handler: Any
    keys: list[str]


class PathTable:
    """Patterns like `users/*/events/*`, where `*` stands for a key."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, method: str, pattern: str, handler: Callable[..., Any]) -> None:
        """Let a handler answer a pattern."""
        node = self._root
        for name in pattern.lower().split("/"):
            node = node.children.setdefault(name, _Node())
        node.handlers[method] = handler

    def match(self, method: str, segments: list[str]) -> Match:
        """Who answers; raises GraphError 400 for an unknown segment, 405 for a wrong method."""
        node, keys = self._root, []
        for segment in segments:
            child = node.children.get(_name(segment)) if "*" not in segment else None
            if child is None:
                child = node.children.get("*")
                keys.append(segment)
            if child is None:
                raise no_such_segment(segment)
            node = child
        handler = node.handlers.get(method)
        if handler is None:
            if not node.handlers:
                raise no_such_segment(segments[-1] if segments else "")
            raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed.")
        return Match(handler, keys)


def segments_of(raw_path: bytes) -> list[str]:
    """The decoded segments of a path below `/v1.0`; raises GraphError 400 for an absurd one."""
    if len(raw_path) > MAX_PATH_LENGTH:
        raise GraphError(414, "UriTooLong", "The request URI is too long.")
    found: list[str] = []
    for part in raw_path.decode("latin-1").split("/"):
        if not part:
            continue
        text = unquote(part, errors="replace")
        in_parentheses = _KEY_IN_PARENTHESES.fullmatch(text)
        if in_parentheses is None:
            # An encoded slash is decoded before Graph looks at the segments.
            found.extend(piece for piece in text.split("/") if piece)
            continue
        found.append(in_parentheses[1])
        if in_parentheses[2] is not None:
            found.append(in_parentheses[2].replace("''", "'"))
    return found


def _name(segment: str) -> str:
    return segment.lower().removeprefix(_NAMESPACE)
