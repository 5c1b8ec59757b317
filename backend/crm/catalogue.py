"""Contact types, companies, opportunities and initiatives: list, read, make, change, remove."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.crm import activities, people
from backend.crm.access import CrmCaller
from backend.crm.carried_types import replace_types, type_ids
from backend.crm.identifiers import new_id
from backend.crm.models import (
    Base,
    CompanyRow,
    CompanyTypeRow,
    ContactTypeRow,
    InitiativeRow,
    OpportunityRow,
)
from backend.crm.paging import Page, cursor, name_and_id
from backend.crm.problems import CrmError, forbidden, invalid, not_found
from backend.crm.text import containing, folded, sort_name
from backend.domain.ports import Clock
from backend.sql import Database

Row = TypeVar("Row", CompanyRow, OpportunityRow, InitiativeRow)

_WORDS: Mapping[type[Base], str] = {
    CompanyRow: "company",
    OpportunityRow: "opportunity",
    InitiativeRow: "initiative",
}


@dataclass(frozen=True, slots=True)
class Company:
    """An organisation and the types it carries."""

    id: str
    name: str
    types: tuple[str, ...] = ()


TellContacts = Callable[[str, Sequence[str]], None]
"""Takes the tenant, and the keys of the records that a change of its contacts concerns."""


class TypeSettings(Protocol):
    """Settings outside of the CRM that know contact types by name; asked in its transaction."""

    def is_needed(self, session: Session, tenant_id: str, name: str) -> bool:
        """Whether this type must not be removed."""
        ...

    def is_fixed(self, name: str) -> bool:
        """Whether this type must keep its name."""
        ...

    def rename(self, session: Session, caller: CrmCaller, old: str, new: str) -> None:
        """Have the settings say the new name."""
        ...


class Catalogue:
    """Whatever is the same for everybody in a firm. Raises CrmError for whatever it refuses."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tell: TellContacts = lambda _tenant_id, _external_keys: None,
        settings: TypeSettings | None = None,
    ) -> None:
        """``tell`` hears of types and of companies that carry others: so do their contacts.

        ``settings`` are those that know contact types by name.
        """
        self._database = database
        self._clock = clock
        self._tell = tell
        self._settings = settings

    # Contact types

    def contact_types(
        self, caller: CrmCaller, *, query: str = "", limit: int, after: str | None = None
    ) -> Page[ContactTypeRow]:
        last_seen = name_and_id(after)
        found = select(ContactTypeRow).where(ContactTypeRow.tenant_id == caller.tenant_id)
        if query.strip():
            found = found.where(ContactTypeRow.folded_name.like(containing(query), escape="\\"))
        if last_seen is not None:
            # Names are unique within a firm, so the name alone says where to go on.
            found = found.where(ContactTypeRow.folded_name > last_seen[0])
        with self._database.read() as session:
            by_name = found.order_by(ContactTypeRow.folded_name).limit(limit + 1)
            rows = session.scalars(by_name).all()
        shown = rows[:limit]
        more = len(rows) > limit
        return Page(shown, cursor(shown[-1].folded_name, shown[-1].id) if more else None)

    def contact_type(self, caller: CrmCaller, type_id: str) -> ContactTypeRow:
        with self._database.read() as session:
            return _contact_type(session, caller.tenant_id, type_id)

    def add_contact_type(self, caller: CrmCaller, name: str) -> ContactTypeRow:
        """Raises: CrmError 403 for members, 409 ``exists`` for a name that is taken."""
        _demand_admin(caller)
        row = ContactTypeRow(tenant_id=caller.tenant_id, id=new_id(self._clock()))
        row.name, row.folded_name = name, name.casefold()
        with _unique_type(), self._database.write.begin() as session:
            session.add(row)
        return row

    def rename_contact_type(self, caller: CrmCaller, type_id: str, name: str) -> ContactTypeRow:
        """Settings that select the type go on with its new name.

        Raises: CrmError 403 for members, 409 ``exists`` for a name that is taken, ``reserved`` for
        a type that the sync knows by its name.
        """
        _demand_admin(caller)
        with _unique_type(), self._database.write.begin() as session:
            row = _contact_type(session, caller.tenant_id, type_id, lock=True)
            old, is_same = row.name, row.name.casefold() == name.casefold()
            if self._settings is not None:
                if self._settings.is_fixed(old) and not is_same:
                    raise _reserved(old)
                self._settings.rename(session, caller, old, name)
            row.name, row.folded_name = name, name.casefold()
        if not is_same:
            self._tell(caller.tenant_id, ())
        return row

    def remove_contact_type(self, caller: CrmCaller, type_id: str) -> None:
        """Raises: CrmError 403 for members, 409 ``in_use`` while somebody carries it, ``selected``
        while the firm's settings select it, ``reserved`` for a type the sync knows by its name.
        """
        _demand_admin(caller)
        with _in_use("contact type"), self._database.write.begin() as session:
            row = _contact_type(session, caller.tenant_id, type_id, lock=True)
            if self._settings is not None:
                if self._settings.is_fixed(row.name):
                    raise _reserved(row.name)
                if self._settings.is_needed(session, caller.tenant_id, row.name):
                    raise CrmError(
                        409,
                        "selected",
                        f"Events with contacts of the type “{row.name}” sync by themselves. Take it"
                        " out of the firm's settings first.",
                    )
            session.delete(row)

    # Companies

    def companies(
        self, caller: CrmCaller, *, query: str = "", limit: int, after: str | None = None
    ) -> Page[Company]:
        with self._database.read() as session:
            page = _page(
                session, CompanyRow, caller.tenant_id, query=query, limit=limit, after=after
            )
            return Page(_companies(session, caller.tenant_id, page.items), page.next)

    def company(self, caller: CrmCaller, company_id: str) -> Company:
        with self._database.read() as session:
            row = _one(session, CompanyRow, caller.tenant_id, company_id)
            return _companies(session, caller.tenant_id, [row])[0]

    def save_company(
        self, caller: CrmCaller, company_id: str | None, given: Mapping[str, Any]
    ) -> Company:
        """Make a company (``company_id`` is ``None``) or change one."""
        with self._database.write.begin() as session:
            row = self._blank_or_existing(session, CompanyRow, caller, company_id)
            _rename(row, given.get("name", row.name))
            session.add(row)
            session.flush()
            if "types" in given:
                ids = type_ids(session, caller.tenant_id, given["types"])
                replace_types(session, CompanyTypeRow, caller.tenant_id, row.id, ids)
            saved = _companies(session, caller.tenant_id, [row])[0]
        if "types" in given:
            self._tell(caller.tenant_id, ())
        return saved

    def remove_company(self, caller: CrmCaller, company_id: str) -> None:
        self._remove(caller, CompanyRow, company_id)

    # Opportunities and initiatives

    def opportunities(
        self,
        caller: CrmCaller,
        *,
        query: str = "",
        company_id: str | None = None,
        limit: int,
        after: str | None = None,
    ) -> Page[OpportunityRow]:
        only = [] if company_id is None else [OpportunityRow.company_id == company_id]
        with self._database.read() as session:
            return _page(
                session,
                OpportunityRow,
                caller.tenant_id,
                query=query,
                limit=limit,
                after=after,
                conditions=only,
            )

    def opportunity(self, caller: CrmCaller, opportunity_id: str) -> OpportunityRow:
        with self._database.read() as session:
            return _one(session, OpportunityRow, caller.tenant_id, opportunity_id)

    def save_opportunity(
        self, caller: CrmCaller, opportunity_id: str | None, given: Mapping[str, Any]
    ) -> OpportunityRow:
        """Make an opportunity (``opportunity_id`` is ``None``) or change one."""
        with self._database.write.begin() as session:
            row = self._blank_or_existing(session, OpportunityRow, caller, opportunity_id)
            _rename(row, given.get("name", row.name))
            if "company_id" in given:
                demand_company(session, caller.tenant_id, given["company_id"])
                row.company_id = given["company_id"]
            row.stage = given.get("stage", row.stage or "")
            session.add(row)
            return row

    def remove_opportunity(self, caller: CrmCaller, opportunity_id: str) -> None:
        self._remove(caller, OpportunityRow, opportunity_id)

    def initiatives(
        self, caller: CrmCaller, *, query: str = "", limit: int, after: str | None = None
    ) -> Page[InitiativeRow]:
        with self._database.read() as session:
            return _page(
                session, InitiativeRow, caller.tenant_id, query=query, limit=limit, after=after
            )

    def initiative(self, caller: CrmCaller, initiative_id: str) -> InitiativeRow:
        with self._database.read() as session:
            return _one(session, InitiativeRow, caller.tenant_id, initiative_id)

    def save_initiative(
        self, caller: CrmCaller, initiative_id: str | None, given: Mapping[str, Any]
    ) -> InitiativeRow:
        """Make an initiative (``initiative_id`` is ``None``) or change one."""
        with self._database.write.begin() as session:
            row = self._blank_or_existing(session, InitiativeRow, caller, initiative_id)
            _rename(row, given.get("name", row.name))
            session.add(row)
            return row

    def remove_initiative(self, caller: CrmCaller, initiative_id: str) -> None:
        self._remove(caller, InitiativeRow, initiative_id)

    def names(self, caller: CrmCaller, kind: str, ids: Iterable[str]) -> dict[str, str]:
        """Names by id of one kind: ``company``, ``opportunity`` or ``initiative``."""
        columns = next(table for table, word in _WORDS.items() if word == kind).__table__.c
        query = select(columns.id, columns.name).where(
            columns.tenant_id == caller.tenant_id, columns.id.in_(sorted(set(ids)))
        )
        with self._database.read() as session:
            return {row.id: row.name for row in session.execute(query)}

    def _blank_or_existing(
        self, session: Session, table: type[Row], caller: CrmCaller, row_id: str | None
    ) -> Row:
        if row_id is not None:
            return _one(session, table, caller.tenant_id, row_id, lock=True)
        now = self._clock()
        return table(tenant_id=caller.tenant_id, id=new_id(now), created_at=now)

    def _remove(self, caller: CrmCaller, table: type[Row], row_id: str) -> None:
        word = _WORDS[table]
        with _in_use(word), self._database.write.begin() as session:
            row = _one(session, table, caller.tenant_id, row_id, lock=True)
            if activities.is_mentioned(session, caller.tenant_id, (word, row_id)):
                raise _still_in_use(word)
            session.delete(row)


def demand_company(session: Session, tenant_id: str, company_id: str | None) -> None:
    """Raises: CrmError 422 when there is no such company."""
    if company_id is not None and session.get(CompanyRow, (tenant_id, company_id)) is None:
        raise invalid("company_id", "Unknown company.")


def _contact_type(
    session: Session, tenant_id: str, type_id: str, *, lock: bool = False
) -> ContactTypeRow:
    row = session.get(ContactTypeRow, (tenant_id, type_id), with_for_update=lock)
    if row is None:
        raise not_found("contact type")
    return row


def _one(
    session: Session, table: type[Row], tenant_id: str, row_id: str, *, lock: bool = False
) -> Row:
    row = session.get(table, (tenant_id, row_id), with_for_update=lock)
    if row is None:
        raise not_found(_WORDS[table])
    return row


def _page(
    session: Session,
    table: type[Row],
    tenant_id: str,
    *,
    query: str,
    limit: int,
    after: str | None,
    conditions: Sequence[ColumnElement[bool]] = (),
) -> Page[Row]:
    """By name; ``after`` is a cursor."""
    found = select(table).where(table.tenant_id == tenant_id, *conditions)
    if query.strip():
        found = found.where(table.search_text.like(containing(query), escape="\\"))
    last_seen = name_and_id(after)
    if last_seen is not None:
        name, row_id = last_seen
        same_name = (table.sort_name == name) & (table.id > row_id)
        found = found.where((table.sort_name > name) | same_name)
    rows = session.scalars(found.order_by(table.sort_name, table.id).limit(limit + 1)).all()
    more = len(rows) > limit
    shown = rows[:limit]
    return Page(shown, cursor(shown[-1].sort_name, shown[-1].id) if more else None)


def _companies(session: Session, tenant_id: str, rows: Sequence[CompanyRow]) -> list[Company]:
    types = people.types_of_companies(session, tenant_id, [row.id for row in rows])
    return [Company(row.id, row.name, types.get(row.id, ())) for row in rows]


def _rename(row: CompanyRow | OpportunityRow | InitiativeRow, name: str) -> None:
    row.name = name
    row.sort_name = sort_name(name)
    row.search_text = folded(name)


def _demand_admin(caller: CrmCaller) -> None:
    """The firm's settings select types by name, so that changing one changes what is synced."""
    if not (caller.is_admin or caller.is_service):
        raise forbidden("Only an administrator changes contact types.")


def _reserved(name: str) -> CrmError:
    detail = f"The sync knows the type “{name}” by its name, so that it stays as it is."
    return CrmError(409, "reserved", detail)


@contextmanager
def _unique_type() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise CrmError(409, "exists", "There is a contact type of this name.") from error


def _still_in_use(word: str) -> CrmError:
    return CrmError(409, "in_use", f"This {word} is still in use.")


@contextmanager
def _in_use(word: str) -> Iterator[None]:
    """A foreign key that still points here is a refusal, not a fault."""
    try:
        yield
    except IntegrityError as error:
        raise _still_in_use(word) from error
