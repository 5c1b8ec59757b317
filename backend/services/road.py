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

from backend.db import history, links, people
from backend.db.links import Lease
from backend.db.models import LinkRow
from backend.db.rows import apply, snapshot
from backend.domain.breaker import CRM, GRAPH, SPREAD, was_not_tried
from backend.domain.crm import AttendeeMatch, CrmGateway
from backend.domain.errors import RemoteConflictError, RemoteError, TransientRemoteError
from backend.domain.link import Link, Trigger
from backend.domain.ports import Calendars, Clock, Look
from backend.domain.retry import retry_at
from backend.services.breaker import Breakers, reachable
from backend.services.callers import CalendarOwner, Callers
from backend.services.due import LOOK_AGAIN, is_unfinished, next_due
from backend.services.hands import Hand
from backend.services.run import FencedError, Run, StaleLookError
from backend.services.setbacks import KEPT_CHANGING, OVERTAKEN, STALE_LOOK, setback_of
from backend.services.walk import Walk
from backend.sql import Database

log = structlog.get_logger(__name__)

ROUNDS = 3
"""How often one run looks again after a conflict before it leaves the link to a later run."""

LEASE_LENGTH = timedelta(seconds=90)
"""Longer than three times the whole budget of one run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """When the link is due next, the last look at its event, and who on it is a contact."""

    due_at: datetime | None
    look: Look | None = None
    matches: tuple[AttendeeMatch, ...] | None = None
    """``None`` when the CRM did not answer."""
    link: Link | None = None
    """The link as the run's last commit left it; ``None`` when something came between."""


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
        breakers: Breakers,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._crm = crm
        self._callers = callers
        self._clock = clock
        self._breakers = breakers
        self._jitter = jitter

    def walk(self, lease: Lease, hand: Hand | None = None) -> Outcome:
        """Work on a leased link and give the lease back.

        ``hand``: a user's rights during a request; without it the firm's online server is used.
        Remote failures never leave this method: they become a later ``due_at``.
        """
        link, owner = self._known(lease, hand) or self._load(lease)
        if link is None or owner is None:
            return Outcome(None)
        owner = self._breakers.admit(owner)
        if hand is None:
            hand = self._app_hand(owner)
        crm = reachable(self._crm, owner, self._clock())
        walk = Walk(
            self._database, crm, self._clock, lease=lease, link=link, owner=owner, hand=hand
        )
        walk.run.finish = lambda session: self._finish(session, walk.run)
        due_at, attempts = self._run(walk, lease)
        if not walk.run.was_given_back:
            self._settle(walk.run, due_at, attempts)
        self._breakers.note(owner, failed=walk.run.failures, answered=_answered(walk.run))
        sight = walk.run.sight
        matches = sight.matches if sight.record_known else None
        link = walk.run.link if walk.run.setback is None else None
        return Outcome(due_at, walk.run.look, matches, link)

    def _run(self, walk: Walk, lease: Lease) -> tuple[datetime | None, int]:
        """When the link is due next, and how often it has failed in a row."""
        now = self._clock()
        try:
            for _ in range(ROUNDS):
                try:
                    walk.run.was_given_back = False
                    walk.once()
                    break
                except (RemoteConflictError, IntegrityError):
                    # IntegrityError: another link of the firm learned the same iCalUId just now.
                    walk.forget_look()
            else:
                walk.run.setback = KEPT_CHANGING
                return self._later(lease, None), lease.attempts + 1
        except FencedError:
            walk.run.setback = OVERTAKEN
            return now, lease.attempts
        except StaleLookError:
            walk.run.setback = STALE_LOOK
            return now + LOOK_AGAIN, lease.attempts
        trouble = walk.run.trouble
        if trouble is not None:
            if was_not_tried(trouble):
                return self._with_others(trouble), lease.attempts
            log.info("road.trouble", link_id=lease.link_id, **_loggable(trouble))
            walk.run.setback = setback_of(trouble)
            may_pass = isinstance(trouble, TransientRemoteError)
            return self._later(lease, trouble.retry_after if may_pass else 3600.0), (
                lease.attempts + 1
            )
        if is_unfinished(walk.run):
            return self._later(lease, None), lease.attempts + 1
        return self._next_due(walk.run), 0

    def _finish(self, session: Session, run: Run) -> None:
        """A record is the last thing written for a wish; one transaction less for every tick."""
        has_more = run.sight.master_category_lost or (
            run.hand is not None
            and run.hand.is_user
            and run.owner.master_category != run.owner.policy.category_name
        )
        if has_more or run.trouble is not None or is_unfinished(run):
            return
        due_at = self._next_due(run)
        links.settle(session, run.lease, due_at=due_at, attempts=0, now=self._clock())
        run.was_given_back = True

    def _next_due(self, run: Run) -> datetime | None:
        tells = self._crm.capabilities.tells_changes
        return next_due(run, self._clock(), crm_tells=tells)

    def _later(self, lease: Lease, retry_after: float | None) -> datetime:
        return retry_at(lease.attempts + 1, retry_after, self._clock(), jitter=self._jitter())

    def _with_others(self, trouble: RemoteError) -> datetime:
        """Nobody called a remote that is shut: due again after the next probe, spread a little."""
        probe_at = self._clock() + timedelta(seconds=trouble.retry_after or 0.0)
        return probe_at + SPREAD * self._jitter()

    def _settle(self, run: Run, due_at: datetime | None, attempts: int) -> None:
        now = self._clock()
        trouble = run.trouble
        with self._database.write.begin() as session:
            links.settle(session, run.lease, due_at=due_at, attempts=attempts, now=now)
            setback = run.setback
            if setback is not None:
                history.note_failure(
                    session,
                    run.link,
                    line=setback.line,
                    at=now,
                    codes=setback.codes,
                    request_id=setback.request_id,
                )
            if trouble is not None and (seconds := _asked_to_wait(trouble)):
                until = now + timedelta(seconds=seconds)
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


def _asked_to_wait(trouble: RemoteError) -> float | None:
    """Seconds for which Graph wants this mailbox to be left alone."""
    if trouble.system != GRAPH or was_not_tried(trouble):
        return None
    return trouble.retry_after


def _answered(run: Run) -> set[str]:
    """The systems that this run has heard from; a refusal is an answer, too."""
    heard = {error.system for error in run.failures if error.status is not None}
    if run.sight.record_known:
        heard.add(CRM)
    if run.look is not None or run.missing is not None:
        heard.add(GRAPH)
    return heard


def _loggable(trouble: RemoteError) -> dict[str, object]:
    return {
        "system": trouble.system,
        "status": trouble.status,
        "remote_code": trouble.remote_code,
        "request_id": trouble.request_id,
    }
