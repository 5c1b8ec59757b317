"""Jobs that every process repeats for itself: to measure the clock, to say that it lives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

_log = structlog.get_logger(__name__)

MEASURE_SECONDS = 60.0
"""How often a process compares its clock with the database's (road rule A22)."""


@contextmanager
def repeated(seconds: float, job: Callable[[], object]) -> Iterator[None]:
    """``job`` every so many seconds, in a thread of its own, as long as the block lasts.

    A job that fails is logged and tried again next time.
    """
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(seconds):
            attempt(job)

    thread = threading.Thread(target=run, name="timekeeping", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(seconds)


def attempt(job: Callable[[], object]) -> None:
    """Do it; a failure is logged and nothing more."""
    try:
        job()
    except Exception as error:
        _log.warning("job_failed", job=getattr(job, "__name__", ""), error=type(error).__name__)
