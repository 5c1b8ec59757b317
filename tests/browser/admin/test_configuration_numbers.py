"""What a change of the settings would do, in real numbers, and what is done then (A8, S6, A2)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from backend.db.models import FirmRow
from tests.browser.admin.conftest import ADMIN, SECOND_ADMIN, Desk
from tests.support.axe import violations
from tests.support.product import Meeting, Product
from tests.support.switchboard import CLIENT

pytestmark = pytest.mark.browser

ORGANIZER = "margaret.harwood@harwoodosei.example"


@pytest.fixture(scope="module")
def ticked(stack: tuple[Product, Any]) -> Meeting:
    """A record of a meeting with nobody the CRM knows; beside it, meetings with clients."""
    product = stack[0]
    product.add_contact("Jane Doe", CLIENT, types=["Client"])
    for days in (-2, -3, -4):
        product.meeting(ORGANIZER, CLIENT, days=days, categories=["Tracked to Dynamics 365"])
    meeting = product.meeting(ORGANIZER, "stranger@elsewhere.example", days=3)
    assert product.pane(ORGANIZER).tick(meeting.id).status_code == 200
    return meeting


def review(page: Page) -> Any:
    page.get_by_role("button", name="Review and save…").click()
    return page.get_by_role("dialog")


def test_the_numbers_of_a_change_are_those_of_the_calendars(desk: Desk, ticked: Meeting) -> None:
    assert ticked.ical_uid
    page = desk.sign_in(ADMIN)
    page.get_by_role("checkbox", name="Client", exact=True).uncheck()

    dialog = review(page)

    numbers = dialog.get_by_text(re.compile("Over the last 30 days"))
    expect(numbers).to_contain_text(re.compile(r": 0 records of 0 users"))
    expect(numbers).to_contain_text(re.compile(r"0 more and ([3-9]|\d\d+) fewer"))
    dialog.get_by_text("Examples").click()
    expect(dialog).to_contain_text(ORGANIZER)
    expect(dialog).to_contain_text("(subject hidden)")
    dialog.get_by_role("button", name="Cancel").click()


def test_records_that_no_longer_qualify_are_counted_and_removed_only_when_told(
    desk: Desk, product: Product, ticked: Meeting
) -> None:
    page = desk.sign_in(ADMIN)
    by_hand = page.get_by_label("Events without any contact may be ticked by hand")
    by_hand.uncheck()
    dialog = review(page)
    group = dialog.get_by_role("group", name="1 existing record would no longer qualify")
    expect(group.get_by_label("Keep it (default)")).to_be_checked()
    assert violations(page) == []
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("Saved.")
    assert len(product.records(ticked.ical_uid)) == 1

    page.get_by_label("Keep the history for").fill("90")
    dialog = review(page)
    group.get_by_label("Remove it from the CRM").check()
    dialog.get_by_role("button", name="Save").click()

    expect(page.locator("#notices")).to_contain_text("removed step by step")
    view = product.pane(ORGANIZER)
    expect_soon(page, lambda: view.view(ticked.id).json["link"]["state"] == "removed")
    assert product.records(ticked.ical_uid) == []


def expect_soon(page: Page, holds: Any) -> None:
    """The worker beside the browser does it in its own time."""
    for _ in range(50):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError


def test_the_settings_that_are_a_later_step_are_shown_and_cannot_be_chosen(desk: Desk) -> None:
    page = desk.sign_in(ADMIN)

    expect(page.get_by_label("From Microsoft 365 to the CRM")).to_be_checked()
    expect(page.get_by_label("Both ways (not available yet)")).to_be_disabled()
    expect(page.locator("#added_activity_type-offered option").first).to_be_attached()


def test_a_date_and_the_words_of_the_crm_are_entered_reviewed_and_saved(
    desk: Desk, product: Product
) -> None:
    page = desk.sign_in(ADMIN)
    page.get_by_label("Start with events of").fill("2026-01-15")
    page.get_by_label("Out of office").fill("OutOfOffice")

    dialog = review(page)
    expect(dialog).to_contain_text("Start with events of: none → 15 Jan 2026")
    expect(dialog).to_contain_text("as in Outlook → Out of office as OutOfOffice")
    dialog.get_by_role("button", name="Save").click()

    expect(page.locator("#notices")).to_contain_text("Saved.")
    saved = product.pane(ADMIN).call("GET", "/api/admin/configuration").json
    assert saved["commencement_date"] == "2026-01-15"
    assert saved["show_as_values"] == {"oof": "OutOfOffice"}


def test_a_setting_that_both_admins_changed_is_shown_with_both_values(
    desk: Desk, product: Product
) -> None:
    page = desk.sign_in(ADMIN)
    page.get_by_label("Busy", exact=True).fill("Engaged")
    page.get_by_label("Look ahead").fill("365")
    other = product.app.test_client()
    headers = {"Authorization": f"Bearer {product.token(SECOND_ADMIN)}"}
    tag = other.get("/api/admin/configuration", headers=headers).headers["ETag"]
    theirs = {"show_as_values": {"busy": "Occupied"}, "include_reminder": False}
    put = other.put("/api/admin/configuration", json=theirs, headers=headers | {"If-Match": tag})
    assert put.status_code == 200

    review(page).get_by_role("button", name="Save").click()

    notices = page.locator("#notices")
    expect(notices).to_contain_text("Nothing was saved: another administrator changed")
    expect(notices).to_contain_text("Busy as Occupied (you entered")
    expect(notices).to_contain_text("Busy as Engaged")
    expect(notices).to_contain_text("which would replace it)")
    expect(notices).to_contain_text("Include the reminder: on → off")
    expect(page.get_by_label("Busy", exact=True)).to_have_value("Engaged")
    expect(page.get_by_label("Include the reminder")).not_to_be_checked()
    review(page).get_by_role("button", name="Save").click()
    expect(notices).to_contain_text("Saved.")
    saved = product.pane(ADMIN).call("GET", "/api/admin/configuration").json
    assert (saved["show_as_values"]["busy"], saved["future_days"]) == ("Engaged", 365)


def test_enabling_warns_of_another_sync_at_work(
    desk: Desk, product: Product, ticked: Meeting
) -> None:
    assert ticked.ical_uid
    with product.services.database.write.begin() as session:
        firm = update(FirmRow).where(FirmRow.tenant_id == product.sandbox.tenant_id)
        session.execute(firm.values(sync_enabled=False))
    page = desk.sign_in(ADMIN)
    page.get_by_role("button", name="Enable calendar sync…").click()

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Another calendar sync seems to be at work")
    expect(dialog).to_contain_text("Tracked to Dynamics 365")
    expect(dialog).to_contain_text("3 events in 1 calendar")
    dialog.get_by_role("button", name="Enable for good").click()
    expect(page.locator("#notices")).to_contain_text("Calendar sync is on.")
