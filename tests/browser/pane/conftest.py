"""One browser for all tests of the pane, one fresh context for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.pane.harness import PaneHarness

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def pane(chromium: Browser) -> Iterator[PaneHarness]:
    context = chromium.new_context(viewport={"width": 320, "height": 570}, locale="en-GB")
    harness = PaneHarness(context)
    yield harness
    context.close()
    assert harness.errors == []
