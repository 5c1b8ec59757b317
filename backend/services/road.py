"""The one road: looks at the truth now and makes CRM and Outlook category agree with the wish.

Gather (no transaction) → decide (pure) → act → commit (short). Doors and worker walk it alike;
whoever walks holds the link's lease, and every outcome is fenced by lease and version.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db import links, people
from backend.db.links import Lease
from backend.db.models import LinkRow
from backend.db.rows import apply, snapshot
from backend.domain.crm import AttendeeMatch, CrmGateway
from backend.domain.errors import RemoteConflictError, RemoteError, TransientRemoteError
from backend.domain.link import EndReason, Link, LinkState, Trigger
from backend.domain.plan import FREEZING, GONE_PROOF_PAUSE, Missing
from backend.domain.ports import Calendars, Clock, Look
from backend.domain.retry import retry_at
from backend.services.callers import CalendarOwner, Callers
from backend.services.hands import Hand
from backend.services.run import FencedError, Run, StaleLookError
from backend.services.walk import Walk
from backend.services.wire import is_category_outstanding
from backend.sql import Database

log = structlog.get_logger(__name__)

ROUNDS = 3
"""How often one run looks again after a conflict before it leaves the link to a later run."""

LOOK_AGAIN = timedelta(seconds=5)
WATCH = timedelta(hours=1)
"""How often a link is looked at that nobody rings for: no other watch sees its event (A15)."""
LEASE_LENGTH = timedelta(seconds=90)
"""Longer than three times the whole budget of one run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """When the link is due next, the last look at its event, and who on it is a contact."""

    due_at: datetime | None
    look: Look | None = None
    matches: tuple[AttendeeMatch, ...] | None = None
    """``None`` when the CRM did not answer."""


class Road:
    """Walks one leased link at a time."""

    def __init__(
        self,
        database: Database,
        calendars: Calendars,
        crm: CrmGateway,
        callers: Callers,
        clock: Clock,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._crm = crm
        self._callers = callers
        self._clock = clock
        self._jitter = jitter

    def walk(self, lease: Lease, hand: Hand | None = None) -> Outcome:
        """Work on a leased link and give the lease back.

        ``hand``: a user's rights during a request; without it the firm's online server is used.
        Remote failures never leave this method: they become a later ``due_at``.
        """
        link, owner = self._known(lease, hand) or self._load(lease)
        if link is None or owner is None:
            return Outcome(None)
        if hand is None:
            hand = self._app_hand(owner)
        walk = Walk(
            self._database, self._crm, self._clock, lease=lease, link=link, owner=owner, hand=hand
        )
        due_at, attempts = self._run(walk, lease)
        self._settle(walk.run, due_at, attempts)
        sight = walk.run.sight
        matches = sight.matches if sight.record_known else None
        return Outcome(due_at, walk.run.look, matches)

    def _run(self, walk: Walk, lease: Lease) -> tuple[datetime | None, int]:
        """When the link is due next, and how often it has failed in a row."""
        now = self._clock()
        try:
            for _ in range(ROUNDS):
                try:
                    walk.once()
                    break
                except (RemoteConflictError, IntegrityError):
                    # IntegrityError: another link of the firm learned the same iCalUId just now.
                    walk.forget_look()
            else:
                return self._later(lease, None), lease.attempts + 1
        except FencedError:
            return now, lease.attempts
        except StaleLookError:
            return now + LOOK_AGAIN, lease.attempts
        trouble = walk.run.trouble
        if trouble is not None:
            log.info("road.trouble", link_id=lease.link_id, **_loggable(trouble))
            may_pass = isinstance(trouble, TransientRemoteError)
            return self._later(lease, trouble.retry_after if may_pass else 3600.0), (
                lease.attempts + 1
            )
        if is_unfinished(walk.run):
            return self._later(lease, None), lease.attempts + 1
        return next_due(walk.run, self._clock()), 0

    def _later(self, lease: Lease, retry_after: float | None) -> datetime:
        return retry_at(lease.attempts + 1, retry_after, self._clock(), jitter=self._jitter())

    def _settle(self, run: Run, due_at: datetime | None, attempts: int) -> None:
        now = self._clock()
        trouble = run.trouble
        with self._database.write.begin() as session:
            links.settle(session, run.lease, due_at=due_at, attempts=attempts, now=now)
            if trouble is not None and trouble.system == "graph" and trouble.retry_after:
                until = now + timedelta(seconds=trouble.retry_after)
                people.close_until(session, run.owner.mailbox_id, until)

    def _known(self, lease: Lease, hand: Hand | None) -> tuple[Link, CalendarOwner] | None:
        """What the door's own commit has just left, unless a dead holder's work is in doubt."""
        if hand is None or hand.link is None or hand.owner is None or lease.taken_over:
            return None
        return hand.link, hand.owner

    def _load(self, lease: Lease) -> tuple[Link | None, CalendarOwner | None]:
        with self._database.write.begin() as session:
            row = links.lock(session, lease.link_id)
            if row is None or row.lease_token != lease.token:
                return None, None
            tenant_id = links.tenant_of(session, row)
            if lease.taken_over:
                self._distrust(session, row)
            link = snapshot(row, tenant_id)
        return link, self._callers.owner_of_mailbox(tenant_id, link.mailbox_id)

    def _distrust(self, session: Session, row: LinkRow) -> None:
        """A dead holder's work is unknown: start as if nothing had been confirmed (A13)."""
        apply(
            session,
            row,
            Trigger.OUTDATED,
            now=self._clock(),
            line="taken_over",
            reason=row.reason,
        )

    def _app_hand(self, owner: CalendarOwner) -> Hand | None:
        if owner.server is None:
            return None
        return Hand(self._calendars.as_app(owner.server), is_user=False)


def _loggable(trouble: RemoteError) -> dict[str, object]:
    return {
        "system": trouble.system,
        "status": trouble.status,
        "remote_code": trouble.remote_code,
        "request_id": trouble.request_id,
    }


def is_unfinished(run: Run) -> bool:
    """Whether the event was seen and the mirror still differs, though nothing failed."""
    link = run.link
    if run.sight.event is None or run.owner.policy.paused or link.blocked_by in FREEZING:
        return False
    return is_category_outstanding(link)


def next_due(run: Run, now: datetime) -> datetime | None:
    """When a link whose sides agree wants to be looked at again; every live link has such a time.

    ``None`` only for links that are settled and not followed any more (road rule A15).
    """
    link, policy = run.link, run.owner.policy
    if run.missing is Missing.NOT_YET:
        return now + LOOK_AGAIN
    if run.missing is Missing.PERHAPS_GONE and link.is_wanted and link.gone_since is not None:
        return max(link.gone_since + GONE_PROOF_PAUSE, now + LOOK_AGAIN)
    if policy.paused or is_category_outstanding(link):
        return now + WATCH
    if link.is_wanted:
        if link.event_end is None:
            return now + WATCH
        final = link.event_end + timedelta(days=policy.past_days, seconds=1)
        return min(max(final, now + LOOK_AGAIN), now + WATCH)
    return now + WATCH if _may_turn_private(link, now) else None


def _may_turn_private(link: Link, now: datetime) -> bool:
    """A record or an undo copy that would have to go if its event turned private (L5, X4)."""
    if link.undo_until is not None:
        return link.undo_until > now
    return link.state is LinkState.RELEASED and link.reason == EndReason.EDITED_IN_CRM
