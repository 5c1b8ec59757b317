"""What travels between mailboxes: invitations, updates, cancellations, responses.

Writes the copies of others and logs the mails; who may do what is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from backend.sandbox.directory import Group, Person
from backend.sandbox.exchange import ids, rooms, series, zones
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
    exchange.arrive(lambda: deliver_to_new(exchange, event, addresses, cause))


def deliver_to_new(
    exchange: Exchange, event: StoredEvent, addresses: list[str], cause: Cause
) -> None:
    """A copy for everybody behind the addresses who has none of this event."""
    for person in people_at(exchange, addresses):
        if person.id != event.owner_id and not _has_copy(exchange, person, event):
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
        exchange.arrive(lambda: spread(exchange, event, now, cause, moved=moved))


def _mail_exceptions(exchange: Exchange, event: StoredEvent, to: list[str], cause: Cause) -> None:
    """One more mail for each separately modified instance of an updated series."""
    for exception in series.exceptions(event) if event.kind is EventKind.MASTER else []:
        exchange.send(
            "update", event.mailbox.person.address, to, exception.fields["subject"], cause
        )


def spread(
    exchange: Exchange, event: StoredEvent, now: list[str], cause: Cause, *, moved: bool
) -> None:
    """Bring the copies of those invited up to date, make missing ones, cancel everybody else's."""
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
        _refresh(exchange, theirs, event, cause, moved=moved)
    deliver_to_new(exchange, event, now, cause)


def _refresh(
    exchange: Exchange, theirs: StoredEvent, event: StoredEvent, cause: Cause, *, moved: bool
) -> None:
    """Bring an attendee's copy up to date; new times ask for a new answer."""
    person = theirs.mailbox.person
    fields = {name: event.fields[name] for name in SHARED}
    response = _NOT_RESPONDED if moved else theirs.fields["responseStatus"]
    fields["responseStatus"] = response
    fields["attendees"] = seen_by(event.fields, person, response)
    fields["isCancelled"] = False
    rooms.mask(fields, event.fields, person)
    fresh = write(theirs, fields, event.start, event.end, cause)
    if moved and rooms.is_bookable(person):
        _room_answers(exchange, fresh, event, cause)


# --- cancelling and deleting --------------------------------------------------------------------


def cancel(exchange: Exchange, event: StoredEvent, cause: Cause, *, for_good: bool = False) -> None:
    """Mail a cancellation, mark the attendees' copies, take the organizer's copy away."""
    organizer = event.mailbox.person
    addresses = addresses_of_attendees(event.attendees, organizer)
    is_sent = not event.fields["isDraft"]
    if addresses and is_sent:
        subject = f"Canceled: {event.fields['subject']}"
        exchange.send("cancellation", organizer.address, addresses, subject, cause)
        exchange.arrive(lambda: _mark_copies_cancelled(exchange, event, cause))
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


def _mark_copies_cancelled(exchange: Exchange, event: StoredEvent, cause: Cause) -> None:
    for copy in exchange.copies_of(event.ical_uid):
        # Who was invited to a single instance loses it with the whole series as well.
        theirs = copy if _day_of(event) is None else _same_instance(copy, event)
        if copy.mailbox is not event.mailbox and theirs is not None:
            _mark_cancelled(theirs, cause)


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
    status = {"response": response, "time": zones.trimmed(exchange.now())}
    exchange.arrive(lambda: _note_answers(exchange, event, status, cause))


def _note_answers(exchange: Exchange, event: StoredEvent, status: Json, cause: Cause) -> None:
    theirs = organizers_copy(exchange, event)
    if theirs is not None:
        _note_answer(theirs, event.mailbox.person, status, cause)


def _note_answer(copy: StoredEvent, person: Person, status: Json, cause: Cause) -> None:
    attendees = with_status(copy.attendees, person, status)
    if attendees != copy.attendees:
        write(copy, {"attendees": attendees}, None, None, cause)


def _room_answers(
    exchange: Exchange, theirs: StoredEvent, event: StoredEvent, cause: Cause
) -> None:
    """A room accepts, or declines what comes second; a declined meeting leaves its calendar."""
    room = theirs.mailbox.person
    is_refused = exchange.rooms_decline and rooms.is_taken(theirs.mailbox, theirs)
    response = "declined" if is_refused else "accepted"
    status = {"response": response, "time": zones.trimmed(theirs.modified)}
    if is_refused:
        _remove(theirs, cause)
    else:
        attendees = with_status(theirs.attendees, room, status)
        fields = {"responseStatus": status, "showAs": "busy", "attendees": attendees}
        write(theirs, fields, None, None, cause)
    if not event.is_deleted:
        _note_answer(event, room, status, cause)
    subject = f"{_SUBJECT_OF_RESPONSE[response]}: {event.fields['subject']}"
    exchange.send("response", room.address, [event.mailbox.person.address], subject, cause)


# --- copies -------------------------------------------------------------------------------------


def _deliver(exchange: Exchange, person: Person, event: StoredEvent, cause: Cause) -> None:
    times = (event.start, event.end)
    copy = _add_copy(exchange, person, event.fields, times, uid=event.ical_uid, cause=cause)
    if rooms.is_bookable(person):
        _room_answers(exchange, copy, event, cause)


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
    rooms.mask(theirs, fields, person)
    return exchange.mailbox(person.id, populate=False).add(
        kind=EventKind.MASTER if fields["recurrence"] else EventKind.SINGLE,
        ical_uid=uid,
        fields=theirs,
        start=times[0],
        end=times[1],
        cause=cause,
        lag=exchange.new_copy_lag(cause),
    )


def organizers_copy(exchange: Exchange, event: StoredEvent) -> StoredEvent | None:
    """What corresponds to the event in its organizer's mailbox, if that is one of ours."""
    for copy in exchange.copies_of(event.ical_uid):
        if copy.is_organizer:
            return _same_instance(copy, event)
    return None


def _day_of(event: StoredEvent) -> date | None:
    """Which instance of a series this is; also for a copy of somebody invited to that one only."""
    return event.day or ids.instance_day(event.ical_uid)


def _same_instance(copy: StoredEvent, event: StoredEvent) -> StoredEvent | None:
    """What corresponds to the event in another mailbox's copy of the same meeting."""
    day, own_day = _day_of(event), _day_of(copy)
    if day == own_day:
        return copy
    return series.instance(copy, day) if day is not None and own_day is None else None


def _has_copy(exchange: Exchange, person: Person, event: StoredEvent) -> bool:
    """Whether the person has this very event, or the series it belongs to."""
    wanted = (None, _day_of(event))
    return any(
        copy.owner_id == person.id and _day_of(copy) in wanted
        for copy in exchange.copies_of(event.ical_uid)
    )
