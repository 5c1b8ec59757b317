"""Acts on more rows than one request may touch: begun here, done by the worker in slices (A5).

The database holds the work: an operation's row says what is done, so that a killed worker's
successor goes on from there. A slice is one short transaction; cancelling takes effect between two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import structlog
from sqlalchemy.orm import Session

from backend.db import administration, names
from backend.db.admin_models import OperationRow
from backend.domain.errors import SyncError, TransientRemoteError, UnknownItemError
from backend.domain.ports import Clock, Principal
from backend.services.administration.answers import Operation, RowResult
from backend.services.administration.office import Admin, Office
from backend.services.driving import DRAIN_LINKS, Ring
from backend.services.work import DRAIN_MAILBOXES
from backend.sql import Database

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
SLICE = 100
MOST_FAILURES = 1_000
"""How many codes of rows that did not work are kept."""
LONGEST_WAIT = timedelta(minutes=10)
TURN = timedelta(seconds=5)
"""For how long an operation that gives way goes on before it does."""
GIVE_WAY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """An operation this worker has for a while."""

    id: str
    token: str
    kind: str
    firm_id: str
    by_user_id: str | None
    """``None``: nobody asked for it, it was time."""
    argument: Mapping[str, Any]
    ids: tuple[str, ...]
    cursor: str | None
    """Where a kind with pages of its own has come to."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What a slice has to store; ``apply`` runs in the transaction that stores its progress."""

    apply: Callable[[Session], Sequence[RowResult]]
    is_last: bool
    cursor: str | None = None
    not_before: datetime | None = None
    """When to go on, if not at once."""
    gives_way: bool = False
    """Nobody waits for it: after a while looks at mailboxes and other operations come first."""
    rings: bool = False
    """It makes links or mailboxes due: the workers are rung once it is stored, not before."""


Step = Callable[[Claimed], Slice]
"""Prepares the next slice, remote calls included, with no transaction open."""


class Operations:
    """Begins, shows, cancels; and does, as the worker's part."""

    def __init__(self, database: Database, office: Office, clock: Clock, ring: Ring) -> None:
        self._database = database
        self._office = office
        self._clock = clock
        self._ring = ring
        self._steps: dict[str, Step] = {}

    def teach(self, kind: str, step: Step) -> None:
        """How operations of this kind are done."""
        self._steps[kind] = step

    def begin(
        self,
        session: Session,
        admin: Admin,
        kind: str,
        *,
        argument: Mapping[str, Any],
        ids: Sequence[str] = (),
    ) -> OperationRow:
        """Write down what has to be done, in the caller's transaction; :meth:`wake` after it."""
        row = self.plan(
            session, admin.firm_id, kind, argument=argument, ids=ids, by_user_id=admin.user_id
        )
        self._office.note(session, admin, f"{kind}_begun", "operation", row.id)
        return row

    def plan(
        self,
        session: Session,
        firm_id: str,
        kind: str,
        *,
        argument: Mapping[str, Any],
        ids: Sequence[str] = (),
        by_user_id: str | None = None,
        not_before: datetime | None = None,
    ) -> OperationRow:
        """As :meth:`begin`, for what follows from an act or is done by the clock: no audit line."""
        row = OperationRow(
            firm_id=firm_id,
            kind=kind,
            by_user_id=by_user_id,
            argument=dict(argument),
            ids=list(ids),
            total=len(ids) or None,
            created_at=self._clock(),
            not_before=not_before,
        )
        session.add(row)
        session.flush()
        return row

    def wake(self, delay: float = 0) -> None:
        self._ring(DRAIN_MAILBOXES, delay)

    def show(self, principal: Principal, operation_id: str) -> Operation:
        """Raises: UnknownItemError."""
        admin = self._office.admit(principal)
        with self._database.read() as session:
            row = administration.find_operation(session, admin.firm_id, operation_id)
            if row is None:
                raise UnknownItemError
            return operation_of(row, names.of_users(session, admin.firm_id, row.failures))

    def cancel(self, principal: Principal, operation_id: str) -> Operation:
        """What is done stays done. One that has ended stays as it is. Raises: UnknownItemError."""
        admin = self._office.admit(principal)
        with self._database.write.begin() as session:
            row = administration.find_operation(session, admin.firm_id, operation_id, lock=True)
            if row is None:
                raise UnknownItemError
            if row.state == "running":
                _end(row, "cancelled", self._clock())
                self._office.note(session, admin, f"{row.kind}_cancelled", "operation", row.id)
            return operation_of(row)

    # -- the worker's part -----------------------------------------------------------------------

    def is_due(self) -> bool:
        with self._database.read() as session:
            return administration.is_operation_due(session, self._clock())

    def work(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Do slices of operations until there is nothing to do; answers how many."""
        slices = 0
        while not stopping():
            claimed = self._claim()
            if claimed is None:
                break
            slices += self._work_on(claimed, stopping)
        return slices

    def _claim(self) -> Claimed | None:
        with self._database.write.begin() as session:
            row = administration.claim_operation(session, self._clock(), LEASE)
            return _claimed(row) if row is not None else None

    def _work_on(self, first: Claimed, stopping: Callable[[], bool]) -> int:
        slices = 0
        claimed: Claimed | None = first
        until = self._clock() + TURN
        while claimed is not None and not stopping():
            at = claimed
            try:
                claimed = self._do(at, until)
            except SyncError as error:
                self._fail(at, error)
                return slices
            slices += 1
        if claimed is not None:
            with self._database.write.begin() as session:
                administration.release_operation(session, claimed.id, claimed.token)
        return slices

    def _do(self, claimed: Claimed, until: datetime) -> Claimed | None:
        """One slice; ``None`` when it was the last, it is not this operation's turn any more, or
        somebody else has it now.
        """
        part = self._steps[claimed.kind](claimed)
        following = self._store(claimed, part, until)
        if part.rings:
            self._ring(DRAIN_LINKS, 0)
            self.wake()
        return following

    def _store(self, claimed: Claimed, part: Slice, until: datetime) -> Claimed | None:
        now = self._clock()
        with self._database.write.begin() as session:
            row = administration.locked_operation(session, claimed.id, claimed.token)
            if row is None:
                return None
            results = part.apply(session)
            failed = {result.id: result.code for result in results if not result.ok}
            row.done += len(results)
            row.failed += len(failed)
            room = max(0, MOST_FAILURES - len(row.failures))
            row.failures = {**row.failures, **dict(list(failed.items())[:room])}
            row.position += len(results)
            row.cursor, row.attempts = part.cursor, 0
            row.not_before = now + LEASE
            if part.is_last:
                _end(row, "done", now)
                row.total = row.done
                return None
            waits = part.not_before or (now + GIVE_WAY if part.gives_way and now >= until else None)
            if waits is None:
                return _claimed(row)
            row.not_before, row.lease_token = waits, None
        self.wake((waits - now).total_seconds())
        return None

    def _fail(self, claimed: Claimed, error: SyncError) -> None:
        """Try again later what may pass; end the rest."""
        now = self._clock()
        log.warning("operation.failed", operation=claimed.id, kind=claimed.kind, code=error.code)
        with self._database.write.begin() as session:
            row = administration.locked_operation(session, claimed.id, claimed.token)
            if row is None:
                return
            row.lease_token = None
            row.problem = error.code
            if isinstance(error, TransientRemoteError):
                row.attempts += 1
                wait = timedelta(seconds=error.retry_after or 15 * 2 ** min(row.attempts, 6))
                row.not_before = now + min(wait, LONGEST_WAIT)
            else:
                _end(row, "failed", now)


def _end(row: OperationRow, state: str, now: datetime) -> None:
    """What it was given is not kept any longer than it is needed (X6)."""
    row.state, row.finished_at, row.lease_token, row.argument = state, now, None, {}


def operation_of(row: OperationRow, called: Mapping[str, str] = MappingProxyType({})) -> Operation:
    """The values of a row; ``called``: names of the users that did not work."""
    return Operation(
        id=row.id,
        kind=row.kind,
        state=row.state,
        total=row.total,
        done=row.done,
        failed=row.failed,
        items=tuple(
            RowResult(key, ok=False, code=code, name=called.get(key))
            for key, code in row.failures.items()
        ),
        problem=row.problem if row.state != "done" else None,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _claimed(row: OperationRow) -> Claimed:
    assert row.lease_token is not None
    return Claimed(
        id=row.id,
        token=row.lease_token,
        kind=row.kind,
        firm_id=row.firm_id,
        by_user_id=row.by_user_id,
        argument=dict(row.argument),
        ids=tuple(row.ids[row.position :][:SLICE]),
        cursor=row.cursor,
    )
