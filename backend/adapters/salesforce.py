"""Salesforce behind the interface every CRM is reached through (C3).

A record is an Event and a memory record beside it (``salesforce_fields``). Whoever changes it
deletes the memory record he has seen and makes a new one, in one transaction with the Event: of two
writers who have seen the same, Salesforce lets one delete it. That is what ``revision`` means here,
see docs/decisions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from simple_salesforce.format import format_soql, quote_soql_value

from backend.adapters.crm_json import UNSAYABLE, mended
from backend.adapters.salesforce_fields import (
    EVENT_KEY,
    MEMORY,
    Found,
    Kept,
    activity_of,
    digest,
    event_fields,
    found_of,
    kept_additions,
    kept_now,
    memory_fields,
    reminder_fields,
    seen_in,
)
from backend.adapters.salesforce_org import MOST_COLLECTIONS, SalesforceOrg, Step, is_id
from backend.adapters.salesforce_people import SalesforcePeople, TypeFields
from backend.adapters.salesforce_relations import deletions, plan_people
from backend.adapters.salesforce_steps import (
    change_event,
    event_step,
    forget,
    read_back,
    remember,
    select_event,
    select_memory,
    select_people,
    within_limits,
)
from backend.adapters.salesforce_tombstones import purge
from backend.domain.crm import (
    EVERYONE,
    Activity,
    ActivityDraft,
    ActivityKind,
    Additions,
    Capabilities,
    Contact,
    Entry,
    Group,
    Listing,
    SyncStatus,
)
from backend.domain.crm_abilities import RecordPage
from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)

_TRIES = 3
_LONGEST_KEY = 640
_KEYS = 100


class SalesforceCrm:
    """A :class:`~backend.domain.crm.CrmGateway` on one organisation per firm."""

    def __init__(self, orgs: Mapping[str, SalesforceOrg], types: TypeFields) -> None:
        """``orgs``: the organisation of each tenant; a tenant without one is refused."""
        self._orgs = dict(orgs)
        self._people = {tenant: SalesforcePeople(org, types) for tenant, org in orgs.items()}

    @property
    def capabilities(self) -> Capabilities:
        """REST has no undelete: a record that comes back is a new Event with what was kept (T4)."""
        return Capabilities(
            can_restore=False,
            knows_revisions=True,
            listings=frozenset({Listing.COMPANIES, Listing.OPPORTUNITIES}),
        )

    def contacts_by_address(
        self, tenant_id: str, addresses: Sequence[str]
    ) -> Mapping[str, tuple[Contact, ...]]:
        """Contacts before leads, the oldest first (M). A contact without an account is private."""
        return self._people_of(tenant_id).by_address(addresses)

    def find_contacts(self, tenant_id: str, query: str, limit: int) -> Sequence[Contact]:
        return self._people_of(tenant_id).search(query, limit)

    def find_entries(
        self, tenant_id: str, listing: Listing, query: str, limit: int
    ) -> Sequence[Entry]:
        return self._people_of(tenant_id).entries(listing, query, limit)

    def entries_by_id(
        self, tenant_id: str, listing: Listing, ids: Sequence[str]
    ) -> Sequence[Entry]:
        return self._people_of(tenant_id).entries_by_id(listing, ids)

    def contact_types(self, tenant_id: str) -> Sequence[str]:
        return self._people_of(tenant_id).contact_types()

    def activity_types(self, tenant_id: str) -> Sequence[str]:
        return self._people_of(tenant_id).activity_types()

    def groups_of(self, tenant_id: str, person_id: str) -> Sequence[Group]:  # noqa: ARG002
        """None: who sees an Event is decided by Salesforce's own sharing."""
        return ()

    def create_contact(self, tenant_id: str, name: str, address: str) -> Contact:
        """As a lead: a contact without an account would be private."""
        return self._people_of(tenant_id).create(name, address)

    def get_activity(self, tenant_id: str, activity_id: str) -> Activity | None:
        org = self._org(tenant_id)
        if not is_id(activity_id):
            return None
        memories, events = org.queries(
            [
                select_memory(format_soql("Event_Id__c = {}", activity_id)),
                select_event(format_soql("Id = {}", activity_id)),
            ]
        )
        found = found_of(memories[0], events[0]) if memories and events else None
        return activity_of(found, org.user_id) if found is not None and found.is_live else None

    def find_activity(self, tenant_id: str, external_key: str) -> Activity | None:
        org = self._org(tenant_id)
        if not _is_key(external_key):
            return None
        found = self._look(org, external_key)
        return activity_of(found, org.user_id) if found is not None else None

    def find_by_ical_uid(self, tenant_id: str, ical_uid: str) -> Sequence[Activity]:
        org = self._org(tenant_id)
        if not ical_uid or UNSAYABLE.search(ical_uid):
            return []
        meeting = format_soql("Meeting__c = {} AND Removed__c = false", digest(ical_uid))
        [memories] = org.queries([select_memory(meeting)])
        return sorted(_live(org, memories), key=lambda activity: activity.id)

    def synced_records(self, tenant_id: str, *, after: str | None, limit: int) -> RecordPage:
        """By the id of the memory record; pages may hold fewer than ``limit``."""
        org = self._org(tenant_id)
        behind = f" AND Id > '{after}'" if after is not None and is_id(after) else ""
        condition = f"Removed__c = false{behind} ORDER BY Id LIMIT {limit}"
        [memories] = org.queries([select_memory(condition)])
        records = [each for each in _live(org, memories) if each.kind is ActivityKind.SYNCED]
        return RecordPage(tuple(records), memories[-1]["Id"] if len(memories) == limit else None)

    def write_activity(
        self,
        tenant_id: str,
        external_key: str,
        draft: ActivityDraft,
        *,
        revision: str | None,
        visibility: str = EVERYONE,
    ) -> Activity:
        """A record the sync has written has no ``edited_by``, whoever edited it before."""
        org = self._org(tenant_id)
        _demand_key(external_key)
        if revision is None:
            kept = Kept(external_key, ActivityKind.SYNCED, draft, visibility=visibility)
            return self._create(tenant_id, org, kept)[0]
        found = self._look(org, external_key, with_people=True)
        if found is None:
            raise RemoteNotFoundError("no record has this key", system="crm", status=404)
        _demand_revision(found, revision, org)
        kept = replace(kept_now(found, activity_of(found, org.user_id)), draft=draft)
        return self._write(tenant_id, org, kept, found)

    def add_activity(
        self, tenant_id: str, external_key: str, draft: ActivityDraft, additions: Additions
    ) -> tuple[Activity, bool]:
        """The Event is related to one thing: what it regards, else an opportunity or a company."""
        org = self._org(tenant_id)
        _demand_key(external_key)
        existing = self.find_activity(tenant_id, external_key)
        if existing is None:
            companies, opportunities, what_id = kept_additions(additions)
            people = self._people_of(tenant_id)
            people.demand_additions(additions, companies, opportunities)
            people.demand(contact.contact_id for contact in draft.contacts)
            kept = Kept(
                key=external_key,
                kind=ActivityKind.ADDED,
                draft=draft,
                notes=mended(additions.notes),
                company_ids=companies,
                opportunity_ids=opportunities,
                regarding=additions.regarding,
                visibility=additions.visibility,
                what_id=what_id,
            )
            existing, is_new = self._create(tenant_id, org, kept)
            if is_new:
                return existing, True
        if existing.removed:
            raise RemoteConflictError(
                "made and removed again", system="crm", status=409, remote_code="removed"
            )
        return existing, False

    def remove_activity(self, tenant_id: str, external_key: str, *, revision: str) -> None:
        """The memory record stays as a tombstone, with a revision of its own."""
        org = self._org(tenant_id)
        found = self._look(org, external_key) if _is_key(external_key) else None
        if found is None or found.event is None or found.removed:
            return
        _demand_revision(found, revision, org)
        kept = kept_now(found, activity_of(found, org.user_id))
        fields = memory_fields(kept, event_id=found.event_id, status=found.status, removed=True)
        _act(
            org,
            [
                *forget(found),
                change_event(found, {EVENT_KEY: None}),
                Step("delete", "DELETE", f"sobjects/Event/{found.event_id}"),
                remember(fields),
            ],
        )

    def destroy_activity(self, tenant_id: str, external_key: str) -> None:
        """Emptied first: what is deleted could still be read in the recycle bin."""
        org = self._org(tenant_id)
        for _ in range(_TRIES):
            found = None
            if _is_key(external_key):
                found = self._look(org, external_key, with_people=True)
            if found is None:
                return
            steps = list(forget(found))
            if found.event is not None:
                empty = {
                    "Subject": "(erased)",
                    "Description": None,
                    "Location": None,
                    "WhatId": None,
                    EVENT_KEY: None,
                }
                steps.append(change_event(found, empty))
                steps += deletions(found.people)[:MOST_COLLECTIONS]
                steps.append(event_step("who_id", found.event_id, {"WhoId": None}))
                steps.append(Step("delete", "DELETE", f"sobjects/Event/{found.event_id}"))
            try:
                _act(org, steps)
            except RemoteConflictError:
                continue
            return
        raise TransientRemoteError("crm: the record keeps changing", system="crm")

    def set_sync_status(self, tenant_id: str, external_key: str, status: SyncStatus) -> None:
        """In the memory record, as it stands: the Event keeps whoever changed it last."""
        org = self._org(tenant_id)
        found = self._look(org, external_key) if _is_key(external_key) else None
        if found is not None and found.is_live:
            org.update(MEMORY, found.memory_id, {"Status__c": status.value})

    def purge_tombstones(self) -> int:
        """Erase what was taken away 30 days ago; answers how many records."""
        return sum(purge(org) for org in self._orgs.values())

    def _create(self, tenant_id: str, org: SalesforceOrg, kept: Kept) -> tuple[Activity, bool]:
        """Insert or read back: the record with this key, and whether this call made it."""
        for _ in range(_TRIES):
            found = self._look(org, kept.key)
            if found is not None:
                return activity_of(found, org.user_id), False
            try:
                return self._write(tenant_id, org, kept, None), True
            except RemoteConflictError:
                # Somebody else was faster; should his record be destroyed already, try again.
                continue
        raise TransientRemoteError("crm: the record keeps coming and going", system="crm")

    def _write(
        self, tenant_id: str, org: SalesforceOrg, kept: Kept, found: Found | None
    ) -> Activity:
        """Write Event, people and memory record as one; without a live Event it is a new one."""
        live = found if found is not None and found.is_live else None
        event = live.event if live is not None and live.event is not None else {}
        is_shared = "IsParent" in org.describe("EventRelation").fields
        people = plan_people(
            kept.draft,
            live.people if live is not None else (),
            ours=live.kept.people if live is not None else (),
            who_id=event.get("WhoId"),
            what_id=event.get("WhatId") if event else kept.what_id,
            event=event.get("Id", "@{event.id}"),
            shared=is_shared,
        )
        fields = mended(event_fields(kept.draft, kept.notes, kept.kind))
        kept = replace(kept, seen=seen_in(fields), people=people.ids, notes="")
        fields |= reminder_fields(kept.draft, org.now())
        fields["IsPrivate"] = kept.draft.private or kept.visibility != EVERYONE
        who = {"WhoId": people.who_id} if people.sets_who else {}
        if live is None:
            fields |= who | self._born_with(tenant_id, kept)
            change = Step(
                "event", "PATCH", f"sobjects/Event/{EVENT_KEY}/{digest(kept.key)}", fields
            )
        else:
            change = change_event(live, fields)
        event_id = event.get("Id", "@{event.id}")
        memory = memory_fields(kept, event_id=event_id, status=kept.draft.sync_status)
        now, later = within_limits(people.before, people.after)
        steps = [
            *(forget(found) if found is not None else ()),
            change,
            *people.before,
            # After who goes has gone, which Salesforce may take for a change of the Event.
            *([event_step("who_id", event_id, who)] if live is not None and who else ()),
            *now,
            remember(memory),
            read_back(event_id),
        ]
        answers = _act(org, steps)
        for step in later:
            _act(org, [step])
        [written] = answers["written"]["records"]
        made = {"Id": answers["memory"]["id"], "CreatedDate": written["LastModifiedDate"]}
        return self._as_written(org, {**memory, **made, "Event_Id__c": written["Id"]}, written)

    def _as_written(
        self, org: SalesforceOrg, memory: Mapping[str, Any], event: Mapping[str, Any]
    ) -> Activity:
        """What stands there now. Automation may have mended it: then that counts as ours (L4)."""
        found = found_of(memory, event)
        seen = seen_in(event)
        if seen != found.kept.seen:
            found = replace(found, kept=replace(found.kept, seen=seen))
            again = memory_fields(found.kept, event_id=found.event_id, status=found.status)
            org.update(MEMORY, found.memory_id, {"Memory__c": again["Memory__c"]})
        return activity_of(found, org.user_id)

    def _born_with(self, tenant_id: str, kept: Kept) -> dict[str, Any]:
        """What only a new Event gets; afterwards it is people's (L4)."""
        fields: dict[str, Any] = {}
        if kept.what_id is not None:
            fields["WhatId"] = kept.what_id
        organizer = kept.draft.assigned_to
        owner_id = self._people[tenant_id].owner_of(organizer.address) if organizer else None
        if owner_id is not None:
            fields["OwnerId"] = owner_id
        return fields

    def _look(
        self, org: SalesforceOrg, external_key: str, *, with_people: bool = False
    ) -> Found | None:
        """Memory record and Event of a key, in one call; a removed Event counts as none."""
        key = quote_soql_value(digest(external_key))
        soqls = [select_memory(f"Key__c = {key}"), select_event(f"{EVENT_KEY} = {key}")]
        if with_people:
            soqls.append(select_people(key, org.describe("EventRelation").fields))
        memories, events, *people = org.queries(soqls)
        if not memories:
            return None
        event = events[0] if events else None
        found = found_of(memories[0], event, tuple(people[0]) if people else ())
        return replace(found, kept=replace(found.kept, key=external_key))

    def _org(self, tenant_id: str) -> SalesforceOrg:
        org = self._orgs.get(tenant_id)
        if org is None:
            raise RemoteAccessError(
                "crm: this firm has no organisation of Salesforce", system="crm"
            )
        return org

    def _people_of(self, tenant_id: str) -> SalesforcePeople:
        self._org(tenant_id)
        return self._people[tenant_id]


def _act(org: SalesforceOrg, steps: Sequence[Step]) -> dict[str, Any]:
    """All steps or none.

    Raises: RemoteConflictError also where something that was just seen is not there any more.
    """
    try:
        return org.composite(steps)
    except RemoteNotFoundError as error:
        raise RemoteConflictError(
            "the record has changed", system="crm", status=409, remote_code=error.remote_code
        ) from error


def _demand_revision(found: Found, revision: str, org: SalesforceOrg) -> None:
    if found.revision(org.user_id) != revision:
        raise RemoteConflictError(
            "the record has changed", system="crm", status=412, remote_code="changed_meanwhile"
        )


def _live(org: SalesforceOrg, memories: Sequence[Mapping[str, Any]]) -> list[Activity]:
    """The records of these memory records whose Events are there."""
    answers = org.queries(
        [select_event(f"{EVENT_KEY} IN {keys}") for keys in _batches_of_keys(memories)]
    )
    by_key = {event[EVENT_KEY]: event for events in answers for event in events}
    found = [found_of(row, by_key.get(row["Key__c"])) for row in memories]
    return [activity_of(each, org.user_id) for each in found if each.is_live]


def _batches_of_keys(memories: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """As conditions that are short enough for an address."""
    for start in range(0, len(memories), _KEYS):
        yield quote_soql_value([row["Key__c"] for row in memories[start : start + _KEYS]])


def _is_key(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_KEY and UNSAYABLE.search(text) is None


def _demand_key(text: str) -> None:
    if not _is_key(text):
        raise RemoteRejectedError(
            "the CRM cannot store this external_key", system="crm", status=422
        )
