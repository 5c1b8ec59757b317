"""Enable Calendar Sync: the prompt, and the sliders it leads to (T7)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.pane import answers
from tests.browser.pane.answers import a_me, a_problem
from tests.browser.pane.harness import PaneHarness

pytestmark = pytest.mark.browser

MANUAL = "Manual Calendar Sync"
COMBINED = "Combined (Auto and Manual Sync)"
AUTOMATIC = "Automatic Calendar Sync"


def test_the_prompt_leads_to_the_sliders_and_back_to_a_ready_event(pane: PaneHarness) -> None:
    pane.api.answer("GET", "events/{id}", answers.STATES["not_enabled"])
    pane.api.answer("GET", "events/{id}", answers.an_answer())
    pane.api.answer("GET", "me", a_me(enabled=False, enabled_by_user=None))
    pane.api.answer("PATCH", "me", a_me(mode="combined"))
    page = pane.open()

    page.get_by_role("button", name="Enable Calendar Sync").click()
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_role("switch", name=COMBINED).click()
    expect(page.get_by_role("switch", name=COMBINED)).to_be_checked()
    page.get_by_role("button", name="Back to the event").click()

    expect(page.locator("#rules")).to_contain_text("All 12 checks in order")
    assert pane.api.body("PATCH", "me") == {"enabled": True, "mode": "combined"}


def test_the_slider_that_is_on_switches_sync_off(pane: PaneHarness) -> None:
    pane.api.answer("GET", "me", a_me(mode="manual"))
    pane.api.answer("PATCH", "me", a_me(enabled=False))
    page = pane.show(answers.LINKED)
    page.get_by_role("button", name="Settings").click()

    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_role("switch", name=MANUAL).click()

    expect(page.get_by_role("switch", name=MANUAL)).not_to_be_checked()
    assert pane.api.body("PATCH", "me") == {"enabled": False}


def test_what_the_firm_does_not_allow_is_shown_and_locked(pane: PaneHarness) -> None:
    pane.api.answer("GET", "me", a_me(choosable_modes=["manual"]))
    page = pane.show(answers.LINKED)

    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name=COMBINED).click(force=True)

    expect(page.get_by_role("switch", name=COMBINED)).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("switch", name=AUTOMATIC)).to_have_count(0)
    expect(page.locator("main")).to_contain_text("Your firm does not allow it.")
    assert pane.api.count("PATCH", "me") == 0


@pytest.mark.parametrize(
    ("me", "words"),
    [
        (a_me(enabled=False, enabled_by_admin=False, may_enable=False), "switched calendar sync"),
        (a_me(enabled=False, may_enable=False), "administrators decide"),
        (a_me(address=None, enabled=False), "no e-mail address"),
        (
            a_me(enabled=False, firm={"name": "C", "sync_enabled": False, "mode": "manual"}),
            "switched off for your firm",
        ),
    ],
)
def test_a_switch_only_an_administrator_can_flip_says_so(
    pane: PaneHarness, me: answers.Json, words: str
) -> None:
    pane.api.answer("GET", "me", me)
    page = pane.show(answers.STATES["not_enabled_admin"])

    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name=MANUAL).click(force=True)

    expect(page.locator("main")).to_contain_text(words)
    assert pane.api.count("PATCH", "me") == 0
    assert pane.accessibility_violations() == []


def test_settings_are_accessible_and_move_the_focus(pane: PaneHarness) -> None:
    pane.api.answer("GET", "me", a_me())
    page = pane.show(answers.LINKED)

    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("switch", name=MANUAL)).to_be_checked()
    expect(page.get_by_role("heading", name="Settings")).to_be_focused()
    violations = pane.accessibility_violations()
    page.get_by_role("button", name="Back to the event").click()

    expect(page.get_by_role("button", name="Settings")).to_be_focused()
    assert violations == []


def test_a_change_that_did_not_arrive_leaves_the_slider_where_it_was(pane: PaneHarness) -> None:
    pane.api.answer("GET", "me", a_me(mode="manual"))
    pane.api.answer("PATCH", "me", a_problem(500, "internal_error"), status=500)
    page = pane.show(answers.LINKED)
    page.get_by_role("button", name="Settings").click()

    page.get_by_role("switch", name=COMBINED).click()

    expect(page.get_by_role("alert")).to_contain_text("Something went wrong")
    expect(page.get_by_role("switch", name=MANUAL)).to_be_checked()
    expect(page.get_by_role("switch", name=COMBINED)).not_to_be_checked()
