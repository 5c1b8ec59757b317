"""Activities as the flat object of the HTTP contract; the schema turns it into JSON."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from flask import g

from backend.crm.access import CrmCaller
from backend.domain.crm import Activity, ActivityDraft

_DRAFT_FIELDS = tuple(field.name for field in fields(ActivityDraft))
_LISTS = ("contacts", "unmatched")
_OBJECTS = ("assigned_to", "online_meeting")


def caller() -> CrmCaller:
    """Who makes this request."""
    found: CrmCaller = g.crm_caller
    return found


def flat(activity: Activity, now: datetime) -> dict[str, Any]:
    """``activity`` and its draft side by side, with the phase at ``now``."""
    draft = activity.draft
    answer: dict[str, Any] = {name: getattr(draft, name) for name in _DRAFT_FIELDS}
    answer |= {name: [asdict(entry) for entry in answer[name]] for name in _LISTS}
    answer |= {name: asdict(answer[name]) for name in _OBJECTS if answer[name] is not None}
    return answer | {
        "id": activity.id,
        "external_key": activity.external_key,
        "kind": activity.kind,
        "phase": activity.phase(now),
        "duration_minutes": draft.duration_minutes,
        "reminder_at": draft.reminder_at,
        "revision": activity.revision,
        "created_at": activity.created_at,
        "updated_at": activity.updated_at,
        "edited_by": asdict(activity.edited_by) if activity.edited_by else None,
        "notes": activity.notes,
        "company_ids": activity.company_ids,
        "opportunity_ids": activity.opportunity_ids,
        "initiative_ids": activity.initiative_ids,
        "regarding": asdict(activity.regarding) if activity.regarding else None,
        "visibility": activity.visibility,
        "removed": activity.removed,
    }
