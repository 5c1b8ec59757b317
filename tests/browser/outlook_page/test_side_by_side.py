"""Several people at once, and the strip that shows what happens between them and our app."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
from playwright.sync_api import FrameLocator, expect

from tests.browser.outlook_page.conftest import ATTENDEE, ORGANIZER, Outlook
from tests.support.axe import violations
from tests.support.npm import AXE, needs_npm
from tests.support.receiver import Manners, Receiver

pytestmark = pytest.mark.browser
Make = Callable[..., dict[str, Any]]


def columns(outlook: Outlook, *states: dict[str, str], query: str = "") -> list[FrameLocator]:
    hash_text = "&".join(quote(urlencode(state)) for state in states)
    outlook.page.goto(f"{outlook.sandbox.url}/side-by-side?{query}#{hash_text}")
    shown = [outlook.page.frame_locator(".column iframe").nth(n) for n in range(len(states))]
    for column in shown:
        column.locator("html[data-ready]").wait_for(state="attached")
    return shown


def test_organizer_and_attendee_have_the_meeting_open_with_a_pane_each(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()
    left, right = columns(
        outlook, {"person": ORGANIZER, "event": event["id"]}, {"person": ATTENDEE}
    )

    left.get_by_role("button", name="Open beside as Anders Lindqvist").click()
    right.get_by_role("button", name="Accept").click()

    seen = [column.frame_locator(".pane iframe").locator("#seen") for column in (left, right)]
    expect(seen[0]).to_contain_text('"surface": "compose"')
    expect(seen[1]).to_contain_text('"surface": "read"')
    expect(left.locator(".response-accepted")).to_contain_text("Anders Lindqvist")
    assert "event%3D" in outlook.page.url.partition("&")[2]


def test_one_outlook_becomes_two_when_a_copy_is_opened_beside(
    outlook: Outlook, meeting: Make
) -> None:
    outlook.go(event=meeting()["id"])

    outlook.page.get_by_role("button", name="Open beside as Anders Lindqvist").click()

    expect(outlook.page.locator(".column")).to_have_count(2)
    second = outlook.page.frame_locator(".column iframe").nth(1)
    expect(second.locator(".read-title")).to_have_text("Board of Halden Shipping")


def test_the_strip_shows_calls_and_mails_as_they_happen_and_can_be_held(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()
    outlook.go()
    outlook.page.locator("#activity-button").click()
    lines = outlook.page.locator(".activity")
    graph = f"{outlook.sandbox.url}/v1.0/users/{ORGANIZER}/events/{event['id']}"
    bearer = {"Authorization": f"Bearer {outlook.sandbox.token(audience='graph', app=True)}"}

    requests.get(graph, headers=bearer, timeout=10)
    call = lines.filter(has_text="GET").first
    expect(call).to_contain_text("daemon")
    expect(call).to_contain_text("200")
    outlook.page.get_by_label("Filter activity").fill("invitation")
    expect(lines).to_have_count(1)
    expect(lines.locator(".mail-kind")).to_have_text("Invitation")

    outlook.page.get_by_label("Filter activity").fill("nobody")
    outlook.page.get_by_role("button", name="Pause").click()
    requests.get(graph.replace(ORGANIZER, "nobody@x.example"), headers=bearer, timeout=10)
    outlook.page.wait_for_timeout(1_800)
    expect(lines).to_have_count(0)
    outlook.page.get_by_role("button", name="Go on").click()
    expect(lines).to_have_count(1)


def test_a_notification_is_shown_with_the_answer_it_got(outlook: Outlook, meeting: Make) -> None:
    sandbox = outlook.sandbox
    expires = datetime.fromisoformat(sandbox.state()["now"]) + timedelta(hours=2)
    bearer = {"Authorization": f"Bearer {sandbox.token(audience='graph', app=True)}"}
    outlook.go()
    outlook.page.locator("#activity-button").click()
    with Receiver(Manners(status=503)) as subscriber:
        wish = {
            "changeType": "created",
            "resource": f"users/{ORGANIZER}/events",
            "notificationUrl": f"{subscriber.url}/hook",
            "expirationDateTime": expires.isoformat(),
        }
        url = f"{sandbox.url}/v1.0/subscriptions"
        assert requests.post(url, json=wish, headers=bearer, timeout=10).status_code == 201

        meeting()
        sandbox.advance(60)

        line = outlook.page.locator(".activity[data-kind='notification']").first
        expect(line).to_contain_text("One notification")
        expect(line.locator(".activity-outcome")).to_have_text("503")


@pytest.mark.node
@needs_npm(AXE)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_in_columns_strip_and_categories(
    outlook: Outlook, meeting: Make, theme: str
) -> None:
    meeting()
    columns(outlook, {"person": ORGANIZER}, {"person": ATTENDEE}, query=f"theme={theme}")
    outlook.page.locator("#activity-button").click()
    expect(outlook.page.locator(".activity").first).to_be_visible()
    in_columns = violations(outlook.page, iframes=False)
    outlook.go(query=f"theme={theme}&pane=closed")
    outlook.page.locator("#manage-categories").click()
    expect(outlook.page.locator(".category-list li").first).to_be_visible()

    assert (in_columns, violations(outlook.page, iframes=False)) == ([], [])


def test_columns_and_strip_fit_the_narrowest_screen(outlook: Outlook, meeting: Make) -> None:
    meeting()
    outlook.page.set_viewport_size({"width": 320, "height": 640})

    columns(outlook, {"person": ORGANIZER})
    outlook.page.locator("#activity-button").click()

    expect(outlook.page.locator(".activity").first).to_be_visible()
    assert outlook.page.evaluate("document.scrollingElement.scrollWidth") <= 320
    strip = "document.getElementById('activity')"
    assert outlook.page.evaluate(f"{strip}.scrollWidth <= {strip}.clientWidth") is True


def test_master_categories_are_made_and_recoloured(outlook: Outlook) -> None:
    outlook.go()
    outlook.page.locator("#manage-categories").click()

    outlook.page.get_by_label("Name of a new category").fill("Key client")
    outlook.page.get_by_label("Colour of the new category").select_option("Teal")
    outlook.page.get_by_role("button", name="Create").click()
    outlook.page.get_by_label("Colour of Key client").select_option("Olive")

    swatch = outlook.page.locator("li", has_text="Key client").locator(".swatch")
    expect(swatch).to_have_attribute("data-color", "preset6")
    path = f"/mailboxes/{ORGANIZER}/categories"
    colours = {
        one["displayName"]: one["color"] for one in outlook.sandbox.control("GET", path)["items"]
    }
    assert colours["Key client"] == "preset6"
