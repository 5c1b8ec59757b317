"""The requests session of every remote call: no cookies, no environment, a deadline on each read.

requests bounds each single read but not the whole answer, so a peer that drips one byte at a time
holds a thread for as long as it likes. Here every read asks a deadline first, header lines too.
Knows neither Graph nor Entra; what may be said over the session is `http.py`'s subject.
"""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer


class Budget:
    """Seconds that one call, or several calls together, may take."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ends = monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._ends - self._monotonic())

    def at_most(self, seconds: float) -> Budget:
        """A part of this budget: what is left of it, but not more than ``seconds``."""
        return Budget(min(seconds, self.remaining), self._monotonic)


_deadline: ContextVar[Budget | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(budget: Budget) -> Iterator[None]:
    """Every read of this thread's connections inside the block ends when ``budget`` is spent."""
    token = _deadline.set(budget)
    try:
        yield
    finally:
        _deadline.reset(token)


def new_session(
    *,
    pool_size: int = 32,
    proxies: Mapping[str, str] | None = None,
    ca_bundle: str | None = None,
) -> requests.Session:
    """A session that refuses cookies and reads neither proxies, CA bundles nor netrc from outside.

    ``pool_size`` must be at least the number of threads that call at once; ``proxies`` maps
    ``http``/``https`` to a proxy's address; ``ca_bundle`` names a PEM file.
    """
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.proxies = dict(proxies or {})
    session.verify = ca_bundle or True
    adapter = BoundedAdapter(pool_size=pool_size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class BoundedAdapter(HTTPAdapter):
    """requests' adapter with connections that obey :func:`deadline`; never retries by itself."""

    def __init__(self, *, pool_size: int = 32) -> None:
        super().__init__(pool_connections=16, pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _DeadlineReader(io.RawIOBase):
    """A socket's bytes; each read waits no longer than the deadline of the running call allows."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        budget = _deadline.get()
        if budget is not None:
            left = budget.remaining
            if left <= 0:
                raise TimeoutError("the answer took too long")
            self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineSocket:
    """The one method of a socket that :class:`http.client.HTTPResponse` uses."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._sock))


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_DeadlineSocket(sock), *args, **kwargs)  # type: ignore[arg-type]


class _Connection(HTTPConnection):
    response_class = _DeadlineResponse


class _SecureConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}
