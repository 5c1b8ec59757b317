"""What one run of the road has gathered, and the codes that freeze or destroy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.crm import Activity, AttendeeMatch
from backend.domain.event import Event
from backend.domain.link import EndReason
from backend.domain.policy import Policy, UserState
from backend.domain.verdicts import Reason, Verdict

GONE_PROOF_PAUSE = timedelta(minutes=5)
"""How far apart the two empty lists must lie (L6)."""

DESTROYING = frozenset({Reason.PRIVATE_EVENT.value, Reason.PRIVATE_CONTACT.value})
"""Codes for which a record is destroyed and only the reason kept (L9)."""

FREEZING = frozenset(
    {
        Reason.FIRM_SYNC_OFF.value,
        Reason.MODE_NOT_ALLOWED.value,
        Reason.NO_ONLINE_SERVER.value,
        Reason.USER_NOT_ENABLED.value,
        Reason.NOT_ORGANIZER.value,
        Reason.RECURRING_EVENT.value,
        EndReason.PAUSED.value,
        EndReason.MASS_CHANGE.value,
        EndReason.LEFT_CALENDAR.value,
        EndReason.MAILBOX_UNREACHABLE.value,
    }
)
"""Codes under which a record stays and nothing is written (L9)."""


class Missing(StrEnum):
    """Why there is no event to look at, each proven by lists and never by a 404 (L6)."""

    NOT_YET = "not_yet"
    """Just saved and not visible yet (T8)."""
    NEVER_CAME = "never_came"
    """Just saved, and still not there when the wait was over."""
    LEFT_CALENDAR = "left_calendar"
    """Not in the default calendar, but elsewhere in the mailbox: still to be seen."""
    PERHAPS_GONE = "perhaps_gone"
    """In no calendar, seen once."""
    GONE = "gone"
    """In no calendar, seen twice, far enough apart."""
    UNREACHABLE = "unreachable"
    """The mailbox itself does not answer (L8)."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one run of the road has gathered."""

    policy: Policy
    now: datetime
    owner_oid: str
    user: UserState = field(default_factory=UserState)
    event: Event | None = None
    missing: Missing | None = None
    verdict: Verdict | None = None
    by_rule: Verdict | None = None
    """Where nobody wants the event: what the rules of automatic sync say of it (S1)."""
    matches: tuple[AttendeeMatch, ...] = ()
    record: Activity | None = None
    """The record with our key, tombstones included."""
    record_known: bool = False
    """Whether the CRM was asked and answered; without that nothing is decided about the record."""
    activity_type: str | None = None
    facts_stored: bool = False
    """Whether the link already knows what the event shows about itself."""

    master_category_lost: bool = False
    """The category that the mailbox is known to have had is not in its list any more (T11)."""

    @property
    def braked(self) -> bool:
        """Whether the mailbox stopped because too much would have gone at once (L7)."""
        return self.user.mailbox_problem == EndReason.MASS_CHANGE

    @property
    def paused(self) -> bool:
        """Whether nothing may be written now: firm, server or mailbox are paused (A3)."""
        return self.user.is_paused(self.policy)
