"""Puts the event answer together: link, record, other records, and what the caller can do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.db.models import LinkRow
from backend.domain.crm import (
    EVERYONE,
    Activity,
    ActivityKind,
    AttendeeMatch,
    CrmGateway,
    group_of,
)
from backend.domain.errors import RemoteError
from backend.domain.event import Event
from backend.domain.link import EndReason, Link, LinkState
from backend.domain.ports import Clock
from backend.domain.rules import Verdict
from backend.services.answers import Can, EventAnswer, LinkView, OtherRecord
from backend.services.breaker import reachable
from backend.services.callers import Caller
from backend.services.wire import outstanding, view_of
from backend.services.wishes import Seen
from backend.sql import Database


class Showing:
    """Reads what the answer needs from the CRM; a silent CRM leaves gaps and is no error."""

    def __init__(self, database: Database, crm: CrmGateway, clock: Clock) -> None:
        self._database = database
        self._crm = crm
        self._clock = clock

    def answer(
        self, caller: Caller, link: Link | None, seen: Seen, *, was_rung: bool = False
    ) -> EventAnswer:
        """The whole answer; ``seen`` may hold no look when Outlook did not answer.

        ``was_rung``: the road will look in a moment, and the pane shall ask again.
        """
        event = seen.look.event if seen.look is not None else None
        verdict = seen.verdict
        records = () if seen.is_silent else self._records(caller, link, event)
        own = next((r for r in records if link is not None and r.id == link.activity_id), None)
        if own is None and link is not None and link.activity_id is not None and not seen.is_silent:
            own = self._record(caller, link.activity_id)
        return EventAnswer(
            event=event,
            matches=tuple(discreet(caller, match) for match in seen.matches or ()),
            verdict=verdict,
            link=None if link is None else self._view(link, was_rung=was_rung),
            activity=own,
            others=self._others(caller, [r for r in records if own is None or r.id != own.id]),
            can=self._can(link, event, verdict),
            now=self._clock(),
        )

    def without_event(self, caller: Caller, link: Link) -> EventAnswer:
        """What is known of a link while Outlook does not show its event."""
        return self.answer(caller, link, Seen())

    def nothing(self) -> EventAnswer:
        """The answer about an event that was never wanted and is not looked at."""
        return EventAnswer(
            event=None,
            matches=(),
            verdict=None,
            link=None,
            activity=None,
            others=(),
            can=Can(),
            now=self._clock(),
        )

    def may_undo(self, link: Link) -> bool:
        """Whether the last untick can still be taken back (T4)."""
        if link.state is LinkState.REMOVING:
            return link.reason == EndReason.UNTICKED
        if link.state is not LinkState.REMOVED or link.undo_until is None:
            return False
        return link.undo_until > self._clock()

    def _records(
        self, caller: Caller, link: Link | None, event: Event | None
    ) -> tuple[Activity, ...]:
        uid = event.ical_uid if event is not None else (link.ical_uid if link is not None else None)
        if uid is None:
            return ()
        try:
            return tuple(self._crm_of(caller).find_by_ical_uid(caller.owner.tenant_id, uid))
        except RemoteError:
            return ()

    def _others(self, caller: Caller, records: Sequence[Activity]) -> tuple[OtherRecord, ...]:
        try:
            return other_records(self._crm_of(caller), caller, records)
        except RemoteError:
            return other_records(None, caller, records)

    def _record(self, caller: Caller, activity_id: str) -> Activity | None:
        try:
            return self._crm_of(caller).get_activity(caller.owner.tenant_id, activity_id)
        except RemoteError:
            return None

    def _crm_of(self, caller: Caller) -> CrmGateway:
        return reachable(self._crm, caller.owner, self._clock())

    def _view(self, link: Link, *, was_rung: bool) -> LinkView:
        is_awaited = was_rung or bool(outstanding(link))
        return view_of(link, self._due_at(link) if is_awaited else None)

    def _due_at(self, link: Link) -> datetime | None:
        with self._database.read() as session:
            row = session.get(LinkRow, link.id)
            return None if row is None else row.due_at

    def _can(self, link: Link | None, event: Event | None, verdict: Verdict | None) -> Can:
        eligible = verdict is not None and verdict.eligible
        is_private = event is not None and event.is_private
        readable = event is not None and not is_private
        if link is None:
            return Can(tick=eligible, add_activity=readable)
        is_final = link.state is LinkState.RELEASED and link.reason == EndReason.FINAL
        follows = link.is_wanted or (
            link.state is LinkState.RELEASED and not is_final and not link.opted_out
        )
        return Can(
            tick=eligible and not link.is_wanted,
            untick=follows,
            undo=self.may_undo(link) and (eligible or verdict is None),
            add_activity=readable,
        )


def discreet(caller: Caller, match: AttendeeMatch) -> AttendeeMatch:
    """E9: somebody else's private contact is not shown to exist."""
    contact = match.contact
    if contact is None or not contact.private or contact.owner_id == caller.principal.oid:
        return match
    return AttendeeMatch(match.attendee, "unmatched")


def other_records(
    crm: CrmGateway | None, caller: Caller, records: Sequence[Activity]
) -> tuple[OtherRecord, ...]:
    """T5: a record the caller may not see is only said to exist.

    The CRM is asked for the caller's groups only if a record is a group's; without it none is.
    """
    viewer = caller.principal.oid
    audiences = {EVERYONE}
    if crm is not None and any(
        group_of(r.visibility) is not None and r.draft.owner_id != viewer for r in records
    ):
        audiences |= {group.audience for group in crm.groups_of(caller.owner.tenant_id, viewer)}
    return tuple(
        _other(record, visible=record.visibility in audiences or record.draft.owner_id == viewer)
        for record in records
    )


def _other(record: Activity, *, visible: bool) -> OtherRecord:
    kind = ActivityKind(record.kind).value
    if not visible:
        return OtherRecord(activity_id=None, by=None, kind=kind, visible=False)
    by = record.draft.assigned_to.name if record.draft.assigned_to is not None else None
    return OtherRecord(activity_id=record.id, by=by, kind=kind, visible=True)
