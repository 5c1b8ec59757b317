"""What an admin has done about a drift: wishes and rings only, the road does the rest (A10).

Gather (remote, no transaction) → one short transaction per slice → a look some seconds later
whether it has healed: then the finding goes, else it stays and says since when it is being mended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.db import drifts, known_links, links, watches
from backend.db.admin_models import DriftRow, OperationRow
from backend.db.models import LinkRow
from backend.db.rows import apply
from backend.db.statements import run
from backend.domain.crm import CrmGateway
from backend.domain.errors import (
    ChangedMeanwhileError,
    InvalidFieldsError,
    NotNowError,
    SyncError,
)
from backend.domain.event import Event
from backend.domain.link import LinkState, Trigger
from backend.domain.policy import Origin
from backend.domain.ports import Calendar, Calendars, Clock, Principal
from backend.domain.reconciliation import FIXES, Drift, Fix
from backend.services.administration.answers import BulkAnswer, RowResult
from backend.services.administration.checking import CHECK, CHECK_AFTER
from backend.services.administration.comparing import SLICE_TIME
from backend.services.administration.office import Admin, Office
from backend.services.administration.operations import (
    Claimed,
    Operations,
    Slice,
    operation_of,
)
from backend.services.callers import CalendarOwner, Callers
from backend.services.choosing import Choosing, Prepared
from backend.services.driving import Ring
from backend.services.reevaluation import wake
from backend.services.transactions import run_again_if_taken
from backend.sql import Database

FIX = "fix_drift"
MOST_AT_ONCE = 500
MOST_LOOKED_AT = 20
"""Some fixes have to look at each event first: more than that are done in the background."""
MOST_OF_A_KIND = 20_000
"""So many of a kind are mended by one act; whoever asks again gets the next."""
TOO_SLOW = "remote_unavailable"
_BUDGET = 10.0
_LOOKING = frozenset(
    {
        (Drift.CATEGORY_WITHOUT_LINK, Fix.CHOOSE),
        (Drift.NOT_SELECTED, Fix.CHOOSE),
        (Drift.RECORD_WITHOUT_LINK, Fix.WRITE),
        (Drift.RECORD_WITHOUT_LINK, Fix.REMOVE),
    }
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Findings by their ids, or all of a kind; then as many as the admin was told."""

    ids: tuple[str, ...] = ()
    kind: Drift | None = None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a fix had to look at first; ``code``: why it cannot be done."""

    owner: CalendarOwner | None = None
    prepared: Prepared | None = None
    event: Event | None = None
    code: str | None = None


_Sights = Mapping[str, _Seen]


class Repairs:
    """Fixes findings, at once or as an operation."""

    def __init__(
        self,
        database: Database,
        office: Office,
        operations: Operations,
        callers: Callers,
        calendars: Calendars,
        crm: CrmGateway,
        clock: Clock,
        ring: Ring,
    ) -> None:
        self._database = database
        self._office = office
        self._operations = operations
        self._callers = callers
        self._calendars = calendars
        self._crm = crm
        self._clock = clock
        self._ring = ring
        operations.teach(FIX, self._next)

    def fix(self, principal: Principal, chosen: Chosen, fix: Fix) -> BulkAnswer:
        """Have these findings mended; over 500, or over 20 that are looked at first, in the
        background.

        Raises: InvalidFieldsError when this is no fix for one of them; ChangedMeanwhileError when
        there are more than the admin was told.
        """
        admin = self._office.admit(principal)
        ids, rows = self._chosen(admin, chosen)
        kinds = {Drift(row.kind) for row in rows.values()}
        for kind in kinds:
            if fix not in FIXES[kind]:
                raise InvalidFieldsError({"fix": [f"This does not mend {kind.value}."]})
        looks = any((kind, fix) in _LOOKING for kind in kinds)
        if len(ids) > (MOST_LOOKED_AT if looks else MOST_AT_ONCE):
            with self._database.write.begin() as session:
                argument = {"fix": fix.value, "tenant": admin.tenant_id}
                row = self._operations.begin(session, admin, FIX, argument=argument, ids=ids)
                answer = BulkAnswer(operation=operation_of(row))
            self._operations.wake()
            return answer
        reached, sights = self._look(admin.tenant_id, ids, rows, fix)

        def work(session: Session) -> list[RowResult]:
            results = self._apply(session, admin, reached, fix, sights)
            self._plan_check(session, admin, [each.id for each in results if each.ok])
            return results

        # Somebody may tick the same event at this moment: then its link is found.
        results = run_again_if_taken(self._database, work)
        results += [RowResult(key, ok=False, code=TOO_SLOW) for key in ids[len(reached) :]]
        wake(self._ring)
        self._operations.wake(CHECK_AFTER.total_seconds())
        return BulkAnswer(items=tuple(results))

    def _chosen(self, admin: Admin, chosen: Chosen) -> tuple[list[str], dict[str, DriftRow]]:
        with self._database.read() as session:
            ids = list(dict.fromkeys(chosen.ids))
            if chosen.kind is not None:
                kind = chosen.kind.value
                count = drifts.counts(session, admin.firm_id).get(kind, 0)
                if chosen.expected is not None and count > chosen.expected:
                    raise ChangedMeanwhileError(
                        f"There are {count} of them now. Look at the new number first."
                    )
                ids = drifts.ids_of_kind(session, admin.firm_id, kind, most=MOST_OF_A_KIND)
            rows = drifts.load(session, admin.firm_id, ids)
            session.expunge_all()
        return ids, rows

    def _next(self, claimed: Claimed) -> Slice:
        """The next slice of a big fix."""
        assert claimed.by_user_id is not None
        tenant_id, fix = claimed.argument["tenant"], Fix(claimed.argument["fix"])
        admin = Admin(tenant_id, claimed.firm_id, claimed.by_user_id, "")
        ids = claimed.ids[:MOST_LOOKED_AT]
        with self._database.read() as session:
            rows = drifts.load(session, claimed.firm_id, ids)
            session.expunge_all()
        reached, sights = self._look(tenant_id, ids, rows, fix)
        is_last = len(reached) == len(claimed.ids)

        def work(session: Session) -> Sequence[RowResult]:
            results = self._apply(session, admin, reached, fix, sights)
            if is_last:
                everything = session.get_one(OperationRow, claimed.id).ids
                self._plan_check(session, admin, everything)
            return results

        return Slice(work, is_last=is_last, rings=True)

    def _plan_check(self, session: Session, admin: Admin, ids: Sequence[str]) -> None:
        if ids:
            self._operations.plan(
                session,
                admin.firm_id,
                CHECK,
                argument={"tenant": admin.tenant_id, "round": 0},
                ids=ids,
                by_user_id=admin.user_id,
                not_before=self._clock() + CHECK_AFTER,
            )

    # -- gather ----------------------------------------------------------------------------------

    def _look(
        self, tenant_id: str, ids: Sequence[str], rows: Mapping[str, DriftRow], fix: Fix
    ) -> tuple[Sequence[str], _Sights]:
        """What has to be seen before the transaction; a side that fails is a row's own code.

        Answers also how many of ``ids`` there was time for: a slice ends before its lease does.
        """
        until, sights = self._clock() + SLICE_TIME, dict[str, _Seen]()
        for number, key in enumerate(ids):
            row = rows.get(key)
            if row is None or (Drift(row.kind), fix) not in _LOOKING:
                continue
            if sights and self._clock() >= until:
                return ids[:number], sights
            try:
                sights[key] = self._look_at(tenant_id, row)
            except SyncError as error:
                sights[key] = _Seen(code=error.code)
        return ids, sights

    def _look_at(self, tenant_id: str, row: DriftRow) -> _Seen:
        if row.mailbox_id is None:
            return _Seen(code="owner_unknown")
        owner = self._callers.owner_of_mailbox(tenant_id, row.mailbox_id)
        if owner.server is None:
            raise NotNowError(code="no_online_server")
        calendar = self._calendars.as_app(owner.server, budget=_BUDGET)
        with self._callers.graph(owner):
            event = _find(calendar, owner, row)
        if event is None:
            return _Seen(code="event_gone")
        if row.kind == Drift.RECORD_WITHOUT_LINK:
            return _Seen(owner, event=event)
        return _Seen(owner, Choosing(self._crm, self._clock).prepare(owner, [event]), event)

    # -- commit ----------------------------------------------------------------------------------

    def _apply(
        self, session: Session, admin: Admin, ids: Sequence[str], fix: Fix, sights: _Sights
    ) -> list[RowResult]:
        now = self._clock()
        rows = drifts.load(session, admin.firm_id, ids)
        results = []
        for key in ids:
            row = rows.get(key)
            code = "not_found" if row is None else self._mend(session, admin, row, fix, sights)
            results.append(RowResult(key, ok=code is None, code=code))
            if row is not None and code is None:
                self._office.note(
                    session, admin, "drift_fixed", "finding", row.id, (row.kind, fix.value)
                )
        mended = [each.id for each in results if each.ok]
        drifts.note_fixed(session, admin.firm_id, mended, now)
        return results

    def _mend(
        self, session: Session, admin: Admin, row: DriftRow, fix: Fix, sights: _Sights
    ) -> str | None:
        """Write the wish down; why not, if it cannot be."""
        now = self._clock()
        if fix is Fix.READ:
            assert row.mailbox_id is not None
            watches.ring(session, row.mailbox_id, now)
            return None
        if (Drift(row.kind), fix) in _LOOKING:
            return self._take_up(session, admin, fix, sights.get(row.id))
        link = links.lock(session, row.link_id) if row.link_id is not None else None
        if link is None:
            return "not_found"
        if fix is Fix.MEND:
            # Only mended, never read as somebody's act (R2).
            run(session, update(LinkRow).where(LinkRow.id == link.id).values(category_seen=None))
        elif fix is Fix.WRITE and link.state is LinkState.LINKED:
            link.adopt = True
            _apply(session, link, Trigger.OUTDATED, admin, self._clock)
        elif fix is Fix.REMOVE and link.state is LinkState.REMOVED:
            _apply(session, link, Trigger.OUTDATED, admin, self._clock)
        session.flush()
        links.ring(session, link.id, now)
        return None

    def _take_up(self, session: Session, admin: Admin, fix: Fix, seen: _Seen | None) -> str | None:
        if seen is None or seen.owner is None or seen.event is None:
            return seen.code if seen is not None else "not_found"
        now, owner, event = self._clock(), seen.owner, seen.event
        if seen.prepared is not None:
            known = known_links.find(session, owner.mailbox_id, [event.id])
            choosing = Choosing(self._crm, self._clock)
            choosing.store(session, owner, seen.prepared, known, now)
            return None
        uid = event.ical_uid
        leader = links.find_by_ical_uid(session, owner.firm_id, uid) if uid is not None else None
        if leader is not None or links.find(session, owner.mailbox_id, (event.id,)) is not None:
            return "changed_meanwhile"
        link = _new_link(owner, event, self._clock)
        session.add(link)
        session.flush()
        links.learn_event(session, link, event, now)
        if fix is Fix.WRITE:
            link.adopt = True
            _apply(session, link, Trigger.TICK, admin, self._clock)
        else:
            link.opted_out = True
            _apply(session, link, Trigger.OUTDATED, admin, self._clock)
        session.flush()
        links.ring(session, link.id, now)
        return None


def _apply(session: Session, link: LinkRow, trigger: Trigger, admin: Admin, clock: Clock) -> None:
    apply(
        session,
        link,
        trigger,
        now=clock(),
        line="reconciled",
        reason=link.reason if trigger is Trigger.OUTDATED else None,
        by_user_id=admin.user_id,
    )


def _new_link(owner: CalendarOwner, event: Event, clock: Clock) -> LinkRow:
    """A link of the record that has none; the category is mended, whatever it shows (R2)."""
    return LinkRow(
        firm_id=owner.firm_id,
        mailbox_id=owner.mailbox_id,
        event_id=event.id,
        state=LinkState.REMOVED,
        origin=Origin.MANUAL,
        wished_by=owner.user_id,
        category_seen=None,
        created_at=clock(),
        version=0,
    )


def _find(calendar: Calendar, owner: CalendarOwner, row: DriftRow) -> Event | None:
    """The event as a list of the calendar shows it: a GET may answer for a deleted one (L6)."""
    if row.ical_uid is None:
        return None
    listed = calendar.find_events(owner.mailbox, row.ical_uid, default_calendar=True)
    return next((event for event in listed if row.event_id in (None, event.id)), None)
