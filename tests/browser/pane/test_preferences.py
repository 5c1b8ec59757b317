"""The rest of Settings (U): how the calendar is watched, sync now, defaults, the block list."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pane import answers
from tests.browser.pane.answers import a_me, a_problem
from tests.browser.pane.harness import PaneHarness

pytestmark = pytest.mark.browser

ME = ("GET", "me")
CHANGE = ("PATCH", "me")
TYPES = {"items": ["CalendarSyncMeeting_System", "Lunch or dinner"], "next": None}


def open_settings(pane: PaneHarness, **me: Any) -> Page:
    pane.api.answer(*ME, a_me(**me))
    pane.api.answer("GET", "activity-types", TYPES)
    page = pane.show(answers.LINKED)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("region", name="Your calendar")).to_be_visible()
    return page


@pytest.mark.parametrize(
    ("me", "words"),
    [
        ({"state": "watching"}, "Your calendar is watched."),
        ({"state": "paused"}, "paused calendar sync. Nothing is lost"),
        ({"state": "no_server", "server": None}, "No Exchange Online server"),
        (
            {
                "state": "problem",
                "problem": "access_denied",
                "problem_since": "2026-11-20T08:00:00Z",
                "problem_advice": "Grant it <b>Calendars.Read</b>.",
            },
            "Grant it <b>Calendars.Read</b>.",
        ),
        (
            {
                "state": "first_pull",
                "checked_at": None,
                "progress": {"since": "2026-11-21T08:00:00Z", "pages": 4, "events": 1340},
            },
            "1,340 events read so far",
        ),
    ],
)
def test_the_state_of_the_calendar_is_said_in_words(
    pane: PaneHarness, me: answers.Json, words: str
) -> None:
    page = open_settings(pane, **me)

    expect(page.get_by_role("region", name="Your calendar")).to_contain_text(words)
    assert pane.accessibility_violations() == []


def test_a_first_pull_is_followed_until_it_is_done(pane: PaneHarness) -> None:
    pane.page.clock.install(time="2026-11-21T09:00:00Z")
    since = "2026-11-21T08:59:00Z"
    reading = {"since": since, "pages": 1, "events": 50}
    page = open_settings(pane, state="first_pull", checked_at=None, progress=reading)
    more = reading | {"events": 400}
    pane.api.reset(*ME).answer(*ME, a_me(state="first_pull", checked_at=None, progress=more))
    pane.api.answer(*ME, a_me())

    with page.expect_response("**/api/me"):
        page.clock.run_for(4_000)
    expect(page.locator("#watch-progress")).to_contain_text("400 events")
    with page.expect_response("**/api/me"):
        page.clock.run_for(4_000)

    expect(page.locator("#watch-state")).to_contain_text("is watched")
    asked = pane.api.count(*ME)
    page.clock.run_for(60_000)
    assert pane.api.count(*ME) == asked


def test_sync_now_asks_once_and_shows_the_look_that_follows(pane: PaneHarness) -> None:
    pane.page.clock.install(time="2026-11-21T09:00:00Z")
    pane.api.answer("POST", "me/sync", a_me(), status=202)
    page = open_settings(pane)
    pane.api.reset(*ME).answer(*ME, a_me(checked_at="2026-11-21T09:00:02Z"))

    with page.expect_response("**/api/me/sync"):
        page.get_by_role("button", name="Sync now").click()
    with page.expect_response("**/api/me"):
        page.clock.run_for(4_000)

    checked = page.locator(".facts > div", has_text="Last checked").locator("time")
    expect(checked).to_have_attribute("datetime", "2026-11-21T09:00:02Z")
    expect(page.locator("#status")).to_have_text("Your calendar was looked at just now.")
    asked = pane.api.count(*ME)
    page.clock.run_for(60_000)
    assert pane.api.count(*ME) == asked
    assert pane.api.count("POST", "me/sync") == 1


def test_sync_now_is_locked_while_nothing_would_happen_and_says_when_it_is_too_much(
    pane: PaneHarness,
) -> None:
    pane.api.answer("POST", "me/sync", a_problem(429, "rate_limited"), status=429)
    page = open_settings(pane)

    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("alert").first).to_contain_text("Please wait a moment")
    pane.api.reset(*ME).answer(*ME, a_me(state="disabled", enabled=False))
    page.get_by_role("button", name="Back to the event").click()
    page.get_by_role("button", name="Settings").click()
    button = page.get_by_role("button", name="Sync now")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)

    assert pane.api.count("POST", "me/sync") == 1


def test_defaults_are_stored_when_they_are_chosen(pane: PaneHarness) -> None:
    pane.api.answer(*CHANGE, a_me(default_activity_type="Lunch or dinner"))
    page = open_settings(pane)
    expect(page.get_by_label("Type")).to_have_value("")

    page.get_by_label("Type").select_option("Lunch or dinner")
    expect(page.locator("[data-key=defaults]")).to_have_attribute("aria-busy", "false")
    assert pane.api.body(*CHANGE) == {"default_activity_type": "Lunch or dinner"}
    pane.api.reset(*CHANGE).answer(*CHANGE, a_problem(500, "internal_error"), status=500)
    page.get_by_label("Who can see them").select_option("only_me")

    expect(page.get_by_role("alert").first).to_contain_text("Something went wrong")
    expect(page.get_by_label("Who can see them")).to_have_value("everyone")
    expect(page.get_by_label("Type")).to_have_value("Lunch or dinner")


def test_ones_own_groups_can_be_who_sees_new_records(pane: PaneHarness) -> None:
    board = {"id": "b", "name": "Board & friends", "visibility": "group:b"}
    pane.api.answer("GET", "groups", {"items": [board], "next": None})
    pane.api.answer(*CHANGE, a_me(default_visibility="group:b"))
    page = open_settings(pane, default_visibility="group:lost")
    seen_by = page.get_by_label("Who can see them")
    expect(seen_by.locator("option:checked")).to_have_text("A group you are not in")

    seen_by.select_option("Board & friends")

    expect(page.locator("[data-key=defaults]")).to_have_attribute("aria-busy", "false")
    assert pane.api.body(*CHANGE) == {"default_visibility": "group:b"}
    expect(seen_by).to_have_value("group:b")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Type an address or a domain."),
        ("rival", "This is neither an address"),
        ("a b@rival.com", "This is neither an address"),
        ("@@rival.com", "This is neither an address"),
        ("ann@rival", "This is neither an address"),
        ("https://rival.com", "This is neither an address"),
        ("OLD.example", "It is on the list already."),
    ],
)
def test_what_cannot_be_blocked_says_why(pane: PaneHarness, typed: str, words: str) -> None:
    page = open_settings(pane, block_list=["old.example"])
    field = page.get_by_label("Block an address or domain")

    field.fill(typed)
    field.press("Enter")

    expect(page.locator("#block-problem")).to_contain_text(words)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert pane.api.count(*CHANGE) == 0
    field.press("x")
    expect(page.locator("#block-problem")).to_be_empty()


def test_addresses_and_domains_come_and_go(pane: PaneHarness) -> None:
    pane.api.answer(*CHANGE, a_problem(500, "internal_error"), status=500)
    pane.api.answer(*CHANGE, a_me(block_list=["old.example", "rival.com"]))
    pane.api.answer(*CHANGE, a_me(block_list=["rival.com"]))
    page = open_settings(pane, block_list=["old.example"])
    field = page.get_by_label("Block an address or domain")

    field.fill(" @Rival.com ")
    field.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("Something went wrong")
    expect(field).to_have_value(" @Rival.com ")
    field.press("Enter")
    expect(page.locator(".blocked li > bdi")).to_have_text(["old.example", "rival.com"])
    expect(field).to_have_value("")
    assert pane.api.body(*CHANGE) == {"block_list": ["old.example", "rival.com"]}
    page.get_by_role("button", name="Remove old.example").click()

    expect(page.locator(".blocked li")).to_have_count(1)
    expect(page.get_by_role("heading", name="Block list")).to_be_focused()
    assert pane.api.body(*CHANGE) == {"block_list": ["rival.com"]}
    assert pane.accessibility_violations() == []
