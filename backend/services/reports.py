"""What log, explanation and numbers answer: plain values, masked already (A6, A7, A9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.db.reporting import LogFilter
from backend.services.answers import Place, Why

__all__ = ["LogFilter"]


@dataclass(frozen=True, slots=True)
class LogLine:
    id: str
    at: datetime
    kind: str
    line: str
    message: str
    user: str
    mailbox_id: str
    event_id: str | None
    """``None``: the line is about a whole mailbox."""
    ical_uid: str | None
    subject: str | None
    codes: tuple[str, ...]
    why: tuple[Why, ...]
    outcome: str
    """``ok``, ``refused`` or ``error``."""
    error: str | None
    fields: tuple[str, ...]
    request_id: str | None
    processed: int
    """Of a look: events that Outlook showed; every other line is about one."""
    synced: int
    """Of a look: events passed on to be written; of other lines: whether it wrote."""
    errors: int
    duration_ms: int | None = None
    looks: int = 1
    """How many looks that failed the same way the line stands for."""
    quiet_looks: int = 0
    """How many looks before it had found nothing."""
    is_notified: bool | None = None


@dataclass(frozen=True, slots=True)
class LogPage:
    items: tuple[LogLine, ...]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Rung:
    """What is tried again."""

    links: int
    mailboxes: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it was judged last, or is judged today; ``None``: not known."""

    code: str
    passed: bool | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """One way of syncing under today's rules."""

    origin: str
    eligible: bool
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class ExplainedLink:
    id: str
    state: str
    reason: str | None
    reason_text: str | None
    origin: str
    blocked_by: str | None
    blocked_text: str | None
    opted_out: bool
    activity_id: str | None
    last_change_seen_at: datetime | None
    written_at: datetime | None
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Explanation:
    user: str
    mailbox_id: str
    event_id: str
    ical_uid: str | None
    subject: str | None
    link: ExplainedLink | None
    judged_at: datetime | None
    rules: tuple[Rule, ...]
    """What the rules said last; empty when nobody has asked them."""
    lines: tuple[LogLine, ...]
    """Every look that decided, decision and write, oldest first."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What today's rules say of the event as Outlook shows it now."""

    found: bool
    at: datetime
    request_id: str | None
    judgements: tuple[Judgement, ...]


@dataclass(frozen=True, slots=True)
class Day:
    day: str
    manual: int
    automatic: int


@dataclass(frozen=True, slots=True)
class Ending:
    id: str
    name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Dashboard:
    at: datetime
    synced_per_day: tuple[Day, ...]
    links: dict[str, int]
    by_origin: dict[str, int]
    errors_by_code: dict[str, int]
    mailboxes_by_state: dict[str, int]
    problems: dict[str, int]
    lag_p50: float | None
    lag_p95: float | None
    """Seconds from a change in Outlook to the record, of the last seven days."""
    lag_samples: int
    secrets_ending: tuple[Ending, ...]
    subscriptions: dict[str, int]
