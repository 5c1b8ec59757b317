"""``calendar-sync bench``: runs the measurements and prints a table, or JSON for machines."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from backend.bench.crm import crm_table, measure_crm
from backend.bench.crm_data import Size
from backend.bench.pane import Result, measure
from backend.bench.pull import measure_pulls, pull_table

COLUMNS = (
    ("what", 14),
    ("database", 11),
    ("count", 6),
    ("failed", 7),
    ("own p50", 8),
    ("own p99", 8),
    ("total p50", 10),
    ("total p99", 10),
    ("remote p50", 11),
)


@click.command("bench")
@click.option("--seconds", default=20.0, show_default=True, help="How long openings are paced.")
@click.option("--rate", default=50.0, show_default=True, help="Openings a second.")
@click.option("--ticks", default=100, show_default=True, help="Ticks, and as many unticks.")
@click.option("--postgres-url", help="Measure on this PostgreSQL database, too.")
@click.option("--mailboxes", default=1000, show_default=True, help="In the idle round.")
@click.option("--activities", default=1_000_000, show_default=True, help="In the CRM's grids.")
@click.option("--contacts", default=100_000, show_default=True, help="In the CRM.")
@click.option("--only", type=click.Choice(["pane", "pull", "crm"]), help="Only this part of them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def bench(
    seconds: float,
    rate: float,
    ticks: int,
    postgres_url: str | None,
    mailboxes: int,
    activities: int,
    contacts: int,
    only: str | None,
    as_json: bool,
) -> None:
    """Own time (without calls to Microsoft) per pane opening, tick, untick and look at a mailbox.

    And matching, grids and search of the CRM over a firm with many records. Times are milliseconds.
    """
    found: dict[str, Any] = {}
    tables: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        if only in (None, "pane"):
            result = measure(
                Path(folder), postgres_url=postgres_url, seconds=seconds, rate=rate, ticks=ticks
            )
            found |= result.as_dict()
            tables.append(table(result))
        if only in (None, "pull"):
            pulls = measure_pulls(Path(folder), postgres_url=postgres_url, mailboxes=mailboxes)
            found |= pulls.as_dict()
            tables.append(pull_table(pulls))
        if only in (None, "crm"):
            crm = measure_crm(
                Path(folder), postgres_url=postgres_url, size=Size(activities, contacts)
            )
            found |= crm.as_dict()
            tables.append(crm_table(crm))
    click.echo(json.dumps(found) if as_json else "\n\n".join(tables))


def table(result: Result) -> str:
    """The result for people."""
    lines = ["".join(f"{title:>{width}}" for title, width in COLUMNS)]
    for row in result.rows:
        values = (
            row.what,
            row.database,
            row.count,
            row.failed,
            row.own_p50,
            row.own_p99,
            row.total_p50,
            row.total_p99,
            row.remote_p50,
        )
        pairs = zip(values, COLUMNS, strict=True)
        lines.append("".join(f"{value:>{width}}" for value, (_, width) in pairs))
    lines.append(f"One event read by a bare loop: {result.bare_get_p50} ms (median).")
    lines.append(
        f"One web process answers at most {result.saturated} openings a second, each with one"
        " Graph read."
    )
    return "\n".join(lines)


def main(args: Sequence[str]) -> None:
    """Run with the arguments that follow ``calendar-sync bench``."""
    bench.main(args=list(args), prog_name="calendar-sync bench", standalone_mode=False)
