"""Event endpoints: list, get, create, change, delete, answer, cancel, instances, calendarView."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from backend.sandbox.directory import Person
from backend.sandbox.exchange import preconditions, series
from backend.sandbox.exchange.errors import ExchangeError, bad_request, not_found, unreadable
from backend.sandbox.exchange.model import EventKind, Json, StoredEvent
from backend.sandbox.graph import event_views
from backend.sandbox.graph.call import Answer, Call
from backend.sandbox.graph.errors import access_denied
from backend.sandbox.graph.paths import PathTable
from backend.sandbox.graph.permissions import Access, calendar_access, person_for_mailbox

LONGEST_WINDOW = timedelta(days=1825)
CALENDAR_PATHS = (
    "users/*",
    "users/*/calendar",
    "users/*/calendars/*",
    "users/*/calendargroups/*/calendars/*",
    "users/*/calendargroup/calendars/*",
)
_RESPONSES = {
    "accept": "accepted",
    "decline": "declined",
    "tentativelyaccept": "tentativelyAccepted",
}
Handler = Callable[[Call], Answer]
T = TypeVar("T")


def add_routes(table: PathTable) -> None:
    """Put the event endpoints under every way that leads to a calendar."""
    for prefix in CALENDAR_PATHS:
        table.add("GET", f"{prefix}/events", list_events)
        table.add("POST", f"{prefix}/events", create_event)
        table.add("GET", f"{prefix}/events/*", get_event)
        table.add("PATCH", f"{prefix}/events/*", update_event)
        table.add("DELETE", f"{prefix}/events/*", delete_event)
        table.add("GET", f"{prefix}/events/*/instances", list_instances)
        table.add("POST", f"{prefix}/events/*/cancel", cancel_event)
        table.add("POST", f"{prefix}/events/*/permanentdelete", delete_for_good)
        for action, response in _RESPONSES.items():
            table.add("POST", f"{prefix}/events/*/{action}", _responder(response))
        table.add("GET", f"{prefix}/calendarview", calendar_view)


def list_events(call: Call) -> Answer:
    """Singles, masters and exceptions; of the whole mailbox or of one calendar."""
    access = enter(call)
    mailbox = call.world.exchange.mailbox(access.owner.id)
    calendar_id = calendar_of_path(call, access.owner)
    uid = event_views.uid_of_filter(call.options.filter)
    found = mailbox.items(calendar_id) if uid is None else iter(mailbox.with_uid(uid))
    events: list[StoredEvent] = []
    for item in found:
        if calendar_id not in (None, item.calendar_id) or not _is_visible(call, item):
            continue
        if calendar_id is None and item.is_local_copy:
            continue
        events.append(item)
        if item.kind is EventKind.MASTER and item.overrides:
            events.extend(series.exceptions(item))
    what = "events" if calendar_id is None else f"calendars('{calendar_id}')/events"
    return event_views.page(call, access, events, what)


def get_event(call: Call) -> Answer:
    """One event or instance, by either form of its id."""
    access = enter(call)
    answers_deleted = call.world.exchange.personality.deleted_get == "200"
    event = _find(call, access, deleted_too=answers_deleted)
    access.refuse_private(event)
    return event_views.one(call, access, event)


def create_event(call: Call) -> Answer:
    """A new event; attendees are invited."""
    access = enter(call, write=True)
    event = _create(call, access, calendar_of_path(call, access.owner))
    answer = event_views.one(call, access, event, status=201)
    users = f"{call.base_url}/v1.0/users('{access.owner.id}')"
    answer.headers["Location"] = f"{users}/events('{event.id}')"
    return answer


def update_event(call: Call) -> Answer:
    """A change of an event; answers all of it."""
    access = enter(call, write=True)
    event = _find(call, access)
    access.refuse_private(event)
    exchange, original = call.world.exchange, _original(call, event)
    changed = exchange.update_event(
        original.mailbox.person,
        original.id,
        call.json_body(),
        call.cause,
        _if_match(call, event),
    )
    if original is not event:
        changed = exchange.find(access.owner, event.id)
    return event_views.one(call, access, changed)


def delete_event(call: Call) -> Answer:
    """Into Deleted Items; an organizer's deletion cancels the meeting."""
    access = enter(call, write=True)
    event = _find(call, access)
    access.refuse_private(event)
    original = _original(call, event)
    call.world.exchange.delete_event(
        original.mailbox.person, original.id, call.cause, _if_match(call, event)
    )
    return Answer(204)


def delete_for_good(call: Call) -> Answer:
    """Away, without a stay in Deleted Items."""
    access = enter(call, write=True)
    event = _find(call, access)
    access.refuse_private(event)
    original = _original(call, event)
    call.world.exchange.delete_event(
        original.mailbox.person, original.id, call.cause, for_good=True
    )
    return Answer(204)


def cancel_event(call: Call) -> Answer:
    """The organizer cancels."""
    access = enter(call, write=True)
    event = _find(call, access)
    access.refuse_private(event)
    comment = _member(call.json_body(required=False), "comment", str, "")
    original = _original(call, event)
    call.world.exchange.cancel_event(original.mailbox.person, original.id, comment, call.cause)
    return Answer(202)


def _responder(response: str) -> Handler:
    def respond(call: Call) -> Answer:
        access = enter(call, write=True)
        event = _find(call, access)
        access.refuse_private(event)
        body = call.json_body(required=False)
        _member(body, "comment", str, "")
        sends = _member(body, "sendresponse", bool, True)
        original = _original(call, event)
        call.world.exchange.respond(
            original.mailbox.person, original.id, response, call.cause, send_response=sends
        )
        return Answer(202)

    return respond


def list_instances(call: Call) -> Answer:
    """The instances of a series within a window."""
    access = enter(call)
    event = _find(call, access)
    access.refuse_private(event)
    begin, end = window(call)
    if event.kind is not EventKind.MASTER:
        raise bad_request("Instances can only be asked of a series master.")
    found = series.between(event, begin, end)
    return event_views.page(call, access, found, f"events('{event.id}')/instances")


def calendar_view(call: Call) -> Answer:
    """Singles and instances of one calendar within a window, by start."""
    access = enter(call)
    begin, end = window(call)
    mailbox = call.world.exchange.mailbox(access.owner.id)
    calendar_id = calendar_of_path(call, access.owner) or mailbox.default_calendar.id
    found = [e for e in mailbox.view(begin, end, calendar_id) if _is_visible(call, e)]
    return event_views.page(call, access, found, "calendarView")


# --- inside -------------------------------------------------------------------------------------


def enter(call: Call, *, write: bool = False) -> Access:
    """Whose mailbox the path names and what the caller may do there; raises GraphError."""
    owner = person_for_mailbox(call.world, call.caller, call.keys[0])
    call.note_mailbox(owner)
    access = calendar_access(call, owner, write=write)
    exchange = call.world.exchange
    mailbox = exchange.mailboxes.get(owner.id)
    added = [each for each in mailbox.calendars.values() if each.is_shared] if mailbox else []
    if not added:
        return access
    return replace(
        access, shared={each.id: exchange.shared.rights(each, owner.id) for each in added}
    )


def _find(call: Call, access: Access, *, deleted_too: bool = False) -> StoredEvent:
    event_id = call.keys[-1]
    event = call.world.exchange.find(access.owner, event_id, deleted_too=deleted_too)
    calendar_id = calendar_of_path(call, access.owner)
    if calendar_id not in (None, event.calendar_id) or not _is_visible(call, event):
        raise not_found()
    if call.method != "GET" and not access.writes_to(event.calendar_id):
        raise access_denied()
    return event


def _create(call: Call, access: Access, calendar_id: str | None) -> StoredEvent:
    """What is made in an added shared calendar is its owner's, and seen here as a local copy."""
    exchange, owner = call.world.exchange, access.owner
    if calendar_id is None or calendar_id not in access.shared:
        return exchange.create_event(owner, call.json_body(), call.cause, calendar_id)
    if not access.writes_to(calendar_id):
        raise access_denied()
    calendar = exchange.mailbox(owner.id).calendar(calendar_id)
    sharer = call.world.directory.person_by_id(calendar.owner_id or "")
    if sharer is None:
        raise not_found()
    event = exchange.create_event(sharer, call.json_body(), call.cause, calendar.original_id)
    return exchange.find(owner, calendar.copies[event.immutable_id])


def _original(call: Call, event: StoredEvent) -> StoredEvent:
    return call.world.exchange.shared.original(event)


def _if_match(call: Call, event: StoredEvent) -> str | None:
    """The version asked for; that of a local copy is compared here, for it has its own."""
    wanted = call.headers.get("if-match")
    if not event.is_local_copy:
        return wanted
    preconditions.check_version(event, wanted, call.world.exchange.personality)
    return None


def _is_visible(call: Call, event: StoredEvent) -> bool:
    return event.visible_at is None or call.world.exchange.is_visible(event)


def calendar_of_path(call: Call, owner: Person) -> str | None:
    """The calendar the path names; None for the whole mailbox."""
    names = [segment.lower() for segment in call.segments]
    if len(names) > 3 and names[2] == "calendar":
        return call.world.exchange.mailbox(owner.id).default_calendar.id
    if "calendars" in names[:6]:
        at = names.index("calendars")
        if at + 1 < len(names):
            return call.world.exchange.mailbox(owner.id).calendar(call.segments[at + 1]).id
    return None


def window(call: Call) -> tuple[datetime, datetime]:
    """The window of the query string; raises ExchangeError 400."""
    raw = call.options.raw
    begin, end = raw.get("startdatetime"), raw.get("enddatetime")
    if not begin or not end:
        raise bad_request(
            "This request requires a time window specified by the query string parameters "
            "StartDateTime and EndDateTime."
        )
    first, last = _instant(begin), _instant(end)
    if last < first:
        raise bad_request("The window's end is before its start.")
    if last - first > LONGEST_WINDOW:
        raise bad_request("The requested time duration specified for calendar view is too long.")
    return first, last


def _instant(text: str) -> datetime:
    # A `+` of an offset that was not percent-encoded arrives as a space.
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ExchangeError(
            400, "ErrorInvalidParameter", f"The time '{text[:100]}' cannot be read."
        ) from None


def _member(body: Json, name: str, kind: type[T], default: T) -> T:
    """A parameter of an action; Graph takes their names in any case."""
    for key, value in body.items():
        if key.lower() == name and value is not None:
            if not isinstance(value, kind):
                raise unreadable(f"Cannot convert the value of '{key[:100]}'.")
            return value
    return default
