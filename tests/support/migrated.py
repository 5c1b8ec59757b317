"""Tables at the cost of their statements, migrated or made from the models.

What is done to the first empty database of a process and kind is recorded, and done again for every
other one: most of a migration's time is Alembic's reading and comparing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from sqlalchemy import MetaData, event, inspect

from backend.migrate import migrate_all
from backend.sql import Database

Statement = tuple[str, Any]
_recorded: dict[Hashable, list[Statement]] = {}
_ASKING = ("SELECT", "PRAGMA", "BEGIN")


def migrate_quickly(database: Database) -> None:
    """As ``migrate_all``; a database that has tables already is migrated by Alembic itself."""
    _make(database, "migrations", migrate_all)


def create_quickly(database: Database, metadata: MetaData) -> None:
    """As ``metadata.create_all``; so is what happens to a database that has tables already."""
    _make(database, metadata, lambda made: metadata.create_all(made.write_engine))


def _make(database: Database, what: Hashable, make: Callable[[Database], None]) -> None:
    known = (what, database.dialect)
    if inspect(database.write_engine).get_table_names():
        make(database)
    elif known in _recorded:
        with database.write_engine.begin() as connection:
            for statement, values in _recorded[known]:
                connection.exec_driver_sql(statement, values or None)
    else:
        _recorded[known] = _record(database, make)


def _record(database: Database, make: Callable[[Database], None]) -> list[Statement]:
    done: list[Statement] = []

    def keep(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(_ASKING):
            done.append((statement, values))

    event.listen(database.write_engine, "before_cursor_execute", keep)
    try:
        make(database)
    finally:
        event.remove(database.write_engine, "before_cursor_execute", keep)
    return done
