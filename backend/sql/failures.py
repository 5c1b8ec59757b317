"""Tells database failures that may pass by themselves from mistakes of ours."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_PASSING_STATES = (
    "08",  # connection exceptions
    "40",  # serialisation failure, deadlock
    "53",  # out of connections, memory or disk
    "55P03",  # lock_timeout ran out
    "57P",  # the server is shutting down or starting
)
"""SQLSTATE prefixes, PostgreSQL documentation appendix A."""


def is_transient(error: BaseException) -> bool:
    """Whether the same statement may work later: connection, lock wait, deadlock, full pool."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_PASSING_STATES)
    return isinstance(error, OperationalError | InterfaceError)
