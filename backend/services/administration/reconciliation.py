"""Reconciliation: category in Outlook, link and CRM record compared, on demand and nightly (A10).

A comparison is an operation: the worker does it mailbox by mailbox, in slices, and a killed
worker's successor goes on. Findings are stored; what a later comparison does not see
again has healed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db import candidates, drifts, links, people
from backend.db.admin_models import OperationRow
from backend.db.drifts import RECONCILE, FindingFilter, Found
from backend.db.history import Place as Before
from backend.db.machine_models import ClockRow
from backend.db.models import FirmRow, LinkRow
from backend.domain.crm import Activity, CrmGateway, SyncStatus
from backend.domain.crm_abilities import ListsRecords
from backend.domain.errors import RemoteError, TransientRemoteError
from backend.domain.link import LinkState
from backend.domain.ports import Clock, Principal
from backend.domain.reconciliation import FIXES, Drift, Fix
from backend.services.administration.answers import Operation, RowResult
from backend.services.administration.comparing import (
    LONGEST_PAUSE,
    MOST_TRIES,
    Comparing,
    Part,
    Progress,
    resting,
)
from backend.services.administration.drift_words import (
    DESTRUCTIVE,
    MEANS,
    consequence_of,
    name_of,
)
from backend.services.administration.office import Office
from backend.services.administration.operations import (
    Claimed,
    Operations,
    Slice,
    operation_of,
)
from backend.services.answers import Place
from backend.sql import Database

__all__ = ["FindingFilter", "Reconciliation"]

DAY = timedelta(days=1)
NIGHT = time(1, tzinfo=UTC)
NIGHT_HOURS = 4
"""Firms begin between one and five o'clock UTC, each always at its own minute."""
THE_CRM = "crm"
"""The last thing compared: the records themselves, of which some may have no link."""
RECORDS_PAGE = 200
MOST_UNREAD = 50
"""So many mailboxes that could not be read are named."""
_OF_RECORDS = (Drift.RECORD_WITHOUT_LINK.value, Drift.RECORD_NOT_REMOVED.value)


@dataclass(frozen=True, slots=True)
class FixOffer:
    fix: Fix
    name: str
    consequence: str
    destructive: bool


@dataclass(frozen=True, slots=True)
class DriftKind:
    """A kind of drift: how often it was found, and what may be done about it."""

    kind: Drift
    text: str
    count: int
    fixes: tuple[FixOffer, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A mailbox that could not be compared to its end, and why."""

    mailbox_id: str
    user: str | None
    code: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Where the comparison of a firm stands."""

    total: int
    kinds: tuple[DriftKind, ...]
    running: Operation | None
    last: Operation | None
    unread: tuple[Unread, ...]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not agree; masked by construction: codes and ids."""

    id: str
    kind: str
    text: str
    user: str | None
    mailbox_id: str | None
    event_id: str | None
    ical_uid: str | None
    activity_id: str | None
    found_at: datetime
    fixed_at: datetime | None


@dataclass(frozen=True, slots=True)
class FindingsPage:
    items: tuple[Finding, ...]
    next: Place | None


class Reconciliation:
    """Begins comparisons, shows what they found; and compares, as the worker's part."""

    def __init__(
        self,
        database: Database,
        office: Office,
        operations: Operations,
        comparing: Comparing,
        crm: CrmGateway,
        clock: Clock,
    ) -> None:
        self._database = database
        self._office = office
        self._operations = operations
        self._comparing = comparing
        self._crm = crm
        self._clock = clock
        operations.teach(RECONCILE, self._next)

    def begin(self, principal: Principal) -> Operation:
        """Compare everything now; the comparison that is going on already is answered instead."""
        admin = self._office.admit(principal)
        with self._database.write.begin() as session:
            # Two admins who ask at once get one comparison.
            session.get(FirmRow, admin.firm_id, with_for_update=True)
            row = drifts.running(session, admin.firm_id)
            if row is None:
                ids = [*drifts.mailboxes_to_compare(session, admin.firm_id), THE_CRM]
                row = self._operations.begin(
                    session, admin, RECONCILE, argument={"tenant": admin.tenant_id}, ids=ids
                )
            begun = operation_of(row)
        self._operations.wake()
        return begun

    def begin_due(self) -> int:
        """Begin the comparisons whose night has come, once whatever the number of workers; answers
        how many. Called at every sweep.
        """
        now, begun = self._clock(), 0
        with self._database.write.begin() as session:
            firms = select(FirmRow).where(FirmRow.sync_enabled, ~FirmRow.paused)
            for firm in session.scalars(firms).all():
                if self._begin_nightly(session, firm, now):
                    begun += 1
        if begun:
            self._operations.wake()
        return begun

    def _begin_nightly(self, session: Session, firm: FirmRow, now: datetime) -> bool:
        name, night = _clock_of(firm.id), _next_night(firm.id, now)
        if session.get(ClockRow, name) is None:
            people.plan_once(session, name, now, night - now, at_most_every=timedelta())
            return False
        if not people.take_clock(session, name, now, night - now):
            return False
        if drifts.running(session, firm.id) is not None:
            return False
        ids = [*drifts.mailboxes_to_compare(session, firm.id), THE_CRM]
        argument = {"tenant": firm.tenant_id}
        self._operations.plan(session, firm.id, RECONCILE, argument=argument, ids=ids)
        return True

    def summary(self, principal: Principal) -> Reconciled:
        """What was found, per kind, and when the next comparison is due."""
        admin = self._office.admit(principal)
        with self._database.read() as session:
            counts = drifts.counts(session, admin.firm_id)
            running = drifts.running(session, admin.firm_id)
            last = drifts.last_run(session, admin.firm_id)
            clock = session.get(ClockRow, _clock_of(admin.firm_id))
            return Reconciled(
                total=sum(counts.values()),
                kinds=tuple(_kind(drift, counts.get(drift.value, 0)) for drift in Drift),
                running=operation_of(running) if running is not None else None,
                last=operation_of(last) if last is not None else None,
                unread=_unread(session, admin.firm_id, last),
                next_at=clock.next_at if clock is not None else None,
            )

    def page(
        self, principal: Principal, chosen: FindingFilter, *, limit: int, after: Place | None
    ) -> FindingsPage:
        """Findings, newest first."""
        admin = self._office.admit(principal)
        before = Before(after.at, after.id) if after is not None else None
        with self._database.read() as session:
            found = drifts.page(session, admin.firm_id, chosen, limit=limit + 1, before=before)
            items = tuple(_finding(listed) for listed in found[:limit])
        is_last = len(found) <= limit
        return FindingsPage(items, None if is_last else Place(items[-1].found_at, items[-1].id))

    # -- the worker's part -----------------------------------------------------------------------

    def _next(self, claimed: Claimed) -> Slice:
        """The next slice of the mailbox that is being compared, or of the CRM's records."""
        subject = claimed.ids[0]
        if subject == THE_CRM:
            return self._next_records(claimed)
        at = _progress(claimed.cursor, subject) or Progress(subject, since=self._clock())
        part = self._comparing.slice_of(at)

        def apply(session: Session) -> Sequence[RowResult]:
            return self._store(session, claimed, part)

        return Slice(
            apply,
            is_last=False,
            cursor=None if part.is_done else _packed(part.progress),
            not_before=self._clock() + part.wait if part.wait else None,
            gives_way=True,
            rings=bool(part.private),
        )

    def _store(self, session: Session, claimed: Claimed, part: Part) -> list[RowResult]:
        now, mailbox_id = self._clock(), part.progress.mailbox_id
        still = [each for each in part.found if _is_unchanged(session, each, part, now)]
        drifts.keep(session, claimed.firm_id, claimed.id, still, now)
        for link_id in part.private:
            links.ring(session, link_id, now)
        if not part.is_done:
            return []
        if part.failure is not None:
            return [RowResult(mailbox_id, ok=False, code=part.failure)]
        drifts.forget_healed(
            session, claimed.firm_id, claimed.id, mailbox_id=mailbox_id, kinds=_OF_RECORDS
        )
        return [RowResult(mailbox_id, ok=True)]

    def _next_records(self, claimed: Claimed) -> Slice:
        """Records with our key of which no link knows, or whose link is not wanted."""
        at = json.loads(claimed.cursor or "{}")
        tenant_id, after = claimed.argument["tenant"], at.get("after")
        if not isinstance(self._crm, ListsRecords):
            return self._end(claimed, RowResult(THE_CRM, ok=False, code="not_listable"), [])
        try:
            page = self._crm.synced_records(tenant_id, after=after, limit=RECORDS_PAGE)
        except RemoteError as error:
            return self._records_failed(claimed, error, at)
        found = self._unknown(claimed.firm_id, tenant_id, page.records)
        if page.next is None:
            return self._end(claimed, RowResult(THE_CRM, ok=True), found)

        def apply(session: Session) -> Sequence[RowResult]:
            drifts.keep(session, claimed.firm_id, claimed.id, found, self._clock())
            return []

        cursor = json.dumps({"after": page.next})
        return Slice(apply, is_last=False, cursor=cursor, gives_way=True)

    def _records_failed(self, claimed: Claimed, error: RemoteError, at: dict[str, int]) -> Slice:
        tries = at.get("tries", 0) + 1
        if not isinstance(error, TransientRemoteError) or tries >= MOST_TRIES:
            return self._end(claimed, RowResult(THE_CRM, ok=False, code=error.code), [])
        wait = timedelta(seconds=error.retry_after or 5 * 2 ** min(tries, 5))
        return Slice(
            lambda _session: [],
            is_last=False,
            cursor=json.dumps({**at, "tries": tries}),
            not_before=self._clock() + min(wait, LONGEST_PAUSE),
        )

    def _end(self, claimed: Claimed, result: RowResult, found: Sequence[Found]) -> Slice:
        """The last slice: mailboxes that are not compared any more have no findings."""

        def apply(session: Session) -> Sequence[RowResult]:
            drifts.keep(session, claimed.firm_id, claimed.id, found, self._clock())
            row = session.get_one(OperationRow, claimed.id)
            if result.ok:
                drifts.forget_healed(session, claimed.firm_id, claimed.id, kinds=_OF_RECORDS)
                drifts.forget_unreached(session, claimed.firm_id, claimed.id, row.ids)
            return [result]

        return Slice(apply, is_last=True)

    def _unknown(self, firm_id: str, tenant_id: str, records: Sequence[Activity]) -> list[Found]:
        now, prefix = self._clock(), f"{tenant_id}/"
        ours = {
            record.external_key.removeprefix(prefix): record
            for record in records
            if record.external_key is not None
            and record.external_key.startswith(prefix)
            and record.draft.sync_status is SyncStatus.SYNCED
        }
        oids = {record.draft.owner_id for record in ours.values() if record.draft.owner_id}
        found = []
        with self._database.read() as session:
            leaders = candidates.find_leaders(session, firm_id, list(ours))
            owners = people.mailboxes_of(session, firm_id, sorted(oids))
            for uid, record in ours.items():
                row = leaders.get(uid)
                if row is None:
                    mailbox_id = owners.get(record.draft.owner_id or "")
                    found.append(_of_record(record, uid, mailbox_id))
                elif row.state is LinkState.REMOVED:
                    rest = resting(row, tenant_id, now)
                    if rest.is_at_rest(now):
                        found.append(_of_removed(row, record))
        return found


def _of_record(record: Activity, uid: str, mailbox_id: str | None) -> Found:
    return Found(
        Drift.RECORD_WITHOUT_LINK,
        record.id,
        mailbox_id=mailbox_id,
        ical_uid=uid,
        activity_id=record.id,
        external_key=record.external_key,
    )


def _of_removed(row: LinkRow, record: Activity) -> Found:
    return Found(
        Drift.RECORD_NOT_REMOVED,
        row.id,
        mailbox_id=row.mailbox_id,
        link_id=row.id,
        event_id=row.event_id,
        ical_uid=row.ical_uid,
        activity_id=record.id,
        external_key=record.external_key,
    )


def _is_unchanged(session: Session, found: Found, part: Part, now: datetime) -> bool:
    """Whether nobody has worked on the link since it was compared."""
    if found.link_id is None:
        return True
    row = session.get(LinkRow, found.link_id)
    if row is None or row.version != part.versions.get(found.link_id):
        return False
    is_rung = found.kind != Drift.LEFT_UNDONE and row.due_at is not None and row.due_at <= now
    return not is_rung and not links.is_leased(row, now)


def _clock_of(firm_id: str) -> str:
    return f"reconcile:{firm_id}"


def _next_night(firm_id: str, now: datetime) -> datetime:
    """The firm's own minute of the next night."""
    minute = int(sha256(firm_id.encode()).hexdigest(), 16) % (NIGHT_HOURS * 60)
    tonight = datetime.combine(now.date(), NIGHT) + timedelta(minutes=minute)
    return tonight if tonight > now else tonight + DAY


def _unread(session: Session, firm_id: str, last: OperationRow | None) -> tuple[Unread, ...]:
    failures = dict(list(last.failures.items())[:MOST_UNREAD]) if last is not None else {}
    names = drifts.names_of_mailboxes(session, firm_id, list(failures))
    return tuple(Unread(key, names.get(key), code) for key, code in failures.items())


def _kind(drift: Drift, count: int) -> DriftKind:
    offers = tuple(
        FixOffer(fix, name_of(drift, fix), consequence_of(drift, fix), (drift, fix) in DESTRUCTIVE)
        for fix in FIXES[drift]
    )
    return DriftKind(drift, MEANS[drift], count, offers)


def _finding(listed: drifts.Listed) -> Finding:
    row, owner = listed.row, listed.owner
    known = {drift.value for drift in Drift}
    return Finding(
        id=row.id,
        kind=row.kind,
        text=MEANS[Drift(row.kind)] if row.kind in known else row.kind,
        user=(owner.address or owner.name) if owner is not None else None,
        mailbox_id=row.mailbox_id,
        event_id=row.event_id,
        ical_uid=row.ical_uid,
        activity_id=row.activity_id,
        found_at=row.found_at,
        fixed_at=row.fixed_at,
    )


def _progress(cursor: str | None, mailbox_id: str) -> Progress | None:
    """Where a slice before this one has come to."""
    if cursor is None:
        return None
    at = json.loads(cursor)
    if at.get("mailbox_id") != mailbox_id:
        return None
    return Progress(
        mailbox_id,
        since=datetime.fromisoformat(at["since"]),
        link=at["link"],
        is_listed=at["is_listed"],
        seen=frozenset(at["seen"]),
        after=at["after"],
        tries=at["tries"],
    )


def _packed(at: Progress) -> str:
    return json.dumps(
        {
            "mailbox_id": at.mailbox_id,
            "since": at.since.isoformat(),
            "link": at.link,
            "is_listed": at.is_listed,
            "seen": sorted(at.seen),
            "after": at.after,
            "tries": at.tries,
        }
    )
