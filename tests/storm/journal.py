"""What the driver did and what its users' last words were: everything the evaluator must be told.

Between two settled moments lies an *epoch*. What happened in an earlier one has been seen by all
sides; within one, nobody knows what the product has seen already, and some last words cannot be
known (road.md §0). Those are marked, and read off again at the next settled moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tests.storm.expecting import Demand, expect
from tests.storm.reading import copy_of
from tests.storm.rules import Matcher, automatic_refusals, manual_refusals
from tests.storm.world import Copy, Record, Story, Word, World

REMOVALS_PER_EPOCH = 4
"""Of one mailbox, by what Outlook shows: one less than what the brake ever minds (L7). The clock
moves by more than its hour between two epochs."""


@dataclass
class Trail:
    """One event of an organizer whom the driver plays."""

    owner: str
    copy: Copy
    mark: str
    story: Story
    own: set[str] = field(default_factory=set)
    away: bool = False
    hidden_in: int = -1
    """The epoch in which it turned private, or a private contact was invited."""
    wished_in: int = -1
    """The epoch of the last tick or untick, in the pane or in Outlook, or act in the CRM."""
    removed_in: int = -1
    """The epoch in which a person deleted its record in the CRM."""
    put_off: bool = False
    """Outlook could not be asked when it was ticked: what the rules say then decides (202)."""
    touched_in: int = -1
    rested_in: int = -1
    """The epoch in which nobody may touch it any more."""
    seen_categories: tuple[str, ...] = ()
    """What an open Outlook form still holds."""
    lines: list[str] = field(default_factory=list)
    """What was done to it, for the report of a finding."""

    @property
    def id(self) -> str:
        return self.copy.id

    @property
    def uid(self) -> str:
        return self.copy.ical_uid

    @property
    def is_gone(self) -> bool:
        return self.story.gone is not None


class Journal:
    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        """``world``: settings, members, contacts and directory; its copies are not looked at."""
        self._world = world
        self._clock = clock
        self._matcher = Matcher(world)
        self._removals: dict[str, int] = {}
        self.epoch = 0
        self.trails: dict[str, Trail] = {}

    @property
    def stories(self) -> Mapping[str, Story]:
        return {uid: trail.story for uid, trail in self.trails.items()}

    def live(self) -> list[Trail]:
        """Those that may be touched now."""
        return [
            trail
            for trail in self.trails.values()
            if not trail.is_gone and trail.rested_in != self.epoch
        ]

    def begin(self, event: Mapping[str, Any], owner: str, mark: str, act: str) -> Trail:
        """Remember an event that its owner organizes."""
        copy = copy_of(event, owner)
        trail = Trail(owner, copy, mark, Story())
        trail.story.marks.add(mark)
        trail.own = {name for name in copy.categories if not self.is_ours(name)}
        self.trails[copy.ical_uid] = trail
        self.note(trail, act)
        self.saw(trail, event)
        return trail

    def saw(self, trail: Trail, event: Mapping[str, Any]) -> None:
        """What the event is like after an act of its owner."""
        copy = copy_of(event, trail.owner, in_default_calendar=not trail.away)
        trail.copy = copy
        trail.seen_categories = copy.categories
        story = trail.story
        story.shown = {"subject": copy.subject, "start": copy.start, "end": copy.end}
        story.own_categories[copy.id] = frozenset(trail.own)
        self.judge(trail)

    def judge(self, trail: Trail) -> None:
        """Remember whether a record was ever wanted."""
        world = replace(self._world, now=self._clock())
        found = expect(world, self._matcher, [trail.copy], trail.story)
        if found.demand is not Demand.NONE:
            trail.story.ever_wanted = True

    def refusals(self, trail: Trail) -> tuple[str, ...]:
        """Why a tick would be refused now; empty: it would be accepted."""
        world = replace(self._world, now=self._clock())
        matches = self._matcher.match(trail.copy)
        member = world.members.get(trail.copy.mailbox)
        return manual_refusals(world, trail.copy, member, matches)

    def _selects(self, trail: Trail) -> bool:
        world = replace(self._world, now=self._clock())
        matches = self._matcher.match(trail.copy)
        member = world.members.get(trail.copy.mailbox)
        return not automatic_refusals(world, trail.copy, member, matches)

    def is_ours(self, name: str) -> bool:
        return name.casefold() == self._world.firm.category.casefold()

    def note(self, trail: Trail, act: str) -> None:
        """One more line of the event's history; the act touches it."""
        trail.touched_in = self.epoch
        when = self._clock().strftime("%H:%M:%S.%f")[:-3]
        trail.lines.append(f"epoch {self.epoch} {when} {act}")

    # --- the brake --------------------------------------------------------------------------------

    def may_remove(self, trail: Trail) -> bool:
        """Whether one more record of this mailbox may go because of Outlook."""
        return self._removals.get(trail.owner, 0) < REMOVALS_PER_EPOCH

    def removes(self, trail: Trail) -> None:
        self._removals[trail.owner] = self._removals.get(trail.owner, 0) + 1

    # --- last words -------------------------------------------------------------------------------

    def ticked_in_pane(
        self, trail: Trail, *, was_released: bool = True, put_off: bool = False
    ) -> None:
        """A person's act in the pane is newer than any memory of the category (R2).

        ``was_released``: what the pane showed just before. A tick of a link that still is linked
        says nothing new, so of a removal in the CRM a moment ago nobody knows the last word.
        ``put_off``: the answer was 202, and a "no" that comes later ends the wish.
        """
        story = trail.story
        trail.put_off = put_off
        if put_off and self.refusals(trail):
            story.unsure = "ticked, while it could not be synced and Outlook could not be asked"
        if story.edited:
            story.edited = {}
            story.unsure = "ticked again after an edit in the CRM"
        if story.removed_in_crm and trail.removed_in == self.epoch and not was_released:
            story.unsure = "ticked before anybody had seen that the record was removed in the CRM"
        story.removed_in_crm = False
        self._says(trail, Word.TICKED)

    def unticked_in_pane(self, trail: Trail) -> None:
        trail.story.was_linked = False
        self._says(trail, Word.UNTICKED)

    def categorised(self, trail: Trail) -> None:
        """Our category was put on in Outlook: a tick (T11), if all sides were at rest."""
        story = trail.story
        story.typed_category = True
        at_rest = trail.wished_in < self.epoch
        if story.edited:
            story.edited = {}
            story.unsure = "category put on after an edit in the CRM"
        if self.refusals(trail) or trail.away:
            story.unsure = "category put on while it could not be synced (T11)"
        story.removed_in_crm = False
        self._says(trail, Word.TICKED if at_rest else Word.UNKNOWN)

    def uncategorised(self, trail: Trail, *, alone: bool) -> None:
        """Our category was taken off. An untick if nothing else changed since all sides agreed; the
        event then has to rest until they have seen it (T11's guard).
        """
        at_rest = trail.wished_in < self.epoch and alone and trail.story.unsure is None
        trail.story.was_linked = False
        self._says(trail, Word.UNTICKED if at_rest else Word.UNKNOWN)
        if at_rest:
            trail.rested_in = self.epoch

    def blurred(self, trail: Trail) -> None:
        """Nobody can know any more."""
        story = trail.story
        story.was_linked = False
        if story.edited:
            story.edited = {}
            story.unsure = "perhaps ticked again after an edit in the CRM"
        story.removed_in_crm = False
        self._says(trail, Word.UNKNOWN)

    def _says(self, trail: Trail, word: Word) -> None:
        trail.story.word = word
        trail.put_off = trail.put_off and word is Word.TICKED
        trail.wished_in = self.epoch
        self.judge(trail)

    # --- settled moments --------------------------------------------------------------------------

    def settled(self, world: World) -> Iterator[str]:
        """All sides agree: what could not be known is read off. Answers what was learned."""
        self.epoch += 1
        self._removals.clear()
        copies = {copy.id: copy for copy in world.copies}
        records: dict[str, Record] = {
            record.ical_uid or "": record for record in world.records if record.kind == "synced"
        }
        for trail in self.trails.values():
            record, copy = records.get(trail.uid), copies.get(trail.id)
            story = trail.story
            story.was_linked = record is not None and record.sync_status == "synced"
            if copy is None:
                continue
            carries = any(map(self.is_ours, copy.categories))
            trail.copy, trail.seen_categories = copy, copy.categories
            if story.categories_unsure:
                trail.own = {name for name in copy.categories if not self.is_ours(name)}
                story.own_categories[copy.id] = frozenset(trail.own)
                story.categories_unsure = False
            if trail.put_off and record is None and not carries and self.refusals(trail):
                # The look that followed refused the tick; the rules decide again.
                story.word = Word.NONE
            trail.put_off = False
            if story.word is Word.UNKNOWN or story.unsure is not None:
                yield from self._learn(trail, carries, record)
            self.judge(trail)

    def _learn(self, trail: Trail, carries: bool, record: Record | None) -> Iterator[str]:
        story = trail.story
        if record is not None and record.sync_status == "synced" and carries:
            story.word, story.unsure = Word.TICKED, None
            yield "linked"
        elif record is None and not carries and self._selects(trail):
            # Only an untick keeps the rules from making one. Where they do not select the event,
            # nobody knows whether there is anything to remember.
            story.word, story.unsure = Word.UNTICKED, None
            yield "not linked"
        else:
            story.unsure = story.unsure or "nobody could know the last word"
            yield "still open"


def marked(stories: Iterable[Story]) -> set[str]:
    """All marks."""
    return {mark for story in stories for mark in story.marks}
