"""Pages by key: a cursor names the last row seen, so a growing list skips and repeats nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from backend.crm.problems import invalid
from backend.crm.text import is_storable

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page; ``next`` asks for the following one, ``None`` at the end."""

    items: Sequence[Item]
    next: str | None


def cursor(sort_value: str | datetime, row_id: str) -> str:
    """An opaque text for the row with this sort value and id."""
    value = sort_value.isoformat() if isinstance(sort_value, datetime) else sort_value
    packed = json.dumps([value, row_id]).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def name_and_id(text: str | None) -> tuple[str, str] | None:
    """What a cursor of a list by name says; raises CrmError 422 for anything we did not make."""
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        value, row_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise _bad_cursor() from None
    if not (isinstance(value, str) and isinstance(row_id, str) and is_storable(value + row_id)):
        raise _bad_cursor()
    return value, row_id


def moment_and_id(text: str | None) -> tuple[datetime, str] | None:
    """What a cursor of a list by time says; raises CrmError 422 for anything we did not make."""
    pair = name_and_id(text)
    if pair is None:
        return None
    try:
        moment = datetime.fromisoformat(pair[0])
        if moment.utcoffset() is None or moment.utcoffset():
            raise _bad_cursor()
    except ValueError:
        raise _bad_cursor() from None
    return moment, pair[1]


def _bad_cursor() -> Exception:
    return invalid("cursor", "This cursor is not one of ours.")
