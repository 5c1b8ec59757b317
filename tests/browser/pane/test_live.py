"""The pane follows what happens elsewhere, and leaves the person's place on the page alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pane import answers
from tests.browser.pane.answers import Json, a_link, a_verdict, an_activity, an_event
from tests.browser.pane.harness import PaneHarness

pytestmark = pytest.mark.browser

EVENT = ("GET", "events/{id}")


def linked(**activity: object) -> Json:
    return answers.LINKED | {"activity": an_activity(**activity)}


def change_to(pane: PaneHarness, answer: Json) -> Page:
    """Show a linked event; then something else becomes true, and the pane notices by itself."""
    pane.page.clock.install(time="2026-11-21T09:00:00Z")
    page = pane.show(answers.LINKED)
    pane.api.reset(*EVENT).answer(*EVENT, answer)
    return page


def next_look(pane: PaneHarness) -> None:
    with pane.page.expect_response("**/api/events/**"):
        pane.page.clock.run_for(4_000)
    pane.page.evaluate("new Promise(done => setTimeout(done)) && 0")


def test_the_record_is_shown_as_it_stands_in_the_crm(pane: PaneHarness) -> None:
    page = pane.show(answers.LINKED)

    card = page.get_by_role("region", name="The record")
    expect(card.locator("dt")).to_have_text(
        ["Kind", "Subject", "When", "Where", "Contacts", "Others"]
    )
    expect(card).to_contain_text("Appointment")
    expect(card).to_contain_text("Quarterly review with Halden Shipping")
    expect(card).to_contain_text("Ola Halden")
    expect(card.locator(".changed")).to_have_count(0)


def test_a_change_shows_by_itself_is_marked_for_a_while_and_told_once(pane: PaneHarness) -> None:
    page = change_to(
        pane, linked(start="2026-12-01T11:00:00Z", end="2026-12-01T12:00:00Z", location="Room 5")
    )

    next_look(pane)

    changed = page.locator(".record .changed")
    expect(changed.locator("dt")).to_have_text(["When", "Where"])
    expect(changed.first).to_contain_text("Changed")
    expect(page.get_by_role("status")).to_have_text("Record updated: time and place changed.")

    page.clock.run_for(12_000)
    expect(changed).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text("Record updated: time and place changed.")


def test_a_look_that_finds_nothing_new_says_and_moves_nothing(pane: PaneHarness) -> None:
    page = change_to(pane, answers.LINKED)
    page.evaluate("""() => {
        window.seen = [];
        new MutationObserver(found => window.seen.push(...found.map(f => f.target.nodeName)))
            .observe(document.body, {subtree: true, childList: true, attributes: true,
                                     characterData: true});
    }""")

    for _ in range(3):
        next_look(pane)

    assert page.evaluate("window.seen") == []


def test_the_same_change_back_and_forth_is_told_each_time(pane: PaneHarness) -> None:
    page = change_to(pane, linked(subject="Renamed"))
    next_look(pane)
    page.evaluate("""() => {
        window.told = 0;
        new MutationObserver(() => window.told += 1)
            .observe(document.getElementById('status'), {childList: true});
    }""")
    pane.api.reset(*EVENT).answer(*EVENT, answers.LINKED)

    next_look(pane)

    expect(page.locator(".record dd").nth(1)).to_contain_text("Quarterly review")
    assert page.evaluate("window.told") == 1


def test_focus_opened_parts_and_nodes_survive_a_change_elsewhere(pane: PaneHarness) -> None:
    page = change_to(
        pane,
        linked(subject="Renamed")
        | {"event": an_event(subject="Renamed"), "verdict": a_verdict("cancelled")},
    )
    page.locator("#attendees summary").click()
    page.get_by_role("link", name="Appointment").focus()
    page.evaluate("""() => {
        window.kept = {
            focus: document.activeElement,
            list: document.querySelector('#attendees ul'),
            text: document.querySelector('#attendees li bdi').firstChild,
        };
        getSelection().selectAllChildren(document.querySelector('#attendees li'));
    }""")

    next_look(pane)

    expect(page.locator("#subject")).to_have_text("Renamed")
    assert page.evaluate("window.kept.focus === document.activeElement")
    assert page.evaluate("window.kept.list.isConnected && window.kept.text.isConnected")
    assert page.evaluate("getSelection().toString()").startswith("Ola Halden")
    assert page.locator("#attendees").get_attribute("open") is not None


def test_an_open_question_stays_open_and_is_answered(pane: PaneHarness) -> None:
    page = change_to(pane, linked(subject="Renamed"))
    pane.api.answer("DELETE", "events/{id}/link", answers.REMOVED)
    page.get_by_role("checkbox").click()
    expect(page.get_by_role("dialog")).to_be_visible()

    next_look(pane)

    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator(".state h3")).to_have_text("Removed from InterAction")


def test_a_button_that_stays_does_what_it_says_now(pane: PaneHarness) -> None:
    """The checkbox is the same node before and after; what a click does must follow the state."""
    page = change_to(pane, answers.REMOVED)
    next_look(pane)
    pane.api.answer("PUT", "events/{id}/link", answers.LINKED)

    page.get_by_role("checkbox").click()

    expect(page.locator(".state h3")).to_have_text("In InterAction")
    assert pane.api.count("PUT", "events/{id}/link") == 1
    assert pane.api.count("DELETE", "events/{id}/link") == 0


def test_an_edit_in_the_crm_shows_who_did_it(pane: PaneHarness) -> None:
    page = change_to(pane, answers.STATES["released_edited"])

    next_look(pane)

    expect(page.locator(".state h3")).to_have_text("No longer kept up to date")
    expect(page.get_by_role("status")).to_contain_text("Paul Editor edited the record")


def test_a_freeze_and_a_thaw_show_by_themselves(pane: PaneHarness) -> None:
    page = change_to(pane, answers.STATES["frozen_mass_change"])
    next_look(pane)
    expect(page.locator(".state h3")).to_have_text("Stopped to be safe")

    pane.api.reset(*EVENT).answer(*EVENT, answers.LINKED)
    next_look(pane)

    expect(page.locator(".state h3")).to_have_text("In InterAction")


def test_the_receipt_has_three_times_and_the_reason(pane: PaneHarness) -> None:
    automatic = a_link(origin="automatic", because="Ola Halden is a Top Client")
    page = pane.show(answers.LINKED | {"link": automatic})

    facts = page.locator(".receipt .facts")
    expect(facts.locator("dt")).to_have_text(
        ["Record", "Why", "Last checked", "Last change seen", "Written"]
    )
    expect(facts).to_contain_text("Added because Ola Halden is a Top Client")
