"""What travels between mailboxes: invitations, updates, cancellations, responses.

Writes the copies of others and logs the mails; who may do what is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from backend.sandbox.directory import Group, Person
from backend.sandbox.exchange import series, zones
from backend.sandbox.exchange.model import Cause, ChangeKind, EventKind, Json, StoredEvent
from backend.sandbox.exchange.recipients import (
    address_of,
    addresses_of_attendees,
    people_at,
    seen_by,
    with_status,
)
from backend.sandbox.exchange.timing import Timing

if TYPE_CHECKING:
    from backend.sandbox.exchange.store import Exchange

# What an organizer's copy shares with the attendees' copies; the rest is private to each copy.
SHARED = (
    "subject",
    "body",
    "bodyPreview",
    "importance",
    "sensitivity",
    "isAllDay",
    "recurrence",
    "location",
    "locations",
    "originalStartTimeZone",
    "originalEndTimeZone",
    "hideAttendees",
    "isOnlineMeeting",
    "onlineMeetingProvider",
    "onlineMeeting",
    "responseRequested",
    "allowNewTimeProposals",
)
_NOT_RESPONDED: Json = {"response": "notResponded", "time": zones.NO_TIME}
_SHOW_AS = {"accepted": "busy", "tentativelyAccepted": "tentative"}
_SUBJECT_OF_RESPONSE = {
    "accepted": "Accepted",
    "tentativelyAccepted": "Tentative",
    "declined": "Declined",
}


@dataclass(frozen=True, slots=True)
class Before:
    """What an event was like before a change."""

    fields: Json
    start: datetime
    end: datetime

    @classmethod
    def of(cls, event: StoredEvent) -> Before:
        """The event as it is now."""
        return cls(event.fields, event.start, event.end)


def write(
    event: StoredEvent,
    fields: Json,
    start: datetime | None,
    end: datetime | None,
    cause: Cause | None,
) -> StoredEvent:
    """Write values into a copy or an instance and record it; answers what is there now."""
    if event.master is not None:
        fields.pop("recurrence", None)
        event = series.change_instance(event, fields, start, end)
    else:
        _write_whole(event, fields, start, end)
    event.mailbox.record_change(ChangeKind.UPDATED, event, cause)
    return event


def _write_whole(
    event: StoredEvent, fields: Json, start: datetime | None, end: datetime | None
) -> None:
    recurrence = fields.get("recurrence", event.fields["recurrence"])
    is_moved = (start or event.start, end or event.end) != (event.start, event.end)
    if recurrence != event.fields["recurrence"] or is_moved:
        series.forget_exceptions(event)
    event.fields = {**event.fields, **fields}
    event.start = start or event.start
    event.end = end or event.end
    event.kind = EventKind.MASTER if recurrence else EventKind.SINGLE


# --- organizer to attendees ---------------------------------------------------------------------


def invite(exchange: Exchange, event: StoredEvent, invited: list[Json], cause: Cause) -> None:
    """Send an invitation for a single event or series, and put copies into mailboxes."""
    organizer = event.mailbox.person
    addresses = addresses_of_attendees(invited, organizer)
    exchange.send("invitation", organizer.address, addresses, event.fields["subject"], cause)
    for person in people_at(exchange, addresses):
        if person.id != organizer.id and _copy_of(exchange, person, event) is None:
            _deliver(exchange, person, event, cause)


def deliver_from_outside(
    exchange: Exchange, fields: Json, timing: Timing, uid: str, cause: Cause
) -> list[StoredEvent]:
    """Put copies of a meeting that somebody outside organizes into the invited mailboxes."""
    addresses = [address_of(entry) for entry in fields["attendees"]]
    return [
        _add_copy(exchange, person, fields, (timing.start, timing.end), uid=uid, cause=cause)
        for person in people_at(exchange, addresses)
    ]


def tell_attendees(exchange: Exchange, event: StoredEvent, before: Before, cause: Cause) -> None:
    """Send what changed in an organizer's copy to those concerned; personal changes send nothing.

    A change of attendees alone is mailed only to those added and removed (Graph docs: event
    update); removing somebody who was in through a group is mailed to everybody.
    """
    old, new = before.fields["attendees"], event.attendees
    if not event.is_organizer or event.fields["isDraft"] or not (old or new):
        return
    organizer = event.mailbox.person
    was, now = addresses_of_attendees(old, organizer), addresses_of_attendees(new, organizer)
    added = [address for address in now if address not in was]
    removed = [address for address in was if address not in now]
    moved = (before.start, before.end) != (event.start, event.end)
    changed = moved or any(before.fields[name] != event.fields[name] for name in SHARED)
    subject = event.fields["subject"]
    if removed:
        exchange.send("cancellation", organizer.address, removed, f"Canceled: {subject}", cause)
    if added:
        exchange.send("invitation", organizer.address, added, subject, cause)
    staying = [address for address in now if address in was]
    if changed or any(isinstance(exchange.directory.by_address(gone), Group) for gone in removed):
        exchange.send("update", organizer.address, staying, subject, cause)
        _mail_exceptions(exchange, event, staying, cause)
    if changed or added or removed:
        _spread(exchange, event, now, cause, moved=moved)


def _mail_exceptions(exchange: Exchange, event: StoredEvent, to: list[str], cause: Cause) -> None:
    """One more mail for each separately modified instance of an updated series."""
    for exception in series.exceptions(event) if event.kind is EventKind.MASTER else []:
        exchange.send(
            "update", event.mailbox.person.address, to, exception.fields["subject"], cause
        )


def _spread(
    exchange: Exchange, event: StoredEvent, now: list[str], cause: Cause, *, moved: bool
) -> None:
    invited = {person.id: person for person in people_at(exchange, now)}
    for copy in exchange.copies_of(event.ical_uid):
        if copy.mailbox is event.mailbox:
            continue
        theirs = _same_instance(copy, event)
        if theirs is None:
            continue
        if copy.owner_id not in invited:
            _mark_cancelled(theirs, cause)
            continue
        _refresh(theirs, event, cause, moved=moved)
    if event.master is None:
        for person in invited.values():
            if person.id != event.owner_id and _copy_of(exchange, person, event) is None:
                _deliver(exchange, person, event, cause)


def _refresh(theirs: StoredEvent, event: StoredEvent, cause: Cause, *, moved: bool) -> None:
    """Bring an attendee's copy up to date; new times ask for a new answer."""
    person = theirs.mailbox.person
    fields = {name: event.fields[name] for name in SHARED}
    response = _NOT_RESPONDED if moved else theirs.fields["responseStatus"]
    fields["responseStatus"] = response
    fields["attendees"] = seen_by(event.fields, person, response)
    fields["isCancelled"] = False
    _mask_for_room(fields, event.fields, person)
    fresh = write(theirs, fields, event.start, event.end, cause)
    if moved and person.purpose in ("room", "equipment"):
        _room_accepts(fresh, event, cause)


# --- cancelling and deleting --------------------------------------------------------------------


def cancel(exchange: Exchange, event: StoredEvent, cause: Cause, *, for_good: bool = False) -> None:
    """Mail a cancellation, mark the attendees' copies, take the organizer's copy away."""
    organizer = event.mailbox.person
    addresses = addresses_of_attendees(event.attendees, organizer)
    is_sent = not event.fields["isDraft"]
    if addresses and is_sent:
        subject = f"Canceled: {event.fields['subject']}"
        exchange.send("cancellation", organizer.address, addresses, subject, cause)
        for copy in exchange.copies_of(event.ical_uid):
            theirs = _same_instance(copy, event)
            if copy.mailbox is not event.mailbox and theirs is not None:
                _mark_cancelled(theirs, cause)
    if event.master is None and addresses:
        event.fields = {**event.fields, "isCancelled": True}
    _remove(event, cause, for_good=for_good)


def delete(exchange: Exchange, event: StoredEvent, cause: Cause, *, for_good: bool = False) -> None:
    """The owner deletes his copy or one instance of it."""
    if event.is_organizer:
        cancel(exchange, event, cause, for_good=for_good)
        return
    is_open = not event.fields["isCancelled"] and event.fields["responseRequested"]
    if is_open and event.end > exchange.now():
        _answer(exchange, event, "declined", cause)
    _remove(event, cause, for_good=for_good)


def _remove(event: StoredEvent, cause: Cause, *, for_good: bool = False) -> None:
    master, day = event.master, event.day
    if master is None or day is None:
        event.mailbox.remove(event, cause, for_good=for_good)
        return
    event.mailbox.record_change(ChangeKind.DELETED, event, cause)
    master.cancelled.add(day)
    master.overrides.pop(day, None)
    master.instances.pop(day, None)


def _mark_cancelled(theirs: StoredEvent, cause: Cause) -> None:
    if theirs.fields["isCancelled"]:
        return
    subject = f"Canceled: {theirs.fields['subject']}"
    write(theirs, {"isCancelled": True, "subject": subject, "showAs": "free"}, None, None, cause)


# --- attendee to organizer ----------------------------------------------------------------------


def respond(
    exchange: Exchange, event: StoredEvent, response: str, cause: Cause, *, send_response: bool
) -> None:
    """An attendee answers; a declined meeting leaves his calendar, as Outlook does it."""
    if send_response:
        _answer(exchange, event, response, cause)
    if response == "declined":
        _remove(event, cause)
        return
    status = {"response": response, "time": zones.trimmed(exchange.now())}
    fields = {
        "responseStatus": status,
        "showAs": _SHOW_AS[response],
        "attendees": with_status(event.attendees, event.mailbox.person, status),
    }
    write(event, fields, None, None, cause)


def _answer(exchange: Exchange, event: StoredEvent, response: str, cause: Cause) -> None:
    """Mail the answer and write it down on the organizer's copy, and only there."""
    person = event.mailbox.person
    organizer = event.fields["organizer"]["emailAddress"]["address"]
    subject = f"{_SUBJECT_OF_RESPONSE[response]}: {event.fields['subject']}"
    exchange.send("response", person.address, [organizer], subject, cause)
    for copy in exchange.copies_of(event.ical_uid):
        theirs = _same_instance(copy, event) if copy.is_organizer else None
        if theirs is not None:
            status = {"response": response, "time": zones.trimmed(exchange.now())}
            _note_answer(theirs, person, status, cause)


def _note_answer(copy: StoredEvent, person: Person, status: Json, cause: Cause) -> None:
    attendees = with_status(copy.attendees, person, status)
    if attendees != copy.attendees:
        write(copy, {"attendees": attendees}, None, None, cause)


def _room_accepts(theirs: StoredEvent, event: StoredEvent, cause: Cause) -> None:
    room = theirs.mailbox.person
    status = {"response": "accepted", "time": zones.trimmed(theirs.modified)}
    attendees = with_status(theirs.attendees, room, status)
    write(
        theirs,
        {"responseStatus": status, "showAs": "busy", "attendees": attendees},
        None,
        None,
        cause,
    )
    _note_answer(event, room, status, cause)


# --- copies -------------------------------------------------------------------------------------


def _deliver(exchange: Exchange, person: Person, event: StoredEvent, cause: Cause) -> None:
    times = (event.start, event.end)
    copy = _add_copy(exchange, person, event.fields, times, uid=event.ical_uid, cause=cause)
    if person.purpose in ("room", "equipment"):
        _room_accepts(copy, event, cause)
        exchange.send(
            "response",
            person.address,
            [event.mailbox.person.address],
            f"Accepted: {event.fields['subject']}",
            cause,
        )


def _add_copy(
    exchange: Exchange,
    person: Person,
    fields: Json,
    times: tuple[datetime, datetime],
    *,
    uid: str,
    cause: Cause,
) -> StoredEvent:
    """An invitation arrives: unanswered, tentative, without the organizer's personal touches."""
    theirs = {
        **fields,
        "categories": [],
        "transactionId": None,
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": True,
        "isOrganizer": False,
        "responseStatus": _NOT_RESPONDED,
        "showAs": "tentative" if fields["showAs"] != "free" else "free",
        "attendees": seen_by(fields, person, _NOT_RESPONDED),
    }
    _mask_for_room(theirs, fields, person)
    return exchange.mailbox(person.id, populate=False).add(
        kind=EventKind.MASTER if fields["recurrence"] else EventKind.SINGLE,
        ical_uid=uid,
        fields=theirs,
        start=times[0],
        end=times[1],
        cause=cause,
        lag=exchange.new_copy_lag(cause),
    )


def _mask_for_room(theirs: Json, fields: Json, person: Person) -> None:
    """Rooms show the organizer's name as subject and no body (their default booking policy)."""
    if person.purpose not in ("room", "equipment"):
        return
    theirs["subject"] = fields["organizer"]["emailAddress"]["name"]
    theirs["body"], theirs["bodyPreview"] = {"contentType": "html", "content": ""}, ""


def _same_instance(copy: StoredEvent, event: StoredEvent) -> StoredEvent | None:
    """What corresponds to the event in another mailbox's copy of the same meeting."""
    return copy if event.day is None else series.instance(copy, event.day)


def _copy_of(exchange: Exchange, person: Person, event: StoredEvent) -> StoredEvent | None:
    mailbox = exchange.mailboxes.get(person.id)
    found = mailbox.with_uid(event.ical_uid) if mailbox else []
    return found[0] if found else None
