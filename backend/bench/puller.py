"""The process that is measured: services as in a worker, a tap on its calls and statements.

Started by :mod:`backend.bench.pull`. The bare loop runs in the same process, run by run in turn
with ours, so that both meet the same machine.
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import structlog
from sqlalchemy import delete, event, insert, select, update

from backend.bench.deployment import firm_setup
from backend.bench.pane import percentile, requests_json
from backend.bench.server import Nowhere
from backend.bootstrap import Services, build
from backend.crm.sample import import_sample
from backend.db import watches
from backend.db.base import new_id
from backend.db.models import EventIdRow, HistoryRow, LinkRow, MailboxRow, UserRow, WatchRow
from backend.domain.link import LinkState
from backend.domain.policy import Origin
from backend.logs import configure_logging
from backend.migrate import migrate_all
from backend.services.pulling import LEASE_LENGTH
from backend.settings import Settings

RUNS = 5
IDLE = 300
THREADS = 8
DELAYS = (0, 20, 50)
FAR = timedelta(days=3650)
ANSWERS_SECONDS = 30


class Counting:
    """Remote milliseconds and calls, and statements, of the thread that asks."""

    def __init__(self) -> None:
        self.remote = 0.0
        self.calls = 0
        self.statements = 0

    def __call__(
        self, _logger: Any, _method: str, entry: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """A structlog processor: reads, changes nothing."""
        if entry.get("event") == "remote call":
            self.remote += float(entry["ms"])
            self.calls += 1
        return entry

    def listen(self, services: Services) -> None:
        for engine in (services.database.write_engine, services.database.read_engine):
            event.listen(engine, "before_cursor_execute", self._count)

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        self.statements += not statement.startswith("BEGIN")

    def take(self) -> tuple[float, int, int]:
        """What was counted since the last time."""
        taken = self.remote, self.calls, self.statements
        self.remote, self.calls, self.statements = 0.0, 0, 0
        return taken


class Puller:
    """One firm whose mailboxes nobody reads unless a measurement says so."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._sandbox = order["sandbox"]
        self._counting = Counting()
        _log_nowhere(self._counting)
        settings = Settings.from_env(order["environment"] | {"CALENDAR_SYNC_WORKER_THREADS": "9"})
        self._services = build(settings, lambda _kind, _delay: None)
        self._database = self._services.database
        self._state = requests_json("GET", f"{self._sandbox}/_sandbox/state")
        self._person = next(
            p for p in self._state["people"] if p["mailbox"] and p["roles"] == ["user"]
        )

    def run(self) -> dict[str, Any]:
        """All three measurements."""
        self._prepare()
        self._counting.listen(self._services)
        first = [self._first_pull(delay) for delay in DELAYS]
        rounds = [self._idle_round()]
        idle = [self._idle_pulls(linked) for linked in self._order["linked"]]
        self._database.dispose()
        return {"first": first, "idle": idle, "rounds": rounds}

    # -- first pull --------------------------------------------------------------------------

    def _first_pull(self, delay: int) -> dict[str, Any]:
        self._delay(delay)
        bare, ours, pages = [], [], 0
        self._pull_anew()
        for _ in range(RUNS):
            started = time.perf_counter()
            pages = self._bare_loop()
            bare.append((time.perf_counter() - started) * 1000)
            self._forget()
            started = time.perf_counter()
            self._pull_anew()
            ours.append((time.perf_counter() - started) * 1000)
        self._delay(0)
        return {
            "database": self._order["database"],
            "delay": delay,
            "pages": pages,
            "bare": round(statistics.median(bare), 1),
            "ours": round(statistics.median(ours), 1),
            "ratio": round(statistics.median(ours) / statistics.median(bare), 2),
        }

    def _bare_loop(self) -> int:
        """What anybody would write: ask for a page, read it as JSON, follow the link."""
        session = requests.Session()
        session.trust_env = False
        # The same token and preferences as ours; signing in is not part of either.
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Prefer": 'IdType="ImmutableId", odata.maxpagesize=50',
        }
        row = self._watch()
        assert row.window_start is not None
        assert row.window_end is not None
        url = (
            f"{self._sandbox}/v1.0/users/{self._person['id']}/calendarView/delta"
            f"?startDateTime={row.window_start:%Y-%m-%dT%H:%M:%SZ}"
            f"&endDateTime={row.window_end:%Y-%m-%dT%H:%M:%SZ}"
        )
        pages = 0
        while True:
            page = session.get(url, headers=headers, timeout=ANSWERS_SECONDS).json()
            pages += 1
            if "@odata.deltaLink" in page:
                return pages
            url = page["@odata.nextLink"]

    def _pull_anew(self) -> None:
        while self._watch().cursor is None:
            self._pull_once()

    def _forget(self) -> None:
        """As if nobody had ever seen the mailbox."""
        with self._database.write.begin() as session:
            for table in (HistoryRow, EventIdRow, LinkRow):
                session.execute(delete(table).where(table.mailbox_id == self._mailbox_id))
            session.execute(
                update(WatchRow)
                .where(WatchRow.mailbox_id == self._mailbox_id)
                .values(cursor=None, window_start=None, window_end=None, reseed_at=None)
            )

    # -- idle --------------------------------------------------------------------------------

    def _idle_pulls(self, linked: int) -> dict[str, Any]:
        self._forget()
        self._pull_anew()
        with self._database.write.begin() as session:
            session.execute(
                update(LinkRow).where(LinkRow.mailbox_id == self._mailbox_id).values(due_at=None)
            )
            if linked:
                session.execute(insert(LinkRow), [self._a_link(n) for n in range(linked)])
        own, total, calls, statements = [], [], 0, 0
        for _ in range(IDLE):
            with self._database.write.begin() as session:
                watches.ring(session, self._mailbox_id, self._services.clock())
            self._counting.take()
            started = time.perf_counter()
            self._claim_and_pull()
            elapsed = (time.perf_counter() - started) * 1000
            remote, asked, spoken = self._counting.take()
            own.append(elapsed - remote)
            total.append(elapsed)
            calls += asked
            statements += spoken
        return {
            "database": self._order["database"],
            "linked": linked,
            "count": IDLE,
            "requests": round(calls / IDLE, 2),
            "statements": round(statements / IDLE, 2),
            "own_p50": percentile(own, 50),
            "own_p99": percentile(own, 99),
            "total_p50": percentile(total, 50),
        }

    def _idle_round(self) -> dict[str, Any]:
        """Every mailbox is due at once and nothing has changed in any."""
        self._drain()
        with self._database.write.begin() as session:
            session.execute(update(WatchRow).values(due_at=self._services.clock()))
        started, cpu = time.perf_counter(), time.process_time()
        pulled = self._drain()
        return {
            "database": self._order["database"],
            "mailboxes": pulled,
            "threads": THREADS,
            "seconds": round(time.perf_counter() - started, 2),
            "cpu": round(time.process_time() - cpu, 2),
        }

    def _drain(self) -> int:
        with self._database.write.begin() as session:
            session.execute(update(WatchRow).values(due_at=self._services.clock()))
        pulled: list[int] = []
        threads = [
            threading.Thread(target=lambda: pulled.append(self._services.work.drain_mailboxes()))
            for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(pulled)

    # -- parts -------------------------------------------------------------------------------

    def _pull_once(self) -> None:
        with self._database.write.begin() as session:
            watches.ring(session, self._mailbox_id, self._services.clock())
        self._claim_and_pull()

    def _claim_and_pull(self) -> None:
        with self._database.write.begin() as session:
            lease = watches.claim(session, self._services.clock(), LEASE_LENGTH)
        assert lease is not None
        self._services.pulling.pull(lease)

    def _watch(self) -> WatchRow:
        with self._database.read() as session:
            return session.get_one(WatchRow, self._mailbox_id)

    def _a_link(self, number: int) -> dict[str, Any]:
        return {
            "id": new_id(),
            "firm_id": self._watch().firm_id if number == 0 else self._firm_id,
            "mailbox_id": self._mailbox_id,
            "event_id": f"linked-{number}",
            "ical_uid": f"linked-{number}",
            "state": LinkState.PENDING,
            "origin": Origin.MANUAL,
            "wished_by": self._user_id,
            "created_at": self._services.clock(),
        }

    def _prepare(self) -> None:
        migrate_all(self._database)
        self._services.setup.configure(firm_setup(self._state))
        tenant_id = self._state["tenant_id"]
        crm = requests_json("GET", f"{self._sandbox}/_sandbox/crm")
        import_sample(self._database, tenant_id, crm)
        with self._database.write.begin() as session:
            session.execute(update(WatchRow).values(due_at=self._services.clock() + FAR))
            self._mailbox_id, self._firm_id, self._user_id = session.execute(
                select(MailboxRow.id, MailboxRow.firm_id, UserRow.id)
                .join(UserRow, UserRow.id == MailboxRow.user_id)
                .where(UserRow.oid == self._person["id"])
            ).one()
        self._token = requests_json(
            "POST",
            f"{self._sandbox}/_sandbox/tokens",
            {"audience": "graph", "app": True, "lifetime": 3000},
        )["access_token"]
        self._fill(crm)

    def _fill(self, crm: dict[str, Any]) -> None:
        """Meetings with a body, one in ten with somebody from the CRM; the second database's run
        finds them there.
        """
        contacts = [
            email["address"] if isinstance(email, dict) else email
            for tenant in crm["tenants"]
            if tenant["tenant_id"] == self._state["tenant_id"]
            for contact in tenant["contacts"]
            for email in contact["emails"][:1]
        ]
        now = datetime.fromisoformat(self._state["now"])
        path = f"{self._sandbox}/_sandbox/mailboxes/{self._person['address']}/events"
        if self._order["database"] != "sqlite":
            return
        for number in range(self._order["events"]):
            start = now + timedelta(hours=number)
            guest = (
                contacts[number % len(contacts)]
                if number % 10 == 0
                else f"guest{number}@elsewhere.example"
            )
            requests_json(
                "POST",
                path,
                {
                    "subject": f"Benchmark {number}",
                    "body": {"contentType": "html", "content": "<p>Agenda</p>" * 50},
                    "start": _graph_time(start),
                    "end": _graph_time(start + timedelta(hours=1)),
                    "attendees": [{"emailAddress": {"name": guest, "address": guest}}],
                },
            )

    def _delay(self, milliseconds: int) -> None:
        faults = f"{self._sandbox}/_sandbox/faults"
        requests.delete(faults, timeout=10).raise_for_status()
        if milliseconds:
            match = {"path": "calendarView/delta"}
            fault = {"kind": "delay", "seconds": milliseconds / 1000, "match": match}
            requests_json("POST", faults, [fault])


def _log_nowhere(tap: Callable[..., Any]) -> None:
    """Lines are rendered as in production, so that their cost counts, and thrown away."""
    configure_logging("INFO", "json")
    structlog.configure(processors=[tap, *structlog.get_config()["processors"]])
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(Nowhere())


def _graph_time(at: datetime) -> dict[str, str]:
    return {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(Puller(json.loads(sys.argv[1])).run()), "utf-8")
