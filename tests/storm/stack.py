"""The whole product in processes of its own: sandbox, web, N workers, on a database made for it.

Every part is what ``calendar-sync`` starts; only the firm is set up from here, as an admin would on
the first day. Processes are followed to their end: whoever leaves the context leaves none behind.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import URL, create_engine, text

from backend.bootstrap import OffsetClock, build
from backend.crm.sample import import_sample
from backend.migrate import migrate_all
from backend.services.setup import FirmSetup, NewServer, NewUser
from backend.settings import OFFICE_CLIENT_IDS, PREFIX, Settings
from tests.support.databases import postgres_url

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
STOP_SECONDS = 30
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Shape:
    """How the deployment is to be."""

    database: str = "postgresql"
    """``postgresql`` (queue in it, too) or ``sqlite``."""
    workers: int = 3
    mailboxes: int = 100
    """At most that many of the firm's people are enabled; the others are left out by the admin."""
    active_since: timedelta = timedelta()
    """How long ago everybody was enabled: events made before are old ones (E12)."""
    seed: int = 7
    notifications: bool = True


@dataclass
class Part:
    """One process and where it writes."""

    name: str
    arguments: list[str]
    environ: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.process is not None:
            self._wait()
        with self.log.open("ab") as out:
            command = [sys.executable, "-m", "backend.cli", *self.arguments, "--follow-parent"]
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(self.environ),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """As a power cut would: nothing is finished, nobody is told."""
        if self.process is not None:
            self.process.kill()
            self._wait()

    def stop(self) -> None:
        if self.process is not None and not self.has_ended:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        self.kill()

    def _wait(self) -> None:
        assert self.process is not None
        self.process.wait()
        if self.process.stdin is not None:
            # What stands in the buffer of a dead process's input cannot be flushed.
            with suppress(OSError):
                self.process.stdin.close()


@dataclass
class Deployment:
    """Addresses, settings and processes of one running product."""

    folder: Path
    shape: Shape
    sandbox: str
    web: str
    settings: Settings
    state: Mapping[str, Any]
    enabled: Mapping[str, bool]
    """By address, case folded: everybody who was set up."""
    activated_at: datetime
    workers: list[Part] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    deaths: int = 0

    @property
    def tenant(self) -> Mapping[str, Any]:
        return next(t for t in self.state["tenants"] if t["tenant_id"] == self.tenant_id)

    @property
    def tenant_id(self) -> str:
        return str(self.state["tenant_id"])

    @property
    def applications(self) -> list[str]:
        return [client["client_id"] for client in self.state["clients"].values()]

    @property
    def logs(self) -> list[Path]:
        """What web and workers have written."""
        return [part.log for part in self.parts if part.name != "sandbox"]

    def kill_worker(self, number: int) -> None:
        """SIGKILL, and a new one in its place, as any supervisor would."""
        worker = self.workers[number % len(self.workers)]
        worker.kill()
        worker.start()
        self.deaths += 1

    def revive(self) -> int:
        """Start workers again that have ended by themselves, as a supervisor would; how many."""
        ended = [worker for worker in self.workers if worker.has_ended]
        for worker in ended:
            worker.start()
        return len(ended)

    def check(self) -> None:
        """Raises: RuntimeError when a part has ended by itself that nobody starts again."""
        for part in self.parts:
            if part.has_ended and part not in self.workers:
                tail = part.log.read_text(errors="replace")[-3000:]
                raise RuntimeError(f"{part.name} ended by itself:\n{tail}")


@contextmanager
def running_deployment(folder: Path, shape: Shape) -> Iterator[Deployment]:
    """Start everything, set the firm up, and stop everything at the end."""
    with ExitStack() as stack:
        ports = _free_ports(2)
        sandbox, web = (f"http://localhost:{port}" for port in ports)
        offset = folder / "clock-offset"
        box = Part(
            "sandbox",
            [
                *("sandbox", "--port", str(ports[0]), "--offset-file", str(offset)),
                *("--seed", str(shape.seed), "--pane-url", f"{web}/taskpane/"),
            ],
            os.environ,
            folder / "sandbox.log",
        )
        stack.callback(box.stop)
        box.start()
        state = _until(lambda: _get(f"{sandbox}/_sandbox/state"), box)
        url = stack.enter_context(_database(folder, shape.database))
        environ = _environ(folder, shape, url, state, (sandbox, web), ports[1])
        settings = Settings.from_env(environ)
        deployment = Deployment(
            folder=folder,
            shape=shape,
            sandbox=sandbox,
            web=web,
            settings=settings,
            state=state,
            enabled={},
            activated_at=OffsetClock(offset)() - shape.active_since,
            parts=[box],
        )
        _set_up(deployment, _get(f"{sandbox}/_sandbox/crm"))
        _start(deployment, environ, stack)
        yield deployment


def _start(deployment: Deployment, environ: Mapping[str, str], stack: ExitStack) -> None:
    folder = deployment.folder
    web = Part("web", ["serve"], environ, folder / "web.log")
    for number in range(deployment.shape.workers):
        ready = folder / f"worker-{number}-ready"
        name = f"worker-{number}"
        arguments = ["worker", "--ready-file", str(ready)]
        deployment.workers.append(Part(name, arguments, environ, folder / f"{name}.log"))
    deployment.parts += [web, *deployment.workers]
    for part in (web, *deployment.workers):
        stack.callback(part.stop)
    web.start()
    _until(lambda: _get(f"{deployment.web}/readyz"), web)
    # One after the other: on an empty PostgreSQL the queue's tables are made by whoever is first,
    # and of two at once one fails (a supervisor would start it again).
    for number, worker in enumerate(deployment.workers):
        worker.start()
        _until((folder / f"worker-{number}-ready").exists, worker)


def _set_up(deployment: Deployment, crm: Mapping[str, Any]) -> None:
    """Combined mode, Client and Prospect, one server: what the demo sets, as of activation."""
    activated = deployment.activated_at
    services = build(deployment.settings, lambda _kind, _delay: None, clock=lambda: activated)
    try:
        migrate_all(services.database)
        tenant = deployment.tenant
        owners = {person["address"]: person["id"] for person in tenant["people"]}
        import_sample(services.database, deployment.tenant_id, crm, owners)
        people = [p for p in tenant["people"] if p["mailbox"] and p["purpose"] == "user"]
        users = [
            NewUser(
                oid=person["id"],
                name=person["name"],
                address=person["address"],
                enabled_by_admin=number < deployment.shape.mailboxes,
            )
            for number, person in enumerate(people)
        ]
        deployment.enabled = {
            str(user.address).casefold(): bool(user.enabled_by_admin) for user in users
        }
        daemon = deployment.state["clients"]["daemon"]
        services.setup.configure(
            FirmSetup(
                tenant_id=deployment.tenant_id,
                name=tenant["name"],
                server=NewServer(
                    name="Exchange Online",
                    tenant_id=deployment.tenant_id,
                    client_id=daemon["client_id"],
                    secret=daemon["client_secret"],
                ),
                users=users,
                domains=tenant["domains"],
            )
        )
    finally:
        services.database.dispose()


def _environ(
    folder: Path,
    shape: Shape,
    database: URL,
    state: Mapping[str, Any],
    addresses: tuple[str, str],
    port: int,
) -> dict[str, str]:
    sandbox, web = addresses
    clients = state["clients"]
    url = database.render_as_string(hide_password=False)
    settings = {
        "BASE_URL": web,
        "HOST": HOST,
        "PORT": str(port),
        "CLIENT_ID": clients["api"]["client_id"],
        "CLIENT_SECRET": clients["api"]["client_secret"],
        "ALLOWED_CLIENTS": ",".join((clients["addin"]["client_id"], *OFFICE_CLIENT_IDS)),
        "TENANTS": state["tenant_id"],
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": url,
        "QUEUE_URL": url if shape.database == "postgresql" else f"sqlite:///{folder}/queue.db",
        "GRAPH_URL": sandbox,
        "LOGIN_URL": sandbox,
        "OFFICE_JS_URL": f"{sandbox}/office.js",
        "NOTIFICATION_URL": web if shape.notifications else "",
        "CLOCK_OFFSET_FILE": str(folder / "clock-offset"),
        "RATE_LIMIT": "1000000 per minute",
        "WEB_THREADS": "4",
        "WORKER_THREADS": "2",
        "LOG_LEVEL": "INFO",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return inherited | {PREFIX + name: value for name, value in settings.items()}


@contextmanager
def _database(folder: Path, kind: str) -> Iterator[URL]:
    """An empty database, dropped at the end."""
    if kind == "sqlite":
        yield URL.create("sqlite", database=str(folder / "calendar-sync.db"))
        return
    server = create_engine(postgres_url(), isolation_level="AUTOCOMMIT")
    name = f"calendar_sync_storm_{os.getpid()}_{secrets.token_hex(3)}"
    try:
        with server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        yield postgres_url().set(database=name)
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        server.dispose()


def _get(url: str) -> Any:
    """The JSON there; None while nobody answers."""
    try:
        answer = requests.get(url, timeout=10, proxies={"no_proxy": "*"})
    except requests.RequestException:
        return None
    return answer.json() if answer.ok else None


def _until(look: Callable[[], Any], part: Part) -> Any:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not part.has_ended:
        if found := look():
            return found
        time.sleep(0.05)
    tail = part.log.read_text(errors="replace")[-3000:]
    raise RuntimeError(f"{part.name} does not answer:\n{tail}")


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def now_of(offset_file: Path) -> datetime:
    """The clock that all processes share."""
    return OffsetClock(offset_file)().astimezone(UTC)
