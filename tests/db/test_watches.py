"""Claim, ring, keep the cursor, begin and start over: the work list of mailboxes (S4, R1, A16)."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import URL, event, select, update

from backend.db import leases, people, watches
from backend.db.crowds import Crowd
from backend.db.models import FirmRow, LinkRow, MailboxRow, ServerRow, UserRow, WatchRow
from backend.db.rows import policy_of, user_state_of
from backend.db.watches import Rest, Seed, WatchLease
from backend.domain.ports import Window
from backend.sql import Database
from tests.db.conftest import AddLink
from tests.support.crm import NOON
from tests.support.stage import create_tables

LENGTH = timedelta(seconds=90)
LATER = NOON + timedelta(minutes=15)
Mailboxes = list[tuple[str, str, str]]


@pytest.fixture
def due(database: Database, mailboxes: Mailboxes) -> Mailboxes:
    """All three mailboxes are due, the first one longest."""
    for number, (_, mailbox_id, _) in enumerate(mailboxes):
        change(database, mailbox_id, due_at=NOON - timedelta(minutes=10 - number))
    return mailboxes


def change(database: Database, mailbox_id: str, **values: object) -> None:
    with database.write.begin() as session:
        session.execute(update(WatchRow).where(WatchRow.mailbox_id == mailbox_id).values(**values))


def claim(database: Database, now: datetime = NOON) -> WatchLease | None:
    with database.write.begin() as session:
        return watches.claim(session, now, LENGTH, holder="one")


def claimed(database: Database) -> WatchLease:
    lease = claim(database)
    assert lease is not None
    return lease


def row_of(database: Database, mailbox_id: str) -> WatchRow:
    with database.read() as session:
        return session.get_one(WatchRow, mailbox_id)


def settle(database: Database, lease: WatchLease, **changes: object) -> None:
    with database.write.begin() as session:
        rest = replace(Rest(LATER, None, 0, NOON), **changes)
        watches.settle(session, lease, rest)


def ring(database: Database, mailbox_id: str, at: datetime = NOON, **more: datetime) -> None:
    with database.write.begin() as session:
        watches.ring(session, mailbox_id, at, **more)


def test_the_longest_due_mailbox_comes_first_each_once(database: Database, due: Mailboxes) -> None:
    taken = [claim(database) for _ in range(4)]

    assert [lease and lease.mailbox_id for lease in taken] == [*(m for _, m, _ in due), None]


def test_a_claim_is_one_statement(database: Database, due: Mailboxes) -> None:
    statements: list[str] = []
    event.listen(
        database.write_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: statements.append(statement),
    )

    assert claim(database) is not None
    assert [s for s in statements if not s.startswith("BEGIN")] == statements[-1:]


def test_a_claim_does_not_walk_the_links_of_a_mailbox(
    sqlite_url: URL,
) -> None:
    """An idle look costs the same however much is linked (architecture §8)."""
    database = Database(sqlite_url)
    create_tables(database)
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(
        database.write_engine,
        "before_cursor_execute",
        lambda _c, _cursor, sql, values, *_: asked.append((sql, values)),
    )
    claim(database)
    statement, values = asked[-1]

    with database.write_engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        indexes = {line[-1].split("USING")[-1] for line in plan if " links " in line[-1]}
    database.dispose()

    assert all("ix_links_leased" in used or "ix_links_due" in used for used in indexes)
    assert len(indexes) == 2


def test_what_is_not_due_or_leased_or_throttled_is_left_alone(
    database: Database, due: Mailboxes
) -> None:
    (_, not_due, _), (_, leased, _), (_, throttled, _) = due
    change(database, not_due, due_at=NOON + timedelta(seconds=1))
    change(database, leased, lease_until=NOON + timedelta(seconds=1))
    with database.write.begin() as session:
        people.close_until(session, throttled, NOON + timedelta(seconds=1))

    assert claim(database) is None
    assert {claim(database, NOON + timedelta(seconds=1)) is None for _ in range(3)} == {False}


def test_links_of_a_mailbox_and_its_pull_exclude_each_other(
    database: Database, due: Mailboxes, add_link: AddLink
) -> None:
    add_link(0, lease_until=NOON + timedelta(seconds=1))
    add_link(1, due_at=NOON)
    add_link(2, due_at=NOON)

    pulls = [claimed(database).mailbox_id for _ in range(2)]

    assert pulls == [due[1][1], due[2][1]]
    assert claim(database) is None
    with database.write.begin() as session:
        assert leases.claim(session, NOON, LENGTH) is None


def test_a_person_who_waits_for_a_link_comes_before_the_pull(
    database: Database, due: Mailboxes, add_link: AddLink
) -> None:
    """A20: urgent and due now; one that is due later does not hold the mailbox up."""
    add_link(0, urgent=True)
    add_link(1, urgent=True, due_at=NOON + timedelta(seconds=1))

    assert claimed(database).mailbox_id == due[1][1]
    with database.read() as session:
        waiting = [watches.person_waits(session, mailbox, NOON) for _, mailbox, _ in due]
    assert waiting == [True, False, False]


def test_a_link_leased_while_the_claim_waited_is_seen_with_the_owner(
    database: Database, due: Mailboxes, add_link: AddLink
) -> None:
    """On PostgreSQL the claim's snapshot may be older than its lock."""
    lease = claimed(database)
    add_link(0, lease_until=NOON + timedelta(seconds=30))

    with database.read() as session:
        loaded = watches.load_owner(session, lease, NOON)

    assert (loaded.owner.mailbox.id, loaded.is_busy) == (lease.mailbox_id, True)


def test_many_threads_never_claim_a_mailbox_twice(database: Database, due: Mailboxes) -> None:
    taken: list[WatchLease] = []
    start = threading.Barrier(5)

    def work() -> None:
        start.wait()
        for _ in range(2):
            lease = claim(database)
            if lease is not None:
                taken.append(lease)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({lease.mailbox_id for lease in taken}) == len(taken)
    assert len(taken) >= 1


def test_a_ring_during_a_look_survives_its_outcome(database: Database, due: Mailboxes) -> None:
    """R1, with the second look that a notification asks for."""
    lease = claimed(database)
    again = NOON + timedelta(seconds=65)
    ring(database, lease.mailbox_id, NOON + timedelta(seconds=5), again_at=again)

    settle(database, lease)

    row = row_of(database, lease.mailbox_id)
    assert row.due_at is not None
    assert row.due_at <= NOON
    assert (row.again_at, row.lease_token) == (again, None)


def test_a_quiet_look_says_when_the_next_one_is(database: Database, due: Mailboxes) -> None:
    lease = claimed(database)

    settle(database, lease, attempts=3)

    row = row_of(database, lease.mailbox_id)
    assert (row.due_at, row.attempts, row.lease_token, row.lease_until) == (LATER, 3, None, None)


@pytest.mark.parametrize("ends_with", ["a look", "a page"])
def test_a_lease_that_is_given_back_keeps_no_name(
    database: Database, due: Mailboxes, ends_with: str
) -> None:
    """A24: a worker frees by its name what it still held, and nothing else."""
    lease = claimed(database)
    assert row_of(database, lease.mailbox_id).lease_holder == "one"

    if ends_with == "a look":
        settle(database, lease)
    else:
        with database.write.begin() as session:
            assert watches.save(session, lease, lease.watch, Rest(LATER, None, 0, NOON))

    row = row_of(database, lease.mailbox_id)
    assert (row.lease_token, row.lease_until, row.lease_holder) == (None, None, None)


@pytest.mark.parametrize("due_at", [None, LATER, NOON - timedelta(hours=1)])
def test_a_ring_never_makes_a_mailbox_due_later(
    database: Database, mailboxes: Mailboxes, due_at: datetime | None
) -> None:
    mailbox_id = mailboxes[0][1]
    change(database, mailbox_id, due_at=due_at)

    ring(database, mailbox_id)

    assert row_of(database, mailbox_id).due_at == min(due_at or NOON, NOON)


def test_a_cursor_is_kept_by_whoever_read_the_one_before(
    database: Database, due: Mailboxes
) -> None:
    """A16: two readers kill each other's generations, so the slower one stores nothing."""
    lease = claimed(database)
    window = Window(NOON, LATER)
    moved = replace(lease.watch, cursor="link 1", window=window, round_pages=2, checked_at=NOON)
    with database.write.begin() as session:
        assert watches.save(session, lease, moved)
        assert not watches.save(session, lease, replace(moved, cursor="link 2"))
        stranger = replace(lease, token="other")
        current = replace(moved, cursor_version=moved.cursor_version + 1, cursor="link 3")
        assert not watches.save(session, stranger, current)
        seed = Seed("seed", window, NOON, link="page 2", pages=1, events=50)
        rest = Rest(LATER, None, 0, NOON)
        assert watches.save(session, lease, replace(current, seed=seed), rest)

    row = row_of(database, lease.mailbox_id)
    kept = watches.snapshot(row)
    assert (kept.cursor, kept.window, kept.round_pages, kept.checked_at) == (
        "link 3",
        window,
        2,
        NOON,
    )
    assert (kept.seed, kept.cursor_version, row.due_at, row.lease_token) == (seed, 2, LATER, None)


def test_a_new_window_makes_whoever_is_reading_start_over(
    database: Database, due: Mailboxes
) -> None:
    """S6: pages were judged by settings that have changed."""
    lease = claimed(database)
    seed = Seed("seed", Window(NOON, LATER), NOON, link="page 2")
    change(database, lease.mailbox_id, seed_id="seed", seed_link="page 2", reseed_at=LATER)
    with database.write.begin() as session:
        watches.reseed(session, Crowd(mailbox_id=lease.mailbox_id), NOON)
        assert not watches.save(session, lease, replace(lease.watch, seed=seed))

    kept = watches.snapshot(row_of(database, lease.mailbox_id))
    others = [row_of(database, mailbox) for _, mailbox, _ in due[1:]]
    assert (kept.seed, kept.reseed_at) == (None, NOON)
    assert [row.reseed_at for row in others] == [None, None]


def test_a_problem_has_its_beginning_and_its_end_rings_the_links_that_rest(
    database: Database, mailboxes: Mailboxes, add_link: AddLink
) -> None:
    mailbox_id = mailboxes[0][1]
    resting = add_link(0, blocked_by="mailbox_unreachable", due_at=LATER)
    other = add_link(1, blocked_by="mailbox_unreachable", due_at=LATER)
    with database.write.begin() as session:
        watches.note_problem(session, mailbox_id, "access_denied", NOON)
        watches.note_problem(session, mailbox_id, "no_mailbox", LATER)
    with database.read() as session:
        assert session.get_one(MailboxRow, mailbox_id).problem == "no_mailbox"
    assert row_of(database, mailbox_id).problem_since == NOON
    set_link(database, resting, due_at=LATER)

    with database.write.begin() as session:
        watches.clear_problem(session, mailbox_id, NOON)

    with database.read() as session:
        assert session.get_one(MailboxRow, mailbox_id).problem is None
        assert session.get_one(LinkRow, resting).due_at == NOON
        assert session.get_one(LinkRow, other).due_at == LATER
    assert row_of(database, mailbox_id).problem_since is None


def test_only_an_admin_ends_a_mass_change(database: Database, mailboxes: Mailboxes) -> None:
    mailbox_id = mailboxes[0][1]
    with database.write.begin() as session:
        session.get_one(MailboxRow, mailbox_id).problem = "mass_change"
    with database.write.begin() as session:
        watches.note_problem(session, mailbox_id, "access_denied", NOON)
        watches.clear_problem(session, mailbox_id, NOON)

    with database.read() as session:
        assert session.get_one(MailboxRow, mailbox_id).problem == "mass_change"


def set_link(database: Database, link_id: str, **values: object) -> None:
    with database.write.begin() as session:
        session.execute(update(LinkRow).where(LinkRow.id == link_id).values(**values))


SWITCHES = {
    "firm off": (FirmRow, {"sync_enabled": False}),
    "firm paused": (FirmRow, {"paused": True}),
    "server paused": (ServerRow, {"paused": True}),
    "mailbox paused": (MailboxRow, {"paused": True}),
    "no server": (MailboxRow, {"server_id": None}),
    "disabled": (UserRow, {"enabled_by_admin": False}),
    "no address": (UserRow, {"address": None}),
}


@pytest.fixture
def served(database: Database, mailboxes: Mailboxes) -> str:
    """One mailbox that may be watched; the other two have no server."""
    firm_id, mailbox_id, user_id = mailboxes[0]
    with database.write.begin() as session:
        server = ServerRow(
            firm_id=firm_id, name="", tenant_id="tenant", client_id="client", created_at=NOON
        )
        session.add(server)
        session.flush()
        session.get_one(FirmRow, firm_id).sync_enabled = True
        session.get_one(MailboxRow, mailbox_id).server_id = server.id
        user = session.get_one(UserRow, user_id)
        user.enabled_by_admin, user.address = True, "somebody@firm.example"
    return mailbox_id


def test_watching_begins_where_it_may_and_only_there(database: Database, served: str) -> None:
    with database.write.begin() as session:
        assert watches.start_watching(session, NOON) == 1
        assert watches.start_watching(session, LATER) == 0
        assert watches.count_due(session, NOON) == 1

    assert row_of(database, served).due_at == NOON
    assert claimed(database).mailbox_id == served


@pytest.mark.parametrize("switch", SWITCHES)
def test_nobody_is_watched_against_a_switch(database: Database, served: str, switch: str) -> None:
    """A3 at three levels, E1, E3, E4."""
    table, values = SWITCHES[switch]
    with database.write.begin() as session:
        session.execute(update(table).values(**values))
        assert watches.start_watching(session, NOON) == 0
    ring(database, served)
    lease = claimed(database)

    with database.read() as session:
        assert not watches.load_owner(session, lease, NOON).may_be_watched


def test_the_row_and_the_rules_agree_who_is_enabled(database: Database, served: str) -> None:
    """E4 and A5 are said twice: once to the database, once to the rules."""
    ring(database, served)
    lease = claimed(database)
    choices = (None, True, False)
    addresses = (None, "somebody@firm.example")
    for by_admin, by_user, himself, address in product(choices, choices, (True, False), addresses):
        with database.write.begin() as session:
            chosen = {"enabled_by_admin": by_admin, "enabled_by_user": by_user}
            session.execute(update(UserRow).values(**chosen, address=address))
            session.execute(update(FirmRow).values(users_may_enable=himself))
        with database.read() as session:
            loaded = watches.load_owner(session, lease, NOON)
            owner = loaded.owner
            state = user_state_of(owner.user, owner.mailbox, owner.server)
            assert loaded.may_be_watched == state.is_enabled(policy_of(owner.firm))


def test_every_mailbox_has_its_watch(database: Database, mailboxes: Mailboxes) -> None:
    with database.read() as session:
        assert set(session.scalars(select(WatchRow.mailbox_id))) == {m for _, m, _ in mailboxes}
