"""The live pane by keyboard, in the dark, on 320 pixels and to a screen reader (T1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.story.outlook import Outlook
from tests.support.axe import violations
from tests.support.npm import AXE, needs_npm
from tests.support.product import CATEGORY, Meeting, Product

pytestmark = pytest.mark.browser
Make = Callable[..., Meeting]


def test_everything_is_reached_by_keyboard(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    pane = outlook.open(made)
    keys = outlook.page.keyboard
    pane.get_by_role("button", name="Refresh").focus()

    keys.press("Tab")
    keys.press("Tab")
    expect(outlook.box).to_be_focused()
    keys.press("Space")
    outlook.expect_state("In InterAction")
    expect(outlook.box).to_be_focused()
    keys.press("Space")
    expect(pane.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
    keys.press("Escape")

    expect(pane.get_by_role("dialog")).to_have_count(0)
    expect(outlook.box).to_be_focused()
    expect(outlook.box).to_be_checked()
    assert made.categories == [CATEGORY]


@pytest.mark.node
@needs_npm(AXE)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_in_the_live_pane(
    outlook: Outlook, meeting: Make, theme: str
) -> None:
    pane = outlook.open(meeting(), query=f"theme={theme}")
    frame = outlook.page.frames[1]

    before = violations(frame)
    outlook.tick()
    after = violations(frame)
    outlook.box.click()
    expect(pane.get_by_role("dialog")).to_be_visible()

    assert (before, after, violations(frame)) == ([], [], [])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_at_320_pixels_nothing_is_cut_off(outlook: Outlook, meeting: Make, theme: str) -> None:
    subject = "Arbeitsunfähigkeitsbescheinigungsverordnung" * 4
    outlook.open(meeting(subject=subject), query=f"theme={theme}")
    outlook.tick()
    frame = outlook.page.frames[1]

    # The frame beside the form is as wide as Outlook's narrowest.
    assert frame.evaluate("innerWidth") <= 320
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ground = frame.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(31, 31, 31)"}[theme]
