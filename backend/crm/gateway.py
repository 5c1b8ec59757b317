"""The embedded CRM behind the interface every CRM is reached through (C2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from backend.crm import activities, alerts, groups, naming, people, personal
from backend.crm import additions as by_hand
from backend.crm.catalogue import TellContacts
from backend.crm.models import (
    ADDRESS_LENGTH,
    EVENT_ID_LENGTH,
    ICAL_UID_LENGTH,
    ID_LENGTH,
    KEY_LENGTH,
    MOST_REMINDER_MINUTES,
    VISIBILITY_LENGTH,
    ContactRow,
)
from backend.crm.records import activity_of
from backend.crm.text import is_storable, storable
from backend.domain.crm import (
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
from backend.domain.crm_abilities import AboutPerson, Erased, RecordPage
from backend.domain.errors import (
    RemoteConflictError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.ports import Clock
from backend.sql import Database, is_transient

_CREATE_TRIES = 3
NAME_LENGTH = 200
"""Characters of a contact's name, as the CRM's own form takes them."""


class EmbeddedCrm:
    """A :class:`~backend.domain.crm.CrmGateway` on our own tables; implements every call in full.

    Each call is one transaction of its own, so it must never run inside another one: on SQLite the
    two would wait for each other. Such a call is refused with ``RuntimeError`` at once.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tell_contacts: TellContacts = lambda _tenant_id, _external_keys: None,
    ) -> None:
        """``tell_contacts`` hears of every contact that is made here."""
        self._database = database
        self._clock = clock
        self._tell_contacts = tell_contacts

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(can_restore=True, knows_revisions=True, tells_changes=True)

    def contacts_by_address(
        self, tenant_id: str, addresses: Sequence[str]
    ) -> Mapping[str, tuple[Contact, ...]]:
        """Private contacts included; the oldest contact of an address comes first (M)."""
        with self._session(self._database.read) as session:
            return people.by_address(session, tenant_id, addresses)

    def find_contacts(self, tenant_id: str, query: str, limit: int) -> Sequence[Contact]:
        """Contacts for pickers. Private ones are left out: this call does not say who is asking."""
        if not is_storable(query):
            return []
        shared = (ContactRow.private.is_(False),)
        with self._session(self._database.read) as session:
            return people.search(session, tenant_id, shared, query=query, limit=limit)

    def get_activity(self, tenant_id: str, activity_id: str) -> Activity | None:
        if not is_storable(activity_id):
            return None
        with self._session(self._database.read) as session:
            row = activities.find(session, tenant_id, activity_id)
            return activity_of(row) if row is not None else None

    def find_activity(self, tenant_id: str, external_key: str) -> Activity | None:
        if not is_storable(external_key):
            return None
        with self._session(self._database.read) as session:
            row = activities.find_by_key(session, tenant_id, external_key)
            return activity_of(row) if row is not None else None

    def find_by_ical_uid(self, tenant_id: str, ical_uid: str) -> Sequence[Activity]:
        if not is_storable(ical_uid):
            return []
        with self._session(self._database.read) as session:
            rows = activities.find_by_ical_uid(session, tenant_id, ical_uid)
            return [activity_of(row) for row in rows]

    def write_activity(
        self,
        tenant_id: str,
        external_key: str,
        draft: ActivityDraft,
        *,
        revision: str | None,
        visibility: str = "everyone",
    ) -> Activity:
        """A record the sync has written has no ``edited_by``, whoever edited it before."""
        if revision is None:
            activity, _created = self.create_activity(tenant_id, external_key, draft, visibility)
            return activity
        _refuse_unstorable(external_key, draft)
        with self._session(self._database.write) as session:
            row = activities.find_by_key(session, tenant_id, external_key, lock=True)
            if row is None:
                raise RemoteNotFoundError("no record has this key", system="crm", status=404)
            if row.revision != revision:
                raise _changed_meanwhile()
            activities.refill(session, row, draft, self._clock(), by=None)
            session.flush()
            return activity_of(row)

    def create_activity(
        self, tenant_id: str, external_key: str, draft: ActivityDraft, visibility: str
    ) -> tuple[Activity, bool]:
        """Insert or read back: the record with this key, and whether this call made it."""
        _refuse_unstorable(external_key, draft, visibility)
        for _ in range(_CREATE_TRIES):
            existing = self.find_activity(tenant_id, external_key)
            if existing is not None:
                return existing, False
            try:
                return self._insert(tenant_id, external_key, draft, visibility), True
            except IntegrityError:
                # Somebody else was faster; should his record be destroyed already, try again.
                continue
        raise TransientRemoteError("the record keeps coming and going", system="crm")

    def add_activity(
        self, tenant_id: str, external_key: str, draft: ActivityDraft, additions: Additions
    ) -> tuple[Activity, bool]:
        _refuse_unstorable(external_key, draft, additions.visibility)
        if not is_storable(additions.notes):
            additions = replace(additions, notes=storable(additions.notes))
        for _ in range(_CREATE_TRIES):
            existing = self.find_activity(tenant_id, external_key)
            if existing is not None:
                if existing.removed:
                    raise RemoteConflictError(
                        "made and removed again", system="crm", status=409, remote_code="removed"
                    )
                return existing, False
            try:
                with self._session(self._database.write) as session:
                    row = by_hand.add(
                        session, tenant_id, external_key, draft, additions, self._clock
                    )
                    return activity_of(row), True
            except IntegrityError:
                continue
        raise TransientRemoteError("the record keeps coming and going", system="crm")

    def find_entries(
        self, tenant_id: str, listing: Listing, query: str, limit: int
    ) -> Sequence[Entry]:
        if not is_storable(query):
            return []
        with self._session(self._database.read) as session:
            return by_hand.entries(session, tenant_id, listing, query, limit)

    def entries_by_id(
        self, tenant_id: str, listing: Listing, ids: Sequence[str]
    ) -> Sequence[Entry]:
        storable_ids = [entry_id for entry_id in ids if is_storable(entry_id)]
        with self._session(self._database.read) as session:
            return by_hand.entries_by_id(session, tenant_id, listing, storable_ids)

    def contact_types(self, tenant_id: str) -> Sequence[str]:
        with self._session(self._database.read) as session:
            return by_hand.contact_types(session, tenant_id)

    def activity_types(self, tenant_id: str) -> Sequence[str]:  # noqa: ARG002 - the interface
        """The same for every firm."""
        return by_hand.ACTIVITY_TYPES

    def groups_of(self, tenant_id: str, person_id: str) -> Sequence[Group]:
        with self._session(self._database.read) as session:
            return groups.of_member(session, tenant_id, person_id)

    def create_contact(self, tenant_id: str, name: str, address: str) -> Contact:
        for field, value, longest in (
            ("name", name, NAME_LENGTH),
            ("address", address, ADDRESS_LENGTH),
        ):
            if not is_storable(value) or len(value) > longest:
                raise RemoteRejectedError(
                    f"the CRM cannot store this {field}", system="crm", status=422
                )
        with self._session(self._database.write) as session:
            made = by_hand.create_contact(session, tenant_id, name, address, self._clock)
            contact, is_new = made
        if is_new:
            self._ring(tenant_id, contact)
        return contact

    def _ring(self, tenant_id: str, contact: Contact) -> None:
        """After the commit: records that name the address as text now have a contact (L3)."""
        with self._session(self._database.read) as session:
            keys = naming.keys_naming(session, tenant_id, contact.emails)
        self._tell_contacts(tenant_id, keys)

    def remove_activity(self, tenant_id: str, external_key: str, *, revision: str) -> None:
        """The tombstone has a revision of its own: look at it before bringing the record back."""
        if not is_storable(external_key):
            return
        with self._session(self._database.write) as session:
            row = activities.find_by_key(session, tenant_id, external_key, lock=True)
            if row is None or row.removed_at is not None:
                return
            if row.revision != revision:
                raise _changed_meanwhile()
            activities.remove(session, row, self._clock())

    def destroy_activity(self, tenant_id: str, external_key: str) -> None:
        if not is_storable(external_key):
            return
        with self._session(self._database.write) as session:
            activities.destroy(session, tenant_id, external_key)

    def set_sync_status(self, tenant_id: str, external_key: str, status: SyncStatus) -> None:
        """Nothing there, or only a tombstone, is success: there is nothing to mark."""
        if not is_storable(external_key):
            return
        with self._session(self._database.write) as session:
            row = activities.find_by_key(session, tenant_id, external_key, lock=True)
            if row is not None and row.removed_at is None:
                row.sync_status = status

    def synced_records(self, tenant_id: str, *, after: str | None, limit: int) -> RecordPage:
        with self._session(self._database.read) as session:
            rows = activities.synced_after(session, tenant_id, after or "", limit)
            following = rows[-1].id if len(rows) == limit else None
            return RecordPage(tuple(activity_of(row) for row in rows), following)

    def about_person(
        self, tenant_id: str, addresses: Collection[str], *, owner_id: str | None
    ) -> AboutPerson:
        with self._session(self._database.read) as session:
            who, contacts = personal.somebody(session, tenant_id, addresses, owner_id)
            records, only_his = personal.count(session, tenant_id, who)
            return AboutPerson(tuple(contacts), records, only_his)

    def records_of_person(
        self,
        tenant_id: str,
        addresses: Collection[str],
        *,
        owner_id: str | None,
        after: str,
        limit: int,
    ) -> Sequence[Activity]:
        with self._session(self._database.read) as session:
            who, _contacts = personal.somebody(session, tenant_id, addresses, owner_id)
            rows = personal.records_after(session, tenant_id, who, after, limit)
            return [activity_of(row) for row in rows]

    def erase_person(
        self, tenant_id: str, addresses: Collection[str], *, owner_id: str | None, limit: int
    ) -> Erased:
        # Searched without the write lock: on SQLite everybody else's writes would wait for it.
        with self._session(self._database.read) as session:
            who, _contacts = personal.somebody(session, tenant_id, addresses, owner_id)
            ids = [row.id for row in personal.records_after(session, tenant_id, who, "", limit)]
        is_done = len(ids) < limit
        with self._session(self._database.write) as session:
            records = personal.erase(
                session, tenant_id, who, ids, self._clock(), and_contacts=is_done
            )
            return Erased(records, is_done)

    def purge_tombstones(self) -> int:
        """Erase every tombstone older than 30 days, in short transactions; answers how many."""
        return self._purge(activities.purge_tombstones)

    def purge_alerts(self) -> int:
        """Erase every alert older than 90 days, in short transactions; answers how many."""
        return self._purge(alerts.purge)

    def _purge(self, purge_batch: Callable[[Session, datetime], int]) -> int:
        purged = 0
        while True:
            with self._session(self._database.write) as session:
                batch = purge_batch(session, self._clock())
            if not batch:
                return purged
            purged += batch

    def _insert(
        self, tenant_id: str, external_key: str, draft: ActivityDraft, visibility: str
    ) -> Activity:
        with self._session(self._database.write) as session:
            row = activities.add(
                session,
                tenant_id,
                draft,
                self._clock(),
                kind=ActivityKind.SYNCED,
                external_key=external_key,
                visibility=visibility,
            )
            return activity_of(row)

    @contextmanager
    def _session(self, sessions: sessionmaker[Session]) -> Iterator[Session]:
        if self._database.in_transaction():
            raise RuntimeError("the CRM was called inside a transaction of ours")
        try:
            with sessions.begin() as session:
                yield session
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            if is_transient(error):
                raise TransientRemoteError("the CRM is not available", system="crm") from error
            raise RemoteRejectedError("the CRM refused this record", system="crm") from error


def _refuse_unstorable(external_key: str, draft: ActivityDraft, visibility: str = "") -> None:
    """Raises: RemoteRejectedError for identifiers that no column takes; other text is mended."""
    limits = (
        ("external_key", external_key, KEY_LENGTH),
        ("event_id", draft.event_id or "", EVENT_ID_LENGTH),
        ("ical_uid", draft.ical_uid or "", ICAL_UID_LENGTH),
        ("owner_id", draft.owner_id or "", ID_LENGTH),
        ("visibility", visibility, VISIBILITY_LENGTH),
        *(("contact_id", contact.contact_id, ID_LENGTH) for contact in draft.contacts),
    )
    for name, value, longest in limits:
        if len(value) > longest or not is_storable(value):
            raise RemoteRejectedError(f"the CRM cannot store this {name}", system="crm", status=422)
    if abs(draft.reminder_minutes or 0) > MOST_REMINDER_MINUTES:
        raise RemoteRejectedError("the CRM cannot store this reminder", system="crm", status=422)


def _changed_meanwhile() -> RemoteConflictError:
    return RemoteConflictError(
        "the record has changed", system="crm", status=412, remote_code="changed_meanwhile"
    )
