"""Deterministic interleaving: each actor runs until its next remote call, then waits to be resumed.

Between two gates of the fake sides no transaction is open, so all actors can share one thread and
one database. An actor can be killed at any gate: like a process, it leaves its lease behind.
"""

from __future__ import annotations

from collections.abc import Callable

from greenlet import getcurrent, greenlet


class KilledError(BaseException):
    """The process of the actor was killed."""


class Actor:
    """One request or one worker."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self.name = name
        self.at = "start"
        self.error: Exception | None = None
        self.result: object = None
        self.killed = False
        self._work = work
        self._greenlet = greenlet(self._run)

    @property
    def done(self) -> bool:
        return self._greenlet.dead

    def resume(self) -> None:
        """Run to the next gate, or to the end."""
        if not self.done:
            self.at = str(self._greenlet.switch())

    def run_to(self, gate: str) -> None:
        """Run until that gate; it must come."""
        while self.at != gate:
            assert not self.done, f"{self.name} ended before {gate}"
            self.resume()

    def finish(self) -> None:
        while not self.done:
            self.resume()

    def kill(self) -> None:
        """As ``kill -9``: nothing is stored, nothing is given back."""
        if not self.done:
            self.killed = True
            self._greenlet.throw(KilledError)

    def _run(self) -> str:
        try:
            self.result = self._work()
        except KilledError:
            pass
        except Exception as error:
            self.error = error
        return "end"


def gate(name: str) -> None:
    """The gate to hang on both fake sides; outside of actors it is always open."""
    current = getcurrent()
    if current.parent is not None:
        current.parent.switch(name)
