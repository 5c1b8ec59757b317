"""An admin's first day in a browser, from an empty firm to an event that was mended (issue: A1-A9).

`CALENDAR_SYNC_FIRST_DAY=5000` runs it with that many people; see CONTRIBUTING.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.admin.conftest import ADMIN, Desk
from tests.browser.story.stack import running_stack
from tests.support.product import Product

pytestmark = pytest.mark.browser

PEOPLE = int(os.environ.get("CALENDAR_SYNC_FIRST_DAY", "520"))
"""More than 500, so that bulk acts are long operations."""
ORGANIZER = "margaret.harwood@harwoodosei.example"
CLIENT = "ines.duarte@client.example"
NEWCOMER = "nadia.okafor@newcomer.example"
LONG = 20_000 + 60 * PEOPLE
"""Milliseconds that an act on everybody may take."""


@pytest.fixture
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("first-day")
    with running_stack(folder, watches=True, empty=True, scale=PEOPLE) as (product, worker):
        product.add_contact("Inês Duarte", CLIENT, types=["Client"])
        for days in (-3, -5, -9):
            product.meeting(ORGANIZER, CLIENT, days=days)
        yield product
        assert worker.failures == []


@pytest.fixture
def page(chromium: Browser, product: Product) -> Iterator[Page]:
    desk = Desk(chromium, product)
    yield desk.sign_in(ADMIN)
    desk.close()
    assert desk.errors == []


def test_the_first_day_of_an_admin(page: Page, product: Product) -> None:
    expect(page.get_by_role("heading", name="Calendar sync is off")).to_be_visible()
    add_the_server(page, product)
    import_and_enable_everybody(page)
    choose_by_numbers(page)
    enable(page)
    synced = product.meeting(ORGANIZER, CLIENT)
    left_out = product.meeting(ORGANIZER, NEWCOMER)
    watch_the_dashboard_fill(page, product, synced)
    find_mend_and_retry(page, product, left_out)


def add_the_server(page: Page, product: Product) -> None:
    """With the wrong secret first: its own sentence says what to do."""
    go(page, "Exchange Server")
    page.get_by_role("button", name="Add online server…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Directory (tenant) ID").fill(product.sandbox.tenant_id)
    dialog.get_by_label("Application (client) ID").fill(product.sandbox.daemon_client_id)
    dialog.get_by_label("Client secret").fill("not the secret")
    dialog.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Test Exchange Online").click()
    expect(page.get_by_text("Microsoft does not accept the client secret.")).to_be_visible()

    page.get_by_role("button", name="Edit… Exchange Online").click()
    dialog.get_by_label("Client secret").fill(product.sandbox.daemon_client_secret)
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("The server was changed. Test it now.")
    page.get_by_label("Mailbox to test with").fill(ORGANIZER)
    page.get_by_role("button", name="Test Exchange Online").click()
    expect(page.get_by_text("Everything works.")).to_be_visible(timeout=30_000)


def import_and_enable_everybody(page: Page) -> None:
    go(page, "Users")
    page.get_by_role("button", name="Import from the directory…").click()
    confirm(page, "Import")
    expect(page.get_by_role("progressbar")).to_be_visible()
    told(page, "users imported")
    for act, answer in (
        ("Assign Exchange server…", "users assigned"),
        ("Enable sync…", "users enabled"),
    ):
        page.get_by_label("Choose everybody on this page").check()
        page.get_by_role("button", name="that match").click()
        page.get_by_role("button", name=act).click()
        confirm(page)
        told(page, answer)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Enabled")
    page.get_by_label("Search name or address").fill("fee earner 00042")
    expect(page.get_by_role("status").filter(has_text="1–1 of 1 user")).to_be_visible()


def choose_by_numbers(page: Page) -> None:
    go(page, "Simulator")
    page.get_by_label("Combined: both").check()
    page.get_by_label("Client", exact=True).check()
    page.get_by_role("button", name="Count the last 30 days").click()
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("3 records for 1 user", timeout=LONG)
    expect(result).to_contain_text("calendars read", timeout=LONG)
    page.get_by_role("button", name="Use this in Configuration…").click()
    expect(page.get_by_role("region", name="Unsaved changes")).to_contain_text("2 unsaved changes")
    page.get_by_role("button", name="Review and save…").click()
    confirm(page, "Save")
    told(page, "Saved.")


def enable(page: Page) -> None:
    page.get_by_role("button", name="Enable calendar sync…").click()
    expect(page.get_by_role("dialog")).to_contain_text("This is final")
    confirm(page, "Enable")
    told(page, "Calendar sync is on.")


def watch_the_dashboard_fill(page: Page, product: Product, synced: Any) -> None:
    go(page, "Dashboard")
    chosen = page.get_by_role("table", name="By origin").get_by_role("row", name="By rules")
    refreshed(page, chosen)
    [record] = product.records(synced.ical_uid)
    assert [contact.name for contact in record.draft.contacts] == ["Inês Duarte"]
    expect(page.get_by_role("img", name="Events synced per day: 1 in 30 days")).to_be_visible()


def find_mend_and_retry(page: Page, product: Product, left_out: Any) -> None:
    """Nobody invited is a contact: somebody adds the contact, and the admin tries again."""
    go(page, "Logs & Errors")
    page.get_by_label("User or address").fill("margaret.harwood")
    page.get_by_label("Kind").select_option("skip")
    line = page.get_by_role("row").filter(has_text="Nobody invited is a contact of a selected type")
    refreshed(page, line.first)
    retry = line.first.get_by_role("button", name="Retry")
    line.first.get_by_role("link", name="Explain").click()
    rules = page.get_by_role("region", name="Rules")
    expect(rules.get_by_role("listitem").filter(has_text="Failed")).to_contain_text(
        "Nobody invited is a contact of a selected type."
    )
    product.add_contact("Nadia Okafor", NEWCOMER, types=["Client"])
    page.get_by_role("button", name="Ask today's rules").click()
    expect(rules).to_contain_text("By itself: it would sync")
    page.go_back()
    page.get_by_label("Kind").select_option("skip")
    retry.click()
    told(page, "Tried again now")

    page.get_by_label("Kind").select_option("write")
    made = page.get_by_role("row").filter(has_text="The record was made.")
    refreshed(page, made.nth(1))
    assert len(product.records(left_out.ical_uid)) == 1


def go(page: Page, section: str) -> None:
    page.get_by_role("link", name=section, exact=True).click()
    page.get_by_role("heading", level=1, name=section).wait_for()


def confirm(page: Page, button: str | None = None) -> None:
    """Say yes to the question: its last button."""
    buttons = page.get_by_role("dialog").get_by_role("button")
    (buttons.last if button is None else buttons.filter(has_text=button).last).click()


def told(page: Page, words: str) -> None:
    expect(page.locator("#notices")).to_contain_text(words, timeout=LONG)


def refreshed(page: Page, wanted: Any) -> None:
    """Look again until the worker has come so far."""
    for _ in range(60 + PEOPLE):
        page.get_by_role("button", name="Refresh").click()
        expect(page.locator("[aria-busy]")).to_have_count(0)
        if wanted.count():
            return
        page.wait_for_timeout(250)
    expect(wanted).to_be_visible()
