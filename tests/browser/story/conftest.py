"""One running product for all stories, and for each story a person at an Outlook of his own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count

import pytest
from playwright.sync_api import Browser

from tests.browser.story.outlook import Outlook
from tests.browser.story.stack import Worker, running_stack
from tests.support.product import Meeting, Product

ORGANIZER = "margaret.harwood@harwoodosei.example"
COLLEAGUE = "anders.lindqvist@harwoodosei.example"
HOUR = timedelta(hours=1)
CLIENT = "ines.duarte@client.example"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Product, Worker]]:
    with running_stack(tmp_path_factory.mktemp("story")) as running:
        running[0].add_contact("Inês Duarte", CLIENT, types=["Client"])
        yield running


@pytest.fixture
def product(stack: tuple[Product, Worker]) -> Iterator[Product]:
    product, worker = stack
    yield product
    product.sandbox.clear_faults()
    product.sandbox.personality(get_lag=0, form_categories="keeps")
    assert worker.failures == []


@pytest.fixture
def outlook(chromium: Browser, product: Product) -> Iterator[Outlook]:
    opened = Outlook(chromium, product)
    yield opened
    opened.close()
    assert opened.errors == []


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture
def meeting(product: Product, numbers: Iterator[int]) -> Callable[..., Meeting]:
    """Makes a meeting that no other story has."""

    def make(
        *attendees: str, organizer: str = ORGANIZER, days: float = 2, **more: object
    ) -> Meeting:
        # Whole hours, as people make them, and each at another time.
        number = next(numbers)
        start = product.clock().replace(minute=0, second=0, microsecond=0)
        start += timedelta(days=days, hours=number % 3)
        event = {
            "subject": f"Halden Shipping, meeting {number}",
            "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
            "end": {"dateTime": f"{start + HOUR:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        }
        return product.meeting(organizer, *(attendees or (COLLEAGUE, CLIENT)), **event | more)

    return make
