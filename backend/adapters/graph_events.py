"""Graph's event JSON as a domain event: all of Graph's quirks of format end here; makes no calls.

Doubtful values take the side that stores less: an unknown sensitivity is private, an unknown kind
counts as recurring, an unreadable time refuses the whole event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypedDict, TypeVar
from urllib.parse import urlsplit

from backend.adapters.body_text import LONGEST_HTML, body_text
from backend.adapters.join_links import find_meeting, provider_of
from backend.domain.errors import RemoteRejectedError
from backend.domain.event import (
    Attendee,
    AttendeeType,
    Event,
    EventType,
    Location,
    OnlineMeeting,
    Person,
    Sensitivity,
)
from backend.domain.zones import known_as, zone_of

ZERO_TIME = datetime(1, 1, 1, tzinfo=UTC)
"""Graph's own word for "no time"."""

_RESPONSES = frozenset(
    {"none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded"}
)
_SHOW_AS = frozenset({"unknown", "free", "tentative", "busy", "oof", "workingElsewhere"})
_IMPORTANCES = frozenset({"low", "normal", "high"})
_PROVIDERS = frozenset({"teamsForBusiness", "skypeForBusiness", "skypeForConsumer"})
_MOMENT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]00:00)?", re.ASCII
)
_LONGEST_REMINDER = 2**31 - 1

Json = Mapping[str, Any]


class DateTimeTimeZone(TypedDict):
    """A wall-clock time without offset, and the name of its zone."""

    dateTime: str
    timeZone: str


class EmailAddress(TypedDict, total=False):
    """A name and an address; either may be null or empty."""

    name: str | None
    address: str | None


class ItemBody(TypedDict):
    """``contentType`` is ``html`` or ``text``."""

    contentType: str
    content: str


class GraphEvent(TypedDict, total=False):
    """The members of Graph's event resource that we read (Graph docs: event resource type)."""

    id: str
    iCalUId: str | None
    changeKey: str | None
    createdDateTime: str | None
    lastModifiedDateTime: str | None
    subject: str | None
    body: ItemBody | None
    start: DateTimeTimeZone
    end: DateTimeTimeZone
    originalStartTimeZone: str | None
    isAllDay: bool | None
    type: str | None
    sensitivity: str
    isOrganizer: bool | None
    isCancelled: bool | None
    isDraft: bool | None
    organizer: Json | None
    attendees: Sequence[Json] | None
    hideAttendees: bool | None
    categories: Sequence[str] | None
    location: Json | None
    locations: Sequence[Json] | None
    showAs: str | None
    importance: str | None
    isReminderOn: bool | None
    reminderMinutesBeforeStart: int | None
    isOnlineMeeting: bool | None
    onlineMeetingProvider: str | None
    onlineMeeting: Json | None
    onlineMeetingUrl: str | None
    webLink: str | None


SELECT_WITH_BODY = ",".join(GraphEvent.__annotations__)
"""``$select`` of a look with the body."""
SELECT = ",".join(name for name in GraphEvent.__annotations__ if name != "body")
"""``$select`` of a look without the body."""


def parse_event(raw: object) -> Event:
    """The event that Graph's JSON describes; properties we do not know are ignored.

    Raises: RemoteRejectedError with ``remote_code`` "unreadable_event" when a member without which
    nothing can be decided (id, times, sensitivity, categories) is missing or of the wrong kind.
    """
    item = _mapping(raw)
    if not item:
        raise _unreadable("event")
    change_key = _text(item.get("changeKey"))
    all_day = item.get("isAllDay") is True
    start, start_date = _moment(item.get("start"), "start", all_day=all_day)
    end, end_date = _moment(item.get("end"), "end", all_day=all_day)
    if end < start and not all_day:
        # The hour that clocks show twice in autumn: it began in the first and ended in the second.
        end, _ = _moment(item.get("end"), "end", all_day=False, fold=1)
    if start_date is not None and end_date is not None and end_date <= start_date:
        # An all-day event ends with the midnight after it.
        end_date = start_date + timedelta(days=1)
        end = _midnight(end_date)
    if end < start:
        raise _unreadable("end")
    created_at = _instant(item.get("createdDateTime"), default=ZERO_TIME)
    return Event(
        id=_id(item),
        ical_uid=_text(item.get("iCalUId")) or None,
        change_key=change_key,
        etag=_text(item.get("@odata.etag")) or (f'W/"{change_key}"' if change_key else ""),
        subject=_text(item.get("subject")),
        start=start,
        end=end,
        created_at=created_at,
        modified_at=_instant(item.get("lastModifiedDateTime"), default=created_at),
        type=_member(item.get("type"), EventType, default=EventType.SERIES_MASTER),
        sensitivity=_sensitivity(item.get("sensitivity")),
        all_day=all_day,
        start_date=start_date,
        end_date=end_date,
        time_zone=_zone_name(item.get("originalStartTimeZone")),
        is_organizer=item.get("isOrganizer") is True,
        is_cancelled=item.get("isCancelled") is True,
        is_draft=item.get("isDraft") is True,
        organizer=_person(item.get("organizer")),
        attendees=_attendees(item.get("attendees")),
        hide_attendees=item.get("hideAttendees") is True,
        categories=_categories(item.get("categories")),
        locations=_locations(item.get("locations"), item.get("location")),
        body_text=_body(item.get("body")),
        show_as=_word(item.get("showAs"), _SHOW_AS, default="busy"),
        importance=_word(item.get("importance"), _IMPORTANCES, default="normal"),
        reminder_minutes=_reminder(item),
        online_meeting=_online_meeting(item),
        web_link=_web_address(item.get("webLink")),
    )


def _unreadable(member: str) -> RemoteRejectedError:
    return RemoteRejectedError(
        f"graph: the event cannot be read: {member}",
        system="graph",
        remote_code="unreadable_event",
    )


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> str:
    """A string as databases take it: without NUL; anything else is empty."""
    return value.replace("\x00", "") if isinstance(value, str) else ""


def _id(item: Json) -> str:
    event_id = item.get("id")
    if not isinstance(event_id, str) or not event_id or "\x00" in event_id:
        raise _unreadable("id")
    return event_id


_Enum = TypeVar("_Enum", bound=StrEnum)


def _member(value: object, kinds: type[_Enum], *, default: _Enum) -> _Enum:
    return next((member for member in kinds if member.value == value), default)


def _word(value: object, known: frozenset[str], *, default: str) -> str:
    return value if isinstance(value, str) and value in known else default


def _sensitivity(value: object) -> Sensitivity:
    """A word we do not know is private; no word is no answer, as guessing could erase a record."""
    if not isinstance(value, str):
        raise _unreadable("sensitivity")
    return _member(value, Sensitivity, default=Sensitivity.PRIVATE)


def _categories(value: object) -> tuple[str, ...]:
    """The array exactly as it stands, for it is written back whole; null is empty."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _unreadable("categories")
    return tuple(value)


def parsed_moment(value: object) -> datetime | None:
    """An ISO moment with 0 to 9 fractional digits as UTC, cut to microseconds."""
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction = match.groups()[:7]
    try:
        return datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            int((fraction or "")[:6].ljust(6, "0")),
            tzinfo=UTC,
        )
    except ValueError:
        return None


def _instant(value: object, *, default: datetime) -> datetime:
    if value is None:
        return default
    moment = parsed_moment(value)
    if moment is None:
        raise _unreadable("time stamp")
    return moment


def _moment(
    value: object, member: str, *, all_day: bool, fold: int = 0
) -> tuple[datetime, date | None]:
    """Start or end as aware UTC and, for an all-day event, its date.

    ``fold`` 1 reads a time that the clocks of its zone show twice as the later one. A time that
    they skip counts from the hour before, as Outlook shows it.
    """
    pair = _mapping(value)
    wall = parsed_moment(pair.get("dateTime"))
    zone_name = pair.get("timeZone")
    if wall is None or not isinstance(zone_name, str):
        raise _unreadable(member)
    zone = zone_of(zone_name)
    is_utc = zone is not None and zone.key == "UTC"
    try:
        if all_day:
            # Midnight in UTC of the day itself; should Graph ever convert the organizer's midnight,
            # the day is the nearest one. In another zone the wall clock shows the day.
            day = (wall + timedelta(hours=12)).date() if is_utc else wall.date()
            return _midnight(day), day
        if zone is None:
            raise _unreadable(f"{member} zone")
        # Any zone but UTC was never asked for, as we send no outlook.timezone.
        return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC), None
    except (ValueError, OverflowError) as error:
        raise _unreadable(member) from error


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _zone_name(value: object) -> str | None:
    """The zone the event was made in; ``None`` for a custom one, whose rules nobody tells."""
    return known_as(_text(value))


def _address(value: object) -> str:
    """An e-mail address, trimmed; the X.500 name of a deleted recipient is not one."""
    address = _text(value).strip()
    if address[:5].casefold() == "smtp:":
        address = address[5:]
    return "" if address[:3].casefold() in ("/o=", "ex:") else address


def _person(value: object) -> Person | None:
    email = _mapping(_mapping(value).get("emailAddress"))
    person = Person(_text(email.get("name")).strip(), _address(email.get("address")))
    return person if person.name or person.address else None


def _attendees(value: object) -> tuple[Attendee, ...]:
    return tuple(found for item in _items(value) if (found := _attendee(_mapping(item))))


def _attendee(item: Json) -> Attendee | None:
    person = _person(item)
    if person is None:
        return None
    return Attendee(
        name=person.name,
        address=person.address,
        type=_member(item.get("type"), AttendeeType, default=AttendeeType.REQUIRED),
        response=_word(_mapping(item.get("status")).get("response"), _RESPONSES, default="none"),
    )


def _locations(many: object, one: object) -> tuple[Location, ...]:
    """All places; ``location`` counts only where ``locations`` is empty, as both say the same."""
    found = [place for item in _items(many) if (place := _location(_mapping(item)))]
    if not found and (single := _location(_mapping(one))):
        found = [single]
    return tuple(dict.fromkeys(found))


def _location(item: Json) -> Location | None:
    name = _text(item.get("displayName")).strip() or _street(item.get("address"))
    candidates = (item.get("locationEmailAddress"), item.get("uniqueId"), item.get("locationUri"))
    address = next((a for c in candidates if "@" in (a := _address(c))), None)
    is_room = item.get("locationType") == "conferenceRoom"
    if not name and address is None:
        return None
    return Location(name or (address or ""), address if is_room else None, is_room)


def _street(value: object) -> str:
    """A postal address in one line, for a place that has no name."""
    address = _mapping(value)
    street, place, country = (
        _text(address.get("street")).strip(),
        " ".join(
            part
            for member in ("postalCode", "city", "state")
            if (part := _text(address.get(member)).strip())
        ),
        _text(address.get("countryOrRegion")).strip(),
    )
    return ", ".join(part for part in (street, place, country) if part)


def _body(value: object) -> str | None:
    """``None`` when the look did not ask for the body."""
    body = _mapping(value)
    content = body.get("content")
    if not isinstance(content, str):
        return None if not body else ""
    return body_text(content, _text(body.get("contentType")).casefold())


def _reminder(item: Json) -> int | None:
    minutes = item.get("reminderMinutesBeforeStart")
    if item.get("isReminderOn") is not True or not isinstance(minutes, int):
        return None
    return minutes if not isinstance(minutes, bool) and 0 <= minutes <= _LONGEST_REMINDER else None


def _online_meeting(item: Json) -> OnlineMeeting | None:
    """How to join: Graph's own word first, then what another service wrote into place or body."""
    join_url = _web_address(_mapping(item.get("onlineMeeting")).get("joinUrl"))
    join_url = join_url or _web_address(item.get("onlineMeetingUrl"))
    said = _word(item.get("onlineMeetingProvider"), _PROVIDERS, default="unknown")
    if join_url is not None:
        return OnlineMeeting(provider_of(join_url) or said, join_url)
    found = find_meeting(*_written(item))
    if found is not None:
        return found
    return OnlineMeeting(said) if item.get("isOnlineMeeting") is True else None


def _written(item: Json) -> Iterator[str]:
    """What people and services wrote where a meeting's address may stand."""
    for place in (item.get("location"), *_items(item.get("locations"))):
        yield _text(_mapping(place).get("displayName"))
        yield _text(_mapping(place).get("locationUri"))
    yield _text(_mapping(item.get("body")).get("content"))[:LONGEST_HTML]


def _web_address(value: object) -> str | None:
    """An http(s) address; anything else could be a script when somebody clicks on it."""
    address = _text(value).strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("https", "http") and parts.netloc else None
