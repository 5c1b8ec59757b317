"""Reconciliation and personal data in a browser: found, mended, exported, erased (A10, X6)."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.browser.admin.conftest import ADMIN, SUPPORT, Desk
from tests.support.axe import violations
from tests.support.product import Product

pytestmark = pytest.mark.browser

ORGANIZER = "margaret.harwood@harwoodosei.example"
GUEST = "ottoline@vantablack.example"


def work(product: Product) -> None:
    """What the worker does in the background."""
    product.services.administration.operations.work()
    product.drain()


def shoot(page: Page, name: str) -> None:
    """For whoever wants to look: set SHOTS to a folder."""
    if "SHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["SHOTS"]) / f"{name}.png", full_page=True)


def test_a_lost_record_is_found_mended_and_leaves_the_list(desk: Desk, product: Product) -> None:
    meeting = product.meeting(ORGANIZER, "ben@client.example")
    product.pane(ORGANIZER).tick(meeting.id)
    with product.services.database.write.begin() as session:
        session.execute(
            text("DELETE FROM crm_activities WHERE ical_uid = :uid"), {"uid": meeting.ical_uid}
        )
    page = desk.sign_in(ADMIN, "Reconciliation")
    expect(page.get_by_text("All sides agree.")).to_be_visible()
    shoot(page, "reconciliation-empty")

    page.get_by_role("button", name="Compare now").click()
    expect(page.locator("#notices")).to_contain_text("Comparing Outlook, links and the CRM")
    work(product)
    expect(page.locator("#notices")).to_contain_text(re.compile("compared"))
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Record missing"))
    expect(row).to_contain_text("1")
    assert violations(page) == []
    shoot(page, "reconciliation")
    row.get_by_role("button", name="Accept that it is gone…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 finding")
    expect(dialog).to_contain_text("the category is taken off")
    shoot(page, "reconciliation-ask")
    dialog.get_by_role("button", name="Cancel").click()
    row.get_by_role("button", name="Make the record again…").click()
    dialog.get_by_role("button", name="Make the record again: 1").click()
    expect(page.locator("#notices")).to_contain_text("1 finding being mended")
    expect(page.get_by_text("being mended since")).to_be_visible()

    product.drain()
    product.advance(seconds=10)
    work(product)

    expect(page.get_by_text("All sides agree.")).to_be_visible(timeout=10_000)
    assert len(product.records(meeting.ical_uid)) == 1


def test_support_sees_findings_and_mends_nothing(desk: Desk) -> None:
    page = desk.sign_in(SUPPORT, "Reconciliation")

    expect(page.get_by_text("Next comparison")).to_be_visible()
    assert page.get_by_role("button", name="Compare now").count() == 0
    assert page.get_by_role("link", name="Personal data").count() == 0


def test_a_guest_is_found_exported_and_erased_after_the_address_was_typed(
    desk: Desk, product: Product
) -> None:
    product.add_contact("Ottoline Vane", GUEST)
    meeting = product.meeting(ORGANIZER, GUEST)
    product.pane(ORGANIZER).tick(meeting.id)
    page = desk.sign_in(ADMIN, "Personal data")
    page.get_by_label("E-mail address").fill(GUEST)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("region", name="What is stored")).to_contain_text("Ottoline Vane")
    assert violations(page) == []
    shoot(page, "person")

    with page.expect_download() as download:
        page.get_by_role("button", name="Export as JSON").click()
    told = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert [record["as"][0]["address"] for record in told["records"]] == [GUEST]

    page.get_by_role("button", name="Erase…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 record of the CRM will not name the person any more")
    expect(dialog).to_contain_text("1 contact will be deleted")
    shoot(page, "person-erase")
    dialog.get_by_label("Type the address").fill("somebody@else.example")
    dialog.get_by_role("button", name="Erase").click()
    expect(dialog).to_contain_text("Type the address exactly")
    dialog.get_by_label("Type the address").fill(GUEST)
    dialog.get_by_role("button", name="Erase").click()
    expect(page.locator("#notices")).to_contain_text("Erasing a person")
    for _ in range(4):
        work(product)
        product.advance(seconds=100)

    expect(page.locator("#notices")).to_contain_text("The person was erased.")
    expect(page.get_by_role("region", name="What is stored")).to_contain_text("was erased")
    assert product.records(meeting.ical_uid)[0].draft.contacts == ()
