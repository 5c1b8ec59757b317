"""Recurrence of series: checks a patternedRecurrence and expands it into dates.

Times of day, zones and exceptions are none of its business (Graph docs: recurrencePattern).
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Literal

from dateutil import rrule

from backend.sandbox.exchange.errors import ExchangeError, invalid_property, unreadable

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
PATTERN_TYPES = (
    "daily",
    "weekly",
    "absoluteMonthly",
    "relativeMonthly",
    "absoluteYearly",
    "relativeYearly",
)
RANGE_TYPES = ("endDate", "noEnd", "numbered")
NO_DATE = "0001-01-01"
MAX_OCCURRENCES = 999
MAX_INTERVAL = 999
_EARLIEST_YEAR = 1900
_LATEST = date(4500, 8, 31)

Json = dict[str, Any]


def read_recurrence(value: Any, start: date, zone_name: str) -> Json:
    """The recurrence with every member present, unused ones as zero values (graph.md 1.4).

    `start` fills a missing range start. Raises ExchangeError 400.
    """
    if not isinstance(value, dict):
        raise unreadable("recurrence must be an object.")
    pattern = _read_pattern(_object(value, "pattern"), start)
    span = _read_range(_object(value, "range"), start, zone_name)
    recurrence = {"pattern": pattern, "range": span}
    if next(dates(recurrence), None) is None:
        raise _bad("The recurrence has no occurrence.")
    return recurrence


def dates(recurrence: Json, first: date | None = None, last: date | None = None) -> Iterator[date]:
    """The dates of the series in order, from `first` up to and including `last`."""
    span = recurrence["range"]
    begin = date.fromisoformat(span["startDate"])
    rule = _rule(recurrence["pattern"], span, _near(recurrence, begin, first))
    end = last or _LATEST
    for moment in rule:
        day = moment.date()
        if day > end:
            return
        if first is None or day >= first:
            yield day


def _near(recurrence: Json, begin: date, first: date | None) -> date:
    """A later start that gives the same dates, so that an old endless series stays cheap."""
    pattern, span = recurrence["pattern"], recurrence["range"]
    step = {"daily": 1, "weekly": 7}.get(pattern["type"])
    if first is None or step is None or span["type"] == "numbered" or first <= begin:
        return begin
    step *= pattern["interval"]
    skipped = max(0, ((first - begin).days // step) - 1)
    return begin + timedelta(days=skipped * step)


def _rule(pattern: Json, span: Json, begin: date) -> rrule.rrule:
    options: dict[str, Any] = {
        "dtstart": datetime(begin.year, begin.month, begin.day),  # noqa: DTZ001  dates only
        "interval": pattern["interval"],
        "wkst": WEEKDAYS.index(pattern["firstDayOfWeek"]),
    }
    if span["type"] == "numbered":
        options["count"] = span["numberOfOccurrences"]
    elif span["type"] == "endDate":
        until = date.fromisoformat(span["endDate"])
        options["until"] = datetime(until.year, until.month, until.day)  # noqa: DTZ001
    return rrule.rrule(_frequency(pattern, options), **options)


def _frequency(pattern: Json, options: dict[str, Any]) -> Literal[0, 1, 2, 3]:
    """The rule's frequency; adds what selects the days within a period to the options."""
    weekdays = [WEEKDAYS.index(day) for day in pattern["daysOfWeek"]]
    kind = pattern["type"]
    if kind == "daily":
        return rrule.DAILY
    if kind == "weekly":
        options["byweekday"] = weekdays
        return rrule.WEEKLY
    if kind.endswith("Yearly"):
        options["bymonth"] = pattern["month"]
    if kind.startswith("absolute"):
        # The 31st of a short month means its last day, as Outlook does it.
        day = pattern["dayOfMonth"]
        options["bymonthday"] = list(range(28, day + 1)) if day > 28 else day
        options["bysetpos"] = -1
    else:
        options["byweekday"] = weekdays
        options["bysetpos"] = INDEXES[pattern["index"]]
    return rrule.YEARLY if kind.endswith("Yearly") else rrule.MONTHLY


def _read_pattern(given: Json, start: date) -> Json:
    kind = _choice(given, "type", PATTERN_TYPES, None)
    weekdays = given.get("daysOfWeek") or []
    if not isinstance(weekdays, list) or any(day not in WEEKDAYS for day in weekdays):
        raise unreadable("recurrence.pattern.daysOfWeek must list days of the week.")
    if kind in ("weekly", "relativeMonthly", "relativeYearly") and not weekdays:
        raise _bad(f"A {kind} pattern needs daysOfWeek.")
    absolute, yearly = kind.startswith("absolute"), kind.endswith("Yearly")
    return {
        "type": kind,
        "interval": _number(given, "interval", 1, MAX_INTERVAL, 1),
        "month": _number(given, "month", 1, 12, start.month) if yearly else 0,
        "dayOfMonth": _number(given, "dayOfMonth", 1, 31, start.day) if absolute else 0,
        "daysOfWeek": list(dict.fromkeys(weekdays)) if not absolute and kind != "daily" else [],
        "firstDayOfWeek": _choice(given, "firstDayOfWeek", WEEKDAYS, "sunday"),
        "index": _choice(given, "index", tuple(INDEXES), "first"),
    }


def _read_range(given: Json, start: date, zone_name: str) -> Json:
    kind = _choice(given, "type", RANGE_TYPES, None)
    begin = _date(given, "startDate") or start
    if begin.year < _EARLIEST_YEAR:
        raise _bad("recurrence.range.startDate is too early.")
    end = _date(given, "endDate") if kind == "endDate" else None
    if kind == "endDate" and (end is None or end < begin):
        raise _bad("recurrence.range.endDate is missing or before startDate.")
    zone_of_range = given.get("recurrenceTimeZone")
    if zone_of_range is not None and not isinstance(zone_of_range, str):
        raise unreadable("recurrence.range.recurrenceTimeZone must be a string.")
    return {
        "type": kind,
        "startDate": begin.isoformat(),
        "endDate": end.isoformat() if end else NO_DATE,
        "recurrenceTimeZone": zone_of_range or zone_name,
        "numberOfOccurrences": (
            _number(given, "numberOfOccurrences", 1, MAX_OCCURRENCES, None)
            if kind == "numbered"
            else 0
        ),
    }


def _object(value: Json, name: str) -> Json:
    found = value.get(name)
    if not isinstance(found, dict):
        raise unreadable(f"recurrence.{name} must be an object.")
    return found


def _choice(
    given: Json, name: str, allowed: tuple[str, ...] | list[str], default: str | None
) -> str:
    found = given.get(name)
    if found is None and default is not None:
        return default
    if not isinstance(found, str) or found not in allowed:
        raise unreadable(f"recurrence: '{name}' must be one of {', '.join(allowed)}.")
    return found


def _number(given: Json, name: str, low: int, high: int, default: int | None) -> int:
    found = given.get(name)
    if found in (None, 0) and default is not None:
        return default
    if not isinstance(found, int) or isinstance(found, bool):
        raise unreadable(f"recurrence: '{name}' must be a whole number.")
    if not low <= found <= high:
        raise _bad(f"recurrence: '{name}' must be between {low} and {high}.")
    return found


def _date(given: Json, name: str) -> date | None:
    found = given.get(name)
    if found is None:
        return None
    try:
        return date.fromisoformat(found)
    except (TypeError, ValueError):
        raise unreadable(f"recurrence: '{name}' must be a date.") from None


def _bad(message: str) -> ExchangeError:
    return invalid_property(message)
