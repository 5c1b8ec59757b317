"""One rule of transactions that several use cases share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.sql import Database

T = TypeVar("T")

Note = Callable[[Session], None]
"""What a caller wants written down in the transaction of an act, such as a line of the audit."""


def nothing(_session: Session) -> None:
    """Nothing to note."""


RUNS = 4
"""An event's link has three unique keys; each failure means that somebody inserted one of them."""


def run_again_if_taken(database: Database, work: Callable[[Session], T]) -> T:
    """Run ``work`` in one short transaction; again when a key was inserted meanwhile.

    ``work`` must look before it inserts: the next run then finds what the other one made.
    SQLite never needs a second run, its writers queue.

    Raises: IntegrityError when the key is still taken in the last run.
    """
    for _ in range(RUNS - 1):
        try:
            with database.write.begin() as session:
                return work(session)
        except IntegrityError:
            continue
    with database.write.begin() as session:
        return work(session)
