"""What one follower of a calendar window was told, and what he has to be told next.

Knows neither tokens nor JSON. A first round tells everything in the window, each later one what
changed; every answer makes a new generation, of which the last three are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from backend.sandbox.exchange import ids, series
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import ChangeKind, EventKind, StoredEvent

KEPT_GENERATIONS = 3
Days = Mapping[bytes, frozenset[date]]
"""Of each series, by its immutable entry: the original dates of the instances somebody knows."""


class SyncStateLostError(Exception):
    """The generation asked for is not kept any more; `kept` are those that are, newest last."""

    def __init__(self, generation: int, kept: Sequence[int]) -> None:
        super().__init__(f"generation {generation} of {list(kept)}")
        self.generation = generation
        self.kept = tuple(kept)


@dataclass(frozen=True, slots=True)
class Gone:
    """Something that is not, or no longer, in the followed window."""

    id: str
    immutable_id: str
    is_deletion: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """Some instances of a series that changed by themselves."""

    master: StoredEvent
    days: frozenset[date]


Unit = StoredEvent | Part | Gone
"""What has to be said in one go; an event is looked at when it is said."""
Line = StoredEvent | Gone


@dataclass(frozen=True, slots=True)
class Told:
    """Where a follower stands after a round.

    `since` is where that round began, None for a first one; `late` are events that Graph did not
    show yet.
    """

    up_to: int
    since: int | None
    known: Days
    late: tuple[StoredEvent, ...] = ()


@dataclass(slots=True)
class Round:
    """What is told on the pages of one round; `sent` is of all pages so far, `fresh` of one."""

    units: Sequence[Unit]
    known: Days
    told: Told
    is_first: bool
    sent: dict[bytes, frozenset[date]] = field(default_factory=dict)
    fresh: dict[bytes, frozenset[date]] = field(default_factory=dict)

    def note(self, key: bytes, days: frozenset[date]) -> None:
        """Of this series these instances were told; an answer asked for twice takes none back."""
        self.sent[key] = days | self.sent.get(key, frozenset())
        self.fresh[key] = days

    def finished(self) -> Told:
        """Where the follower stands after the last page."""
        if not self.sent:
            return self.told
        known = {key: days for key, days in {**self.known, **self.sent}.items() if days}
        return Told(self.told.up_to, self.told.since, known, self.told.late)


@dataclass(frozen=True, slots=True)
class Generation:
    """What a link stands for: a place in a round, or the end of one."""

    number: int
    round: Round | None
    offset: int
    told: Told | None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was ordered for one answer, and which of the unconfirmed ways Exchange takes."""

    empty_page: bool = False
    replay: bool = False
    silent_deletions: bool = False
    missing_masters: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One answer; `generation` is what its link stands for, `is_last` whether the round is over."""

    lines: list[Line]
    generation: int
    is_last: bool


@dataclass(slots=True)
class SyncState:
    """One follower's state: the window is fixed for ever."""

    id: bytes
    mailbox: Mailbox
    calendar_id: str
    begin: datetime
    end: datetime
    highest: int
    generations: dict[int, Generation] = field(default_factory=dict)
    _told_with: dict[int, Days] = field(default_factory=dict)

    @property
    def kept(self) -> list[int]:
        """The numbers of the generations that can still be used, newest last."""
        return list(self.generations)

    def first_page(self, up_to: int, now: datetime, size: int, wishes: Wishes) -> Page:
        """The beginning of the first round; `up_to` is the newest change of the sandbox."""
        return self._page(self._first_round(up_to, now), 0, size, wishes)

    def page_after(self, number: int, up_to: int, now: datetime, size: int, wishes: Wishes) -> Page:
        """The next page behind a link; raises SyncStateLostError for one that is too old."""
        generation = self.generations.get(number)
        if generation is None:
            raise SyncStateLostError(number, self.kept)
        if generation.round is not None:
            return self._page(generation.round, generation.offset, size, wishes)
        assert generation.told is not None
        if generation.told.up_to < self.mailbox.forgotten_up_to:
            raise SyncStateLostError(number, self.kept)
        known = self._known_to_anyone(generation.told, number)
        following = self._next_round(generation.told, known, up_to, now, wishes)
        return self._page(following, 0, size, wishes)

    def is_repeatable(self, number: int) -> bool:
        """Whether the link begins a round, which can be ordered to repeat the one before."""
        generation = self.generations.get(number)
        return generation is not None and generation.round is None

    # --- rounds -------------------------------------------------------------------------------

    def _known_to_anyone(self, told: Told, number: int) -> Days:
        """What the follower knows, and what he may know from later answers that he did not keep."""
        later = [days for each, days in self._told_with.items() if each > number and days]
        if not later:
            return told.known
        known = dict(told.known)
        for days_of in later:
            for key, days in days_of.items():
                known[key] = days | known.get(key, frozenset())
        return known

    def _first_round(self, up_to: int, now: datetime) -> Round:
        units: list[Unit] = []
        late: list[StoredEvent] = []
        for item in self.mailbox.items(self.calendar_id):
            if item.visible_at is not None and item.visible_at > now:
                late.append(item)
            else:
                units.append(item)
        return Round(units, {}, Told(up_to, None, {}, tuple(late)), is_first=True)

    def _next_round(
        self, told: Told, known: Days, up_to: int, now: datetime, wishes: Wishes
    ) -> Round:
        since = told.up_to
        found = _Collected(self, known, now, wishes.silent_deletions)
        if wishes.replay and (told.since is None or told.since < self.mailbox.forgotten_up_to):
            for item in self.mailbox.items(self.calendar_id):
                found.touch(item)
        elif wishes.replay and told.since is not None:
            since = told.since
        for event in told.late:
            found.touch(event)
        found.read(since)
        after = Told(up_to, since, known, tuple(found.late))
        return Round(list(found.units.values()), known, after, False, found.forgotten)

    def _page(self, round_: Round, offset: int, size: int, wishes: Wishes) -> Page:
        lines: list[Line] = []
        round_.fresh = {}
        while offset < len(round_.units) and not wishes.empty_page:
            more = self._lines(round_, round_.units[offset], wishes)
            # All items of a series stand on one page, however many they are.
            if lines and len(lines) + len(more) > size:
                break
            lines += more
            offset += 1
        is_last = offset >= len(round_.units) and not wishes.empty_page
        self.highest += 1
        told = round_.finished() if is_last else None
        kept_round = None if is_last else round_
        self.generations[self.highest] = Generation(self.highest, kept_round, offset, told)
        self._told_with[self.highest] = round_.fresh
        for kept in (self.generations, self._told_with):
            kept.pop(self.highest - KEPT_GENERATIONS, None)
        return Page(lines, self.highest, is_last)

    # --- lines --------------------------------------------------------------------------------

    def _lines(self, round_: Round, unit: Unit, wishes: Wishes) -> list[Line]:
        if isinstance(unit, Gone):
            return [unit]
        item = unit.master if isinstance(unit, Part) else unit
        if item.is_deleted or item.calendar_id != self.calendar_id:
            # The change that took it away belongs to the next round.
            return []
        if isinstance(unit, Part):
            return self._lines_of_part(round_, unit, wishes)
        if item.kind is EventKind.MASTER:
            return self._lines_of_series(round_, item, wishes)
        gone = self._vanished(round_, item, frozenset(), wishes)
        if series.overlaps(item, self.begin, self.end):
            return [*gone, item]
        return [] if round_.is_first else [*gone, _outside(item)]

    def _lines_of_series(self, round_: Round, master: StoredEvent, wishes: Wishes) -> list[Line]:
        shown = series.between(master, self.begin, self.end)
        days = frozenset(event.day for event in shown if event.day is not None)
        gone = self._vanished(round_, master, days, wishes)
        if not shown:
            return [] if round_.is_first else [*gone, _outside(master)]
        is_missing = wishes.missing_masters and master.start < self.begin
        head: list[Line] = [] if is_missing and not wishes.silent_deletions else [master]
        return [*head, *shown, *gone]

    def _lines_of_part(self, round_: Round, part: Part, wishes: Wishes) -> list[Line]:
        master = part.master
        key = master.immutable_entry
        known = round_.sent.get(key, round_.known.get(key, frozenset()))
        lines: list[Line] = []
        for day in sorted(part.days):
            event = series.instance(master, day)
            if event is not None and series.overlaps(event, self.begin, self.end):
                lines.append(event)
                known |= {day}
                continue
            known -= {day}
            if event is not None or not wishes.silent_deletions:
                lines.append(_instance_gone(master, day, is_deletion=event is None))
        round_.note(key, known)
        # Something of a series is always said: else nobody could know where to look.
        if known and (not wishes.missing_masters or wishes.silent_deletions):
            return [master, *lines]
        return lines

    def _vanished(
        self, round_: Round, master: StoredEvent, shown: frozenset[date], wishes: Wishes
    ) -> list[Line]:
        """The instances that the follower knows and that are not there (any more)."""
        key = master.immutable_entry
        before = round_.known.get(key, frozenset()) | round_.sent.get(key, frozenset())
        if before or shown:
            round_.note(key, shown)
        found: list[Line] = []
        for day in sorted(before - shown):
            is_deletion = series.instance(master, day) is None
            if not is_deletion or not wishes.silent_deletions:
                found.append(_instance_gone(master, day, is_deletion=is_deletion))
        return found


@dataclass(slots=True)
class _Collected:
    """The changes since a number, each thing once, in the order of its last change."""

    state: SyncState
    known: Days
    now: datetime
    silent_deletions: bool
    units: dict[object, Unit] = field(default_factory=dict)
    late: list[StoredEvent] = field(default_factory=list)
    forgotten: dict[bytes, frozenset[date]] = field(default_factory=dict)

    def read(self, since: int) -> None:
        """Take in the calendar's history after a number."""
        for change in self.state.mailbox.changes_since(since):
            if change.calendar_id != self.state.calendar_id:
                continue
            if change.kind is ChangeKind.DELETED and change.event.master is None:
                self._lose(change.event, change.event_id)
            else:
                self.touch(change.event)

    def touch(self, event: StoredEvent) -> None:
        """The event, series or instance has to be told as it is now."""
        item = event.master or event
        if item.visible_at is not None and item.visible_at > self.now:
            if item not in self.late:
                self.late.append(item)
            return
        if event.master is None:
            self.units.pop(("part", event), None)
            self.units.pop(event, None)
            self.units[event] = event
        elif item not in self.units and event.day is not None:
            part = self.units.pop(("part", item), None)
            days = part.days if isinstance(part, Part) else frozenset[date]()
            self.units["part", item] = Part(item, days | {event.day})

    def _lose(self, event: StoredEvent, old_id: str) -> None:
        self.units.pop(event, None)
        self.units.pop(("part", event), None)
        self.late = [each for each in self.late if each is not event]
        key = event.immutable_entry
        days = self.forgotten.get(key, self.known.get(key, frozenset()))
        if self.silent_deletions and event.is_deleted:
            return
        for gone in _all_of(event, old_id, days):
            self.units[gone.id] = gone
        if days:
            self.forgotten[key] = frozenset()


def _all_of(event: StoredEvent, old_id: str, days: Iterable[date]) -> Iterable[Gone]:
    """The event and its known instances under the ids they had before it went."""
    yield Gone(old_id, event.immutable_id, event.is_deleted)
    parsed = ids.parse(old_id)
    mint = event.mailbox.mint
    for day in sorted(days) if parsed is not None else ():
        assert parsed is not None
        immutable_id = mint.immutable_id(event.immutable_entry, day)
        yield Gone(mint.rest_id(parsed.entry, day), immutable_id, event.is_deleted)


def _outside(event: StoredEvent) -> Gone:
    return Gone(event.id, event.immutable_id, is_deletion=False)


def _instance_gone(master: StoredEvent, day: date, *, is_deletion: bool) -> Gone:
    mint = master.mailbox.mint
    return Gone(
        mint.rest_id(master.entry, day),
        mint.immutable_id(master.immutable_entry, day),
        is_deletion,
    )
