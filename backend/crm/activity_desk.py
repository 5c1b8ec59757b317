"""What people do with activities: read, make, edit and remove them, each act one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.crm import activities, activity_choices, alerts, people, references
from backend.crm.access import CrmCaller, hidden_contacts, visible_activities, visible_contacts
from backend.crm.activity_filter import ActivityFilter, Choices
from backend.crm.models import ActivityRow
from backend.crm.paging import Page, cursor, moment_and_id
from backend.crm.problems import CrmError, changed_meanwhile, forbidden, invalid, not_found
from backend.crm.records import activity_of, draft_of, regarding_of
from backend.domain.crm import (
    EVERYONE,
    ONLY_ME,
    Activity,
    ActivityDraft,
    ActivityKind,
    MatchedContact,
    Reference,
    ReferenceKind,
    SyncStatus,
    UnmatchedAttendee,
)
from backend.domain.event import OnlineMeeting, Person
from backend.domain.ports import Clock
from backend.sql import Database

_REFERENCES: Mapping[str, ReferenceKind] = {
    "company_ids": ReferenceKind.COMPANY,
    "opportunity_ids": ReferenceKind.OPPORTUNITY,
    "initiative_ids": ReferenceKind.INITIATIVE,
}
_EXEMPT = frozenset({"notes", "visibility", "regarding", *_REFERENCES})
"""Changing these never unlinks a synced record (L4)."""


Tell = Callable[[str], None]
"""Takes a record's external key."""


class ActivityDesk:
    """Activities as one caller sees them. Raises CrmError for whatever it refuses."""

    def __init__(
        self, database: Database, clock: Clock, tell: Tell = lambda _external_key: None
    ) -> None:
        """``tell`` hears of every record with a key that a person has changed or removed."""
        self._database = database
        self._clock = clock
        self._tell = tell

    def page(
        self, caller: CrmCaller, wanted: ActivityFilter, *, limit: int, after: str | None = None
    ) -> Page[Activity]:
        """Live records, latest start first."""
        conditions = [*wanted.conditions(), *visible_activities(caller)]
        last_seen = moment_and_id(after)
        with self._database.read() as session:
            if wanted.mention is None:
                find = activities.page_saying if wanted.query.strip() else activities.page
                rows = find(
                    session,
                    caller.tenant_id,
                    conditions,
                    span=wanted.span,
                    limit=limit + 1,
                    after=last_seen,
                )
            elif _knows(session, caller, wanted.mention):
                rows = activities.page_mentioning(
                    session,
                    caller.tenant_id,
                    wanted.mention,
                    conditions,
                    span=wanted.span,
                    limit=limit + 1,
                    after=last_seen,
                )
            else:
                rows = []
            shown = _as_seen_by(session, caller, [activity_of(row) for row in rows[:limit]])
        more = len(rows) > limit
        return Page(shown, cursor(shown[-1].draft.start, shown[-1].id) if more else None)

    def choices(self, caller: CrmCaller) -> Choices:
        """What the caller's lists can be narrowed to."""
        visible = visible_activities(caller)
        with self._database.read() as session:
            types = activity_choices.types(session, caller.tenant_id, visible)
            return Choices(types, activity_choices.originators(session, caller.tenant_id, visible))

    def get(self, caller: CrmCaller, activity_id: str) -> Activity:
        with self._database.read() as session:
            row = activities.find(session, caller.tenant_id, activity_id)
            if row is None or not _may_see(session, caller, activity_id):
                raise not_found("activity")
            return _as_seen_by(session, caller, [activity_of(row)])[0]

    def names_of_regarding(
        self, caller: CrmCaller, seen: Sequence[Activity]
    ) -> dict[Reference, str]:
        """What these records, as the caller sees them, are about, by name."""
        wanted = {each.regarding for each in seen if each.regarding is not None}
        if not wanted:
            return {}
        with self._database.read() as session:
            return references.names(session, caller.tenant_id, wanted)

    def create(self, caller: CrmCaller, content: Mapping[str, Any]) -> tuple[Activity, bool]:
        """A record made by hand, and whether this call made it: a ``request_id`` makes only one."""
        given = dict(content)
        request_id: UUID | None = given.pop("request_id", None)
        key = f"added/{caller.user_id or 'service'}/{request_id}" if request_id else None
        if key is not None and (existing := self._made_before(caller, key)) is not None:
            return existing, False
        try:
            with self._database.write.begin() as session:
                return self._add(session, caller, given, key), True
        except IntegrityError:
            existing = self._made_before(caller, key) if key is not None else None
            if existing is None:
                raise
            return existing, False

    def edit(
        self, caller: CrmCaller, activity_id: str, revision: str, changes: Mapping[str, Any]
    ) -> Activity:
        """Change what is given; an Outlook-filled field raises the revision, names the editor."""
        with self._database.write.begin() as session:
            row = self._locked(session, caller, activity_id, revision)
            _change_exempt(session, caller, row, changes, self._clock())
            before = draft_of(row)
            after = _changed(session, caller, before, changes)
            if after != before:
                activities.refill(
                    session,
                    row,
                    after,
                    self._clock(),
                    by=caller.person,
                    acting=caller.user_id,
                )
            row.updated_at = self._clock()
            session.flush()
            edited = _as_seen_by(session, caller, [activity_of(row)])[0]
        if after != before:
            self._tell_of(edited.external_key)
        return edited

    def remove(self, caller: CrmCaller, activity_id: str, revision: str) -> None:
        """Turn the record into a tombstone that names who removed it."""
        with self._database.write.begin() as session:
            row = self._locked(session, caller, activity_id, revision)
            activities.remove(session, row, self._clock(), by=caller.person, acting=caller.user_id)
            external_key = row.external_key
        self._tell_of(external_key)

    def _tell_of(self, external_key: str | None) -> None:
        """After the commit: whoever hears of it may look at once."""
        if external_key is not None:
            self._tell(external_key)

    def _locked(
        self, session: Session, caller: CrmCaller, activity_id: str, revision: str
    ) -> ActivityRow:
        row = activities.find(session, caller.tenant_id, activity_id, lock=True)
        if row is None or not _may_see(session, caller, activity_id):
            raise not_found("activity")
        if row.revision != revision:
            raise changed_meanwhile()
        return row

    def _made_before(self, caller: CrmCaller, key: str) -> Activity | None:
        with self._database.read() as session:
            row = activities.find_by_key(session, caller.tenant_id, key)
            if row is None:
                return None
            if row.removed_at is not None:
                raise CrmError(409, "removed", "This activity was made and removed again.")
            return _as_seen_by(session, caller, [activity_of(row)])[0]

    def _add(
        self, session: Session, caller: CrmCaller, given: dict[str, Any], key: str | None
    ) -> Activity:
        blank = ActivityDraft(
            subject=given["subject"],
            start=given["start"],
            end=given["end"],
            type=given["type"],
            owner_id=caller.user_id,
            assigned_to=caller.person,
            ical_uid=given.get("ical_uid"),
            sync_status=SyncStatus.NOT_SYNCED,
        )
        visibility = given.get("visibility", EVERYONE)
        _demand_audience(session, caller, visibility, caller.user_id)
        row = activities.add(
            session,
            caller.tenant_id,
            _changed(session, caller, blank, given),
            self._clock(),
            kind=ActivityKind.ADDED,
            external_key=key,
            visibility=visibility,
        )
        _change_exempt(session, caller, row, given, self._clock())
        session.flush()
        return _as_seen_by(session, caller, [activity_of(row)])[0]


def _may_see(session: Session, caller: CrmCaller, activity_id: str) -> bool:
    query = select(ActivityRow.id).where(
        ActivityRow.tenant_id == caller.tenant_id,
        ActivityRow.id == activity_id,
        *visible_activities(caller),
    )
    return session.scalar(query) is not None


def _knows(session: Session, caller: CrmCaller, mention: tuple[str, str]) -> bool:
    """False for a contact that is hidden from the caller: its grid must not answer either."""
    kind, mentioned_id = mention
    if kind != "contact":
        return True
    found = people.by_ids(session, caller.tenant_id, [mentioned_id], visible_contacts(caller))
    return mentioned_id in found


def _as_seen_by(
    session: Session, caller: CrmCaller, seen: Sequence[Activity]
) -> Sequence[Activity]:
    """The records without the contacts that are hidden from the caller."""
    hidden = _hidden_among(session, caller, [each for a in seen for each in _contacts_of(a)])
    if not hidden:
        return seen
    return [
        replace(
            activity,
            draft=replace(
                activity.draft,
                contacts=tuple(c for c in activity.draft.contacts if c.contact_id not in hidden),
            ),
            regarding=None if _contact_about(activity) in hidden else activity.regarding,
        )
        for activity in seen
    ]


def _contacts_of(activity: Activity) -> list[str]:
    about = _contact_about(activity)
    there = [contact.contact_id for contact in activity.draft.contacts]
    return there if about is None else [*there, about]


def _contact_about(activity: Activity) -> str | None:
    about = activity.regarding
    return about.id if about is not None and about.kind is ReferenceKind.CONTACT else None


def _hidden_among(
    session: Session, caller: CrmCaller, contact_ids: Sequence[str]
) -> frozenset[str]:
    conditions = hidden_contacts(caller)
    if conditions is None or not contact_ids:
        return frozenset()
    return frozenset(people.by_ids(session, caller.tenant_id, contact_ids, conditions))


def _change_exempt(
    session: Session,
    caller: CrmCaller,
    row: ActivityRow,
    changes: Mapping[str, Any],
    now: datetime,
) -> None:
    """Notes, visibility and references: the revision stays."""
    given = {name: changes[name] for name in _EXEMPT if name in changes}
    _change_visibility(session, caller, row, given.get("visibility", row.visibility), now)
    row.notes = given.get("notes", row.notes)
    for name, kind in _REFERENCES.items():
        if name in given:
            wanted = list(dict.fromkeys(given[name]))
            added = set(wanted) - set(getattr(row, name))
            missing = references.missing(session, caller.tenant_id, kind, added)
            if missing:
                raise invalid(name, f"Unknown: {', '.join(missing)}")
            setattr(row, name, wanted)
    if "regarding" in given:
        _change_regarding(session, caller, row, given["regarding"])
    if not given.keys().isdisjoint({"regarding", *_REFERENCES}):
        session.flush()
        activities.rewrite_mentions(session, row)


def _change_visibility(
    session: Session, caller: CrmCaller, row: ActivityRow, visibility: str, now: datetime
) -> None:
    if visibility == row.visibility:
        return
    if not _owns(caller, row):
        raise forbidden("Only the owner of a record decides who can see it.")
    _demand_audience(session, caller, visibility, row.owner_id)
    before, row.visibility = row.visibility, visibility
    session.flush()
    alerts.of_shown(session, row, before, now, but=(caller.user_id, row.owner_id))


def _demand_audience(
    session: Session, caller: CrmCaller, visibility: str, owner_id: str | None
) -> None:
    if owner_id is None and visibility == ONLY_ME:
        raise invalid("visibility", "This record has no owner who alone could see it.")
    if not references.is_for_group_of(session, caller.tenant_id, visibility, owner_id):
        raise invalid("visibility", "This is no group of the record's owner.")


def _change_regarding(
    session: Session, caller: CrmCaller, row: ActivityRow, given: Mapping[str, str] | None
) -> None:
    wanted = None if given is None else Reference(ReferenceKind(given["kind"]), given["id"])
    before = regarding_of(row)
    if wanted == before:
        return
    if wanted is not None and not references.may_be_about(
        session, caller.tenant_id, wanted, visible_contacts(caller)
    ):
        raise invalid("regarding", "There is no such entry.")
    if wanted is None and _is_hidden(session, caller, before):
        # He sees an empty field, and has not emptied it.
        return
    row.regarding_kind = None if wanted is None else wanted.kind
    row.regarding_id = None if wanted is None else wanted.id


def _is_hidden(session: Session, caller: CrmCaller, about: Reference | None) -> bool:
    if about is None or about.kind is not ReferenceKind.CONTACT:
        return False
    return about.id in _hidden_among(session, caller, [about.id])


def _owns(caller: CrmCaller, row: ActivityRow) -> bool:
    return caller.is_service or row.owner_id is None or row.owner_id == caller.user_id


def _changed(
    session: Session, caller: CrmCaller, before: ActivityDraft, changes: Mapping[str, Any]
) -> ActivityDraft:
    """``before`` with the Outlook-filled fields among ``changes``; raises CrmError when absurd."""
    given = {name: value for name, value in changes.items() if name not in _EXEMPT}
    if "contacts" in given:
        given["contacts"] = _contacts(session, caller, before, given["contacts"])
    if "unmatched" in given:
        given["unmatched"] = tuple(UnmatchedAttendee(**attendee) for attendee in given["unmatched"])
    if "resources" in given:
        given["resources"] = tuple(given["resources"])
    if given.get("assigned_to") is not None:
        given["assigned_to"] = Person(**given["assigned_to"])
    if given.get("online_meeting") is not None:
        given["online_meeting"] = OnlineMeeting(**given["online_meeting"])
    after = replace(before, **given)
    if not after.all_day:
        after = replace(after, start_date=None, end_date=None)
    demand_sensible_times(after)
    return after


def demand_sensible_times(draft: ActivityDraft) -> None:
    """Raises: CrmError 422 when it ends before it starts, or all day without its dates."""
    if draft.end < draft.start:
        raise invalid("end", "Ends before it starts.")
    if not draft.all_day:
        return
    if draft.start_date is None or draft.end_date is None:
        raise invalid("start_date", "An all-day activity needs start_date and end_date.")
    if draft.end_date <= draft.start_date:
        raise invalid("end_date", "The end date is the day after the last one.")


def _contacts(
    session: Session,
    caller: CrmCaller,
    before: ActivityDraft,
    given: Sequence[Mapping[str, str]],
) -> tuple[MatchedContact, ...]:
    """The contacts a person chose; those hidden from him stay where they were, at the end."""
    ids = [contact["contact_id"] for contact in given]
    known = people.by_ids(session, caller.tenant_id, ids, visible_contacts(caller))
    there = {contact.contact_id: contact for contact in before.contacts}
    hidden = _hidden_among(session, caller, [*there, *ids])
    chosen: dict[str, MatchedContact] = {}
    for contact in given:
        contact_id = contact["contact_id"]
        if contact_id in hidden or (contact_id not in known and contact_id not in there):
            raise invalid("contacts", "Unknown contact.")
        record = known.get(contact_id)
        default_name = record.name if record else there[contact_id].name
        default_address = record.emails[0] if record and record.emails else ""
        chosen[contact_id] = MatchedContact(
            contact_id,
            contact["name"] or default_name,
            contact["address"] or default_address,
            contact["response"],
            contact["attendance"],
        )
    kept = [there[contact_id] for contact_id in there if contact_id in hidden]
    return (*chosen.values(), *kept)
