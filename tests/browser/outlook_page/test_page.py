"""The page itself: forms, categories, copies, mails, and that everybody can use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.outlook_page.conftest import ATTENDEE, ORGANIZER, Outlook
from tests.support.axe import violations
from tests.support.npm import AXE, needs_npm

pytestmark = pytest.mark.browser
Make = Callable[..., dict[str, Any]]


def test_an_organizer_makes_a_meeting_in_an_empty_slot_and_it_reaches_everybody(
    outlook: Outlook,
) -> None:
    outlook.go()
    page = outlook.page

    page.locator(".day-column").nth(2).click(position={"x": 40, "y": 52 * 14 + 30})
    page.get_by_label("Subject").fill("Pleadings – ünïcode 🙂 <b>not bold</b>")
    guest = page.get_by_label("Invite required attendees")
    guest.fill("anders")
    guest.press("Enter")
    page.get_by_label("Location").fill("Second floor")
    page.get_by_role("button", name="Send", exact=True).click()

    made = page.get_by_role("button", name=re.compile("Pleadings"))
    expect(made).to_be_visible()
    made.click()
    expect(page.get_by_label("Start time")).to_have_value("14:30")
    expect(page.locator(f".copy[data-owner='{ATTENDEE}']")).to_be_visible()
    assert [mail["kind"] for mail in outlook.sandbox.mail()] == ["invitation"]


def test_an_attendee_answers_and_the_mail_is_shown_at_once(outlook: Outlook, meeting: Make) -> None:
    meeting()
    outlook.go(ATTENDEE)
    page = outlook.page
    page.locator("#activity-button").click()

    page.get_by_role("button", name=re.compile("Board of Halden")).click()
    page.get_by_role("button", name="Accept").click()

    expect(page.locator(".attendee.response-accepted")).to_contain_text("Anders Lindqvist")
    expect(page.locator(".mail-kind.response")).to_have_count(1)


@pytest.mark.parametrize(("keeps", "left"), [("on", []), ("off", ["Green category"])])
def test_an_open_form_writes_back_its_own_categories_only_when_it_keeps_them(
    outlook: Outlook, meeting: Make, keeps: str, left: list[str]
) -> None:
    event = meeting()
    outlook.go(query=f"keeps={keeps}", event=event["id"])
    outlook.page.get_by_label("Subject").fill("Renamed")

    outlook.sandbox.change_event(ORGANIZER, event["id"], categories=["Green category"])
    shown = outlook.page.locator(f".copy[data-owner='{ORGANIZER}'] .tag")
    expect(shown).to_have_text("Green category")
    outlook.page.get_by_role("button", name="Save").click()

    expect(outlook.page.locator("#toast")).to_have_text("Saved.")
    saved = outlook.sandbox.get_event(ORGANIZER, event["id"])
    assert (saved["subject"], saved["categories"]) == ("Renamed", left)


def test_categorizing_keeps_the_other_categories(outlook: Outlook, meeting: Make) -> None:
    event = meeting(categories=["Blue category"])
    outlook.go(event=event["id"])

    outlook.page.get_by_role("button", name="Categorize").click()
    outlook.page.get_by_label("Green category").check()

    own = outlook.page.locator(f".copy[data-owner='{ORGANIZER}'] .tag")
    expect(own).to_have_text(["Blue category", "Green category"])
    outlook.page.get_by_label("Blue category").uncheck()
    expect(own).to_have_text(["Green category"])


def test_cancelling_asks_first_and_takes_the_meeting_away(outlook: Outlook, meeting: Make) -> None:
    outlook.go(event=meeting()["id"])
    page = outlook.page

    page.get_by_role("button", name="Cancel meeting").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel meeting").click()

    expect(page.locator("#form")).to_be_hidden()
    expect(page.locator(".event")).to_have_count(0)
    assert outlook.sandbox.mail()[-1]["kind"] == "cancellation"


def test_a_delegate_sees_of_a_private_appointment_only_that_it_is_there(outlook: Outlook) -> None:
    owner, delegate = next(
        (one["owner"], one["delegate"])
        for one in outlook.sandbox.state()["delegates"]
        if one["write"] and not one["see_private"]
    )
    day = outlook.sandbox.state()["now"][:10]
    outlook.sandbox.create_event(
        owner,
        subject="Cardiologist",
        sensitivity="private",
        start={"dateTime": f"{day}T10:00:00", "timeZone": "UTC"},
        end={"dateTime": f"{day}T11:00:00", "timeZone": "UTC"},
    )

    outlook.go(delegate)
    answers: list[Any] = []
    outlook.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - playwright marks the handler
    outlook.page.get_by_role("button", name="Open shared calendar").click()
    outlook.page.locator(".person-row", has_text=owner).click()
    outlook.page.get_by_role("button", name=re.compile("Private appointment")).click()

    expect(outlook.page.locator("#toast")).to_have_text("This appointment is private.")
    expect(outlook.page.locator("#form")).to_be_hidden()
    expect(outlook.page.get_by_text("Cardiologist")).to_have_count(0)
    name = owner.split("@")[0]
    seen = [answer.text() for answer in answers if name in answer.url]
    assert any("Private Appointment" in text for text in seen)
    assert not any("Cardiologist" in text for text in seen)


def test_all_day_and_private_go_to_the_server_as_graph_writes_them(outlook: Outlook) -> None:
    outlook.go(mode="new")
    page = outlook.page

    page.get_by_label("Subject").fill("Retreat")
    page.get_by_label("All day").check()
    page.get_by_label("Sensitivity").select_option("private")
    page.get_by_role("button", name="Save").click()

    saved = outlook.sandbox.get_event(ORGANIZER, outlook.saved_id())
    assert saved["isAllDay"] is True
    assert saved["sensitivity"] == "private"
    assert saved["start"]["dateTime"].endswith("T00:00:00.0000000")


def test_the_person_is_found_by_typing_and_chosen_by_keyboard(outlook: Outlook) -> None:
    outlook.go()

    outlook.page.locator("#person").click()
    outlook.page.keyboard.type("anders lind")
    outlook.page.keyboard.press("Enter")

    expect(outlook.page.locator("#person")).to_contain_text("Anders Lindqvist")
    assert "person=anders" in outlook.page.url


@pytest.mark.parametrize("state", [{}, {"view": "list"}, {"mode": "new"}])
def test_nothing_sticks_out_at_320_pixels(outlook: Outlook, meeting: Make, state: Any) -> None:
    meeting(subject="W" * 300)
    outlook.page.set_viewport_size({"width": 320, "height": 640})

    outlook.go(**state)

    wide = "document.scrollingElement.scrollWidth"
    assert outlook.page.evaluate(wide) <= 320
    assert outlook.page.evaluate("document.getElementById('toolbar').scrollWidth") <= 320


@pytest.mark.node
@needs_npm(AXE)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", [{}, {"view": "list"}, {"mode": "new"}])
def test_axe_finds_nothing_wrong(outlook: Outlook, meeting: Make, theme: str, state: Any) -> None:
    meeting(categories=["Yellow category", "Green category"])
    outlook.go(query=f"theme={theme}&pane=closed", **state)

    assert violations(outlook.page) == []
