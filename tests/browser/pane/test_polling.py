"""How long the pane waits before it looks again: less and less often, never before it may."""

from __future__ import annotations

import pytest

from tests.browser.pane import answers
from tests.browser.pane.harness import PaneHarness

pytestmark = pytest.mark.browser

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("attempt", "known", "wait"),
    [
        (0, {}, 1_000),
        (1, {}, 2_000),
        (3, {}, 8_000),
        (20, {}, 60_000),
        (0, {"retryAfter": 7}, 7_000),
        (0, {"retryAfter": 300}, 300_000),
        (0, {"nextAttemptAt": "2027-01-15T08:00:10Z"}, 11_000),
        (0, {"nextAttemptAt": "2027-01-15T09:00:00Z"}, 60_000),
        (2, {"nextAttemptAt": "2027-01-15T07:00:00Z"}, 4_000),
    ],
)
def test_the_next_look_is_polite(
    pane: PaneHarness, attempt: int, known: dict[str, object], wait: int
) -> None:
    page = pane.show(answers.LINKED)

    found = page.evaluate(
        "async ([attempt, known]) =>"
        " (await import('/taskpane/polling.js')).nextLook(attempt, known)",
        [attempt, {**known, "now": NOW}],
    )

    assert found == wait
