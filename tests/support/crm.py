"""A CRM for tests: tables on a given database, a clock that moves by hand, contacts on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from backend.crm.identifiers import new_id
from backend.crm.models import (
    Base,
    CompanyRow,
    CompanyTypeRow,
    ContactEmailRow,
    ContactHasTypeRow,
    ContactRow,
    ContactTypeRow,
)
from backend.crm.text import folded
from backend.domain.event import normalised_address
from backend.sql import Database
from tests.support.migrated import create_quickly

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class HandClock:
    """Aware UTC now, moved by :meth:`advance` only."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


def create_tables(database: Database) -> None:
    """The models' tables without migrating: quicker, and proven equal elsewhere."""
    create_quickly(database, Base.metadata)


def contact_maker(database: Database, default_tenant: str) -> Callable[..., str]:
    """A function that makes a contact, a second after the one before, and answers its id."""
    clock = HandClock()

    def make(
        name: str,
        *emails: str,
        types: Sequence[str] = (),
        private: bool = False,
        owner_id: str | None = None,
        company_types: Sequence[str] = (),
        tenant_id: str = default_tenant,
    ) -> str:
        clock.advance(timedelta(seconds=1))
        contact_id = new_id(clock())
        with database.write.begin() as session:
            keys = {"tenant_id": tenant_id}
            for type_name in dict.fromkeys([*types, *company_types]):
                if session.get(ContactTypeRow, (tenant_id, f"type-{type_name}")) is None:
                    session.add(
                        ContactTypeRow(
                            **keys,
                            id=f"type-{type_name}",
                            name=type_name,
                            folded_name=type_name.casefold(),
                        )
                    )
            session.flush()
            company_id = None
            if company_types:
                company_id = new_id(clock())
                session.add(
                    CompanyRow(
                        **keys,
                        id=company_id,
                        name="Company",
                        sort_name="company",
                        search_text="company",
                        created_at=clock(),
                    )
                )
                session.flush()
                for type_name in company_types:
                    session.add(
                        CompanyTypeRow(**keys, company_id=company_id, type_id=f"type-{type_name}")
                    )
            session.add(
                ContactRow(
                    **keys,
                    id=contact_id,
                    name=name,
                    sort_name=name.casefold(),
                    search_text=folded(name, *emails),
                    company_id=company_id,
                    private=private,
                    owner_id=owner_id,
                    created_at=clock(),
                )
            )
            session.flush()
            for position, address in enumerate(emails):
                session.add(
                    ContactEmailRow(
                        **keys,
                        contact_id=contact_id,
                        position=position,
                        address=address,
                        normalised=normalised_address(address),
                    )
                )
            for type_name in types:
                session.add(
                    ContactHasTypeRow(**keys, contact_id=contact_id, type_id=f"type-{type_name}")
                )
        return contact_id

    return make
