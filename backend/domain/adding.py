"""Add Activity (T6): what a person's form makes of an event, the draft of an ``added`` record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from backend.domain.crm import (
    ActivityDraft,
    Additions,
    AttendeeMatch,
    MatchedContact,
    SyncStatus,
    UnmatchedAttendee,
)
from backend.domain.errors import RuleError
from backend.domain.event import Attendee, Event, Person, normalised_address
from backend.domain.mapping import draft_for
from backend.domain.policy import Policy
from backend.domain.rules import Reason


@dataclass(frozen=True, slots=True)
class ChosenPerson:
    """Somebody on the form: a contact, or only a name and an address."""

    name: str
    address: str
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class ActivityForm:
    """What a person sends: all of it replaces what the event says. Moments are aware UTC."""

    subject: str
    type: str
    start: datetime
    end: datetime
    all_day: bool = False
    start_date: date | None = None
    end_date: date | None = None
    """Exclusive, as everywhere."""
    location: str = ""
    people: tuple[ChosenPerson, ...] = ()
    new_contacts: tuple[ChosenPerson, ...] = ()
    """People of the form that shall become contacts first."""
    include_description: bool = True
    additions: Additions = field(default_factory=Additions)


def refuse_private(event: Event) -> None:
    """A private meeting is never written down, by whomever (T6, E6).

    Raises: RuleError with code ``private_event``.
    """
    if event.is_private:
        raise RuleError(
            "Private events are never added to the CRM.", code=Reason.PRIVATE_EVENT.value
        )


def proposed_draft(
    event: Event,
    matches: Sequence[AttendeeMatch],
    policy: Policy,
    *,
    author: Person,
    owner_oid: str,
    activity_type: str | None,
) -> ActivityDraft:
    """The form as it opens: everything the event says, with the firm's choices."""
    return replace(
        draft_for(event, matches, policy, owner_oid=owner_oid, activity_type=activity_type),
        assigned_to=author,
        sync_status=SyncStatus.NOT_SYNCED,
    )


def added_draft(
    event: Event,
    form: ActivityForm,
    contact_ids: Mapping[str, str],
    *,
    author: Person,
    owner_oid: str,
) -> ActivityDraft:
    """The record that ``form`` asks for; what the form cannot change comes from the event.

    ``contact_ids``: the contacts made for ``form.new_contacts``, by normalised address.

    Raises: RuleError with code ``invalid_request`` for times that make no sense.
    """
    _demand_sensible_times(form)
    attendees = {normalised_address(a.address): a for a in event.attendees if a.address}
    contacts: dict[str, MatchedContact] = {}
    unmatched: list[UnmatchedAttendee] = []
    for person in (*form.people, *form.new_contacts):
        address = normalised_address(person.address)
        contact_id = person.contact_id or contact_ids.get(address)
        response, attendance = _attendance(attendees.get(address))
        if contact_id is not None:
            contacts.setdefault(
                contact_id,
                MatchedContact(contact_id, person.name, person.address, response, attendance),
            )
        else:
            unmatched.append(UnmatchedAttendee(person.name, person.address, response, attendance))
    seen = draft_for(event, (), Policy(include_description=form.include_description), owner_oid="")
    return replace(
        seen,
        subject=form.subject.strip(),
        type=form.type,
        start=form.start,
        end=form.end,
        all_day=form.all_day,
        start_date=form.start_date if form.all_day else None,
        end_date=form.end_date if form.all_day else None,
        location=form.location,
        contacts=tuple(contacts.values()),
        unmatched=tuple(dict.fromkeys(unmatched)),
        assigned_to=author,
        owner_id=owner_oid,
        sync_status=SyncStatus.NOT_SYNCED,
    )


def _attendance(attendee: Attendee | None) -> tuple[str, str]:
    """Whoever was not invited took part without an answer."""
    if attendee is None:
        return "none", "required"
    return attendee.response, attendee.type.value


def _demand_sensible_times(form: ActivityForm) -> None:
    if form.end < form.start:
        raise RuleError("The activity ends before it starts.", code="invalid_request")
    if not form.all_day:
        return
    if form.start_date is None or form.end_date is None or form.end_date <= form.start_date:
        raise RuleError("An all-day activity needs its days.", code="invalid_request")
