"""Machines whose clocks are wrong never hold one row at a time (A22)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import URL

from backend.db import leases, people
from backend.db.models import FirmRow, LinkRow
from backend.domain.link import LinkState
from backend.domain.policy import Origin
from backend.sql import Database, DatabaseClock
from tests.support.stage import create_tables

LENGTH = timedelta(seconds=60)


def machine(url: URL, off: float) -> tuple[Database, DatabaseClock]:
    """A connection and a clock of its own, ``off`` by some seconds."""
    database = Database(url, pool_size=2)
    clock = DatabaseClock(
        database,
        machine=lambda: datetime.now(UTC) + timedelta(seconds=off),
        monotonic=time.monotonic,
    )
    return database, clock


def add_links(database: Database) -> None:
    """One due link in each of three mailboxes."""
    create_tables(database)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    with database.write.begin() as session:
        firm = FirmRow(tenant_id="tenant", name="Firm", created_at=long_ago)
        session.add(firm)
        session.flush()
        for n in range(3):
            owner = people.add_user(
                session, firm, oid=f"oid-{n}", name="", address=None, now=long_ago
            )
            session.add(
                LinkRow(
                    firm_id=firm.id,
                    mailbox_id=owner.mailbox.id,
                    event_id=f"event-{n}",
                    state=LinkState.PENDING,
                    origin=Origin.MANUAL,
                    wished_by=owner.user.id,
                    created_at=long_ago,
                    due_at=long_ago,
                )
            )


def claim_all(database: Database, clock: DatabaseClock) -> list[str]:
    claimed = []
    while True:
        with database.write.begin() as session:
            lease = leases.claim(session, clock(), LENGTH)
        if lease is None:
            return claimed
        claimed.append(lease.link_id)


@pytest.mark.postgres
@pytest.mark.parametrize("is_measured", [True, False])
def test_two_machines_never_hold_one_row(postgres_schema_url: URL, is_measured: bool) -> None:
    """The second one's clock is 120 s ahead of leases of 60 s; unmeasured it takes all over."""
    right, right_clock = machine(postgres_schema_url, 0)
    wrong, wrong_clock = machine(postgres_schema_url, 120)
    add_links(right)
    if is_measured:
        right_clock.measure()
        wrong_clock.measure()

    first = claim_all(right, right_clock)
    second = claim_all(wrong, wrong_clock)

    assert len(first) == 3
    assert bool(second) is not is_measured
    for database in (right, wrong):
        database.dispose()
