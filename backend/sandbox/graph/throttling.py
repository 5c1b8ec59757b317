"""Outlook's limits per application and mailbox: requests at a time, requests in ten minutes.

Counts only; the frame asks before it serves (Graph docs: throttling limits of Outlook).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from backend.sandbox.graph.errors import GraphError
from backend.sandbox.personality import Personality

CONCURRENCY_RETRY_SECONDS = 3
SLICES = 60
"""The window slides in steps of a sixtieth, so that a busy mailbox costs sixty numbers."""
_OUTLOOK_PATH = re.compile(
    r"/(?:me|users(?:/[^/]+|\('[^']*'\)))/"
    r"(?:calendar|events|outlook|mailboxsettings|translateexchangeids|microsoft\.graph\.translate)",
    re.IGNORECASE,
)


def is_for_outlook(path: str) -> bool:
    """Whether Graph hands a request with this path on to a mailbox."""
    return _OUTLOOK_PATH.search(path) is not None


@dataclass(slots=True)
class _Usage:
    """What one application does in one mailbox: open requests, and counts by slice of time."""

    open_requests: int = 0
    counts: dict[int, int] = field(default_factory=dict)
    total: int = 0

    def count(self, now: int) -> None:
        """One more request in slice `now`; older ones than a window are forgotten."""
        if now not in self.counts:
            for old in [each for each in self.counts if each <= now - SLICES]:
                self.total -= self.counts.pop(old)
            self.counts[now] = 0
        self.counts[now] += 1
        self.total += 1

    def slices_until_below(self, limit: int, now: int) -> int:
        """How many slices have to pass until there is room for another request."""
        left = self.total
        for each in sorted(self.counts):
            left -= self.counts[each]
            if left < limit:
                return max(1, each + SLICES - now)
        return SLICES


class Throttle:
    """All applications in all mailboxes."""

    def __init__(self, clock: Callable[[], datetime], personality: Personality) -> None:
        self._clock = clock
        self._personality = personality
        self._usages: dict[tuple[str, str], _Usage] = {}

    @contextmanager
    def slot(self, app: str, mailbox: str) -> Iterator[None]:
        """One of the mailbox's slots while a request is served.

        A refused request counts as well (Graph docs: throttling). Raises GraphError 429
        `ApplicationThrottled` with Retry-After.
        """
        if self._personality.throttling == "off":
            yield
            return
        usage = self._usages.setdefault((app, mailbox), _Usage())
        self._admit(usage)
        usage.open_requests += 1
        try:
            yield
        finally:
            usage.open_requests -= 1

    def forget(self) -> None:
        """Start counting anew; open requests stay counted where they began."""
        self._usages.clear()

    def _admit(self, usage: _Usage) -> None:
        slice_seconds = self._personality.request_window / SLICES
        now = int(self._clock().timestamp() / slice_seconds)
        usage.count(now)
        if usage.total > self._personality.request_limit:
            slices = usage.slices_until_below(self._personality.request_limit, now)
            raise _throttled("MailboxRequestCount", math.ceil(slices * slice_seconds))
        if usage.open_requests >= self._personality.concurrent_limit:
            raise _throttled("MailboxConcurrency", CONCURRENCY_RETRY_SECONDS)


def _throttled(limit: str, seconds: int) -> GraphError:
    return GraphError(
        429,
        "ApplicationThrottled",
        f"Application is over its {limit} limit.",
        {"Retry-After": str(seconds)},
    )
