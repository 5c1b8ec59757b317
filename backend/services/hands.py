"""With whose rights a run of the road works."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.ports import Calendar, Look


@dataclass(frozen=True, slots=True)
class Hand:
    """A calendar to work with, and what the door that lends it has already looked at."""

    calendar: Calendar
    is_user: bool
    look: Look | None = None
