"""Rooms and equipment: they answer by themselves and show little (their default booking policy)."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.sandbox.directory import Person
from backend.sandbox.exchange import series
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import EventKind, Json, StoredEvent

_LOOKS_AHEAD = timedelta(days=180)


def is_bookable(person: Person) -> bool:
    """Whether nobody sits behind the mailbox who could answer."""
    return person.purpose in ("room", "equipment")


def mask(theirs: Json, fields: Json, person: Person) -> None:
    """Show the organizer's name as subject and no body."""
    if not is_bookable(person):
        return
    theirs["subject"] = fields["organizer"]["emailAddress"]["name"]
    theirs["body"], theirs["bodyPreview"] = {"contentType": "html", "content": ""}, ""


def is_taken(mailbox: Mailbox, event: StoredEvent) -> bool:
    """Whether another meeting overlaps the event, or any instance of it in the next months."""
    return any(_is_taken(mailbox, event, begin, end) for begin, end in _times(event))


def _times(event: StoredEvent) -> list[tuple[datetime, datetime]]:
    if event.kind is not EventKind.MASTER:
        return [(event.start, event.end)]
    until = event.start + _LOOKS_AHEAD
    return [(each.start, each.end) for each in series.between(event, event.start, until)]


def _is_taken(mailbox: Mailbox, event: StoredEvent, begin: datetime, end: datetime) -> bool:
    for other in mailbox.view(begin, end, mailbox.default_calendar.id):
        whole = other.master or other
        is_same = whole.ical_uid == (event.master or event).ical_uid
        is_real = other.fields["showAs"] != "free" and not other.fields["isCancelled"]
        if is_real and not is_same and other.end > begin:
            return True
    return False
