"""A fresh pane for each test, in the one browser of all browser tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.pane.harness import PaneHarness


@pytest.fixture
def pane(chromium: Browser) -> Iterator[PaneHarness]:
    context = chromium.new_context(viewport={"width": 320, "height": 570}, locale="en-GB")
    harness = PaneHarness(context)
    yield harness
    context.close()
    assert harness.errors == []
