"""A planned event: who makes it, when it was made, what it says, what becomes of it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from backend.sandbox.directory import Person
from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.exchange.store import Cause, Exchange, StoredEvent
from backend.sandbox.sample.words import AGENDAS

Json = dict[str, Any]
LONDON = "GMT Standard Time"
BERLIN = "W. Europe Standard Time"
NEW_YORK = "Eastern Standard Time"


@dataclass(slots=True)
class Planned:
    """One event to be made; `organizer` outside the firms is name and address.

    `answers` are responses of invited people, `moved` and `dropped` days of a series whose
    occurrence was shifted or cancelled, `cancelled` calls the whole meeting off.
    """

    made_at: datetime
    organizer: Person | tuple[str, str]
    body: Json
    answers: list[tuple[Person, str]] = field(default_factory=list)
    cancelled: bool = False
    draft: bool = False
    moved: list[date] = field(default_factory=list)
    dropped: list[date] = field(default_factory=list)


def carry_out(exchange: Exchange, plans: list[Planned], now: datetime) -> None:
    """Make the events in the order they were made in, as if it had happened then."""
    for plan in sorted(plans, key=lambda planned: planned.made_at):
        _make(exchange, plan, now)


def _make(exchange: Exchange, plan: Planned, now: datetime) -> None:
    later = min(plan.made_at + timedelta(hours=5), now)
    with exchange.quietly(plan.made_at):
        if isinstance(plan.organizer, tuple):
            name, address = plan.organizer
            sender = {"name": name, "address": address}
            copies = exchange.receive_invitation(sender, plan.body, Cause())
            uid = copies[0].ical_uid if copies else ""
        else:
            cause = Cause(user_id=plan.organizer.id)
            event = exchange.create_event(plan.organizer, plan.body, cause, draft=plan.draft)
            uid = event.ical_uid
    with exchange.quietly(later):
        for person, answer in plan.answers:
            _answer(exchange, uid, person, answer)
        if isinstance(plan.organizer, Person):
            _change_series(exchange, plan, plan.organizer, event)
            if plan.cancelled:
                cause = Cause(user_id=plan.organizer.id)
                exchange.cancel_event(plan.organizer, event.id, "", cause)


def _answer(exchange: Exchange, uid: str, person: Person, answer: str) -> None:
    for copy in exchange.copies_of(uid):
        if copy.owner_id == person.id and not copy.is_organizer:
            exchange.respond(person, copy.id, answer, Cause(user_id=person.id))
            return


def _change_series(
    exchange: Exchange, plan: Planned, organizer: Person, master: StoredEvent
) -> None:
    """Shift or cancel single occurrences; days without one are left alone."""
    cause = Cause(user_id=organizer.id)
    for day in [*plan.moved, *plan.dropped]:
        begin = datetime.combine(day, time(0), master.start.tzinfo)
        for instance in exchange.mailbox(organizer.id).view(
            begin, begin + timedelta(days=1), master.calendar_id
        ):
            if instance.master is not master:
                continue
            try:
                if day in plan.dropped:
                    exchange.cancel_event(organizer, instance.id, "", cause)
                else:
                    exchange.update_event(organizer, instance.id, _an_hour_later(instance), cause)
            except ExchangeError:
                continue


def _an_hour_later(instance: StoredEvent) -> Json:
    hour = timedelta(hours=1)
    return {
        "subject": f"{instance.fields['subject']} (moved)",
        "start": moment(instance.start + hour, "UTC"),
        "end": moment(instance.end + hour, "UTC"),
    }


# --- parts of event JSON ------------------------------------------------------------------------


def moment(at: datetime, zone: str) -> Json:
    """A dateTimeTimeZone; only the wall clock of `at` counts."""
    return {"dateTime": at.replace(tzinfo=None).isoformat(), "timeZone": zone}


def timed(day: date, hour: float, minutes: int, zone: str = LONDON) -> Json:
    """Start and end of an event that takes `minutes` from `hour` on."""
    start = datetime.combine(day, time(0)) + timedelta(hours=hour)
    return {"start": moment(start, zone), "end": moment(start + timedelta(minutes=minutes), zone)}


def whole_days(day: date, days: int, zone: str = LONDON) -> Json:
    """Start and end of an all-day event."""
    start = datetime.combine(day, time(0))
    return {
        "isAllDay": True,
        "start": moment(start, zone),
        "end": moment(start + timedelta(days=days), zone),
    }


def attendee(name: str, address: str, kind: str = "required") -> Json:
    """One invited address."""
    return {"type": kind, "emailAddress": {"name": name, "address": address}}


def colleague(person: Person, kind: str = "required") -> Json:
    """One invited member of the firm."""
    return attendee(person.name, person.address, kind)


def contact(entry: Json) -> Json:
    """One invited contact of the CRM, at the main address."""
    return attendee(entry["name"], entry["emails"][0])


def room(person: Person) -> Json:
    """A booked room: attendee and location, as Outlook writes both."""
    return {
        "location": {
            "displayName": person.name,
            "locationType": "conferenceRoom",
            "locationUri": person.address,
            "uniqueId": person.address,
            "uniqueIdType": "directory",
        }
    }


def html(text: str) -> Json:
    """An HTML body."""
    return {"body": {"contentType": "html", "content": f"<html><body>{text}</body></html>"}}


def agenda(number: int, matter: str) -> Json:
    """One of the sample's bodies."""
    return html(AGENDAS[number % len(AGENDAS)].replace("{matter}", matter))
