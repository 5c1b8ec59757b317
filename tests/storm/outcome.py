"""What is to be played, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.storm.stack import Shape
from tests.storm.world import Discrepancy


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be played."""

    shape: Shape = field(default_factory=Shape)
    seed: int = 1
    acts: int = 5000
    burst: int = 250
    """Acts between two settled moments."""
    personality: dict[str, Any] = field(default_factory=dict)
    faults: float = 0.04
    """How often an act is accompanied by one more fault."""
    kills: float = 0.006
    quiet_steps: int = 5
    """Steps of the clock at the least before all is called settled: more than the brake's hour, two
    proofs of gone, and the hourly look."""
    without: tuple[str, ...] = ()
    """Acts that are left out, to look behind a finding that is known."""
    pace: float = 0.03
    """Real seconds between two acts, so that the product is at work among them."""


@dataclass
class Outcome:
    """What came of it."""

    plan: Plan
    acts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    learned: Counter[str] = field(default_factory=Counter)
    findings: list[Discrepancy] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)
    """What happened to the events of the findings."""
    settled: list[tuple[float, float]] = field(default_factory=list)
    """Per burst: real seconds and seconds of the shared clock until all sides agreed."""
    deaths: int = 0
    subscriptions: int = 0
    seconds: float = 0.0
    states: dict[str, int] = field(default_factory=dict)


def told(outcome: Outcome) -> list[str]:
    """The result in words."""
    plan = outcome.plan
    longest = max((real for real, _clock in outcome.settled), default=0.0)
    last = outcome.settled[-1] if outcome.settled else (0.0, 0.0)
    lines = [
        f"seed {plan.seed}: {sum(outcome.acts.values())} acts in {outcome.seconds:.0f} s,"
        f" {outcome.deaths} workers killed, {len(outcome.findings)} findings",
        f"settled {len(outcome.settled)} times; longest {longest:.1f} s, last {last[0]:.1f} s"
        f" of which the shared clock moved {last[1]:.0f} s",
        f"counts: {_listed(outcome.counts)}",
        f"links: {_listed(Counter(outcome.states))}",
        f"acts: {_listed(outcome.acts)}",
        f"faults: {_listed(outcome.faults)}",
        f"answers: {_listed(outcome.answers)}",
        f"last words read off: {_listed(outcome.learned)}",
    ]
    lines += [f"FINDING {finding}" for finding in outcome.findings]
    return lines + outcome.stories


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "none"
