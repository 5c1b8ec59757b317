"""Actions on events beside answering and cancelling: forward, dismiss and snooze the reminder."""

from __future__ import annotations

from typing import Any

from backend.sandbox.exchange import forwarding, zones
from backend.sandbox.exchange.errors import bad_request, unreadable
from backend.sandbox.exchange.model import Json, StoredEvent
from backend.sandbox.graph.call import Answer, Call
from backend.sandbox.graph.errors import access_denied
from backend.sandbox.graph.events import CALENDAR_PATHS, enter
from backend.sandbox.graph.paths import PathTable


def add_routes(table: PathTable) -> None:
    """Put the actions under every way that leads to an event."""
    for prefix in CALENDAR_PATHS:
        table.add("POST", f"{prefix}/events/*/forward", forward)
        table.add("POST", f"{prefix}/events/*/dismissreminder", dismiss)
        table.add("POST", f"{prefix}/events/*/snoozereminder", snooze)


def forward(call: Call) -> Answer:
    """`{"ToRecipients": [...], "Comment": ...}`: 202 (Graph docs: event forward)."""
    event = _target(call)
    body = call.json_body()
    comment = _named(body, "comment")
    if comment is not None and not isinstance(comment, str):
        raise unreadable("Cannot convert the value of 'Comment' to 'Edm.String'.")
    to = _named(body, "torecipients")
    forwarding.forward(call.world.exchange, event.mailbox.person, event.id, to, call.cause)
    return Answer(202)


def dismiss(call: Call) -> Answer:
    """The reminder is over: 200 without a body (Graph docs: event dismissReminder)."""
    event = _target(call)
    forwarding.dismiss_reminder(call.world.exchange, event.mailbox.person, event.id, call.cause)
    return Answer(200)


def snooze(call: Call) -> Answer:
    """`{"newReminderTime": dateTimeTimeZone}`: 200 (Graph docs: event snoozeReminder)."""
    event = _target(call)
    wanted = _named(call.json_body(), "newremindertime")
    if not isinstance(wanted, dict) or not isinstance(wanted.get("dateTime"), str):
        raise bad_request("newReminderTime must be a dateTimeTimeZone.")
    zones.zone(str(wanted.get("timeZone") or "UTC"))
    zones.read_wall_time(wanted["dateTime"])
    forwarding.snooze_reminder(call.world.exchange, event.mailbox.person, event.id, call.cause)
    return Answer(200)


def _target(call: Call) -> StoredEvent:
    """The event to act upon: of an added shared calendar the original."""
    access = enter(call, write=True)
    event = call.world.exchange.find(access.owner, call.keys[-1])
    access.refuse_private(event)
    if not access.writes_to(event.calendar_id):
        raise access_denied()
    return call.world.exchange.shared.original(event)


def _named(body: Json, name: str) -> Any:
    """A parameter of an action; Graph takes their names in any case."""
    return next((value for key, value in body.items() if key.lower() == name), None)
