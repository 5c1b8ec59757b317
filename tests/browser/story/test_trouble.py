"""Microsoft 365 or the network fails in the middle; nothing is lost, and the pane says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.story.outlook import Outlook
from tests.support.product import CATEGORY, Meeting, Product

pytestmark = pytest.mark.browser
Make = Callable[..., Meeting]


def test_a_tick_that_microsoft_365_does_not_take_is_pending_and_finishes_without_a_reload(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    pane = outlook.open(made)
    product.sandbox.faults([{"kind": "status", "status": 503, "match": {"method": "PATCH"}}])

    outlook.box.click()

    outlook.expect_state("Adding to InterAction…")
    expect(pane.locator(".steps")).to_contain_text("Putting the category on the event")
    expect(outlook.box).to_be_checked()
    assert made.categories == []

    product.sandbox.clear_faults()

    expect(pane.locator(".state h3")).to_have_text("In InterAction", timeout=45_000)
    expect(outlook.chips(made.owner)).to_have_text([CATEGORY])
    assert len(product.records(made.ical_uid)) == 1


def test_while_microsoft_365_is_silent_the_pane_says_so_and_tries_again(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    product.sandbox.faults([{"kind": "status", "status": 503, "match": {"path": "/me|/users"}}])
    pane = outlook.open(made)
    expect(pane.get_by_role("alert")).to_contain_text("Microsoft 365")

    product.sandbox.clear_faults()
    pane.get_by_role("button", name="Try again").click()

    expect(outlook.box).to_be_enabled()


def test_whoever_is_offline_is_told_so_and_goes_on_when_back(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    pane = outlook.open(made)
    context = outlook.page.context

    context.set_offline(True)
    outlook.box.click()

    expect(pane.get_by_role("alert")).to_contain_text("You are offline")
    expect(outlook.box).not_to_be_checked()

    context.set_offline(False)
    pane.get_by_role("button", name="Try again").click()

    outlook.expect_state("In InterAction")
    assert made.categories == [CATEGORY]
