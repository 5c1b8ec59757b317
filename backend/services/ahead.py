"""Reads the next page while the one before is being worked on.

Still one reader, one call at a time: only our own work and Graph's overlap, so that a first pull
takes hardly longer than asking for the pages does (architecture, speed).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from backend.domain.ports import DeltaPage, Window

Read = Callable[[Window | str], DeltaPage]


class Ahead:
    """``with Ahead(read) as pages``: a call that was begun has ended when the block ends."""

    def __init__(self, read: Read, *, overlaps: bool) -> None:
        """``overlaps=False``: nothing is begun ahead."""
        self._read = read
        self._overlaps = overlaps
        self._thread: ThreadPoolExecutor | None = None
        self._begun: tuple[str, Future[DeltaPage]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread is not None:
            self._thread.shutdown()

    def begin(self, link: str) -> None:
        """Ask for the page behind ``link``, which :meth:`take` will want next."""
        if not self._overlaps:
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._begun = (link, self._thread.submit(self._read, link))

    def take(self, where: Window | str) -> DeltaPage:
        """The page at ``where``. Raises: what reading it raises."""
        begun, self._begun = self._begun, None
        if begun is not None and begun[0] == where:
            return begun[1].result()
        return self._read(where)
