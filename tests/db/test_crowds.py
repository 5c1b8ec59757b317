"""Changes of many links at once, made while others change some of them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text

from backend.db import crowds, known_links, links
from backend.db.crowds import Crowd
from backend.db.models import LinkRow
from backend.domain.link import LinkState
from backend.sql import Database
from tests.db.conftest import AddLink
from tests.support.crm import NOON

PAGES = [("first", "last"), ("last", "first")]
"""Which of the two events a page names first."""


def waiting(database: Database) -> int:
    """How many sessions wait for a row that another one has locked."""
    counted = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.read() as session:
        return int(session.scalar(counted) or 0)


def statements_of(database: Database) -> list[str]:
    """What is written from now on."""
    statements: list[str] = []
    event.listen(
        database.write_engine,
        "before_cursor_execute",
        lambda _c, _cursor, sql, *_more: statements.append(sql),
    )
    return statements


@pytest.mark.parametrize("page", PAGES)
def test_a_change_of_settings_and_a_page_of_changes_never_wait_for_each_other(
    database: Database,
    add_link: AddLink,
    mailboxes: list[tuple[str, str, str]],
    page: tuple[str, str],
) -> None:
    """On PostgreSQL each could hold what the other wants, and one of them would be thrown out."""
    if database.read_engine.dialect.name == "sqlite":
        pytest.skip("writers queue for the whole file")
    for name in ("last", "between", "first"):
        add_link(0, id={"first": "1", "between": "2", "last": "3"}[name], event_id=name)
    firm_id, mailbox_id, _ = mailboxes[0]

    def change_settings() -> None:
        with database.write.begin() as session:
            crowds.ring_wanted(session, Crowd(firm_id=firm_id), NOON)

    def store_page() -> None:
        with database.write.begin() as session:
            known = known_links.find(session, mailbox_id, page)
            known_links.lock(session, known)
            known_links.ring_touched(session, {known[name].id: NOON for name in page}, NOON)

    with ThreadPoolExecutor(2) as threads:
        acts = []
        with database.write.begin() as session:
            links.lock(session, "2")
            for act in (change_settings, store_page):
                acts.append(threads.submit(act))
                until = time.monotonic() + 20
                while waiting(database) < len(acts):
                    assert time.monotonic() < until
        for act in acts:
            act.result()


def test_a_firms_links_are_rung_unsettled_and_reviewed_by_one_statement(
    database: Database, add_link: AddLink, mailboxes: list[tuple[str, str, str]]
) -> None:
    """Their rows are locked until the commit, and a firm may have hundreds of thousands."""
    until = NOON + timedelta(days=7)
    recorded = add_link(state=LinkState.LINKED, activity_id="a", category_seen=True, due_at=None)
    wished = add_link(state=LinkState.PENDING, due_at=None)
    gone = add_link(state=LinkState.REMOVED, category_seen=False, due_at=None)
    statements = statements_of(database)

    with database.write.begin() as session:
        crowds.ring_wanted(
            session, Crowd(firm_id=mailboxes[0][0]), NOON, unsettles=True, review_until=until
        )

    changes = [sql for sql in statements if sql.startswith("UPDATE")]
    with database.read() as session:
        rows = {row.id: row for row in session.scalars(select(LinkRow))}
    seen = {
        key: (row.due_at, row.ring_seq, row.category_seen, row.review_until)
        for key, row in rows.items()
    }
    assert len(changes) == 1
    assert seen == {
        recorded: (NOON, 1, None, until),
        wished: (NOON, 1, None, None),
        gone: (None, 0, False, None),
    }


def test_an_import_of_contacts_rings_its_meetings_by_few_statements(
    database: Database, add_link: AddLink, mailboxes: list[tuple[str, str, str]]
) -> None:
    named = [add_link(ical_uid=f"meeting-{number}", due_at=None) for number in range(3)]
    other = add_link(ical_uid="another", due_at=None)
    statements = statements_of(database)

    with database.write.begin() as session:
        uids = [f"meeting-{number}" for number in range(crowds.MOST_NAMED + 1)]
        crowds.ring_meetings(session, mailboxes[0][0], uids, NOON)

    with database.read() as session:
        due = {row.id for row in session.scalars(select(LinkRow)) if row.due_at == NOON}
    assert due == set(named)
    assert other not in due
    assert len([sql for sql in statements if sql.startswith("UPDATE")]) == 2
