"""A small firm through the CRM's benchmark: every case finds something, and reads by its index."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, inspect

from backend.bench.crm import CrmResult, cases, crm_table, measure_all
from backend.bench.crm_data import Size, load
from backend.crm.searching import SEARCH_INDEXES
from backend.sql import Database

SIZE = Size(activities=20_000, contacts=600)
NOBODYS = ("nobody", "rare type", "client, words", "rare word of one", "two letters")


@pytest.fixture
def firm(database: Database) -> Database:
    load(database, SIZE)
    return database


def test_every_case_finds_what_it_looks_for(firm: Database) -> None:
    result = CrmResult((), tuple(measure_all(firm, SIZE, runs=1)))

    for timing in result.timings:
        if not any(word in timing.what for word in NOBODYS):
            assert timing.found > 0, timing.what
    table = crm_table(result)
    for timing in result.timings:
        assert timing.what in table
    assert result.as_dict()["crm"][0]["what"] == result.timings[0].what


def test_loading_leaves_the_indexes_as_they_were_made_and_a_rare_word_is_found_by_one(
    firm: Database,
) -> None:
    made = {index["name"] for index in inspect(firm.write_engine).get_indexes("crm_activities")}

    own = "scan" if firm.dialect == "sqlite" else "trigrams"
    assert made & SEARCH_INDEXES == {f"ix_crm_activities_{own}"}
    assert "ix_crm_activities_tenant_id_type_start_at_id" in made
    statements: list[tuple[str, Any]] = []
    event.listen(
        firm.read_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, parameters, *_: statements.append((statement, parameters)),
    )
    dict(cases(firm, SIZE))["search a rare word"](0)
    statement, parameters = next(each for each in statements if "LIKE" in each[0].upper())

    explain = "EXPLAIN QUERY PLAN " if firm.dialect == "sqlite" else "EXPLAIN "
    with firm.write_engine.connect() as connection:
        plan = str(connection.exec_driver_sql(explain + statement, parameters).all())

    assert any(name in plan for name in SEARCH_INDEXES), plan
