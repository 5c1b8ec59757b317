"""What judging an event takes and gives: facts and switches in, a list of checks out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.crm import AttendeeMatch
from backend.domain.event import Event, Sensitivity
from backend.domain.matching import invited
from backend.domain.policy import Origin, Policy, UserState


class Reason(StrEnum):
    """The public codes of the rules, in the order of the product's table; the last two are A2's."""

    FIRM_SYNC_OFF = "firm_sync_off"
    MODE_NOT_ALLOWED = "mode_not_allowed"
    NO_ONLINE_SERVER = "no_online_server"
    USER_NOT_ENABLED = "user_not_enabled"
    NOT_ORGANIZER = "not_organizer"
    PRIVATE_EVENT = "private_event"
    RECURRING_EVENT = "recurring_event"
    OUTSIDE_WINDOW = "outside_window"
    PRIVATE_CONTACT = "private_contact"
    CANCELLED = "cancelled"
    EXTERNAL_ORGANIZER = "external_organizer"
    CREATED_BEFORE_ACTIVATION = "created_before_activation"
    NO_SELECTED_CONTACT_TYPE = "no_selected_contact_type"
    OPTED_OUT = "opted_out"
    INTERNAL_ONLY = "internal_only"
    BLOCKED_ADDRESS = "blocked_address"
    DRAFT_EVENT = "draft_event"
    BEFORE_COMMENCEMENT = "before_commencement"
    NO_CONTACT = "no_contact"


class FixAction(StrEnum):
    """What the pane can offer to do about a failed rule."""

    OPEN_SETTINGS = "open_settings"
    ASK_ADMIN = "ask_admin"
    ADD_ACTIVITY = "add_activity"
    CONSENT = "consent"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Fix:
    text: str
    action: FixAction = FixAction.NONE


@dataclass(frozen=True, slots=True)
class Check:
    """One rule's outcome; ``passed`` is ``None`` when nobody could tell yet (unsaved form)."""

    code: Reason
    applies: bool
    passed: bool | None
    message: str
    fix: Fix | None = None


class Source(StrEnum):
    """Whose reading of the event was judged."""

    GRAPH = "graph"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks in the order of the codes. Eligible means that no applying rule said no."""

    checks: tuple[Check, ...]
    source: Source = Source.GRAPH

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(c for c in self.checks if c.applies and c.passed is False)

    @property
    def first_failed(self) -> Check | None:
        return next(iter(self.failed), None)

    @property
    def eligible(self) -> bool:
        return not self.failed

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(c.code.value for c in self.failed)


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What the rules need to know of an event. ``None`` means: Outlook could not say."""

    is_organizer: bool | None = None
    organizer_address: str | None = None
    sensitivity: Sensitivity | None = None
    recurring: bool | None = None
    end: datetime | None = None
    is_cancelled: bool | None = None
    is_draft: bool | None = None
    created_at: datetime | None = None
    attendee_addresses: tuple[str, ...] | None = None
    """Everybody invited but the organizer, rooms included (a room is a member of the firm)."""
    attendee_matches: tuple[AttendeeMatch, ...] | None = None

    @classmethod
    def of(cls, event: Event, matches: Sequence[AttendeeMatch] | None) -> EventFacts:
        """The facts of an event that Graph answered; no matches: the CRM did not answer."""
        return cls(
            is_organizer=event.is_organizer,
            organizer_address=event.organizer.address if event.organizer else None,
            sensitivity=event.sensitivity,
            recurring=event.is_recurring,
            end=event.end,
            is_cancelled=event.is_cancelled,
            is_draft=event.is_draft,
            created_at=event.created_at,
            attendee_addresses=tuple(a.address for a in invited(event)),
            attendee_matches=None if matches is None else tuple(matches),
        )


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything one evaluation looks at."""

    facts: EventFacts
    policy: Policy
    user: UserState
    now: datetime
    origin: Origin = Origin.MANUAL
    opted_out: bool = False
    acts_for_other: bool = False
    """A delegate asks (T9): the words then speak of the owner."""
