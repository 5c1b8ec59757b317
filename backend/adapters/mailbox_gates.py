"""Lets at most a few calls of this process into one mailbox at a time; Graph refuses the fifth."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from backend.domain.errors import TransientRemoteError


@dataclass(slots=True)
class _Gate:
    places: threading.BoundedSemaphore
    users: int = 0


class MailboxGates:
    """One gate per mailbox; a gate nobody uses is forgotten."""

    def __init__(self, limit: int = 2) -> None:
        """``limit``: calls at a time. Graph allows four per app and mailbox in all."""
        self._limit = limit
        self._lock = threading.Lock()
        self._gates: dict[Hashable, _Gate] = {}

    @contextmanager
    def enter(self, mailbox: Hashable, seconds: float) -> Iterator[None]:
        """Wait at most ``seconds`` for a place and hold it for the block.

        Raises: TransientRemoteError when no place came free in time.
        """
        gate = self._join(mailbox)
        try:
            if not gate.places.acquire(timeout=seconds):
                raise TransientRemoteError(
                    "graph: too many calls to this mailbox", system="graph", remote_code="busy_here"
                )
            try:
                yield
            finally:
                gate.places.release()
        finally:
            self._leave(mailbox, gate)

    def _join(self, mailbox: Hashable) -> _Gate:
        with self._lock:
            gate = self._gates.get(mailbox)
            if gate is None:
                gate = self._gates[mailbox] = _Gate(threading.BoundedSemaphore(self._limit))
            gate.users += 1
            return gate

    def _leave(self, mailbox: Hashable, gate: _Gate) -> None:
        with self._lock:
            gate.users -= 1
            if gate.users == 0:
                del self._gates[mailbox]
