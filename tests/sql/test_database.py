from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import URL, Column, Integer, MetaData, Table, insert, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backend.sql import Database, UtcDateTime, is_transient

metadata = MetaData()
moments = Table(
    "moments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime),
    Column("count", Integer, default=0),
)


class Base(DeclarativeBase):
    metadata = metadata


class Moment(Base):
    __tablename__ = "orm_moments"
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def tables(database: Database) -> Database:
    metadata.create_all(database.write_engine)
    return database


def test_a_moment_comes_back_as_the_same_aware_utc_moment(tables: Database) -> None:
    local = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    with tables.write.begin() as session:
        session.execute(insert(moments).values(id=1, at=local))
    with tables.read() as session:
        found = session.execute(select(moments.c.at)).scalar_one()

    assert found == local
    assert found.tzinfo is UTC


def test_a_naive_moment_is_refused(tables: Database) -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001

    with pytest.raises(StatementError, match="needs a time zone"), tables.write.begin() as session:
        session.execute(insert(moments).values(id=1, at=naive))


def test_moments_are_compared_as_moments_whatever_their_zone(tables: Database) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with tables.write.begin() as session:
        session.execute(insert(moments).values(id=1, at=noon))

    east = noon.astimezone(timezone(timedelta(hours=9)))
    with tables.read() as session:
        found = session.execute(select(moments.c.id).where(moments.c.at <= east)).scalars().all()

    assert found == [1]


def test_this_thread_knows_whether_it_has_a_write_transaction_open(tables: Database) -> None:
    seen_by_other_thread: list[bool] = []

    assert not tables.in_transaction()
    with tables.write.begin() as session:
        session.execute(text("SELECT 1"))
        inside = tables.in_transaction()
        other = threading.Thread(
            target=lambda: seen_by_other_thread.append(tables.in_transaction())
        )
        other.start()
        other.join()

    assert inside
    assert seen_by_other_thread == [False]
    assert not tables.in_transaction()


def test_a_rolled_back_transaction_is_not_open_any_more(tables: Database) -> None:
    with tables.write() as session:
        session.execute(text("SELECT 1"))
        session.rollback()

    assert not tables.in_transaction()


def test_a_read_session_is_no_transaction_of_ours(tables: Database) -> None:
    with tables.read() as session:
        session.execute(select(moments)).all()

        assert not tables.in_transaction()


def test_a_read_session_refuses_to_flush(tables: Database) -> None:
    with tables.read() as session:
        session.add(Moment(id=1))

        with pytest.raises(RuntimeError, match="cannot write"):
            session.flush()


def test_readers_neither_wait_for_a_writer_nor_see_its_unfinished_work(tables: Database) -> None:
    with tables.write.begin() as writer:
        writer.execute(insert(moments).values(id=1))

        with tables.read() as reader:
            seen = reader.execute(select(moments.c.id)).all()

    assert seen == []


def test_a_read_session_sees_what_was_committed_since_its_last_statement(tables: Database) -> None:
    with tables.read() as reader:
        before = reader.execute(select(moments.c.id)).all()
        with tables.write.begin() as writer:
            writer.execute(insert(moments).values(id=1))
        after = reader.execute(select(moments.c.id)).scalars().all()

    assert before == []
    assert after == [1]


def test_threads_that_read_and_then_write_lose_no_update(tables: Database) -> None:
    with tables.write.begin() as session:
        session.execute(insert(moments).values(id=1, count=0))
    failures: list[BaseException] = []

    def count_up() -> None:
        try:
            for _ in range(10):
                with tables.write.begin() as session:
                    row = select(moments.c.count).where(moments.c.id == 1).with_for_update()
                    count = session.execute(row).scalar_one()
                    session.execute(update(moments).values(count=count + 1))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=count_up) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with tables.read() as session:
        assert session.execute(select(moments.c.count)).scalar_one() == 60


def test_sqlite_is_set_up_for_many_processes(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    with database.write.begin() as session:
        pragmas = {
            name: session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in (
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "busy_timeout",
                "journal_size_limit",
            )
        }
    database.dispose()

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
        "journal_size_limit": 64 * 1024 * 1024,
    }


def test_sqlite_read_connections_cannot_write_even_with_plain_sql(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    metadata.create_all(database.write_engine)

    with database.read() as session, pytest.raises(OperationalError, match="readonly"):
        session.execute(insert(moments).values(id=1))
    database.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql+pymysql://localhost/x"])
def test_databases_we_cannot_keep_our_word_on_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"needs a file|not supported"):
        Database(url)


@pytest.mark.postgres
def test_postgresql_plans_reads_for_their_values_and_writes_as_it_likes(
    postgres_schema_url: URL,
) -> None:
    database = Database(postgres_schema_url)
    try:
        with database.read() as reading, database.write.begin() as writing:
            modes = [s.scalar(text("SHOW plan_cache_mode")) for s in (reading, writing)]
    finally:
        database.dispose()

    assert modes == ["force_custom_plan", "auto"]


class _PostgresError(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (OperationalError("", None, Exception("database is locked")), True),
        (OperationalError("", None, _PostgresError("40P01")), True),
        (OperationalError("", None, _PostgresError("55P03")), True),
        (OperationalError("", None, _PostgresError("57P01")), True),
        (DBAPIError("", None, _PostgresError("23505")), False),
        (DBAPIError("", None, _PostgresError("22P02")), False),
        (DBAPIError("", None, Exception(), connection_invalidated=True), True),
        (PoolTimeoutError(), True),
        (ValueError(), False),
    ],
)
def test_failures_that_pass_are_told_from_mistakes(error: Exception, transient: bool) -> None:
    assert is_transient(error) is transient
