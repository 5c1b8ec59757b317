"""A worker's name: the same after every start, and nobody else's on this machine (A24)."""

from __future__ import annotations

import hashlib
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

MOST_WORKERS = 256
"""On one machine, of one database."""

_LONGEST_HOST = 80


@dataclass(frozen=True, slots=True)
class WorkerName:
    """Held as long as the process lives: the system frees the lock of one that was killed."""

    name: str
    lock: BaseFileLock | None = None

    def release(self) -> None:
        """Let the next worker of this machine have it."""
        if self.lock is not None:
            self.lock.release()


def take_name(
    chosen: str | None, database_url: str, *, host: str | None = None, folder: Path | None = None
) -> WorkerName:
    """``chosen`` by the operator, or the machine's name and the first number nobody holds.

    A worker that is started again after a kill finds its old number free, and with it its leases.
    """
    if chosen is not None:
        return WorkerName(chosen)
    host = (host or socket.gethostname())[:_LONGEST_HOST]
    folder = folder or Path(tempfile.gettempdir())
    # Workers of another database on this machine count for themselves.
    deployment = hashlib.sha256(database_url.encode()).hexdigest()[:12]
    for number in range(1, MOST_WORKERS + 1):
        lock = FileLock(
            folder / f"calendar-sync-{deployment}-{number}.lock",
            timeout=0,
            thread_local=False,
            fallback_to_soft=False,
        )
        try:
            lock.acquire()
        except (Timeout, OSError):
            # Held by another worker, or made by another user of this machine.
            continue
        return WorkerName(f"{host}-{number}", lock)
    raise RuntimeError(f"more than {MOST_WORKERS} workers on one machine")
