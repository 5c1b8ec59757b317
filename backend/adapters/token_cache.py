"""Access tokens kept in memory until they run out, one slot per identity; written nowhere."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backend.domain.errors import TransientRemoteError
from backend.domain.ports import Clock


@dataclass(frozen=True, slots=True)
class GraphToken:
    """A token for Graph, opaque to us. ``scopes``: what a user's token was granted, casefolded."""

    value: str = field(repr=False)
    expires_at: datetime
    scopes: frozenset[str] = frozenset()
    replace_at: datetime | None = None
    """When to ask for another one although this one still serves."""


@dataclass(slots=True)
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: GraphToken | None = None


class TokenCache:
    """The newest token of each key, at most ``capacity`` of them; the least recently used goes."""

    def __init__(
        self, clock: Clock, *, capacity: int, margin: timedelta = timedelta(seconds=120)
    ) -> None:
        """``margin``: how long before its end a token is replaced."""
        self._clock = clock
        self._capacity = capacity
        self._margin = margin
        self._lock = threading.Lock()
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()

    def get(self, key: Hashable, fetch: Callable[[], GraphToken]) -> GraphToken:
        """The token of ``key``, fetched when there is none or its end is near.

        One thread fetches, the others with the same key wait for it. Should the refresh fail for
        the moment while the old token still lives, the old one is answered.

        Raises: whatever ``fetch`` raises.
        """
        slot = self._slot(key)
        if (token := slot.token) is not None and self._is_fresh(token):
            return token
        with slot.lock:
            token = slot.token
            if token is not None and self._is_fresh(token):
                return token
            try:
                slot.token = fetch()
            except TransientRemoteError:
                if token is None or token.expires_at <= self._clock():
                    raise
                return token
            return slot.token

    def peek(self, key: Hashable) -> GraphToken | None:
        """The token that is remembered, whatever its age."""
        return self._slot(key).token

    def drop(self, key: Hashable, token: GraphToken) -> None:
        """Forget ``token``, unless a newer one has taken its place."""
        slot = self._slot(key)
        with slot.lock:
            if slot.token is token:
                slot.token = None

    def _is_fresh(self, token: GraphToken) -> bool:
        now = self._clock()
        if token.replace_at is not None and token.replace_at <= now:
            return False
        return token.expires_at - now > self._margin

    def _slot(self, key: Hashable) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._capacity:
                self._slots.popitem(last=False)
            return slot
