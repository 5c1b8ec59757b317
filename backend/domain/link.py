"""The link between an event and its CRM record: five states, nine triggers, one table.

A state says what is wanted and whether the CRM is known to agree, nothing else. Failure is not a
state but a mark (``blocked_by``) over one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from backend.domain.errors import IllegalTransitionError
from backend.domain.policy import Origin


class LinkState(StrEnum):
    """*pending*, *linked*: wanted. *removing*, *removed*: not wanted. *released*: not followed."""

    PENDING = "pending"
    LINKED = "linked"
    REMOVING = "removing"
    REMOVED = "removed"
    RELEASED = "released"


class Trigger(StrEnum):
    """What can happen to a link."""

    TICK = "tick"
    """A person wants it: the pane's checkbox, undo, or the category put on in Outlook."""
    RULE_MATCH = "rule_match"
    """A contact type wants it (S1)."""
    UNTICK = "untick"
    """A person does not want it: the pane's checkbox or the category taken off in Outlook."""
    LET_GO = "let_go"
    """The record must go: private, gone, or never allowed in the first place."""
    RELEASE = "release"
    """The record stays but is no longer followed: edited or deleted in the CRM, period over."""
    WRITTEN = "written"
    """The CRM confirmed the record."""
    CLEARED = "cleared"
    """The CRM confirmed that there is none."""
    OUTDATED = "outdated"
    """An outcome cannot be trusted: look again."""


_P, _L, _G, _D, _R = (
    LinkState.PENDING,
    LinkState.LINKED,
    LinkState.REMOVING,
    LinkState.REMOVED,
    LinkState.RELEASED,
)

TRANSITIONS: dict[Trigger, dict[LinkState, LinkState]] = {
    Trigger.TICK: {_P: _P, _L: _L, _G: _P, _D: _P, _R: _P},
    Trigger.RULE_MATCH: {_P: _P, _L: _L, _G: _P, _D: _P, _R: _R},
    Trigger.UNTICK: {_P: _G, _L: _G, _G: _G, _D: _D, _R: _R},
    Trigger.LET_GO: {_P: _G, _L: _G, _G: _G, _D: _D, _R: _R},
    Trigger.RELEASE: {_P: _R, _L: _R, _G: _R},
    Trigger.WRITTEN: {_P: _L, _L: _L},
    Trigger.CLEARED: {_G: _D},
    Trigger.OUTDATED: {_P: _P, _L: _P, _G: _G, _D: _G, _R: _R},
}
"""Trigger, then state before, to state after. What is missing is illegal."""

WANTED = frozenset({LinkState.PENDING, LinkState.LINKED})
ENDED = frozenset({LinkState.REMOVED, LinkState.RELEASED})


def next_state(state: LinkState, trigger: Trigger) -> LinkState:
    """The state after ``trigger``.

    Raises: IllegalTransitionError when the table does not know the pair.
    """
    try:
        return TRANSITIONS[trigger][state]
    except KeyError:
        raise IllegalTransitionError(f"{trigger} is not possible on a {state} link") from None


class EndReason(StrEnum):
    """Why a link ended or rests, beyond the codes of the rules."""

    UNTICKED = "unticked"
    EDITED_IN_CRM = "edited_in_crm"
    DELETED_IN_CRM = "deleted_in_crm"
    FINAL = "final"
    EVENT_NOT_FOUND = "event_not_found"
    DELETED = "deleted"
    CANCELLED = "cancelled"
    LEFT_CALENDAR = "left_calendar"
    ALREADY_LINKED = "already_linked"
    MAILBOX_UNREACHABLE = "mailbox_unreachable"
    PAUSED = "paused"
    MASS_CHANGE = "mass_change"


class CategoryPermission(StrEnum):
    """Whether the category can be written at the moment (X1)."""

    UNKNOWN = "unknown"
    PERMITTED = "permitted"
    NOT_PERMITTED = "not_permitted"
    WAITING_FOR_USER = "waiting_for_user"


@dataclass(frozen=True, slots=True)
class CategoryMemory:
    """What we last knew of the category on the organizer's copy (road rules R2, R3).

    ``seen``: present, absent, or ``None`` for *unsettled* (an untick made without a look).
    ``name``: under which name it was seen or written. ``seen_at``: the event's
    ``lastModifiedDateTime`` then. ``written_at``: the same for our own last write of it.
    ``content``: a hash of everything else on the event at that look. ``put_back``: an open
    Outlook form wrote its older copy over ours and we put the category back once (T11).
    """

    seen: bool | None = False
    name: str | None = None
    seen_at: datetime | None = None
    written_at: datetime | None = None
    content: str | None = None
    put_back: bool = False
    refused: bool = False
    """Put on by hand where the rules said no: left where it is until it goes or a person ticks."""
    permission: CategoryPermission = CategoryPermission.UNKNOWN


@dataclass(frozen=True, slots=True)
class Link:
    """A snapshot of one link that outlives the transaction it was read in."""

    id: str
    firm_id: str
    tenant_id: str
    mailbox_id: str
    event_id: str
    ical_uid: str | None
    state: LinkState
    origin: Origin
    version: int
    reason: str | None = None
    blocked_by: str | None = None
    opted_out: bool = False
    adopt: bool = False
    """A person ticked since the last write: whatever stands in the CRM becomes ours again."""
    because: str | None = None
    activity_id: str | None = None
    activity_revision: str | None = None
    fingerprint: str | None = None
    category: CategoryMemory = field(default_factory=CategoryMemory)
    looked_at: bool = False
    """Whether a verdict on Graph's own reading exists; until then nothing is written anywhere."""
    looked_at_version: datetime | None = None
    """The newest ``lastModifiedDateTime`` any source has shown for the event (R5)."""
    event_end: datetime | None = None
    had_attendees: bool = False
    gone_since: datetime | None = None
    """When the lists were found empty for the first time (L6)."""
    awaited_until: datetime | None = None
    """Until when a just saved event may still be missing in Graph (T8)."""
    undo_until: datetime | None = None
    review_until: datetime | None = None
    """Until when the record goes if it no longer qualifies, by an admin's choice (S6)."""
    last_change_seen_at: datetime | None = None
    written_at: datetime | None = None
    off_delta: bool = False
    """Nothing tells us of its event any more: the delta said that it left (A15)."""

    @property
    def is_wanted(self) -> bool:
        return self.state in WANTED

    @property
    def external_key(self) -> str | None:
        """The key every CRM write carries; it can be computed again from the event alone (A11)."""
        return None if self.ical_uid is None else f"{self.tenant_id}/{self.ical_uid}"

    def wants_category(self) -> bool | None:
        """Whether the category should be on the event; ``None``: leave it as it is.

        A record released because somebody edited it, or because the period is over, keeps its
        category until the user unticks (T4a); one deleted in the CRM loses it. A category that
        was put on where the rules said no is left alone, too (T11).
        """
        if self.is_wanted:
            return True
        if self.category.refused:
            return None
        if self.state is not LinkState.RELEASED:
            return False
        if self.opted_out or self.reason == EndReason.DELETED_IN_CRM:
            return False
        return None
