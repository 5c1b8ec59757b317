"""Lines of history: whole pages in a stable order, one line for a failure that goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.db import history, links
from backend.db.history import Place
from backend.db.ids import ordered_id
from backend.db.models import HistoryRow, LinkRow
from backend.db.rows import snapshot
from backend.domain.link import Link
from backend.sql import Database
from tests.db.conftest import AddLink
from tests.support.crm import NOON

HOUR = timedelta(hours=1)


@pytest.fixture
def link(database: Database, add_link: AddLink) -> Link:
    link_id = add_link()
    with database.read() as session:
        return snapshot(session.get_one(LinkRow, link_id), "tenant")


def lines(database: Database, link: Link, **options: object) -> list[history.Entry]:
    with database.read() as session:
        return history.page(
            session,
            **{  # type: ignore[arg-type]
                "firm_id": link.firm_id,
                "mailbox_id": link.mailbox_id,
                "event_ids": (link.event_id,),
                "link_id": link.id,
                "limit": 100,
                "before": None,
            }
            | options,
        )


def write(database: Database, link: Link, *names: str) -> None:
    with database.write.begin() as session:
        row = session.get_one(LinkRow, link.id)
        for name in names:
            links.write_history(session, row, kind="write", line=name, at=NOON)


def test_lines_of_one_moment_keep_the_order_in_which_they_were_written(
    database: Database, link: Link
) -> None:
    names = [f"line-{n}" for n in range(40)]
    write(database, link, *names[:20])
    write(database, link, *names[20:])

    found = [entry.row.line for entry in lines(database, link)]

    assert found == names[::-1]


def test_pages_neither_repeat_nor_skip_whatever_is_written_meanwhile(
    database: Database, link: Link
) -> None:
    write(database, link, *(f"line-{n}" for n in range(7)))
    seen: list[str] = []
    place: Place | None = None

    while page := lines(database, link, limit=3, before=place):
        seen += [entry.row.line for entry in page]
        place = Place(page[-1].row.at, page[-1].row.id)
        write(database, link, "newer")

    assert seen == [f"line-{n}" for n in reversed(range(7))]


def test_lines_without_a_link_are_found_by_every_id_the_event_is_known_by(
    database: Database, link: Link
) -> None:
    with database.write.begin() as session:
        row = session.get_one(LinkRow, link.id)
        links.remember_id(session, row, "another-form")
        for event_id in ("another-form", link.event_id, "somebody-else"):
            history.write_refusal(
                session,
                firm_id=link.firm_id,
                mailbox_id=link.mailbox_id,
                link_id=None,
                event_id=event_id,
                codes=["cancelled"],
                at=NOON,
            )

    found = {entry.row.event_id for entry in lines(database, link)}

    assert found == {"another-form", link.event_id}


def test_another_mailbox_or_firm_has_no_part_in_it(
    database: Database, link: Link, mailboxes: list[tuple[str, str, str]]
) -> None:
    write(database, link, "written")

    assert lines(database, link, mailbox_id=mailboxes[1][1]) == []
    assert lines(database, link, firm_id="another-firm") == []
    assert len(lines(database, link)) == 1


def test_a_private_event_leaves_one_refusal_however_often_it_is_tried(
    database: Database, link: Link
) -> None:
    for n in range(3):
        for codes in (["private_event"], ["cancelled"]):
            with database.write.begin() as session:
                history.write_refusal(
                    session,
                    firm_id=link.firm_id,
                    mailbox_id=link.mailbox_id,
                    link_id=None,
                    event_id="event",
                    codes=codes,
                    at=NOON + n * HOUR,
                    request_id=f"request-{n}",
                )

    with database.read() as session:
        rows = session.scalars(select(HistoryRow)).all()
    private = [row for row in rows if row.codes == ["private_event"]]
    assert [(row.at, row.request_id) for row in private] == [(NOON + 2 * HOUR, "request-2")]
    assert len(rows) == 1 + 3


def test_a_failure_that_goes_on_is_one_line_an_hour_and_kind(
    database: Database, link: Link, add_link: AddLink
) -> None:
    with database.read() as session:
        other = snapshot(session.get_one(LinkRow, add_link()), "tenant")
    for minutes in range(0, 150, 10):
        for whose in (link, other):
            for line in ("graph_failed", "crm_failed"):
                with database.write.begin() as session:
                    at = NOON + timedelta(minutes=minutes)
                    history.note_failure(session, whose, line=line, at=at, codes=["http_503"])

    found = [(e.row.line, e.row.at - NOON, e.row.kind) for e in lines(database, link)]

    assert sorted(found) == [
        (line, n * HOUR, "failure") for line in ("crm_failed", "graph_failed") for n in range(3)
    ]


def test_a_failure_of_a_link_that_was_merged_meanwhile_is_not_written(
    database: Database, link: Link
) -> None:
    gone = replace(link, id="gone")

    with database.write.begin() as session:
        history.note_failure(session, gone, line="overtaken", at=NOON)

    with database.read() as session:
        assert session.scalars(select(HistoryRow)).all() == []


def test_ids_made_in_a_row_sort_in_that_order_and_are_uuids() -> None:
    made = [ordered_id() for _ in range(10_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(len(made_id), made_id[14], made_id[19] in "89ab") for made_id in made} == {
        (36, "7", True)
    }
