"""Looks for words where they must not be: in every table of a database."""

from __future__ import annotations

from sqlalchemy import MetaData, select

from backend.sql import Database


def tables_with(database: Database, *words: str) -> set[str]:
    """The tables in which any value holds any of the words, whatever its case."""
    found = set()
    wanted = [word.casefold() for word in words]
    tables = MetaData()
    tables.reflect(database.read_engine)
    with database.read() as session:
        for table in tables.sorted_tables:
            rows = session.execute(select(table))
            if any(word in repr(tuple(row)).casefold() for row in rows for word in wanted):
                found.add(table.name)
    return found
