"""Text on its way into the tables: what no database stores, and folding for search."""

from __future__ import annotations

import re

SORTED_CHARACTERS = 200
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """False for NUL, which PostgreSQL refuses, and lone surrogates, which UTF-8 cannot say."""
    return _UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """``text`` with every character no database can store replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def folded(*parts: str) -> str:
    """The parts as one text for case-insensitive search, the same on every database."""
    return "\n".join(part.casefold() for part in parts if part)


def sort_name(name: str) -> str:
    """What lists by name are sorted by; bounded, because folding may lengthen a name."""
    return name.casefold()[:SORTED_CHARACTERS]


def containing(query: str) -> str:
    """A LIKE pattern (escape character ``\\``) for folded text that contains ``query``."""
    escaped = re.sub(r"([\\%_])", r"\\\1", query.strip().casefold())
    return f"%{escaped}%"
