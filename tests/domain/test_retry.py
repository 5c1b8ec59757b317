"""When to try again, with the arithmetic beside each row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.retry import retry_at
from tests.support.builders import NOON


@pytest.mark.parametrize(
    ("attempts", "retry_after", "jitter", "seconds"),
    [
        (1, None, 0.0, 2),  # the first delay
        (1, None, 1.0, 3),  # half of it more at most
        (3, None, 0.0, 15),
        (99, None, 0.0, 600),  # the last one repeats
        (1, 12, 0.0, 12),  # Retry-After is waited fully,
        (1, 12, 1.0, 12),  # never shortened,
        (6, 12, 0.0, 120),  # and never shortens our own delay
        (1, 7200, 0.0, 7200),  # however long it is
        (0, None, 0.0, 2),
    ],
)
def test_the_next_try(
    attempts: int, retry_after: float | None, jitter: float, seconds: float
) -> None:
    expected = NOON + timedelta(seconds=seconds)

    assert retry_at(attempts, retry_after, NOON, jitter=jitter) == expected
