"""Who may: people who are not enabled, and assistants at their partners' calendars (T7, T9)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.story.outlook import Outlook
from tests.support.product import CATEGORY, Meeting, Product

pytestmark = pytest.mark.browser
Make = Callable[..., Meeting]

DOMAIN = "harwoodosei.example"
SWITCHED_OFF_BY_ADMIN = f"lucas.fontaine@{DOMAIN}"
SWITCHED_OFF_BY_HIMSELF = f"chiara.bellini@{DOMAIN}"


def test_whoever_is_not_enabled_is_led_to_the_switch_and_back(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting(organizer=SWITCHED_OFF_BY_HIMSELF)
    pane = outlook.open(made)
    expect(pane.get_by_role("heading", name="Turn on Calendar Sync")).to_be_visible()
    expect(outlook.box).to_be_disabled()

    pane.get_by_role("button", name="Enable Calendar Sync").click()
    pane.get_by_role("switch", name="Manual Calendar Sync").click()
    expect(pane.get_by_role("switch", name="Manual Calendar Sync")).to_be_checked()
    pane.get_by_role("button", name="Back to the event").click()

    expect(pane.get_by_role("heading", name="Turn on Calendar Sync")).to_have_count(0)
    outlook.tick()
    assert made.categories == [CATEGORY]


def test_whom_an_administrator_left_out_is_told_that_only_an_administrator_can_help(
    outlook: Outlook, meeting: Make
) -> None:
    made = meeting(organizer=SWITCHED_OFF_BY_ADMIN)

    pane = outlook.open(made)

    expect(pane.get_by_role("heading", name="Calendar Sync is not available")).to_be_visible()
    expect(pane.locator(".note.accent")).to_contain_text("dministrator")
    expect(pane.get_by_role("button", name="Enable Calendar Sync")).to_have_count(0)
    expect(outlook.box).to_be_disabled()


def test_an_assistant_ticks_for_the_partner_whose_calendar_it_is(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    partner = f"margaret.harwood@{DOMAIN}"
    made = meeting(organizer=partner)

    outlook.go(f"dorothy.pike@{DOMAIN}", calendar=partner, event=made.id)
    outlook.settle()
    expect(outlook.pane.locator("main")).to_contain_text(f"In the calendar of {partner}")
    outlook.tick()

    assert made.categories == [CATEGORY]
    [record] = product.records(made.ical_uid)
    owner = next(p for p in product.sandbox.state()["people"] if p["address"] == partner)
    assert record.draft.owner_id == owner["id"]


def test_an_assistant_who_may_only_read_is_refused_in_words(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    partner = f"tomas.echeverria@{DOMAIN}"
    made = meeting(organizer=partner)

    outlook.go(f"beatrix.mulder@{DOMAIN}", calendar=partner, event=made.id)
    outlook.settle()
    outlook.box.click(force=True)

    expect(outlook.pane.get_by_role("alert")).to_contain_text("You have no right to do this")
    expect(outlook.box).not_to_be_checked()
    assert made.categories == []
    assert product.records(made.ical_uid) == []
