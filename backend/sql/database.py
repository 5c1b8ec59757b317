"""One database seen twice: a factory of write sessions and one of read sessions that never lock."""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session, sessionmaker

BUSY_SECONDS = 10
"""How long a writer waits for another one, on both databases."""

_SQLITE_PRAGMAS = (
    # Everybody waits for a lock instead of failing; set first, the switch to WAL takes one itself.
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode = WAL",
    # Survives a killed process; only a power cut may lose the last second.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    # What is deleted is overwritten: what turned private must not lie in free pages (X4, X6).
    "PRAGMA secure_delete = ON",
    "PRAGMA journal_size_limit = 67108864",
)

_PLAN_FOR_VALUES = "-c plan_cache_mode=force_custom_plan"
"""For lists a rare value wants another plan than a common one, and PostgreSQL would settle on one
plan for both after some calls (measured: 4 ms or 100 ms for a rare type among a million records).
"""


class Database:
    """Engines and session factories of one URL. Errors never quote values: they may be logged (X4).

    ``write`` sessions hold the write lock from their first statement on (SQLite: BEGIN IMMEDIATE,
    because a deferred transaction that wants to write later fails at once when somebody else wrote
    in between). ``read`` sessions see each statement's own snapshot, refuse to flush, and never
    wait for a writer.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 16) -> None:
        """``pool_size`` connections are kept per factory; as many again are made under load.

        Raises: ValueError for anything but a SQLite file or PostgreSQL through psycopg 3.
        """
        self.url = make_url(url)
        self._open = threading.local()
        match self.url.get_backend_name():
            case "sqlite":
                self.write_engine = _sqlite_writer(self.url, pool_size)
                self.read_engine = _sqlite_reader(self.url, pool_size)
            case "postgresql":
                self.write_engine = _postgresql(self.url, pool_size)
                self.read_engine = _postgresql(
                    self.url, pool_size, _PLAN_FOR_VALUES, isolation_level="AUTOCOMMIT"
                )
            case other:
                raise ValueError(f"{other} is not supported: use sqlite or postgresql")
        self._watch_transactions(self.write_engine)
        self.write = sessionmaker(self.write_engine, expire_on_commit=False)
        self.read = sessionmaker(self.read_engine, expire_on_commit=False, autoflush=False)
        event.listen(self.read, "before_flush", _refuse_flush)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.write_engine.dialect.name

    def in_transaction(self) -> bool:
        """Whether this thread has a write transaction of this database open."""
        return bool(getattr(self._open, "connections", None))

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.write_engine.dispose()
        self.read_engine.dispose()

    def _watch_transactions(self, engine: Engine) -> None:
        # Listens after the engine's own BEGIN, so that a BEGIN that failed is not counted.
        event.listen(engine, "begin", self._opened)
        event.listen(engine, "commit", self._closed)
        event.listen(engine, "rollback", self._closed)

    def _opened(self, connection: Connection) -> None:
        if not hasattr(self._open, "connections"):
            self._open.connections = set()
        self._open.connections.add(id(connection))

    def _closed(self, connection: Connection) -> None:
        if hasattr(self._open, "connections"):
            self._open.connections.discard(id(connection))


def _sqlite_writer(url: URL, pool_size: int) -> Engine:
    engine = create_engine(
        _sqlite_file(url), pool_size=pool_size, max_overflow=pool_size, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _sqlite_reader(url: URL, pool_size: int) -> Engine:
    # No BEGIN: no snapshot outlives its statement, so no reader keeps the WAL from shrinking.
    engine = create_engine(
        _sqlite_file(url), pool_size=pool_size, max_overflow=pool_size, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "connect", _forbid_writing)
    return engine


def _sqlite_file(url: URL) -> URL:
    if url.database in (None, "", ":memory:"):
        raise ValueError("a SQLite database needs a file: readers and writers connect apart")
    return url


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not open transactions of its own; the begin event does.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma).close()


def _forbid_writing(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON").close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql(url: URL, pool_size: int, more: str = "", **options: Any) -> Engine:
    """No pre-ping: a lost connection is a transient failure that every caller knows anyway."""
    given = url.query.get("options", "")
    settings = given if isinstance(given, str) else " ".join(given)
    return create_engine(
        url.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
        pool_size=pool_size,
        max_overflow=pool_size,
        hide_parameters=True,
        connect_args={
            "connect_timeout": BUSY_SECONDS,
            "options": f"-c lock_timeout={BUSY_SECONDS}s {more} {settings}".strip(),
        },
        **options,
    )


def _refuse_flush(_session: Session, _context: object, _instances: object) -> None:
    raise RuntimeError("a read session cannot write")
