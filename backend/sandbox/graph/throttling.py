"""Graph's limits: Outlook's per application and mailbox, those of `/subscriptions` per tenant.

Counts only; the frame asks before it serves (Graph docs: throttling limits of Outlook and of the
subscription service).
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
READING = frozenset(("GET", "HEAD"))
SLICES = 60
"""The window slides in steps of a sixtieth, so that a busy mailbox costs sixty numbers."""
_OUTLOOK_PATH = re.compile(
    r"/(?:me|users(?:/[^/]+|\('[^']*'\)))/"
    r"(?:calendar|events|outlook|mailboxsettings|translateexchangeids|microsoft\.graph\.translate)",
    re.IGNORECASE,
)
_SUBSCRIPTIONS_PATH = re.compile(r"/v1\.0/subscriptions/?($|[/(].*)", re.IGNORECASE)


def is_for_outlook(path: str) -> bool:
    """Whether Graph hands a request with this path on to a mailbox."""
    return _OUTLOOK_PATH.search(path) is not None


def subscription_calls(method: str, path: str) -> tuple[str, ...]:
    """What a request counts as at the subscription service; nothing if it is for another."""
    match = _SUBSCRIPTIONS_PATH.fullmatch(path)
    if match is None:
        return ()
    if method not in READING:
        return ("write", "any")
    return ("any",) if match[1] else ("list", "any")


@dataclass(slots=True)
class _Usage:
    """What is used of one limit: open requests, and counts by slice of time."""

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
    """All applications in all mailboxes, and at the subscription service."""

    def __init__(self, clock: Callable[[], datetime], personality: Personality) -> None:
        self._clock = clock
        self._personality = personality
        self._usages: dict[tuple[str, ...], _Usage] = {}

    def admit_subscription_call(self, app: str, tenant: str, method: str, path: str) -> None:
        """Count a call of `/subscriptions` for the application and for its whole tenant.

        Calls of all other addresses pass. A refused call counts as well. Raises GraphError 429
        `TooManyRequests` with Retry-After.
        """
        kinds = subscription_calls(method, path)
        if not kinds or self._personality.throttling == "off":
            return
        seconds = self._personality.subscription_window / SLICES
        now = int(self._clock().timestamp() / seconds)
        waits = [
            (kind, self._slices_to_wait(("subscriptions", kind, *whose), limit, now))
            for kind in kinds
            for whose, limit in self._subscription_limits(kind, app, tenant)
        ]
        kind, longest = max(waits, key=lambda each: each[1])
        if longest:
            raise GraphError(
                429,
                "TooManyRequests",
                "Too many requests from Identifier:Sandbox under category:"
                f"throttle.aad.ags.subscriptionservice.dc.{kind}. Please try again later.",
                {"Retry-After": str(math.ceil(longest * seconds))},
            )

    def _subscription_limits(
        self, kind: str, app: str, tenant: str
    ) -> list[tuple[tuple[str, ...], int]]:
        """Who may do how many of these calls within the window."""
        limits = self._personality
        if kind == "list":
            return [((tenant, app), limits.subscription_list_limit)]
        if kind == "write":
            of_app, of_tenant = limits.subscription_write_limit, limits.tenant_write_limit
        else:
            of_app, of_tenant = limits.subscription_call_limit, limits.tenant_call_limit
        return [((tenant, app), of_app), ((tenant,), of_tenant)]

    def _slices_to_wait(self, key: tuple[str, ...], limit: int, now: int) -> int:
        """Count a call; how many slices have to pass before the next one, 0 if it is admitted."""
        usage = self._usages.setdefault(key, _Usage())
        usage.count(now)
        return usage.slices_until_below(limit, now) if usage.total > limit else 0

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
