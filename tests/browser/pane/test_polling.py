"""When the pane looks again by itself: soon after a change, then less often, never unasked-for."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.pane import answers
from tests.browser.pane.harness import PaneHarness, read_item

pytestmark = pytest.mark.browser

NOW = 1_800_000_000_000
MINUTE = 60_000
EVENT = ("GET", "events/{id}")


@pytest.mark.parametrize(
    ("known", "wait"),
    [
        ({}, 3_000),
        ({"quietFor": MINUTE - 1}, 3_000),
        ({"quietFor": MINUTE}, 15_000),
        ({"quietFor": 10 * MINUTE}, 30_000),
        ({"quietFor": 600 * MINUTE}, 30_000),
        # after an act
        ({"waiting": True, "attempt": 0}, 1_000),
        ({"waiting": True, "attempt": 1}, 2_000),
        ({"waiting": True, "attempt": 2}, 3_000),
        ({"waiting": True, "attempt": 50, "quietFor": 10 * MINUTE}, 30_000),
        # the worker's next attempt, if that comes before
        ({"quietFor": 10 * MINUTE, "nextAttemptAt": "2027-01-15T08:00:10Z"}, 11_000),
        ({"quietFor": 10 * MINUTE, "nextAttemptAt": "2027-01-15T09:00:00Z"}, 30_000),
        ({"nextAttemptAt": "2027-01-15T07:00:00Z"}, 3_000),
        # trouble
        ({"failures": 1}, 6_000),
        ({"failures": 3}, 24_000),
        ({"failures": 50}, 60_000),
        ({"failures": 1, "quietFor": 10 * MINUTE}, 30_000),
        # as chance has it, ten per cent more or less
        ({"random": 0}, 2_700),
        ({"random": 1}, 3_300),
        # but never before the server allows it
        ({"failures": 1, "retryAfter": 300, "random": 0}, 300_000),
    ],
)
def test_the_next_look_is_polite(pane: PaneHarness, known: dict[str, object], wait: int) -> None:
    page = pane.show(answers.LINKED)

    found = page.evaluate(
        "async known => (await import('/taskpane/polling.js')).nextLook(known)",
        {"random": 0.5, "now": NOW, **known},
    )

    assert found == pytest.approx(wait)


def opened(pane: PaneHarness, *in_turn: Any, status: int = 200) -> None:
    """The pane beside a linked event, its time in our hands; then the API says these, in turn."""
    pane.page.clock.install()
    pane.api.answer(*EVENT, answers.LINKED)
    for answer in in_turn:
        pane.api.answer(*EVENT, answer, status=status)
    pane.open(read_item())
    pane.settle()


def pass_time(pane: PaneHarness, seconds: int) -> int:
    """How many looks there were meanwhile. Answers take real time, so a few may come late."""
    before = pane.api.count(*EVENT)
    for _ in range(seconds):
        pane.page.clock.run_for(1_000)
        pane.page.evaluate("0")
    pane.page.wait_for_timeout(100)
    return pane.api.count(*EVENT) - before


def test_a_record_that_another_try_will_change_is_looked_at_again(pane: PaneHarness) -> None:
    pane.page.clock.install()
    soon = answers.LINKED["link"] | {"next_attempt_at": "2020-01-01T00:00:00Z"}
    pane.api.answer(*EVENT, answers.LINKED | {"link": soon}).answer(*EVENT, answers.REMOVED)
    page = pane.open()
    pane.settle()

    page.clock.run_for(2_000)

    expect(page.locator(".state h3")).to_have_text("Removed from InterAction")


def test_an_event_on_which_nothing_happens_is_looked_at_less_and_less(pane: PaneHarness) -> None:
    opened(pane)

    first, then, at_last = pass_time(pane, 60), pass_time(pane, 240), pass_time(pane, 240)

    assert 10 <= first <= 23
    assert 10 <= then <= 20
    assert 5 <= at_last <= 9


def test_a_change_makes_it_look_often_again(pane: PaneHarness) -> None:
    renamed = answers.LINKED | {"activity": answers.an_activity(subject="Renamed")}
    opened(pane)
    pass_time(pane, 400)
    pane.api.reset(*EVENT).answer(*EVENT, renamed)
    pass_time(pane, 36)

    assert pass_time(pane, 20) >= 3


def test_a_pane_that_nobody_sees_is_silent_and_looks_when_it_is_seen_again(
    pane: PaneHarness,
) -> None:
    opened(pane)
    hide = """hidden => {
        Object.defineProperty(document, 'visibilityState',
            {value: hidden ? 'hidden' : 'visible', configurable: true});
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    pane.page.evaluate(hide, True)

    unseen = pass_time(pane, 300)
    pane.page.evaluate(hide, False)
    seen = pass_time(pane, 5)

    assert unseen == 0
    assert seen >= 1


def test_a_pane_without_a_network_is_silent_and_looks_when_it_is_back(pane: PaneHarness) -> None:
    opened(pane)
    pane.page.context.set_offline(True)

    offline = pass_time(pane, 300)
    with pane.page.expect_response("**/api/events/**"):
        pane.page.context.set_offline(False)

    assert offline == 0
    expect(pane.page.get_by_role("alert")).to_be_empty()


def test_one_failed_look_is_no_alarm_but_the_second_is_and_both_pass(pane: PaneHarness) -> None:
    opened(pane)
    down = answers.a_problem(503, "graph_unavailable")
    pane.api.reset(*EVENT)
    pane.api.answer(*EVENT, down, status=503).answer(*EVENT, down, status=503)
    pane.api.answer(*EVENT, answers.LINKED)
    alert = pane.page.get_by_role("alert")

    assert pass_time(pane, 5) == 1
    expect(alert).to_be_empty()
    assert pass_time(pane, 7) == 1
    expect(alert).to_contain_text("Microsoft 365 does not answer")
    pass_time(pane, 14)
    expect(alert).to_be_empty()


@pytest.mark.parametrize(
    ("status", "code"), [(403, "forbidden"), (404, "event_not_found"), (400, "invalid_event_id")]
)
def test_what_will_not_pass_by_itself_ends_the_looking(
    pane: PaneHarness, status: int, code: str
) -> None:
    opened(pane, answers.a_problem(status, code), status=status)

    assert pass_time(pane, 300) == 1
    expect(pane.page.get_by_role("alert").get_by_role("button")).to_be_visible()


def test_the_servers_wish_to_be_left_alone_is_respected(pane: PaneHarness) -> None:
    opened(pane)
    pane.api.reset(*EVENT)
    busy = answers.a_problem(429, "rate_limited")
    pane.api.answer(*EVENT, busy, status=429, Retry_After="120").answer(*EVENT, answers.LINKED)

    assert pass_time(pane, 110) == 1
    assert pass_time(pane, 20) >= 1


def test_settings_are_not_looked_away_from(pane: PaneHarness) -> None:
    opened(pane)
    pane.api.answer("GET", "me", answers.a_me())
    pane.page.get_by_role("button", name="Settings").click()
    expect(pane.page.get_by_role("heading", name="Settings")).to_be_visible()

    assert pass_time(pane, 120) == 0


def test_what_an_act_ran_into_stays_to_be_read(pane: PaneHarness) -> None:
    opened(pane)
    pane.api.answer("DELETE", "events/{id}/link", answers.a_problem(403, "forbidden"), status=403)
    pane.page.get_by_role("checkbox").click()
    pane.page.get_by_role("button", name="Remove", exact=True).click()
    expect(pane.page.get_by_role("alert")).to_contain_text("Not allowed")

    assert pass_time(pane, 10) >= 2

    expect(pane.page.get_by_role("alert")).to_contain_text("Not allowed")
