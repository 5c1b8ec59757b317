"""Databases with the product's tables and a firm, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from backend.db import people
from backend.db.models import FirmRow, LinkRow
from backend.domain.link import LinkState
from backend.domain.policy import Origin
from backend.sql import Database
from tests.support.crm import NOON
from tests.support.databases import (
    database,
    database_url,
    postgres_database_url,
    postgres_schema_url,
    sqlite_url,
)
from tests.support.stage import create_tables

__all__ = ["database", "database_url", "postgres_database_url", "postgres_schema_url", "sqlite_url"]

AddLink = Callable[..., str]


@pytest.fixture
def mailboxes(database: Database) -> list[tuple[str, str, str]]:
    """Three mailboxes of one firm: (firm, mailbox, user)."""
    create_tables(database)
    with database.write.begin() as session:
        firm = FirmRow(tenant_id="tenant", name="Firm", created_at=NOON)
        session.add(firm)
        session.flush()
        owners = [
            people.add_user(session, firm, oid=f"oid-{n}", name="", address=None, now=NOON)
            for n in range(3)
        ]
        return [(firm.id, owner.mailbox.id, owner.user.id) for owner in owners]


@pytest.fixture
def add_link(database: Database, mailboxes: list[tuple[str, str, str]]) -> AddLink:
    """Makes a link of the n-th mailbox; answers its id."""
    numbers = itertools.count()

    def add(mailbox: int = 0, **values: object) -> str:
        firm_id, mailbox_id, user_id = mailboxes[mailbox]
        number = next(numbers)
        row = LinkRow(
            **{
                "firm_id": firm_id,
                "mailbox_id": mailbox_id,
                "event_id": f"event-{number}",
                "ical_uid": f"uid-{number}",
                "state": LinkState.PENDING,
                "origin": Origin.MANUAL,
                "wished_by": user_id,
                "created_at": NOON,
                "due_at": NOON,
            }
            | values
        )
        with database.write.begin() as session:
            session.add(row)
        return row.id

    return add
