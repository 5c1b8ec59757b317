"""The breaker at the remotes, for everybody who calls them: doors, road and mailbox pulls (A20).

::

    owner = breakers.admit(owner)            # no statement while nothing fails
    if owner.graph_shut_until is not None:   # do not call Graph; be due again then
        ...
    crm = reachable(gateway, owner, now)     # fails at once while the CRM is shut
    ...
    breakers.note(owner, failed=errors, answered=(GRAPH, CRM))   # writes only when there is news

``admit`` and ``note`` open a transaction of their own when they write: call them outside of yours.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn, cast

import structlog
from prometheus_client import Counter

from backend.db import breakers as rows
from backend.domain.breaker import (
    CRM,
    GRAPH,
    PROBE_TIME,
    SPREAD,
    Failures,
    remote_of,
    shut,
)
from backend.domain.crm import CrmGateway
from backend.domain.errors import RemoteError, SyncError
from backend.domain.ports import Clock
from backend.services.callers import CalendarOwner
from backend.services.transactions import run_again_if_taken
from backend.sql import Database

log = structlog.get_logger(__name__)

Ring = Callable[[str, float], None]
KINDS = ("drain_links", "drain_mailboxes")

OPENED = Counter("calendar_sync_breakers_opened_total", "Remotes found not to answer", ["system"])


class Breakers:
    """Counts failures in the database, so that all processes leave a dead remote alone."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ring: Ring = lambda _kind, _delay: None,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``ring`` wakes the workers when a probe is due and when those who waited are."""
        self._database = database
        self._clock = clock
        self._ring = ring
        self._jitter = jitter

    def admit(self, owner: CalendarOwner) -> CalendarOwner:
        """The owner as this caller may treat him: where a probe is due, one caller gets to try.

        For that one the remote is not shut any more; for the others it stays so.
        """
        now = self._clock()
        changes: dict[str, Any] = {}
        if owner.graph_shut_until is not None:
            changes["graph_shut_until"] = self._still_shut(
                owner, GRAPH, owner.graph_shut_until, now
            )
        if owner.crm_shut_until is not None:
            changes["crm_shut_until"] = self._still_shut(owner, CRM, owner.crm_shut_until, now)
        return replace(owner, **changes) if changes else owner

    def note(
        self,
        owner: CalendarOwner,
        *,
        failed: Collection[SyncError] = (),
        answered: Collection[str] = (),
    ) -> None:
        """What a caller has met: errors of any kind, and the systems that answered him.

        A system that failed did not answer. Nothing is written while nothing fails.
        """
        failures = {remote: error for error in failed if (remote := remote_of(error)) is not None}
        for system, error in failures.items():
            self._count(owner, system, error)
        for system in answered:
            if system not in failures and system in owner.failing:
                self._close(owner, system)

    def _still_shut(
        self, owner: CalendarOwner, system: str, until: datetime, now: datetime
    ) -> datetime | None:
        if until > now:
            return until
        with self._database.write.begin() as session:
            scope_id = scope_of(owner, system)
            if rows.take_probe(session, system, scope_id, now, PROBE_TIME):
                return None
        return now + PROBE_TIME

    def _count(self, owner: CalendarOwner, system: str, error: SyncError) -> None:
        now = self._clock()
        scope_id = scope_of(owner, system)
        retry_after = error.retry_after if isinstance(error, RemoteError) else None

        def count(session: Any) -> Failures:
            after = rows.count_failure(
                session,
                system,
                scope_id,
                firm_id=owner.firm_id,
                mailbox_id=owner.mailbox_id if system == GRAPH else None,
                now=now,
                retry_after=retry_after,
                jitter=self._jitter(),
            )
            if after.probe_at is not None:
                rows.put_off(
                    session,
                    system,
                    scope_id,
                    mailbox_id=after.mailbox_id,
                    until=after.probe_at,
                    now=now,
                )
            return after

        after = run_again_if_taken(self._database, count)
        if after.probe_at is None:
            return
        OPENED.labels(system).inc()
        log.warning(
            "breaker.open",
            system=system,
            firm_id=owner.firm_id,
            mailbox_id=after.mailbox_id,
            failures=after.count,
        )
        self._ring_all((after.probe_at - now).total_seconds())

    def _close(self, owner: CalendarOwner, system: str) -> None:
        with self._database.write.begin() as session:
            scope_id = scope_of(owner, system)
            was_open = rows.close(session, system, scope_id, owner.mailbox_id)
        if was_open:
            log.warning("breaker.closed", system=system, firm_id=owner.firm_id)
            self._ring_all(SPREAD.total_seconds())

    def _ring_all(self, delay: float) -> None:
        for kind in KINDS:
            self._ring(kind, delay)


def scope_of(owner: CalendarOwner, system: str) -> str:
    """Whose CRM it is, or through which online server Graph is reached."""
    if system == CRM or owner.server is None:
        return owner.firm_id
    return owner.server.server_id


def reachable(crm: CrmGateway, owner: CalendarOwner, now: datetime) -> CrmGateway:
    """The CRM, or something that fails at once while it is shut for this owner."""
    if owner.crm_shut_until is None:
        return crm
    return cast(CrmGateway, _ShutCrm(shut(CRM, owner.crm_shut_until, now)))


class _ShutCrm:
    """A :class:`CrmGateway` of which every call fails at once."""

    def __init__(self, error: RemoteError) -> None:
        self._error = error

    def __getattr__(self, _name: str) -> Callable[..., NoReturn]:
        def fail(*_args: object, **_more: object) -> NoReturn:
            raise self._error

        return fail
