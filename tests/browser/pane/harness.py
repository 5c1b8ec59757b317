"""The pane in a browser without any server: files from disk, the API from fixtures."""

from __future__ import annotations

import json
import mimetypes
from collections import defaultdict
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Request, Route

from tests.browser.pane import answers
from tests.support.axe import violations

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT / "static_taskpane"
ORIGIN = "https://calendar.test"
# No 'unsafe-inline' and no other origin: a slip in the pane breaks its tests.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
MSAL = ROOT / "node_modules/@azure/msal-browser/lib/msal-browser.min.js"


class Api:
    """Answers of the mocked API: the last one given for a call is repeated."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.tokens: list[str] = []
        self._answers: dict[tuple[str, str], list[tuple[int, Any, dict[str, str]]]] = defaultdict(
            list
        )

    def answer(self, method: str, path: str, body: Any, status: int = 200, **headers: str) -> Api:
        """``path`` without ``/api/``; ``{id}`` stands for the event. ``None`` = no connection."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answers[method, _expand(path)].append((status, body, named))
        return self

    def reset(self, method: str, path: str) -> Api:
        self._answers.pop((method, _expand(path)), None)
        return self

    def count(self, method: str, path: str) -> int:
        return len(self._bodies(method, path))

    def body(self, method: str, path: str) -> Any:
        return self._bodies(method, path)[-1]

    def _bodies(self, method: str, path: str) -> list[Any]:
        wanted = (method, _expand(path))
        return [body for m, p, body in self.calls if (m, p.partition("?")[0]) == wanted]

    def serve(self, route: Route, request: Request) -> None:
        path = request.url.removeprefix(f"{ORIGIN}/api/")
        key = (request.method, path.partition("?")[0])
        body = json.loads(request.post_data) if request.post_data else None
        self.calls.append((request.method, path, body))
        self.tokens.append(request.headers.get("authorization", ""))
        waiting = self._answers[key]
        if not waiting:
            route.fulfill(status=501, json=answers.a_problem(501, "not_mocked", str(key)))
            return
        status, answer, headers = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if answer is None:
            route.abort("connectionrefused")
            return
        kind = "application/json" if status < 400 else "application/problem+json"
        text = answer if isinstance(answer, str) else json.dumps(answer)
        route.fulfill(status=status, body=text, headers={"Content-Type": kind, **headers})


class PaneHarness:
    """One opened pane: what Outlook shows, what the API says, and the page."""

    def __init__(self, context: BrowserContext) -> None:
        self.api = Api()
        self.page: Page = context.new_page()
        self.page.set_default_timeout(5_000)
        self.msal_is_there = False
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.errors.append(message.text)
                if message.type == "error" and "Content Security Policy" in message.text
                else None
            ),
        )
        self.page.route("**/*", self._serve)

    def open(self, item: Any = ..., **outlook: Any) -> Page:
        """Open the pane beside ``item`` (default: the sample event, saved, as its organizer)."""
        if item is ...:
            item = saved_item()
        given = {"item": item, **outlook}
        self.page.add_init_script(f"window.__outlook = {json.dumps(given)};")
        self.page.goto(f"{ORIGIN}/taskpane/", wait_until="load")
        return self.page

    def show(self, answer: answers.Json, item: Any = ..., **outlook: Any) -> Page:
        """Open the pane on a saved event for which the API gives ``answer``."""
        self.api.answer("GET", "events/{id}", answer)
        page = self.open(item, **outlook)
        self.settle()
        return page

    def settle(self) -> None:
        self.page.wait_for_selector('main[aria-busy="false"]')

    def accessibility_violations(self) -> list[str]:
        return violations(self.page)

    def _serve(self, route: Route, request: Request) -> None:
        path = request.url.removeprefix(ORIGIN).partition("?")[0]
        if path.startswith("/api/"):
            self.api.serve(route, request)
        elif path == "/taskpane/":
            html = (FILES / "taskpane/index.html").read_text()
            html = html.replace("{{ office_js_url }}", "/office.js")
            html = html.replace("{{ client_id }}", "11111111-2222-3333-4444-555555555555")
            headers = {"Content-Type": "text/html", "Content-Security-Policy": CSP}
            route.fulfill(body=html, headers=headers)
        elif path == "/office.js":
            route.fulfill(path=Path(__file__).with_name("fake_office.js"))
        elif path == "/vendor/msal-browser.min.js" and self.msal_is_there:
            route.fulfill(path=MSAL)
        elif (FILES / path[1:]).is_file():
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            route.fulfill(path=FILES / path[1:], content_type=kind)
        else:
            route.fulfill(status=404)


def saved_item(**values: Any) -> answers.Json:
    """The sample event in the organizer's form."""
    return unsaved_item() | {"id": answers.EWS_ID} | values


def unsaved_item(**values: Any) -> answers.Json:
    item: answers.Json = {
        "surface": "compose",
        "subject": "Quarterly review with Halden Shipping",
        "start": "2026-12-01T09:00:00Z",
        "end": "2026-12-01T10:00:00Z",
        "organizer": ["Jane Doe", answers.OWNER],
        "required": [["Ola Halden", "ola@client.test"]],
    }
    return item | values


def read_item(**values: Any) -> answers.Json:
    return saved_item(surface="read") | values


def _expand(path: str) -> str:
    return path.replace("{id}", answers.EVENT_ID.replace("=", "%3D"))
