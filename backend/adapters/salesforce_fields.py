"""Between a record of ours and what Salesforce holds of it: an Event and a memory record beside it.

An Event has no room for all of a draft (Subject ends at 255 characters, activities take no long
text fields), and it cannot tell who filled a field in. So a custom object keeps the whole draft and
a digest of the Event's fields as the last write left them. Calls nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from backend.adapters.crm_json import draft_json, draft_of, mended
from backend.adapters.salesforce_text import body_in, description_of, lines, split
from backend.domain.crm import (
    EVERYONE,
    ONLY_ME,
    Activity,
    ActivityDraft,
    ActivityKind,
    ActivityStatus,
    Additions,
    Reference,
    ReferenceKind,
    SyncStatus,
)
from backend.domain.errors import RemoteRejectedError
from backend.domain.event import Person

MEMORY = "Calendar_Sync_Record__c"
EVENT_KEY = "Calendar_Sync_Key__c"

MEMORY_FIELDS = ("Key__c", "Meeting__c", "Event_Id__c", "Status__c", "Removed__c", "Memory__c")
_FILLED = (
    "Subject",
    "StartDateTime",
    "DurationInMinutes",
    "IsAllDayEvent",
    "Location",
    "Type",
    "ShowAs",
    "Description",
)
"""The fields that Outlook fills: a person's change of these counts (L4). Reminder, privacy, owner,
people and what the Event is related to do not: people, merges and transfers change them all the
time, and none of that says that the meeting itself is wrong."""

EVENT_FIELDS = (
    "Id",
    EVENT_KEY,
    *_FILLED,
    "IsPrivate",
    "WhoId",
    "WhatId",
    "CreatedDate",
    "LastModifiedDate",
    "LastModifiedById",
    "LastModifiedBy.Name",
    "LastModifiedBy.Email",
)

LONGEST_SUBJECT = 255
LONGEST_LOCATION = 255
LONGEST_TYPE = 40
LONGEST_MEMORY = 131_072
LONGEST_DURATION = 14 * 24 * 60
"""Minutes (Object Reference: Event; Considerations for Events)."""

_SHOW_AS = {"free": "Free", "oof": "OutOfOffice"}
ACCOUNT, CONTACT, LEAD, OPPORTUNITY = "001", "003", "00Q", "006"
"""What ids of these objects begin with (Object Reference: Object Name and ID Prefix)."""


def digest(text: str) -> str:
    """A key in the form in which it is stored: any text fits, letter case counts.

    Raises: RemoteRejectedError for text that UTF-8 cannot say.
    """
    try:
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError:
        raise RemoteRejectedError(
            "the CRM cannot store this key", system="crm", status=422
        ) from None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the memory record keeps, beside its columns."""

    key: str
    kind: ActivityKind
    draft: ActivityDraft
    seen: str = ""
    """Digest of the Event's filled fields after the last write."""
    notes: str = ""
    """Only of a removed record: else they stand in the Event."""
    company_ids: tuple[str, ...] = ()
    opportunity_ids: tuple[str, ...] = ()
    regarding: Reference | None = None
    visibility: str = EVERYONE
    what_id: str | None = None
    """What the Event was related to when it was made."""
    people: tuple[str, ...] = ()
    """Contacts and leads that we have put on the Event."""
    created_at: datetime | None = None
    has_description: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What Salesforce holds under one key: the memory record, and its Event if that is there."""

    memory_id: str
    status: SyncStatus
    removed: bool
    event_id: str
    changed_at: datetime
    kept: Kept
    event: Mapping[str, Any] | None
    people: tuple[Mapping[str, Any], ...] = field(default=())
    """The EventRelations, where they were asked for."""

    @property
    def is_live(self) -> bool:
        return self.event is not None and not self.removed

    def is_edited(self, our_user_id: str) -> bool:
        """Whether a person has changed a field that Outlook fills (L4).

        What was changed last by our own user is automation that runs in our name.
        """
        if self.event is None or self.event["LastModifiedById"] == our_user_id:
            return False
        return seen_in(self.event) != self.kept.seen

    def revision(self, our_user_id: str) -> str:
        """The memory record's id, which every write replaces; a person's edit adds its digest."""
        if self.event is None and not self.removed:
            return f"{self.memory_id}.gone"
        if self.event is None or not self.is_edited(our_user_id):
            return self.memory_id
        return f"{self.memory_id}.{seen_in(self.event)[:16]}"


def found_of(
    memory: Mapping[str, Any],
    event: Mapping[str, Any] | None,
    people: tuple[Mapping[str, Any], ...] = (),
) -> Found:
    """A memory that cannot be read counts as one that nobody has written yet: it is made anew."""
    changed_at = moment_of(memory["CreatedDate"])
    try:
        kept = _kept_of(orjson.loads(memory["Memory__c"] or ""))
        status = SyncStatus(memory["Status__c"])
    except (ValueError, KeyError, TypeError):
        nothing = ActivityDraft(subject="", start=changed_at, end=changed_at, type="")
        kept = Kept("", ActivityKind.SYNCED, nothing, has_description=False)
        status = SyncStatus.NOT_SYNCED
    return Found(
        memory_id=memory["Id"],
        status=status,
        removed=memory["Removed__c"],
        event_id=memory["Event_Id__c"] or "",
        changed_at=changed_at,
        kept=kept,
        event=event,
        people=people,
    )


def activity_of(found: Found, our_user_id: str) -> Activity:
    """The record as the product sees it."""
    kept, event = found.kept, found.event if found.is_live else None
    draft = replace(kept.draft, sync_status=found.status)
    edited_by = None
    notes, visibility = kept.notes, kept.visibility
    companies, opportunities = kept.company_ids, kept.opportunity_ids
    if event is not None:
        notes, below = split(event["Description"], kept.kind)
        if not kept.has_description:
            draft = replace(draft, description=body_in(below, draft))
        if found.is_edited(our_user_id):
            draft = _as_edited(draft, event)
            by = event.get("LastModifiedBy") or {}
            edited_by = Person(by.get("Name") or "", by.get("Email") or "")
        visibility = _visibility(kept, is_private=event["IsPrivate"])
        companies, opportunities = _related(kept, event["WhatId"])
    created_at = moment_of(event["CreatedDate"]) if event is not None else kept.created_at
    updated_at = moment_of(event["LastModifiedDate"]) if event is not None else found.changed_at
    return Activity(
        id=found.event_id,
        external_key=kept.key,
        kind=kept.kind,
        draft=draft,
        revision=found.revision(our_user_id),
        created_at=created_at or found.changed_at,
        updated_at=updated_at,
        edited_by=edited_by,
        notes=notes,
        company_ids=companies,
        opportunity_ids=opportunities,
        regarding=kept.regarding,
        visibility=visibility,
        removed=not found.is_live,
    )


def kept_now(found: Found, record: Activity) -> Kept:
    """What is kept of a record, with all that people have changed in Salesforce (L4)."""
    return replace(
        found.kept,
        draft=record.draft,
        notes=record.notes,
        company_ids=record.company_ids,
        opportunity_ids=record.opportunity_ids,
        visibility=record.visibility,
        what_id=found.event["WhatId"] if found.event is not None else found.kept.what_id,
        created_at=record.created_at,
        has_description=True,
    )


def event_fields(draft: ActivityDraft, notes: str, kind: ActivityKind) -> dict[str, Any]:
    """What Outlook fills, as the Event takes it. Times are UTC; a day is its own midnight.

    Only start and duration are sent: an end must agree with both to the minute, and means the last
    day of an all-day event but the moment after any other (Object Reference: Event).
    """
    begins = draft.start.astimezone(UTC).replace(microsecond=0)
    if draft.all_day and draft.start_date is not None:
        begins = datetime.combine(draft.start_date, datetime.min.time(), tzinfo=UTC)
    cancelled = "Canceled: " if draft.status is ActivityStatus.CANCELLED else ""
    return {
        "Subject": (cancelled + draft.subject)[:LONGEST_SUBJECT],
        "StartDateTime": written(begins),
        "DurationInMinutes": min(max(draft.duration_minutes, 1), LONGEST_DURATION),
        "IsAllDayEvent": draft.all_day,
        "Location": draft.location[:LONGEST_LOCATION] or None,
        "Type": draft.type[:LONGEST_TYPE],
        "ShowAs": _SHOW_AS.get(draft.show_as, "Busy"),
        "Description": description_of(draft, notes, kind),
    }


def reminder_fields(draft: ActivityDraft, now: datetime) -> dict[str, Any]:
    """A reminder only where it still lies ahead: past ones would ring for everybody at once."""
    at = draft.reminder_at
    if at is None or at <= now:
        return {"IsReminderSet": False}
    return {"IsReminderSet": True, "ReminderDateTime": written(at)}


def seen_in(event: Mapping[str, Any]) -> str:
    """A digest of the filled fields, blind to what Salesforce does to blanks and line ends."""
    said = {name: _plain(name, event.get(name)) for name in _FILLED}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def memory_fields(
    kept: Kept, *, event_id: str, status: SyncStatus, removed: bool = False
) -> dict[str, Any]:
    """The memory record's fields.

    Raises: RemoteRejectedError when that is more than a record can hold.
    """
    text = _kept_text(kept)
    if len(text) > LONGEST_MEMORY:
        text = _kept_text(
            replace(kept, has_description=False, draft=replace(kept.draft, description=""))
        )
    if len(text) > LONGEST_MEMORY:
        raise RemoteRejectedError(
            "the event has more people than Salesforce can keep",
            system="crm",
            status=422,
            remote_code="too_large",
        )
    return {
        "Key__c": digest(kept.key),
        "Meeting__c": digest(kept.draft.ical_uid) if kept.draft.ical_uid else None,
        "Event_Id__c": event_id,
        "Status__c": status.value,
        "Removed__c": removed,
        "Memory__c": text,
    }


def kept_additions(additions: Additions) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    """Companies, opportunities, and the one thing of both that the Event can be related to.

    What the form calls *regarding* comes first, then an opportunity: it says more than a company.
    """
    about = additions.regarding
    companies = list(dict.fromkeys(additions.company_ids))
    opportunities = list(dict.fromkeys(additions.opportunity_ids))
    if about is not None and about.kind is ReferenceKind.COMPANY and about.id not in companies:
        companies.append(about.id)
    if about is not None and about.kind is ReferenceKind.OPPORTUNITY:
        opportunities = list(dict.fromkeys((about.id, *opportunities)))
    what_id = next(iter((*opportunities, *companies)), None)
    if about is not None and about.kind is ReferenceKind.COMPANY:
        what_id = about.id
    return tuple(companies), tuple(opportunities), what_id


def written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def moment_of(text: str) -> datetime:
    """Salesforce's ``2026-03-02T09:00:00.000+0000``."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)


def _plain(name: str, value: object) -> object:
    if isinstance(value, str):
        # A person's notes are not what Outlook has filled in.
        text = lines(value)
        return split(text, ActivityKind.ADDED)[1].strip() if name == "Description" else text
    return value if value is not None else ""


def _as_edited(draft: ActivityDraft, event: Mapping[str, Any]) -> ActivityDraft:
    """The draft with a person's values in every field whose value is not ours any more."""
    sent = event_fields(draft, "", ActivityKind.SYNCED)
    begins = moment_of(event["StartDateTime"])
    ends = begins + timedelta(minutes=event["DurationInMinutes"])
    changes: dict[str, Any] = {}
    plain = (("Subject", "subject"), ("Location", "location"), ("Type", "type"))
    for name, ours in plain:
        if _plain(name, event[name]) != _plain(name, sent[name]):
            changes[ours] = event[name] or ""
    if _plain("Description", event["Description"]) != _plain("Description", sent["Description"]):
        below = split(event["Description"], ActivityKind.SYNCED)[1]
        changes["description"] = body_in(below, draft)
    if event["ShowAs"] != sent["ShowAs"]:
        changes["show_as"] = {"Free": "free", "OutOfOffice": "oof"}.get(event["ShowAs"], "busy")
    timing = ("StartDateTime", "DurationInMinutes", "IsAllDayEvent")
    if any(event[name] != sent[name] for name in timing):
        all_day = event["IsAllDayEvent"]
        changes |= {
            "start": begins,
            "end": ends,
            "all_day": all_day,
            "start_date": begins.date() if all_day else None,
            "end_date": ends.date() if all_day else None,
        }
    return replace(draft, **changes)


def _visibility(kept: Kept, *, is_private: bool) -> str:
    """What people set in Salesforce counts: only the owner, or not (L4)."""
    if kept.draft.private or is_private == (kept.visibility != EVERYONE):
        return kept.visibility
    return ONLY_ME if is_private else EVERYONE


def _related(kept: Kept, what_id: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Companies and opportunities, with what people have related the Event to instead of ours."""
    companies, opportunities = kept.company_ids, kept.opportunity_ids
    if what_id == kept.what_id:
        return companies, opportunities
    companies = tuple(each for each in companies if each != kept.what_id)
    opportunities = tuple(each for each in opportunities if each != kept.what_id)
    if what_id is not None and what_id.startswith(ACCOUNT):
        companies = tuple(dict.fromkeys((what_id, *companies)))
    if what_id is not None and what_id.startswith(OPPORTUNITY):
        opportunities = tuple(dict.fromkeys((what_id, *opportunities)))
    return companies, opportunities


def _kept_text(kept: Kept) -> str:
    return orjson.dumps(
        {
            "key": kept.key,
            "kind": kept.kind.value,
            "draft": draft_json(kept.draft),
            "seen": kept.seen,
            "notes": mended(kept.notes),
            "company_ids": kept.company_ids,
            "opportunity_ids": kept.opportunity_ids,
            "regarding": kept.regarding,
            "visibility": mended(kept.visibility),
            "what_id": kept.what_id,
            "people": kept.people,
            "created_at": kept.created_at,
            "has_description": kept.has_description,
        }
    ).decode()


def _kept_of(found: Mapping[str, Any]) -> Kept:
    about = found["regarding"]
    created_at = found["created_at"]
    return Kept(
        key=found["key"],
        kind=ActivityKind(found["kind"]),
        draft=draft_of(found["draft"]),
        seen=found["seen"],
        notes=found["notes"],
        company_ids=tuple(found["company_ids"]),
        opportunity_ids=tuple(found["opportunity_ids"]),
        regarding=Reference(ReferenceKind(about["kind"]), about["id"]) if about else None,
        visibility=found["visibility"],
        what_id=found["what_id"],
        people=tuple(found["people"]),
        created_at=datetime.fromisoformat(created_at) if created_at else None,
        has_description=found["has_description"],
    )
