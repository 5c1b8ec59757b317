"""The whole product, and people of its first firm at the administration's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.story.stack import Worker, running_stack
from tests.support.product import Product

ADMIN = "owen.pritchard@harwoodosei.example"
SECOND_ADMIN = "salma.aziz@harwoodosei.example"
SUPPORT = "benjamin.tran@harwoodosei.example"
SOMEBODY = "anders.lindqvist@harwoodosei.example"

# Machines that run tests do much at once: what takes a second alone may take ten there.
expect.set_options(timeout=15_000)


class Desk:
    """Windows of people who sign in at the product's own pages."""

    def __init__(self, chromium: Browser, product: Product) -> None:
        self._chromium = chromium
        self.product = product
        self.errors: list[str] = []

    def sign_in(self, person: str, section: str = "", **options: Any) -> Page:
        """A window of the person at a section, by way of Entra's page."""
        size = options.pop("viewport", {"width": 1280, "height": 900})
        context = self._chromium.new_context(
            viewport=size, timezone_id="UTC", locale="en-GB", **options
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)
        page.goto(f"{self.product.settings.base_url}/admin/")
        page.get_by_role("searchbox").fill(person)
        page.get_by_role("button", name="Search").click()
        page.locator("button[name=person]").first.click()
        page.wait_for_url("**/admin/")
        if section:
            self.go(page, section)
        return page

    def go(self, page: Page, section: str) -> None:
        page.get_by_role("link", name=section, exact=True).click()
        page.get_by_role("heading", level=1, name=section).wait_for()

    def _note(self, message: Any) -> None:
        # A refused call is part of some stories; everything else is a fault of ours.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def close(self) -> None:
        for context in self._chromium.contexts:
            context.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Product, Worker]]:
    with running_stack(tmp_path_factory.mktemp("admin")) as running:
        running[0].add_contact("Inês Duarte", "ines.duarte@client.example", types=["Client"])
        yield running


@pytest.fixture
def product(stack: tuple[Product, Worker]) -> Product:
    return stack[0]


@pytest.fixture
def desk(chromium: Browser, product: Product) -> Iterator[Desk]:
    opened = Desk(chromium, product)
    yield opened
    opened.close()
    assert opened.errors == []


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))
