"""Instances of a series: made from the master on demand, changed and cancelled one by one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from backend.sandbox.exchange import ids, zones
from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.exchange.model import EventKind, Json, Override, StoredEvent
from backend.sandbox.exchange.recurrence import dates

_ONE_DAY = timedelta(days=1)
# A moved exception lies between its neighbours, so a search this wide never misses one.
_NEIGHBOUR_SPAN = timedelta(days=800)


def overlaps(event: StoredEvent, begin: datetime, end: datetime) -> bool:
    """Whether the event is in the window; one without length counts at its start."""
    return event.start < end and (event.end > begin or event.start >= begin)


def instance(master: StoredEvent, day: date) -> StoredEvent | None:
    """The instance of a series whose original date is `day`; None if there is none (any more)."""
    if master.kind is not EventKind.MASTER:
        return None
    if day not in master.instances:
        exists = day not in master.cancelled and any(dates(master.fields["recurrence"], day, day))
        master.instances[day] = _build(master, day) if exists else None
    return master.instances[day]


def between(master: StoredEvent, begin: datetime, end: datetime) -> list[StoredEvent]:
    """The instances that overlap a window, exceptions where they were moved to, by start."""
    span = master.end - master.start
    first, last = _date_before(begin, span), _date_after(end)
    days = set(dates(master.fields["recurrence"], first, last))
    days.update(day for day, own in master.overrides.items() if own.start is not None)
    found = [instance(master, day) for day in days - master.cancelled]
    inside = [event for event in found if event is not None and overlaps(event, begin, end)]
    inside.sort(key=lambda event: event.start)
    return inside


def override(event: StoredEvent) -> Override:
    """What the instance has of its own, made empty if it had nothing."""
    assert event.master is not None
    assert event.day is not None
    return event.master.overrides.setdefault(event.day, Override())


def change_instance(
    event: StoredEvent,
    fields: Json,
    start: datetime | None,
    end: datetime | None,
) -> StoredEvent:
    """Turn the instance into an exception with these values; answers the instance anew."""
    master, day = event.master, event.day
    assert master is not None
    assert day is not None
    own = override(event)
    own.fields = {**own.fields, **fields}
    own.start = start or own.start
    own.end = end or own.end
    master.instances.pop(day, None)
    fresh = instance(master, day)
    assert fresh is not None
    return fresh


def touch_instance(event: StoredEvent, sequence: int, now: datetime) -> None:
    """Give an instance a new version; its master's version grows with it."""
    master, day = event.master, event.day
    assert master is not None
    assert day is not None
    own = master.overrides.get(day)
    if own is not None:
        own.version, own.modified = sequence, now
    event.version, event.modified = sequence, now
    master.version, master.modified = sequence, now
    master.rendered.clear()


def forget_exceptions(master: StoredEvent) -> None:
    """Drop everything instances had of their own, as Exchange does when the pattern changes."""
    master.overrides.clear()
    master.cancelled.clear()
    master.instances.clear()


def first_start(recurrence: Json, wall_start: datetime) -> datetime:
    """The wall-clock start of the first instance: its date by the pattern, its time as given."""
    first = next(dates(recurrence))
    return datetime.combine(first, wall_start.timetz())


def exceptions(master: StoredEvent) -> list[StoredEvent]:
    """The exceptions of a series, by original date."""
    found = [instance(master, day) for day in sorted(master.overrides)]
    return [event for event in found if event is not None]


def _build(master: StoredEvent, day: date) -> StoredEvent:
    own = master.overrides.get(day)
    original_start, original_end = _original_times(master, day)
    fields = {**master.fields, "recurrence": None}
    version, modified = master.series_version, master.modified
    if own is not None:
        fields |= own.fields
        version, modified = max(own.version, version), own.modified or modified
    mint = master.mailbox.mint
    return StoredEvent(
        mailbox=master.mailbox,
        id=mint.rest_id(master.entry, day),
        immutable_id=mint.immutable_id(master.immutable_entry, day),
        entry=master.entry,
        immutable_entry=master.immutable_entry,
        calendar_id=master.calendar_id,
        kind=EventKind.OCCURRENCE if own is None else EventKind.EXCEPTION,
        ical_uid=ids.instance_ical_uid(master.ical_uid, day),
        fields=fields,
        start=(own.start if own else None) or original_start,
        end=(own.end if own else None) or original_end,
        created=master.created,
        modified=modified,
        version=version,
        extended={**master.extended, **(own.extended if own else {})},
        visible_at=master.visible_at,
        is_deleted=master.is_deleted,
        master=master,
        day=day,
        original_start=original_start,
    )


def _original_times(master: StoredEvent, day: date) -> tuple[datetime, datetime]:
    """Start and end of an instance nobody moved: the master's wall-clock times on that date."""
    zone_name = master.zone_name
    wall_start = zones.to_wall(master.start, zone_name)
    wall_end = zones.to_wall(master.end, zone_name)
    start = datetime.combine(day, wall_start.time())
    end = start + (wall_end - wall_start)
    return zones.to_utc(start, zone_name), zones.to_utc(end, zone_name)


def check_neighbours(event: StoredEvent, start: datetime) -> None:
    """Raises ExchangeError 400 `ErrorOccurrenceCrossingBoundary` if `start` passes a neighbour."""
    master, day = event.master, event.day
    assert master is not None
    assert day is not None
    recurrence = master.fields["recurrence"]
    zone_name = master.zone_name
    wanted = zones.to_wall(start, zone_name).date()
    around = [
        other
        for other in dates(recurrence, _shift(day, -_NEIGHBOUR_SPAN), _shift(day, _NEIGHBOUR_SPAN))
        if other not in master.cancelled
    ]
    before = max((other for other in around if other < day), default=None)
    after = min((other for other in around if other > day), default=None)
    too_early = before is not None and wanted <= _date_of(master, before, zone_name)
    too_late = after is not None and wanted >= _date_of(master, after, zone_name)
    if too_early or too_late:
        raise ExchangeError(
            400,
            "ErrorOccurrenceCrossingBoundary",
            "Modified occurrence is crossing or overlapping adjacent occurrence.",
        )


def _date_of(master: StoredEvent, day: date, zone_name: str) -> date:
    neighbour = instance(master, day)
    return day if neighbour is None else zones.to_wall(neighbour.start, zone_name).date()


def _date_before(moment: datetime, span: timedelta) -> date:
    return _shift(moment.date(), -(span + _ONE_DAY + _ONE_DAY))


def _date_after(moment: datetime) -> date:
    return _shift(moment.date(), _ONE_DAY)


def _shift(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        return date.min if by < timedelta() else date.max
