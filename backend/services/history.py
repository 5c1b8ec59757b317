"""What was seen, decided and written about one event, for the people who may see the event."""

from __future__ import annotations

from collections.abc import Iterable

from backend.db import history, links
from backend.db.history import Entry
from backend.db.models import LinkRow, UserRow
from backend.domain.errors import (
    ConsentRequiredError,
    EventNotFoundError,
    TransientRemoteError,
)
from backend.domain.ports import Calendars, Clock, Look, Principal
from backend.services.answers import HistoryLine, HistoryPage, Person, Place, Why
from backend.services.callers import Caller, Callers
from backend.services.history_words import From, message_of, source_of, text_of
from backend.services.looking import Eyes
from backend.sql import Database

Known = tuple[str | None, tuple[str, ...]]
"""The event's link, if it has one, and the ids it is known by."""


class History:
    """Reads the lines of one event, newest first (T10, A6)."""

    def __init__(
        self,
        database: Database,
        calendars: Calendars,
        callers: Callers,
        clock: Clock,
        *,
        budget: float,
    ) -> None:
        """``budget``: seconds a request may spend on Graph."""
        self._database = database
        self._calendars = calendars
        self._callers = callers
        self._eyes = Eyes(callers, clock)
        self._budget = budget

    def of_event(
        self,
        principal: Principal,
        event_id: str,
        mailbox: str | None,
        *,
        limit: int,
        after: Place | None = None,
    ) -> HistoryPage:
        """A page of the event's history; empty for an event nobody has decided about.

        The owner of a linked event needs no Graph call. For a delegate Graph says whether he may
        see the event, as for the event itself; without a link a look finds the event's other ids.

        Raises: as ``Linking.view``; for the owner's own mailbox never EventNotFoundError nor
        TransientRemoteError.
        """
        caller = self._callers.resolve(principal, mailbox)
        link_id, event_ids = self._known(caller, event_id)
        if caller.is_delegate or link_id is None:
            look = self._look(caller, event_id)
            if look is not None and link_id is None:
                link_id, event_ids = self._found(caller, event_id, look)
        place = history.Place(after.at, after.id) if after is not None else None
        with self._database.read() as session:
            entries = history.page(
                session,
                firm_id=caller.owner.firm_id,
                mailbox_id=caller.owner.mailbox_id,
                event_ids=event_ids,
                link_id=link_id,
                limit=limit + 1,
                before=place,
            )
            lines = tuple(_line(caller, entry) for entry in entries[:limit])
        is_last = len(entries) <= limit
        return HistoryPage(lines, None if is_last else Place(lines[-1].at, lines[-1].id))

    def _known(self, caller: Caller, event_id: str) -> Known:
        with self._database.read() as session:
            row = links.find(session, caller.owner.mailbox_id, (event_id,))
            return (row.id if row is not None else None), (event_id,)

    def _found(self, caller: Caller, event_id: str, look: Look) -> Known:
        """By the ids that Graph knows the event by."""
        ids = tuple(dict.fromkeys((event_id, look.event.id)))
        with self._database.read() as session:
            row: LinkRow | None = links.find(session, caller.owner.mailbox_id, ids)
            if row is None and look.event.ical_uid is not None:
                row = links.find_by_ical_uid(session, caller.owner.firm_id, look.event.ical_uid)
            is_own = row is not None and row.mailbox_id == caller.owner.mailbox_id
            return (row.id if row is not None and is_own else None), ids

    def _look(self, caller: Caller, event_id: str) -> Look | None:
        """What Graph says; the owner may see his history without it."""
        calendar = self._calendars.as_user(caller.principal, budget=self._budget)
        try:
            return self._eyes.look(caller, calendar, event_id, with_body=False)
        except (EventNotFoundError, TransientRemoteError, ConsentRequiredError):
            if caller.is_delegate:
                raise
            return None


def _line(caller: Caller, entry: Entry) -> HistoryLine:
    row = entry.row
    codes = tuple(row.codes)
    by, source = entry.by, source_of(row.line, codes)
    is_for_owner = by is not None and by.id != caller.owner.user_id and source == From.PANE.value
    return HistoryLine(
        id=row.id,
        at=row.at,
        kind=row.kind,
        line=row.line,
        message=message_of(row.line),
        source=source,
        trigger=row.trigger,
        state_before=row.state_before,
        state_after=row.state_after,
        by=_person(by) if by is not None else None,
        on_behalf_of=Person(_name(caller.owner.name, caller.owner.address))
        if is_for_owner
        else None,
        codes=codes,
        why=_whys(codes),
        fields=tuple(row.fields),
        request_id=row.request_id,
    )


def _whys(codes: Iterable[str]) -> tuple[Why, ...]:
    """The codes that have something to say."""
    texts = ((code, text_of(code)) for code in codes)
    return tuple(Why(code, text) for code, text in texts if text is not None)


def _person(user: UserRow) -> Person:
    return Person(_name(user.name, user.address))


def _name(name: str, address: str | None) -> str:
    return name or address or "Somebody"
