"""Events moved and resized in the week: by mouse, by keyboard, back again, and not by everybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.outlook_page.conftest import ASSISTANT, ATTENDEE, ORGANIZER, Outlook

pytestmark = pytest.mark.browser
Make = Callable[..., dict[str, Any]]
HOUR = 52


def shown(outlook: Outlook, subject: str = "Board of Halden") -> Locator:
    return outlook.page.get_by_role("button", name=re.compile(subject))


def pulled(outlook: Outlook, grip: Locator, down: float, sideways: float = 0) -> None:
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    assert box is not None
    mouse, x, y = outlook.page.mouse, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + sideways / 2, y + down / 2)
    mouse.move(x + sideways, y + down)
    mouse.up()


def next_day(day: str, days: int = 1) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def hours_of(outlook: Outlook, event: dict[str, Any], owner: str = ORGANIZER) -> tuple[str, str]:
    found = outlook.sandbox.get_event(owner, event["id"])
    return found["start"]["dateTime"][11:16], found["end"]["dateTime"][11:16]


def test_a_dragged_event_moves_in_quarter_hours_and_tells_its_attendees(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()
    outlook.go()

    pulled(outlook, shown(outlook), HOUR * 1.3)

    expect(outlook.page.locator("#toast")).to_contain_text("11:15 – 12:15. One attendee gets")
    expect(outlook.page.locator("#form")).to_be_hidden()
    assert hours_of(outlook, event) == ("11:15", "12:15")
    assert [mail["kind"] for mail in outlook.sandbox.mail()] == ["invitation", "update"]


def test_a_move_can_be_undone(outlook: Outlook, meeting: Make) -> None:
    event = meeting()
    outlook.go()
    pulled(outlook, shown(outlook), HOUR)

    outlook.page.get_by_role("button", name="Undo").click()

    expect(outlook.page.locator("#toast")).to_have_text("Moved back.")
    assert hours_of(outlook, event) == ("10:00", "11:00")


def test_the_lower_edge_makes_an_event_longer(outlook: Outlook, meeting: Make) -> None:
    event = meeting()
    outlook.go()

    pulled(outlook, shown(outlook).locator(".event-end"), HOUR)

    expect(outlook.page.locator("#toast")).to_contain_text("10:00 – 12:00")
    assert hours_of(outlook, event) == ("10:00", "12:00")


def test_an_event_goes_to_the_day_under_the_pointer(outlook: Outlook, meeting: Make) -> None:
    event = meeting()
    outlook.go()
    day = outlook.sandbox.state()["now"][:10]
    step = -1 if outlook.page.locator(".day-column").last.get_attribute("data-day") == day else 1
    column = outlook.page.locator(f".day-column[data-day='{day}']").bounding_box()
    assert column is not None

    pulled(outlook, shown(outlook), 0, step * column["width"])

    expect(outlook.page.locator("#toast")).to_contain_text("10:00 – 11:00")
    assert outlook.sandbox.get_event(ORGANIZER, event["id"])["start"]["dateTime"][:10] != day


def test_alt_and_arrows_do_what_the_mouse_does_and_keep_the_focus(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()
    outlook.go()
    shown(outlook).focus()

    outlook.page.keyboard.press("Alt+ArrowDown")
    expect(outlook.page.locator("#toast")).to_contain_text("10:15 – 11:15")
    outlook.page.keyboard.press("Alt+Shift+ArrowDown")
    expect(outlook.page.locator("#toast")).to_contain_text("10:15 – 11:30")

    expect(shown(outlook)).to_be_focused()
    assert hours_of(outlook, event) == ("10:15", "11:30")


def test_escape_lets_go_of_an_event(outlook: Outlook, meeting: Make) -> None:
    event = meeting()
    outlook.go()
    box = shown(outlook).bounding_box()
    assert box is not None
    outlook.page.mouse.move(box["x"] + 20, box["y"] + 20)
    outlook.page.mouse.down()
    outlook.page.mouse.move(box["x"] + 20, box["y"] + 90)

    outlook.page.keyboard.press("Escape")
    outlook.page.mouse.up()

    assert shown(outlook).bounding_box() == box
    assert hours_of(outlook, event) == ("10:00", "11:00")


def test_an_attendee_cannot_move_the_organizers_meeting(outlook: Outlook, meeting: Make) -> None:
    event = meeting()
    outlook.go(ATTENDEE)

    pulled(outlook, shown(outlook), HOUR)

    assert shown(outlook).get_attribute("data-movable") == "false"
    assert hours_of(outlook, event) == ("10:00", "11:00")


def test_a_dragged_occurrence_leaves_its_series_alone(outlook: Outlook, meeting: Make) -> None:
    day = outlook.sandbox.state()["now"][:10]
    master = meeting(
        recurrence={
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": day, "numberOfOccurrences": 2},
        }
    )
    outlook.go(view="week", date=day)

    pulled(outlook, shown(outlook).first, HOUR)

    expect(outlook.page.locator("#toast")).to_contain_text("This occurrence moved")
    assert hours_of(outlook, master) == ("10:00", "11:00")
    kinds = [event["type"] for event in outlook.sandbox.events(ORGANIZER, start=day)]
    assert kinds == ["exception", "occurrence"]


def test_an_occurrence_leads_to_its_whole_series(outlook: Outlook, meeting: Make) -> None:
    day = outlook.sandbox.state()["now"][:10]
    meeting(
        recurrence={
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": day, "numberOfOccurrences": 2},
        }
    )
    outlook.go(date=day)
    shown(outlook).first.click()

    outlook.page.get_by_role("button", name="Edit the whole series").click()
    expect(outlook.page.locator(".standing")).to_contain_text("reach every occurrence")
    outlook.page.get_by_label("Subject").fill("Renamed for all")
    outlook.page.get_by_role("button", name="Send update").click()
    outlook.page.locator("#form").wait_for(state="hidden")

    subjects = [event["subject"] for event in outlook.sandbox.events(ORGANIZER, start=day)]
    assert subjects == ["Renamed for all", "Renamed for all"]


def test_a_delegate_moves_in_the_owners_calendar_under_his_own_name(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()
    outlook.go(ASSISTANT, calendar=ORGANIZER)

    pulled(outlook, shown(outlook), HOUR)
    expect(outlook.page.locator("#toast")).to_contain_text("11:00 – 12:00")

    log = outlook.sandbox.control("GET", "/requests")["items"]
    patched = [entry for entry in log if entry["method"] == "PATCH"][-1]
    assert f"as={ASSISTANT}" in patched["path"]
    assert hours_of(outlook, event) == ("11:00", "12:00")


def test_an_event_of_several_days_moves_by_days(outlook: Outlook) -> None:
    day = outlook.sandbox.state()["now"][:10]
    retreat = outlook.sandbox.create_event(
        ORGANIZER,
        subject="Retreat",
        isAllDay=True,
        start={"dateTime": f"{day}T00:00:00", "timeZone": "UTC"},
        end={"dateTime": f"{next_day(day)}T00:00:00", "timeZone": "UTC"},
    )
    outlook.go(date=day)
    chip = shown(outlook, "Retreat")
    box = outlook.page.locator(".day-column").first.bounding_box()
    assert box is not None
    step = -1 if outlook.page.locator(".day-column").last.get_attribute("data-day") == day else 1

    pulled(outlook, chip, 0, step * box["width"])

    expect(outlook.page.locator("#toast")).to_contain_text("Moved to")
    moved = outlook.sandbox.get_event(ORGANIZER, retreat["id"])
    assert moved["isAllDay"] is True
    assert moved["start"]["dateTime"][:10] == next_day(day, step)
    assert moved["end"]["dateTime"][:10] == next_day(day, step + 1)
