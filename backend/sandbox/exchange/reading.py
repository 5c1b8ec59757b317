"""Reads event JSON that somebody sends in: checks types and values, fills in what was left out.

Refuses like Graph does: 400 `RequestBodyRead` for a wrong type or an unknown property, 400
`ErrorPropertyValidationFailure` for a value that makes no sense (Graph docs: event update).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.sandbox.exchange import bodies, zones
from backend.sandbox.exchange.errors import invalid_property, unreadable
from backend.sandbox.exchange.model import Json
from backend.sandbox.exchange.places import read_location, read_locations

MAX_ATTENDEES = 500
MAX_CATEGORIES = 500
_BOOLS = (
    "allowNewTimeProposals",
    "hideAttendees",
    "isAllDay",
    "isOnlineMeeting",
    "isReminderOn",
    "responseRequested",
)
_ENUMS = {
    "importance": ("low", "normal", "high"),
    "sensitivity": ("normal", "personal", "private", "confidential"),
    "showAs": ("unknown", "free", "tentative", "busy", "oof", "workingElsewhere"),
    "onlineMeetingProvider": (
        "unknown",
        "skypeForBusiness",
        "skypeForConsumer",
        "teamsForBusiness",
    ),
}
_ATTENDEE_TYPES = ("required", "optional", "resource")
_READ_ONLY = frozenset(
    (
        "attachments",
        "bodyPreview",
        "calendar",
        "cancelledOccurrences",
        "changeKey",
        "createdDateTime",
        "exceptionOccurrences",
        "extensions",
        "hasAttachments",
        "iCalUId",
        "id",
        "instances",
        "isCancelled",
        "isDraft",
        "isOrganizer",
        "lastModifiedDateTime",
        "multiValueExtendedProperties",
        "onlineMeeting",
        "onlineMeetingUrl",
        "organizer",
        "originalEndTimeZone",
        "originalStart",
        "originalStartTimeZone",
        "responseStatus",
        "seriesMasterId",
        "type",
        "uid",
        "occurrenceId",
        "webLink",
    )
)
_DEFAULTS: Json = {
    "categories": [],
    "transactionId": None,
    "reminderMinutesBeforeStart": 15,
    "isReminderOn": True,
    "hasAttachments": False,
    "subject": "",
    "bodyPreview": "",
    "importance": "normal",
    "sensitivity": "normal",
    "isAllDay": False,
    "isCancelled": False,
    "isOrganizer": True,
    "responseRequested": True,
    "showAs": "busy",
    "onlineMeetingUrl": None,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "allowNewTimeProposals": True,
    "isDraft": False,
    "hideAttendees": False,
    "recurrence": None,
    "onlineMeeting": None,
    "responseStatus": {"response": "organizer", "time": zones.NO_TIME},
    "body": bodies.EMPTY_BODY,
    "attendees": [],
}


@dataclass(frozen=True, slots=True)
class WallTime:
    """A `dateTimeTimeZone` as sent."""

    wall: datetime
    zone_name: str


@dataclass(slots=True)
class EventInput:
    """What was sent, checked; `fields` has only members that were there.

    `recurrence` stays raw until the start is known; `extended` are extended properties by id.
    """

    fields: Json = field(default_factory=dict)
    start: WallTime | None = None
    end: WallTime | None = None
    recurrence: Any = None
    has_recurrence: bool = False
    extended: dict[str, str] = field(default_factory=dict)


def blank_fields() -> Json:
    """The fields of an event about which nothing was said."""
    return {**_DEFAULTS, **read_locations([])}


def read_event(body: Any) -> EventInput:
    """Check event JSON of a POST or PATCH; read-only members are ignored, as Graph ignores them.

    Raises ExchangeError 400.
    """
    if not isinstance(body, dict):
        raise unreadable("The body must be a JSON object.")
    found = EventInput()
    for sent, value in body.items():
        # Graph does not mind the case of names; python-o365 relies on it.
        name = str(_NAMES.get(sent.lower(), sent))
        if name in _READ_ONLY or "@" in name:
            continue
        _read_member(found, name, value)
    return found


def _read_member(found: EventInput, name: str, value: Any) -> None:
    if name in _MEMBERS:
        found.fields |= _MEMBERS[name](name, value)
    elif name in ("start", "end"):
        setattr(found, name, _wall_time(name, value))
    elif name == "recurrence":
        found.recurrence, found.has_recurrence = value, True
    elif name == "singleValueExtendedProperties":
        found.extended = _extended(value)
    else:
        raise unreadable(
            f"The property '{name[:200]}' does not exist on type 'microsoft.graph.event'. Make "
            "sure to only use property names that are defined by the type."
        )


def _wrong_type(name: str, wanted: str) -> Exception:
    return unreadable(f"Cannot convert the value of '{name}' to the expected type '{wanted}'.")


def _bool(name: str, value: Any) -> Json:
    if value is None:
        return {name: _DEFAULTS[name]}
    if isinstance(value, str) and value.lower() in ("true", "false"):
        # python-o365 sends booleans as strings, and Graph takes them.
        value = value.lower() == "true"
    if not isinstance(value, bool):
        raise _wrong_type(name, "Edm.Boolean")
    return {name: value}


def _enum(name: str, value: Any) -> Json:
    if value is None:
        return {name: _DEFAULTS[name]}
    # Graph reads enum members whatever their case and answers in its own.
    by_folded = {choice.casefold(): choice for choice in _ENUMS[name]}
    if not isinstance(value, str) or value.casefold() not in by_folded:
        raise _wrong_type(name, f"microsoft.graph.{name}")
    return {name: by_folded[value.casefold()]}


def _string(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _wrong_type(name, "Edm.String")
    return value


def _subject(name: str, value: Any) -> Json:
    return {name: _string(name, value) or ""}


def _optional_string(name: str, value: Any) -> Json:
    return {name: _string(name, value) or None}


def _minutes(name: str, value: Any) -> Json:
    if value is None:
        return {name: _DEFAULTS[name]}
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(name, "Edm.Int32")
    if not 0 <= value < 2**31:
        raise invalid_property("reminderMinutesBeforeStart is out of range.")
    return {name: value}


def _categories(name: str, value: Any) -> Json:
    if value is None:
        return {name: []}
    if not isinstance(value, list) or any(not isinstance(each, str) for each in value):
        raise _wrong_type("categories", "Collection(Edm.String)")
    if len(value) > MAX_CATEGORIES:
        raise invalid_property("Too many categories.")
    return {name: list(value)}


def _body(name: str, value: Any) -> Json:
    if value is None:
        return {name: bodies.EMPTY_BODY, "bodyPreview": ""}
    if not isinstance(value, dict):
        raise _wrong_type(name, "microsoft.graph.itemBody")
    content = _string("content", value.get("content")) or ""
    kind = value.get("contentType") or "text"
    if not isinstance(kind, str) or kind.casefold() not in ("html", "text"):
        raise _wrong_type("contentType", "microsoft.graph.bodyType")
    body = bodies.html_body(kind.casefold(), content)
    return {name: body, "bodyPreview": bodies.preview(body["content"])}


def _wall_time(name: str, value: Any) -> WallTime:
    if not isinstance(value, dict) or not isinstance(value.get("dateTime"), str):
        raise _wrong_type(name, "microsoft.graph.dateTimeTimeZone")
    zone_name = value.get("timeZone")
    if zone_name is None:
        zone_name = "UTC"
    if not isinstance(zone_name, str):
        raise _wrong_type("timeZone", "Edm.String")
    zones.zone(zone_name)
    wall = zones.read_wall_time(value["dateTime"])
    if wall.tzinfo is not None:
        wall = zones.in_zone(wall, zones.zone(zone_name))
    return WallTime(wall, zone_name)


def _attendees(name: str, value: Any) -> Json:
    if value is None:
        return {name: []}
    if not isinstance(value, list):
        raise _wrong_type(name, "Collection(microsoft.graph.attendee)")
    if len(value) > MAX_ATTENDEES:
        raise invalid_property(f"An event has at most {MAX_ATTENDEES} attendees.")
    return {name: [_attendee(entry) for entry in value]}


def read_attendees(value: Any) -> list[Json]:
    """Check a list of attendees by itself; raises ExchangeError 400."""
    found: list[Json] = _attendees("attendees", value)["attendees"]
    return found


def _attendee(entry: Any) -> Json:
    if not isinstance(entry, dict) or not isinstance(entry.get("emailAddress"), dict):
        raise _wrong_type("attendees", "microsoft.graph.attendee")
    kind = entry.get("type") or "required"
    if kind not in _ATTENDEE_TYPES:
        raise _wrong_type("type", "microsoft.graph.attendeeType")
    address = _string("address", entry["emailAddress"].get("address"))
    if not address or not address.strip():
        raise invalid_property("An attendee needs an emailAddress.address.")
    name = _string("name", entry["emailAddress"].get("name"))
    return {
        "type": kind,
        "status": {"response": "none", "time": zones.NO_TIME},
        "emailAddress": {"name": name or address, "address": address},
    }


def _extended(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, list):
        raise _wrong_type("singleValueExtendedProperties", "Collection")
    found: dict[str, str] = {}
    for entry in value:
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise _wrong_type("singleValueExtendedProperties", "singleValueLegacyExtendedProperty")
        found[entry["id"]] = _string("value", entry.get("value")) or ""
    return found


# `location` and `locations` say the same; the one sent last wins.
_MEMBERS: dict[str, Callable[[str, Any], Json]] = {
    **dict.fromkeys(_BOOLS, _bool),
    **dict.fromkeys(_ENUMS, _enum),
    "subject": _subject,
    "transactionId": _optional_string,
    "reminderMinutesBeforeStart": _minutes,
    "categories": _categories,
    "body": _body,
    "location": lambda _name, value: read_location(value),
    "locations": lambda _name, value: read_locations(value),
    "attendees": _attendees,
}
_NAMES: dict[str, str] = {
    name.lower(): name
    for name in (
        *_MEMBERS,
        *_READ_ONLY,
        "start",
        "end",
        "recurrence",
        "singleValueExtendedProperties",
    )
}
