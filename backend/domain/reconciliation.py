"""Where Outlook, link and CRM disagree though nobody is at work on it: pure comparisons (A10).

Only what has come to rest is compared: whatever is due, leased, frozen or being proven is on its
way and no drift. A private event never is one, either: it leaves nothing but its own row (X4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.category import shows_category
from backend.domain.crm import Activity, ActivityKind
from backend.domain.event import Event
from backend.domain.link import CategoryPermission, Link, LinkState
from backend.domain.mapping import fingerprint
from backend.domain.plan import FREEZING
from backend.domain.policy import Policy, PrivateEvents

SEEN_WITHIN = timedelta(minutes=30)
"""A change is seen within a quarter of an hour (S4); twice that, and it was missed."""
DONE_WITHIN = timedelta(hours=1)
"""Work that has been due for longer was left undone."""
FINAL_WITHIN = timedelta(days=1)
READ_WITHIN = timedelta(hours=1)


class Drift(StrEnum):
    """A way in which the three sides differ; the code of a finding."""

    CATEGORY_WITHOUT_LINK = "category_without_link"
    """The category stands on an event that may be synced, and nobody has taken it for a tick."""
    NOT_SELECTED = "not_selected"
    """The rules of automatic sync select the event, and it has no link."""
    CATEGORY_MISSING = "category_missing"
    CATEGORY_LEFT = "category_left"
    CHANGE_NOT_SEEN = "change_not_seen"
    EVENT_NOT_SHOWN = "event_not_shown"
    """The calendar does not show the event of a link that has a record."""
    RECORD_MISSING = "record_missing"
    RECORD_CHANGED = "record_changed"
    """Not what we wrote last, and nobody edited it: restored from a copy, or written past us."""
    EDIT_NOT_SEEN = "edit_not_seen"
    RECORD_NOT_REMOVED = "record_not_removed"
    RECORD_WITHOUT_LINK = "record_without_link"
    """A record with our key of which no link knows."""
    TWO_RECORDS = "two_records"
    NOT_FINAL = "not_final"
    LEFT_UNDONE = "left_undone"
    MAILBOX_NOT_READ = "mailbox_not_read"


class Fix(StrEnum):
    """What an admin can have done about a drift; each writes a wish or rings, the road acts."""

    LOOK = "look"
    """Have the road look: what it sees counts, as if the change had been noticed in time."""
    MEND = "mend"
    """Have the category made right; its absence is nobody's untick."""
    WRITE = "write"
    """Have the record written (again)."""
    REMOVE = "remove"
    """Have the record removed; it can be brought back for 30 days."""
    CHOOSE = "choose"
    """Judge the event as a look at the mailbox would have."""
    READ = "read"
    """Look at the mailbox now."""


FIXES: Mapping[Drift, tuple[Fix, ...]] = {
    Drift.CATEGORY_WITHOUT_LINK: (Fix.CHOOSE,),
    Drift.NOT_SELECTED: (Fix.CHOOSE,),
    Drift.CATEGORY_MISSING: (Fix.MEND,),
    Drift.CATEGORY_LEFT: (Fix.MEND,),
    Drift.CHANGE_NOT_SEEN: (Fix.LOOK,),
    Drift.EVENT_NOT_SHOWN: (Fix.LOOK,),
    Drift.RECORD_MISSING: (Fix.WRITE, Fix.LOOK),
    Drift.RECORD_CHANGED: (Fix.WRITE,),
    Drift.EDIT_NOT_SEEN: (Fix.LOOK,),
    Drift.RECORD_NOT_REMOVED: (Fix.REMOVE,),
    Drift.RECORD_WITHOUT_LINK: (Fix.WRITE, Fix.REMOVE),
    Drift.TWO_RECORDS: (),
    Drift.NOT_FINAL: (Fix.LOOK,),
    Drift.LEFT_UNDONE: (Fix.LOOK,),
    Drift.MAILBOX_NOT_READ: (Fix.READ,),
}
"""Per drift what may be done about it, the usual one first; empty: only in the CRM itself."""

_UNWRITABLE = frozenset({CategoryPermission.NOT_PERMITTED, CategoryPermission.WAITING_FOR_USER})


@dataclass(frozen=True, slots=True)
class Resting:
    """A link and its place on the work list."""

    link: Link
    due_at: datetime | None
    is_leased: bool

    def left_undone(self, now: datetime) -> bool:
        """Whether work on it has been due for long, or its next look was forgotten (A15)."""
        if self.is_leased:
            return False
        if self.due_at is None:
            return self.link.is_wanted
        return self.due_at < now - DONE_WITHIN

    def is_at_rest(self, now: datetime) -> bool:
        """Whether nobody works on it or is about to, and nothing is being proven or held back."""
        link = self.link
        if self.is_leased or (self.due_at is not None and self.due_at <= now):
            return False
        if link.state in (LinkState.PENDING, LinkState.REMOVING):
            return False
        return link.blocked_by not in FREEZING and link.gone_since is None


def stays_private(event: Event, policy: Policy) -> bool:
    """Whether nothing about the event may be kept (E6, X4)."""
    return event.is_private and policy.private_events is PrivateEvents.EXCLUDE


def turned_private(link: Link, event: Event, policy: Policy) -> bool:
    """Whether a record may stand of an event that is private now: never left waiting (L5)."""
    has_copy = link.is_wanted or link.activity_id is not None or link.undo_until is not None
    return stays_private(event, policy) and has_copy


def compare_event(
    resting: Resting, event: Event, policy: Policy, now: datetime
) -> tuple[Drift, ...]:
    """What a link and its event, as a list shows it, do not agree on."""
    link = resting.link
    if not resting.is_at_rest(now) or stays_private(event, policy):
        return ()
    if link.looked_at_version is not None and event.modified_at > link.looked_at_version:
        if now - event.modified_at < SEEN_WITHIN or not _matters(link, event, policy):
            return ()  # the next look at the mailbox tells
        return (Drift.CHANGE_NOT_SEEN,)
    wanted = link.wants_category()
    if wanted is None or link.category.permission in _UNWRITABLE:
        return ()
    shown = shows_category(link.category, event, policy.category_name)
    if shown is wanted:
        return ()
    return (Drift.CATEGORY_MISSING if wanted else Drift.CATEGORY_LEFT,)


def _matters(link: Link, event: Event, policy: Policy) -> bool:
    """Of what is not wanted only the category is of interest."""
    return link.is_wanted or shows_category(link.category, event, policy.category_name)


def compare_record(
    resting: Resting, records: Sequence[Activity], policy: Policy, now: datetime
) -> tuple[Drift, ...]:
    """What a link and the live records of its meeting do not agree on."""
    link = resting.link
    if resting.left_undone(now) and link.blocked_by not in FREEZING:
        return (Drift.LEFT_UNDONE,)
    if not resting.is_at_rest(now):
        return ()
    synced = [record for record in records if record.kind is ActivityKind.SYNCED]
    own = next((record for record in synced if record.external_key == link.external_key), None)
    found: list[Drift] = []
    if link.state is LinkState.LINKED:
        if _is_over(link, policy, now):
            return (Drift.NOT_FINAL,)
        found += _compare_linked(link, own)
    elif link.state is LinkState.REMOVED and own is not None:
        found.append(Drift.RECORD_NOT_REMOVED)
    if len(synced) > 1:
        found.append(Drift.TWO_RECORDS)
    return tuple(found)


def _compare_linked(link: Link, own: Activity | None) -> tuple[Drift, ...]:
    if own is None:
        return (Drift.RECORD_MISSING,)
    is_other_revision = own.revision != link.activity_revision
    if is_other_revision and own.edited_by is not None:
        return (Drift.EDIT_NOT_SEEN,)
    if is_other_revision or own.id != link.activity_id:
        return (Drift.RECORD_CHANGED,)
    is_ours = link.fingerprint is None or fingerprint(own.draft) == link.fingerprint
    # What no CRM can store was replaced there, and always differs from what we sent.
    return () if is_ours or "\ufffd" in repr(own.draft) else (Drift.RECORD_CHANGED,)


def _is_over(link: Link, policy: Policy, now: datetime) -> bool:
    if link.event_end is None:
        return False
    return link.event_end + timedelta(days=policy.past_days) + FINAL_WITHIN < now


def should_be_shown(
    resting: Resting, window: tuple[datetime, datetime], since: datetime, now: datetime
) -> bool:
    """Whether a complete list of ``window``, begun at ``since``, has to show the link's event."""
    link = resting.link
    if link.state is not LinkState.LINKED or link.off_delta or not resting.is_at_rest(now):
        return False
    if link.event_end is None or (link.last_change_seen_at or since) >= since:
        return False
    return window[0] < link.event_end < window[1]


def was_not_read(checked_at: datetime | None, created_at: datetime, now: datetime) -> bool:
    """Whether a mailbox that may be watched has not been looked at for too long (S4)."""
    return (checked_at or created_at) < now - READ_WITHIN
