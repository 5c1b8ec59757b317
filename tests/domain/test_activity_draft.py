"""What a draft says of itself: how long it lasts, and when Outlook reminds of it (M)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from backend.domain.crm import ActivityDraft

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def a_draft(minutes: float = 60, **changes: object) -> ActivityDraft:
    end = START + timedelta(minutes=minutes)
    return ActivityDraft(subject="x", start=START, end=end, type="Meeting", **changes)  # type: ignore[arg-type]


def all_day(first: date, last: date, **changes: object) -> ActivityDraft:
    """From the first day to the last one."""
    begins = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return ActivityDraft(
        subject="x",
        start=begins,
        end=begins + (last - first) + timedelta(days=1),
        type="Meeting",
        all_day=True,
        start_date=first,
        end_date=last + timedelta(days=1),
        **changes,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("draft", "minutes"),
    [
        (a_draft(0), 0),
        (a_draft(45), 45),
        (a_draft(45.9), 45),
        (a_draft(60 * 24 * 3 + 30), 60 * 24 * 3 + 30),
        (all_day(date(2026, 3, 2), date(2026, 3, 2)), 24 * 60),
        (all_day(date(2026, 3, 2), date(2026, 3, 4)), 3 * 24 * 60),
        # Days are days, also where one of them has 23 hours.
        (all_day(date(2026, 3, 29), date(2026, 3, 29), time_zone="Europe/Berlin"), 24 * 60),
    ],
)
def test_a_duration_is_whole_minutes_and_whole_days(draft: ActivityDraft, minutes: int) -> None:
    assert draft.duration_minutes == minutes


SUMMER, WINTER = date(2026, 7, 1), date(2026, 1, 15)


@pytest.mark.parametrize(
    ("draft", "moment"),
    [
        (a_draft(), None),
        (a_draft(reminder_minutes=0), "2026-03-02T09:00"),
        (a_draft(reminder_minutes=15, time_zone="Tokyo Standard Time"), "2026-03-02T08:45"),
        (a_draft(reminder_minutes=7 * 24 * 60), "2026-02-23T09:00"),
        # All day: before midnight of the zone it was made in; nobody knows a custom one's.
        (all_day(SUMMER, SUMMER, reminder_minutes=60), "2026-06-30T23:00"),
        (all_day(SUMMER, SUMMER, reminder_minutes=60, time_zone="My own"), "2026-06-30T23:00"),
        (
            all_day(SUMMER, SUMMER, reminder_minutes=60, time_zone="W. Europe Standard Time"),
            "2026-06-30T21:00",
        ),
        (
            all_day(WINTER, WINTER, reminder_minutes=60, time_zone="W. Europe Standard Time"),
            "2026-01-14T22:00",
        ),
        (
            all_day(WINTER, WINTER, reminder_minutes=60, time_zone="New Zealand Standard Time"),
            "2026-01-14T10:00",
        ),
        (
            all_day(SUMMER, SUMMER, reminder_minutes=18 * 60, time_zone="Pacific Standard Time"),
            "2026-06-30T13:00",
        ),
        (a_draft(reminder_minutes=2**31 - 1), None),
    ],
)
def test_a_reminder_is_a_moment(draft: ActivityDraft, moment: str | None) -> None:
    at = draft.reminder_at

    assert (f"{at:%Y-%m-%dT%H:%M}" if at else None) == moment
