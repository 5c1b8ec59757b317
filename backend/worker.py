"""The worker: wakes up when somebody rings and once a minute, and works off what the rows say.

A process of its own, never inside the web process: its threads would slow down every page (A9).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import structlog
from huey import Huey

from backend.bell import SWEEP, add_tasks
from backend.timekeeping import attempt, repeated

_log = structlog.get_logger(__name__)

SHUTDOWN_SECONDS = 25
"""Between the wish to stop and the end of what is running; below the usual 30 of supervisors."""

SIGN_OF_LIFE_SECONDS = 20.0
"""A worker is believed dead after several times that (``db/leases.py``)."""

LONGEST_NAP = 0.5
"""Between two looks into a SQLite queue; Huey's own 10 s would make people wait."""


class Work(Protocol):
    """What there is to do, as the services know it."""

    def drain_links(self) -> object:
        """Work off the links that are due."""
        ...

    def drain_mailboxes(self) -> object:
        """Look into the mailboxes that are due."""
        ...

    def show_alive(self) -> object:
        """A sign of life, the first one before any work."""
        ...

    def say_goodbye(self) -> object:
        """The last one."""
        ...

    def sweep(self) -> object:
        """Ring for whatever is due; once a minute, by whichever worker comes first (A21)."""
        ...


def make_consumer(
    huey: Huey, make_work: Callable[[Callable[[], bool]], Work], *, threads: int
) -> tuple[Any, Work]:
    """A Huey consumer that ends gracefully on SIGTERM, and the work it does.

    ``make_work`` is given a question to ask between two pieces: whether it is time to stop.
    """
    consumer = huey.create_consumer(
        workers=threads,
        max_delay=LONGEST_NAP,
        graceful_signal="TERM",
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    work = make_work(consumer.stop_flag.is_set)

    def logged(kind: str, task: Callable[[], object]) -> Callable[[], None]:
        def do() -> None:
            try:
                task()
            except Exception:
                # The rows still say what is due; the next ring or sweep comes back to it.
                _log.exception("work_failed", kind=kind)

        return do

    todo = {
        "drain_links": work.drain_links,
        "drain_mailboxes": work.drain_mailboxes,
        SWEEP: work.sweep,
    }
    add_tasks(huey, {kind: logged(kind, task) for kind, task in todo.items()})
    return consumer, work


def run(
    huey: Huey,
    make_work: Callable[[Callable[[], bool]], Work],
    *,
    threads: int,
    ready_file: Path | None = None,
) -> None:
    """Work until SIGTERM or Ctrl-C. ``ready_file`` is made once somebody listens.

    Must run in the main thread: only there Python lets signals be taken.
    """
    consumer, work = make_consumer(huey, make_work, threads=threads)
    _stop_on_break(consumer.stop)

    def ready() -> None:
        _log.info("worker_ready")
        if ready_file is not None:
            ready_file.touch()

    huey.on_startup("ready")(ready)
    # A database that is down may come up later: the next sign of life is the first one then.
    attempt(work.show_alive)
    with repeated(SIGN_OF_LIFE_SECONDS, work.show_alive):
        # Huey's scheduler sweeps at once, so what came due while nobody worked is found.
        consumer.run()
    attempt(work.say_goodbye)
    _log.info("worker_stopped")


def _stop_on_break(stop: Callable[..., None]) -> None:
    """Windows has no SIGTERM between processes: supervisors send Ctrl-Break."""
    on_break = getattr(signal, "SIGBREAK", None)
    if on_break is None:
        return

    def stop_now(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=stop, kwargs={"graceful": True}).start()

    signal.signal(on_break, stop_now)
