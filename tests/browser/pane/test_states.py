"""Every state of a saved event is shown in words, accessibly, in light and dark (T1-T5, T10)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.pane import answers
from tests.browser.pane.harness import PaneHarness, read_item

pytestmark = pytest.mark.browser

DARK = {"bodyBackgroundColor": "#1f1f1f", "bodyForegroundColor": "#ffffff"}

SAID = {
    "eligible": "All 12 checks in order",
    "linked": "In InterAction",
    "linked_graph_down": "This is what Calendar Sync knows",
    "linked_draft": "Invitations not sent yet",
    "linked_automatic": "Ola Halden is a Top Client",
    "linked_category_not_permitted": "grant the permission Calendars.ReadWrite",
    "linked_category_waiting": "The category will follow",
    "linked_cancelled": "Marked as cancelled in InterAction",
    "frozen_recurring": "Recurring events cannot be synced",
    "frozen_paused": "An administrator has paused calendar sync",
    "frozen_mass_change": "An administrator has to look and decide",
    "frozen_left_calendar": "Move the event back, and updates go on",
    "frozen_unreachable": "Calendar Sync cannot read this mailbox at the moment",
    "pending": "Writing the record to InterAction",
    "pending_just_saved": "Waiting for Exchange to show the saved event",
    "pending_crm_down": "InterAction does not answer",
    "removing": "Taking the record out of InterAction",
    "removed_undo": "You can bring the same record back until",
    "removed_private": "Nothing about it is kept",
    "removed_not_found": "Outlook never showed the saved event",
    "refused_category": "The category on the event is left where it is",
    "released_edited": "Paul Editor edited the record",
    "released_deleted": "a tick does",
    "final": "The sync period of this event is over",
    "not_enabled": "You are not enabled for calendar sync",
    "not_enabled_admin": "Ask your administrator to enable calendar sync",
    "many_refusals": "6 things to change",
    "guest": "synced by Sam Organizer",
    "guest_hidden_record": "This meeting is already in InterAction.",
    "hostile": "<img src=x onerror=alert(1)>",
    "all_day": "Tue, 1 Dec – Wed, 2 Dec 2026",
}
"""What must be readable in each state."""


@pytest.mark.parametrize("state", answers.STATES)
def test_every_state_is_said_in_words_and_has_no_accessibility_violation(
    pane: PaneHarness, state: str
) -> None:
    page = pane.show(answers.STATES[state])

    expect(page.locator("body")).to_contain_text(SAID.get(state, "InterAction"))
    assert pane.accessibility_violations() == []


@pytest.mark.parametrize("state", ["eligible", "linked", "many_refusals", "not_enabled", "guest"])
def test_dark_states_have_enough_contrast(pane: PaneHarness, state: str) -> None:
    pane.show(answers.STATES[state], theme=DARK)

    assert pane.accessibility_violations() == []


def test_high_contrast_keeps_every_control_visible(pane: PaneHarness) -> None:
    pane.page.emulate_media(forced_colors="active")

    page = pane.show(answers.STATES["linked_category_not_permitted"])

    expect(page.get_by_label("Add this Event to InterAction")).to_be_visible()
    assert pane.accessibility_violations() == []


@pytest.mark.parametrize("width", [280, 320, 450, 900])
def test_nothing_sticks_out_at_any_width(pane: PaneHarness, width: int) -> None:
    pane.page.set_viewport_size({"width": width, "height": 570})

    page = pane.show(answers.STATES["hostile"])
    page.locator("#attendees summary").click()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_markup_in_a_subject_stays_text(pane: PaneHarness) -> None:
    page = pane.show(answers.STATES["hostile"])

    assert page.locator("main img").count() == 0


def test_a_saved_event_costs_one_call(pane: PaneHarness) -> None:
    pane.show(answers.LINKED, read_item())

    assert [(method, path) for method, path, _ in pane.api.calls] == [
        ("GET", "events/AAMkAGI1-x_9%3D")
    ]


def test_a_shared_calendar_is_asked_about_by_its_owner(pane: PaneHarness) -> None:
    page = pane.show(answers.LINKED, owner="boss+1@calder.test")

    assert pane.api.calls[0][1] == "events/AAMkAGI1-x_9%3D?mailbox=boss%2B1%40calder.test"
    expect(page.locator("main")).to_contain_text("In the calendar of boss+1@calder.test")


def test_times_are_those_of_the_users_mailbox(pane: PaneHarness) -> None:
    page = pane.show(answers.an_answer())

    expect(page.locator("main")).to_contain_text("14:30–15:30")


def test_a_guest_sees_no_checkbox_and_a_link_to_the_record(pane: PaneHarness) -> None:
    page = pane.show(answers.GUEST, read_item())

    expect(page.get_by_role("checkbox")).to_have_count(0)
    expect(page.get_by_role("button", name="Add Activity")).to_be_visible()
    link = page.get_by_role("link", name="Open the record")
    assert str(link.get_attribute("href")).endswith("crm/activities/A-7")


def test_a_record_the_guest_may_not_see_is_not_named(pane: PaneHarness) -> None:
    page = pane.show(answers.STATES["guest_hidden_record"], read_item())

    expect(page.get_by_role("link", name="Open the record")).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text(" by ")


def test_outlooks_theme_beats_the_systems(pane: PaneHarness) -> None:
    pane.page.emulate_media(color_scheme="light")
    page = pane.show(answers.LINKED, theme=DARK)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.evaluate("outlook.theme({bodyBackgroundColor: '#ffffff'})")

    assert dark == "rgb(31, 31, 31)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_without_a_theme_the_system_decides(pane: PaneHarness) -> None:
    pane.page.emulate_media(color_scheme="dark")

    page = pane.show(answers.LINKED)

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(31, 31, 31)"


def test_everything_is_reached_by_keyboard_in_reading_order(pane: PaneHarness) -> None:
    page = pane.show(answers.LINKED)
    reached = []

    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))

    boxes = ["refresh", "settings", "tick", "A"]
    assert reached == [*boxes, "rules-summary", "add-activity", "attendees-summary"]


def test_what_the_person_opened_stays_open_after_a_change(pane: PaneHarness) -> None:
    page = pane.show(answers.LINKED)
    page.locator("#attendees summary").click()
    pane.api.reset("GET", "events/{id}").answer("GET", "events/{id}", answers.STATES["final"])

    page.get_by_role("button", name="Refresh").click()

    expect(page.locator("main")).to_contain_text("Final in InterAction")
    expect(page.locator("#attendees").get_by_text("Ola Halden")).to_be_visible()
