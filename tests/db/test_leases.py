"""Caps of mailboxes and firms, remotes that are shut, and workers with their leases (A20, A24)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from backend.db import leases, links, people, watches
from backend.db.links import Lease
from backend.db.machine_models import BreakerRow, WorkerRow
from backend.db.models import FirmRow, LinkRow, MailboxRow, ServerRow, WatchRow
from backend.sql import Database
from tests.db.conftest import AddLink
from tests.support.crm import NOON

LENGTH = timedelta(seconds=90)
SOON = NOON + timedelta(seconds=30)
Mailboxes = list[tuple[str, str, str]]


def claim(database: Database, now=NOON, holder: str | None = None) -> Lease | None:
    with database.write.begin() as session:
        return leases.claim(session, now, LENGTH, holder=holder)


def start(database: Database, name: str, threads: int = 4, now=NOON) -> int:
    with database.write.begin() as session:
        leases.add_worker(session, name, threads, now)
        return leases.free_leases(session, name, now)


def lease_pull(database: Database, mailbox_id: str, until=SOON) -> None:
    with database.write.begin() as session:
        session.execute(
            update(WatchRow).where(WatchRow.mailbox_id == mailbox_id).values(lease_until=until)
        )


@pytest.fixture
def other_firm(database: Database, mailboxes: Mailboxes) -> Mailboxes:
    """Eight mailboxes of a second firm, appended to the first firm's."""
    with database.write.begin() as session:
        firm = FirmRow(tenant_id="other", name="Other", created_at=NOON)
        session.add(firm)
        session.flush()
        for n in range(8):
            owner = people.add_user(
                session, firm, oid=f"other-{n}", name="", address=None, now=NOON
            )
            mailboxes.append((firm.id, owner.mailbox.id, owner.user.id))
    return mailboxes


@pytest.fixture
def firm_of(database: Database) -> Callable[[Lease | None], str | None]:
    def firm_of(lease: Lease | None) -> str | None:
        if lease is None:
            return None
        with database.read() as session:
            return session.get_one(LinkRow, lease.link_id).firm_id

    return firm_of


def test_a_mailbox_that_is_being_pulled_is_left_alone(
    database: Database, add_link: AddLink, mailboxes: Mailboxes
) -> None:
    first, other = add_link(0, urgent=True), add_link(1)
    lease_pull(database, mailboxes[0][1])

    claimed = [claim(database), claim(database), claim(database, SOON)]

    assert [lease and lease.link_id for lease in claimed] == [other, None, first]


def test_a_firm_holds_a_quarter_of_the_threads_while_another_one_has_work(
    database: Database, add_link: AddLink, other_firm: Mailboxes, firm_of
) -> None:
    flooding, modest = other_firm[3][0], other_firm[0][0]
    start(database, "one", 4)
    start(database, "two", 4)
    for mailbox in range(3, 11):
        add_link(mailbox, due_at=NOON - timedelta(hours=1))
    add_link(0)
    add_link(1)

    claimed = [firm_of(claim(database)) for _ in range(6)]

    assert claimed[:2] == [flooding, flooding]
    assert claimed[2:4] == [modest, modest]
    assert claimed[4:] == [flooding, flooding], "nobody else has work: no thread idles"


def test_pulls_count_into_a_firms_share(
    database: Database, add_link: AddLink, other_firm: Mailboxes, firm_of
) -> None:
    start(database, "one", 8)
    lease_pull(database, other_firm[3][1])
    lease_pull(database, other_firm[4][1])
    add_link(5, due_at=NOON - timedelta(hours=1))
    add_link(0)

    assert firm_of(claim(database)) == other_firm[0][0]


def test_people_come_before_shares(
    database: Database, add_link: AddLink, other_firm: Mailboxes, firm_of
) -> None:
    start(database, "one", 4)
    lease_pull(database, other_firm[3][1])
    add_link(0, due_at=NOON - timedelta(hours=1))
    add_link(4, urgent=True)
    add_link(1, urgent=True)

    claimed = [firm_of(claim(database)) for _ in range(3)]

    assert claimed == [other_firm[0][0], other_firm[3][0], other_firm[0][0]]


def test_silent_workers_threads_do_not_count(
    database: Database, add_link: AddLink, other_firm: Mailboxes, firm_of
) -> None:
    start(database, "dead", 100, now=NOON - leases.SILENCE)
    start(database, "one", 4)
    lease_pull(database, other_firm[3][1])
    add_link(4, due_at=NOON - timedelta(hours=1))
    add_link(0)

    assert firm_of(claim(database)) == other_firm[0][0]


def test_nothing_of_a_remote_that_is_shut_is_handed_out_until_a_probe_is_due(
    database: Database, add_link: AddLink, other_firm: Mailboxes, firm_of
) -> None:
    shut, fine = other_firm[3], other_firm[0]
    add_link(3, due_at=NOON - timedelta(hours=1))
    add_link(0)
    with database.write.begin() as session:
        row = BreakerRow(system="crm", scope_id=shut[0], firm_id=shut[0], failures=5, probe_at=SOON)
        session.add(row)
        session.execute(update(WatchRow).values(due_at=NOON))

    assert firm_of(claim(database)) == fine[0]
    assert claim(database) is None
    assert firm_of(claim(database, SOON)) == shut[0]


def test_a_mailbox_is_looked_into_without_the_crm_but_not_without_graph(
    database: Database, other_firm: Mailboxes
) -> None:
    shut, fine = other_firm[3], other_firm[0]
    with database.write.begin() as session:
        server = ServerRow(firm_id=shut[0], name="", tenant_id="", client_id="", created_at=NOON)
        session.add(server)
        session.flush()
        session.get_one(MailboxRow, shut[1]).server_id = server.id
        for system, scope_id, firm_id in (("graph", server.id, shut[0]), ("crm", fine[0], fine[0])):
            session.add(
                BreakerRow(
                    system=system, scope_id=scope_id, firm_id=firm_id, failures=5, probe_at=SOON
                )
            )
        session.execute(update(WatchRow).values(due_at=NOON))

    def claimed(now: datetime) -> set[str]:
        with database.write.begin() as session:
            pulls = [watches.claim(session, now, LENGTH) for _ in range(9)]
            return {pull.mailbox_id for pull in pulls if pull is not None}

    first = claimed(NOON)

    assert fine[1] in first
    assert shut[1] not in first
    assert shut[1] in claimed(SOON)


def test_one_mailboxs_own_trouble_shuts_nothing_for_its_neighbours(
    database: Database, add_link: AddLink, mailboxes: Mailboxes
) -> None:
    mine = add_link(0, due_at=NOON - timedelta(hours=1))
    other = add_link(1)
    with database.write.begin() as session:
        firm_id, mailbox_id, _ = mailboxes[0]
        session.add(
            BreakerRow(
                system="graph",
                scope_id=firm_id,
                firm_id=firm_id,
                failures=5,
                mailbox_id=mailbox_id,
                probe_at=SOON,
            )
        )

    claimed = [claim(database), claim(database), claim(database, SOON)]

    assert [lease and lease.link_id for lease in claimed] == [other, None, mine]


def test_a_worker_that_starts_again_finds_its_own_rows_free_and_distrusts_them(
    database: Database, add_link: AddLink, mailboxes: Mailboxes
) -> None:
    mine, others = add_link(0), add_link(1)
    start(database, "one")
    start(database, "two")
    assert claim(database, holder="one") is not None
    assert claim(database, holder="two") is not None
    with database.write.begin() as session:
        session.execute(update(WatchRow).values(due_at=NOON))
        pull = watches.claim(session, NOON, LENGTH, holder="one")
    assert pull is not None

    freed = start(database, "one", now=NOON + timedelta(seconds=1))

    assert freed == 2
    again = claim(database, NOON + timedelta(seconds=1), holder="one")
    assert again is not None
    assert (again.link_id, again.taken_over) == (mine, True)
    assert claim(database, NOON + timedelta(seconds=1)) is None, others
    with database.write.begin() as session:
        later = watches.claim(session, NOON + timedelta(seconds=1), LENGTH, holder="one")
    assert later is not None
    assert later.mailbox_id == pull.mailbox_id


def test_a_lease_that_is_given_back_keeps_no_name(database: Database, add_link: AddLink) -> None:
    link_id = add_link()
    lease = claim(database, holder="one")
    assert lease is not None

    with database.write.begin() as session:
        assert session.get_one(LinkRow, link_id).lease_holder == "one"
        links.settle(session, lease, due_at=None, attempts=0, now=NOON)

    with database.read() as session:
        assert session.get_one(LinkRow, link_id).lease_holder is None
    assert start(database, "one") == 0


def test_workers_live_as_long_as_they_say_so(database: Database, mailboxes: Mailboxes) -> None:
    start(database, "one", 4)
    start(database, "two", 8)
    later = NOON + leases.SILENCE
    with database.write.begin() as session:
        assert leases.note_alive(session, "two", NOON + timedelta(seconds=20))
        assert not leases.note_alive(session, "three", NOON)

    with database.write.begin() as session:
        assert [row.name for row in leases.living_workers(session, NOON)] == ["one", "two"]
        assert [row.name for row in leases.living_workers(session, later)] == ["two"]
        leases.end_worker(session, "two")
        assert leases.living_workers(session, later) == []
        assert session.get(WorkerRow, "one") is not None
        leases.add_worker(session, "new", 4, NOON + timedelta(days=2))
        assert session.get(WorkerRow, "one", populate_existing=True) is None
