"""Issue 4's proof in small: the sample firm as the rules select it, and a short random storm.

The long one is ``python -m tests.storm``; this runs the same code for about a minute.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.storm.driver import play
from tests.storm.outcome import Outcome, Plan, told
from tests.storm.stack import Shape
from tests.support.databases import postgres_database_url  # noqa: F401 - a fixture

ACTS = int(os.environ.get("STORM_ACTS", "160"))
SEED = int(os.environ.get("STORM_SEED", "1"))


def assert_nothing_found(outcome: Outcome) -> None:
    assert outcome.findings == [], "\n".join(told(outcome))


def test_in_the_sample_firm_every_selected_event_has_one_record_and_no_other_has_any(
    tmp_path: Path,
) -> None:
    """Seeded; combined mode; people were enabled ten weeks ago, and some never."""
    shape = Shape(
        database="sqlite", workers=1, mailboxes=38, active_since=timedelta(days=70), seed=7
    )

    outcome = play(Plan(shape=shape, acts=0, quiet_steps=1), tmp_path)

    assert_nothing_found(outcome)
    assert outcome.counts["exactly one record"] > 100
    assert outcome.counts["no record"] > 1000
    assert outcome.counts["at most one record"] < 20


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_database_url")
def test_after_a_storm_with_faults_and_killed_workers_all_sides_agree(tmp_path: Path) -> None:
    shape = Shape(database="postgresql", workers=2, mailboxes=12)
    weather = {"faults": 0.08, "kills": 0.02}
    plan = Plan(shape=shape, seed=SEED, acts=ACTS, burst=80, **weather)

    outcome = play(plan, tmp_path)

    assert_nothing_found(outcome)
    assert sum(outcome.acts.values()) >= ACTS
    assert outcome.counts["synced records"] > 5
    assert outcome.deaths > 0
