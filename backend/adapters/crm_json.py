"""A record's draft as JSON and back, as CRMs outside this process are sent and keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from backend.domain.crm import (
    ActivityDraft,
    ActivityStatus,
    MatchedContact,
    SyncStatus,
    UnmatchedAttendee,
)
from backend.domain.event import OnlineMeeting, Person

UNSAYABLE = re.compile("[\x00\ud800-\udfff]")
"""What no database stores, or UTF-8 cannot say."""


def draft_json(draft: ActivityDraft) -> dict[str, Any]:
    """Every field; text that cannot be said in UTF-8 or stored is mended as the CRM would."""
    found: dict[str, Any] = mended(asdict(draft))
    return found


def mended(value: Any) -> Any:
    """The value with a replacement character for each that cannot be stored, at any depth."""
    if isinstance(value, str):
        return UNSAYABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {name: mended(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [mended(member) for member in value]
    return value


def draft_of(found: Mapping[str, Any]) -> ActivityDraft:
    """The draft that :func:`draft_json` was made of."""
    online = found["online_meeting"]
    return ActivityDraft(
        subject=found["subject"],
        start=datetime.fromisoformat(found["start"]),
        end=datetime.fromisoformat(found["end"]),
        type=found["type"],
        description=found["description"],
        all_day=found["all_day"],
        start_date=_date(found["start_date"]),
        end_date=_date(found["end_date"]),
        time_zone=found["time_zone"],
        location=found["location"],
        resources=tuple(found["resources"]),
        status=ActivityStatus(found["status"]),
        contacts=tuple(MatchedContact(**contact) for contact in found["contacts"]),
        unmatched=tuple(UnmatchedAttendee(**attendee) for attendee in found["unmatched"]),
        assigned_to=person_of(found["assigned_to"]),
        owner_id=found["owner_id"],
        event_id=found.get("event_id"),  # older instances know neither this nor the series
        ical_uid=found["ical_uid"],
        recurring=found.get("recurring", False),
        web_link=found["web_link"],
        online_meeting=OnlineMeeting(**online) if online else None,
        show_as=found["show_as"],
        importance=found["importance"],
        private=found["private"],
        reminder_minutes=found["reminder_minutes"],
        sync_status=SyncStatus(found["sync_status"]),
    )


def person_of(found: Mapping[str, str] | None) -> Person | None:
    return Person(**found) if found else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
