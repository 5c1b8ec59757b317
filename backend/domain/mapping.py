"""Event → record (M): the draft of what Outlook fills in, and its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime

from backend.domain.crm import (
    ActivityDraft,
    ActivityStatus,
    AttendeeMatch,
    MatchedContact,
    UnmatchedAttendee,
)
from backend.domain.erasure import ErasedPeople
from backend.domain.event import AttendeeType, Event
from backend.domain.policy import Policy

NO_SUBJECT = "(no subject)"
_NO_ANSWER = frozenset({"none", "notResponded"})


def draft_for(
    event: Event,
    matches: Sequence[AttendeeMatch],
    policy: Policy,
    *,
    owner_oid: str,
    activity_type: str | None = None,
) -> ActivityDraft:
    """What the CRM should hold of ``event``. Private events (where allowed) lose all people.

    Nobody who was erased is in it (X6).
    """
    erased = policy.erased
    people = () if event.is_private else tuple(m for m in matches if not _is_erased(m, erased))
    organizer = event.organizer
    return ActivityDraft(
        subject=erased.taken_out_of(event.subject.strip()) or NO_SUBJECT,
        type=activity_type or policy.activity_type,
        description=erased.taken_out_of(event.body_text or "")
        if policy.include_description
        else "",
        start=event.start,
        end=event.end,
        all_day=event.all_day,
        start_date=event.start_date,
        end_date=event.end_date,
        time_zone=event.time_zone,
        location=erased.taken_out_of(_places(event)) if policy.include_location else "",
        resources=rooms_of(event) if policy.include_location else (),
        status=ActivityStatus.CANCELLED if event.is_cancelled else ActivityStatus.CONFIRMED,
        contacts=_contacts(people),
        unmatched=tuple(
            UnmatchedAttendee(
                name=m.attendee.name,
                address=m.attendee.address,
                response=m.attendee.response,
                attendance=m.attendee.type.value,
            )
            for m in people
            if m.match in ("unmatched", "group")
        ),
        assigned_to=None if organizer and erased.holds(organizer.address) else organizer,
        owner_id=owner_oid,
        event_id=event.id,
        ical_uid=event.ical_uid,
        recurring=event.is_recurring,
        web_link=event.web_link,
        online_meeting=event.online_meeting,
        show_as=policy.show_as_values.get(event.show_as, event.show_as),
        importance=event.importance,
        private=event.is_private,
        reminder_minutes=event.reminder_minutes if policy.include_reminder else None,
    )


def _is_erased(match: AttendeeMatch, erased: ErasedPeople) -> bool:
    """By any address: the one he was invited under, or another one of the contact's."""
    emails = match.contact.emails if match.contact is not None else ()
    return any(erased.holds(address) for address in (match.attendee.address, *emails))


def _places(event: Event) -> str:
    return "; ".join(loc.name for loc in event.locations if loc.name)


def _contacts(people: Sequence[AttendeeMatch]) -> tuple[MatchedContact, ...]:
    """One entry for each contact, in the order of the invitation.

    Somebody who is invited under two of his addresses is there once, as the one who answered.
    """
    found: dict[str, MatchedContact] = {}
    for match in people:
        contact, attendee = match.contact, match.attendee
        if match.match != "matched" or contact is None:
            continue
        known = found.get(contact.id)
        if known is None or (known.response in _NO_ANSWER and attendee.response not in _NO_ANSWER):
            found[contact.id] = MatchedContact(
                contact_id=contact.id,
                name=contact.name,
                address=attendee.address,
                response=attendee.response,
                attendance=attendee.type.value,
            )
    return tuple(found.values())


def rooms_of(event: Event) -> tuple[str, ...]:
    """Rooms and equipment by name, from the locations and from resource attendees, each once."""
    names = [loc.name for loc in event.locations if loc.is_room and loc.name]
    names += [a.name or a.address for a in event.attendees if a.type is AttendeeType.RESOURCE]
    return tuple(dict.fromkeys(names))


def fingerprint(draft: ActivityDraft) -> str:
    """A hash of everything in the draft: equal means there is nothing to write."""
    text = json.dumps(asdict(draft), default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def changed_fields(before: ActivityDraft, after: ActivityDraft) -> tuple[str, ...]:
    """Names of the fields that differ, in the draft's order; never their values (X4)."""
    names = (field.name for field in fields(ActivityDraft))
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
