"""Ids and revisions the CRM hands out."""

from __future__ import annotations

import secrets
from datetime import datetime


def new_id(now: datetime) -> str:
    """An id of 32 hexadecimal digits that sorts by creation: milliseconds, then random bits."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def new_revision() -> str:
    """Random and never used twice, so an old revision can never match again (road rule A11)."""
    return secrets.token_hex(8)
