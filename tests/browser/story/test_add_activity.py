"""An invitee of somebody else's meeting records it, by keyboard, within ten seconds (T5, T6)."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.story.conftest import CLIENT, COLLEAGUE
from tests.browser.story.outlook import Outlook
from tests.support.product import Product

pytestmark = pytest.mark.browser

LONGEST_SECONDS = 10
KEYSTROKES = ("Control+Enter", "n", "o", "Enter", "Control+Enter")


@pytest.fixture
def opportunity(product: Product) -> str:
    """Its id; there are others whose names begin otherwise."""
    headers = {"Authorization": f"Bearer {product.token(COLLEAGUE)}"}
    client = product.app.test_client()
    made = [
        client.post("/crm/api/opportunities", json={"name": name}, headers=headers)
        for name in ("Northern wind farm", "Sale of a warehouse")
    ]
    assert [answer.status_code for answer in made] == [201, 201], made[0].json
    return str(made[0].json["id"])


def external_meeting(product: Product) -> dict[str, Any]:
    """The client invites; answered is the copy of the invitee."""
    start = product.clock().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
    event = {
        "subject": "Wind farm, second reading",
        "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        "end": {"dateTime": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        "attendees": [{"type": "required", "emailAddress": {"name": "", "address": COLLEAGUE}}],
    }
    sender = {"name": "Inês Duarte", "address": CLIENT}
    copies = product.sandbox.control("POST", "/invitations", {"organizer": sender, "event": event})
    [own] = copies["items"]
    found: dict[str, Any] = own
    return found


def test_five_keystrokes_add_an_external_clients_meeting_with_its_opportunity_once(
    outlook: Outlook, product: Product, opportunity: str
) -> None:
    made = external_meeting(product)
    pane = outlook.go(COLLEAGUE, event=made["id"])
    outlook.settle()
    expect(outlook.box).to_have_count(0)
    pane.locator("#subject").click()
    began = time.monotonic()

    first, *more = KEYSTROKES
    outlook.page.keyboard.press(first)
    expect(pane.get_by_role("combobox", name="Opportunity")).to_be_focused()
    for key in more:
        outlook.page.keyboard.press(key)
    expect(pane.get_by_role("heading", name="Added to InterAction")).to_be_visible()

    assert time.monotonic() - began < LONGEST_SECONDS
    [record] = product.records(made["iCalUId"])
    assert record.kind == "added"
    assert record.opportunity_ids == (opportunity,)
    assert [contact.address for contact in record.draft.contacts] == [CLIENT]
    assert record.draft.unmatched == ()
    assert record.draft.assigned_to is not None
    assert record.draft.assigned_to.address == COLLEAGUE
    expect(pane.get_by_role("link", name="Appointment")).to_have_attribute(
        "href", f"../crm/activities/{record.id}"
    )
    pane.get_by_role("button", name="Back to the event").click()
    expect(pane.locator("main")).to_contain_text("already in InterAction, added by Anders")
