"""Which records are looked at when contacts change: those that follow an event, and no others."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event, text

from backend.crm.naming import keys_naming
from backend.sql import Database
from tests.crm.gateway_contract import TENANT
from tests.crm.test_grid_queries import a_row, store
from tests.support.crm import NOON, create_tables

ANN = {"name": "Ann", "address": "Ann@x.example", "response": "none", "attendance": "required"}
IMPORTED = [f"new{number}@x.example" for number in range(200)]


def test_an_import_reads_the_records_in_sync_by_their_index_and_no_others(
    database: Database,
) -> None:
    create_tables(database)
    rows = [
        a_row(
            number,
            NOON - number * timedelta(hours=3),
            external_key=f"key{number}",
            unmatched=[ANN],
            sync_status="synced" if number < 20 else "final",
        )
        for number in range(4_000)
    ]
    store(database, rows)
    if database.write_engine.dialect.name != "sqlite":
        with database.write_engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    seen: list[tuple[str, object]] = []

    def note(_c: object, _cur: object, statement: str, parameters: object, *_rest: object) -> None:
        seen.append((statement, parameters))

    event.listen(database.read_engine, "before_cursor_execute", note)
    try:
        with database.read() as session:
            imported = keys_naming(session, TENANT, [*IMPORTED, "ann@X.example"])
            one = keys_naming(session, TENANT, ["ann@x.example"])
            nobody = keys_naming(session, TENANT, IMPORTED[:1])
    finally:
        event.remove(database.read_engine, "before_cursor_execute", note)

    assert sorted(imported) == sorted(one) == sorted(f"key{number}" for number in range(20))
    assert nobody == []
    word = "EXPLAIN QUERY PLAN " if database.write_engine.dialect.name == "sqlite" else "EXPLAIN "
    with database.write_engine.connect() as connection:
        for statement, parameters in seen:
            plan = str(connection.exec_driver_sql(word + statement, parameters).all())
            assert "ix_crm_activities_in_sync" in plan, plan
