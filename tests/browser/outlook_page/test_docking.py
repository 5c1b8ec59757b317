"""The pane stays as it is while its event changes, in the form and beside the week."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.outlook_page.conftest import ORGANIZER, Outlook
from tests.browser.outlook_page.test_dragging import HOUR, hours_of, pulled, shown

pytestmark = pytest.mark.browser
Make = Callable[..., dict[str, Any]]


def mark(outlook: Outlook) -> None:
    """A mark in the pane that is gone when its page is loaded again."""
    outlook.ask("window.mark = 'the same page'")


def is_the_same(outlook: Outlook) -> bool:
    return bool(outlook.ask("window.mark") == "the same page")


def test_saving_categorising_and_changes_from_elsewhere_leave_the_pane_alone(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()
    outlook.go(event=event["id"])
    mark(outlook)

    outlook.page.get_by_label("Subject").fill("Board, by hand")
    outlook.page.get_by_role("button", name="Save", exact=True).click()
    expect(outlook.page.locator("#toast")).to_have_text("Saved.")
    outlook.page.get_by_role("button", name="Categorize").click()
    outlook.page.get_by_text("Blue category").click()
    outlook.sandbox.change_event(ORGANIZER, event["id"], subject="Board, from a phone")
    expect(outlook.page.get_by_label("Subject")).to_have_value("Board, from a phone")

    assert is_the_same(outlook)
    assert outlook.office("subject", "getAsync")["value"] == "Board, from a phone"


def test_the_pane_stays_beside_the_week_while_its_event_is_dragged(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()
    outlook.go(event=event["id"])
    mark(outlook)

    outlook.page.get_by_role("button", name="Keep beside the calendar").click()
    expect(outlook.page.locator(".sheet")).to_be_hidden()
    pulled(outlook, shown(outlook), HOUR)
    expect(outlook.page.locator("#toast")).to_contain_text("11:00 – 12:00")

    assert hours_of(outlook, event) == ("11:00", "12:00")
    assert is_the_same(outlook)
    expect(outlook.page.locator("#pane")).to_be_visible()
    outlook.page.get_by_role("button", name="Back to the event").click()
    expect(outlook.page.get_by_label("Start time")).to_have_value("11:00")
    assert is_the_same(outlook)
    assert outlook.office("start", "getAsync")["value"].hour == 11


def test_another_event_takes_its_place_beside_the_week_and_closing_leaves_the_week(
    outlook: Outlook, meeting: Make
) -> None:
    first, day = meeting(), outlook.sandbox.state()["now"][:10]
    later = {
        "start": {"dateTime": f"{day}T14:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"{day}T15:00:00", "timeZone": "UTC"},
    }
    second = meeting(subject="Second", **later)
    outlook.go(event=first["id"])
    outlook.page.get_by_role("button", name="Keep beside the calendar").click()

    shown(outlook, "Second").click()
    outlook.page.wait_for_function(
        "id => location.hash.includes(encodeURIComponent(id))", arg=second["id"]
    )
    assert outlook.office("subject", "getAsync")["value"] == "Second"
    outlook.page.get_by_role("button", name="Close InterAction").click()

    expect(outlook.page.locator("#form")).to_be_hidden()
    assert outlook.page.evaluate("document.getElementById('shell').inert") is False
    assert outlook.page.evaluate("document.documentElement.className").count("docked") == 0


def test_what_is_not_saved_is_not_put_aside(outlook: Outlook) -> None:
    outlook.go(mode="new")

    outlook.page.get_by_role("button", name="Keep beside the calendar").click()

    expect(outlook.page.locator("#toast")).to_have_text("Save the event first.")
    expect(outlook.page.locator(".sheet")).to_be_visible()
