"""How quickly subscribers' hosts answer, and what Graph does to those that are too slow.

Graph docs: change notifications by webhook. More than a tenth of the answers of ten minutes over
three seconds: deliveries wait ten minutes. More than 15 % over ten seconds: they are discarded.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

WINDOW = timedelta(minutes=10)
SLOW_SHARE = 0.10
DROP_SHARE = 0.15
FEWEST_ANSWERS = 10
"""Ours: the documentation does not say from how many answers on a share counts."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Real seconds that Graph waits: for a first try, for a repeated one, for a validation."""

    first: float = 3.0
    again: float = 10.0
    validation: float = 10.0


class Verdict(StrEnum):
    """How a host is treated."""

    FINE = "fine"
    SLOW = "slow"
    DROP = "drop"


@dataclass(slots=True)
class _Host:
    answers: deque[tuple[datetime, float]] = field(default_factory=deque)
    verdict: Verdict = Verdict.FINE
    until: datetime | None = None


@dataclass(slots=True)
class Endpoints:
    """The hosts that notifications went to."""

    patience: Patience = field(default_factory=Patience)
    _hosts: dict[str, _Host] = field(default_factory=dict)

    def note(self, url: str, now: datetime, seconds: float) -> None:
        """A host answered, or did not, after this many real seconds."""
        host = self._hosts.setdefault(urlsplit(url).netloc, _Host())
        host.answers.append((now, seconds))
        while host.answers[0][0] <= now - WINDOW:
            host.answers.popleft()
        verdict = self._judge(host)
        if verdict is not Verdict.FINE and self.verdict(url, now) is not Verdict.DROP:
            host.verdict, host.until = verdict, now + WINDOW

    def verdict(self, url: str, now: datetime) -> Verdict:
        """How the host is treated at the moment."""
        host = self._hosts.get(urlsplit(url).netloc)
        if host is None or host.until is None or host.until <= now:
            return Verdict.FINE
        return host.verdict

    def as_json(self, now: datetime) -> dict[str, str]:
        """The treatment of every host."""
        return {name: self.verdict(f"//{name}", now).value for name in self._hosts}

    def clear(self) -> None:
        """Forget what is known of all hosts."""
        self._hosts.clear()

    def _judge(self, host: _Host) -> Verdict:
        count = len(host.answers)
        if count < FEWEST_ANSWERS:
            return Verdict.FINE
        if sum(each >= self.patience.again for _, each in host.answers) > DROP_SHARE * count:
            return Verdict.DROP
        if sum(each >= self.patience.first for _, each in host.answers) > SLOW_SHARE * count:
            return Verdict.SLOW
        return Verdict.FINE
