"""Between an activity's row and the domain's values; reads and writes no database itself."""

from __future__ import annotations

from datetime import datetime

from backend.crm.identifiers import new_revision
from backend.crm.models import ADDRESS_LENGTH, ActivityRow
from backend.crm.text import folded, storable
from backend.domain.crm import (
    Activity,
    ActivityDraft,
    ActivityKind,
    ActivityStatus,
    MatchedContact,
    Reference,
    ReferenceKind,
    SyncStatus,
    UnmatchedAttendee,
)
from backend.domain.event import OnlineMeeting, Person, normalised_address

_LONGEST_TYPE = 200
"""As the API takes: the type is part of an index, and PostgreSQL's have an end."""


def draft_of(row: ActivityRow) -> ActivityDraft:
    """The Outlook-filled fields of ``row``."""
    online = row.online_meeting
    return ActivityDraft(
        subject=row.subject,
        start=row.start_at,
        end=row.end_at,
        type=row.type,
        description=row.description,
        all_day=row.all_day,
        start_date=row.start_date,
        end_date=row.end_date,
        time_zone=row.time_zone,
        location=row.location,
        resources=tuple(row.resources),
        status=ActivityStatus(row.status),
        contacts=tuple(MatchedContact(**contact) for contact in row.contacts),
        unmatched=tuple(UnmatchedAttendee(**attendee) for attendee in row.unmatched),
        assigned_to=_person(row.assigned_to),
        owner_id=row.owner_id,
        event_id=row.event_id,
        ical_uid=row.ical_uid,
        recurring=row.recurring,
        web_link=row.web_link,
        online_meeting=OnlineMeeting(online["provider"], online["join_url"]) if online else None,
        show_as=row.show_as,
        importance=row.importance,
        private=row.private,
        reminder_minutes=row.reminder_minutes,
        sync_status=SyncStatus(row.sync_status),
    )


def activity_of(row: ActivityRow) -> Activity:
    return Activity(
        id=row.id,
        external_key=row.external_key,
        kind=ActivityKind(row.kind),
        draft=draft_of(row),
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
        edited_by=_person(row.edited_by),
        notes=row.notes,
        company_ids=tuple(row.company_ids),
        opportunity_ids=tuple(row.opportunity_ids),
        initiative_ids=tuple(row.initiative_ids),
        regarding=regarding_of(row),
        visibility=row.visibility,
        removed=row.removed_at is not None,
    )


def regarding_of(row: ActivityRow) -> Reference | None:
    """The one thing the record is about."""
    if row.regarding_kind is None or row.regarding_id is None:
        return None
    return Reference(ReferenceKind(row.regarding_kind), row.regarding_id)


def fill(row: ActivityRow, draft: ActivityDraft, now: datetime, *, by: Person | None) -> None:
    """Write the Outlook-filled fields; always a new revision. ``by`` is ``None`` for the sync."""
    row.subject = storable(draft.subject)
    row.description = storable(draft.description)
    row.type = storable(draft.type)[:_LONGEST_TYPE]
    row.start_at = draft.start
    row.end_at = draft.end
    row.all_day = draft.all_day
    row.start_date = draft.start_date
    row.end_date = draft.end_date
    row.time_zone = _storable_or_none(draft.time_zone)
    row.location = storable(draft.location)
    row.resources = [storable(resource) for resource in draft.resources]
    row.status = draft.status
    row.contacts = [
        {"contact_id": contact.contact_id, **_attendance(contact)} for contact in draft.contacts
    ]
    row.unmatched = [_attendance(attendee) for attendee in draft.unmatched]
    row.assigned_to = _stored_person(draft.assigned_to)
    row.originator = originator_of(draft.assigned_to)
    row.owner_id = draft.owner_id
    row.event_id = draft.event_id
    row.ical_uid = draft.ical_uid
    row.recurring = draft.recurring
    row.web_link = _storable_or_none(draft.web_link)
    row.online_meeting = _stored_meeting(draft.online_meeting)
    row.show_as = storable(draft.show_as)
    row.importance = storable(draft.importance)
    row.private = draft.private
    row.reminder_minutes = draft.reminder_minutes
    row.sync_status = draft.sync_status
    row.search_text = folded(row.subject, row.location)
    row.revision = new_revision()
    row.edited_by = _stored_person(by)
    row.updated_at = now


def originator_of(person: Person | None) -> str | None:
    """What lists are narrowed by: the address of whom it is assigned to, or only his name."""
    if person is None:
        return None
    known_as = normalised_address(person.address) or person.name.strip().casefold()
    return storable(known_as)[:ADDRESS_LENGTH] or None


def _attendance(attendee: MatchedContact | UnmatchedAttendee) -> dict[str, str]:
    return {
        "name": storable(attendee.name),
        "address": storable(attendee.address),
        "response": storable(attendee.response),
        "attendance": storable(attendee.attendance),
    }


def _stored_meeting(meeting: OnlineMeeting | None) -> dict[str, str | None] | None:
    if meeting is None:
        return None
    return {
        "provider": storable(meeting.provider),
        "join_url": _storable_or_none(meeting.join_url),
    }


def _stored_person(person: Person | None) -> dict[str, str] | None:
    if person is None:
        return None
    return {"name": storable(person.name), "address": storable(person.address)}


def _person(stored: dict[str, str] | None) -> Person | None:
    return Person(stored["name"], stored["address"]) if stored else None


def _storable_or_none(text: str | None) -> str | None:
    return None if text is None else storable(text)
