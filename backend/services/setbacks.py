"""What kept a run from its end, as a line of the history: codes and Graph's request id, no words.

A line is written at most once an hour and link (``db/history.py``): an outage is one line, not one
for every try.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    TransientRemoteError,
)

_LINES = {"graph": "graph_failed", "crm": "crm_failed", "entra": "sign_in_failed"}
_KINDS: tuple[tuple[type[RemoteError], str], ...] = (
    (TransientRemoteError, "unavailable"),
    (RemoteNotFoundError, "not_found"),
    (RemoteConflictError, "conflict"),
    (RemoteAccessError, "access_denied"),
    (RemoteError, "rejected"),
)
_CODE = re.compile(r"[A-Za-z][\w.-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Setback:
    """A line for the history, of kind ``failure``."""

    line: str
    codes: tuple[str, ...] = ()
    request_id: str | None = None


OVERTAKEN = Setback("overtaken")
"""The wish or the lease changed under the run."""
KEPT_CHANGING = Setback("kept_changing")
"""A side changed in every round of the run."""
STALE_LOOK = Setback("stale_look")
"""Graph answered an older version of the event than one already seen (R5)."""


def setback_of(trouble: RemoteError) -> Setback:
    """What a side that failed leaves: which one, how, and the status it answered with.

    The other side's own word is kept only while it looks like a code: it could hold anything.
    """
    kind = next(name for error, name in _KINDS if isinstance(trouble, error))
    codes = [f"{trouble.system}_{kind}"]
    if trouble.status is not None:
        codes.append(f"http_{trouble.status}")
    if trouble.remote_code is not None and _CODE.fullmatch(trouble.remote_code):
        codes.append(trouble.remote_code)
    return Setback(_LINES.get(trouble.system, "failed"), tuple(codes), trouble.request_id)
