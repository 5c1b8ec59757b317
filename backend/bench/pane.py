"""Measures openings of the pane, paced, and ticks, one after the other, against a real server."""

from __future__ import annotations

import json
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any

import requests
from sqlalchemy import create_engine, make_url
from sqlalchemy.schema import CreateSchema, DropSchema

from backend.bench.deployment import environment, firm_setup
from backend.bootstrap import build
from backend.migrate import migrate_all
from backend.settings import Settings

EVENTS = 40
CROWD = 500
"""Attendees that Graph allows on one event."""
CROWD_OPENINGS = 30
CLIENT_THREADS = 8
STARTUP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; times in milliseconds, own time without calls to Microsoft."""

    what: str
    database: str
    count: int
    failed: int
    own_p50: float
    own_p99: float
    total_p50: float
    total_p99: float
    remote_p50: float


@dataclass(frozen=True, slots=True)
class Result:
    """A run; ``bare_get_p50`` is the same Graph read by a bare loop, in the same minutes."""

    rows: tuple[Row, ...]
    bare_get_p50: float
    saturated: float
    """Openings a second, each with one Graph read, that one web process can answer at most."""

    def as_dict(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "bare_get_p50": self.bare_get_p50,
            "saturated": self.saturated,
        }


def measure(
    work_dir: Path, *, postgres_url: str | None, seconds: float, rate: float, ticks: int
) -> Result:
    """Run the whole benchmark. ``rate``: openings a second; ``ticks``: ticks and unticks each."""
    rows: list[Row] = []
    sandbox_port = free_port()
    with running([sys.executable, "-m", "backend.sandbox.server", "--port", str(sandbox_port)]):
        sandbox = f"http://127.0.0.1:{sandbox_port}"
        wait_for(f"{sandbox}/_sandbox/state")
        bare = saturated = 0.0
        with own_schema(postgres_url) as schema_url:
            urls = {"sqlite": f"sqlite:///{work_dir / 'bench.db'}", "postgresql": schema_url}
            for name, url in urls.items():
                if url is None:
                    continue
                bench = PaneBench(sandbox, work_dir, name, url)
                rows += bench.run(seconds=seconds, rate=rate, ticks=ticks)
                bare = bench.bare_get()
                saturated = max(saturated, bench.saturated)
    return Result(tuple(rows), bare, saturated)


class PaneBench:
    """One server process over one database."""

    def __init__(self, sandbox: str, work_dir: Path, name: str, url: str) -> None:
        self._sandbox = sandbox
        self._work_dir = work_dir
        self._name = name
        self.saturated = 0.0
        self._port = free_port()
        self._state = requests_json("GET", f"{sandbox}/_sandbox/state")
        self._env = environment(self._state, sandbox, url, self._port)
        self._person = next(
            p for p in self._state["people"] if p["mailbox"] and p["roles"] == ["user"]
        )
        self._token = requests_json(
            "POST",
            f"{sandbox}/_sandbox/tokens",
            {"user": self._person["address"], "audience": "api", "lifetime": 3000},
        )["access_token"]

    def run(self, *, seconds: float, rate: float, ticks: int) -> list[Row]:
        """Openings first, then ticks; the worker stays off, as in the aim's definition."""
        self._prepare()
        samples = self._work_dir / f"samples-{self._name}.jsonl"
        events = [self._make_event(number) for number in range(EVENTS)]
        command = [sys.executable, "-m", "backend.bench.server", json.dumps(self._env)]
        base = f"http://127.0.0.1:{self._port}"
        with running([*command, str(samples)]):
            wait_for(f"{base}/healthz")
            for event in events:
                self._call("GET", f"{base}/api/events/{event}")
            opened = paced(
                rate,
                seconds,
                lambda n: self._call("GET", f"{base}/api/events/{events[n % EVENTS]}"),
            )
            self.saturated = saturate(
                lambda n: self._call("GET", f"{base}/api/events/{events[n % EVENTS]}")
            )
            crowd = self._make_event(EVENTS, attendees=CROWD)
            self._call("PUT", f"{base}/api/events/{crowd}/link")
            forms, crowded = (
                [
                    self._call("GET", f"{base}/api/events/{crowd}{end}")
                    for _ in range(CROWD_OPENINGS)
                ]
                for end in ("/activity-draft", "")
            )
            ticked, unticked = [], []
            for number in range(ticks):
                path = f"{base}/api/events/{events[number % EVENTS]}/link"
                ticked.append(self._call("PUT", path))
                unticked.append(self._call("DELETE", path))
        own = read_samples(samples)
        link = "/api/events/<event_id:event_id>/link"
        return [
            self._row("open the pane", opened, own["GET /api/events/<event_id:event_id>"]),
            self._row(f"open, {CROWD}", crowded, own["GET /api/events/<event_id:event_id>"]),
            self._row(
                f"form, {CROWD}",
                forms,
                own["GET /api/events/<event_id:event_id>/activity-draft"],
            ),
            self._row("tick", ticked, own[f"PUT {link}"]),
            self._row("untick", unticked, own[f"DELETE {link}"]),
        ]

    def bare_get(self) -> float:
        """Milliseconds of one event read by a bare loop, the median of 300."""
        token = requests_json(
            "POST",
            f"{self._sandbox}/_sandbox/tokens",
            {"user": self._person["address"], "audience": "graph"},
        )["access_token"]
        session = requests.Session()
        session.trust_env = False
        url = f"{self._sandbox}/v1.0/me/events/{self._make_event(999)}"
        times = []
        for _ in range(300):
            started = time.perf_counter()
            session.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
            times.append((time.perf_counter() - started) * 1000)
        return round(statistics.median(times), 2)

    def _row(self, what: str, calls: list[float | None], own: list[tuple[float, float]]) -> Row:
        done = [ms for ms in calls if ms is not None]
        # The openings that only warmed up came first, those that saturated and the crowd came last.
        own = own[EVENTS : EVENTS + len(done)] if what == "open the pane" else own[-len(done) :]
        own_times = [total - remote for total, remote in own]
        return Row(
            what=what,
            database=self._name,
            count=len(done),
            failed=len(calls) - len(done),
            own_p50=percentile(own_times, 50),
            own_p99=percentile(own_times, 99),
            total_p50=percentile(done, 50),
            total_p99=percentile(done, 99),
            remote_p50=percentile([remote for _, remote in own], 50),
        )

    def _call(self, method: str, url: str) -> float | None:
        session = _session()
        started = time.perf_counter()
        answer = session.request(
            method, url, headers={"Authorization": f"Bearer {self._token}"}, timeout=30
        )
        elapsed = (time.perf_counter() - started) * 1000
        return elapsed if answer.status_code == 200 else None

    def _prepare(self) -> None:
        settings = Settings.from_env(self._env)
        services = build(settings, lambda _kind, _delay: None)
        migrate_all(services.database)
        services.setup.configure(firm_setup(self._state))
        services.database.dispose()

    def _make_event(self, number: int, attendees: int = 8) -> str:
        start = datetime.fromisoformat(self._state["now"]) + timedelta(days=2, minutes=number)
        made = requests_json(
            "POST",
            f"{self._sandbox}/_sandbox/mailboxes/{self._person['address']}/events",
            {
                "subject": f"Benchmark {number}",
                "body": {"contentType": "html", "content": "<p>Agenda</p>" * 20},
                "start": _graph_time(start),
                "end": _graph_time(start + timedelta(hours=1)),
                "attendees": [
                    {"emailAddress": {"name": f"G {n}", "address": f"guest{n}@client.example"}}
                    for n in range(attendees)
                ],
            },
        )
        return str(made["id"])


def paced(rate: float, seconds: float, call: Callable[[int], float | None]) -> list[float | None]:
    """``rate`` calls a second from a few threads, whatever the answers take (an open loop)."""
    jobs: Queue[int | None] = Queue()
    results: list[float | None] = []
    lock = threading.Lock()

    def work() -> None:
        while (number := jobs.get()) is not None:
            result = call(number)
            with lock:
                results.append(result)

    threads = [threading.Thread(target=work) for _ in range(CLIENT_THREADS)]
    for thread in threads:
        thread.start()
    started = time.perf_counter()
    timer = threading.Event()
    for number in range(int(rate * seconds)):
        timer.wait(max(0.0, started + number / rate - time.perf_counter()))
        jobs.put(number)
    for _ in threads:
        jobs.put(None)
    for thread in threads:
        thread.join()
    return results


def saturate(call: Callable[[int], float | None], seconds: float = 4.0) -> float:
    """How many calls a second succeed when all client threads call without a pause."""
    ends = time.perf_counter() + seconds
    done: list[int] = []

    def work(first: int) -> None:
        number = first
        while time.perf_counter() < ends:
            if call(number) is not None:
                done.append(number)
            number += CLIENT_THREADS

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CLIENT_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return round(len(done) / seconds, 1)


def read_samples(file: Path) -> dict[str, list[tuple[float, float]]]:
    """Total and remote milliseconds per route, in the order of the requests, successes only."""
    found: dict[str, list[tuple[float, float]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, status, total, remote = json.loads(line)
        if status == 200:
            found.setdefault(name, []).append((total, remote))
    return found


def percentile(values: list[float], which: int) -> float:
    """The ``which``-th percentile, 0 for no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, len(ordered) * which // 100)], 2)


@contextmanager
def own_schema(postgres_url: str | None) -> Iterator[str | None]:
    """A schema that exists as long as the measurement: nothing of the database is touched."""
    if postgres_url is None:
        yield None
        return
    name = f"bench_{secrets.token_hex(6)}"
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(CreateSchema(name))
    try:
        options = {"options": f"-c search_path={name}"}
        url = make_url(postgres_url).update_query_dict(options)
        yield url.render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(DropSchema(name, cascade=True))
        engine.dispose()


@contextmanager
def running(command: list[str]) -> Iterator[None]:
    """A child process for the length of a block; stopped gently."""
    process = subprocess.Popen(command)  # noqa: S603 - our own modules
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def run_child(command: list[str]) -> None:
    """A child process that does one thing and ends.

    Raises: CalledProcessError.
    """
    subprocess.run(command, check=True)  # noqa: S603 - our own modules


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(url: str) -> None:
    """Wait until ``url`` answers.

    Raises: TimeoutError.
    """
    timer = threading.Event()
    for _ in range(STARTUP_SECONDS * 10):
        try:
            if _session().get(url, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        timer.wait(0.1)
    raise TimeoutError(url)


_local = threading.local()


def _session() -> requests.Session:
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
        _local.session.trust_env = False
    session: requests.Session = _local.session
    return session


def requests_json(method: str, url: str, body: Any = None) -> Any:
    answer = _session().request(method, url, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def _graph_time(at: datetime) -> dict[str, str]:
    return {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
