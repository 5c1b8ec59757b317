"""With whose rights a run of the road works."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.crm import AttendeeMatch
from backend.domain.link import Link
from backend.domain.ports import Calendar, Look
from backend.services.callers import CalendarOwner


@dataclass(frozen=True, slots=True)
class Hand:
    """A calendar to work with, and what the door that lends it has already learned.

    All of it is moments old; whatever changed meanwhile is caught by the fence, as it is for
    everything else that a run has gathered.
    """

    calendar: Calendar
    is_user: bool
    look: Look | None = None
    matches: tuple[AttendeeMatch, ...] | None = None
    """Who of the invited in ``look`` is a contact."""
    link: Link | None = None
    """The link as the door's own commit left it."""
    owner: CalendarOwner | None = None
