"""One rule of transactions that several use cases share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.sql import Database

T = TypeVar("T")


def run_again_if_taken(database: Database, work: Callable[[Session], T]) -> T:
    """Run ``work`` in one short transaction; once more when its key was inserted meanwhile.

    ``work`` must look before it inserts: the second run then finds what the other one made.
    SQLite never needs the second run, its writers queue.
    """
    try:
        with database.write.begin() as session:
            return work(session)
    except IntegrityError:
        with database.write.begin() as session:
            return work(session)
