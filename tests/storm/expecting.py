"""What product.md demands of one event: exactly one record, none, or (for a reason) either.

The order of the questions is that of the rules' strength: privacy beats the user's word, his word
beats the selection by contact type, and what was once linked is treated as L5-L9 say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tests.storm.rules import Match, Matcher, automatic_refusals, manual_refusals
from tests.storm.world import Copy, Story, Word, World

_DESTROYING = frozenset({"private_event", "private_contact"})
_STANDING = frozenset({"private_event", "private_contact", "not_organizer"})
"""Refusals that leave no record whatever was before."""


class Demand(StrEnum):
    ONE = "exactly one record"
    NONE = "no record"
    EITHER = "at most one record"


@dataclass(frozen=True, slots=True)
class Expectation:
    demand: Demand
    why: str
    copy: Copy | None = None
    matches: tuple[Match, ...] = ()
    is_current: bool = False
    """Whether a record must agree with the copy in every field that Outlook fills."""
    category: bool | None = None
    """Whether ours must be on the organizer's copy; None: either is right."""
    statuses: frozenset[str] = frozenset({"confirmed"})


def expect(world: World, matcher: Matcher, copies: list[Copy], story: Story) -> Expectation:
    """What must be true of one iCalUId; ``copies`` are all that stand in any calendar."""
    leading = [copy for copy in copies if copy.is_organizer]
    at_home = [copy for copy in leading if copy.in_default_calendar]
    if len(leading) > 1:
        return Expectation(Demand.EITHER, "two copies claim to be the organizer's (S3)")
    if at_home:
        return _expect_of_copy(world, matcher, at_home[0], story)
    if leading:
        return _expect_away(world, matcher, leading[0], story)
    if story.gone is not None:
        return _expect_gone(world, matcher, story.gone, story)
    if story.ever_wanted:
        return Expectation(Demand.EITHER, "the organizer's copy is gone, nobody saw how")
    return Expectation(Demand.NONE, "no organizer's copy in any of the firm's mailboxes (S3)")


def is_wanted(world: World, matcher: Matcher, copy: Copy, story: Story) -> bool:
    """Whether at this moment a record is wanted: for the driver's journal."""
    found = expect(world, matcher, [copy], story)
    return found.demand is Demand.ONE


def _expect_of_copy(world: World, matcher: Matcher, copy: Copy, story: Story) -> Expectation:
    member = world.members.get(copy.mailbox)
    matches = matcher.match(copy)
    refusals = frozenset(manual_refusals(world, copy, member, matches))
    if refusals & _STANDING:
        reason = ", ".join(sorted(refusals & _STANDING))
        return Expectation(Demand.NONE, reason, copy, matches)
    if story.edited:
        return Expectation(Demand.ONE, "edited in the CRM, so it stays as it is (L4)", copy)
    if story.unsure is not None:
        return Expectation(Demand.EITHER, story.unsure, copy, matches)
    if refusals:
        return _expect_refused(world, copy, matches, story, refusals)
    if _is_at_the_edge(world, copy):
        return Expectation(Demand.EITHER, "its end is about to leave the period (E8)", copy)
    if story.removed_in_crm:
        return Expectation(Demand.NONE, "removed in the CRM (T4a)", copy, matches, category=False)
    if story.word is Word.UNTICKED:
        return Expectation(Demand.NONE, "unticked (E14)", copy, matches, category=False)
    if story.word is Word.UNKNOWN:
        why = "nobody can know the user's last word"
        return Expectation(Demand.EITHER, why, copy, matches, is_current=True)
    if story.word is Word.TICKED or _carries(world, copy):
        return _one("ticked (T3, T11)", copy, matches)
    automatic = automatic_refusals(world, copy, member, matches)
    if not automatic:
        return _one("selected by contact type (S1)", copy, matches)
    if story.ever_wanted:
        why = f"no longer selected ({automatic[0]}), which takes no record away (L9)"
        return Expectation(Demand.EITHER, why, copy, matches, is_current=True)
    category = None if story.typed_category else False
    return Expectation(Demand.NONE, automatic[0], copy, matches, category=category)


def _one(why: str, copy: Copy, matches: tuple[Match, ...]) -> Expectation:
    return Expectation(Demand.ONE, why, copy, matches, is_current=True, category=True)


def _expect_refused(
    world: World,
    copy: Copy,
    matches: tuple[Match, ...],
    story: Story,
    refusals: frozenset[str],
) -> Expectation:
    """Rules that freeze or end a link keep the record that is there, and make none (L9)."""
    reason = ", ".join(sorted(refusals))
    statuses = frozenset({"confirmed", "cancelled"})
    left_behind = refusals == {"outside_window"} and _was_inside(world, copy)
    unwanted = story.word is Word.UNTICKED or story.removed_in_crm
    if unwanted or not (story.ever_wanted or left_behind):
        return Expectation(Demand.NONE, reason, copy, matches)
    why = f"{reason} now, which keeps the record that is there (L9)"
    return Expectation(_kept(story), why, copy, matches, statuses=statuses)


def _was_inside(world: World, copy: Copy) -> bool:
    """Whether the period left the event behind since the product began to look."""
    limit = world.began - world.firm.past
    return limit <= copy.end < world.now - world.firm.past


def _is_at_the_edge(world: World, copy: Copy) -> bool:
    """Dates have no instant of their own, and the last look may be some minutes old."""
    slack = timedelta(hours=27 if copy.all_day else 1)
    edges = (world.now - world.firm.past, world.began - world.firm.past)
    return any(abs(copy.end - edge) < slack for edge in edges)


def _expect_away(world: World, matcher: Matcher, copy: Copy, story: Story) -> Expectation:
    """In another calendar of the mailbox: a link freezes, and none is made (L6)."""
    if copy.is_private or any(match.is_private for match in matcher.match(copy)):
        return Expectation(Demand.NONE, "private, in another calendar", copy)
    if story.edited:
        return Expectation(Demand.ONE, "edited in the CRM, in another calendar (L4)", copy)
    if not story.ever_wanted or story.word is Word.UNTICKED or story.removed_in_crm:
        return Expectation(Demand.NONE, "not wanted while in the default calendar", copy)
    return Expectation(_kept(story), "in another calendar: frozen if it was linked (L6)", copy)


def _expect_gone(world: World, matcher: Matcher, copy: Copy, story: Story) -> Expectation:
    """Deleted or cancelled by its organizer (L6)."""
    hides = copy.is_private or any(match.is_private for match in matcher.match(copy))
    if hides and not story.hid_briefly:
        return Expectation(Demand.NONE, "private when it went (L5)")
    if story.hid_briefly:
        both = frozenset({"confirmed", "cancelled"})
        why = "private for a moment before it went: an event that is gone cannot be read"
        return Expectation(Demand.EITHER, why, statuses=both)
    if story.edited:
        both = frozenset({"confirmed", "cancelled"})
        return Expectation(Demand.ONE, "gone, and edited in the CRM (L4)", statuses=both)
    if not story.ever_wanted or story.word is Word.UNTICKED or story.removed_in_crm:
        return Expectation(Demand.NONE, "gone, and nobody wanted it")
    if story.unsure is not None:
        both = frozenset({"confirmed", "cancelled"})
        return Expectation(Demand.EITHER, f"gone; {story.unsure}", statuses=both)
    if copy.others():
        if not world.firm.marks_cancelled:
            return Expectation(Demand.NONE, "cancelled (L6)")
        cancelled = frozenset({"cancelled"})
        return Expectation(_kept(story), "cancelled (L6)", statuses=cancelled)
    if copy.end > world.now and world.firm.deletes_synced:
        return Expectation(Demand.NONE, "deleted ahead of its end (L6)")
    return Expectation(Demand.EITHER, "deleted when it was past, or about then (L6)")


def _kept(story: Story) -> Demand:
    """Where a record stays and none is made: whether there was one must be known from before."""
    return Demand.ONE if story.was_linked and story.word is not Word.UNKNOWN else Demand.EITHER


def _carries(world: World, copy: Copy) -> bool:
    """Ours on the organizer's copy, with no word against it, is a tick (T11, A17)."""
    ours = world.firm.category.casefold()
    return any(name.casefold() == ours for name in copy.categories)
