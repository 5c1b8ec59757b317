"""May this event be synced? E1-E17 and the limits of A2.

Each rule has a stable code, a sentence and the step that helps. Every rule is evaluated every time
and the whole list is kept, so that the pane, the log, the API and support say the same thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backend.domain.event import Sensitivity
from backend.domain.matching import selecting_company_type, selecting_type
from backend.domain.policy import (
    BlockedAddresses,
    Origin,
    PrivateEvents,
    is_blocked,
    is_own_domain,
    mode_allows,
    mode_in_force,
)
from backend.domain.verdicts import (
    Check,
    EventFacts,
    Fix,
    FixAction,
    Reason,
    Situation,
    Source,
    Verdict,
)

__all__ = [
    "Check",
    "EventFacts",
    "Fix",
    "FixAction",
    "Reason",
    "Situation",
    "Source",
    "Verdict",
    "evaluate",
]


def evaluate(situation: Situation, source: Source = Source.GRAPH) -> Verdict:
    """Judge an event by every rule; pure and total.

    ``situation.origin`` says which way it would be synced: rules of the other way only are listed
    with ``applies=False`` and ``passed=True``.
    """
    checks = []
    for rule in _RULES:
        applies = rule.only_for in (None, situation.origin)
        passed, message, fix = rule.judge(situation) if applies else (True, rule.states, None)
        checks.append(
            Check(
                code=rule.code,
                applies=applies,
                passed=passed,
                message=rule.states if passed else message,
                fix=fix if passed is False else None,
            )
        )
    return Verdict(tuple(checks), source)


_Outcome = tuple[bool | None, str, Fix | None]
_UNKNOWN = "Checked when the event is saved."


@dataclass(frozen=True, slots=True)
class _Rule:
    code: Reason
    states: str
    """The rule as a sentence that is true when it is met."""
    judge: Callable[[Situation], _Outcome]
    only_for: Origin | None = None


def _met() -> _Outcome:
    return True, "", None


def _unknown() -> _Outcome:
    return None, _UNKNOWN, None


def _not_met(message: str, fix: str, action: FixAction = FixAction.NONE) -> _Outcome:
    return False, message, Fix(fix, action)


def _whose(situation: Situation) -> str:
    return "The calendar's owner is" if situation.acts_for_other else "You are"


def _firm_sync(s: Situation) -> _Outcome:
    if s.policy.sync_enabled:
        return _met()
    return _not_met(
        "Calendar sync is switched off for your firm.",
        "Ask your administrator to enable calendar sync.",
        FixAction.ASK_ADMIN,
    )


def _mode(s: Situation) -> _Outcome:
    if not s.policy.allows(s.origin):
        return _not_met(
            f"Your firm does not use {s.origin.value} calendar sync.",
            f"Ask your administrator to allow {s.origin.value} sync.",
            FixAction.ASK_ADMIN,
        )
    if not mode_allows(mode_in_force(s.user.mode, s.policy.mode), s.origin):
        wanted = "Manual Calendar Sync" if s.origin is Origin.MANUAL else "Automatic Calendar Sync"
        return _not_met(
            f"{wanted} is switched off in the settings of this calendar.",
            f"Turn on {wanted} or Combined in Settings.",
            FixAction.OPEN_SETTINGS,
        )
    return _met()


def _server(s: Situation) -> _Outcome:
    if s.user.has_server:
        return _met()
    return _not_met(
        "No Exchange Online server is assigned to this calendar.",
        "Ask your administrator to assign an Exchange Online server.",
        FixAction.ASK_ADMIN,
    )


def _enabled(s: Situation) -> _Outcome:
    if s.user.is_enabled(s.policy):
        return _met()
    message = f"{_whose(s)} not enabled for calendar sync."
    if s.user.may_enable_himself(s.policy) and not s.acts_for_other:
        return _not_met(message, "Turn calendar sync on in Settings.", FixAction.OPEN_SETTINGS)
    if s.user.may_enable_himself(s.policy):
        return _not_met(message, "Ask the calendar's owner to turn calendar sync on.")
    return _not_met(message, "Ask your administrator to enable sync.", FixAction.ASK_ADMIN)


def _organizer(s: Situation) -> _Outcome:
    if s.facts.is_organizer is None:
        return _unknown()
    if s.facts.is_organizer:
        return _met()
    return _not_met(
        "Only the organizer can add a meeting to the sync.",
        "Use Add Activity to record this meeting, or ask the organizer.",
        FixAction.ADD_ACTIVITY,
    )


def _private(s: Situation) -> _Outcome:
    if s.facts.sensitivity is None:
        return _unknown()
    if s.facts.sensitivity not in (Sensitivity.PRIVATE, Sensitivity.CONFIDENTIAL):
        return _met()
    if s.policy.private_events is PrivateEvents.WITHOUT_ATTENDEES:
        return _met()
    return _not_met(
        f"This event is marked {s.facts.sensitivity.value}. Such events are never synced.",
        "Set its sensitivity to Normal if it may be in the CRM.",
    )


def _recurring(s: Situation) -> _Outcome:
    if s.facts.recurring is None:
        return _unknown()
    if not s.facts.recurring:
        return _met()
    return _not_met(
        "Recurring events cannot be synced.",
        "Use Add Activity for a single meeting of the series.",
        FixAction.ADD_ACTIVITY,
    )


def _window(s: Situation) -> _Outcome:
    if s.facts.end is None:
        return _unknown()
    begin, until = s.policy.period(s.now)
    if s.facts.end < begin:
        return _not_met(
            f"This event ended more than {s.policy.past_days} days ago.",
            "Use Add Activity to record a past meeting.",
            FixAction.ADD_ACTIVITY,
        )
    if s.facts.end > until:
        return _not_met(
            f"This event lies more than {s.policy.future_days} days ahead.",
            "Tick it when it is closer.",
        )
    return _met()


def _private_contact(s: Situation) -> _Outcome:
    if s.facts.attendee_matches is None:
        return _unknown()
    hidden = [
        m.contact for m in s.facts.attendee_matches if m.contact is not None and m.contact.private
    ]
    if not hidden:
        return _met()
    own = [c.name for c in hidden if c.owner_id is not None and c.owner_id == s.user.owner_oid]
    if own and not s.acts_for_other:
        return _not_met(
            f"{', '.join(own)} is a private contact of yours.",
            "Make the contact public in the CRM, or take the attendee off.",
        )
    return _not_met(
        "Someone invited is a private contact in the CRM.",
        "Events with private contacts are not synced.",
    )


def _cancelled(s: Situation) -> _Outcome:
    if s.facts.is_cancelled is None:
        return _unknown()
    if not s.facts.is_cancelled:
        return _met()
    return _not_met("This meeting was cancelled.", "A cancelled meeting cannot be added.")


def _own_organizer(s: Situation) -> _Outcome:
    if s.facts.organizer_address is None:
        return _unknown()
    if is_own_domain(s.facts.organizer_address, s.policy.own_domains):
        return _met()
    return _not_met(
        "The organizer is not a member of your firm.",
        "Use Add Activity to record this meeting.",
        FixAction.ADD_ACTIVITY,
    )


def _created_after(s: Situation) -> _Outcome:
    if s.facts.created_at is None:
        return _unknown()
    if s.user.activated_at is not None and s.facts.created_at >= s.user.activated_at:
        return _met()
    return _not_met(
        "This event is older than your calendar sync.",
        "Tick it to add it by hand.",
    )


def _selected_type(s: Situation) -> _Outcome:
    if s.facts.attendee_matches is None:
        return _unknown()
    contacts = [m.contact for m in s.facts.attendee_matches if m.contact is not None]
    if any(
        selecting_type(contact, s.policy) or selecting_company_type(contact, s.policy)
        for contact in contacts
    ):
        return _met()
    if s.policy.unmatched_automatic and not contacts:
        return _met()
    return _not_met(
        "Nobody invited has a contact type that your firm selected.",
        "Tick it to add it by hand.",
    )


def _not_opted_out(s: Situation) -> _Outcome:
    if not s.opted_out:
        return _met()
    return _not_met("You took this event out of the sync.", "Tick it to add it again.")


def _not_internal(s: Situation) -> _Outcome:
    allowed = (
        s.policy.sync_internal_manual
        if s.origin is Origin.MANUAL
        else s.policy.sync_internal_automatic
    )
    if allowed:
        return _met()
    if s.facts.attendee_addresses is None:
        return _unknown()
    if any(
        address and not is_own_domain(address, s.policy.own_domains)
        for address in s.facts.attendee_addresses
    ):
        return _met()
    return _not_met(
        "Only members of your firm are invited.",
        "Your firm does not sync internal events; invite someone from outside.",
    )


def _not_blocked(s: Situation) -> _Outcome:
    if s.policy.blocked_addresses is BlockedAddresses.SKIP_MATCH:
        return _met()
    block_list = (*s.policy.block_list, *s.user.block_list)
    if not block_list:
        return _met()
    if s.facts.attendee_addresses is None:
        return _unknown()
    if not any(is_blocked(address, block_list) for address in s.facts.attendee_addresses):
        return _met()
    return _not_met(
        "Someone invited is on the block list.",
        "Take the attendee off, or change the block list in Settings.",
        FixAction.OPEN_SETTINGS,
    )


def _not_draft(s: Situation) -> _Outcome:
    if s.facts.is_draft is None:
        return _unknown()
    if not s.facts.is_draft:
        return _met()
    return _not_met("The invitations have not been sent yet.", "It is added once they are sent.")


def _after_commencement(s: Situation) -> _Outcome:
    begins_at = s.policy.begins_at
    if begins_at is None:
        return _met()
    if s.facts.end is None:
        return _unknown()
    if s.facts.end >= begins_at:
        return _met()
    return _not_met(
        f"Your firm syncs events from {begins_at.date().isoformat()} on; this one ended before.",
        "Use Add Activity to record an earlier meeting.",
        FixAction.ADD_ACTIVITY,
    )


def _has_contact(s: Situation) -> _Outcome:
    """The switch for a tick; in automatic sync E13 says the same and more."""
    if s.policy.unmatched_manual:
        return _met()
    if s.facts.attendee_matches is None:
        return _unknown()
    if any(match.contact is not None for match in s.facts.attendee_matches):
        return _met()
    return _not_met(
        "Nobody invited is a contact in the CRM.",
        "Add somebody invited to the CRM first, or use Add Activity.",
        FixAction.ADD_ACTIVITY,
    )


_RULES = (
    _Rule(Reason.FIRM_SYNC_OFF, "Calendar sync is on for your firm.", _firm_sync),
    _Rule(Reason.MODE_NOT_ALLOWED, "This way of syncing is switched on.", _mode),
    _Rule(Reason.NO_ONLINE_SERVER, "An Exchange Online server is assigned.", _server),
    _Rule(Reason.USER_NOT_ENABLED, "This calendar is enabled for sync.", _enabled),
    _Rule(Reason.NOT_ORGANIZER, "The event is organized from this calendar.", _organizer),
    _Rule(Reason.PRIVATE_EVENT, "The event is not private or confidential.", _private),
    _Rule(Reason.RECURRING_EVENT, "The event does not repeat.", _recurring),
    _Rule(Reason.OUTSIDE_WINDOW, "The event lies within the sync period.", _window),
    _Rule(Reason.PRIVATE_CONTACT, "Nobody invited is a private contact.", _private_contact),
    _Rule(Reason.CANCELLED, "The event is not cancelled.", _cancelled),
    _Rule(
        Reason.EXTERNAL_ORGANIZER,
        "The organizer is a member of the firm.",
        _own_organizer,
        only_for=Origin.AUTOMATIC,
    ),
    _Rule(
        Reason.CREATED_BEFORE_ACTIVATION,
        "The event was created after sync was enabled.",
        _created_after,
        only_for=Origin.AUTOMATIC,
    ),
    _Rule(
        Reason.NO_SELECTED_CONTACT_TYPE,
        "Someone invited has a selected contact type.",
        _selected_type,
        only_for=Origin.AUTOMATIC,
    ),
    _Rule(
        Reason.OPTED_OUT,
        "The event was not taken out of the sync.",
        _not_opted_out,
        only_for=Origin.AUTOMATIC,
    ),
    _Rule(Reason.INTERNAL_ONLY, "Internal events may be synced.", _not_internal),
    _Rule(Reason.BLOCKED_ADDRESS, "Nobody invited is on a block list.", _not_blocked),
    _Rule(
        Reason.DRAFT_EVENT,
        "The invitations have been sent.",
        _not_draft,
        only_for=Origin.AUTOMATIC,
    ),
    _Rule(
        Reason.BEFORE_COMMENCEMENT,
        "The event ends after your firm's sync began.",
        _after_commencement,
    ),
    _Rule(
        Reason.NO_CONTACT,
        "Someone invited is a contact, or need not be.",
        _has_contact,
        only_for=Origin.MANUAL,
    ),
)
