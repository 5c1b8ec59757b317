"""What the brake holds back in a mailbox, in numbers, before an admin decides (L7).

The calendar is read anew in one or a few pages and compared with the links that rest; nothing is
written. Where it cannot be read the numbers of the log stand alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backend.db import crowds, people
from backend.db.models import MailboxRow, WatchRow
from backend.db.rows import snapshot
from backend.domain.decisions import CATEGORY_REMOVED, COUNTED_LINES
from backend.domain.errors import NotNowError, SyncError, UnknownItemError
from backend.domain.event import Event, EventType
from backend.domain.fate import Consequence, Happened, what_follows, what_happened
from backend.domain.link import EndReason, Link
from backend.domain.ports import Calendars, Clock, Principal, Touched, TouchedOccurrence, Window
from backend.services.administration.office import Office
from backend.services.brake import is_proven_gone, was_unticked
from backend.services.callers import CalendarOwner, Callers
from backend.services.damage import PERIOD
from backend.services.rounds import FARTHEST
from backend.sql import Database

MOST_PAGES = 40
MOST_SAMPLES = 25
BUDGET = 12.0
"""Seconds a person may wait for the numbers."""
_MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """One event that the brake holds; its subject is nobody's business here."""

    event_id: str
    ends_at: datetime | None
    happened: str
    follows: str


@dataclass(frozen=True, slots=True)
class BrakeReport:
    """What stopped a mailbox, and what either decision would do, in numbers (L7)."""

    user: str
    since: datetime | None
    followed: int
    """How many events rest."""
    is_read: bool
    """Whether the calendar could be read: otherwise ``waiting`` and ``let_go`` are not known."""
    went: dict[str, int]
    """What had gone in the hour before the brake stopped, by line of the history."""
    waiting: dict[str, int]
    """What Outlook shows of the resting events now."""
    let_go: dict[str, int]
    """What becomes of their records if it is let happen."""
    hold: dict[str, int]
    """If it is taken back: ``restored``, ``unfollowed`` and ``followed`` records."""
    sample: tuple[HeldEvent, ...]


class BrakeDesk:
    """Tells what happened to a mailbox that has stopped."""

    def __init__(
        self,
        database: Database,
        office: Office,
        callers: Callers,
        calendars: Calendars,
        clock: Clock,
    ) -> None:
        self._database = database
        self._office = office
        self._callers = callers
        self._calendars = calendars
        self._clock = clock

    def show(self, principal: Principal, mailbox_id: str) -> BrakeReport:
        """What happened, and what each of the two decisions would do.

        Raises: UnknownItemError; NotNowError ``brake_not_set``.
        """
        admin = self._office.admit(principal)
        now = self._clock()
        with self._database.read() as session:
            mailbox = session.get(MailboxRow, mailbox_id)
            if mailbox is None or mailbox.firm_id != admin.firm_id:
                raise UnknownItemError
            if mailbox.problem != EndReason.MASS_CHANGE:
                raise NotNowError("This mailbox has not stopped.", code="brake_not_set")
            owner = self._callers.owner_of(
                people.get_owner_of_mailbox(session, admin.tenant_id, mailbox_id)
            )
            watch = session.get_one(WatchRow, mailbox_id)
            since = watch.problem_since
            rows = crowds.list_marked(session, mailbox_id, EndReason.MASS_CHANGE)
            held = [snapshot(row, admin.tenant_id) for row in rows]
            proven = {row.id for row in rows if is_proven_gone(row, now)}
            went, restorable = _went(session, mailbox_id, since or now, now)
        shown = self._look(owner, held, now)
        found = {link.id: _happened(link, shown, owner) for link in held}
        followed_by = Counter(_follows(link, found[link.id], owner, now).value for link in held)
        return BrakeReport(
            user=owner.address or owner.name,
            since=since,
            followed=len(held),
            is_read=shown is not None,
            went=went,
            waiting=dict(Counter(happened.value for happened in found.values())),
            let_go=dict(followed_by),
            hold={
                "restored": restorable,
                "unfollowed": len(proven),
                "followed": len(held) - len(proven),
            },
            sample=_sample(held, found, owner, now),
        )

    def _look(
        self, owner: CalendarOwner, held: list[Link], now: datetime
    ) -> Mapping[str, Event | None] | None:
        """Each held link's event, ``None`` where the calendar has none; no entry: not looked for.

        ``None`` altogether when the calendar could not be read.
        """
        ends = [link.event_end for link in held if link.event_end is not None]
        if owner.server is None or not ends:
            return None
        window = Window(min(ends) - _MARGIN, min(max(ends) + _MARGIN, now + FARTHEST))
        try:
            with self._callers.graph(owner):
                events, series = self._read(owner, window)
        except SyncError:
            return None
        shown: dict[str, Event | None] = {}
        for link in held:
            event = events.get(link.event_id) or events.get(link.ical_uid or "")
            if event is None and link.event_id in series:
                continue
            if event is not None or (link.event_end is not None and link.event_end <= window.end):
                shown[link.id] = event
        return shown

    def _read(self, owner: CalendarOwner, window: Window) -> tuple[dict[str, Event], set[str]]:
        """Events by id and by iCalUId, and the ids of series."""
        assert owner.server is not None
        calendar = self._calendars.as_app(owner.server, budget=BUDGET)
        events: dict[str, Event] = {}
        series: set[str] = set()
        where: Window | str = window
        for _ in range(MOST_PAGES):
            page = calendar.read_changes(owner.mailbox, where)
            for change in page.changes:
                match change:
                    case Touched(event):
                        events[event.id] = event
                        if event.ical_uid and event.type is not EventType.OCCURRENCE:
                            events[event.ical_uid] = event
                    case TouchedOccurrence(_, series_id) if series_id is not None:
                        series.add(series_id)
                    case _:
                        pass
            if page.is_last:
                return events, series
            where = page.link
        # More than any calendar of people holds: what was not shown is not known to be gone.
        raise NotNowError("The calendar is too large to be read now.", code="too_large")


def _went(
    session: Session, mailbox_id: str, stopped_at: datetime, now: datetime
) -> tuple[dict[str, int], int]:
    """What went before the brake stopped the rest, by line; and how many *hold* would bring back.

    *Hold* looks back from the moment it is chosen, as people who come late have found them gone.
    """
    counted = crowds.count_by_line(session, mailbox_id, COUNTED_LINES, stopped_at - PERIOD)
    rows = crowds.list_gone_since(session, mailbox_id, (CATEGORY_REMOVED,), now - PERIOD)
    return counted, sum(was_unticked(row) for row in rows)


def _happened(
    link: Link, shown: Mapping[str, Event | None] | None, owner: CalendarOwner
) -> Happened:
    if shown is None or link.id not in shown:
        return Happened.UNKNOWN
    return what_happened(link, shown[link.id], owner.policy)


def _follows(link: Link, happened: Happened, owner: CalendarOwner, now: datetime) -> Consequence:
    return what_follows(happened, owner.policy, ends_at=link.event_end, now=now)


def _sample(
    held: list[Link], found: Mapping[str, Happened], owner: CalendarOwner, now: datetime
) -> tuple[HeldEvent, ...]:
    """Some of those that something happened to, soonest first: never a subject."""
    changed = [link for link in held if found[link.id] not in (Happened.NOTHING, Happened.UNKNOWN)]
    changed.sort(key=lambda link: (link.event_end or now, link.id))
    return tuple(
        HeldEvent(
            event_id=link.event_id,
            ends_at=None if found[link.id] is Happened.PRIVATE else link.event_end,
            happened=found[link.id].value,
            follows=_follows(link, found[link.id], owner, now).value,
        )
        for link in changed[:MOST_SAMPLES]
    )
