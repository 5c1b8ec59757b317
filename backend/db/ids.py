"""Ids that sort in the order in which they were made."""

from __future__ import annotations

import secrets
import threading
import time
import uuid

_SLOTS_PER_MS = 4096
_lock = threading.Lock()
_last = 0


def ordered_id() -> str:
    """A UUID of version 7 (RFC 9562): later ones of one process sort after earlier ones.

    So rows of one moment keep the order in which they were written; across processes the order is
    that of their clocks. The real clock: an id says nothing to anybody.
    """
    global _last  # noqa: PLW0603 - one sequence per process
    with _lock:
        _last = max(_last + 1, time.time_ns() * _SLOTS_PER_MS // 1_000_000)
        slot = _last
    milliseconds, fraction = divmod(slot, _SLOTS_PER_MS)
    bits = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=bits))
