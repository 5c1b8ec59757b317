"""The console script: it says what is wrong, and the demo starts, keeps its data and stops."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from backend.cli import main
from backend.doctor import examine
from backend.settings import OFFICE_CLIENT_IDS
from tests.support.salesforce.org import Organisation
from tests.support.salesforce.server import CLIENT_SECRET, served_salesforce
from tests.support.sandbox import RunningSandbox

COMMANDS = {"bench", "demo", "doctor", "manifest", "migrate", "sandbox", "serve", "worker"}
START_SECONDS = 60


def test_the_commands_of_the_contract_are_there():
    assert set(main.commands) == COMMANDS


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_missing_settings_are_all_named_and_nothing_starts(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CALENDAR_SYNC_")]:
        monkeypatch.delenv(name)

    done = CliRunner().invoke(main, [command])

    assert done.exit_code == 2
    for name in ("BASE_URL", "CLIENT_ID", "TENANTS", "SECRET_KEY"):
        assert f"CALENDAR_SYNC_{name}" in done.output


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox() as running:
        yield running


class TestDoctor:
    """`doctor` against a sandbox."""

    @pytest.fixture
    def environ(self, sandbox: RunningSandbox, tmp_path: Path) -> dict[str, str]:
        return {
            "CALENDAR_SYNC_BASE_URL": "http://localhost:8000",
            "CALENDAR_SYNC_CLIENT_ID": sandbox.api_client_id,
            "CALENDAR_SYNC_CLIENT_SECRET": sandbox.api_client_secret,
            "CALENDAR_SYNC_TENANTS": sandbox.tenant_id,
            "CALENDAR_SYNC_ALLOWED_CLIENTS": OFFICE_CLIENT_IDS[0],
            "CALENDAR_SYNC_SECRET_KEY": "k" * 48,
            "CALENDAR_SYNC_GRAPH_URL": sandbox.url,
            "CALENDAR_SYNC_LOGIN_URL": sandbox.url,
            "CALENDAR_SYNC_DATABASE_URL": f"sqlite:///{tmp_path}/calendar-sync.db",
        }

    def problems(self, environ: dict[str, str]) -> list[str]:
        return [finding.what for finding in examine(environ) if not finding.is_fine]

    def test_it_finds_nothing_where_nothing_is_wrong(
        self, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)

        migrated = CliRunner().invoke(main, ["migrate"])
        looked = CliRunner().invoke(main, ["doctor"])

        assert migrated.exit_code == 0, migrated.output
        assert looked.exit_code == 0, looked.output

    def test_it_says_what_to_do_about_a_database_without_tables(self, environ: dict[str, str]):
        found = [finding for finding in examine(environ) if finding.what.startswith("The database")]

        assert [finding.is_fine for finding in found] == [False]
        assert "calendar-sync migrate" in found[0].advice

    def test_it_says_that_the_secret_is_wrong(
        self, environ: dict[str, str], sandbox: RunningSandbox
    ):
        wrong = environ | {"CALENDAR_SYNC_CLIENT_SECRET": "wrong"}

        assert any(sandbox.tenant_id in problem for problem in self.problems(wrong))

    def test_it_says_that_microsoft_cannot_be_reached(self, environ: dict[str, str]):
        nobody = "http://localhost:9"
        deaf = {"CALENDAR_SYNC_GRAPH_URL": nobody, "CALENDAR_SYNC_LOGIN_URL": nobody}

        found = self.problems(environ | deaf)

        assert any("sign-in does not answer" in problem for problem in found)

    def test_it_looks_at_salesforce_where_that_is_the_crm(self, environ: dict[str, str]):
        with served_salesforce() as stand_in:
            served = stand_in.add(Organisation(lambda: datetime.now(UTC)))
            served.org.denied.add(("Event", "delete"))
            named = {"URL": served.url, "CLIENT_ID": served.client_id, "CLIENT_SECRET": "wrong"}
            salesforce = {f"CALENDAR_SYNC_SALESFORCE_{k}": v for k, v in named.items()}
            right = {"CALENDAR_SYNC_SALESFORCE_CLIENT_SECRET": CLIENT_SECRET}

            refused = self.problems(environ | salesforce)
            looked = self.problems(environ | salesforce | right)

        assert any("Salesforce refused our sign-in" in problem for problem in refused)
        assert any("may not write every Event" in problem for problem in looked)

    def test_it_says_that_the_clock_is_wrong(self, environ: dict[str, str], tmp_path: Path):
        offset = tmp_path / "offset"
        offset.write_text("90")

        found = self.problems(environ | {"CALENDAR_SYNC_CLOCK_OFFSET_FILE": str(offset)})

        assert any("clock differs" in problem for problem in found)

    def test_it_reports_settings_that_are_missing(self):
        assert any("CALENDAR_SYNC_TENANTS" in problem for problem in self.problems({}))


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


class RunningDemo:
    """`calendar-sync demo` as a person would start it."""

    def __init__(self, data: Path) -> None:
        self.port, self.sandbox_port = free_ports()
        self.web = f"http://127.0.0.1:{self.port}"
        self.sandbox = f"http://127.0.0.1:{self.sandbox_port}"
        self.output: list[str] = []
        self.is_ready = threading.Event()
        command = [sys.executable, "-m", "backend.cli", "demo", "--data", str(data)]
        ports = ["--port", str(self.port), "--sandbox-port", str(self.sandbox_port)]
        self.process = subprocess.Popen(
            [*command, *ports], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.session = requests.Session()
        self.session.trust_env = False

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line.rstrip("\n"))
            if line == "ready\n":
                self.is_ready.set()
        self.process.stdout.close()

    def wait_until_ready(self) -> None:
        assert self.is_ready.wait(START_SECONDS), "\n".join(self.output)

    def token(self, address: str) -> dict[str, str]:
        body = {"user": address, "audience": "api"}
        answer = self.session.post(f"{self.sandbox}/_sandbox/tokens", json=body)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def get(self, url: str, **kwargs: Any) -> Any:
        return self.session.get(url, timeout=10, **kwargs)

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in tasks.read_text().split()]

    def stop(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        try:
            return self.process.wait(40)
        finally:
            self.process.kill()
            self._reader.join(5)
            self.session.close()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at Linux' process tree")
class TestDemo:
    """Everything with one command. Slow, so each start tells as much as it can."""

    def test_it_starts_keeps_its_data_and_stops_cleanly(self, tmp_path: Path):
        demo = RunningDemo(tmp_path)
        demo.wait_until_ready()
        people = demo.get(f"{demo.sandbox}/_sandbox/state").json()["people"]
        members = [p for p in people if p["enabled"] and not p["guest"]]
        states = {
            person["name"]: demo.get(
                f"{demo.web}/api/me", headers=demo.token(person["upn"])
            ).json()["enabled"]
            for person in members
        }
        contacts = demo.get(
            f"{demo.web}/crm/api/contacts", headers=demo.token(members[0]["address"])
        ).json()["items"]
        begun = len(demo.children())
        children = demo.children()
        status = demo.stop(signal.SIGINT)

        again = RunningDemo(tmp_path)
        again.wait_until_ready()
        me = again.get(f"{again.web}/api/me", headers=again.token(members[0]["address"])).json()
        again_status = again.stop()

        assert (status, again_status) == (0, 0)
        assert begun == 3
        assert not any(Path(f"/proc/{pid}").exists() for pid in children)
        assert sorted(states.values()).count(False) == 3
        assert contacts
        assert me["enabled"] is True
        assert f"http://localhost:{demo.port}/taskpane/" in "\n".join(demo.output)

    def test_a_part_that_dies_ends_it_with_a_word(self, tmp_path: Path):
        demo = RunningDemo(tmp_path)
        demo.wait_until_ready()

        os.kill(demo.children()[-1], signal.SIGKILL)
        status = demo.wait()

        assert status == 1
        assert any("ended unexpectedly" in line for line in demo.output)

    def test_its_parts_end_when_it_is_killed(self, tmp_path: Path):
        demo = RunningDemo(tmp_path)
        demo.wait_until_ready()
        children = demo.children()

        demo.stop(signal.SIGKILL)
        deadline = time.monotonic() + 20
        while any(_runs(pid) for pid in children) and time.monotonic() < deadline:
            threading.Event().wait(0.1)

        assert not any(_runs(pid) for pid in children)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_port_in_use_is_named(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = CliRunner().invoke(main, ["demo", "--port", str(port), "--data", str(tmp_path)])

    assert done.exit_code == 1
    assert f"Port {port} is in use" in done.output
