"""The Outlook category compared three ways: what we remember, what the event shows, what is wanted.

The category is a mirror and an input, never the truth (T11). It is read as input only while memory
and wish agree; while they differ it is only mended (R2).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from backend.domain.event import (
    Event,
    has_category,
    with_category,
    without_category,
)
from backend.domain.link import CategoryMemory, Link, LinkState

OVERWRITE_PERIOD = timedelta(minutes=10)
"""How long after our own write a vanished category may be an open form's older copy (T11)."""


class CategoryWord(StrEnum):
    """What the category on the event says to the road."""

    NOTHING = "nothing"
    TICK = "tick"
    UNTICK = "untick"
    PUT_BACK = "put_back"


def content_of(event: Event, category_name: str) -> str:
    """A hash of what a person could have changed besides our category."""
    parts = (
        event.subject,
        event.start.isoformat(),
        event.end.isoformat(),
        event.sensitivity.value,
        event.type.value,
        "|".join(f"{a.address}{a.type.value}" for a in event.attendees),
        "|".join(location.name for location in event.locations),
        "|".join(without_category(event.categories, category_name)),
        event.show_as,
        event.importance,
        str(event.reminder_minutes),
        event.body_text or "",
    )
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def shows_category(memory: CategoryMemory, event: Event, category_name: str) -> bool:
    """Whether the event carries the category, under today's name or the one we remember (A5)."""
    if has_category(event.categories, category_name):
        return True
    return memory.name is not None and has_category(event.categories, memory.name)


def category_says(link: Link, event: Event, category_name: str) -> CategoryWord:
    """What the category on ``event`` means for ``link``; pure, taken only from a GET (R6)."""
    memory = link.category
    wanted = link.wants_category()
    shown = shows_category(memory, event, category_name)
    if memory.refused:
        return CategoryWord.NOTHING if shown else CategoryWord.UNTICK
    if memory.seen is None or shown == memory.seen:
        return CategoryWord.NOTHING
    if wanted is not None and memory.seen != wanted:
        return CategoryWord.NOTHING
    if memory.seen_at is not None and event.modified_at < memory.seen_at:
        return CategoryWord.NOTHING
    if shown:
        if link.state is LinkState.REMOVED or wanted is False:
            return CategoryWord.TICK
        return CategoryWord.NOTHING
    if wanted is True and _may_be_an_older_copy(memory, event, category_name):
        return CategoryWord.PUT_BACK
    return CategoryWord.UNTICK


def _may_be_an_older_copy(memory: CategoryMemory, event: Event, category_name: str) -> bool:
    """T11: the first change that drops what we wrote, soon after or along with something else."""
    if memory.put_back or memory.written_at is None:
        return False
    if event.modified_at - memory.written_at <= OVERWRITE_PERIOD:
        return True
    return memory.content is not None and content_of(event, category_name) != memory.content


@dataclass(frozen=True, slots=True)
class CategoryWrite:
    """The whole array to write: Graph knows no adding or removing of one (Graph docs: event)."""

    categories: tuple[str, ...]


def category_write(link: Link, event: Event, category_name: str) -> CategoryWrite | None:
    """What has to be written to mend the mirror; ``None`` when it shows what is wanted."""
    wanted = link.wants_category()
    if wanted is None:
        return None
    old_name = link.category.name
    mended = tuple(event.categories)
    if old_name is not None and old_name.casefold() != category_name.casefold():
        mended = without_category(mended, old_name)
    mended = (
        with_category(mended, category_name) if wanted else without_category(mended, category_name)
    )
    return None if mended == tuple(event.categories) else CategoryWrite(mended)


def remember_look(memory: CategoryMemory, event: Event, category_name: str) -> CategoryMemory:
    """The memory after a look that decided nothing else; older looks prove nothing (R5)."""
    if memory.seen_at is not None and event.modified_at < memory.seen_at:
        return memory
    shown = shows_category(memory, event, category_name)
    current = has_category(event.categories, category_name)
    return replace(
        memory,
        seen=shown,
        name=category_name if current else (memory.name if shown else None),
        seen_at=event.modified_at,
        content=content_of(event, category_name),
    )


def remember_write(memory: CategoryMemory, answer: Event, category_name: str) -> CategoryMemory:
    """The memory after our own PATCH: what Outlook answered is a fact (R3), ordered by its time."""
    if memory.seen_at is not None and answer.modified_at < memory.seen_at:
        return memory
    shown = has_category(answer.categories, category_name)
    return replace(
        memory,
        seen=shown,
        name=category_name if shown else None,
        seen_at=answer.modified_at,
        written_at=answer.modified_at if shown else None,
        content=content_of(answer, category_name),
    )
