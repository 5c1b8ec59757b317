"""Pages of the grids: what they are narrowed to, and that an index answers them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, insert, text

from backend.crm.access import CrmCaller
from backend.crm.activity_desk import ActivityDesk
from backend.crm.activity_filter import ActivityFilter
from backend.crm.models import ActivityRow, MentionRow
from backend.domain.crm import ActivityKind
from backend.sql import Database
from tests.crm.gateway_contract import TENANT
from tests.support.crm import NOON, HandClock, create_tables

JANE = CrmCaller(TENANT, "jane", "Jane Owner", "jane@firm.example")
DAY = timedelta(days=1)


@pytest.fixture
def desk(database: Database) -> ActivityDesk:
    create_tables(database)
    return ActivityDesk(database, HandClock())


def a_row(number: int, start: datetime, **changes: object) -> dict[str, object]:
    return {
        "tenant_id": TENANT, "id": f"a{number:07}", "kind": "synced", "subject": f"S{number}",
        "description": "", "type": "Meeting", "start_at": start,
        "end_at": start + timedelta(hours=1), "all_day": False, "location": "", "resources": [],
        "status": "confirmed", "contacts": [], "unmatched": [], "private": False,
        "assigned_to": {"name": f"P {number % 40}", "address": f"p{number % 40}@x.example"},
        "originator": f"p{number % 40}@x.example", "owner_id": "jane", "show_as": "busy",
        "importance": "normal", "sync_status": "synced", "notes": "", "company_ids": [],
        "opportunity_ids": [], "initiative_ids": [], "visibility": "everyone",
        "search_text": f"s{number}", "revision": "r", "created_at": NOON, "updated_at": NOON,
        **changes,
    }  # fmt: skip


def store(database: Database, rows: list[dict[str, object]], contact_id: str = "c1") -> None:
    with database.write.begin() as session:
        session.execute(insert(ActivityRow), rows)
        session.execute(
            insert(MentionRow),
            [
                {
                    "tenant_id": TENANT,
                    "kind": "company",
                    "mentioned_id": contact_id,
                    "start_at": row["start_at"],
                    "activity_id": row["id"],
                }
                for row in rows
            ],
        )


def subjects(desk: ActivityDesk, **wanted: object) -> list[str]:
    found = desk.page(JANE, ActivityFilter(**wanted), limit=50)  # type: ignore[arg-type]
    return [activity.draft.subject for activity in found.items]


@pytest.mark.parametrize("mention", [None, ("company", "c1")])
def test_a_grid_is_narrowed_by_phase_type_kind_and_originator(
    database: Database, desk: ActivityDesk, mention: tuple[str, str] | None
) -> None:
    long_ago, half_past = NOON - 40 * DAY, NOON - timedelta(minutes=30)
    store(
        database,
        [
            a_row(1, NOON + DAY, type="Call"),
            a_row(2, half_past, subject="now"),
            a_row(3, long_ago, kind="added", originator="ann@x.example"),
            a_row(4, long_ago, end_at=NOON + DAY, subject="a long one"),
        ],
    )

    assert subjects(desk, mention=mention, ends_after=NOON) == ["S1", "now", "a long one"]
    assert subjects(desk, mention=mention, ends_by=NOON) == ["S3"]
    assert subjects(desk, mention=mention, ends_by=NOON, starts_before=long_ago) == []
    assert subjects(desk, mention=mention, type="Call") == ["S1"]
    assert subjects(desk, mention=mention, kind=ActivityKind.ADDED) == ["S3"]
    assert subjects(desk, mention=mention, originator="Ann@X.example ") == ["S3"]
    assert subjects(desk, mention=mention, starts_from=half_past) == ["S1", "now"]


def test_the_filters_offer_what_the_caller_may_see(database: Database, desk: ActivityDesk) -> None:
    store(
        database,
        [
            a_row(1, NOON),
            a_row(2, NOON, type="Call", visibility="only_me", owner_id="joe"),
            a_row(3, NOON, type="Pitch", visibility="only_me", removed_at=NOON),
            a_row(4, NOON, type="Lunch", assigned_to=None, originator=None),
        ],
    )

    choices = desk.choices(JANE)

    assert choices.types == ["Lunch", "Meeting"]
    assert choices.originators == [("p1@x.example", "P 1")]


def test_paging_inside_a_span_skips_and_repeats_nothing(
    database: Database, desk: ActivityDesk
) -> None:
    store(database, [a_row(number, NOON - number // 3 * DAY) for number in range(60)])
    wanted = ActivityFilter(ends_by=NOON, starts_from=NOON - 15 * DAY)

    seen: list[str] = []
    cursor = None
    while True:
        page = desk.page(JANE, wanted, limit=7, after=cursor)
        seen += [activity.id for activity in page.items]
        if (cursor := page.next) is None:
            break

    assert len(seen) == len(set(seen)) == 45


PLANS = {
    "all": {},
    "past": {"ends_by": NOON},
    "upcoming": {"ends_after": NOON},
    "days": {"starts_from": NOON - DAY, "starts_before": NOON},
    "type": {"type": "Call"},
    "added": {"kind": ActivityKind.ADDED},
    "originator": {"originator": "rare@x.example"},
    "company": {"mention": ("company", "c1")},
    "company past": {"mention": ("company", "c1"), "ends_by": NOON},
}

OWN_INDEX = {"type": "type", "added": "kind", "originator": "originator"}


def test_every_filter_reads_an_index_range_and_sorts_nothing(
    database: Database, desk: ActivityDesk
) -> None:
    """With 6,000 records, one of 600 rare; both databases explain their plans."""
    rows = [a_row(number, NOON - number * timedelta(hours=12)) for number in range(6_000)]
    for row in rows[::600]:
        row |= {"type": "Call", "kind": "added", "originator": "rare@x.example"}
    store(database, rows)
    is_sqlite = database.write_engine.dialect.name == "sqlite"
    if not is_sqlite:
        with database.write_engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    middle = desk.page(JANE, ActivityFilter(), limit=3_000).next

    for name, wanted in PLANS.items():
        for cursor in (None, middle):
            plan = explained(database, desk, ActivityFilter(**wanted), cursor)

            if name in OWN_INDEX:
                assert f"tenant_id_{OWN_INDEX[name]}_start_at_id" in plan, (name, plan)
            if is_sqlite:
                assert "SCAN" not in plan, (name, plan)
                assert "TEMP B-TREE" not in plan, (name, plan)
            else:
                assert "Seq Scan on crm_activit" not in plan, (name, plan)


def explained(
    database: Database, desk: ActivityDesk, wanted: ActivityFilter, cursor: str | None
) -> str:
    """The plans of the statements that read activities for this page."""
    seen: list[tuple[str, object]] = []

    def note(_c: object, _cur: object, statement: str, parameters: object, *_rest: object) -> None:
        if "FROM crm_activities" in statement:
            seen.append((statement, parameters))

    event.listen(database.read_engine, "before_cursor_execute", note)
    try:
        desk.page(JANE, wanted, limit=50, after=cursor)
    finally:
        event.remove(database.read_engine, "before_cursor_execute", note)
    (statement, parameters), *_ = seen
    word = "EXPLAIN QUERY PLAN " if database.write_engine.dialect.name == "sqlite" else "EXPLAIN "
    with database.write_engine.connect() as connection:
        rows = connection.exec_driver_sql(word + statement, parameters).all()
    return "\n".join(str(row[-1]) for row in rows)
