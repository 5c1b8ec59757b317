"""Waiting for another thread or process, for tests in which real time passes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], what: str = "it", *, seconds: float = 10) -> None:
    """Raises: AssertionError when ``what`` has not come about within so many seconds."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {what}"
        pause.wait(0.02)
