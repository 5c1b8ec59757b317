"""New appointments and open forms: saving first, Exchange's delay, older categories (T8, T11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.story.conftest import ORGANIZER
from tests.browser.story.outlook import Outlook, eventually
from tests.support.product import CATEGORY, Meeting, Product

pytestmark = pytest.mark.browser
Make = Callable[..., Meeting]


def new_appointment(outlook: Outlook, product: Product, subject: str) -> None:
    tomorrow = product.clock() + timedelta(days=1)
    outlook.go(ORGANIZER, mode="new", date=f"{tomorrow:%Y-%m-%d}")
    outlook.settle()
    outlook.page.get_by_label("Subject").fill(subject)


def saved(outlook: Outlook, product: Product) -> Meeting:
    """What the open form was saved as."""
    outlook.page.wait_for_url("**event=*")
    event_id = outlook.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('event')")
    event = product.sandbox.get_event(ORGANIZER, event_id)
    return Meeting(product, ORGANIZER, event["id"], event["iCalUId"])


def subjects(product: Product, meeting: Meeting) -> list[str]:
    return [record.draft.subject for record in product.records(meeting.ical_uid)]


def categorize(outlook: Outlook) -> None:
    """Click our category in Outlook's own menu."""
    outlook.page.get_by_role("button", name="Categorize").click()
    outlook.page.get_by_role("checkbox", name=CATEGORY).click()
    outlook.page.get_by_role("heading", name="Behind the form").click()


def save_first(outlook: Outlook) -> None:
    outlook.box.click()
    question = outlook.pane.get_by_role("dialog")
    expect(question).to_contain_text("Outlook will save this event first")
    question.get_by_role("button", name="Save and add").click()


def test_a_new_appointment_is_saved_first_and_then_added(
    outlook: Outlook, product: Product
) -> None:
    new_appointment(outlook, product, "Pleadings")
    expect(outlook.pane.get_by_text("Not saved yet")).to_be_visible()

    save_first(outlook)

    outlook.expect_state("In InterAction")
    made = saved(outlook, product)
    assert made.categories == [CATEGORY]
    assert [record.draft.subject for record in product.records(made.ical_uid)] == ["Pleadings"]


def test_while_exchange_does_not_show_the_saved_event_the_tick_is_pending(
    outlook: Outlook, product: Product
) -> None:
    product.sandbox.personality(get_lag=4)
    new_appointment(outlook, product, "Late to show")

    save_first(outlook)

    outlook.expect_state("Adding to InterAction…")
    expect(outlook.pane.locator(".steps")).to_contain_text("Exchange to show the saved event")
    expect(outlook.pane.locator(".state h3")).to_have_text("In InterAction", timeout=30_000)
    assert saved(outlook, product).categories == [CATEGORY]


def test_a_new_appointment_that_is_discarded_loses_its_record_in_the_end(
    outlook: Outlook, product: Product
) -> None:
    new_appointment(outlook, product, "Second thoughts")
    save_first(outlook)
    outlook.expect_state("In InterAction")
    made = saved(outlook, product)

    outlook.press("Discard")
    expect(outlook.page.locator("#form")).to_be_hidden()
    # Nobody rings for it: the hourly look finds it gone, and looks twice more to be sure (L6).
    for minutes in (61, 6, 6):
        product.advance(minutes=minutes)
        product.drain()

    eventually(lambda: product.records(made.ical_uid) == [])


def test_the_first_click_after_typing_in_the_form_is_not_lost(
    outlook: Outlook, product: Product
) -> None:
    new_appointment(outlook, product, "Typed a moment ago")

    # Long enough for the pane to look again between the press and its end.
    outlook.box.click(delay=400)

    expect(outlook.pane.get_by_role("dialog")).to_be_visible()
    expect(outlook.pane.locator("#subject")).to_have_text("Typed a moment ago")


@pytest.mark.parametrize("keeps", ["on", "off"])
def test_a_form_that_was_open_during_the_tick_may_be_saved(
    outlook: Outlook, product: Product, meeting: Make, keeps: str
) -> None:
    made = meeting()
    outlook.open(made, query=f"keeps={keeps}")
    outlook.tick()

    outlook.page.get_by_label("Subject").fill(f"Renamed with {keeps}")
    outlook.press("Save")
    expect(outlook.page.locator("#toast")).to_have_text("Saved.")

    outlook.look_until("In InterAction")
    expect(outlook.chips(ORGANIZER)).to_have_text([CATEGORY])
    eventually(lambda: subjects(product, made) == [f"Renamed with {keeps}"])


def test_taking_the_category_off_by_hand_later_is_an_untick(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    outlook.open(made)
    outlook.tick()
    expect(outlook.chips(ORGANIZER)).to_have_text([CATEGORY])
    product.advance(minutes=11)

    categorize(outlook)
    expect(outlook.chips(ORGANIZER)).to_have_count(0)

    outlook.look_until("Removed from InterAction")
    expect(outlook.box).not_to_be_checked()
    assert product.records(made.ical_uid) == []


def test_putting_the_category_back_on_by_hand_is_a_tick(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    product.pane(ORGANIZER).tick(made.id)
    product.pane(ORGANIZER).untick(made.id)
    outlook.open(made)

    categorize(outlook)
    expect(outlook.chips(ORGANIZER)).to_have_text([CATEGORY])

    outlook.look_until("In InterAction")
    assert len(product.records(made.ical_uid)) == 1
