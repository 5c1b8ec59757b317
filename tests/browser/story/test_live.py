"""The record changes beside the event within seconds, whoever changes what (S4, T10, L1-L4).

Here mailboxes are watched: a worker pulls them, and Graph's notifications reach the web process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.outlook_page.test_dragging import HOUR
from tests.browser.story.conftest import CLIENT, COLLEAGUE, ORGANIZER
from tests.browser.story.outlook import Outlook, eventually
from tests.browser.story.stack import Worker, running_stack
from tests.support.crm_user import CrmUser
from tests.support.product import CATEGORY, Meeting, Product

pytestmark = pytest.mark.browser
Make = Callable[..., Meeting]
SECONDS = 20_000
"""Milliseconds until what changed elsewhere must show; on an idle machine it is a few seconds."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Product, Worker]]:
    with running_stack(tmp_path_factory.mktemp("live"), watches=True) as running:
        running[0].add_contact("Inês Duarte", CLIENT, types=["Client"])
        yield running


def row(outlook: Outlook, title: str) -> Locator:
    """What the record in the pane says."""
    return outlook.pane.locator(f".record [data-key='{title}'] dd")


def by_hand(meeting: Make) -> Meeting:
    """A meeting that no rule selects."""
    return meeting(COLLEAGUE)


def test_a_change_made_in_another_window_reaches_the_record_and_shows_in_the_pane(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = by_hand(meeting)
    outlook.open(made)
    outlook.tick()

    made.change(subject="Halden Shipping, in the Strand", location={"displayName": "The Strand"})

    expect(row(outlook, "Subject")).to_contain_text("in the Strand", timeout=SECONDS)
    expect(row(outlook, "Where")).to_contain_text("The Strand")
    expect(outlook.pane.locator(".record .changed").first).to_be_visible()
    expect(outlook.pane.get_by_role("status")).to_contain_text("Record updated")
    assert product.records(made.ical_uid)[0].draft.location == "The Strand"


def test_an_event_dragged_in_the_week_moves_its_record_beside_it(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    tomorrow = product.clock() + timedelta(days=1)
    made = meeting(
        COLLEAGUE,
        # In the middle of the day, whatever time it is now: there is room below to drag it to.
        start={"dateTime": f"{tomorrow:%Y-%m-%d}T11:00:00", "timeZone": "UTC"},
        end={"dateTime": f"{tomorrow:%Y-%m-%d}T12:00:00", "timeZone": "UTC"},
    )
    outlook.open(made)
    outlook.tick()
    before = product.records(made.ical_uid)[0].draft.start
    outlook.page.get_by_role("button", name="Keep beside the calendar").click()
    # A pane that is still reading the event would read it as it is after the drag, without news.
    status = outlook.pane.get_by_role("status")
    expect(status).to_contain_text("In InterAction", timeout=SECONDS)
    outlook.settle()

    subject, began = str(made.now()["subject"]), made.now()["start"]
    block = outlook.page.get_by_role("button", name=re.compile(f"{re.escape(subject)}(?!\\d)"))
    # The page may be drawing the week anew, so a block that was there a moment ago may be gone.
    block.first.hover()
    box = eventually(block.first.bounding_box)
    assert box is not None
    mouse = outlook.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + HOUR / 2)
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + HOUR)
    mouse.up()

    eventually(lambda: made.now()["start"] != began)
    expect(status).to_contain_text("time changed", timeout=SECONDS)
    moved = product.records(made.ical_uid)[0].draft.start - before
    assert moved.total_seconds() == 3600


def test_a_change_reaches_the_record_while_nobody_looks(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    """No pane is open: only the notification and the worker's pull can have brought it."""
    made = by_hand(meeting)
    outlook.open(made)
    outlook.tick()
    outlook.page.goto("about:blank")

    made.change(subject="Changed while nobody looks")

    eventually(
        lambda: product.records(made.ical_uid)[0].draft.subject == "Changed while nobody looks"
    )


def test_an_event_that_a_contact_type_selects_is_added_by_itself_and_says_why(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting(CLIENT)
    outlook.open(made)

    expect(outlook.pane.locator(".state h3")).to_have_text("In InterAction", timeout=SECONDS)

    expect(outlook.pane.locator(".receipt")).to_contain_text("because Inês Duarte is a Client")
    expect(outlook.box).to_be_checked()
    assert len(product.records(made.ical_uid)) == 1


def test_a_category_taken_off_in_another_window_unticks_the_box(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = by_hand(meeting)
    outlook.open(made)
    outlook.tick()
    expect(outlook.chips(ORGANIZER)).to_have_text([CATEGORY])
    # Alone and later than an open form could write back its older copy (T11).
    product.advance(minutes=11)

    made.change(categories=[])

    expect(outlook.pane.locator(".state h3")).to_have_text(
        "Removed from InterAction", timeout=SECONDS
    )
    expect(outlook.box).not_to_be_checked()
    assert product.records(made.ical_uid) == []


def test_somebody_who_edits_the_record_in_the_crm_is_named_beside_the_event(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = by_hand(meeting)
    outlook.open(made)
    outlook.tick()
    [record] = product.records(made.ical_uid)

    CrmUser(product, COLLEAGUE).edit(record.id, subject="Edited in the CRM")

    expect(outlook.pane.locator(".state h3")).to_have_text(
        "No longer kept up to date", timeout=SECONDS
    )
    expect(row(outlook, "Subject")).to_contain_text("Edited in the CRM")
    expect(row(outlook, "Edited by")).to_contain_text("Anders Lindqvist")


def test_the_history_tells_it_and_goes_on_by_itself(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = by_hand(meeting)
    pane = outlook.open(made)
    outlook.tick()
    pane.locator("#history summary").click()
    lines = pane.locator(".past li")
    expect(lines).to_have_count(3)
    expect(lines.last).to_contain_text("Added in the pane.")
    expect(lines.last).to_contain_text("by Margaret Harwood")

    made.change(subject="Renamed")

    expect(lines.first).to_contain_text("Changed: subject.", timeout=SECONDS)
    assert outlook.errors == []
