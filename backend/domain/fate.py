"""What happened in Outlook to an event that the brake holds, and what would follow from it (L7)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from backend.domain.category import CategoryWord, category_says
from backend.domain.event import Event, EventType
from backend.domain.link import Link
from backend.domain.policy import Policy, PrivateEvents


class Happened(StrEnum):
    """What Outlook shows of an event now."""

    NOTHING = "nothing"
    UNTICKED = "unticked"
    """The category was taken off."""
    DELETED = "deleted"
    """It is not in the calendar, and nobody else was invited."""
    CANCELLED = "cancelled"
    """It is not in the calendar, and others were invited (L6)."""
    PRIVATE = "private"
    SERIES = "series"
    UNKNOWN = "unknown"
    """It could not be looked for."""


class Consequence(StrEnum):
    """What becomes of the record if it is let happen."""

    REMOVED = "removed"
    """It goes, and can be brought back for 30 days."""
    DESTROYED = "destroyed"
    """It goes for good; privacy is never held back."""
    MARKED = "marked"
    """It stays, marked as cancelled."""
    KEPT = "kept"
    """It stays and is not followed any more."""
    RESTS = "rests"
    """It stays, and updates rest."""
    FOLLOWED = "followed"
    """Nothing happened, so it is followed on."""
    UNKNOWN = "unknown"


def what_happened(link: Link, event: Event | None, policy: Policy) -> Happened:
    """``event``: what the calendar shows of it; ``None``: it shows no such event."""
    if event is None:
        return Happened.CANCELLED if link.had_attendees else Happened.DELETED
    if event.is_private and policy.private_events is PrivateEvents.EXCLUDE:
        return Happened.PRIVATE
    if event.type is not EventType.SINGLE_INSTANCE:
        return Happened.SERIES
    if event.is_cancelled:
        return Happened.CANCELLED
    if category_says(link, event, policy.category_name) is CategoryWord.UNTICK:
        return Happened.UNTICKED
    return Happened.NOTHING


def what_follows(
    happened: Happened, policy: Policy, *, ends_at: datetime | None, now: datetime
) -> Consequence:
    """What the road makes of it (L6, L9, T11), as far as can be told before its own look."""
    match happened:
        case Happened.NOTHING:
            return Consequence.FOLLOWED
        case Happened.UNTICKED:
            return Consequence.REMOVED
        case Happened.PRIVATE:
            return Consequence.DESTROYED
        case Happened.SERIES:
            return Consequence.RESTS
        case Happened.CANCELLED:
            is_deleted = policy.cancelled_records == "delete"
            return Consequence.REMOVED if is_deleted else Consequence.MARKED
        case Happened.DELETED:
            is_past = ends_at is not None and ends_at <= now
            stays = is_past or not policy.delete_synced_events
            return Consequence.KEPT if stays else Consequence.REMOVED
        case Happened.UNKNOWN:
            return Consequence.UNKNOWN
