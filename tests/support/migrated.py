"""Migrated databases at the cost of their statements.

What the migrations do to an empty database is recorded once per process and kind of database, and
done again for every other one: most of a migration's time is Alembic's reading and comparing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, inspect

from backend.migrate import migrate_all
from backend.sql import Database

Statement = tuple[str, Any]
_recorded: dict[str, list[Statement]] = {}
_ASKING = ("SELECT", "PRAGMA", "BEGIN")


def migrate_quickly(database: Database) -> None:
    """As ``migrate_all``; a database that has tables already is migrated by Alembic itself."""
    if inspect(database.write_engine).get_table_names():
        migrate_all(database)
    elif database.dialect in _recorded:
        with database.write_engine.begin() as connection:
            for statement, values in _recorded[database.dialect]:
                connection.exec_driver_sql(statement, values or None)
    else:
        _recorded[database.dialect] = _record(database)


def _record(database: Database) -> list[Statement]:
    done: list[Statement] = []

    def keep(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(_ASKING):
            done.append((statement, values))

    event.listen(database.write_engine, "before_cursor_execute", keep)
    try:
        migrate_all(database)
    finally:
        event.remove(database.write_engine, "before_cursor_execute", keep)
    return done
