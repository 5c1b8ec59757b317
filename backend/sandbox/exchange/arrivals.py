"""What is on its way between mailboxes: invitations and updates that arrive later than sent.

Without the `invitation_lag` switch everything arrives at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.exchange.model import Clock

Act = Callable[[], None]
# A timer must not fire a moment before its time has come.
_MARGIN_SECONDS = 0.01


class Arrivals:
    """Deliveries in the order they were sent in; `settle` carries out those that are due.

    What has not arrived when the sandbox stops is lost.
    """

    def __init__(self, clock: Clock, lag_seconds: Callable[[], float]) -> None:
        self._clock = clock
        self._lag_seconds = lag_seconds
        self._waiting: deque[tuple[datetime, Act]] = deque()
        self._is_settling = False

    def __len__(self) -> int:
        return len(self._waiting)

    def send(self, act: Act, *, at_once: bool = False) -> None:
        """Let something happen in other mailboxes after the lag, or now if there is none."""
        lag = self._lag_seconds()
        if at_once or (not lag and not self._waiting):
            act()
            return
        due = self._clock() + timedelta(seconds=lag)
        if self._waiting:
            due = max(due, self._waiting[-1][0])
        self._waiting.append((due, act))
        # So that it arrives even if nobody looks, and whoever subscribed is told in time.
        with suppress(RuntimeError):
            asyncio.get_running_loop().call_later(lag + _MARGIN_SECONDS, self.settle)

    def settle(self) -> None:
        """Carry out everything that is due."""
        if self._is_settling:
            return
        self._is_settling = True
        try:
            while self._waiting and self._waiting[0][0] <= self._clock():
                _due, act = self._waiting.popleft()
                # What it was about may be gone meanwhile.
                with suppress(ExchangeError):
                    act()
        finally:
            self._is_settling = False

    def clear(self) -> None:
        """Nothing is on its way any more."""
        self._waiting.clear()
