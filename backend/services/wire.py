"""A link as the pane sees it: what is still outstanding, and what the category shows."""

from __future__ import annotations

from datetime import datetime

from backend.domain.link import CategoryPermission, Link, LinkState
from backend.domain.plan import FREEZING
from backend.services.answers import LinkView

_UNWRITABLE = frozenset({CategoryPermission.NOT_PERMITTED, CategoryPermission.WAITING_FOR_USER})


def is_category_outstanding(link: Link) -> bool:
    """Whether the mirror differs from the wish and may be mended without anybody's help (X1)."""
    wanted = link.wants_category()
    if wanted is None or link.category.permission in _UNWRITABLE:
        return False
    return link.category.seen is not wanted


def outstanding(link: Link) -> tuple[str, ...]:
    """What has not agreed yet: a subset of ``event``, ``crm``, ``category``."""
    if link.blocked_by in FREEZING:
        return ()
    if link.state is LinkState.PENDING and link.event_end is None:
        return ("event",)
    waits = []
    if link.state in (LinkState.PENDING, LinkState.REMOVING):
        waits.append("crm")
    if is_category_outstanding(link):
        waits.append("category")
    return tuple(waits)


def category_word(link: Link) -> str:
    """``set``, ``absent``, ``not_permitted`` or ``waiting_for_user``."""
    wanted = link.wants_category()
    agrees = wanted is None or link.category.seen is wanted
    if not agrees and link.category.permission in _UNWRITABLE:
        return link.category.permission.value
    return "set" if link.category.seen else "absent"


def view_of(link: Link, due_at: datetime | None) -> LinkView:
    """The wire's view: pending and removing last until nothing is outstanding.

    ``due_at``: when the road looks next, if somebody waits for that.
    """
    waits = outstanding(link)
    state = link.state
    if waits and state is LinkState.LINKED:
        state = LinkState.PENDING
    if waits and state is LinkState.REMOVED:
        state = LinkState.REMOVING
    return LinkView(
        state=state.value,
        reason=link.reason,
        origin=link.origin.value,
        because=link.because,
        blocked_by=link.blocked_by,
        outstanding=waits,
        category=category_word(link),
        activity_id=link.activity_id,
        undo_until=link.undo_until,
        last_change_seen_at=link.last_change_seen_at,
        written_at=link.written_at,
        next_attempt_at=due_at,
    )
