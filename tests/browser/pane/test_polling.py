"""How long the pane waits before it looks again: less and less often, never before it may."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

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


def test_a_record_that_another_try_will_change_is_looked_at_again(pane: PaneHarness) -> None:
    pane.page.clock.install()
    soon = answers.LINKED["link"] | {"next_attempt_at": "2020-01-01T00:00:00Z"}
    pane.api.answer("GET", "events/{id}", answers.LINKED | {"link": soon})
    pane.api.answer("GET", "events/{id}", answers.REMOVED)
    page = pane.open()
    pane.settle()

    page.clock.run_for(2_000)

    expect(page.locator(".state h3")).to_have_text("Removed from InterAction")


def test_a_record_that_is_as_it_should_be_is_left_alone(pane: PaneHarness) -> None:
    pane.page.clock.install()
    page = pane.show(answers.LINKED)

    page.clock.run_for(120_000)

    assert pane.api.count("GET", "events/{id}") == 1
