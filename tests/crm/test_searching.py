"""Text is found wherever it stands, by those who may see it, and no longer than it stands there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.crm.access import CrmCaller
from backend.crm.activity_desk import ActivityDesk
from backend.crm.activity_filter import ActivityFilter
from backend.crm.gateway import EmbeddedCrm
from backend.crm.migrations import upgrade
from backend.crm.models import Base
from backend.crm.searching import is_indexed
from backend.domain.crm import ActivityDraft
from backend.sql import Database
from tests.support.crm import NOON, HandClock, create_tables

TENANT, OTHER = "firm-1", "firm-2"
JANE = CrmCaller(TENANT, "jane", "Jane", "jane@firm.example")
JOE = CrmCaller(TENANT, "joe", "Joe", "joe@firm.example")


@pytest.fixture
def crm(database: Database) -> EmbeddedCrm:
    upgrade(database.write_engine)
    return EmbeddedCrm(database, HandClock())


@pytest.fixture
def desk(database: Database) -> ActivityDesk:
    return ActivityDesk(database, HandClock())


def write(
    crm: EmbeddedCrm,
    subject: str,
    *,
    tenant: str = TENANT,
    visibility: str = "everyone",
    n: int = 0,
) -> str:
    """A record; answers its revision. ``n`` hours later than the first."""
    start = NOON + timedelta(hours=n)
    draft = ActivityDraft(
        subject=subject, start=start, end=start, type="Meeting", location="Room 4", owner_id="jane"
    )
    return crm.write_activity(
        tenant, f"{tenant}/{subject}", draft, revision=None, visibility=visibility
    ).revision


def found(desk: ActivityDesk, query: str, caller: CrmCaller = JANE) -> list[str]:
    page = desk.page(caller, ActivityFilter(query=query), limit=10)
    assert page.next is None
    return [activity.draft.subject for activity in page.items]


@pytest.mark.parametrize(
    "query",
    [
        "Quarterly",
        "quarterly REVIEW",
        "arter",
        "ew",
        "é",
        "ROOM 4",
        " review ",
        "100%",
        "a_b",
        "\\",
    ],
)
def test_every_part_of_subject_or_place_finds_a_record(
    crm: EmbeddedCrm, desk: ActivityDesk, query: str
) -> None:
    write(crm, "Quarterly review, ÉTÉ 100% a_b \\ c")

    assert found(desk, query) == ["Quarterly review, ÉTÉ 100% a_b \\ c"]


@pytest.mark.parametrize("query", ["quarterly  review", "100x", "aXb", "weekly", "%%%", "___"])
def test_what_nobody_wrote_finds_nothing(crm: EmbeddedCrm, desk: ActivityDesk, query: str) -> None:
    write(crm, "Quarterly review, 100% a_b")

    assert found(desk, query) == []


def test_nobody_finds_what_he_may_not_see(crm: EmbeddedCrm, desk: ActivityDesk) -> None:
    for n in range(12):
        write(crm, f"Merger {n}", visibility="only_me", n=n)
    write(crm, "Merger of all", n=20)
    write(crm, "Merger elsewhere", tenant=OTHER, n=30)

    # Not even that there is more: there is no next page.
    assert found(desk, "merger", JOE) == ["Merger of all"]


def test_a_record_that_changes_or_goes_is_found_no_more(
    crm: EmbeddedCrm, desk: ActivityDesk
) -> None:
    write(crm, "Merger one")
    revision = write(crm, "Merger two")

    crm.destroy_activity(TENANT, f"{TENANT}/Merger one")
    crm.remove_activity(TENANT, f"{TENANT}/Merger two", revision=revision)

    assert found(desk, "merger") == []


def test_it_is_known_whether_there_is_an_index(database: Database) -> None:
    create_tables(database)
    without = is_indexed(database)
    Base.metadata.drop_all(database.write_engine)
    upgrade(database.write_engine)

    assert (without, is_indexed(database)) == (False, True)
