"""The bell between web and worker: "there is work of this kind", kept in a Huey queue.

The work itself stands in our own rows (R6, road), so a ring may be lost, doubled or late without
harm; it must only never slow down or fail the request that rings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.serializer import SignedSerializer
from prometheus_client import Counter
from psycopg.errors import DuplicateTable, UniqueViolation
from sqlalchemy import URL, make_url

KINDS = ("drain_links", "drain_mailboxes")
"""Names of tasks. Never rename or remove one: a queue may still hold it (Huey loses what it does
not know, and pauses each time)."""

SWEEP = "sweep"

RINGING_SECONDS = 0.5
"""How long one ring may take before it is given up and counted."""

FAILED_RINGS = Counter("calendar_sync_failed_rings_total", "Rings that did not reach the queue")

_NAME = "calendar-sync"
_TABLES = 6
"""Tables and indexes that Huey makes in PostgreSQL when it opens an empty queue."""
_MOST_WAITING = 200
_log = structlog.get_logger(__name__)


def open_queue(url: str, key: bytes, *, seconds: float = 5.0, waits: bool = True) -> Huey:
    """The queue at ``url`` (``sqlite:``, ``postgresql:`` or ``redis:``).

    Messages are signed with ``key``: Huey reads them with pickle, and whoever could write into the
    queue would otherwise run code in the worker. ``seconds``: how long one operation may take;
    ``waits``: whether reading blocks until something comes (worker only).

    Raises: whatever the driver raises when the queue cannot be reached.
    """
    common: dict[str, Any] = {"results": False, "serializer": SignedSerializer(key.hex())}
    if url.startswith(("redis:", "rediss:", "unix:")):
        return RedisHuey(_NAME, connection_pool=_redis_pool(url, seconds), blocking=waits, **common)
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return SqliteHuey(_NAME, filename=str(address.database), timeout=seconds, **common)
    common |= {"blocking": waits}
    for _ in range(_TABLES):
        # Somebody else may be making the tables at this moment: CREATE TABLE IF NOT EXISTS is no
        # promise between sessions. What made it fail is there the next time.
        with suppress(DuplicateTable, UniqueViolation):
            return _postgres_queue(address, seconds, common)
    return _postgres_queue(address, seconds, common)


def _postgres_queue(address: URL, seconds: float, common: Mapping[str, Any]) -> Huey:
    plain = address.set(drivername="postgresql").difference_update_query(["options"])
    given = address.query.get("options", "")
    milliseconds = int(seconds * 1000)
    return PostgresHuey(
        _NAME,
        dsn=plain.render_as_string(hide_password=False),
        table_prefix="queue",
        connect_timeout=max(2, int(seconds)),
        options=f"-c lock_timeout={milliseconds} -c statement_timeout={milliseconds} {given}",
        **common,
    )


def _redis_pool(url: str, seconds: float) -> Any:
    from redis import ConnectionPool  # noqa: PLC0415 - only installations with Redis have it

    return ConnectionPool.from_url(
        url, socket_timeout=seconds, socket_connect_timeout=min(seconds, 2)
    )


def add_tasks(
    huey: Huey, work: Mapping[str, Callable[[], object]] | None = None
) -> Mapping[str, Any]:
    """Make the fixed tasks known to ``huey``. ``work``: what to do for each kind; whoever only
    rings has none, and a kind that is not in it costs nothing.
    """
    known = work or {}

    def task_of(kind: str) -> Callable[[], None]:
        def task() -> None:
            if kind in known:
                known[kind]()

        # The name in the queue is module and name; it must survive a move of this code.
        task.__module__ = "calendar_sync"
        return task

    tasks = {kind: huey.task(name=kind)(task_of(kind)) for kind in KINDS}
    every_minute = huey.periodic_task(crontab(minute="*"), name=SWEEP)
    return tasks | {SWEEP: every_minute(task_of(SWEEP))}


class QueueBell:
    """Rings from a thread of its own, so that a slow or dead queue costs a request nothing."""

    def __init__(self, open_: Callable[[], Huey]) -> None:
        """``open_`` makes the queue; called again after a failure, never by the ringing thread."""
        self._open = open_
        self._waiting: dict[tuple[str, float], None] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def ring(self, kind: str, delay: float = 0) -> None:
        """Say that there is work of ``kind``, now or in ``delay`` seconds. Never raises, never
        waits. Rings that say the same while one is on its way are one.
        """
        with self._changed:
            if self._closing or len(self._waiting) >= _MOST_WAITING:
                FAILED_RINGS.inc()
                return
            self._waiting[kind, delay] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._carry, name="bell", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, seconds: float = 2 * RINGING_SECONDS) -> None:
        """Send what is waiting, for at most ``seconds``."""
        with self._changed:
            self._closing = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _carry(self) -> None:
        queue: Huey | None = None
        tasks: Mapping[str, Any] = {}
        while (ring := self._next()) is not None:
            try:
                if queue is None:
                    queue = self._open()
                    tasks = add_tasks(queue)
                _send(tasks, *ring)
            except Exception as error:
                FAILED_RINGS.inc()
                _log.warning("ring_failed", kind=ring[0], error=type(error).__name__)
                queue = None
        if queue is not None:
            queue.storage.close()

    def _next(self) -> tuple[str, float] | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._closing)
            if not self._waiting:
                return None
            ring = next(iter(self._waiting))
            del self._waiting[ring]
            return ring


def _send(tasks: Mapping[str, Any], kind: str, delay: float) -> None:
    if delay > 0:
        tasks[kind].schedule(delay=delay)
    else:
        tasks[kind]()
