"""What a list of activities is narrowed to, as conditions and as a span of starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement

from backend.crm.activities import Span
from backend.crm.models import ActivityRow
from backend.crm.searching import says
from backend.domain.crm import ActivityKind
from backend.domain.event import normalised_address

LONGEST_MEETING = timedelta(days=366)
"""Appointments that began earlier are found under all dates only: a list must know where to end."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Types by name; originators as key and name."""

    types: Sequence[str]
    originators: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """What a list is narrowed to; ``mention`` is a kind (``contact``, …) and an id."""

    mention: tuple[str, str] | None = None
    external_key: str | None = None
    ical_uid: str | None = None
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    ends_after: datetime | None = None
    """Appointments of this moment: what ends after it (L2)."""
    ends_by: datetime | None = None
    """Activities of this moment: what has ended by it (L2)."""
    type: str | None = None
    kind: ActivityKind | None = None
    originator: str | None = None
    """Address (or name, where there is none) of whom it is assigned to."""
    query: str = ""

    @property
    def span(self) -> Span:
        """The starts that can belong to the list, so that an index range ends where they end."""
        begins, ends = self.starts_from, self.starts_before
        if self.ends_by is not None:
            past = self.ends_by + timedelta(microseconds=1)
            ends = past if ends is None else min(ends, past)
        if self.ends_after is not None:
            earliest = self.ends_after - LONGEST_MEETING
            begins = earliest if begins is None else max(begins, earliest)
        return begins, ends

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.ends_after is not None:
            found.append(ActivityRow.end_at > self.ends_after)
        if self.ends_by is not None:
            found.append(ActivityRow.end_at <= self.ends_by)
        if self.type is not None:
            found.append(ActivityRow.type == self.type)
        if self.kind is not None:
            found.append(ActivityRow.kind == self.kind)
        if self.originator is not None:
            found.append(ActivityRow.originator == normalised_address(self.originator))
        if self.external_key is not None:
            found.append(ActivityRow.external_key == self.external_key)
        if self.ical_uid is not None:
            found.append(ActivityRow.ical_uid == self.ical_uid)
        if self.query.strip():
            found.append(says(ActivityRow.search_text, self.query))
        return found
