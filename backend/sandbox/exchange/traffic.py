"""What travels between mailboxes: invitations, updates, cancellations, responses.

Writes the copies of others and logs the mails; who may do what is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from backend.sandbox.directory import Group, Person
from backend.sandbox.exchange import series, zones
from backend.sandbox.exchange.model import Cause, ChangeKind, EventKind, Json, StoredEvent
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
_NOBODY: Json = {"response": "none", "time": zones.NO_TIME}
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


def prepared(exchange: Exchange, attendees: list[Json], owner: Person | None) -> list[Json]:
    """Attendees as sent, named as in the directory; the organizer among them is marked."""
    return [_prepared(exchange, entry, owner) for entry in attendees]


def _prepared(exchange: Exchange, entry: Json, owner: Person | None) -> Json:
    address = entry["emailAddress"]
    if owner is not None and address_of(entry) == owner.address.casefold():
        status = {"response": "organizer", "time": zones.NO_TIME}
        entry = {**entry, "status": status}
    if address["name"] != address["address"]:
        return entry
    known = exchange.directory.by_address(address["address"])
    if known is None:
        return entry
    return {**entry, "emailAddress": {"name": known.name, "address": address["address"]}}


def keep_responses(exchange: Exchange, attendees: list[Json], event: StoredEvent) -> list[Json]:
    """A list of attendees that was sent in, with the answers known before."""
    known = {address_of(entry): entry["status"] for entry in event.attendees}
    kept = [{**entry, "status": known.get(address_of(entry), _NOBODY)} for entry in attendees]
    return prepared(exchange, kept, event.mailbox.person if event.is_organizer else None)


def invite(exchange: Exchange, event: StoredEvent, invited: list[Json], cause: Cause) -> None:
    """Send an invitation for a single event or series, and put copies into mailboxes."""
    organizer = event.mailbox.person
    addresses = _addresses(invited, organizer)
    exchange.send("invitation", organizer.address, addresses, event.fields["subject"], cause)
    for person in _people(exchange, addresses):
        if person.id != organizer.id and _copy_of(exchange, person, event) is None:
            _deliver(exchange, person, event, cause)


def deliver_from_outside(
    exchange: Exchange, fields: Json, timing: Timing, uid: str, cause: Cause
) -> list[StoredEvent]:
    """Put copies of a meeting that somebody outside organizes into the invited mailboxes."""
    addresses = [address_of(entry) for entry in fields["attendees"]]
    return [
        _add_copy(exchange, person, fields, (timing.start, timing.end), uid=uid, cause=cause)
        for person in _people(exchange, addresses)
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
    was, now = _addresses(old, organizer), _addresses(new, organizer)
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
    invited = {person.id: person for person in _people(exchange, now)}
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
    fields["attendees"] = _masked(event.fields, person, response)
    fields["isCancelled"] = False
    _mask_for_room(fields, event.fields, person)
    fresh = write(theirs, fields, event.start, event.end, cause)
    if moved and person.purpose in ("room", "equipment"):
        _room_accepts(fresh, event, cause)


# --- cancelling and deleting --------------------------------------------------------------------


def cancel(exchange: Exchange, event: StoredEvent, cause: Cause, *, for_good: bool = False) -> None:
    """Mail a cancellation, mark the attendees' copies, take the organizer's copy away."""
    organizer = event.mailbox.person
    addresses = _addresses(event.attendees, organizer)
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
        "attendees": _with_status(event.attendees, event.mailbox.person, status),
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
    attendees = _with_status(copy.attendees, person, status)
    if attendees != copy.attendees:
        write(copy, {"attendees": attendees}, None, None, cause)


def _room_accepts(theirs: StoredEvent, event: StoredEvent, cause: Cause) -> None:
    room = theirs.mailbox.person
    status = {"response": "accepted", "time": zones.trimmed(theirs.modified)}
    attendees = _with_status(theirs.attendees, room, status)
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
        "attendees": _masked(fields, person, _NOT_RESPONDED),
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


def _masked(fields: Json, person: Person, response: Json) -> list[Json]:
    """The attendees as one of them sees them: only his own answer, alone if they are hidden."""
    own = _addresses_of(person)
    seen: list[Json] = []
    for entry in fields["attendees"]:
        if address_of(entry) in own:
            seen.append({**entry, "status": response})
        elif not fields["hideAttendees"]:
            is_blank = entry["status"] == _NOBODY
            seen.append(entry if is_blank else {**entry, "status": _NOBODY})
    return seen


def _with_status(attendees: list[Json], person: Person, status: Json) -> list[Json]:
    own = _addresses_of(person)
    return [
        {**entry, "status": status} if address_of(entry) in own else entry for entry in attendees
    ]


def _same_instance(copy: StoredEvent, event: StoredEvent) -> StoredEvent | None:
    """What corresponds to the event in another mailbox's copy of the same meeting."""
    return copy if event.day is None else series.instance(copy, event.day)


def _copy_of(exchange: Exchange, person: Person, event: StoredEvent) -> StoredEvent | None:
    mailbox = exchange.mailboxes.get(person.id)
    found = mailbox.with_uid(event.ical_uid) if mailbox else []
    return found[0] if found else None


# --- addresses ----------------------------------------------------------------------------------


def address_of(attendee: Json) -> str:
    """An attendee's address as it is compared."""
    return str(attendee["emailAddress"]["address"]).strip().casefold()


def _addresses(attendees: Iterable[Json], organizer: Person) -> list[str]:
    own = _addresses_of(organizer)
    found = [address_of(entry) for entry in attendees]
    return list(dict.fromkeys(address for address in found if address not in own))


def _addresses_of(person: Person) -> set[str]:
    proxies = [address.split(":", 1)[-1] for address in person.proxy_addresses]
    return {address.casefold() for address in (person.address, person.upn, *proxies) if address}


def _people(exchange: Exchange, addresses: Iterable[str]) -> list[Person]:
    """The people with mailboxes behind the addresses, members of groups included, each once."""
    found: dict[str, Person] = {}
    for address in addresses:
        entry = exchange.directory.by_address(address)
        if isinstance(entry, Group):
            for person in _members(exchange, entry, set()):
                found[person.id] = person
        elif entry is not None:
            found[entry.id] = entry
    return [person for person in found.values() if person.has_mailbox]


def _members(exchange: Exchange, group: Group, seen: set[str]) -> list[Person]:
    seen.add(group.id)
    tenant = exchange.directory.tenants[group.tenant_id]
    people: list[Person] = []
    for member_id in group.member_ids:
        inner = tenant.groups.get(member_id)
        if inner is not None and inner.id not in seen:
            people.extend(_members(exchange, inner, seen))
        elif member_id in tenant.people:
            people.append(tenant.people[member_id])
    return people
