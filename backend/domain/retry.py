"""When to try again: a pure function of how often it failed and what the other side asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

_DELAYS = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds after the first, second, … failure; the last one repeats."""

LONGEST = timedelta(hours=1)


def retry_at(attempts: int, retry_after: float | None, now: datetime, *, jitter: float) -> datetime:
    """The next try after ``attempts`` failures in a row (at least one).

    ``retry_after`` seconds are waited fully and never shortened; ``jitter`` (0 to 1) spreads the
    rest over half the delay more, so that many rows do not come back in one instant.
    """
    delay = _DELAYS[min(max(attempts, 1), len(_DELAYS)) - 1]
    delay += delay * 0.5 * jitter
    if retry_after is not None:
        delay = max(delay, retry_after)
    return now + min(timedelta(seconds=delay), max(LONGEST, timedelta(seconds=retry_after or 0)))
