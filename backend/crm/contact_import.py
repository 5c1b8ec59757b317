"""Contacts from a file: judged first, written after a person's word, each chunk one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.crm import people
from backend.crm.access import CrmCaller
from backend.crm.contact_csv import SheetRow
from backend.crm.contact_desk import ContactDesk
from backend.crm.identifiers import new_id
from backend.crm.models import (
    CompanyRow,
    ContactEmailRow,
    ContactHasTypeRow,
    ContactRow,
    ContactTypeRow,
)
from backend.crm.schemas import LONGEST_NAME, CrmContactPostSchema
from backend.crm.text import folded, is_storable, sort_name
from backend.domain.event import normalised_address
from backend.domain.ports import Clock
from backend.sql import Database

CHUNK = 200
"""Contacts a transaction: others wait for it no longer than for a few ticks."""

_schema = CrmContactPostSchema()


class Judgement(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    DUPLICATE = "duplicate"
    WRONG = "wrong"
    DONE = "done"
    """Made by this very import before: the form was sent twice, or the server stopped midway."""


@dataclass(frozen=True, slots=True)
class JudgedRow:
    row: SheetRow
    judgement: Judgement
    reasons: Sequence[str] = ()
    contact_id: str | None = None
    """The contact it is a duplicate of, if it is in the CRM; the contact made, once it is."""
    makes_company: bool = False


class ContactImport:
    """Previews and runs imports for one caller at a time."""

    def __init__(self, database: Database, clock: Clock, contacts: ContactDesk) -> None:
        self._database = database
        self._clock = clock
        self._contacts = contacts

    def preview(self, caller: CrmCaller, rows: Sequence[SheetRow]) -> list[JudgedRow]:
        """What an import would do now; writes nothing."""
        with self._database.read() as session:
            return _Judge(session, caller).judge(rows)

    def run(
        self, caller: CrmCaller, rows: Sequence[SheetRow], import_id: UUID
    ) -> tuple[list[JudgedRow], bool]:
        """Make the new contacts; answers what became of each row and whether all were looked at.

        Rows are judged again inside of their transaction: what the preview promised may have
        changed. An import that is repeated with its id makes nothing twice. Stops at a chunk that
        somebody else's change made impossible; what was committed before stays and is told.
        """
        done: list[JudgedRow] = []
        seen: dict[str, int] = {}
        made: list[str] = []
        is_whole = True
        try:
            for start in range(0, len(rows), CHUNK):
                chunk = rows[start : start + CHUNK]
                with self._database.write.begin() as session:
                    judged = _Judge(session, caller, import_id, seen).judge(chunk)
                    results = self._store(session, caller, judged, import_id)
                done += results
                made += [
                    address
                    for each in results
                    if each.judgement in (Judgement.NEW, Judgement.DONE)
                    for address in each.row.emails
                ]
        except IntegrityError:
            is_whole = False
        finally:
            if made:
                self._contacts.tell_of(caller, made)
        return done, is_whole

    def _store(
        self, session: Session, caller: CrmCaller, judged: Sequence[JudgedRow], import_id: UUID
    ) -> list[JudgedRow]:
        """The new ones among them, in a few statements for all."""
        new = [each.row for each in judged if each.judgement is Judgement.NEW]
        if not new:
            return list(judged)
        now, tenant_id = self._clock(), caller.tenant_id
        companies = self._all_companies(session, caller, [row.company for row in new])
        type_ids = _types(session, caller, [name for row in new for name in row.types])
        session.execute(
            insert(ContactRow),
            [
                {
                    "tenant_id": tenant_id,
                    "id": _id_of(caller, import_id, row),
                    "name": row.name,
                    "sort_name": sort_name(row.name),
                    "search_text": folded(row.name, *row.emails),
                    "company_id": companies.get(sort_name(row.company)),
                    "private": False,
                    "owner_id": caller.user_id,
                    "created_at": now,
                }
                for row in new
            ],
        )
        emails = [
            {
                "tenant_id": tenant_id,
                "contact_id": _id_of(caller, import_id, row),
                "position": position,
                "address": address,
                "normalised": normalised_address(address),
            }
            for row in new
            for position, address in enumerate(row.emails)
        ]
        types = [
            {
                "tenant_id": tenant_id,
                "contact_id": _id_of(caller, import_id, row),
                "type_id": type_id,
            }
            for row in new
            for type_id in sorted({type_ids[name.casefold()] for name in row.types})
        ]
        for table, values in ((ContactEmailRow, emails), (ContactHasTypeRow, types)):
            if values:
                session.execute(insert(table), values)
        return [
            replace(each, contact_id=_id_of(caller, import_id, each.row))
            if each.judgement is Judgement.NEW
            else each
            for each in judged
        ]

    def _all_companies(
        self, session: Session, caller: CrmCaller, names: Sequence[str]
    ) -> dict[str, str]:
        """Ids by sort name; those that are missing are made."""
        found = _companies(session, caller, names)
        for name in names:
            if not name or sort_name(name) in found:
                continue
            now = self._clock()
            row = CompanyRow(
                tenant_id=caller.tenant_id,
                id=new_id(now),
                name=name,
                sort_name=sort_name(name),
                search_text=folded(name),
                created_at=now,
            )
            session.add(row)
            found[row.sort_name] = row.id
        session.flush()
        return found


class _Judge:
    """Looks at rows together, so that a file costs a few statements and not some for each row."""

    def __init__(
        self,
        session: Session,
        caller: CrmCaller,
        import_id: UUID | None = None,
        seen: dict[str, int] | None = None,
    ) -> None:
        """``seen`` holds the line of each address of the rows before, and is added to."""
        self._session = session
        self._caller = caller
        self._import_id = import_id
        self._seen = {} if seen is None else seen

    def judge(self, rows: Sequence[SheetRow]) -> list[JudgedRow]:
        readable = [row for row in rows if not _wrong(row)]
        addresses = [address for row in readable for address in row.emails]
        carried = {
            address: next((c.id for c in contacts if self._may_know(c.private, c.owner_id)), None)
            for address, contacts in people.by_address(
                self._session, self._caller.tenant_id, addresses
            ).items()
        }
        types = _types(self._session, self._caller, _names(rows))
        companies = _companies(self._session, self._caller, [r.company for r in readable])
        done = self._made_before(readable)
        return [self._judged(row, carried, types, companies, done) for row in rows]

    def _judged(
        self,
        row: SheetRow,
        carried: Mapping[str, str | None],
        types: Mapping[str, str],
        companies: Mapping[str, str],
        done: set[str],
    ) -> JudgedRow:
        unknown = [name for name in row.types if name.casefold() not in types]
        reasons = [*_wrong(row), *(f"There is no contact type “{name}”." for name in unknown)]
        if reasons:
            return JudgedRow(row, Judgement.WRONG, reasons)
        addresses = [normalised_address(address) for address in row.emails]
        lines = [self._seen[address] for address in addresses if address in self._seen]
        for address in addresses:
            self._seen.setdefault(address, row.line)
        if self._import_id is not None:
            contact_id = _id_of(self._caller, self._import_id, row)
            if contact_id in done:
                return JudgedRow(row, Judgement.DONE, (), contact_id)
        if lines:
            return JudgedRow(row, Judgement.DUPLICATE, [f"Line {lines[0]} has the same address."])
        for address in addresses:
            if (other_id := carried.get(address)) is not None:
                reason = f"A contact with the address {address} is in the CRM already."
                return JudgedRow(row, Judgement.DUPLICATE, [reason], other_id)
        makes_company = bool(row.company) and sort_name(row.company) not in companies
        return JudgedRow(row, Judgement.NEW, (), None, makes_company)

    def _may_know(self, private: bool, owner_id: str | None) -> bool:
        """Somebody else's private contact is no duplicate: it would be given away."""
        return not private or owner_id == self._caller.user_id

    def _made_before(self, rows: Sequence[SheetRow]) -> set[str]:
        if self._import_id is None:
            return set()
        ids = [_id_of(self._caller, self._import_id, row) for row in rows]
        query = select(ContactRow.id).where(
            ContactRow.tenant_id == self._caller.tenant_id, ContactRow.id.in_(ids)
        )
        return set(self._session.scalars(query))


def _names(rows: Sequence[SheetRow]) -> list[str]:
    """The types in the file that a database can be asked for."""
    return [name for row in rows for name in row.types if is_storable(name)]


def _wrong(row: SheetRow) -> list[str]:
    """What no CRM takes, in words; empty when all is well."""
    found = [row.problem] if row.problem else []
    if not row.name:
        return [*found, "The name is missing."]
    if len(row.company) > LONGEST_NAME:
        found.append(f"The company is longer than {LONGEST_NAME} characters.")
    if not is_storable(row.company):
        found.append("The company contains a character that cannot be stored.")
    try:
        _schema.load({"name": row.name, "emails": list(row.emails), "types": list(row.types)})
    except ValidationError as error:
        found += [
            f"{_WORDS.get(field, field)}: {text}"
            for field, messages in error.messages_dict.items()
            for text in _flat(messages)
        ]
    return found


_WORDS = {"name": "Name", "emails": "E-mail", "types": "Types"}


def _flat(messages: Any) -> list[str]:
    """Marshmallow's words, each once: a list has them by the index of the element."""
    if isinstance(messages, dict):
        return list(dict.fromkeys(text for each in messages.values() for text in _flat(each)))
    return [str(text) for text in messages]


def _id_of(caller: CrmCaller, import_id: UUID, row: SheetRow) -> str:
    """The same for the same line of the same import, so that sending it twice is found out."""
    said = f"{caller.tenant_id}/{caller.user_id}/{import_id}/{row.line}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _types(session: Session, caller: CrmCaller, names: Sequence[str]) -> dict[str, str]:
    """Ids by casefolded name of the types there are."""
    wanted = sorted({name.casefold() for name in names})
    found: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(ContactTypeRow.folded_name, ContactTypeRow.id).where(
            ContactTypeRow.tenant_id == caller.tenant_id,
            ContactTypeRow.folded_name.in_(wanted[start : start + CHUNK]),
        )
        found |= {row.folded_name: row.id for row in session.execute(query)}
    return found


def _companies(session: Session, caller: CrmCaller, names: Sequence[str]) -> dict[str, str]:
    """Ids by the name as lists sort it; of two companies of one name the older one."""
    wanted = sorted({sort_name(name) for name in names if name})
    found: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):
        query = (
            select(CompanyRow.sort_name, CompanyRow.id)
            .where(
                CompanyRow.tenant_id == caller.tenant_id,
                CompanyRow.sort_name.in_(wanted[start : start + CHUNK]),
            )
            .order_by(CompanyRow.created_at.desc(), CompanyRow.id.desc())
        )
        found |= {row.sort_name: row.id for row in session.execute(query)}
    return found
