"""The pane's history: closed, loaded when opened, a page at a time, by keyboard, in plain words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pane import answers
from tests.browser.pane.answers import a_line, a_page, an_activity
from tests.browser.pane.harness import PaneHarness, unsaved_item

pytestmark = pytest.mark.browser

HISTORY = ("GET", "events/{id}/history")
FULL = a_page(
    a_line(9, fields=["subject", "start", "end"]),
    a_line(
        8,
        kind="decision",
        line="frozen",
        message="Updates rest. The record stays as it is.",
        source="admin",
        why=[{"code": "paused", "text": "Calendar sync is paused by an administrator."}],
    ),
    a_line(
        7,
        kind="failure",
        line="graph_failed",
        message="Microsoft 365 could not do its part. It is tried again.",
        why=[
            {"code": "graph_unavailable", "text": "Microsoft 365 did not answer."},
            {"code": "http_503", "text": "It answered with status 503."},
        ],
    ),
    a_line(6, kind="refusal", line="tick_refused", message="Could not be added.", source="rule"),
    a_line(5, kind="skip", line="skipped", message="Not selected.", source="rule"),
    a_line(4, kind="look", line="missing_once", message="In no calendar.", source="outlook"),
    a_line(
        3,
        kind="decision",
        line="ticked",
        message="Added in the pane.",
        source="pane",
        by={"name": "Al Assistant <b>"},
        on_behalf_of={"name": "Jane Doe"},
    ),
)


def open_history(pane: PaneHarness) -> Page:
    page = pane.show(answers.LINKED)
    page.locator("#history summary").click()
    return page


def test_it_is_closed_and_not_asked_for_until_somebody_opens_it(pane: PaneHarness) -> None:
    page = pane.show(answers.LINKED)
    expect(page.locator("#history")).not_to_have_attribute("open", "")
    assert pane.api.count(*HISTORY) == 0
    pane.api.answer(*HISTORY, FULL)

    page.locator("#history summary").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".past li")).to_have_count(7)
    assert [path for _, path, _ in pane.api.calls][-1].endswith("/history?limit=20")


def test_each_line_says_what_when_by_whom_and_why(pane: PaneHarness) -> None:
    pane.api.answer(*HISTORY, FULL)
    page = open_history(pane)
    lines = page.locator(".past li")

    expect(lines.nth(0)).to_contain_text("Written: The record was updated.")
    expect(lines.nth(0)).to_contain_text("Changed: subject and time.")
    expect(lines.nth(1)).to_contain_text("paused by an administrator")
    expect(lines.nth(2)).to_contain_text("It answered with status 503.")
    expect(lines.nth(6)).to_contain_text("by Al Assistant <b> for Jane Doe")
    expect(lines.nth(6).locator("time")).to_have_attribute("datetime", "2026-11-21T08:03:00Z")
    assert "2026" in str(lines.nth(6).locator("time").get_attribute("title"))
    assert pane.accessibility_violations() == []


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (7_200, "2 hours ago"),
        (86_400, "yesterday"),
        (3 * 86_400, "3 days ago"),
        (8 * 86_400, "Fri 13 Nov 2026, 13:30"),
        (-30, "just now"),
        (-3_600, "Sat 21 Nov 2026, 14:30"),
    ],
)
def test_times_are_told_as_people_do(pane: PaneHarness, before: int, words: str) -> None:
    page = pane.show(answers.LINKED)

    told = page.evaluate(
        """async before => {
            const { Clock } = await import('/taskpane/time.js');
            const now = Date.parse('2026-11-21T13:30:00Z');
            const clock = new Clock('en-GB', (date) => date);
            return clock.ago(new Date(now - before * 1000).toISOString(), now);
        }""",
        before,
    )

    assert told.replace(",", "") == words.replace(",", "")


def test_earlier_lines_come_page_by_page_and_the_focus_stays(pane: PaneHarness) -> None:
    pane.api.answer(*HISTORY, a_page(a_line(9), a_line(8), next_page="more/1"))
    pane.api.answer(*HISTORY, a_page(a_line(7), a_line(6), next_page="more/2"))
    pane.api.answer(*HISTORY, a_page(a_line(5)))
    page = open_history(pane)
    earlier = page.get_by_role("button", name="Show earlier")

    earlier.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".past li")).to_have_count(4)
    expect(earlier).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator(".past li")).to_have_count(5)
    expect(earlier).to_have_count(0)
    expect(page.get_by_text("That is all.")).to_be_focused()
    cursors = [path.rpartition("cursor=")[2] for _, path, _ in pane.api.calls if "cursor" in path]
    assert cursors == ["more%2F1", "more%2F2"]


def test_an_event_without_a_history_says_so(pane: PaneHarness) -> None:
    pane.api.answer(*HISTORY, a_page())

    page = open_history(pane)

    expect(page.locator("#history")).to_contain_text("Nothing has been decided about this event")


def test_a_history_that_cannot_be_loaded_says_so_and_is_tried_again(pane: PaneHarness) -> None:
    pane.api.answer(*HISTORY, answers.a_problem(503, "graph_unavailable"), status=503)
    pane.api.answer(*HISTORY, FULL)
    page = open_history(pane)
    expect(page.locator("#history")).to_contain_text("could not be loaded")
    assert pane.accessibility_violations() == []
    page.wait_for_timeout(300)
    assert pane.api.count(*HISTORY) == 1

    page.locator("#history").get_by_role("button", name="Try again").click()

    expect(page.locator(".past li")).to_have_count(7)


def test_an_open_history_follows_a_change(pane: PaneHarness) -> None:
    pane.page.clock.install()
    pane.api.answer(*HISTORY, a_page(a_line(3), a_line(2), next_page="more"))
    pane.api.answer(*HISTORY, a_page(a_line(1)))
    pane.api.answer(*HISTORY, a_page(a_line(4), a_line(3), next_page="other"))
    page = open_history(pane)
    page.get_by_role("button", name="Show earlier").click()
    expect(page.locator(".past li")).to_have_count(3)
    renamed = answers.LINKED | {"activity": an_activity(subject="Renamed")}
    pane.api.reset("GET", "events/{id}").answer("GET", "events/{id}", renamed)

    page.clock.run_for(4_000)

    expect(page.locator(".past li")).to_have_count(4)
    keys = page.locator(".past li").evaluate_all("lines => lines.map(line => line.dataset.key)")
    assert [int(key[-3:]) for key in keys] == [4, 3, 2, 1]


def test_a_form_that_was_never_saved_has_no_history(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", answers.a_verdict(source="form"))
    page = pane.open(unsaved_item())
    pane.settle()

    expect(page.locator("#history")).to_have_count(0)


@pytest.mark.parametrize("width", [280, 320, 900])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_and_contrast_is_enough(
    pane: PaneHarness, width: int, scheme: str
) -> None:
    pane.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    pane.page.set_viewport_size({"width": width, "height": 700})
    pane.api.answer(*HISTORY, FULL)
    page = open_history(pane)
    expect(page.locator(".past li")).to_have_count(7)

    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert pane.accessibility_violations() == []
