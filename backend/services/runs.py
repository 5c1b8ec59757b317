"""What a look at a mailbox leaves for the log: a row, or one more in a count (A6).

A look that found nothing costs the log nothing: it is counted in the update that gives the lease
back, and the next row tells how many there were. As every window is read anew once a day, a mailbox
in which nothing happens leaves one row a day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backend.db import runs
from backend.db.admin_models import RunRow
from backend.db.watches import Rest, Watch, WatchLease
from backend.services.rounds import Chain

CHANGES = "changes"
RESYNC = "resync"
FIRST_PULL = "first_pull"


@dataclass(slots=True)
class Tally:
    """What one look has come to so far."""

    began_at: datetime
    watch: Watch
    """As the look found it."""
    kind: str = CHANGES
    processed: int = 0
    synced: int = 0
    errors: int = 0
    request_id: str | None = None

    def begin(self, chain: Chain) -> None:
        """A page is asked for."""
        if chain is Chain.SEED:
            self.kind = FIRST_PULL if self.watch.checked_at is None else RESYNC

    def count(self, *, shown: int, request_id: str | None) -> None:
        """It was read."""
        self.processed += shown
        self.request_id = request_id

    @property
    def found_nothing(self) -> bool:
        return self.kind == CHANGES and self.processed == self.errors == 0

    def told(
        self, session: Session, lease: WatchLease, rest: Rest, *, code: str | None = None
    ) -> Rest:
        """Leave what the look is to leave, in the transaction that gives the lease back.

        Answers how to give it back. ``code``: why the look failed.
        """
        if code is None and self.found_nothing:
            return replace(rest, is_quiet=True)
        notified_at, checked_at = self.watch.notified_at, self.watch.checked_at
        runs.write(
            session,
            RunRow(
                firm_id=self.watch.firm_id,
                mailbox_id=lease.mailbox_id,
                at=rest.now,
                kind=self.kind,
                is_notified=notified_at is not None
                and (checked_at is None or notified_at > checked_at),
                duration_ms=max(0, (rest.now - self.began_at) // timedelta(milliseconds=1)),
                processed=self.processed,
                # A link that was due anyway may also have been chosen.
                synced=min(self.synced, self.processed),
                errors=self.errors + (code is not None),
                code=code,
                looks=1,
                quiet_looks=self.watch.quiet_looks,
                request_id=self.request_id,
            ),
        )
        return replace(rest, is_quiet=False)
