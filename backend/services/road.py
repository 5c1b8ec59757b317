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
from sqlalchemy.orm import Session

from backend.db import links
from backend.db.links import Lease
from backend.db.models import LinkRow
from backend.db.rows import apply, snapshot
from backend.domain.crm import CrmGateway
from backend.domain.errors import RemoteConflictError
from backend.domain.link import Link, Trigger
from backend.domain.plan import FREEZING, Missing
from backend.domain.ports import Calendars, Clock, Look
from backend.domain.retry import retry_at
from backend.services.callers import CalendarOwner, Callers
from backend.services.hands import Hand
from backend.services.walk import FencedError, StaleLookError, Walk
from backend.services.wire import is_category_outstanding
from backend.sql import Database

log = structlog.get_logger(__name__)

ROUNDS = 3
"""How often one run looks again after a conflict before it leaves the link to a later run."""

LOOK_AGAIN = timedelta(seconds=5)
FROZEN_LOOK = timedelta(hours=1)
LEASE_LENGTH = timedelta(seconds=90)
"""Longer than three times the whole budget of one run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """When the link is due next, and the last look at its event."""

    due_at: datetime | None
    look: Look | None = None


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
        link, owner = self._load(lease)
        if link is None or owner is None:
            return Outcome(None)
        if hand is None:
            hand = self._app_hand(owner)
        walk = Walk(
            self._database, self._crm, self._clock, lease=lease, link=link, owner=owner, hand=hand
        )
        due_at, attempts = self._run(walk, lease)
        with self._database.write.begin() as session:
            links.settle(session, lease, due_at=due_at, attempts=attempts, now=self._clock())
        return Outcome(due_at, walk.look)

    def _run(self, walk: Walk, lease: Lease) -> tuple[datetime | None, int]:
        now = self._clock()
        try:
            for _ in range(ROUNDS):
                try:
                    walk.once()
                    break
                except RemoteConflictError:
                    walk.forget_look()
            else:
                return now + LOOK_AGAIN, lease.attempts + 1
        except FencedError:
            return now, lease.attempts
        except StaleLookError:
            return now + LOOK_AGAIN, lease.attempts
        if walk.trouble is not None:
            attempts = lease.attempts + 1
            log.info("road.trouble", link_id=lease.link_id, attempts=attempts, **walk.trouble_log())
            retry_after = walk.trouble.retry_after if walk.trouble_may_pass() else 3600.0
            return retry_at(attempts, retry_after, now, jitter=self._jitter()), attempts
        return next_due(walk.link, walk.missing, walk.owner, now), 0

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


def next_due(
    link: Link, missing: Missing | None, owner: CalendarOwner, now: datetime
) -> datetime | None:
    """When a link whose sides agree wants to be looked at again; every live link has such a time.

    ``None`` only for links that are settled and not followed any more (road rule A15).
    """
    if missing is Missing.NOT_YET:
        return now + LOOK_AGAIN
    if missing is Missing.PERHAPS_GONE and link.gone_since is not None:
        return max(link.gone_since + timedelta(minutes=5), now + LOOK_AGAIN)
    if owner.policy.paused:
        return now + FROZEN_LOOK
    if not link.is_wanted:
        return now + FROZEN_LOOK if is_category_outstanding(link) else None
    if link.blocked_by in FREEZING:
        return now + FROZEN_LOOK
    if link.event_end is None:
        return now + FROZEN_LOOK
    final = link.event_end + timedelta(days=owner.policy.past_days, seconds=1)
    return max(final, now + LOOK_AGAIN)
