"""The database itself refuses to change or forget a line of the audit (A11)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.db import audit
from backend.db.migrations import upgrade
from backend.db.models import FirmRow, UserRow
from backend.sql import Database

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def audited(database: Database) -> Database:
    upgrade(database.write_engine)
    with database.write.begin() as session:
        session.add(FirmRow(id="firm", tenant_id="tenant", created_at=NOON))
        session.flush()
        session.add(UserRow(id="ada", firm_id="firm", oid="oid", created_at=NOON))
        session.flush()
        audit.write(
            session, firm_id="firm", by_user_id="ada", at=NOON, act="paused", target_kind="firm"
        )
    return database


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET act = 'resumed'",
        "UPDATE audit SET by_user_id = by_user_id",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE act = 'paused'",
    ],
)
def test_sql_past_the_program_changes_no_line(audited: Database, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"), audited.write.begin() as session:
        session.execute(text(statement))

    with audited.read() as session:
        assert session.execute(text("SELECT act FROM audit")).all() == [("paused",)]


@pytest.mark.postgres
def test_nor_is_the_whole_table_emptied(audited: Database) -> None:
    if audited.write_engine.dialect.name == "sqlite":
        pytest.skip("SQLite knows no TRUNCATE")
    with pytest.raises(IntegrityError, match="append-only"), audited.write.begin() as session:
        session.execute(text("TRUNCATE audit"))
