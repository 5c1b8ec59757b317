"""What is stored about one person: found by an address, counted, and exported (X6).

A person is everybody's own: a member of the firm, somebody who was invited, a contact. Only admins
get here, and every look is in the audit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from backend.db import persons
from backend.db.admin_models import AuditRow
from backend.db.models import (
    DelegationRow,
    FirmRow,
    HistoryRow,
    LinkRow,
    MailboxRow,
    UserRow,
    WatchRow,
)
from backend.db.persons import Member
from backend.domain.crm import (
    Activity,
    Contact,
    CrmGateway,
    MatchedContact,
    UnmatchedAttendee,
)
from backend.domain.crm_abilities import KnowsPeople
from backend.domain.erasure import hash_of
from backend.domain.event import normalised_address
from backend.domain.ports import Clock, Principal
from backend.services.administration.office import Admin, Office
from backend.sql import Database

RECORDS_PAGE = 100
EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who it is: every address of his, and the member of the firm he may be."""

    addresses: tuple[str, ...]
    member: Member | None = None

    @property
    def owner_id(self) -> str | None:
        return self.member.oid if self.member is not None else None


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is there about a person, in numbers, and what an erasure would leave."""

    addresses: tuple[str, ...]
    member_name: str | None
    user_id: str | None
    contacts: tuple[Contact, ...]
    numbers: Mapping[str, int] = field(default_factory=dict)
    crm_knows_people: bool = True
    """Whether the CRM can show and erase a person; otherwise that has to be done there."""
    is_erased: bool = False
    """Whether the address is among those that no record names any more."""
    is_self: bool = False


class Persons:
    """Finds and exports; reads only."""

    def __init__(self, database: Database, office: Office, crm: CrmGateway, clock: Clock) -> None:
        self._database = database
        self._office = office
        self._crm = crm
        self._clock = clock

    def find(self, principal: Principal, address: str) -> Dossier:
        """Everything about whoever has this address, in numbers. Raises: RemoteError."""
        admin = self._office.admit(principal)
        who = self.identify(admin, address)
        self._office.note_view(admin, "person", subject_of(admin.firm_id, who), "found")
        return self._dossier(admin, who)

    def identify(self, admin: Admin, address: str) -> Identity:
        """All addresses of the person: his own, the directory's, those of his contact."""
        given = {normalised_address(address)}
        with self._database.read() as session:
            given |= persons.aliases(session, admin.firm_id, given)
            member = persons.find_member(session, admin.firm_id, given)
            if member is not None:
                given |= persons.addresses_of(session, member)
                given |= persons.aliases(session, admin.firm_id, given)
        found = self._crm.contacts_by_address(admin.tenant_id, sorted(given))
        contacts = [contact for carried in found.values() for contact in carried]
        given |= {normalised_address(email) for contact in contacts for email in contact.emails}
        return Identity(tuple(sorted(given - {""})), member)

    def _dossier(self, admin: Admin, who: Identity) -> Dossier:
        contacts: tuple[Contact, ...] = ()
        numbers: dict[str, int] = {}
        if isinstance(self._crm, KnowsPeople):
            about = self._crm.about_person(admin.tenant_id, who.addresses, owner_id=who.owner_id)
            contacts = about.contacts
            numbers |= {"records": about.records, "only_his": about.only_his}
        else:
            found = self._crm.contacts_by_address(admin.tenant_id, who.addresses)
            contacts = tuple({c.id: c for carried in found.values() for c in carried}.values())
        with self._database.read() as session:
            if who.member is not None:
                numbers |= persons.counts(session, who.member)
            names = {contact.name for contact in contacts}
            numbers["reasons"] = persons.reasons_naming(session, admin.firm_id, names)
            numbers["block_lists"] = persons.block_lists_naming(
                session, admin.firm_id, who.addresses
            )
            erased = set(session.get_one(FirmRow, admin.firm_id).erased)
        member = who.member
        return Dossier(
            addresses=who.addresses,
            member_name=member.name if member is not None else None,
            user_id=member.user_id if member is not None else None,
            contacts=contacts,
            numbers=numbers,
            crm_knows_people=isinstance(self._crm, KnowsPeople),
            is_erased=any(hash_of(admin.firm_id, each) in erased for each in who.addresses),
            is_self=member is not None and member.user_id == admin.user_id,
        )

    # -- export ----------------------------------------------------------------------------------

    def export(self, principal: Principal, address: str) -> Iterator[str]:
        """A JSON document with all that is stored about the person, piece by piece.

        Of the records it holds what is about him: other people's descriptions and notes are
        theirs, and of a record that not everybody may see only that it names him.
        """
        admin = self._office.admit(principal)
        who = self.identify(admin, address)
        self._office.note_view(admin, "person", subject_of(admin.firm_id, who), "exported")
        dossier = self._dossier(admin, who)
        return self._written(admin, who, dossier)

    def _written(self, admin: Admin, who: Identity, dossier: Dossier) -> Iterator[str]:
        head = {
            "exported_at": self._clock(),
            "addresses": list(who.addresses),
            "numbers": dict(dossier.numbers),
            "member": self._member(who.member),
            "contacts": [_contact(contact) for contact in dossier.contacts],
        }
        yield _json(head)[:-1]
        for name, items in self._lists(admin, who):
            yield f', "{name}": ['
            for number, item in enumerate(items):
                yield (", " if number else "") + _json(item)
            yield "]"
        yield "}\n"

    def _lists(self, admin: Admin, who: Identity) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        member = who.member
        if member is not None:
            mine = member.mailbox_id
            acts = HistoryRow.by_user_id == member.user_id
            yield "links", self._rows(LinkRow, LinkRow.mailbox_id == mine, _LINK)
            history = (HistoryRow.firm_id == admin.firm_id) & or_(
                HistoryRow.mailbox_id == mine, acts
            )
            yield "history", self._rows(HistoryRow, history, _HISTORY)
            audit = (AuditRow.firm_id == admin.firm_id) & or_(
                AuditRow.by_user_id == member.user_id, AuditRow.target_id == member.user_id
            )
            yield "audit", self._rows(AuditRow, audit, _AUDIT)
        yield "records", self._records(admin, who)

    def _rows(
        self, table: type[Any], condition: Any, names: tuple[str, ...]
    ) -> Iterator[dict[str, Any]]:
        """One short read a page: no reader holds the write-ahead log (A10 of the road)."""
        after = ""
        while True:
            with self._database.read() as session:
                rows = persons.pages(session, table, condition, after)
                items = [{name: getattr(row, name) for name in names} for row in rows]
                after = rows[-1].id if rows else ""
            yield from items
            if len(items) < persons.BATCH:
                return

    def _records(self, admin: Admin, who: Identity) -> Iterator[dict[str, Any]]:
        if not isinstance(self._crm, KnowsPeople):
            return
        after = ""
        while True:
            found = self._crm.records_of_person(
                admin.tenant_id,
                who.addresses,
                owner_id=who.owner_id,
                after=after,
                limit=RECORDS_PAGE,
            )
            yield from (_record(record, who) for record in found)
            if len(found) < RECORDS_PAGE:
                return
            after = found[-1].id

    def _member(self, member: Member | None) -> dict[str, Any] | None:
        if member is None:
            return None
        with self._database.read() as session:
            user = session.get_one(UserRow, member.user_id)
            mailbox = session.get_one(MailboxRow, member.mailbox_id)
            watch = session.get_one(WatchRow, member.mailbox_id)
            his = or_(
                DelegationRow.mailbox_id == member.mailbox_id,
                DelegationRow.user_id == member.user_id,
            )
            delegations = session.scalars(select(DelegationRow).where(his)).all()
            return {
                **{name: getattr(user, name) for name in _USER},
                "paused": mailbox.paused,
                "problem": mailbox.problem,
                "changed_at": mailbox.changed_at,
                "written_at": mailbox.written_at,
                "checked_at": watch.checked_at,
                "notified_at": watch.notified_at,
                "delegations": [
                    {"mailbox_id": row.mailbox_id, "user_id": row.user_id, "at": row.confirmed_at}
                    for row in delegations
                ],
            }


_USER = (
    "id",
    "oid",
    "name",
    "address",
    "mail",
    "principal_name",
    "enabled_by_admin",
    "enabled_by_user",
    "mode",
    "mode_chosen",
    "activated_at",
    "block_list",
    "default_activity_type",
    "default_visibility",
    "created_at",
)
_LINK = (
    "id",
    "event_id",
    "ical_uid",
    "state",
    "origin",
    "reason",
    "blocked_by",
    "opted_out",
    "because",
    "activity_id",
    "event_end",
    "last_change_seen_at",
    "written_at",
    "created_at",
)
_HISTORY = (
    "id",
    "at",
    "kind",
    "line",
    "event_id",
    "link_id",
    "by_user_id",
    "codes",
    "fields",
    "request_id",
)
_AUDIT = ("id", "at", "by_user_id", "act", "target_kind", "target_id", "fields")


def subject_of(firm_id: str, who: Identity) -> str:
    """How the audit names a person: a member by his id, others by a hash of an address."""
    if who.member is not None:
        return who.member.user_id
    return hash_of(firm_id, who.addresses[0])


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "name": contact.name,
        "emails": list(contact.emails),
        "types": list(contact.types),
        "company_id": contact.company_id,
        "private": contact.private,
    }


def _record(record: Activity, who: Identity) -> dict[str, Any]:
    """What a record says of the person; of the meeting what everybody may see."""
    draft = record.draft
    wanted = set(who.addresses)
    entries: tuple[MatchedContact | UnmatchedAttendee, ...] = (*draft.contacts, *draft.unmatched)
    owner = draft.assigned_to
    is_his = who.owner_id is not None and draft.owner_id == who.owner_id
    is_open = record.visibility == EVERYONE or is_his
    return {
        "id": record.id,
        "kind": record.kind,
        "removed": record.removed,
        "start": draft.start,
        "end": draft.end,
        "subject": draft.subject if is_open else None,
        "location": draft.location if is_open else None,
        "description": draft.description if is_his else None,
        "notes": record.notes if is_his else None,
        "assigned": is_his or (owner is not None and normalised_address(owner.address) in wanted),
        "as": [
            {
                "name": entry.name,
                "address": entry.address,
                "response": entry.response,
                "attendance": entry.attendance,
            }
            for entry in entries
            if normalised_address(entry.address) in wanted
        ],
    }


def _json(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
