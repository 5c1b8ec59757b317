"""Measures looks at mailboxes: the first pull beside a bare loop, idle pulls, an idle round."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backend.bench.deployment import environment
from backend.bench.pane import free_port, own_schema, requests_json, run_child, running, wait_for

EVENTS = 1000
"""In the mailbox that is pulled for the first time: 20 pages of 50."""
LINKED = (0, 2000)
"""Linked events in the mailbox of the idle pulls: it must make no difference."""
ALL_MAILBOXES = 10_000
QUARTER = 900.0
"""Seconds within which every mailbox is looked at (S4)."""
REAL_CALL = 0.3
"""Seconds that a call of the real Graph takes, for the arithmetic (field reports: hundreds)."""


@dataclass(frozen=True, slots=True)
class FirstPull:
    """A whole mailbox read for the first time; milliseconds, medians of several runs."""

    database: str
    delay: int
    """Milliseconds after which the sandbox answers a page."""
    pages: int
    bare: float
    ours: float
    ratio: float


@dataclass(frozen=True, slots=True)
class IdlePull:
    """A look that finds nothing; milliseconds, own time without the call to Graph."""

    database: str
    linked: int
    count: int
    requests: float
    statements: float
    own_p50: float
    own_p99: float
    total_p50: float


@dataclass(frozen=True, slots=True)
class IdleRound:
    """One look at each of many mailboxes, by the threads of one worker."""

    database: str
    mailboxes: int
    threads: int
    seconds: float
    cpu: float
    """Seconds of this process's processor time."""

    @property
    def arithmetic(self) -> dict[str, float]:
        """What that means for 10,000 mailboxes in a quarter of an hour."""
        times = ALL_MAILBOXES / self.mailboxes
        return {
            "seconds_for_10000": round(self.seconds * times, 1),
            "share_of_15_minutes": round(self.seconds * times / QUARTER, 3),
            "cpu_share_of_15_minutes": round(self.cpu * times / QUARTER, 3),
            "threads_needed_at_300_ms": round(ALL_MAILBOXES * REAL_CALL / QUARTER, 1),
        }


@dataclass(frozen=True, slots=True)
class PullResult:
    """One run over one or both databases."""

    first: tuple[FirstPull, ...]
    idle: tuple[IdlePull, ...]
    rounds: tuple[IdleRound, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "first_pull": [asdict(row) for row in self.first],
            "idle_pull": [asdict(row) for row in self.idle],
            "idle_round": [asdict(row) | row.arithmetic for row in self.rounds],
        }


def measure_pulls(work_dir: Path, *, postgres_url: str | None, mailboxes: int) -> PullResult:
    """Run the measurements; each database gets a process of its own and the same sandbox."""
    port = free_port()
    sandbox = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "backend.sandbox.server", "--port", str(port)]
    first: list[FirstPull] = []
    idle: list[IdlePull] = []
    rounds: list[IdleRound] = []
    with running([*command, "--scale", str(mailboxes)]), own_schema(postgres_url) as schema_url:
        wait_for(f"{sandbox}/_sandbox/state")
        state = requests_json("GET", f"{sandbox}/_sandbox/state")
        urls = {"sqlite": f"sqlite:///{work_dir / 'pull.db'}", "postgresql": schema_url}
        for name, url in urls.items():
            if url is None:
                continue
            order = {
                "database": name,
                "sandbox": sandbox,
                "environment": environment(state, sandbox, url),
                "mailboxes": mailboxes,
                "events": EVENTS,
                "linked": LINKED,
            }
            answer_file = work_dir / f"pull-{name}.json"
            run_child(
                [sys.executable, "-m", "backend.bench.puller", json.dumps(order), str(answer_file)]
            )
            found = json.loads(answer_file.read_text(encoding="utf-8"))
            first += [FirstPull(**row) for row in found["first"]]
            idle += [IdlePull(**row) for row in found["idle"]]
            rounds += [IdleRound(**row) for row in found["rounds"]]
    return PullResult(tuple(first), tuple(idle), tuple(rounds))


def pull_table(result: PullResult) -> str:
    """The result for people."""
    lines = [
        f"{'first pull':>14}{'delay':>8}{'pages':>8}{'bare ms':>10}{'ours ms':>10}{'ratio':>8}"
    ]
    for row in result.first:
        lines.append(
            f"{row.database:>14}{row.delay:>8}{row.pages:>8}{row.bare:>10}{row.ours:>10}"
            f"{row.ratio:>8}"
        )
    lines.append(
        f"{'idle pull':>14}{'linked':>8}{'count':>8}{'requests':>10}{'SQL':>10}{'own p50':>8}"
        f"{'own p99':>9}{'total p50':>11}"
    )
    for pull in result.idle:
        lines.append(
            f"{pull.database:>14}{pull.linked:>8}{pull.count:>8}{pull.requests:>10}"
            f"{pull.statements:>10}{pull.own_p50:>8}{pull.own_p99:>9}{pull.total_p50:>11}"
        )
    for round_ in result.rounds:
        sums = round_.arithmetic
        lines.append(
            f"{round_.database}: an idle round of {round_.mailboxes} mailboxes with"
            f" {round_.threads} threads took {round_.seconds} s ({round_.cpu} s of processor);"
            f" {ALL_MAILBOXES} would take {sums['seconds_for_10000']} s,"
            f" {sums['share_of_15_minutes']:.0%} of 15 minutes"
            f" ({sums['cpu_share_of_15_minutes']:.0%} of a core). At {REAL_CALL:g} s a call of the"
            f" real Graph that keeps {sums['threads_needed_at_300_ms']} threads busy."
        )
    return "\n".join(lines)
