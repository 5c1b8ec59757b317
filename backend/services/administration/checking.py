"""Looks whether findings that were mended have healed; those that have are forgotten (A10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from backend.db import drifts, links
from backend.db.admin_models import DriftRow, OperationRow
from backend.db.models import LinkRow
from backend.domain.crm import CrmGateway, SyncStatus
from backend.domain.errors import NotNowError, RemoteNotFoundError, SyncError
from backend.domain.event import Event
from backend.domain.ports import Calendar, Calendars, Clock
from backend.domain.reconciliation import (
    Drift,
    Resting,
    compare_event,
    compare_record,
    was_not_read,
)
from backend.services.administration.answers import RowResult
from backend.services.administration.comparing import SLICE_TIME, Comparing, records_of, resting
from backend.services.administration.operations import Claimed, Operations, Slice
from backend.services.callers import CalendarOwner, Callers
from backend.sql import Database

CHECK = "check_drift"
CHECK_AFTER = timedelta(seconds=5)
"""Until then the road has mended what it can mend at once."""
ROUNDS = 5
"""So often is looked again, each time after three times as long; then the next night tells."""
MOST_PER_SLICE = 20
STILL = "still_there"
_OF_EVENTS = frozenset({Drift.CATEGORY_MISSING, Drift.CATEGORY_LEFT, Drift.CHANGE_NOT_SEEN})
_WITHOUT_LINK = frozenset({Drift.CATEGORY_WITHOUT_LINK, Drift.NOT_SELECTED})


class Checking:
    """The worker's part after a fix."""

    def __init__(
        self,
        database: Database,
        operations: Operations,
        comparing: Comparing,
        callers: Callers,
        calendars: Calendars,
        crm: CrmGateway,
        clock: Clock,
    ) -> None:
        self._database = database
        self._operations = operations
        self._comparing = comparing
        self._callers = callers
        self._calendars = calendars
        self._crm = crm
        self._clock = clock
        operations.teach(CHECK, self._next)

    def _next(self, claimed: Claimed) -> Slice:
        tenant_id, ids = claimed.argument["tenant"], claimed.ids[:MOST_PER_SLICE]
        with self._database.read() as session:
            rows = drifts.load(session, claimed.firm_id, ids)
            session.expunge_all()
        until, still = self._clock() + SLICE_TIME, set[str]()
        for number, key in enumerate(ids):
            if number and self._clock() >= until:
                ids = ids[:number]
                break
            if key in rows and self._is_still_there(tenant_id, rows[key]):
                still.add(key)
        is_last = len(ids) == len(claimed.ids)

        def work(session: Session) -> Sequence[RowResult]:
            drifts.forget(session, claimed.firm_id, [key for key in ids if key not in still])
            if is_last:
                self._plan_again(session, claimed, still)
            return [RowResult(key, ok=key not in still, code=_code(key in still)) for key in ids]

        return Slice(work, is_last=is_last, gives_way=True)

    def _plan_again(self, session: Session, claimed: Claimed, still: set[str]) -> None:
        number = claimed.argument["round"] + 1
        before = session.get_one(OperationRow, claimed.id).failures
        ids = sorted({*before, *still})
        if not ids or number >= ROUNDS:
            return
        self._operations.plan(
            session,
            claimed.firm_id,
            CHECK,
            argument={**claimed.argument, "round": number},
            ids=ids,
            by_user_id=claimed.by_user_id,
            not_before=self._clock() + CHECK_AFTER * 3**number,
        )

    def _is_still_there(self, tenant_id: str, row: DriftRow) -> bool:
        """Whether the sides still disagree; when one does not answer, nobody knows: yes."""
        try:
            return self._disagrees(tenant_id, row)
        except SyncError:
            return True

    def _disagrees(self, tenant_id: str, row: DriftRow) -> bool:
        now, drift = self._clock(), Drift(row.kind)
        if drift is Drift.MAILBOX_NOT_READ:
            assert row.mailbox_id is not None
            with self._database.read() as session:
                return was_not_read(*drifts.read_at(session, row.mailbox_id), now)
        if drift is Drift.RECORD_WITHOUT_LINK:
            return self._is_unknown(tenant_id, row)
        if drift in _WITHOUT_LINK:
            return self._has_no_link(tenant_id, row, drift)
        rest = self._link_of(tenant_id, row)
        if rest is None:
            return False
        if drift is Drift.LEFT_UNDONE:
            return rest.left_undone(now)
        if drift is Drift.EVENT_NOT_SHOWN and not rest.link.is_wanted:
            return False
        if not rest.is_at_rest(now):
            return True
        return self._link_disagrees(rest, drift)

    def _link_disagrees(self, rest: Resting, drift: Drift) -> bool:
        """About a link at rest."""
        now, link = self._clock(), rest.link
        owner = self._callers.owner_of_mailbox(link.tenant_id, link.mailbox_id)
        if drift in _OF_EVENTS:
            event = self._event(owner, link.event_id)
            return event is not None and drift in compare_event(rest, event, owner.policy, now)
        if drift is Drift.EVENT_NOT_SHOWN:
            return not self._is_listed(owner, link.ical_uid)
        records = records_of(self._crm, rest, now)
        return drift in compare_record(rest, records, owner.policy, now)

    def _link_of(self, tenant_id: str, row: DriftRow) -> Resting | None:
        with self._database.read() as session:
            found = session.get(LinkRow, row.link_id) if row.link_id is not None else None
            return None if found is None else resting(found, tenant_id, self._clock())

    def _is_unknown(self, tenant_id: str, row: DriftRow) -> bool:
        record = self._crm.find_activity(tenant_id, row.external_key or "")
        if record is None or record.removed or record.draft.sync_status is not SyncStatus.SYNCED:
            return False
        with self._database.read() as session:
            return links.find_by_ical_uid(session, row.firm_id, row.ical_uid or "") is None

    def _has_no_link(self, tenant_id: str, row: DriftRow, drift: Drift) -> bool:
        assert row.mailbox_id is not None
        assert row.event_id is not None
        with self._database.read() as session:
            if links.find(session, row.mailbox_id, (row.event_id,)) is not None:
                return False
        owner = self._callers.owner_of_mailbox(tenant_id, row.mailbox_id)
        event = self._event(owner, row.event_id)
        if event is None:
            return False
        return any(kind is drift for kind, _ in self._comparing.unlinked(owner, [event]))

    def _event(self, owner: CalendarOwner, event_id: str) -> Event | None:
        calendar = self._calendar(owner)
        try:
            with self._callers.graph(owner):
                return calendar.get_event(owner.mailbox, event_id).event
        except RemoteNotFoundError:
            return None

    def _is_listed(self, owner: CalendarOwner, ical_uid: str | None) -> bool:
        calendar = self._calendar(owner)
        with self._callers.graph(owner):
            return bool(calendar.find_events(owner.mailbox, ical_uid or "", default_calendar=True))

    def _calendar(self, owner: CalendarOwner) -> Calendar:
        """Raises: NotNowError."""
        if owner.server is None:
            raise NotNowError(code="no_online_server")
        return self._calendars.as_app(owner.server)


def _code(is_still: bool) -> str | None:
    return STILL if is_still else None
