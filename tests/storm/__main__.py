"""``python -m tests.storm``: a long random storm against the deployed product.

It prints the seed, what was done, what went wrong, what was found and how long it took to settle;
the exit code is 1 on any finding.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from tests.storm.driver import play
from tests.storm.outcome import Plan, told
from tests.storm.stack import Shape

SWITCHES: dict[str, tuple[Any, Any]] = {
    "if_match": ("honour", "ignore"),
    "deleted_get": ("404", "200"),
    "removed_line": ("sent", "silent"),
    "master_line": ("sent", "missing"),
    "form_categories": ("keeps", "overwrites"),
    "get_lag": (0, 2),
    "invitation_lag": (0, 2),
}
"""What nobody can confirm without a tenant, each with both values (the sandbox's manual, 7)."""


@click.command()
@click.option("--acts", default=5000, show_default=True, type=click.IntRange(1))
@click.option("--burst", default=250, show_default=True, help="Acts between two settled moments.")
@click.option("--seed", default=1, show_default=True)
@click.option("--database", default="postgresql", type=click.Choice(["postgresql", "sqlite"]))
@click.option("--workers", default=3, show_default=True, type=click.IntRange(1, 16))
@click.option("--mailboxes", default=100, show_default=True, help="How many people are enabled.")
@click.option(
    "--personality",
    multiple=True,
    metavar="NAME=VALUE",
    help="A switch of the sandbox; 'all' plays both values of each, one after the other;"
    " 'opposite' turns all of them at once.",
)
@click.option("--faults", default=0.04, show_default=True, help="Faults per act.")
@click.option("--kills", default=0.006, show_default=True, help="Killed workers per act.")
@click.option("--pace", default=0.03, show_default=True, help="Seconds between two acts.")
@click.option("--without", multiple=True, metavar="ACT", help="Leave this act out.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Leave logs here, in a folder that must be new."
)
def main(
    acts: int,
    burst: int,
    seed: int,
    database: str,
    workers: int,
    mailboxes: int,
    personality: tuple[str, ...],
    faults: float,
    kills: float,
    pace: float,
    without: tuple[str, ...],
    keep: Path | None,
) -> None:
    """Play a random storm and judge what it left."""
    shape = Shape(database=database, workers=workers, mailboxes=mailboxes)
    runs = personalities(personality)
    failed = False
    for number, switches in enumerate(runs):
        plan = Plan(
            shape=shape,
            seed=seed + number,
            acts=max(1, acts // len(runs)),
            burst=burst,
            personality=switches,
            faults=faults,
            kills=kills,
            pace=pace,
            without=without,
        )
        click.echo(f"seed {plan.seed}, {plan.acts} acts, {database}, {workers} workers, {switches}")
        with tempfile.TemporaryDirectory(prefix="storm-") as scratch:
            folder = (keep / f"seed-{plan.seed}-run-{number}") if keep else Path(scratch)
            folder.mkdir(parents=True, exist_ok=not keep)
            outcome = play(plan, folder, say=lambda line: click.echo(f"  {line}"))
        click.echo("\n".join(told(outcome)))
        failed |= bool(outcome.findings)
    sys.exit(1 if failed else 0)


def personalities(wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    """The runs that were asked for; one with the defaults when nothing was."""
    if "all" in wanted:
        runs: list[dict[str, Any]] = [{}]
        runs += [{name: values[1]} for name, values in SWITCHES.items()]
        pairs = itertools.product(("honour", "ignore"), ("404", "200"), ("sent", "silent"))
        names = ("if_match", "deleted_get", "removed_line")
        runs += [dict(zip(names, values, strict=True)) for values in pairs]
        return runs
    if "opposite" in wanted:
        return [{name: values[1] for name, values in SWITCHES.items()}]
    chosen: dict[str, Any] = {}
    for pair in wanted:
        name, _, value = pair.partition("=")
        chosen[name] = int(value) if name.endswith("_lag") else value
    return [chosen]


if __name__ == "__main__":
    main()
