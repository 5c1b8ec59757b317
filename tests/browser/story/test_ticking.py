"""The story of the product in a browser: open, tick, look, untick, undo (T2, T3, T4, T5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.story.conftest import CLIENT, COLLEAGUE, ORGANIZER
from tests.browser.story.outlook import Outlook
from tests.support.product import CATEGORY, Meeting, Product

pytestmark = pytest.mark.browser
Make = Callable[..., Meeting]


def test_a_tick_shows_on_the_organizers_copy_only_and_makes_the_record_without_any_mail(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting(categories=["Blue category"])
    mailed = len(product.sandbox.mail())
    pane = outlook.open(made)
    expect(outlook.rules.locator("summary")).to_have_text("All 14 checks in order")

    outlook.tick()

    expect(outlook.chips(ORGANIZER)).to_have_text(["Blue category", CATEGORY])
    expect(outlook.chips(COLLEAGUE)).to_have_count(0)
    assert outlook.categories_of(made)[COLLEAGUE] == []
    [record] = product.records(made.ical_uid)
    assert record.draft.subject == made.now()["subject"]
    expect(pane.get_by_role("link", name="Appointment")).to_have_attribute(
        "href", f"../crm/activities/{record.id}"
    )
    assert len(product.sandbox.mail()) == mailed


def test_the_record_has_its_page_in_the_crm(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    outlook.open(made)
    outlook.tick()
    link = outlook.pane.get_by_role("link", name="Appointment")
    address = link.evaluate("link => link.href")

    crm = outlook.window()
    crm.goto(address)
    crm.get_by_role("button", name="Margaret Harwood").click()

    expect(crm).to_have_url(address)
    expect(crm.get_by_role("heading", level=1)).to_have_text(made.now()["subject"])
    expect(crm.get_by_role("link", name="Inês Duarte")).to_be_visible()


def test_the_receipts_link_opens_the_record_from_within_outlooks_frame(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    outlook.open(meeting())
    outlook.tick()

    with outlook.page.context.expect_page() as opened:
        outlook.pane.get_by_role("link", name="Appointment").click()

    opened.value.get_by_role("button", name="Margaret Harwood").click(timeout=3000)
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Halden Shipping")


def test_an_untick_tells_what_would_go_and_undo_brings_the_same_record_back(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    pane = outlook.open(made)
    outlook.tick()
    [record] = product.records(made.ical_uid)
    write_notes(product, record.id, record.revision, "Prefers mornings.")
    pane.get_by_role("button", name="Refresh").click()
    outlook.settle()

    outlook.box.click()
    question = pane.get_by_role("dialog")
    expect(question).to_contain_text("its notes")
    question.get_by_role("button", name="Remove").click()

    outlook.expect_state("Removed from InterAction")
    expect(outlook.chips(ORGANIZER)).to_have_count(0)
    assert product.records(made.ical_uid) == []

    pane.get_by_role("button", name="Undo").click()

    outlook.expect_state("In InterAction")
    expect(outlook.chips(ORGANIZER)).to_have_text([CATEGORY])
    [again] = product.records(made.ical_uid)
    assert (again.id, again.notes) == (record.id, "Prefers mornings.")


def write_notes(product: Product, record_id: str, revision: str, notes: str) -> None:
    """What somebody does in the CRM; it does not unlink the record (L4)."""
    token = product.token(ORGANIZER)
    answer = product.app.test_client().patch(
        f"/crm/api/activities/{record_id}",
        json={"notes": notes},
        headers={"Authorization": f"Bearer {token}", "If-Match": f'"{revision}"'},
    )
    assert answer.status_code == 200, answer.json


def test_whoever_does_not_confirm_keeps_everything(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    pane = outlook.open(made)
    outlook.tick()

    outlook.box.click()
    pane.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    expect(outlook.box).to_be_checked()
    assert made.categories == [CATEGORY]
    assert len(product.records(made.ical_uid)) == 1


WEEKLY = {
    "pattern": {"type": "daily", "interval": 1},
    "range": {"type": "numbered", "startDate": "2099-01-01", "numberOfOccurrences": 3},
}


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"sensitivity": "private"}, "private"),
        # Outlook on the web calls it normal; Graph knows better.
        ({"sensitivity": "confidential"}, "confidential"),
        ({"days": -40}, "30 days"),
    ],
    ids=["private", "confidential", "too old"],
)
def test_the_pane_says_what_keeps_an_event_out(
    outlook: Outlook, product: Product, meeting: Make, event: dict[str, object], words: str
) -> None:
    made = meeting(**event)

    outlook.open(made)

    expect(outlook.rules.locator("summary")).to_have_text("One thing to change")
    expect(outlook.rules.locator("li.failed")).to_contain_text(words, ignore_case=True)
    expect(outlook.box).to_be_disabled()
    outlook.box.click(force=True)
    assert made.categories == []
    assert product.records(made.ical_uid) == []


def test_a_series_says_that_recurring_events_cannot_be_synced(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    start = product.clock().date().isoformat()
    made = meeting(
        recurrence=WEEKLY | {"range": WEEKLY["range"] | {"startDate": start}},
        start={"dateTime": f"{start}T09:00:00", "timeZone": "UTC"},
        end={"dateTime": f"{start}T10:00:00", "timeZone": "UTC"},
    )

    outlook.open(made)

    expect(outlook.rules.locator("li.failed")).to_contain_text("ecurring")
    expect(outlook.box).to_be_disabled()


def test_an_attendee_has_no_checkbox_and_sees_whose_record_there_is(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    product.pane(ORGANIZER).tick(made.id)

    pane = outlook.open(made, COLLEAGUE)

    expect(pane.locator("main")).to_contain_text("Only the organizer, ")
    expect(pane.locator("main")).to_contain_text("synced by Margaret Harwood")
    expect(outlook.box).to_have_count(0)


def test_the_rules_follow_the_open_form_before_it_is_saved(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    pane = outlook.open(made)
    expect(outlook.box).to_be_enabled()

    outlook.page.get_by_label("Sensitivity").select_option("private")
    # Outlook has no event for it: the pane looks when the person comes back to it.
    outlook.page.locator(".pane iframe").hover()

    expect(pane.get_by_text("Unsaved changes")).to_be_visible()
    expect(outlook.rules.locator("li.failed")).to_contain_text("private")
    expect(outlook.box).to_be_disabled()
    assert made.now()["sensitivity"] == "normal"


def test_turning_a_synced_event_private_is_warned_of_and_leaves_nothing_in_the_crm(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    pane = outlook.open(made)
    outlook.tick()

    outlook.page.get_by_label("Sensitivity").select_option("private")
    outlook.page.get_by_label("Subject").click()
    outlook.page.locator(".pane iframe").hover()
    expect(pane.locator("#tick-hint")).to_contain_text("deleted for good")
    outlook.press("Save")
    expect(outlook.page.locator("#toast")).to_have_text("Saved.")

    outlook.look_until("Not in InterAction")
    assert product.record(made.ical_uid) is None
    expect(outlook.chips(ORGANIZER)).to_have_count(0)


def test_an_event_that_an_application_made_to_the_second_is_not_taken_for_edited(
    outlook: Outlook, product: Product
) -> None:
    start = product.clock().strftime("%Y-%m-%dT%H:%M")
    made = product.meeting(
        ORGANIZER,
        CLIENT,
        start={"dateTime": f"{start}:17", "timeZone": "UTC"},
        end={"dateTime": f"{start}:42", "timeZone": "UTC"},
    )

    pane = outlook.open(made)

    expect(outlook.rules.locator("summary")).to_have_text("All 14 checks in order")
    expect(pane.get_by_text("Unsaved changes")).to_have_count(0)
