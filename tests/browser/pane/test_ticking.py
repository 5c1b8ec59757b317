"""Tick, untick, undo and what happens between them (T3, T4, T4a, T8)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.pane import answers
from tests.browser.pane.answers import a_problem, a_verdict, an_answer, an_event, can, checks
from tests.browser.pane.harness import PaneHarness, saved_item, unsaved_item

pytestmark = pytest.mark.browser

LABEL = "Add this Event to InterAction"
FORM = a_verdict(unknown=("recurring_event", "private_contact"), source="form")


def test_a_tick_shows_the_final_state_at_once(pane: PaneHarness) -> None:
    pane.api.answer("PUT", "events/{id}/link", answers.LINKED)
    page = pane.show(an_answer())

    page.get_by_label(LABEL).click()

    expect(page.get_by_label(LABEL)).to_be_checked()
    expect(page.get_by_role("status")).to_contain_text("In InterAction")
    assert pane.api.body("PUT", "events/{id}/link") == {}


def test_the_space_key_ticks_and_keeps_the_focus(pane: PaneHarness) -> None:
    pane.api.answer("PUT", "events/{id}/link", answers.LINKED)
    page = pane.show(an_answer())

    page.get_by_label(LABEL).focus()
    page.keyboard.press("Space")

    expect(page.get_by_label(LABEL)).to_be_checked()
    expect(page.get_by_label(LABEL)).to_be_focused()


def test_a_double_click_ticks_once(pane: PaneHarness) -> None:
    pane.api.answer("PUT", "events/{id}/link", answers.LINKED)
    page = pane.show(an_answer())

    page.evaluate("const box = document.getElementById('tick'); box.click(); box.click()")

    expect(page.get_by_role("status")).to_contain_text("In InterAction")
    assert pane.api.count("PUT", "events/{id}/link") == 1


def test_a_pending_tick_is_looked_at_again_until_it_is_done(pane: PaneHarness) -> None:
    pane.page.clock.install()
    pending = answers.PENDING | {"link": answers.PENDING["link"] | {"next_attempt_at": None}}
    pane.api.answer("GET", "events/{id}", an_answer())
    pane.api.answer("GET", "events/{id}", pending).answer("GET", "events/{id}", answers.LINKED)
    pane.api.answer("PUT", "events/{id}/link", pending, status=202)
    page = pane.open()
    pane.settle()

    page.get_by_label(LABEL).click()
    expect(page.locator("main")).to_contain_text("Adding to InterAction…")
    for _ in range(3):
        page.clock.run_for(4_000)
        pane.settle()

    expect(page.get_by_role("heading", name="In InterAction")).to_be_visible()


def test_a_refused_tick_shows_the_rules_that_said_no(pane: PaneHarness) -> None:
    refusal = a_problem(
        422,
        "private_event",
        "This event is marked private. Such events are never synced.",
        checks=checks(failed=("private_event",)),
    )
    pane.api.answer("PUT", "events/{id}/link", refusal, status=422)
    page = pane.show(an_answer())

    page.get_by_label(LABEL).click()

    expect(page.get_by_role("alert")).to_contain_text("This event is marked private.")
    expect(page.locator("#rules")).to_contain_text("Set its sensitivity to Normal")
    expect(page.get_by_label(LABEL)).not_to_be_checked()


def test_a_box_that_may_not_be_ticked_says_why_and_does_nothing(pane: PaneHarness) -> None:
    page = pane.show(answers.STATES["many_refusals"])

    page.get_by_label(LABEL).click(force=True)

    expect(page.get_by_label(LABEL)).to_have_accessible_description(
        "6 things have to change first."
    )
    assert pane.api.count("PUT", "events/{id}/link") == 0


def test_an_untick_lists_what_would_go_and_asks(pane: PaneHarness) -> None:
    pane.api.answer("DELETE", "events/{id}/link", answers.REMOVED)
    page = pane.show(answers.RICH)

    page.get_by_label(LABEL).click()
    dialog = page.get_by_role("dialog")
    listed = dialog.get_by_role("listitem").all_text_contents()
    violations = pane.accessibility_violations()
    dialog.get_by_role("button", name="Remove").click()

    assert listed == ["its notes", "its link to 2 opportunities", "its link to 1 initiative"]
    assert violations == []
    expect(page.locator("main")).to_contain_text("Removed from InterAction")
    expect(page.get_by_label(LABEL)).not_to_be_checked()


def test_escape_leaves_everything_as_it_is(pane: PaneHarness) -> None:
    page = pane.show(answers.RICH)

    page.get_by_label(LABEL).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")

    expect(page.get_by_label(LABEL)).to_be_checked()
    expect(page.get_by_label(LABEL)).to_be_focused()
    assert pane.api.count("DELETE", "events/{id}/link") == 0


def test_nothing_is_called_done_while_the_question_stands(pane: PaneHarness) -> None:
    page = pane.show(answers.RICH)

    page.get_by_label(LABEL).click()

    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    assert page.locator("main").get_attribute("aria-busy") == "false"
    assert page.evaluate("document.getElementById('tick').checked") is True


def test_the_dialog_keeps_the_focus_inside(pane: PaneHarness) -> None:
    page = pane.show(answers.RICH)
    page.get_by_label(LABEL).click()

    inside = []
    for _ in range(5):
        page.keyboard.press("Tab")
        inside.append(
            page.evaluate(
                "document.activeElement === document.body"
                " || document.querySelector('dialog').contains(document.activeElement)"
            )
        )

    assert all(inside)


def test_undo_brings_the_record_back(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/{id}/link/undo", answers.LINKED)
    page = pane.show(answers.REMOVED)

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_label(LABEL)).to_be_checked()


def test_an_undo_that_comes_too_late_says_so(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/{id}/link/undo", a_problem(409, "nothing_to_undo"), status=409)
    page = pane.show(answers.REMOVED)

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("alert")).to_contain_text("Nothing to undo")


def test_a_released_record_can_be_followed_again(pane: PaneHarness) -> None:
    pane.api.answer("PUT", "events/{id}/link", answers.LINKED)
    page = pane.show(answers.STATES["released_edited"])

    page.get_by_role("button", name="Keep up to date again").click()

    expect(page.get_by_role("heading", name="In InterAction")).to_be_visible()


def test_unticking_a_released_record_takes_the_category_only(pane: PaneHarness) -> None:
    page = pane.show(answers.STATES["released_edited"])

    page.get_by_label(LABEL).click()

    expect(page.get_by_role("dialog")).to_contain_text("The record stays in InterAction.")


def test_a_final_record_cannot_be_unticked(pane: PaneHarness) -> None:
    page = pane.show(answers.STATES["final"])

    page.get_by_label(LABEL).click(force=True)

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label(LABEL)).to_be_checked()


def test_an_unsaved_form_is_judged_without_being_saved(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", FORM)

    page = pane.open(unsaved_item())
    pane.settle()

    expect(page.locator("#rules")).to_contain_text("10 of 12 checks in order, the rest when saved")
    expect(page.locator("#rules")).to_contain_text("Not a recurring event Checked when saved")
    assert page.evaluate("outlook.calls.includes('saveAsync')") is False
    assert pane.accessibility_violations() == []
    assert pane.api.body("POST", "events/check") == {
        "organizer": {"address": answers.OWNER},
        "start": "2026-12-01T09:00:00.000Z",
        "end": "2026-12-01T10:00:00.000Z",
        "sensitivity": "normal",
        "recurring": None,
        "attendees": [{"address": "ola@client.test", "type": "required"}],
    }


def test_what_outlook_cannot_say_is_sent_as_null(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", FORM)

    pane.open(unsaved_item(start=None), noSensitivity=True)
    pane.settle()

    form = pane.api.body("POST", "events/check")
    assert (form["start"], form["sensitivity"], form["recurring"]) == (None, None, None)


def test_a_new_event_is_saved_only_after_the_person_agreed(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", FORM)
    pane.api.answer("PUT", "events/AAMk-saved_1%3D/link", answers.JUST_SAVED, status=202)
    page = pane.open(unsaved_item())
    pane.settle()

    page.get_by_label(LABEL).click()
    expect(page.get_by_role("dialog")).to_contain_text("Outlook will save this event first")
    saved_before = page.evaluate("outlook.calls.includes('saveAsync')")
    page.get_by_role("button", name="Save and add").click()

    expect(page.locator("main")).to_contain_text("Waiting for Exchange to show the saved event")
    assert saved_before is False
    assert pane.api.body("PUT", "events/AAMk-saved_1%3D/link") == {"just_saved": True}


def test_cancelling_the_save_leaves_the_event_unsaved(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", FORM)
    page = pane.open(unsaved_item())
    pane.settle()

    page.get_by_label(LABEL).click()
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_label(LABEL)).not_to_be_checked()
    assert page.evaluate("outlook.calls.includes('saveAsync')") is False


@pytest.mark.parametrize("fault", ["saveFails", "saveThrows"])
def test_a_save_that_fails_adds_nothing_and_says_so(pane: PaneHarness, fault: str) -> None:
    pane.api.answer("POST", "events/check", FORM)
    page = pane.open(unsaved_item(), **{fault: True})
    pane.settle()

    page.get_by_label(LABEL).click()
    page.get_by_role("button", name="Save and add").click()

    expect(page.get_by_role("alert")).to_contain_text("Outlook could not save the event")
    assert [method for method, _, _ in pane.api.calls] == ["POST"]


def test_a_tick_lost_after_the_save_is_repeated_without_saving_again(pane: PaneHarness) -> None:
    link = "events/AAMk-saved_1%3D/link"
    pane.api.answer("POST", "events/check", FORM)
    pane.api.answer("PUT", link, None).answer("PUT", link, answers.JUST_SAVED, status=202)
    page = pane.open(unsaved_item())
    pane.settle()
    page.get_by_label(LABEL).click()
    page.get_by_role("button", name="Save and add").click()

    page.get_by_role("button", name="Try again").click()

    expect(page.locator("main")).to_contain_text("Waiting for Exchange")
    assert page.evaluate("outlook.calls.filter((call) => call === 'saveAsync').length") == 1
    assert pane.api.body("PUT", link) == {"just_saved": True}


def test_an_event_with_an_id_is_never_saved_by_the_pane(pane: PaneHarness) -> None:
    pane.api.answer("PUT", "events/{id}/link", answers.LINKED)
    page = pane.show(an_answer())

    page.get_by_label(LABEL).click()

    expect(page.get_by_label(LABEL)).to_be_checked()
    assert page.evaluate("outlook.calls.includes('saveAsync')") is False


def test_an_id_outlook_cannot_tell_is_not_taken_for_unsaved(pane: PaneHarness) -> None:
    page = pane.open(saved_item(), idFails=True)

    expect(page.get_by_role("alert")).to_contain_text("Outlook cannot say which event this is")
    assert page.evaluate("outlook.calls.includes('saveAsync')") is False


def test_a_saved_event_exchange_does_not_show_yet_is_no_error(pane: PaneHarness) -> None:
    pane.api.answer("GET", "events/{id}", a_problem(404, "event_not_found"), status=404)
    pane.api.answer("POST", "events/check", FORM)
    pane.api.answer("PUT", "events/{id}/link", answers.JUST_SAVED, status=202)
    page = pane.open()
    pane.settle()

    expect(page.get_by_role("alert")).to_be_empty()
    expect(page.locator("main")).to_contain_text("Exchange may take a few minutes")
    page.get_by_label(LABEL).click()

    expect(page.locator("main")).to_contain_text("Waiting for Exchange")
    assert pane.api.body("PUT", "events/{id}/link") == {"just_saved": True}


def test_rules_follow_the_form_while_it_is_edited(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", a_verdict("outside_window", source="form"))
    page = pane.show(an_answer())

    page.evaluate("outlook.change({start: '2020-01-01T09:00:00Z', end: '2020-01-01T10:00:00Z'})")

    expect(page.locator("#rules")).to_contain_text("This event ended more than 30 days ago.")
    expect(page.locator("main")).to_contain_text("Unsaved changes")
    expect(page.get_by_label(LABEL)).to_have_attribute("aria-disabled", "true")


def test_marking_a_synced_event_private_warns_before_it_is_saved(pane: PaneHarness) -> None:
    form = a_verdict("private_event", unknown=("not_organizer", "cancelled"), source="form")
    pane.api.answer("POST", "events/check", form)
    page = pane.show(answers.LINKED)

    page.evaluate("outlook.change({sensitivity: 'private'}, 'nothing Outlook would tell')")
    page.evaluate("outlook.comeBack()")

    expect(page.locator("main")).to_contain_text("the record in InterAction is deleted for good")
    expect(page.locator("#rules")).to_contain_text("You are the organizer.")
    expect(page.locator("#rules")).not_to_contain_text("Checked when saved")


def test_typing_asks_once(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", FORM)
    page = pane.show(an_answer())

    page.evaluate(
        "for (const n of [1, 2, 3, 4, 5])"
        " outlook.change({required: [['A', `a${n}@client.test`]]}, 'recipients')"
    )

    expect(page.locator("main")).to_contain_text("Unsaved changes")
    expect(page.locator("#rules")).to_contain_text("the rest when saved")
    assert pane.api.count("POST", "events/check") == 1


def test_a_form_marked_private_is_noticed_on_return(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", FORM)
    pane.api.answer("POST", "events/check", a_verdict("private_event", source="form"))
    page = pane.open(unsaved_item())
    pane.settle()
    expect(page.locator("#rules")).to_contain_text("the rest when saved")

    page.evaluate("outlook.change({sensitivity: 'private'}, 'nothing Outlook would tell')")
    page.evaluate("outlook.comeBack()")

    expect(page.locator("#rules")).to_contain_text("This event is marked private.")


def test_after_saving_exchange_decides_again(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", a_verdict("outside_window", source="form"))
    page = pane.show(an_answer())
    moved = {"start": "2026-12-02T09:00:00Z", "end": "2026-12-02T10:00:00Z"}
    page.evaluate(f"outlook.change({moved})")
    expect(page.locator("main")).to_contain_text("Unsaved changes")
    pane.api.reset("GET", "events/{id}")
    pane.api.answer("GET", "events/{id}", an_answer(event=an_event(**moved)))

    page.get_by_role("button", name="Refresh").click()

    expect(page.locator("main")).not_to_contain_text("Unsaved changes")
    expect(page.locator("#rules")).to_contain_text("All 12 checks in order")


def test_saving_the_form_in_outlook_turns_the_check_into_a_reading(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", FORM).answer("GET", "events/{id}", an_answer())
    page = pane.open(unsaved_item())
    pane.settle()
    expect(page.locator("main")).to_contain_text("Not saved yet")

    page.evaluate(f"outlook.change({{id: '{answers.EWS_ID}'}}, 'nothing Outlook would tell')")
    page.evaluate("outlook.comeBack()")

    expect(page.locator("#rules")).to_contain_text("All 12 checks in order")
    expect(page.locator("main")).not_to_contain_text("Not saved yet")


def test_a_draft_can_be_ticked_and_says_that_nothing_was_sent(pane: PaneHarness) -> None:
    page = pane.show(an_answer(event=an_event(is_draft=True), can=can("tick")))

    expect(page.locator("main")).to_contain_text("Invitations not sent yet")
    expect(page.get_by_label(LABEL)).to_have_attribute("aria-disabled", "false")
