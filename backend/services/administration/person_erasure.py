"""Erases a person for good (X6): an operation of steps, each of which may be repeated.

::

    stop ──► subscription ──► leaving ──► crm ──► settle ──► crm_again ──► rows
             └────── only a member of the firm ──────┘                   └ only a member

*stop* first: from then on no draft names the person and nobody reads his calendar. *settle* waits
until every run that began before has ended; what such a run may still have written, *crm_again*
takes out. The CRM is written directly here, as what is erased must not wait for anybody's calendar.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from backend.db import links, persons
from backend.db.models import FirmRow, WatchRow
from backend.db.persons import Member
from backend.db.rows import apply
from backend.domain.crm import CrmGateway
from backend.domain.crm_abilities import KnowsPeople
from backend.domain.erasure import hash_of
from backend.domain.errors import (
    InvalidFieldsError,
    NotNowError,
    RemoteError,
    TransientRemoteError,
)
from backend.domain.event import normalised_address
from backend.domain.ports import Calendars, Clock, Principal
from backend.services.administration.answers import Operation, RowResult
from backend.services.administration.office import Admin, Office
from backend.services.administration.operations import (
    Claimed,
    Operations,
    Slice,
    operation_of,
)
from backend.services.administration.person import Identity, Persons, subject_of
from backend.services.callers import Callers, Vault
from backend.services.road import LEASE_LENGTH
from backend.sql import Database

log = structlog.get_logger(__name__)

ERASE = "erase_person"
RECORDS = 200
"""Records of one step: each is a transaction of the CRM."""
SETTLED_AFTER = LEASE_LENGTH + timedelta(seconds=5)
"""Whoever walked a link when the erasure began has ended by then, or lost his lease."""
BUSY_PAUSE = timedelta(seconds=5)
MOST_TRIES = 6
"""So often Graph is asked to end a subscription; it ends by itself within a week."""

STOP, SUBSCRIPTION, LEAVING, CRM, SETTLE, CRM_AGAIN, ROWS = (
    "stop",
    "subscription",
    "leaving",
    "crm",
    "settle",
    "crm_again",
    "rows",
)
_OF_MEMBER = (STOP, SUBSCRIPTION, LEAVING, CRM, SETTLE, CRM_AGAIN, ROWS)
_OF_OTHERS = (STOP, CRM, SETTLE, CRM_AGAIN)


@dataclass(frozen=True, slots=True)
class _Case:
    """Whom it is about, unsealed for one step."""

    tenant_id: str
    firm_id: str
    addresses: tuple[str, ...]
    member: Member | None

    @property
    def owner_id(self) -> str | None:
        return self.member.oid if self.member is not None else None


class PersonErasure:
    """Begins erasures, and does them as the worker's part."""

    def __init__(
        self,
        database: Database,
        office: Office,
        operations: Operations,
        found: Persons,
        callers: Callers,
        calendars: Calendars,
        crm: CrmGateway,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._database = database
        self._office = office
        self._operations = operations
        self._persons = found
        self._callers = callers
        self._calendars = calendars
        self._crm = crm
        self._vault = vault
        self._clock = clock
        operations.teach(ERASE, self._next)

    def begin(self, principal: Principal, address: str, *, confirm: str) -> Operation:
        """Erase whoever has this address. ``confirm``: the address once more, typed by the admin.

        Raises: InvalidFieldsError; NotNowError ``not_yourself``, ``erasing_already``; RemoteError.
        """
        admin = self._office.admit(principal)
        if normalised_address(address) != normalised_address(confirm):
            wrong = "Type the address exactly as it is above."
            raise InvalidFieldsError({"confirm": [wrong]}, wrong)
        who = self._persons.identify(admin, address)
        if who.member is not None and who.member.user_id == admin.user_id:
            raise NotNowError(
                "You cannot erase yourself: ask another administrator.", code="not_yourself"
            )
        sealed = self._vault.encrypt(json.dumps(_packed(admin, who)))
        steps = _OF_OTHERS if who.member is None else _OF_MEMBER
        with self._database.write.begin() as session:
            session.get(FirmRow, admin.firm_id, with_for_update=True)
            if persons.running(session, admin.firm_id, ERASE) is not None:
                raise NotNowError(
                    "Somebody is being erased at the moment. Wait until that has ended.",
                    code="erasing_already",
                )
            row = self._operations.begin(
                session, admin, ERASE, argument={"sealed": sealed}, ids=steps
            )
            subject = subject_of(admin.firm_id, who)
            self._office.note(session, admin, "person_erased", "person", subject)
            begun = operation_of(row)
        self._operations.wake()
        return begun

    def lift(self, principal: Principal, address: str) -> bool:
        """Let records name this person again from now on; what was erased does not come back.

        False when nobody of this address was erased. Raises: NotNowError ``erasing_already``.
        """
        admin = self._office.admit(principal)
        who = self._persons.identify(admin, address)
        known = [*who.addresses, *([who.owner_id] if who.owner_id else [])]
        hashes = {hash_of(admin.firm_id, each) for each in known}
        with self._database.write.begin() as session:
            was_known = persons.forget_erased(session, admin.firm_id, hashes)
            if was_known and persons.running(session, admin.firm_id, ERASE) is not None:
                raise NotNowError(
                    "Somebody is being erased at the moment. Wait until that has ended.",
                    code="erasing_already",
                )
            if not was_known:
                return False
            subject = subject_of(admin.firm_id, who)
            self._office.note(session, admin, "erasure_lifted", "person", subject)
        return True

    # -- the worker's part -----------------------------------------------------------------------

    def _next(self, claimed: Claimed) -> Slice:
        case = self._unsealed(claimed)
        step = claimed.ids[0]
        at = json.loads(claimed.cursor or "{}")
        steps: dict[str, Callable[[_Case, Mapping[str, str]], _Done]] = {
            STOP: self._stop,
            SUBSCRIPTION: self._end_subscription,
            LEAVING: self._remove_leaving,
            CRM: self._erase_records,
            SETTLE: self._settle,
            CRM_AGAIN: self._erase_records,
            ROWS: self._delete_rows,
        }
        done = steps[step](case, at)
        is_last = done.is_done and len(claimed.ids) == 1

        def work(session: Session) -> Sequence[RowResult]:
            is_done = done.work(session)
            if is_last:
                # Not sooner: an erasure that was stopped has to find all his addresses again.
                persons.forget_addresses(session, case.firm_id, case.addresses)
            return [RowResult(step, ok=True)] if is_done and done.is_done else []

        return Slice(
            work,
            is_last=is_last,
            cursor=json.dumps(done.cursor) if done.cursor and not done.is_done else None,
            not_before=None if done.wait is None else self._clock() + done.wait,
            rings=step in (CRM, CRM_AGAIN),
        )

    def _stop(self, case: _Case, _at: Mapping[str, str]) -> _Done:
        found = self._crm.contacts_by_address(case.tenant_id, case.addresses)
        names = {contact.name for carried in found.values() for contact in carried}
        hidden = [*case.addresses, *([case.owner_id] if case.owner_id else [])]
        hashes = {hash_of(case.firm_id, each) for each in hidden}

        def work(session: Session) -> bool:
            if case.member is not None:
                persons.stop(session, case.member)
            persons.remember_erased(session, case.firm_id, hashes)
            persons.forget_reasons(session, case.firm_id, names - {""})
            return True

        return _Done(work)

    def _end_subscription(self, case: _Case, at: Mapping[str, str]) -> _Done:
        """No more notifications; where Graph does not answer, it ends by itself within a week."""
        assert case.member is not None
        tries = int(at.get("tries", "0")) + 1
        with self._database.read() as session:
            watch = session.get(WatchRow, case.member.mailbox_id)
            subscription_id = watch.subscription_id if watch is not None else None
        if subscription_id is None:
            return _Done()
        owner = self._callers.owner_of_mailbox(case.tenant_id, case.member.mailbox_id)
        if owner.server is None:
            return _Done()
        try:
            self._calendars.as_app(owner.server).unsubscribe(subscription_id)
        except TransientRemoteError as error:
            if tries < MOST_TRIES:
                wait = timedelta(seconds=min(error.retry_after or 5 * 2**tries, 120))
                return _Done(is_done=False, cursor={"tries": str(tries)}, wait=wait)
        except RemoteError as error:
            log.info("erasure.subscription_stays", code=error.code)
        return _Done()

    def _remove_leaving(self, case: _Case, _at: Mapping[str, str]) -> _Done:
        """Records that he had taken out already go now: nobody will walk his links any more."""
        assert case.member is not None
        with self._database.read() as session:
            if persons.is_worked_on(session, case.member.mailbox_id, self._clock()):
                return _Done(is_done=False, wait=BUSY_PAUSE)
            rows = persons.leaving(session, case.member.mailbox_id)
            keys = [f"{case.tenant_id}/{row.ical_uid}" for row in rows if row.ical_uid]
        for key in keys:
            self._crm.destroy_activity(case.tenant_id, key)
        return _Done()

    def _erase_records(self, case: _Case, _at: Mapping[str, str]) -> _Done:
        """A batch of records; the links of those that go on are rung, so that they know them."""
        crm = self._crm
        if not isinstance(crm, KnowsPeople):
            return _Done()
        named = crm.records_of_person(
            case.tenant_id, case.addresses, owner_id=case.owner_id, after="", limit=RECORDS
        )
        erased = crm.erase_person(
            case.tenant_id, case.addresses, owner_id=case.owner_id, limit=RECORDS
        )
        prefix = f"{case.tenant_id}/"
        uids = [
            record.external_key.removeprefix(prefix)
            for record in named
            if record.external_key is not None and record.external_key.startswith(prefix)
        ]

        def work(session: Session) -> bool:
            self._ring_links(session, case.firm_id, uids)
            return True

        return _Done(work, is_done=erased.is_done)

    def _ring_links(self, session: Session, firm_id: str, uids: Sequence[str]) -> None:
        now = self._clock()
        for uid in uids:
            row = links.find_by_ical_uid(session, firm_id, uid)
            if row is None:
                continue
            # Raises the version: whoever walks it with the old settings writes nothing (R4).
            apply(session, row, None, now=now, line="person_erased")
            session.flush()
            links.ring(session, row.id, now)

    def _settle(self, _case: _Case, at: Mapping[str, str]) -> _Done:
        now = self._clock()
        since = datetime.fromisoformat(at["since"]) if "since" in at else now
        waits = since + SETTLED_AFTER - now
        if waits <= timedelta():
            return _Done()
        return _Done(is_done=False, cursor={"since": since.isoformat()}, wait=waits)

    def _delete_rows(self, case: _Case, _at: Mapping[str, str]) -> _Done:
        """His rows in batches, at last himself; the same step again until none is left."""
        member = case.member
        assert member is not None
        with self._database.read() as session:
            is_left = persons.has_rows(session, member)

        def work(session: Session) -> bool:
            is_some_left = persons.delete_some(session, member)
            if is_left:
                return False
            while is_some_left:
                # Somebody opened his calendar just now.
                is_some_left = persons.delete_some(session, member)
            persons.delete_member(session, member)
            return True

        return _Done(work, is_done=not is_left)

    def _unsealed(self, claimed: Claimed) -> _Case:
        packed = json.loads(self._vault.decrypt(claimed.argument["sealed"]))
        member = Member(**packed["member"]) if packed["member"] else None
        return _Case(packed["tenant"], claimed.firm_id, tuple(packed["addresses"]), member)


def _nothing(_session: Session) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of a part of a step; ``work`` belongs to its transaction."""

    work: Callable[[Session], bool] = _nothing
    is_done: bool = True
    cursor: Mapping[str, str] | None = None
    wait: timedelta | None = None


def _packed(admin: Admin, who: Identity) -> dict[str, object]:
    """What has to be known until the end, sealed: an operation's row is read by many."""
    member = who.member
    return {
        "tenant": admin.tenant_id,
        "addresses": list(who.addresses),
        "member": {
            "user_id": member.user_id,
            "oid": member.oid,
            "name": "",
            "address": None,
            "mailbox_id": member.mailbox_id,
        }
        if member is not None
        else None,
    }
