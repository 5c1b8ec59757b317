"""When a remote that keeps failing is left alone: pure counting, nothing is stored here (A20).

Remotes are a firm's CRM and what an online server reaches of Microsoft Graph. After a few failures
in a row the breaker is open: the remote is *shut*, one probe at a time asks whether it is back, and
everybody else waits without a try. The first answer closes the breaker.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.errors import SyncError, TransientRemoteError

CRM = "crm"
GRAPH = "graph"

OPENS_AFTER = 5
"""Failures in a row (road rule A20)."""

PROBE_TIME = timedelta(seconds=30)
"""How long one probe is waited for before somebody else may try; longer than a run's budget."""

SPREAD = timedelta(seconds=10)
"""Over which those who waited come back, so that they do not come in one instant."""

_PAUSES = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds between probes; the last one repeats."""
_LONGEST = timedelta(hours=1)

SHUT, ASKED_TO_WAIT, NO_TIME_LEFT, BUSY_HERE = "shut", "asked_to_wait", "no_time_left", "busy_here"
_NOT_TRIED = frozenset({SHUT, ASKED_TO_WAIT, NO_TIME_LEFT, BUSY_HERE})
"""``remote_code`` of errors that are ours: nobody called the remote, so they say nothing of it."""


@dataclass(frozen=True, slots=True)
class Failures:
    """What is known of a remote that has failed since it last answered."""

    count: int
    mailbox_id: str | None
    """The only mailbox that has failed so far; ``None``: several, or it makes no difference."""
    probe_at: datetime | None = None
    """Open: when the next probe may go out."""


def remote_of(error: SyncError) -> str | None:
    """Whose failure to be reached this is; ``None`` when the remote answered or nobody asked it.

    A 429 is an answer: Retry-After is honoured per mailbox. Without Entra nobody reaches Graph.
    """
    if not isinstance(error, TransientRemoteError) or error.status == 429:
        return None
    if error.remote_code in _NOT_TRIED:
        return None
    return CRM if error.system == CRM else GRAPH


def was_not_tried(error: SyncError) -> bool:
    """Whether the call was left out because the remote is shut."""
    return isinstance(error, TransientRemoteError) and error.remote_code == SHUT


def shut(system: str, until: datetime, now: datetime) -> TransientRemoteError:
    """The error of a call that is not made because the breaker is open."""
    return TransientRemoteError(
        f"{system} did not answer others",
        system=system,
        remote_code=SHUT,
        retry_after=max((until - now).total_seconds(), 0.0),
    )


def one_more(
    before: Failures | None,
    mailbox_id: str | None,
    now: datetime,
    *,
    retry_after: float | None = None,
    jitter: float = 0.0,
) -> Failures:
    """The count after another failure.

    ``mailbox_id``: whose call failed, ``None`` where it makes no difference. One mailbox that fails
    by itself opens the breaker for itself only; when a second one joins, counting starts anew.
    """
    if before is None:
        count, only = 1, mailbox_id
    elif before.mailbox_id is None or before.mailbox_id == mailbox_id:
        count, only = before.count + 1, before.mailbox_id
    else:
        count, only = 2, None
    if count < OPENS_AFTER:
        return Failures(count, only)
    pause = _PAUSES[min(count - OPENS_AFTER, len(_PAUSES) - 1)]
    pause = max(pause + pause * 0.5 * jitter, retry_after or 0.0)
    return Failures(count, only, now + min(timedelta(seconds=pause), _LONGEST))
