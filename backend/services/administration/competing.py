"""Looks for other syncs in the calendars, before an admin enables this one (A2).

Two syncs that bring the same meetings into a CRM make two records of each, and one that writes to
Outlook may have Exchange mail the attendees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from backend.domain.competing import Finding, Mark, Marked, findings
from backend.domain.errors import SyncError
from backend.domain.ports import Calendar, Mailbox, Window

BEFORE = timedelta(days=30)
AHEAD = timedelta(days=60)
MOST_MAILBOXES = 50
"""More would not make the warning any truer."""


def look_for(
    marks: Sequence[Mark],
    mailboxes: Sequence[tuple[Calendar, Mailbox]],
    now: datetime,
    *,
    is_over: Callable[[], bool] = lambda: False,
) -> tuple[Finding, ...]:
    """Which marks these mailboxes show; one that cannot be read is passed over."""
    window = Window(now - BEFORE, now + AHEAD)
    properties = [mark.text for mark in marks if mark.is_property]
    shown: list[Sequence[Marked]] = []
    for calendar, mailbox in mailboxes[:MOST_MAILBOXES]:
        if is_over():
            break
        try:
            shown.append(calendar.read_marks(mailbox, window, properties))
        except SyncError:
            continue
    return findings(marks, shown)
