"""A person at the Outlook-like page with the real task pane beside the open event."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from tests.support.product import CATEGORY, Meeting, Product

# The browser's clock follows the sandbox's, as a real computer's follows the real one.
_CLOCK = """
{ const Real = Date, lead = %d;
  Date = class extends Real {
    constructor(...parts) { parts.length ? super(...parts) : super(Real.now() + lead); }
    static now() { return Real.now() + lead; }
  }; }
"""

T = TypeVar("T")


def eventually(look: Callable[[], T], pause: Callable[[], object] | None = None) -> T:
    """Waits until something behind the browser has become so; what was seen then."""
    for _ in range(60):
        if seen := look():
            return seen
        (pause or partial(threading.Event().wait, 0.2))()
    raise AssertionError("it has not become so")


class Outlook:
    """One browser window of one person; ``errors`` collects what its console complains about."""

    def __init__(self, chromium: Browser, product: Product) -> None:
        self._chromium = chromium
        self._product = product
        self.errors: list[str] = []
        self.page: Page = self.window()

    def window(self, **options: Any) -> Page:
        """A fresh window, with nothing remembered; it becomes the one that is looked at."""
        size = options.pop("viewport", {"width": 1360, "height": 860})
        context = self._chromium.new_context(
            viewport=size, timezone_id="UTC", locale="en-GB", **options
        )
        context.set_default_timeout(10_000)
        lead = (self._product.clock() - datetime.now(UTC)).total_seconds()
        context.add_init_script(_CLOCK % int(lead * 1000))
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)
        return self.page

    def _note(self, message: Any) -> None:
        # A refused or failed call is part of many stories; everything else is a fault of ours.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def close(self) -> None:
        for context in self._chromium.contexts:
            context.close()

    def go(self, person: str, query: str = "", **state: str) -> FrameLocator:
        """Open the page in this state; the pane, still at work."""
        self.page.goto("about:blank")
        self.page.goto(
            f"{self._product.sandbox.url}/?{query}#{urlencode({'person': person, **state})}"
        )
        self.page.locator("html[data-ready]").wait_for(state="attached")
        return self.pane

    def open(self, meeting: Meeting, person: str | None = None, **more: str) -> FrameLocator:
        """The person opens the meeting; the pane has answered."""
        event_id = meeting.id if person is None else self.own_copy(meeting, person)
        self.go(person or meeting.owner, event=event_id, **more)
        self.settle()
        return self.pane

    def own_copy(self, meeting: Meeting, person: str) -> str:
        """The id of the meeting in the person's own calendar."""
        for copy in self._copies(meeting):
            if copy["owner"] == person:
                return str(copy["id"])
        return meeting.id

    def categories_of(self, meeting: Meeting) -> dict[str, list[str]]:
        """The categories of each mailbox's copy."""
        return {copy["owner"]: copy["categories"] for copy in self._copies(meeting)}

    def _copies(self, meeting: Meeting) -> list[dict[str, Any]]:
        path = f"/mailboxes/{meeting.owner}/events/{meeting.id}/copies"
        found: list[dict[str, Any]] = self._product.sandbox.control("GET", path)["items"]
        return found

    # --- the pane -------------------------------------------------------------------------------

    @property
    def pane(self) -> FrameLocator:
        return self.page.frame_locator(".pane iframe")

    def settle(self) -> None:
        self.pane.locator('main[aria-busy="false"]').wait_for()

    @property
    def box(self) -> Locator:
        return self.pane.get_by_role("checkbox", name=CATEGORY)

    @property
    def rules(self) -> Locator:
        return self.pane.locator("#rules")

    def tick(self) -> None:
        """Tick and wait for the end of it."""
        self.box.click()
        expect(self.pane.get_by_role("heading", name="In InterAction", exact=True)).to_be_visible()

    def expect_state(self, title: str) -> None:
        """The state the pane shows below the checkbox."""
        expect(self.pane.locator(".state h3")).to_have_text(title)

    def look_until(self, title: str) -> None:
        """Press Refresh until the pane shows this state: what it sees is finished by the worker."""

        def shows() -> bool:
            self.pane.get_by_role("button", name="Refresh").click()
            self.settle()
            return self.pane.locator(".state h3").all_inner_texts() == [title]

        eventually(shows, pause=lambda: self.page.wait_for_timeout(200))

    def chips(self, owner: str) -> Locator:
        """The categories beside a mailbox's copy, in the page's view behind the form."""
        return self.page.locator(f".copy[data-owner='{owner}'] .tag")

    def press(self, name: str) -> None:
        """A command of the form."""
        self.page.locator("#form").get_by_role("button", name=name, exact=True).click()
