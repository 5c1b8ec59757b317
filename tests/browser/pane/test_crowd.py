"""The biggest event that Graph allows opens at once."""

from __future__ import annotations

import statistics

import pytest
from playwright.sync_api import expect

from tests.browser.pane import answers
from tests.browser.pane.harness import PaneHarness

pytestmark = pytest.mark.browser

CROWD = [
    answers.an_attendee(f"Guest{number} Person", "matched" if number % 3 else "unmatched")
    for number in range(500)
]


def test_an_event_with_500_attendees_is_on_the_screen_within_a_second(pane: PaneHarness) -> None:
    """From the start of the navigation, files included; the median of three openings."""
    answer = answers.LINKED | {"event": answers.an_event(attendees=CROWD)}
    times = []
    for _ in range(3):
        page = pane.show(answer)
        expect(page.locator("#subject")).not_to_be_empty()
        times.append(page.evaluate("performance.now()"))

    assert statistics.median(times) < 1_000
    expect(page.locator("main")).to_contain_text("500")
