"""What statements have in common that write past loaded rows, above all those on the work lists.

There are two lists of work, links and watches: rows with a due time, a count of rings and a lease.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Delete, Result, Update, case, func, literal, or_
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.selectable import TypedReturnsRows

from backend.db.models import LinkRow, WatchRow
from backend.sql import UtcDateTime

_Columns = TypeVarTuple("_Columns")
_CORE_ONLY = {"synchronize_session": False}
"""Loaded rows and the links' versions are never touched (A2)."""


def run(session: Session, statement: Update | Delete) -> int:
    """Change or delete rows; answers how many. Loaded rows stay as they are."""
    result = session.execute(statement, execution_options=_CORE_ONLY)
    return int(getattr(result, "rowcount", 0))


def run_returning(session: Session, statement: TypedReturnsRows[*_Columns]) -> Result[*_Columns]:
    """The same for a statement with ``RETURNING``; answers what it returns."""
    return session.execute(statement, execution_options=_CORE_ONLY)


def earliest(
    column: InstrumentedAttribute[datetime | None], at: datetime
) -> ColumnElement[datetime | None]:
    """SQL: ``at``, unless the column names an earlier time."""
    return case((or_(column.is_(None), column > at), literal(at, UtcDateTime())), else_=column)


def rung(table: type[LinkRow] | type[WatchRow], at: datetime) -> dict[str, object]:
    """Values that make rows due at ``at`` at the latest; a run in progress keeps this (R1)."""
    return {"due_at": earliest(table.due_at, at), "ring_seq": table.ring_seq + 1}


def unless_rung(
    table: type[LinkRow] | type[WatchRow], ring_seq: int, value: object, otherwise: object
) -> ColumnElement[object]:
    """SQL: ``value`` while nobody has rung since ``ring_seq`` was read, else ``otherwise`` (R1)."""
    return case((table.ring_seq == ring_seq, value), else_=otherwise)


def given_back(
    table: type[LinkRow] | type[WatchRow],
    ring_seq: int,
    *,
    due_at: datetime | None,
    attempts: int,
    now: datetime,
) -> dict[str, object]:
    """Values that end a lease taken at ``ring_seq`` and say when the row is due next.

    A ring during the run is kept: then the row stays due as the ring left it (R1).
    """
    rung_at = func.coalesce(table.due_at, literal(now, UtcDateTime()))
    return {
        "due_at": unless_rung(table, ring_seq, literal(due_at, UtcDateTime()), rung_at),
        "attempts": attempts,
        "lease_token": None,
        "lease_until": None,
        "lease_holder": None,
    }
