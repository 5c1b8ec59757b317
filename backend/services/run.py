"""What one run over a leased link holds, and the fence that guards everything it stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from backend.db import links
from backend.db.links import Lease
from backend.db.models import LinkRow
from backend.db.rows import snapshot
from backend.domain.errors import RemoteError, SyncError, TransientRemoteError
from backend.domain.link import Link
from backend.domain.plan import Missing, Sight
from backend.domain.ports import Clock, Look
from backend.services.callers import CalendarOwner
from backend.services.hands import Hand
from backend.services.setbacks import Setback
from backend.sql import Database

CALL_DEADLINE = timedelta(seconds=20)
"""No single remote call of the road takes longer; a write starts only if the lease outlives it."""


class FencedError(Exception):
    """Somebody changed the wish or took the lease: whatever this run knows is void."""


class StaleLookError(Exception):
    """Graph answered an older version than one already seen: look again in a moment (R5)."""


@dataclass(slots=True)
class Run:
    """The state of one run: who works, on what, and what was seen and stored so far."""

    database: Database
    clock: Clock
    lease: Lease
    link: Link
    owner: CalendarOwner
    hand: Hand | None
    sight: Sight
    look: Look | None = None
    """The newest look at the event, if any call answered."""
    missing: Missing | None = None
    trouble: RemoteError | None = None
    failures: list[RemoteError] = field(default_factory=list)
    """Every failure of a remote in this run, for the breakers."""
    setback: Setback | None = None
    """What kept the run from its end, for the history."""
    finish: Callable[[Session], None] = lambda _session: None
    """Called with the record's outcome, in its transaction: gives the lease back if all is done."""
    was_given_back: bool = False
    """The lease went with the last outcome: nothing may be written any more."""
    believes_older: bool = False
    """The look is older than one seen before, and has been for so long that it is true (R5)."""

    def locked(self, session: Session) -> LinkRow:
        """The row, for a decision or an outcome: lease and version must still be our own.

        Raises: FencedError.
        """
        row = self.row_for_facts(session)
        if row.lease_token != self.lease.token or row.version != self.link.version:
            raise FencedError
        return row

    def row_for_facts(self, session: Session) -> LinkRow:
        """The row, for a fact: those are ordered, not fenced (R3).

        Raises: FencedError when the link itself is gone.
        """
        row = links.lock(session, self.lease.link_id)
        if row is None:
            raise FencedError
        return row

    def is_fenced(self, row: LinkRow) -> bool:
        """Whether the wish or the lease changed under this run."""
        return row.lease_token != self.lease.token or row.version != self.link.version

    def take_over(self, row: LinkRow) -> None:
        """Go on with what the row says now."""
        self.link = self.as_judged(row)

    def as_judged(self, row: LinkRow) -> Link:
        """The row as it is now, but for a review that was asked for since this run began.

        The admin's choice goes with the settings that he stored with it, and those in sight are
        older: it waits for the look that it has rung for (S6).
        """
        link = snapshot(row, self.link.tenant_id)
        if link.review_until == self.link.review_until:
            return link
        return replace(link, review_until=None)

    def check_lease(self) -> None:
        """R4, directly before each remote write: lease and version are ours and stay long enough.

        Raises: FencedError.
        """
        until = self.clock() + CALL_DEADLINE
        with self.database.read() as session:
            if not links.holds(session, self.lease, self.link.version, until):
                raise FencedError

    def note_trouble(self, error: SyncError) -> None:
        """Keep a failure for the retry; of several, the one that asks for the longest wait."""
        if not isinstance(error, RemoteError):
            # A user's sign-in that Entra wants renewed: not the link's fault, the worker goes on.
            error = TransientRemoteError(str(error), system="entra")
        else:
            self.failures.append(error)
        if self.trouble is None or (error.retry_after or 0) > (self.trouble.retry_after or 0):
            self.trouble = error

    def graph_is_closed(self) -> bool:
        """Whether Graph must not be called now; then this run makes no call and says so."""
        error = self.owner.why_not_graph(self.clock())
        if error is not None:
            self.note_trouble(error)
        return error is not None

    def app_may_write(self, session: Session, *, allowed: bool) -> None:
        """What a try has shown about the server's right to write (X1)."""
        if self.owner.server is not None and self.owner.server_can_write is not allowed:
            links.store_server_may_write(
                session, self.owner.server.server_id, allowed=allowed, now=self.clock()
            )
