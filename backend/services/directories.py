"""What firms' directories tell of addresses, from memory: matching asks for it at every look."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from backend.db import directory
from backend.domain.matching import FirmDirectory
from backend.domain.ports import Clock
from backend.sql import Database


class Directories:
    """What is stored, from memory; a few minutes old at most."""

    LASTS = timedelta(minutes=2)

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[datetime, FirmDirectory]] = {}

    def of(self, firm_id: str) -> FirmDirectory:
        """One firm's directory."""
        now = self._clock()
        with self._lock:
            known = self._known.get(firm_id)
        if known is not None and now - known[0] < self.LASTS:
            return known[1]
        with self._database.read() as session:
            found = directory.load(session, firm_id)
        with self._lock:
            self._known[firm_id] = (now, found)
        return found
