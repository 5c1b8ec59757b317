"""Three real worker processes on one PostgreSQL, database and queue (issue: worker on machines).

A trigger in the database keeps every lease that was taken and given back, so that it is seen by
somebody who is none of the workers.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, func, insert, select, text

from backend.bell import QueueBell, open_queue
from backend.db import people
from backend.db.leases import living_workers
from backend.db.models import HistoryRow, LinkRow
from backend.domain.link import LinkState
from backend.domain.policy import Origin
from backend.settings import PREFIX
from tests.support.product import EVERYBODY, Product, running_product
from tests.support.sandbox import RunningSandbox

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL"),
]
KEY = "a-key-that-is-long-enough-for-every-worker-of-ours"
MAILBOXES, LINKS = 20, 200

AUDIT = """
CREATE TABLE lease_log (
  number bigserial PRIMARY KEY, mailbox_id text, link_id text, holder text, token text, act text,
  at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION keep_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.lease_token IS DISTINCT FROM OLD.lease_token THEN
    INSERT INTO lease_log (mailbox_id, link_id, holder, token, act) VALUES (
      NEW.mailbox_id, NEW.id, coalesce(NEW.lease_holder, OLD.lease_holder),
      coalesce(NEW.lease_token, OLD.lease_token),
      CASE WHEN NEW.lease_token IS NULL THEN 'given back' ELSE 'taken' END);
  END IF; RETURN NEW; END $$;
CREATE TRIGGER keep_lease AFTER UPDATE ON links FOR EACH ROW EXECUTE FUNCTION keep_lease();
CREATE TABLE sweep_log (next_at timestamptz);
CREATE FUNCTION keep_sweep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.name = 'sweep' THEN INSERT INTO sweep_log VALUES (NEW.next_at); END IF;
  RETURN NEW; END $$;
CREATE TRIGGER keep_sweep AFTER INSERT OR UPDATE ON clocks FOR EACH ROW
  EXECUTE FUNCTION keep_sweep();
"""

WORK = """
WITH held AS (
  SELECT mailbox_id, lease_holder = :dead AS is_dead FROM links WHERE lease_until > :now
  UNION ALL
  SELECT mailbox_id, lease_holder = :dead AS is_dead FROM watches WHERE lease_until > :now)
SELECT (SELECT count(*) FROM held WHERE is_dead IS NOT TRUE) + count(*) FROM links
  WHERE due_at <= :now AND mailbox_id NOT IN (SELECT mailbox_id FROM held WHERE is_dead)
"""
"""What is being done by others than the dead one, and links that somebody could begin with."""


@dataclass
class Fleet:
    """Workers of one deployment, as processes."""

    product: Product
    folder: Path
    environ: dict[str, str]
    queue_url: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *labels: str) -> None:
        """Start them all at once and wait until they listen."""
        for label in labels:
            (self.folder / f"{label}.ready").unlink(missing_ok=True)
            ready = str(self.folder / f"{label}.ready")
            command = [sys.executable, "-m", "backend.cli", "worker", "--ready-file", ready]
            with (self.folder / f"{label}.log").open("ab") as log:
                self.processes[label] = subprocess.Popen(command, env=self.environ, stderr=log)
        for label in labels:
            self.wait_until((self.folder / f"{label}.ready").exists)

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait(10)

    def ring(self) -> None:
        key = self.product.settings.keys_for("queue")[0]
        bell = QueueBell(lambda: open_queue(self.queue_url, key, waits=False))
        for _ in range(6):
            bell.ring("drain_links")
        bell.close()

    def age_until(self, condition: Callable[[], bool], dead: str) -> None:
        """Let time pass on all clocks, but never under a lease that a living worker has."""
        while not condition():
            self.wait_until(lambda: self.only_rests(dead))
            self.product.advance(seconds=20)
            self.ring()
            threading.Event().wait(0.2)

    def wait_until(self, condition: Callable[[], bool], seconds: float = 120) -> None:
        """Fails when it does not come true in time, or when a worker ended by itself."""
        deadline = time.monotonic() + seconds
        while not condition():
            for label, process in self.processes.items():
                if process.poll() not in (None, 0, -signal.SIGKILL):
                    raise AssertionError((self.folder / f"{label}.log").read_text()[-3000:])
            assert time.monotonic() < deadline, self.count_linked()
            threading.Event().wait(0.1)

    # -- looking -----------------------------------------------------------------------------

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.product.services.database.read() as session:
            return list(session.execute(text(statement), values))

    def count_linked(self) -> int:
        with self.product.services.database.read() as session:
            linked = select(func.count()).where(LinkRow.state == LinkState.LINKED)
            return session.scalar(linked) or 0

    def all_linked(self) -> bool:
        return self.count_linked() == LINKS

    def names(self) -> list[str]:
        with self.product.services.database.read() as session:
            return [row.name for row in living_workers(session, self.product.clock())]

    def held_by(self, name: str) -> int:
        found = "SELECT count(*) FROM links WHERE lease_holder = :name AND lease_until IS NOT NULL"
        return int(self.rows(found, name=name)[0][0])

    def only_rests(self, dead: str) -> bool:
        """Whether nobody alive works, and whatever is due lies behind a lease of the dead one."""
        found = self.rows(WORK, now=self.product.clock(), dead=dead)
        return not found[0][0]

    def overlaps(self) -> list[Any]:
        """Leases of a mailbox that were taken while another one of it was not given back yet."""
        open_leases: dict[str, Any] = {}
        found = []
        for row in self.rows(
            "SELECT mailbox_id, link_id, holder, token, act FROM lease_log ORDER BY number"
        ):
            if row.act == "given back":
                open_leases.pop(row.mailbox_id, None)
                continue
            if row.mailbox_id in open_leases:
                found.append((open_leases[row.mailbox_id], row))
            open_leases[row.mailbox_id] = row
        return found


@pytest.fixture
def fleet(postgres_schema_url: URL, tmp_path: Path) -> Iterator[Fleet]:
    offset_file = tmp_path / "offset"
    url = postgres_schema_url.render_as_string(hide_password=False)
    with (
        RunningSandbox(offset_file=offset_file) as sandbox,
        running_product(
            sandbox, url, offset_file, members=EVERYBODY, secret_keys=(KEY,)
        ) as product,
    ):
        with product.services.database.write.begin() as session:
            session.execute(text(AUDIT))
        environ = environment(sandbox, url, offset_file, tmp_path)
        made = Fleet(product, tmp_path, environ, url)
        try:
            add_work(product)
            yield made
        finally:
            made.stop()


def environment(
    sandbox: RunningSandbox, url: str, offset_file: Path, folder: Path
) -> dict[str, str]:
    settings = {
        "BASE_URL": "http://localhost:8000",
        "CLIENT_ID": sandbox.api_client_id,
        "CLIENT_SECRET": sandbox.api_client_secret,
        "TENANTS": f"{sandbox.tenant_id},{sandbox.second_tenant_id}",
        "SECRET_KEY": KEY,
        "DATABASE_URL": url,
        "GRAPH_URL": sandbox.url,
        "LOGIN_URL": sandbox.url,
        "CLOCK_OFFSET_FILE": str(offset_file),
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return (
        inherited
        | {PREFIX + name: value for name, value in settings.items()}
        | {"TMPDIR": str(folder)}
    )


def add_work(product: Product) -> None:
    """Links of events that nobody has looked at yet, all due, in mailboxes nobody pulls."""
    tenant = product.sandbox.tenant_id
    organizers = [
        person
        for person in product.sandbox.state()["people"]
        if person["mailbox"] and person["purpose"] == "user"
    ][:MAILBOXES]
    assert len(organizers) == MAILBOXES
    rows = []
    for number in range(LINKS):
        person = organizers[number % MAILBOXES]
        meeting = product.meeting(person["address"], "ben@client.example")
        with product.services.database.read() as session:
            owner = people.find_owner(session, tenant, person["id"])
            assert owner is not None
            rows.append(
                {
                    "firm_id": owner.firm.id,
                    "mailbox_id": owner.mailbox.id,
                    "wished_by": owner.user.id,
                    "event_id": meeting.id,
                    "state": LinkState.PENDING,
                    "origin": Origin.MANUAL,
                    "adopt": True,
                    "created_at": product.clock(),
                    "due_at": product.clock(),
                    "version": 1,
                }
            )
    with product.services.database.write.begin() as session:
        session.execute(insert(LinkRow), rows)


def slow_down(product: Product, seconds: float = 0.05) -> None:
    """Every look takes a while, so that workers are caught in the middle."""
    fault = {"match": {"method": "GET", "path": "/events/"}, "kind": "delay", "seconds": seconds}
    product.sandbox.faults([fault])


def test_three_workers_share_the_work_and_one_that_is_killed_loses_nothing(fleet: Fleet) -> None:
    slow_down(fleet.product)

    fleet.start("a", "b", "c")
    host = fleet.names()[0].rpartition("-")[0]
    assert fleet.names() == [f"{host}-{n}" for n in (1, 2, 3)]
    fleet.wait_until(lambda: fleet.count_linked() > 20)
    assert fleet.overlaps() == []

    # Killed in the middle; its rows come back with its name, long before their leases end.
    victim = next(name for name in fleet.names() if fleet.held_by(name))
    label = kill_holder(fleet, victim)
    stuck = fleet.held_by(victim)
    fleet.start(f"{label}-again")
    fleet.wait_until(fleet.all_linked)

    assert stuck > 0
    overlaps = fleet.overlaps()
    assert all(before.holder == victim for before, _ in overlaps), "only the dead one's"
    assert len(overlaps) <= stuck
    assert len(fleet.names()) == 3
    shares = dict(
        fleet.rows("SELECT holder, count(*) FROM lease_log WHERE act = 'taken' GROUP BY holder")
    )
    assert len(shares) == 3
    assert min(shares.values()) > LINKS // 20, shares
    written = fleet.rows(
        "SELECT link_id, count(*) FROM history WHERE trigger = 'written' GROUP BY link_id"
    )
    assert [count for _, count in written] == [1] * LINKS
    assert len(fleet.rows("SELECT 1 FROM sweep_log")) <= 2, "once a minute, by one of three"


def test_what_a_killed_worker_held_is_taken_over_by_the_others(fleet: Fleet) -> None:
    slow_down(fleet.product, 0.1)
    fleet.start("a", "b")
    fleet.wait_until(lambda: fleet.count_linked() > 10)
    victim = next(name for name in fleet.names() if fleet.held_by(name))
    kill_holder(fleet, victim)
    fleet.product.sandbox.clear_faults()
    fleet.wait_until(lambda: fleet.only_rests(victim))
    stuck = fleet.held_by(victim)

    fleet.age_until(fleet.all_linked, victim)

    assert stuck > 0
    with fleet.product.services.database.read() as session:
        taken_over = session.scalar(select(func.count()).where(HistoryRow.line == "taken_over"))
    assert taken_over == stuck


def test_a_worker_that_is_asked_to_stop_ends_what_runs(fleet: Fleet) -> None:
    slow_down(fleet.product, 0.3)
    fleet.start("a")
    (name,) = fleet.names()
    fleet.wait_until(lambda: fleet.held_by(name) > 1)

    fleet.processes["a"].send_signal(signal.SIGTERM)

    assert fleet.processes["a"].wait(20) == 0
    assert fleet.held_by(name) == 0
    assert fleet.overlaps() == []
    assert fleet.names() == []
    assert 0 < fleet.count_linked() < LINKS


def kill_holder(fleet: Fleet, name: str) -> str:
    """SIGKILL the process of this name while it holds something; answers its label."""
    number = int(name.rpartition("-")[2])
    locks = sorted(fleet.folder.glob(f"calendar-sync-*-{number}.lock"))
    assert len(locks) == 1
    label = holder_of(fleet, locks[0])
    fleet.wait_until(lambda: fleet.held_by(name) > 0)
    fleet.processes[label].send_signal(signal.SIGKILL)
    fleet.processes[label].wait(10)
    return label


def holder_of(fleet: Fleet, lock: Path) -> str:
    """Whose process has this file open."""
    for label, process in fleet.processes.items():
        files = Path(f"/proc/{process.pid}/fd")
        if any(file.resolve() == lock.resolve() for file in files.iterdir()):
            return label
    raise AssertionError(f"nobody holds {lock.name}")
