"""Forgets what is over when the firm's time for it is: history, runs, operations (X6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db import administration, history, runs
from backend.db.models import FirmRow
from backend.domain.ports import Clock
from backend.sql import Database

BATCH = 1_000
"""Lines of one transaction: nobody waits long for a purge."""


class Forget(Protocol):
    """Deletes a firm's rows that are older than ``until``, at most ``most``; answers how many."""

    def __call__(self, session: Session, firm_id: str, until: datetime, *, most: int) -> int: ...


_FORGET: tuple[Forget, ...] = (history.forget, runs.forget, administration.forget_operations)


class Retention:
    """Run once a day. The audit stays: it has no time limit."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def purge(self) -> int:
        """Delete what is older than each firm keeps; answers how many lines."""
        now = self._clock()
        with self._database.read() as session:
            firms = list(session.execute(select(FirmRow.id, FirmRow.log_days)))
        return sum(self._purge(firm_id, before_days=days, now=now) for firm_id, days in firms)

    def _purge(self, firm_id: str, *, before_days: int, now: datetime) -> int:
        until = now - timedelta(days=before_days)
        return sum(self._forget(forget, firm_id, until) for forget in _FORGET)

    def _forget(self, forget: Forget, firm_id: str, until: datetime) -> int:
        gone = 0
        while True:
            with self._database.write.begin() as session:
                count = forget(session, firm_id, until, most=BATCH)
            gone += count
            if count < BATCH:
                return gone
