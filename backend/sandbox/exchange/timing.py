"""When an event is: turns the wall-clock times somebody sent into instants, and checks them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.sandbox.exchange import series, zones
from backend.sandbox.exchange.errors import invalid_property
from backend.sandbox.exchange.model import Json, StoredEvent
from backend.sandbox.exchange.reading import EventInput, WallTime
from backend.sandbox.exchange.recurrence import read_recurrence

LONGEST_EVENT = timedelta(days=1825)


@dataclass(frozen=True, slots=True)
class Timing:
    """Start and end as instants, and the fields that go with them."""

    start: datetime
    end: datetime
    fields: Json


def timing_of_new(given: EventInput) -> Timing:
    """The times of a new event; raises ExchangeError 400."""
    if given.start is None or given.end is None:
        raise invalid_property("start and end are required.")
    return _timing(given, given.start, given.end, bool(given.fields.get("isAllDay")))


def timing_of_change(given: EventInput, event: StoredEvent) -> Timing | None:
    """The new times of a changed event; None if nothing about them was sent.

    Raises ExchangeError 400.
    """
    all_day = bool(given.fields.get("isAllDay", event.is_all_day))
    touched = given.start or given.end or given.has_recurrence or all_day != event.is_all_day
    if not touched:
        return None
    start = given.start or _present(event, event.start, "originalStartTimeZone")
    end = given.end or _present(event, event.end, "originalEndTimeZone")
    if not given.has_recurrence:
        given.recurrence = event.fields["recurrence"]
    return _timing(given, start, end, all_day)


def _present(event: StoredEvent, instant: datetime, zone_member: str) -> WallTime:
    zone_name = str(event.fields[zone_member])
    if event.is_all_day:
        return WallTime(instant.replace(tzinfo=None), zone_name)
    return WallTime(zones.to_wall(instant, zone_name), zone_name)


def _timing(given: EventInput, start: WallTime, end: WallTime, all_day: bool) -> Timing:
    fields: Json = {
        "originalStartTimeZone": start.zone_name,
        "originalEndTimeZone": end.zone_name,
        "recurrence": None,
    }
    begin_wall = start.wall
    if given.recurrence is not None:
        recurrence = read_recurrence(given.recurrence, start.wall.date(), start.zone_name)
        zones.zone(recurrence["range"]["recurrenceTimeZone"])
        fields["recurrence"] = recurrence
        begin_wall = series.first_start(recurrence, start.wall)
    shift = begin_wall - start.wall
    if all_day:
        begin, finish = _all_day(start, end)
        if finish <= begin:
            raise invalid_property("An all-day event must end on a later day than it starts.")
    else:
        begin = zones.to_utc(start.wall, start.zone_name)
        finish = zones.to_utc(end.wall, end.zone_name)
        if finish < begin:
            raise invalid_property("The event's end is before its start.")
    if finish - begin > LONGEST_EVENT:
        raise invalid_property("The event is too long.")
    if shift:
        length = finish - begin
        begin = zones.midnight(begin_wall) if all_day else zones.to_utc(begin_wall, start.zone_name)
        finish = begin + length
    return Timing(begin, finish, fields)


def _all_day(start: WallTime, end: WallTime) -> tuple[datetime, datetime]:
    if not zones.is_midnight(start.wall) or not zones.is_midnight(end.wall):
        raise invalid_property("An all-day event must start and end at midnight.")
    if zones.zone(start.zone_name) is not zones.zone(end.zone_name):
        raise invalid_property("An all-day event must start and end in the same time zone.")
    return zones.midnight(start.wall), zones.midnight(end.wall)
