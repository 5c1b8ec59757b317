"""``calendar-sync demo``: sandbox, web and worker as processes of one tree, set up and watched."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import requests

from backend.bootstrap import build
from backend.crm.sample import import_sample
from backend.demo_firms import firm_setups, registered
from backend.migrate import migrate_all
from backend.settings import OFFICE_CLIENT_IDS, PREFIX, Settings

START_SECONDS = 60
"""How long all parts may take to answer; usually it is a tenth of that."""
STOP_SECONDS = 30
_POLL_SECONDS = 0.05
_HOST = "127.0.0.1"


class DemoError(Exception):
    """The demo cannot start or go on; the message says why."""


class _StopRequested(Exception):  # noqa: N818 - not an error
    """Ctrl-C or SIGTERM."""


@dataclass(slots=True)
class _Child:
    """One part in a process of its own. It stops when its standard input ends."""

    name: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, name: str, arguments: list[str], environ: Mapping[str, str]) -> _Child:
        # A group of its own: Ctrl-C in the terminal reaches the supervisor only, which then stops
        # the parts in their order.
        group: dict[str, Any] = (
            {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
            if sys.platform == "win32"
            else {"process_group": 0}
        )
        command = [sys.executable, "-m", "backend.cli", name, *arguments, "--follow-parent"]
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, env=dict(environ), stdin=subprocess.PIPE, **group
        )
        return cls(name, process)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self) -> None:
        if not self.has_ended:
            # Windows sends no SIGTERM between processes.
            self.process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))

    def wait(self, seconds: float) -> None:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Demo:
    """The supervisor. It serves nothing itself."""

    def __init__(
        self, data: Path, *, port: int, sandbox_port: int, empty: bool = False, scale: int = 0
    ) -> None:
        """``data``: the folder that persists; ``empty``: no firm is set up; ``scale``: that many
        made-up mailboxes more.
        """
        self._data = data.absolute()
        self._port = port
        self._sandbox_port = sandbox_port
        self._empty = empty
        self._scale = scale
        self._children: list[_Child] = []
        self._stop = threading.Event()
        self._session = requests.Session()
        self._session.trust_env = False
        self.web = f"http://localhost:{port}"
        self.sandbox = f"http://localhost:{sandbox_port}"

    def run(self) -> None:
        """Start everything, say where it is, and watch until somebody stops it.

        Raises: DemoError when a part cannot start, or ends by itself.
        """
        self._check_ports()
        self._data.mkdir(parents=True, exist_ok=True)
        with self._signals():
            try:
                self._start()
                self._announce()
                self._watch()
            except _StopRequested:
                print("Stopping …", flush=True)
            finally:
                self._stop_children()

    def _check_ports(self) -> None:
        if self._port == self._sandbox_port:
            raise DemoError("--port and --sandbox-port must differ.")
        for port, option in ((self._port, "--port"), (self._sandbox_port, "--sandbox-port")):
            if _is_taken(port):
                raise DemoError(
                    f"Port {port} is in use. Stop what uses it, or choose another one with"
                    f" {option}."
                )

    def _start(self) -> None:
        offset_file = self._data / "clock-offset"
        self._add(
            "sandbox",
            [
                *("--port", str(self._sandbox_port), "--data", str(self._data / "sandbox")),
                *("--pane-url", f"{self.web}/taskpane/", "--scale", str(self._scale)),
                *("--offset-file", str(offset_file)),
            ],
            os.environ,
        )
        self._wait_for("sandbox", f"{self.sandbox}/_sandbox/state")
        state = self._get("/_sandbox/state")
        environ = self._environ(state, offset_file)
        self._set_up(Settings.from_env(environ), state, self._get("/_sandbox/crm"))

        ready_file = self._data / "worker-ready"
        ready_file.unlink(missing_ok=True)
        self._add("serve", [], environ)
        # The worker subscribes at once, and Graph calls the web before it agrees.
        self._wait_for("serve", f"{self.web}/readyz")
        self._add("worker", ["--ready-file", str(ready_file)], environ)
        self._until(ready_file.exists, "worker")

    def _environ(self, state: Mapping[str, Any], offset_file: Path) -> dict[str, str]:
        """The environment of web and worker: ours, and the settings of this demo."""
        clients = state["clients"]
        allowed = (clients["addin"]["client_id"], *OFFICE_CLIENT_IDS)
        settings = {
            "BASE_URL": self.web,
            "HOST": _HOST,
            "PORT": str(self._port),
            "CLIENT_ID": clients["api"]["client_id"],
            "CLIENT_SECRET": clients["api"]["client_secret"],
            "ALLOWED_CLIENTS": ",".join(allowed),
            "TENANTS": ",".join(tenant["tenant_id"] for tenant in registered(state)),
            "SECRET_KEY_FILE": str(self._key_file()),
            "DATABASE_URL": f"sqlite:///{(self._data / 'calendar-sync.db').as_posix()}",
            "QUEUE_URL": f"sqlite:///{(self._data / 'queue.db').as_posix()}",
            "GRAPH_URL": self.sandbox,
            "LOGIN_URL": self.sandbox,
            "OFFICE_JS_URL": f"{self.sandbox}/office.js",
            "NOTIFICATION_URL": self.web,
            # The Outlook page may also be opened by number; its frame must then show the pane, too.
            "OFFICE_HOSTS": f"{self.sandbox},{self.sandbox.replace('localhost', _HOST)}",
            "CLOCK_OFFSET_FILE": str(offset_file),
            "RATE_LIMIT": "100000 per minute",
            "LOG_LEVEL": os.environ.get(f"{PREFIX}LOG_LEVEL", "WARNING"),
        }
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(PREFIX)
        }
        return inherited | {PREFIX + name: value for name, value in settings.items()}

    def _key_file(self) -> Path:
        """The demo's own secret, made once; with another one it could not read its database."""
        path = self._data / "secret-key"
        if not path.exists():
            path.touch(0o600)
            path.write_text(secrets.token_urlsafe(48), encoding="ascii")
        return path

    def _set_up(self, settings: Settings, state: Mapping[str, Any], crm: Mapping[str, Any]) -> None:
        services = build(settings, lambda _kind, _delay: None)
        try:
            migrate_all(services.database)
            names = {tenant["tenant_id"]: tenant["name"] for tenant in registered(state)}
            services.setup.ensure_firms(settings.tenants, names)
            for tenant in registered(state):
                owners = {person["address"]: person["id"] for person in tenant["people"]}
                import_sample(services.database, tenant["tenant_id"], crm, owners)
            if self._empty:
                return
            for setup in firm_setups(state):
                services.setup.configure(setup)
        finally:
            services.database.dispose()

    def _announce(self) -> None:
        print(
            f"\n  Outlook page  {self.sandbox}/\n"
            f"  Task pane     {self.web}/taskpane/\n"
            f"  Admin         {self.web}/admin/\n"
            f"  CRM           {self.web}/crm/\n"
            f"  API           {self.web}/api/docs\n\n"
            f"  Data in {self._data}; Ctrl-C stops.\n\nready",
            flush=True,
        )

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self._check_children()
        raise _StopRequested

    def _add(self, name: str, arguments: list[str], environ: Mapping[str, str]) -> None:
        self._children.append(_Child.start(name, arguments, environ))

    def _check_children(self) -> None:
        for child in self._children:
            if child.has_ended:
                status = child.process.returncode
                raise DemoError(
                    f"{child.name} ended unexpectedly (status {status}); its messages stand above."
                )

    def _wait_for(self, name: str, address: str) -> None:
        def answers() -> bool:
            try:
                return self._session.get(address, timeout=5).ok
            except requests.RequestException:
                return False

        self._until(answers, name)

    def _until(self, condition: Any, name: str) -> None:
        for _ in range(int(START_SECONDS / _POLL_SECONDS)):
            if condition():
                return
            self._check_children()
            if self._stop.wait(_POLL_SECONDS):
                raise _StopRequested
        raise DemoError(f"{name} does not answer after {START_SECONDS} seconds.")

    def _get(self, path: str) -> Any:
        answer = self._session.get(self.sandbox + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def _stop_children(self) -> None:
        """Those who call first, whom they call last: nobody sees a part that is gone."""
        for names in (("serve", "worker"), ("sandbox",)):
            children = [child for child in self._children if child.name in names]
            for child in children:
                child.ask_to_stop()
            for child in children:
                child.wait(STOP_SECONDS)
        self._session.close()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(_signal: int, _frame: FrameType | None) -> None:
            self._stop.set()

        names = [name for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
        before = {name: signal.signal(getattr(signal, name), stop) for name in names}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(getattr(signal, name), handler)


def _is_taken(port: int) -> bool:
    with socket.socket() as attempt:
        if sys.platform != "win32":
            # As our servers do: a port that only waits for late packets is free.
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((_HOST, port))
        except OSError:
            return True
    return False
