"""What the use cases answer: plain values for the API to dump, with no business left to decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from backend.domain.crm import Activity, AttendeeMatch
from backend.domain.event import Event
from backend.domain.policy import Policy, SyncMode
from backend.domain.rules import Verdict


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link as the pane sees it: `pending`/`removing` last until nothing is outstanding."""

    state: str
    reason: str | None
    origin: str
    because: str | None
    blocked_by: str | None
    outstanding: tuple[str, ...]
    category: str
    """``set``, ``absent``, ``not_permitted`` or ``waiting_for_user``."""
    activity_id: str | None
    undo_until: datetime | None
    last_change_seen_at: datetime | None
    written_at: datetime | None
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class OtherRecord:
    """A record of the same meeting that is not this link's (T5)."""

    activity_id: str | None
    """``None`` when the record is not visible to the caller."""
    by: str | None
    kind: str
    visible: bool


@dataclass(frozen=True, slots=True)
class Can:
    tick: bool = False
    untick: bool = False
    undo: bool = False
    add_activity: bool = False


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """Everything the pane says of a saved event, in one value (T1)."""

    event: Event | None
    matches: tuple[AttendeeMatch, ...]
    verdict: Verdict | None
    link: LinkView | None
    activity: Activity | None
    others: tuple[OtherRecord, ...]
    can: Can
    now: datetime

    @property
    def is_pending(self) -> bool:
        """Whether something is outstanding (answered with 202)."""
        return self.link is not None and bool(self.link.outstanding)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the history ended: the moment and id of its last line."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class Person:
    name: str


@dataclass(frozen=True, slots=True)
class Why:
    """A reason code and what it says to a person."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that was seen, decided or written: codes, ids, field names, never values (X4)."""

    id: str
    at: datetime
    kind: str
    """``decision``, ``write``, ``refusal``, ``skip``, ``failure`` or ``look``."""
    line: str
    message: str
    source: str
    """Where it came from, see :class:`~backend.services.history_words.From`."""
    trigger: str | None
    state_before: str | None
    state_after: str | None
    by: Person | None
    """The user whose act it was; ``None``: nobody's, or the category's, which has no name."""
    on_behalf_of: Person | None
    """The calendar's owner, when a delegate acted (T9)."""
    codes: tuple[str, ...]
    why: tuple[Why, ...]
    fields: tuple[str, ...]
    """Names of the record's fields that a write changed."""
    request_id: str | None
    """Graph's, of the look or write."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Newest first. ``next``: where the following page begins, ``None`` at the end."""

    items: tuple[HistoryLine, ...]
    next: Place | None


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a first pull or a resync has come; how much is to come Graph does not say."""

    since: datetime
    pages: int
    events: int


@dataclass(frozen=True, slots=True)
class Me:
    """The signed-in user, the settings that matter to the pane, and what he may switch."""

    id: str
    oid: str
    tenant_id: str
    firm: str
    name: str
    address: str | None
    roles: tuple[str, ...]
    policy: Policy
    enabled: bool
    enabled_by_admin: bool | None
    enabled_by_user: bool | None
    mode: SyncMode
    may_enable: bool
    choosable_modes: tuple[SyncMode, ...]
    block_list: tuple[str, ...]
    default_activity_type: str | None
    default_visibility: str
    server: str | None
    checked_at: datetime | None
    changed_at: datetime | None
    written_at: datetime | None
    state: str
    """``firm_off``, ``paused``, ``no_server``, ``disabled``, ``problem``, or how the watching goes:
    ``first_pull``, ``resync``, ``watching``.
    """
    problem: str | None
    progress: PullProgress | None = None
    problem_since: datetime | None = None
    problem_advice: str | None = None
    """What to do about it, for people."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a user changes about himself; ``None`` leaves a setting as it is (PATCH /api/me)."""

    enabled: bool | None = None
    mode: SyncMode | None = None
    block_list: tuple[str, ...] | None = field(default=None)
    default_activity_type: str | None = None
    default_visibility: str | None = None
