"""What an admin decides about a mailbox that the mass-change brake has stopped (L7)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backend.db import crowds
from backend.db.crowds import Crowd
from backend.db.models import LinkRow, MailboxRow, WatchRow
from backend.db.rows import apply
from backend.domain.link import WANTED, EndReason, Trigger
from backend.domain.plan import CATEGORY_REMOVED, GONE_PROOF_PAUSE
from backend.domain.ports import Clock
from backend.services.driving import DRAIN_LINKS, Ring
from backend.services.transactions import Note, nothing
from backend.sql import Database

PERIOD = timedelta(hours=1)
"""How long an admin's yes lasts."""


class Brake:
    """Lets a stopped mailbox go on, one way or the other; every link's history says who did."""

    def __init__(self, database: Database, clock: Clock, ring: Ring) -> None:
        self._database = database
        self._clock = clock
        self._ring = ring

    def release(
        self, firm_id: str, mailbox_id: str, *, by_user_id: str, note: Note = nothing
    ) -> bool:
        """Let it happen: whatever waits goes, and for an hour nothing is counted.

        False when the firm has no such mailbox, or it has not stopped.
        """
        now = self._clock()
        if not self._has_stopped(firm_id, mailbox_id):
            return False
        with self._database.write.begin() as session:
            for row in crowds.marked(session, mailbox_id, EndReason.MASS_CHANGE):
                _thaw(session, row, "brake_released", by_user_id, now)
            _start(session, mailbox_id, count_from=now + PERIOD)
            note(session)
        self._ring_all(mailbox_id)
        return True

    def hold(self, firm_id: str, mailbox_id: str, *, by_user_id: str, note: Note = nothing) -> bool:
        """Take it back: records stay or come back, and categories that went are put on again.

        So do those that were unticked just before the brake stopped. A record whose event is proven
        gone stays, too, but is not followed any more. The count starts anew. False when the firm
        has no such mailbox, or it has not stopped.
        """
        now = self._clock()
        if not self._has_stopped(firm_id, mailbox_id):
            return False
        with self._database.write.begin() as session:
            for row in crowds.marked(session, mailbox_id, EndReason.MASS_CHANGE):
                if is_proven_gone(row, now):
                    _let_rest(session, row, by_user_id, now)
                else:
                    _thaw(session, row, "brake_held", by_user_id, now)
            for row in self._just_unticked(session, mailbox_id, now):
                _want_again(session, row, by_user_id, now)
            session.flush()
            crowds.unsettle_categories(session, Crowd(mailbox_id=mailbox_id))
            _start(session, mailbox_id, count_from=now)
            note(session)
        self._ring_all(mailbox_id)
        return True

    def _has_stopped(self, firm_id: str, mailbox_id: str) -> bool:
        with self._database.read() as session:
            mailbox = session.get(MailboxRow, mailbox_id)
            if mailbox is None or mailbox.firm_id != firm_id:
                return False
            return mailbox.problem == EndReason.MASS_CHANGE

    def _just_unticked(self, session: Session, mailbox_id: str, now: datetime) -> list[LinkRow]:
        gone = crowds.gone_since(session, mailbox_id, (CATEGORY_REMOVED,), now - PERIOD)
        return [row for row in gone if was_unticked(row)]

    def _ring_all(self, mailbox_id: str) -> None:
        """Whoever walked meanwhile still took the mailbox for stopped, and is heard again."""
        now = self._clock()
        with self._database.write.begin() as session:
            crowds.ring_unsettled(session, Crowd(mailbox_id=mailbox_id), now)
            crowds.ring_watches(session, Crowd(mailbox_id=mailbox_id), now)
        self._ring(DRAIN_LINKS, 0)


def _start(session: Session, mailbox_id: str, *, count_from: datetime) -> None:
    """Links are locked before their mailbox, as the road does it."""
    mailbox = session.get(MailboxRow, mailbox_id, with_for_update=True, populate_existing=True)
    watch = session.get(WatchRow, mailbox_id)
    assert mailbox is not None
    assert watch is not None
    mailbox.problem = None
    watch.problem_since = None
    watch.brake_off_until = count_from


def _thaw(session: Session, row: LinkRow, line: str, by_user_id: str, now: datetime) -> None:
    row.blocked_by = None
    apply(session, row, None, now=now, line=line, by_user_id=by_user_id)


def _want_again(session: Session, row: LinkRow, by_user_id: str, now: datetime) -> None:
    row.opted_out, row.adopt, row.blocked_by, row.undo_until = False, True, None, None
    apply(session, row, Trigger.TICK, now=now, line="brake_held", by_user_id=by_user_id)


def was_unticked(row: LinkRow) -> bool:
    """Whether it went because its category was taken off, and for nothing else."""
    return row.opted_out and row.reason == EndReason.UNTICKED


def is_proven_gone(row: LinkRow, now: datetime) -> bool:
    """Whether its event is proven gone (L6), so that nothing can be followed any more."""
    is_proven = row.gone_since is not None and now - row.gone_since >= GONE_PROOF_PAUSE
    return is_proven and row.state in WANTED and row.activity_id is not None


def _let_rest(session: Session, row: LinkRow, by_user_id: str, now: datetime) -> None:
    row.blocked_by = None
    apply(
        session,
        row,
        Trigger.RELEASE,
        now=now,
        line="brake_held",
        reason=EndReason.DELETED,
        by_user_id=by_user_id,
    )
