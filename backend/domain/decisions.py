"""The road's first decision, pure and total: what a look means for the wish.

``decide`` turns what was gathered into at most one trigger (or mark).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from backend.domain.category import CategoryWord, category_says, content_of, shows_category
from backend.domain.event import Event
from backend.domain.link import CategoryMemory, EndReason, Link, LinkState, Trigger
from backend.domain.policy import Origin
from backend.domain.sight import DESTROYING, FREEZING, Missing, Sight
from backend.domain.verdicts import Reason, Verdict

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


QUALIFYING = frozenset(
    {
        Reason.EXTERNAL_ORGANIZER.value,
        Reason.CREATED_BEFORE_ACTIVATION.value,
        Reason.NO_SELECTED_CONTACT_TYPE.value,
        Reason.OPTED_OUT.value,
        Reason.INTERNAL_ONLY.value,
        Reason.BLOCKED_ADDRESS.value,
        Reason.DRAFT_EVENT.value,
        Reason.BEFORE_COMMENCEMENT.value,
        Reason.NO_CONTACT.value,
    }
)
"""Codes that decide whether a record is made and take none away by themselves (L9)."""


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
    if _is_under_review(link, sight) and (unfit := why_unqualified(codes)) is not None:
        return Decision("no_longer_qualifies", Trigger.LET_GO, unfit)
    if link.blocked_by in FREEZING:
        return Decision("thawed", blocked_by=None, keeps_block=False)
    return None


def _is_under_review(link: Link, sight: Sight) -> bool:
    """An admin has told these records to go if they no longer qualify, and the CRM answered."""
    if link.review_until is None or not sight.record_known:
        return False
    return sight.now < link.review_until


def why_unqualified(codes: Sequence[str]) -> str | None:
    """The first code for which an admin may have existing records removed (L9, S6)."""
    return next((code for code in codes if code in QUALIFYING), None)


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
