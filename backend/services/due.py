"""When a link wants to be looked at again. Every live link always has such a time (road rule A15).

A mailbox that is watched tells of every change inside its window, so that its links wait for the
clock only. Whatever nobody tells of is looked at hourly, and beyond the window once a day (S4).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.domain.link import EndReason, Link, LinkState
from backend.domain.plan import FREEZING, GONE_PROOF_PAUSE, Missing
from backend.services.callers import CalendarOwner
from backend.services.run import Run
from backend.services.wire import is_category_outstanding

LOOK_AGAIN = timedelta(seconds=5)
WATCH = timedelta(hours=1)
"""How often a link is looked at of whose changes nobody tells."""
FAR = timedelta(days=1)
"""How often one beyond the watched window is, and one whose look would not help now."""


def is_unfinished(run: Run) -> bool:
    """Whether the event was seen and the mirror still differs, though nothing failed."""
    link = run.link
    if run.sight.event is None or run.sight.paused or link.blocked_by in FREEZING:
        return False
    return is_category_outstanding(link)


def next_due(run: Run, now: datetime, *, crm_tells: bool) -> datetime | None:
    """When a link whose sides agree is due next.

    ``crm_tells``: whether the CRM tells of records that people change (L4).

    ``None`` for links that are not followed any more and whose event, if it still matters, is
    watched: nothing but a change concerns them.
    """
    link, owner = run.link, run.owner
    if run.missing is Missing.NOT_YET:
        return now + LOOK_AGAIN
    if run.missing is Missing.PERHAPS_GONE and link.is_wanted and link.gone_since is not None:
        return max(link.gone_since + GONE_PROOF_PAUSE, now + LOOK_AGAIN)
    if link.state is LinkState.LINKED:
        return _next_look(run, now, crm_tells=crm_tells)
    if run.sight.paused and link.state is not LinkState.REMOVED:
        return now + WATCH
    if link.state in (LinkState.PENDING, LinkState.REMOVING) or is_category_outstanding(link):
        return now + WATCH
    if not _may_turn_private(link, now) or is_told_of(link, owner):
        return None
    return now + _interval(link, owner)


def is_told_of(link: Link, owner: CalendarOwner) -> bool:
    """Whether a change of the event reaches us without looking: delta and notifications see it."""
    window = owner.watched
    if window is None or link.off_delta or link.event_end is None:
        return False
    return window.start <= link.event_end <= window.end


def _next_look(run: Run, now: datetime, *, crm_tells: bool) -> datetime:
    """The end of the following at the latest.

    Between appointment and activity nothing is due: the CRM tells the phase by its own clock (L2).
    """
    link, owner = run.link, run.owner
    if link.event_end is None:
        return now + WATCH
    final = link.event_end + timedelta(days=owner.policy.past_days, seconds=1)
    if run.sight.event is None or link.blocked_by in FREEZING:
        return now + (WATCH if now < final else FAR)
    final = max(final, now + LOOK_AGAIN)
    if is_category_outstanding(link):
        return min(final, now + WATCH)
    if is_told_of(link, owner):
        return final if crm_tells else min(final, now + FAR)
    return min(final, now + _interval(link, owner))


def _interval(link: Link, owner: CalendarOwner) -> timedelta:
    """A day beyond a watched window; an hour where nobody watches, or the delta has lost it.

    An event that moved beyond the window has left the delta as well, and only needs the day.
    """
    window = owner.watched
    is_far = window is not None and link.event_end is not None and link.event_end > window.end
    return FAR if is_far else WATCH


def _may_turn_private(link: Link, now: datetime) -> bool:
    """A record or an undo copy that would have to go if its event turned private (L5, X4)."""
    if link.undo_until is not None:
        return link.undo_until > now
    return link.state is LinkState.RELEASED and link.reason == EndReason.EDITED_IN_CRM
