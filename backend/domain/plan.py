"""The road's two decisions, pure and total: what a look means for the wish, and what to do next.

``decide`` turns what was gathered into at most one trigger (or mark); ``plan`` says which single
CRM step makes the CRM agree with the wish. Neither knows how to do anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.category import CategoryWord, category_says, content_of, shows_category
from backend.domain.crm import Activity, ActivityDraft, ActivityStatus, AttendeeMatch, SyncStatus
from backend.domain.event import Event
from backend.domain.link import CategoryMemory, EndReason, Link, LinkState, Trigger
from backend.domain.mapping import draft_for, fingerprint
from backend.domain.policy import Origin, Policy, UserState
from backend.domain.rules import Reason, Verdict

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


CATEGORY_REMOVED = "category_removed"

COUNTED_LINES = (
    "gone",
    "deleted",
    "cancelled",
    CATEGORY_REMOVED,
    "became_recurring",
    "became_private",
)
"""Lines of decisions that weigh something: what the brake counts in the history (L7)."""


class Weight(StrEnum):
    """What a decision means to the mass-change brake (L7)."""

    NONE = "none"
    """Not made because of what Outlook shows."""
    COUNTED = "counted"
    """Takes a link away because of what Outlook shows, and may be held back."""
    NEVER_HELD = "never_held"
    """Counted, but nothing holds it back: what turned private goes (invariant 2)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One change of the wish or of a mark. ``line`` is the history's word for why."""

    line: str
    trigger: Trigger | None = None
    reason: str | None = None
    blocked_by: str | None = None
    keeps_block: bool = True
    """Whether ``blocked_by`` stays as it is."""
    opts_out: bool | None = None
    memory: CategoryMemory | None = None
    weight: Weight = Weight.NONE


def decide(link: Link, sight: Sight) -> Decision | None:
    """What the sight means for the wish; ``None`` when the wish stands.

    The caller applies the decision and asks again with the changed link, until there is none:
    each decision makes itself impossible, so this ends.
    """
    if sight.event is None:
        # What a person did in the CRM counts whether or not Outlook shows the event (L4).
        return (
            _decide_record(link, sight)
            or _decide_missing(link, sight)
            or _decide_settings(link, sight)
        )
    if sight.braked and link.is_wanted:
        return (
            _decide_leader(link, sight.event, sight)
            or _decide_first_verdict(link, sight.event, sight)
            or _decide_privacy(link, sight)
            or _freeze(link, EndReason.MASS_CHANGE)
        )
    return (
        _decide_leader(link, sight.event, sight)
        or _decide_first_verdict(link, sight.event, sight)
        or _decide_privacy(link, sight)
        or _decide_record(link, sight)
        or _decide_category(link, sight.event, sight)
        or _decide_rules(link, sight.event, sight)
        or _decide_match(link, sight.event, sight)
    )


def _decide_missing(link: Link, sight: Sight) -> Decision | None:
    match sight.missing:
        case Missing.NEVER_CAME if link.is_wanted:
            return Decision("never_came", Trigger.LET_GO, EndReason.EVENT_NOT_FOUND)
        case _ if link.is_wanted and sight.braked:
            return _freeze(link, EndReason.MASS_CHANGE)
        case Missing.UNREACHABLE if link.is_wanted:
            return _freeze(link, EndReason.MAILBOX_UNREACHABLE)
        case Missing.GONE if link.is_wanted:
            return _decide_gone(link, sight)
    return None


def _decide_gone(link: Link, sight: Sight) -> Decision:
    """L6: gone with other attendees is cancelled, without is deleted; a past one stays."""
    if link.activity_id is None:
        return _gone("gone", Trigger.LET_GO, EndReason.DELETED)
    if link.had_attendees:
        if sight.policy.cancelled_records == "delete":
            return _gone("cancelled", Trigger.LET_GO, EndReason.CANCELLED)
        return _gone("cancelled", Trigger.RELEASE, EndReason.CANCELLED)
    is_past = link.event_end is not None and link.event_end <= sight.now
    if is_past or not sight.policy.delete_synced_events:
        return _gone("deleted", Trigger.RELEASE, EndReason.DELETED)
    return _gone("deleted", Trigger.LET_GO, EndReason.DELETED)


def _gone(line: str, trigger: Trigger, reason: EndReason) -> Decision:
    return Decision(line, trigger, reason, weight=Weight.COUNTED)


def _decide_privacy(link: Link, sight: Sight) -> Decision | None:
    """L5, L9: the record goes for good, whatever the link's state, unless that is done already."""
    code = next((c for c in _codes(sight.verdict) if c in DESTROYING), None)
    if code is None or link.reason == code:
        return None
    has_copy = link.activity_id is not None or link.undo_until is not None
    if link.is_wanted or has_copy or sight.record is not None:
        by_outlook = link.is_wanted and code == Reason.PRIVATE_EVENT
        weight = Weight.NEVER_HELD if by_outlook else Weight.NONE
        line = "became_private" if code == Reason.PRIVATE_EVENT else "private_contact"
        return Decision(line, Trigger.LET_GO, code, weight=weight)
    return None


def _decide_leader(link: Link, event: Event, sight: Sight) -> Decision | None:
    """S3: another calendar of the firm holds the meeting's iCalUId, so this wish cannot be."""
    if link.ical_uid is not None or event.ical_uid is None or not sight.facts_stored:
        return None
    if not link.is_wanted:
        return None
    return _refuse(link, event, sight, EndReason.ALREADY_LINKED)


def _decide_first_verdict(link: Link, event: Event, sight: Sight) -> Decision | None:
    """A wish that was accepted before anybody could judge the event, and now gets a no."""
    if link.state is not LinkState.PENDING or sight.verdict is None:
        return None
    if link.looked_at and not _is_unwritten_match(link, sight):
        return None
    first = sight.verdict.first_failed
    if first is None or (link.activity_id is not None and not sight.record_known):
        return None
    if _stands(link, sight):
        return _refuse_again(event, sight, first.code.value)
    return _refuse(link, event, sight, first.code.value)


def _stands(link: Link, sight: Sight) -> bool:
    """Whether a released link was ticked and its record is still there: nobody wants that gone."""
    if link.activity_id is None or sight.record is None or sight.record.removed:
        return False
    return not DESTROYING & set(_codes(sight.verdict))


def _refuse_again(event: Event, sight: Sight, code: str) -> Decision | None:
    """A wish to follow a released record again, refused: it is as released as it was (T4a)."""
    if code == Reason.OUTSIDE_WINDOW and event.end < sight.policy.period(sight.now)[0]:
        return None  # final
    assert sight.record is not None
    is_edited = sight.record.edited_by is not None
    reason = EndReason.EDITED_IN_CRM if is_edited else code
    return Decision("refused", Trigger.RELEASE, reason, keeps_block=False)


def _is_unwritten_match(link: Link, sight: Sight) -> bool:
    """A rule chose it and there is no record yet: every rule still has to hold then (S1, L9)."""
    if link.origin is not Origin.AUTOMATIC or link.activity_id is not None:
        return False
    return sight.record_known and (sight.record is None or sight.record.removed)


def _refuse(link: Link, event: Event, sight: Sight, code: str) -> Decision:
    """A category that a person put on an event that may not be synced stays there (T11)."""
    left = None
    is_ours = link.category.written_at is not None
    if not is_ours and shows_category(link.category, event, sight.policy.category_name):
        left = replace(link.category, refused=True, seen=True, seen_at=event.modified_at)
    return Decision("refused", Trigger.LET_GO, code, memory=left)


def _decide_record(link: Link, sight: Sight) -> Decision | None:
    """A person changed or deleted the record in the CRM (L4); a fresh tick adopts it instead."""
    if not sight.record_known or link.adopt or link.reason in DESTROYING:
        return None
    if link.state not in (LinkState.PENDING, LinkState.LINKED, LinkState.REMOVING):
        return None
    record = sight.record
    if record is None or record.removed:
        if link.is_wanted and link.activity_id is not None:
            return Decision("deleted_in_crm", Trigger.RELEASE, EndReason.DELETED_IN_CRM)
        return None
    if record.edited_by is not None and record.revision != link.activity_revision:
        return Decision("edited_in_crm", Trigger.RELEASE, EndReason.EDITED_IN_CRM)
    return None


def _decide_category(link: Link, event: Event, sight: Sight) -> Decision | None:
    name = sight.policy.category_name
    memory = link.category
    match category_says(link, event, name):
        case CategoryWord.UNTICK if memory.refused:
            return Decision("category_gone", memory=replace(memory, refused=False, seen=False))
        case CategoryWord.UNTICK | CategoryWord.PUT_BACK if sight.master_category_lost:
            mended = replace(memory, seen=False, seen_at=event.modified_at)
            return Decision("master_category_lost", memory=mended)
        case CategoryWord.UNTICK:
            if link.state is LinkState.RELEASED and link.reason == EndReason.FINAL:
                return None  # over: there is nothing left to untick (T4a)
            settled = replace(memory, seen=False, seen_at=event.modified_at)
            return Decision(
                CATEGORY_REMOVED,
                Trigger.UNTICK,
                EndReason.UNTICKED if link.is_wanted else link.reason,
                opts_out=True,
                memory=settled,
                weight=Weight.COUNTED if link.is_wanted else Weight.NONE,
            )
        case CategoryWord.PUT_BACK:
            mended = replace(
                memory,
                seen=False,
                put_back=True,
                seen_at=event.modified_at,
                content=content_of(event, name),
            )
            return Decision("category_put_back", memory=mended)
        case CategoryWord.TICK:
            if sight.verdict is not None and not sight.verdict.eligible:
                left = replace(memory, refused=True, seen=True, seen_at=event.modified_at)
                return Decision("category_refused", memory=left)
            settled = replace(memory, seen=True, name=name, seen_at=event.modified_at)
            return Decision("category_added", Trigger.TICK, opts_out=False, memory=settled)
        case CategoryWord.NOTHING:
            return None


def _decide_rules(link: Link, event: Event, sight: Sight) -> Decision | None:
    """L9: which rule that stopped holding freezes, ends, or changes nothing."""
    if not link.is_wanted:
        return None
    if sight.paused:
        return _freeze(link, EndReason.PAUSED)
    codes = _codes(sight.verdict)
    if Reason.OUTSIDE_WINDOW in codes and event.end < sight.policy.period(sight.now)[0]:
        if link.activity_id is None:
            return Decision("outside_window", Trigger.LET_GO, Reason.OUTSIDE_WINDOW)
        return Decision("final", Trigger.RELEASE, EndReason.FINAL)
    if sight.missing is Missing.LEFT_CALENDAR:
        return _freeze(link, EndReason.LEFT_CALENDAR)
    freezing = next((c for c in codes if c in FREEZING), None)
    if freezing is not None:
        return _freeze(link, freezing)
    if link.blocked_by in FREEZING:
        return Decision("thawed", blocked_by=None, keeps_block=False)
    return None


def _decide_match(link: Link, event: Event, sight: Sight) -> Decision | None:
    """S1: an event that was let go, and that the rules of automatic sync select now."""
    if link.state not in (LinkState.REMOVING, LinkState.REMOVED) or link.opted_out:
        return None
    if sight.by_rule is None or not sight.by_rule.eligible:
        return None
    if link.ical_uid is None and event.ical_uid is not None and sight.facts_stored:
        return None  # another calendar keeps the meeting (S3)
    memory = replace(link.category, refused=False, put_back=False)
    return Decision("rule_match", Trigger.RULE_MATCH, memory=memory)


def _decide_settings(link: Link, sight: Sight) -> Decision | None:
    """What the switches alone say when nobody may look at the event (E1-E4, A3)."""
    if link.is_wanted and sight.paused:
        return _freeze(link, EndReason.PAUSED)
    freezing = next((c for c in _codes(sight.verdict) if c in FREEZING), None)
    if not link.is_wanted or freezing is None:
        return None
    return _freeze(link, freezing)


def _freeze(link: Link, code: str) -> Decision | None:
    if link.blocked_by == code:
        return None
    if code == Reason.RECURRING_EVENT:
        return Decision(
            "became_recurring", blocked_by=code, keeps_block=False, weight=Weight.COUNTED
        )
    return Decision("frozen", blocked_by=code, keeps_block=False)


def _codes(verdict: Verdict | None) -> tuple[str, ...]:
    return () if verdict is None else verdict.codes


@dataclass(frozen=True, slots=True)
class Nothing:
    """The CRM agrees already, or must not be touched now."""


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """Create (``revision=None``), update or revive the record."""

    draft: ActivityDraft
    revision: str | None


@dataclass(frozen=True, slots=True)
class RemoveRecord:
    """Turn the record into a tombstone."""

    revision: str


@dataclass(frozen=True, slots=True)
class DestroyRecord:
    """Erase record and tombstone."""


@dataclass(frozen=True, slots=True)
class MarkRecord:
    """Say on the record that it is no longer followed; cancelled ones say that, too."""

    status: SyncStatus
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmAbsence:
    """Nothing to remove: the wish is fulfilled."""


Step = Nothing | WriteRecord | RemoveRecord | DestroyRecord | MarkRecord | ConfirmAbsence


def plan(link: Link, sight: Sight) -> Step:
    """The one step that makes the CRM agree with the link's wish."""
    if link.external_key is None:
        return ConfirmAbsence() if link.state is LinkState.REMOVING else Nothing()
    if not sight.record_known:
        return Nothing()
    record = sight.record
    if link.reason in DESTROYING and not link.is_wanted:
        if record is not None:
            return DestroyRecord()
        return ConfirmAbsence() if link.state is LinkState.REMOVING else Nothing()
    match link.state:
        case LinkState.REMOVING:
            if record is None or record.removed:
                return ConfirmAbsence()
            return RemoveRecord(record.revision)
        case LinkState.RELEASED:
            return _plan_released(link, record)
        case LinkState.PENDING | LinkState.LINKED:
            return _plan_wanted(link, sight)
        case LinkState.REMOVED:
            return Nothing()


def _plan_released(link: Link, record: Activity | None) -> Step:
    if record is None or record.removed:
        return Nothing()
    status = SyncStatus.FINAL if link.reason == EndReason.FINAL else SyncStatus.RELEASED
    cancels = (
        link.reason == EndReason.CANCELLED
        and record.draft.status is not ActivityStatus.CANCELLED
        and record.edited_by is None
    )
    if record.draft.sync_status is status and not cancels:
        return Nothing()
    return MarkRecord(status, cancelled=cancels)


def _plan_wanted(link: Link, sight: Sight) -> Step:
    if sight.event is None or link.blocked_by in FREEZING:
        return Nothing()
    record = sight.record
    draft = draft_for(
        sight.event,
        sight.matches,
        sight.policy,
        owner_oid=sight.owner_oid,
        activity_type=sight.activity_type,
    )
    if (
        link.state is LinkState.LINKED
        and record is not None
        and not record.removed
        and record.revision == link.activity_revision
        and record.draft.sync_status is SyncStatus.SYNCED
        and link.fingerprint == fingerprint(draft)
    ):
        return Nothing()
    # A pending link writes even what stands there already: the new revision is what keeps a late
    # removal of a dead worker from matching (A11).
    return WriteRecord(draft, None if record is None else record.revision)
