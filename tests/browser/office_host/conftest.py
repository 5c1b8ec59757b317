"""Microsoft's own office.js and MSAL.js around our real pane, in a host page of our own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Frame,
    FrameLocator,
    Page,
    Route,
    expect,
)

from backend.settings import OFFICE_JS_URL
from tests.browser.office_host.pane_server import PaneServer
from tests.browser.pane.answers import EWS_ID

HERE = Path(__file__).parent
NODE_MODULES = HERE.parents[2] / "node_modules"
OFFICE = NODE_MODULES / "@microsoft/office-js/dist"
MSAL = NODE_MODULES / "@azure/msal-browser/lib/msal-browser.min.js"
OUTLOOK = "https://outlook.office.com"
MICROSOFT_AJAX = "https://ajax.aspnetcdn.com/ajax/3.5/MicrosoftAjax.js"
OFFICE_FOLDER = OFFICE_JS_URL.removesuffix("office.js")
EVERYTHING = {"Mailbox": "1.15", "NestedAppAuth": "1.1", "DialogApi": "1.2"}


class Host:
    """One Outlook window in which the pane stands beside an appointment."""

    def __init__(self, context: BrowserContext, server: PaneServer) -> None:
        self.server = server
        self.page: Page = context.new_page()
        self.broken: list[str] = []
        self.page.on("pageerror", lambda error: self.broken.append(str(error)))
        self.page.on("console", self._note)
        self.page.route(f"{OUTLOOK}/**", _host_file)
        self.page.route(f"{OFFICE_FOLDER}**", _office_file)
        self.page.route(
            MICROSOFT_AJAX, lambda route: route.fulfill(path=HERE / "host/microsoft_ajax.js")
        )

    def _note(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.broken.append(message.text)

    def open(
        self, item: dict[str, Any], *, sets: dict[str, str] = EVERYTHING, **more: Any
    ) -> FrameLocator:
        """Show the pane; `broker` is how nested app authentication answers, None for none."""
        broker = more.pop("broker", {})
        given = {"item": item, "sets": sets, "pane": f"{self.server.url}/taskpane/", **more}
        self.page.add_init_script(
            f"window.__host = {json.dumps(given)}; window.__broker = {json.dumps(broker)};"
        )
        self.page.add_init_script(path=HERE / "host/bridge.js")
        self.page.goto(f"{OUTLOOK}/host.html")
        pane = self.page.frame_locator("iframe")
        expect(pane.locator("main")).to_have_attribute("aria-busy", "false", timeout=15_000)
        return pane

    @property
    def frame(self) -> Frame:
        """The pane's own window, to look inside."""
        return self.page.frames[1]

    def calls(self) -> list[int]:
        """The methods office.js asked of Outlook, by its numbers for them."""
        found: list[int] = self.page.evaluate("host.calls")
        return found


def saved(**values: Any) -> dict[str, Any]:
    """The sample event in the organizer's form."""
    return {"savedId": EWS_ID, **values}


def _host_file(route: Route) -> None:
    path = HERE / "host" / Path(route.request.url.partition("?")[0]).name
    route.fulfill(path=path) if path.is_file() else route.fulfill(status=404)


def _office_file(route: Route) -> None:
    path = OFFICE / route.request.url.partition("?")[0].removeprefix(OFFICE_FOLDER)
    route.fulfill(path=path) if path.is_file() else route.fulfill(status=404)


@pytest.fixture(scope="session")
def pane_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaneServer]:
    missing = [path for path in (OFFICE / "office.js", MSAL) if not path.is_file()]
    if missing:
        reason = f"{missing[0].relative_to(NODE_MODULES.parent)} is not there: run npm ci"
        # Where everything is checked, a check that is silently left out is a failure.
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    server = PaneServer(tmp_path_factory.mktemp("https"))
    yield server
    server.stop()


@pytest.fixture
def host(chromium: Browser, pane_server: PaneServer) -> Iterator[Host]:
    pane_server.forget()
    context = chromium.new_context(ignore_https_errors=True, viewport={"width": 400, "height": 640})
    # Chromium asks before a page of the internet may show one of this machine.
    context.grant_permissions(["local-network-access"])
    context.set_default_timeout(8_000)
    made = Host(context, pane_server)
    yield made
    context.close()
    assert made.broken == []
