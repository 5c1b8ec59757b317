"""A sandbox with the Outlook-like page, a tiny pane of our own beside it, and hands to use both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page

from tests.support.sandbox import RunningSandbox

HERE = Path(__file__).parent
MSAL = Path(__file__).parents[3] / "node_modules/@azure/msal-browser/lib/msal-browser.min.js"
ORGANIZER = "margaret.harwood@harwoodosei.example"
ATTENDEE = "anders.lindqvist@harwoodosei.example"
ASSISTANT = "dorothy.pike@harwoodosei.example"


class ProbeServer:
    """Serves the probe pane from a port of its own, as the real task pane is."""

    def __init__(self) -> None:
        self.sandbox_url = ""
        probe = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body, kind = probe.file(self.path.split("?")[0])
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_parts: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def file(self, path: str) -> tuple[bytes, str]:
        if path in ("/pane.html", "/dialog.html"):
            page = (HERE / f"probe{path}").read_text("utf-8")
            return page.replace("{{sandbox}}", self.sandbox_url).encode(), "text/html"
        if path in ("/probe.js", "/dialog.js"):
            return (HERE / f"probe{path}").read_bytes(), "text/javascript"
        if path == "/msal-browser.min.js":
            return MSAL.read_bytes() if MSAL.exists() else b"", "text/javascript"
        return b"", "text/plain"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class Outlook:
    """The page in a browser tab, and the probe pane inside it."""

    def __init__(self, context: BrowserContext, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        if message.type == "error" and "status of" not in message.text:
            self.errors.append(message.text)

    def go(self, person: str = ORGANIZER, query: str = "", **state: str) -> None:
        """Open the page in this state."""
        words = "&".join(f"{name}={value}" for name, value in state.items())
        self.page.goto("about:blank")
        self.page.goto(f"{self.sandbox.url}/?{query}#person={person}&{words}")
        self.page.locator("html[data-ready]").wait_for(state="attached")

    @property
    def pane(self) -> Frame:
        """The probe pane's frame, once Office is ready in it."""
        self.page.frame_locator(".pane iframe").locator("html[data-ready]").wait_for(
            state="attached"
        )
        return self.page.frames[1]

    def ask(self, expression: str) -> Any:
        """What the pane gets for a JavaScript expression."""
        return self.pane.evaluate(f"(async () => ({expression}))()")

    def office(self, target: str, name: str, *args: Any) -> dict[str, Any]:
        """Calls an Office.js method of `item` or one of its members."""
        place = f"probe.item().{target}" if target else "probe.item()"
        found: dict[str, Any] = self.pane.evaluate(
            f"(args) => probe.call({place}, {name!r}, ...args)", list(args)
        )
        return found

    def saved_id(self) -> str:
        """The id in the address, once the open form has one."""
        self.page.wait_for_url("**event=*")
        found: str = self.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('event')")
        return found


@pytest.fixture(scope="session")
def probe() -> Iterator[ProbeServer]:
    server = ProbeServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def running(probe: ProbeServer) -> Iterator[RunningSandbox]:
    with RunningSandbox(pane_url=f"{probe.url}/pane.html") as sandbox:
        probe.sandbox_url = sandbox.url
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    running.reset()
    return running


@pytest.fixture
def outlook(chromium: Browser, sandbox: RunningSandbox) -> Iterator[Outlook]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, timezone_id="UTC")
    context.set_default_timeout(8000)
    page = Outlook(context, sandbox)
    yield page
    context.close()
    assert page.errors == []


@pytest.fixture
def meeting(sandbox: RunningSandbox) -> Callable[..., dict[str, Any]]:
    """Makes a meeting of the organizer with the attendee, tomorrow at ten."""

    def make(**more: Any) -> dict[str, Any]:
        day = sandbox.state()["now"][:10]
        event = {
            "subject": "Board of Halden Shipping",
            "start": {"dateTime": f"{day}T10:00:00", "timeZone": "UTC"},
            "end": {"dateTime": f"{day}T11:00:00", "timeZone": "UTC"},
            "attendees": [{"type": "required", "emailAddress": {"address": ATTENDEE}}],
        }
        return sandbox.create_event(ORGANIZER, **event | more)

    return make
