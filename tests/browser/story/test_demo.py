"""``calendar-sync demo`` as a person starts it: one command, a browser, Ctrl-C, and again."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, FrameLocator, expect

from tests.support.product import CATEGORY

pytestmark = pytest.mark.browser
PERSON = "efua.osei@harwoodosei.example"
LONGEST_START = 60
LONGEST_STOP = 30


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Demo:
    """The command, its ports and what it prints."""

    def __init__(self, data: Path) -> None:
        self.web = f"http://localhost:{(port := free_port())}"
        self.sandbox = f"http://localhost:{(sandbox_port := free_port())}"
        ports = ["--port", str(port), "--sandbox-port", str(sandbox_port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "backend.cli", "demo", *ports, "--data", str(data)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.printed: list[str] = []
        self._said_ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.printed.append(line.strip())
            if line.strip() == "ready":
                self._said_ready.set()

    def wait_until_ready(self) -> None:
        assert self._said_ready.wait(LONGEST_START), self.printed

    def parts(self) -> list[int]:
        """The processes it has started."""
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(LONGEST_STOP)

    def put_away(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(LONGEST_STOP)
        self._reader.join(LONGEST_STOP)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def demos(tmp_path: Path) -> Iterator[list[Demo]]:
    started: list[Demo] = []
    yield started
    for demo in started:
        demo.put_away()


@pytest.fixture
def calls() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def opened(chromium: Browser, demo: Demo, event_id: str) -> FrameLocator:
    """The pane beside that event in a fresh window."""
    page = chromium.new_context(viewport={"width": 1360, "height": 860}).new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{demo.sandbox}/#person={PERSON}&event={event_id}")
    pane = page.frame_locator(".pane iframe")
    pane.locator('main[aria-busy="false"]').wait_for()
    return pane


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_one_command_starts_everything_and_a_second_start_remembers_the_tick(
    chromium: Browser, demos: list[Demo], calls: requests.Session, tmp_path: Path
) -> None:
    demo = Demo(tmp_path)
    demos.append(demo)
    demo.wait_until_ready()
    addresses = re.findall(r"http://\S+", "\n".join(demo.printed))
    answers = {address: calls.get(address, timeout=10).status_code for address in addresses}
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    event = {
        "subject": "Kick-off",
        "start": {"dateTime": f"{tomorrow:%Y-%m-%d}T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"{tomorrow:%Y-%m-%d}T10:00:00", "timeZone": "UTC"},
    }
    calendar = f"{demo.sandbox}/_sandbox/mailboxes/{PERSON}/events"
    event_id = calls.post(calendar, json=event, timeout=10).json()["id"]

    pane = opened(chromium, demo, event_id)
    pane.get_by_role("checkbox", name=CATEGORY).click()
    expect(pane.locator(".state h3")).to_have_text("In InterAction")
    parts = demo.parts()
    first_status = demo.interrupt()

    again = Demo(tmp_path)
    demos.append(again)
    again.wait_until_ready()
    pane = opened(chromium, again, event_id)

    assert len(addresses) == 5
    assert set(answers.values()) == {200}
    assert first_status == 0
    assert len(parts) == 3
    assert not [pid for pid in parts if Path(f"/proc/{pid}").exists()]
    expect(pane.locator(".state h3")).to_have_text("In InterAction")
    expect(pane.get_by_role("checkbox", name=CATEGORY)).to_be_checked()
    assert again.interrupt() == 0
