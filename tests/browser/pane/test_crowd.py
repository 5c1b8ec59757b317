"""The biggest event that Graph allows opens at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.pane import answers
from tests.browser.pane.harness import PaneHarness

pytestmark = pytest.mark.browser

IN_TIME = 1_000.0
"""Milliseconds."""
MOST_OPENINGS = 6

CROWD = [
    answers.an_attendee(f"Guest{number} Person", "matched" if number % 3 else "unmatched")
    for number in range(500)
]


def test_an_event_with_500_attendees_is_on_the_screen_within_a_second(pane: PaneHarness) -> None:
    """From the start of the navigation, files included; the best of some openings, as other work on
    the machine only ever makes one slower.
    """
    answer = answers.LINKED | {"event": answers.an_event(attendees=CROWD)}
    times: list[float] = []
    while len(times) < MOST_OPENINGS and min(times, default=IN_TIME) >= IN_TIME:
        page = pane.show(answer)
        expect(page.locator("#subject")).not_to_be_empty()
        times.append(page.evaluate("performance.now()"))

    assert min(times) < IN_TIME
    expect(page.locator("main")).to_contain_text("500")
