"""Writes wishes down: the only thing a door does to the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from backend.db import history, links
from backend.db.links import Lease
from backend.db.models import LinkRow
from backend.db.rows import apply, snapshot, store_memory
from backend.domain.category import remember_look
from backend.domain.crm import AttendeeMatch
from backend.domain.errors import RuleError
from backend.domain.event import Event
from backend.domain.link import (
    ENDED,
    WANTED,
    CategoryPermission,
    EndReason,
    Link,
    LinkState,
    Trigger,
)
from backend.domain.policy import Origin
from backend.domain.ports import Clock, Look
from backend.domain.rules import Verdict
from backend.services.callers import Caller
from backend.services.road import LEASE_LENGTH
from backend.services.transactions import run_again_if_taken
from backend.sql import Database

AWAITED_FOR = timedelta(minutes=30)
"""For how long a just saved event may be missing in Graph (T8)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a door could learn before the wish was written down."""

    look: Look | None = None
    matches: tuple[AttendeeMatch, ...] | None = None
    verdict: Verdict | None = None
    is_silent: bool = False
    """Graph or the CRM did not answer in time."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish that was written down: the link as the commit left it.

    ``lease`` is the right to walk it at once; ``None`` while somebody else works on the link.
    """

    link: Link
    lease: Lease | None


@dataclass(frozen=True, slots=True)
class RowState:
    """Whether somebody works on a link, and whether it waits for work."""

    leased: bool
    due: bool


class Wishes:
    """Stores ticks, unticks and refusals, and hands out leases on the links."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def find(
        self, caller: Caller, event_ids: Sequence[str], ical_uid: str | None = None
    ) -> Link | None:
        with self._database.read() as session:
            row = links.find(session, caller.owner.mailbox_id, event_ids)
            if row is None and ical_uid is not None:
                row = links.find_by_ical_uid(session, caller.owner.firm_id, ical_uid)
                if row is not None and row.mailbox_id != caller.owner.mailbox_id:
                    row = None
            return None if row is None else snapshot(row, caller.owner.tenant_id)

    def recognise(self, caller: Caller, event_id: str, event: Event) -> Link | None:
        """The link of an event that a look has shown; from now on also known by ``event_id``."""
        link = self.find(caller, (event.id,), event.ical_uid)
        if link is not None and event_id != link.event_id:

            def remember(session: Session) -> None:
                row = links.lock(session, link.id)
                if row is not None:
                    links.remember_id(session, row, event_id)

            run_again_if_taken(self._database, remember)
        return link

    def reload(self, caller: Caller, link_id: str, event_id: str) -> Link:
        """The link as it stands; under ``event_id`` if it was merged with another one meanwhile."""
        with self._database.read() as session:
            row = session.get(LinkRow, link_id)
            if row is None:
                row = links.find(session, caller.owner.mailbox_id, (event_id,))
            assert row is not None
            return snapshot(row, caller.owner.tenant_id)

    def store_tick(
        self, caller: Caller, event_id: str, seen: Seen, origin: Origin, *, just_saved: bool
    ) -> Wish:
        """Want the event.

        Raises: RuleError with code ``already_linked`` when another mailbox leads the meeting (S3).
        """

        def store(session: Session) -> Wish:
            row = self._wanted_row(session, caller, event_id, seen, origin)
            self._apply_tick(session, caller, row, seen, origin)
            if just_saved and seen.look is None:
                row.awaited_until = self._clock() + AWAITED_FOR
            return self._written(session, caller, row)

        return run_again_if_taken(self._database, store)

    def _wanted_row(
        self, session: Session, caller: Caller, event_id: str, seen: Seen, origin: Origin
    ) -> LinkRow:
        event = seen.look.event if seen.look is not None else None
        row = self._known_row(session, caller, event_id, event)
        if row is None:
            return self._new_link(session, caller, event_id, event, origin)
        twin = None if event is None else links.find_twin(session, row, event)
        if twin is not None and (kept := links.lock(session, twin.id)) is not None:
            # What was wished for under the other id is older than this tick.
            links.merge_into(session, row, kept)
            row = kept
        links.remember_id(session, row, event_id)
        return row

    def _known_row(
        self, session: Session, caller: Caller, event_id: str, event: Event | None
    ) -> LinkRow | None:
        """The event's link, locked; looked for again if it was merged into another meanwhile."""
        ids = (event_id,) if event is None else (event_id, event.id)
        while True:
            row = links.find(session, caller.owner.mailbox_id, ids)
            if row is None and event is not None and event.ical_uid is not None:
                row = links.find_by_ical_uid(session, caller.owner.firm_id, event.ical_uid)
            if row is None:
                return None
            if row.mailbox_id != caller.owner.mailbox_id:
                raise RuleError(
                    "Another calendar of your firm already keeps this meeting.",
                    code=EndReason.ALREADY_LINKED,
                )
            locked = links.lock(session, row.id)
            if locked is not None:
                return locked

    def _new_link(
        self,
        session: Session,
        caller: Caller,
        event_id: str,
        event: Event | None,
        origin: Origin,
    ) -> LinkRow:
        """A link of what nobody knew a moment ago, by none of its ids: so nobody is asked again."""
        row = LinkRow(
            firm_id=caller.owner.firm_id,
            mailbox_id=caller.owner.mailbox_id,
            event_id=event_id if event is None else event.id,
            ical_uid=None if event is None else event.ical_uid,
            state=LinkState.REMOVED,
            origin=origin,
            wished_by=caller.user_id,
            created_at=self._clock(),
            version=0,
        )
        session.add(row)
        session.flush()
        links.add_id(session, row, event_id)
        return row

    def _apply_tick(
        self,
        session: Session,
        caller: Caller,
        row: LinkRow,
        seen: Seen,
        origin: Origin,
    ) -> None:
        """A person's act is newer than any memory (R2); if it changes nothing, nothing changes."""
        now = self._clock()
        event = seen.look.event if seen.look is not None else None
        before = snapshot(row, caller.owner.tenant_id)
        name = caller.owner.policy.category_name
        memory = replace(before.category, permission=CategoryPermission.UNKNOWN)
        if event is not None:
            memory = remember_look(memory, event, name)
        else:
            # Made without a look, so what the event shows now is unknown (R2).
            memory = replace(memory, seen=None)
        unchanged = (
            before.is_wanted
            and not before.opted_out
            and before.blocked_by is None
            and before.origin is origin
            and before.category.seen == memory.seen
        )
        if not unchanged:
            row.opted_out = False
            # A record that is linked is ours already; edits made from now on are a person's (L4).
            row.adopt = row.adopt or before.state is not LinkState.LINKED
            row.blocked_by = None
            row.origin = origin
            if origin is Origin.MANUAL:
                row.because = None
            row.wished_by = caller.user_id
            row.undo_until = row.review_until = None
            memory = replace(memory, put_back=False, refused=False)
            if before.activity_id is None or before.state in ENDED:
                row.looked_at = False
            apply(
                session,
                row,
                Trigger.TICK,
                now=now,
                line="ticked",
                by_user_id=caller.user_id,
                request_id=seen.look.request_id if seen.look is not None else None,
            )
        store_memory(row, memory)
        if event is not None:
            links.learn_event(session, row, event, now)
            row.looked_at = row.looked_at or seen.matches is not None

    def watch(self, caller: Caller, event_id: str, look: Look) -> Link | None:
        """Have the road look at an event that carries our category and has no link yet (T11).

        The road then reads the category as a tick, or leaves it where it is. ``None`` when another
        calendar keeps the meeting.
        """

        def store(session: Session) -> Link:
            now = self._clock()
            row = self._wanted_row(session, caller, event_id, Seen(look), Origin.MANUAL)
            links.learn_event(session, row, look.event, now)
            session.flush()
            links.ring(session, row.id, now, urgent=True)
            return snapshot(row, caller.owner.tenant_id)

        try:
            return run_again_if_taken(self._database, store)
        except RuleError:
            return None

    def store_untick(self, caller: Caller, link_id: str) -> Wish | None:
        """Do not want the event any more; ``None`` when there is nothing left to take back."""
        now = self._clock()
        with self._database.write.begin() as session:
            row = links.lock(session, link_id)
            if row is None:
                return None
            if row.state is LinkState.RELEASED and row.reason == EndReason.FINAL:
                return None
            if not row.opted_out or row.category_seen is not None:
                memory = snapshot(row, caller.owner.tenant_id).category
                # Made without a look, so what the event shows now is unknown (R2).
                store_memory(
                    row,
                    replace(
                        memory, seen=None, refused=False, permission=CategoryPermission.UNKNOWN
                    ),
                )
                row.opted_out = True
                row.blocked_by = None
                row.adopt = False
                apply(
                    session,
                    row,
                    Trigger.UNTICK,
                    now=now,
                    line="unticked",
                    reason=EndReason.UNTICKED if row.state in WANTED else row.reason,
                    by_user_id=caller.user_id,
                )
            return self._written(session, caller, row)

    def _written(self, session: Session, caller: Caller, row: LinkRow) -> Wish:
        """The commit of the wish takes the lease, so that no worker starts the same link (A7)."""
        now = self._clock()
        session.flush()
        lease = links.ring_and_lease(session, row, now, LEASE_LENGTH)
        return Wish(snapshot(row, caller.owner.tenant_id), lease)

    def store_refusal(
        self, caller: Caller, look: Look, verdict: Verdict, link: Link | None
    ) -> None:
        """X4: one row of codes; what a private event left behind goes with the road's next run."""
        now = self._clock()
        with self._database.write.begin() as session:
            history.write_refusal(
                session,
                firm_id=caller.owner.firm_id,
                mailbox_id=caller.owner.mailbox_id,
                link_id=link.id if link is not None else None,
                event_id=look.event.id,
                at=now,
                by_user_id=caller.user_id,
                codes=verdict.codes,
                request_id=look.request_id,
            )
            if link is not None:
                links.ring(session, link.id, now, urgent=True)

    def give_back(self, lease: Lease) -> None:
        now = self._clock()
        with self._database.write.begin() as session:
            links.settle(session, lease, due_at=now, attempts=lease.attempts, now=now)

    def try_lease(self, link_id: str) -> Lease | None:
        now = self._clock()
        with self._database.write.begin() as session:
            row = links.lock(session, link_id)
            if row is None or links.is_leased(row, now):
                return None
            return links.take_lease(session, row, now, LEASE_LENGTH)

    def peek(self, link_id: str) -> RowState | None:
        now = self._clock()
        with self._database.read() as session:
            row = session.get(LinkRow, link_id)
            if row is None:
                return None
            return RowState(
                leased=links.is_leased(row, now),
                due=row.due_at is not None and row.due_at <= now,
            )
