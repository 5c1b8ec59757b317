"""Pauses a firm, one server or one mailbox, and lets it go on (A3).

While one of the three is paused the worker leaves its mailboxes alone: nothing is read, nothing is
written, and what people wish for is kept. Resuming rings everything, and the next look catches up.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy.orm import Session

from backend.db import crowds
from backend.db.crowds import Crowd
from backend.db.models import FirmRow, MailboxRow, ServerRow
from backend.domain.ports import Clock
from backend.services.driving import DRAIN_LINKS, Ring
from backend.services.transactions import Note, nothing
from backend.services.work import DRAIN_MAILBOXES
from backend.sql import Database

Paused = FirmRow | ServerRow | MailboxRow


class Pausing:
    """Each method answers whether it changed anything; ``firm_id`` bounds whose it may be.

    ``note`` writes down who did it, in the same transaction.
    """

    def __init__(self, database: Database, clock: Clock, ring: Ring) -> None:
        self._database = database
        self._clock = clock
        self._ring = ring

    def pause_firm(self, firm_id: str, note: Note = nothing) -> bool:
        whose = Crowd(firm_id=firm_id)
        return self._switch(FirmRow, firm_id, whose, firm_id, note, paused=True)

    def resume_firm(self, firm_id: str, note: Note = nothing) -> bool:
        whose = Crowd(firm_id=firm_id)
        return self._switch(FirmRow, firm_id, whose, firm_id, note, paused=False)

    def pause_server(self, firm_id: str, server_id: str, note: Note = nothing) -> bool:
        whose = Crowd(server_id=server_id)
        return self._switch(ServerRow, server_id, whose, firm_id, note, paused=True)

    def resume_server(self, firm_id: str, server_id: str, note: Note = nothing) -> bool:
        whose = Crowd(server_id=server_id)
        return self._switch(ServerRow, server_id, whose, firm_id, note, paused=False)

    def pause_mailbox(self, firm_id: str, mailbox_id: str, note: Note = nothing) -> bool:
        whose = Crowd(mailbox_id=mailbox_id)
        return self._switch(MailboxRow, mailbox_id, whose, firm_id, note, paused=True)

    def resume_mailbox(self, firm_id: str, mailbox_id: str, note: Note = nothing) -> bool:
        whose = Crowd(mailbox_id=mailbox_id)
        return self._switch(MailboxRow, mailbox_id, whose, firm_id, note, paused=False)

    def _switch(
        self,
        table: type[Paused],
        key: str,
        whose: Crowd,
        firm_id: str,
        note: Note,
        *,
        paused: bool,
    ) -> bool:
        with self._database.write.begin() as session:
            row = cast(Paused | None, session.get(table, key, with_for_update=True))
            if row is None or _firm_of(row) != firm_id or row.paused is paused:
                return False
            row.paused = paused
            note(session)
        # A transaction of its own: walks hold links while they wait for their mailbox's row.
        with self._database.write.begin() as session:
            self._wake(session, whose, paused=paused)
        self._ring(DRAIN_LINKS, 0)
        if not paused:
            self._ring(DRAIN_MAILBOXES, 0)
        return True

    def _wake(self, session: Session, whose: Crowd, *, paused: bool) -> None:
        """When pausing, so that every link says so; when resuming, so that all of them catch up."""
        now = self._clock()
        if paused:
            crowds.ring_wanted(session, whose, now)
        else:
            crowds.ring_unsettled(session, whose, now)
            crowds.ring_watches(session, whose, now)


def _firm_of(row: Paused) -> str:
    return row.id if isinstance(row, FirmRow) else row.firm_id
