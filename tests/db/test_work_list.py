"""Claim, lease, ring, settle: the work list under several hands (R1, A2, A20, A21)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from backend.db import leases, links, people
from backend.db.links import Lease
from backend.db.models import LinkRow, MailboxRow
from backend.db.rows import apply
from backend.domain.link import Trigger
from backend.sql import Database
from tests.db.conftest import AddLink
from tests.support.crm import NOON

LENGTH = timedelta(seconds=90)
Mailboxes = list[tuple[str, str, str]]


def claim(database: Database, now=NOON) -> Lease | None:
    with database.write.begin() as session:
        return leases.claim(session, now, LENGTH)


def row_of(database: Database, link_id: str) -> LinkRow:
    with database.read() as session:
        return session.get_one(LinkRow, link_id)


def settle(database: Database, lease: Lease, **changes: object) -> None:
    with database.write.begin() as session:
        links.settle(
            session,
            lease,
            **({"due_at": NOON + timedelta(hours=1), "attempts": 0, "now": NOON} | changes),
        )


def ring(database: Database, link_id: str, **changes: object) -> None:
    with database.write.begin() as session:
        links.ring(session, link_id, **({"at": NOON} | changes))


def test_people_come_first_then_the_longest_due(database: Database, add_link: AddLink) -> None:
    second = add_link(0, due_at=NOON - timedelta(hours=1))
    third = add_link(1, due_at=NOON)
    first = add_link(2, due_at=NOON, urgent=True)

    claimed = [claim(database) for _ in range(4)]

    assert [lease and lease.link_id for lease in claimed] == [first, second, third, None]


def test_what_is_not_due_or_leased_or_throttled_is_left_alone(
    database: Database, add_link: AddLink, mailboxes: Mailboxes
) -> None:
    add_link(0, due_at=NOON + timedelta(seconds=1))
    add_link(0, due_at=None)
    add_link(1, lease_token="t", lease_until=NOON + timedelta(seconds=1))
    add_link(2)
    with database.write.begin() as session:
        people.close_until(session, mailboxes[2][1], NOON + timedelta(seconds=30))

    assert claim(database) is None
    assert claim(database, NOON + timedelta(seconds=30)) is not None


def test_a_mailbox_is_worked_on_by_one_at_a_time(database: Database, add_link: AddLink) -> None:
    add_link(0)
    add_link(0)

    lease = claim(database)

    assert lease is not None
    assert claim(database) is None
    settle(database, lease)
    assert claim(database) is not None


def test_a_lease_that_ran_out_is_taken_over_and_says_so(
    database: Database, add_link: AddLink
) -> None:
    link_id = add_link()
    dead = claim(database)
    assert dead is not None
    later = NOON + LENGTH

    taken = claim(database, later)

    assert taken is not None
    assert (taken.link_id, taken.taken_over, dead.taken_over) == (link_id, True, False)
    settle(database, dead, attempts=9)
    row = row_of(database, link_id)
    assert (row.lease_token, row.attempts) == (taken.token, 0)


def test_settling_says_when_the_link_is_due_next(database: Database, add_link: AddLink) -> None:
    link_id = add_link(urgent=True)
    lease = claim(database)
    assert lease is not None

    settle(database, lease, attempts=3)

    row = row_of(database, link_id)
    assert (row.due_at, row.attempts, row.urgent) == (NOON + timedelta(hours=1), 3, False)
    assert (row.lease_token, row.lease_until) == (None, None)


def test_a_ring_during_a_run_survives_its_outcome(database: Database, add_link: AddLink) -> None:
    """R1: the outcome moves due_at only when nobody has rung since the claim."""
    link_id = add_link()
    lease = claim(database)
    assert lease is not None
    ring(database, link_id, at=NOON + timedelta(seconds=1), urgent=True)

    settle(database, lease)

    row = row_of(database, link_id)
    assert row.due_at == NOON
    assert row.urgent is True


@pytest.mark.parametrize("due_at", [None, NOON + timedelta(hours=1), NOON - timedelta(hours=1)])
def test_a_ring_never_makes_a_link_due_later(
    database: Database, add_link: AddLink, due_at: object
) -> None:
    link_id = add_link(due_at=due_at)

    ring(database, link_id)

    assert row_of(database, link_id).due_at == min(due_at or NOON, NOON)


def test_the_work_list_never_raises_the_version(database: Database, add_link: AddLink) -> None:
    """A2: only wishes and decisions do, or half of all outcomes would be refused."""
    link_id = add_link(version=7)
    lease = claim(database)
    assert lease is not None
    ring(database, link_id)
    settle(database, lease)
    assert row_of(database, link_id).version == 7

    with database.write.begin() as session:
        row = links.lock(session, link_id)
        assert row is not None
        apply(session, row, Trigger.TICK, now=NOON, line="ticked")

    assert row_of(database, link_id).version == 8


def test_the_fence_wants_token_version_and_enough_time(
    database: Database, add_link: AddLink
) -> None:
    """R4, one statement."""
    link_id = add_link(version=7)
    lease = claim(database)
    assert lease is not None
    soon = NOON + timedelta(seconds=20)

    with database.read() as session:
        assert links.holds(session, lease, 7, soon)
        assert not links.holds(session, lease, 6, soon)
        assert not links.holds(session, lease, 7, NOON + LENGTH + timedelta(seconds=1))
    with database.write.begin() as session:
        session.execute(update(LinkRow).where(LinkRow.id == link_id).values(lease_token="other"))
    with database.read() as session:
        assert not links.holds(session, lease, 7, soon)


def test_many_threads_never_claim_one_row_nor_one_mailbox_twice(
    database: Database, add_link: AddLink, mailboxes: Mailboxes
) -> None:
    for _ in range(8):
        for mailbox in range(3):
            add_link(mailbox)
    claimed: list[Lease] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        for _ in range(4):
            lease = claim(database)
            if lease is not None:
                claimed.append(lease)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = [row_of(database, lease.link_id) for lease in claimed]
    assert len({lease.link_id for lease in claimed}) == len(claimed)
    assert len({row.mailbox_id for row in rows}) == len(rows) == 3


def test_a_periodic_job_runs_once_per_period_however_many_ask(
    database: Database, mailboxes: Mailboxes
) -> None:
    """A21: Huey fires a periodic task once per consumer."""
    taken: list[bool] = []
    start = threading.Barrier(4)

    def ask(now: object) -> None:
        start.wait()
        with database.write.begin() as session:
            taken.append(people.take_clock(session, "sweep", now, timedelta(seconds=60)))

    for now in (NOON, NOON + timedelta(seconds=59), NOON + timedelta(seconds=60)):
        threads = [threading.Thread(target=ask, args=(now,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [taken[n : n + 4].count(True) for n in (0, 4, 8)] == [1, 0, 1]


def test_only_due_and_free_links_are_counted(database: Database, add_link: AddLink) -> None:
    add_link()
    add_link(1, due_at=NOON + timedelta(seconds=1))
    add_link(2, lease_token="t", lease_until=NOON + timedelta(seconds=1))

    with database.read() as session:
        assert leases.count_due(session, NOON) == 1


def test_a_mailboxes_times_are_set_without_reading_it(
    database: Database, mailboxes: Mailboxes
) -> None:
    mailbox_id = mailboxes[0][1]
    with database.write.begin() as session:
        people.note_written(session, mailbox_id, NOON)
        people.store_master_category(session, mailbox_id, "Name")

    with database.read() as session:
        row = session.get_one(MailboxRow, mailbox_id)
    assert (row.written_at, row.master_category) == (NOON, "Name")
