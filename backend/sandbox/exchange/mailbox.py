"""One person's mailbox: calendars, copies by every id form, master categories, change history."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from uuid import UUID, uuid5

from backend.sandbox.directory import Person
from backend.sandbox.exchange import ids, series
from backend.sandbox.exchange.errors import ExchangeError, malformed_id, not_found, wrong_mailbox
from backend.sandbox.exchange.model import (
    Calendar,
    Cause,
    Change,
    ChangeKind,
    Clock,
    EventKind,
    Json,
    MasterCategory,
    StoredEvent,
)

_CATEGORY_NAMESPACE = UUID("a7a1f6b2-3f0b-4f6e-9f50-0d6f0b1b7c11")
FIRST_CATEGORIES = (
    ("Red category", "preset0"),
    ("Orange category", "preset1"),
    ("Yellow category", "preset3"),
    ("Green category", "preset4"),
    ("Blue category", "preset7"),
    ("Purple category", "preset8"),
)
Listener = Callable[["Mailbox", Change], None]
KEPT_CHANGES = 20_000


class Mailbox:
    """The copies of one person, and the only place where a change of a copy is written down."""

    def __init__(
        self,
        person: Person,
        seed: int,
        clock: Clock,
        next_sequence: Callable[[], int],
        on_change: Listener,
    ) -> None:
        self.person = person
        self.mint = ids.IdMint(person.id, seed)
        self.changes: list[Change] = []
        self.forgotten_up_to = 0
        self.populated = False
        self.calendars: dict[str, Calendar] = {}
        self.categories: dict[str, MasterCategory] = {}
        self._clock = clock
        self._next_sequence = next_sequence
        self._on_change = on_change
        self._by_id: dict[str, StoredEvent] = {}
        self._by_immutable_id: dict[str, StoredEvent] = {}
        self._by_uid: dict[str, list[StoredEvent]] = {}
        self.deleted: dict[str, StoredEvent] = {}
        self.default_calendar = self.add_calendar("Calendar", is_default=True)
        for name, color in FIRST_CATEGORIES:
            self.add_category(name, color)

    # --- calendars and categories -------------------------------------------------------------

    def add_calendar(self, name: str, *, is_default: bool = False) -> Calendar:
        """Make a calendar folder."""
        numbers = (self.mint.folder_id(number) for number in count(len(self.calendars)))
        calendar_id = next(each for each in numbers if each not in self.calendars)
        calendar = Calendar(calendar_id, name, is_default, self._next_sequence())
        self.calendars[calendar_id] = calendar
        return calendar

    def calendar(self, calendar_id: str) -> Calendar:
        """The calendar with this id; raises ExchangeError."""
        found = self.calendars.get(calendar_id)
        if found is None:
            raise not_found()
        return found

    def add_category(self, name: str, color: str) -> MasterCategory:
        """Add to the master list; raises ExchangeError 409 for a name that differs only in case."""
        wanted = name.casefold()
        if any(category.name.casefold() == wanted for category in self.categories.values()):
            raise ExchangeError(
                409, "ErrorItemSave", "A category with the same display name already exists."
            )
        key = str(uuid5(_CATEGORY_NAMESPACE, f"{self.person.id}/{wanted}"))
        category = MasterCategory(key, name, color)
        self.categories[key] = category
        return category

    # --- finding ------------------------------------------------------------------------------

    def find(self, event_id: str, *, deleted_too: bool = False) -> StoredEvent:
        """The copy or instance with this id in either form.

        `deleted_too` also looks into Deleted Items. Raises ExchangeError: not found, malformed, or
        of another mailbox.
        """
        found = self._by_id.get(event_id) or self._by_immutable_id.get(event_id)
        if found is not None:
            return found
        return self._find_by_parts(event_id, deleted_too)

    def _find_by_parts(self, event_id: str, deleted_too: bool) -> StoredEvent:
        parsed = ids.parse(event_id)
        if parsed is None:
            raise malformed_id()
        if parsed.mailbox != (self.mint.tag if parsed.immutable else self.mint.guid.encode()):
            raise wrong_mailbox(event_id, self.person.address)
        whole_id = (
            self.mint.immutable_id(parsed.entry)
            if parsed.immutable
            else self.mint.rest_id(parsed.entry)
        )
        item = self._by_id.get(whole_id) or self._by_immutable_id.get(whole_id)
        if item is None and deleted_too:
            item = self.deleted.get(whole_id)
        if item is None:
            raise not_found()
        if parsed.day is None:
            return item
        instance = series.instance(item, parsed.day)
        if instance is None:
            raise not_found()
        return instance

    def with_uid(self, ical_uid: str) -> list[StoredEvent]:
        """Singles and masters with this iCalUId."""
        return self._by_uid.get(ical_uid, [])

    def items(self, calendar_id: str | None = None) -> Iterator[StoredEvent]:
        """Singles and masters, oldest first, of one calendar or of all, added ones included."""
        if calendar_id is None:
            return iter(list(self._by_id.values()))
        return iter([item for item in self._by_id.values() if item.calendar_id == calendar_id])

    def changes_since(self, sequence: int) -> list[Change]:
        """The history after a number, oldest first; complete if the number is not forgotten."""
        return self.changes[bisect_right(self.changes, sequence, key=lambda each: each.sequence) :]

    def view(self, begin: datetime, end: datetime, calendar_id: str) -> list[StoredEvent]:
        """Singles and instances that overlap the window, by start."""
        found: list[StoredEvent] = []
        for item in self._by_id.values():
            if item.calendar_id != calendar_id:
                continue
            if item.kind is EventKind.MASTER:
                found.extend(series.between(item, begin, end))
            elif series.overlaps(item, begin, end):
                found.append(item)
        found.sort(key=lambda event: (event.start, event.created, event.id))
        return found

    # --- changing -----------------------------------------------------------------------------

    def add(
        self,
        *,
        kind: EventKind,
        ical_uid: str,
        fields: Json,
        start: datetime,
        end: datetime,
        cause: Cause | None,
        calendar_id: str | None = None,
        created: datetime | None = None,
        lag: datetime | None = None,
        original: StoredEvent | None = None,
    ) -> StoredEvent:
        """Put a new copy into a calendar and record it."""
        immutable_entry = self.mint.new_immutable_entry()
        entry = self.mint.new_entry()
        now = created or self._clock()
        event = StoredEvent(
            mailbox=self,
            id=self.mint.rest_id(entry),
            immutable_id=self.mint.immutable_id(immutable_entry),
            entry=entry,
            immutable_entry=immutable_entry,
            calendar_id=calendar_id or self.default_calendar.id,
            kind=kind,
            ical_uid=ical_uid,
            fields=fields,
            start=start,
            end=end,
            created=now,
            modified=now,
            visible_at=lag,
            original=original,
        )
        self._index(event)
        self.record_change(ChangeKind.CREATED, event, cause)
        return event

    def record_change(
        self, kind: ChangeKind, event: StoredEvent, cause: Cause | None = None
    ) -> Change:
        """Write a change down: new version, fresh modification time, one more line of history.

        Everything that alters a copy ends here; listeners hear of it.
        """
        sequence = self._next_sequence()
        now = self._clock()
        if event.master is not None and event.day is not None:
            series.touch_instance(event, sequence, now)
        else:
            event.version = event.series_version = sequence
            event.modified = now
            event.instances.clear()
        event.rendered.clear()
        change = Change(sequence, kind, now, event, event.calendar_id, event.id, cause)
        self.changes.append(change)
        if len(self.changes) > KEPT_CHANGES:
            # Whoever follows from before this point has to start anew.
            del self.changes[: KEPT_CHANGES // 2]
            self.forgotten_up_to = self.changes[0].sequence - 1
        self._on_change(self, change)
        return change

    def remove(self, event: StoredEvent, cause: Cause | None, *, for_good: bool = False) -> None:
        """Move a copy to Deleted Items, where it has a new id, or purge it."""
        self.record_change(ChangeKind.DELETED, event, cause)
        self._unindex(event)
        event.is_deleted = True
        self._rename(event)
        if not for_good:
            self.deleted[event.immutable_id] = event
            self.deleted[event.id] = event

    def purge(self, event: StoredEvent) -> None:
        """Take a copy out of Deleted Items as well."""
        self.deleted.pop(event.immutable_id, None)
        self.deleted.pop(event.id, None)

    def move(self, event: StoredEvent, calendar_id: str, cause: Cause | None) -> None:
        """Move a copy to another calendar: its id changes, its immutable id does not."""
        target = self.calendar(calendar_id)
        if target.id == event.calendar_id:
            return
        self.record_change(ChangeKind.DELETED, event, cause)
        self._unindex(event)
        event.calendar_id = target.id
        self._rename(event)
        self._index(event)
        self.record_change(ChangeKind.CREATED, event, cause)

    def put_back(self, calendars: list[Calendar], categories: list[MasterCategory]) -> None:
        """Take the calendars and categories of a snapshot instead of the first ones."""
        self.calendars = {calendar.id: calendar for calendar in calendars}
        self.categories = {category.id: category for category in categories}
        self.default_calendar = next(each for each in calendars if each.is_default)

    def adopt(self, event: StoredEvent) -> None:
        """Take in a copy of a snapshot as it was."""
        if event.is_deleted:
            self.deleted[event.immutable_id] = self.deleted[event.id] = event
        else:
            self._index(event)

    def _rename(self, event: StoredEvent) -> None:
        event.entry = self.mint.new_entry()
        event.id = self.mint.rest_id(event.entry)
        event.rendered.clear()
        event.instances.clear()

    def _index(self, event: StoredEvent) -> None:
        self._by_id[event.id] = event
        self._by_immutable_id[event.immutable_id] = event
        self._by_uid.setdefault(event.ical_uid, []).append(event)

    def _unindex(self, event: StoredEvent) -> None:
        del self._by_id[event.id]
        del self._by_immutable_id[event.immutable_id]
        same = self._by_uid[event.ical_uid]
        same.remove(event)
        if not same:
            del self._by_uid[event.ical_uid]
