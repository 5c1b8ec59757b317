"""Acts on a meeting that are neither changes nor answers: forwarding it, quieting its reminder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.directory import Person
from backend.sandbox.exchange import recipients, traffic
from backend.sandbox.exchange.errors import bad_request, unreadable
from backend.sandbox.exchange.model import Cause, ChangeKind, Json, StoredEvent
from backend.sandbox.exchange.reading import read_attendees

if TYPE_CHECKING:
    from backend.sandbox.exchange.store import Exchange

MOST_RECIPIENTS = 500


def forward(exchange: Exchange, owner: Person, event_id: str, to: Any, cause: Cause) -> None:
    """Send the meeting on to people who then have copies of it (Graph docs: event forward).

    The organizer gets to know whom an attendee invited, and has them among his attendees. `to` is
    Graph's `ToRecipients`. Raises ExchangeError 400, 404.
    """
    event = exchange.own_event(owner, event_id)
    if not isinstance(to, list) or not to:
        raise bad_request("ToRecipients must name at least one recipient.")
    fresh = recipients.prepared(exchange, read_attendees(_as_attendees(to)), None)
    known = {recipients.address_of(entry) for entry in event.attendees}
    new = [entry for entry in fresh if recipients.address_of(entry) not in known]
    addresses = [recipients.address_of(entry) for entry in fresh]
    sender = owner.address or owner.upn
    exchange.send("forward", sender, addresses, f"FW: {event.fields['subject']}", cause)
    if not event.attendees:
        # An appointment travels as an attachment; nobody else gets it into his calendar.
        return
    if event.is_organizer:
        _add_attendees(exchange, event, new, cause)
        return
    organizer = event.fields["organizer"]["emailAddress"]["address"]
    notice = f"Meeting Forward Notification: {event.fields['subject']}"
    exchange.send("forward_notification", sender, [organizer], notice, cause)
    theirs = traffic.organizers_copy(exchange, event)
    if theirs is not None:
        _add_attendees(exchange, theirs, new, cause)
        return
    exchange.arrive(lambda: traffic.deliver_to_new(exchange, event, addresses, cause))


def dismiss_reminder(exchange: Exchange, owner: Person, event_id: str, cause: Cause) -> None:
    """The reminder is over; one of a series goes on for the next instance."""
    event = exchange.own_event(owner, event_id)
    if event.master is None and event.fields["recurrence"] is None:
        traffic.write(event, {"isReminderOn": False}, None, None, cause)
        return
    event.mailbox.record_change(ChangeKind.UPDATED, event, cause)


def snooze_reminder(exchange: Exchange, owner: Person, event_id: str, cause: Cause) -> None:
    """The reminder comes back later: a change of the item that no property shows."""
    event = exchange.own_event(owner, event_id)
    event.mailbox.record_change(ChangeKind.UPDATED, event, cause)


def _as_attendees(to: list[Any]) -> list[Json]:
    if len(to) > MOST_RECIPIENTS or not all(isinstance(entry, dict) for entry in to):
        raise unreadable("Cannot convert the value of 'ToRecipients'.")
    return [{**entry, "type": "required"} for entry in to]


def _add_attendees(exchange: Exchange, event: StoredEvent, new: list[Json], cause: Cause) -> None:
    attendees = [*event.attendees, *new]
    fresh = traffic.write(event, {"attendees": attendees}, None, None, cause)
    invited = recipients.addresses_of_attendees(attendees, event.mailbox.person)
    exchange.arrive(lambda: traffic.spread(exchange, fresh, invited, cause, moved=False))
