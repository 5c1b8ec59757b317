"""One mailbox with the real road on a real database, between an Outlook and a CRM in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from greenlet import getcurrent, greenlet
from sqlalchemy import func, select, update

from backend.db import links, watches
from backend.db.base import Base
from backend.db.links import Lease
from backend.db.models import FirmRow, HistoryRow, LinkRow, MailboxRow, WatchRow
from backend.db.rows import snapshot
from backend.domain.errors import RuleError
from backend.domain.event import Attendee, Event, Person
from backend.domain.link import Link
from backend.domain.ports import Principal
from backend.services.answers import EventAnswer
from backend.services.breaker import Breakers
from backend.services.callers import Callers
from backend.services.choosing import Choosing
from backend.services.driving import Driver
from backend.services.hands import Hand
from backend.services.linking import Linking
from backend.services.pulling import Pulling
from backend.services.road import Outcome, Road
from backend.services.setup import FirmSetup, NewServer, NewUser, Setup
from backend.services.subscriptions import ClientStates, Subscriptions
from backend.services.wishes import Wishes
from backend.services.work import Work
from backend.sql import Database
from tests.support.crm import NOON, HandClock
from tests.support.fake_sides import FakeCalendars, FakeCrm, FakeOutlook
from tests.support.migrated import create_quickly

CATEGORY = "Add this Event to InterAction"
_numbers = itertools.count(1)


class PlainVault:
    """Keeps secrets as they are."""

    def encrypt(self, secret: str) -> str:
        return secret

    def decrypt(self, sealed: str) -> str:
        return sealed


def create_tables(database: Database) -> None:
    """The product's tables without migrating: quicker, and proven equal elsewhere."""
    create_quickly(database, Base.metadata)


class WatchedRoad(Road):
    """Keeps what the worker's loop would log and swallow, and who walks under which lease."""

    def __init__(self, failures: list[Exception], *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self._failures = failures
        self.leases: dict[greenlet, Lease] = {}

    def walk(self, lease: Lease, hand: Hand | None = None) -> Outcome:
        self.leases[getcurrent()] = lease
        try:
            return super().walk(lease, hand)
        except Exception as error:
            self._failures.append(error)
            raise


class Stage:
    """A fresh firm with one organizer and one meeting; several fit into one database."""

    def __init__(
        self,
        database: Database,
        *,
        pause: Callable[[float], object] = lambda _seconds: None,
        budget: float = 0.2,
        **event: Any,
    ) -> None:
        number = next(_numbers)
        self.database = database
        self.tenant_id = f"7f1d0000-0000-4000-8000-{number:012d}"
        self.oid = f"3f1c0000-0000-4000-8000-{number:012d}"
        self.clock = HandClock()
        self.outlook = FakeOutlook(self.clock)
        self.crm = FakeCrm(self.clock)
        self.rings: list[tuple[str, float]] = []
        self.is_pulled = False
        calendars = FakeCalendars(self.outlook, self.clock)
        vault = PlainVault()
        self.callers = Callers(database, calendars, vault, self.clock)
        breakers = Breakers(database, self.clock, self._ring, jitter=lambda: 0.0)
        self.breakers = breakers
        self.wishes = Wishes(database, self.clock)
        self.failures: list[Exception] = []
        """What left the road as an exception: nothing ever should."""
        self.road = WatchedRoad(
            self.failures,
            database,
            calendars,
            self.crm,
            self.callers,
            self.clock,
            breakers=breakers,
            jitter=lambda: 0.0,
        )
        self.driver = Driver(
            self.road, self.wishes, self.clock, self._ring, budget=budget, tries=8, pause=pause
        )
        self.linking = Linking(
            database,
            calendars,
            self.crm,
            self.callers,
            self.wishes,
            self.driver,
            self.clock,
            breakers=breakers,
            budget=budget,
        )
        self.pulling = Pulling(
            database,
            calendars,
            self.callers,
            self.clock,
            breakers=breakers,
            choosing=Choosing(self.crm, self.clock),
            subscriptions=Subscriptions(database, ClientStates([b"key"]), None, self.clock),
            jitter=lambda: 0.0,
            overlaps=False,
        )
        self.work = Work(database, self.road, self.pulling, self.clock, self._ring)
        self.principal = Principal(self.tenant_id, self.oid, name="Ann", token="token")
        self._set_up(Setup(database, vault, self.clock))
        self.event = self.outlook.add(replace(an_event(f"event-{number}"), **event))
        self.key = f"{self.tenant_id}/{self.event.ical_uid}"

    # -- several meetings --------------------------------------------------------------------

    def add_meetings(self, count: int, **event: Any) -> list[Event]:
        """More meetings of the same organizer, ticked."""
        return [self.add_meeting(**event) for _ in range(count)]

    def add_meeting(self, **event: Any) -> Event:
        made = self.outlook.add(replace(an_event(f"event-{next(_numbers)}"), **event))
        self.tick(made.id)
        return self.outlook.events[made.id]

    def row_of(self, event: Event) -> LinkRow:
        with self.database.read() as session:
            row = session.scalars(
                select(LinkRow).where(
                    LinkRow.mailbox_id == self.mailbox_id, LinkRow.event_id == event.id
                )
            ).one()
            session.expunge(row)
            return row

    def ring(self, *events: Event) -> None:
        """As a pull does for what a delta told of."""
        with self.database.write.begin() as session:
            for event in events:
                links.ring(session, self.row_of(event).id, self.clock())

    def mailbox(self) -> MailboxRow:
        with self.database.read() as session:
            row = session.get(MailboxRow, self.mailbox_id)
            assert row is not None
            session.expunge(row)
            return row

    @property
    def watch_row(self) -> WatchRow:
        """How the owner's mailbox is watched."""
        with self.database.read() as session:
            row = session.get(WatchRow, self.mailbox_id)
            assert row is not None
            session.expunge(row)
            return row

    def history_of(self, event: Event) -> list[str]:
        with self.database.read() as session:
            lines = select(HistoryRow.line).where(HistoryRow.link_id == self.row_of(event).id)
            return list(session.scalars(lines.order_by(HistoryRow.at)))

    # -- people ------------------------------------------------------------------------------

    def tick(self, event_id: str | None = None, *, just_saved: bool = False) -> EventAnswer:
        wanted = event_id or self.event.id
        return self.linking.tick(self.principal, wanted, None, just_saved=just_saved)

    def untick(self, event_id: str | None = None) -> EventAnswer:
        return self.linking.untick(self.principal, event_id or self.event.id, None)

    def undo(self) -> EventAnswer:
        return self.linking.undo(self.principal, self.event.id, None)

    def view(self) -> EventAnswer:
        return self.linking.view(self.principal, self.event.id, None)

    def attempt(self, act: Callable[[], object]) -> str | None:
        """Do it; the code if the rules refuse."""
        try:
            act()
        except RuleError as error:
            return error.code
        return None

    def put_category(self, **more: Any) -> Event:
        if not self.shows_category:
            more["categories"] = (*self.now.categories, CATEGORY)
        return self.outlook.change(self.event.id, **more)

    def take_category(self, **more: Any) -> Event:
        kept = tuple(c for c in self.now.categories if c != CATEGORY)
        return self.outlook.change(self.event.id, categories=kept, **more)

    def edit(self, **changes: Any) -> Event:
        return self.outlook.change(self.event.id, **changes)

    def configure(self, **settings: Any) -> None:
        """Change the firm's settings."""
        with self.database.write.begin() as session:
            firm = session.scalars(select(FirmRow).where(FirmRow.tenant_id == self.tenant_id)).one()
            for name, value in settings.items():
                setattr(firm, name, value)

    def change_mailbox(self, **values: Any) -> None:
        """Change what the mailbox's row says."""
        with self.database.write.begin() as session:
            session.execute(
                update(MailboxRow).where(MailboxRow.id == self.mailbox_id).values(**values)
            )

    def change_watch(self, **values: Any) -> None:
        """Change what the row of the mailbox's watching says."""
        with self.database.write.begin() as session:
            session.execute(
                update(WatchRow).where(WatchRow.mailbox_id == self.mailbox_id).values(**values)
            )

    def change_link(self, **values: Any) -> None:
        """What a pull stores about the link: marks and rings, never the version."""
        with self.database.write.begin() as session:
            session.execute(update(LinkRow).where(LinkRow.id == self.row.id).values(**values))

    def watch(self, *, days: float = 500) -> None:
        """From now on a delta tells of every change that far ahead."""
        now = self.clock()
        self.change_watch(
            cursor="cursor",
            window_start=now - timedelta(days=38),
            window_end=now + timedelta(days=days),
        )

    # -- the worker --------------------------------------------------------------------------

    def start_pulling(self) -> None:
        """From now on the worker reads the mailbox's delta, too, as it does in production."""
        self.is_pulled = True
        self.notify()
        self.drain()

    def notify(self) -> None:
        """Graph says that something changed in the mailbox: a hint, nothing else."""
        with self.database.write.begin() as session:
            watches.ring(session, self.mailbox_id, self.clock())

    def retire(self) -> None:
        """Nobody works for this stage any more: others may use the database."""
        with self.database.write.begin() as session:
            for table in (LinkRow, WatchRow):
                session.execute(
                    update(table)
                    .where(table.mailbox_id == self.mailbox_id)
                    .values(due_at=None, lease_token=None, lease_until=None)
                )

    def drain(self) -> int:
        if self.is_pulled:
            self.work.drain_mailboxes()
        return self.work.drain_links()

    def later(self, **span: float) -> int:
        """Let time pass, then do what is due."""
        self.clock.advance(timedelta(**span))
        return self.drain()

    def settle(self, rounds: int = 20) -> None:
        """Leases run out, retries and pulls come, until nothing is due soon."""
        if self.is_pulled:
            self.later(minutes=16)
        for _ in range(rounds):
            if self.later(seconds=100) == 0:
                return

    # -- looking -----------------------------------------------------------------------------

    @property
    def now(self) -> Event:
        return self.outlook.events[self.event.id]

    @property
    def shows_category(self) -> bool:
        return self.now.has_category(CATEGORY)

    @property
    def mailbox_id(self) -> str:
        with self.database.read() as session:
            firm = select(FirmRow.id).where(FirmRow.tenant_id == self.tenant_id)
            return session.scalars(
                select(MailboxRow.id).where(MailboxRow.firm_id == firm.scalar_subquery())
            ).one()

    @property
    def row(self) -> LinkRow:
        row = self.find_row()
        assert row is not None
        return row

    def find_row(self) -> LinkRow | None:
        with self.database.read() as session:
            firm = select(FirmRow.id).where(FirmRow.tenant_id == self.tenant_id)
            return session.scalars(
                select(LinkRow).where(LinkRow.firm_id == firm.scalar_subquery())
            ).first()

    @property
    def link(self) -> Link:
        return snapshot(self.row, self.tenant_id)

    @property
    def record(self) -> Any:
        return self.crm.records.get(self.key)

    def history(self) -> list[str]:
        with self.database.read() as session:
            return list(
                session.scalars(
                    select(HistoryRow.line)
                    .where(HistoryRow.link_id == self.row.id)
                    .order_by(HistoryRow.at)
                )
            )

    def count_history(self, trigger: str) -> int:
        row = self.find_row()
        if row is None:
            return 0
        with self.database.read() as session:
            return (
                session.scalar(
                    select(func.count())
                    .select_from(HistoryRow)
                    .where(HistoryRow.link_id == row.id, HistoryRow.trigger == trigger)
                )
                or 0
            )

    def rings_bell(self, kind: str, delay: float) -> None:
        """The bell, for services that a test makes itself."""
        self._ring(kind, delay)

    def link_of(self, event: Event) -> Link:
        return snapshot(self.row_of(event), self.tenant_id)

    def _ring(self, kind: str, delay: float) -> None:
        self.rings.append((kind, delay))

    def _set_up(self, setup: Setup) -> None:
        setup.configure(
            FirmSetup(
                tenant_id=self.tenant_id,
                name="Firm",
                server=NewServer("Exchange", self.tenant_id, "client", "secret"),
                users=[NewUser(self.oid, "Ann", "ann@firm.example")],
                domains=["firm.example"],
            )
        )


def an_event(event_id: str = "event", **changes: Any) -> Event:
    """A meeting in two days with one outsider."""
    event = Event(
        id=event_id,
        ical_uid=f"uid-{event_id}",
        change_key="",
        etag="1",
        subject="Quarterly review",
        start=NOON + timedelta(days=2),
        end=NOON + timedelta(days=2, hours=1),
        created_at=NOON - timedelta(days=1),
        modified_at=NOON - timedelta(days=1),
        organizer=Person("Ann", "ann@firm.example"),
        attendees=(Attendee("Ben", "ben@client.example"),),
        body_text="Hello",
    )
    return replace(event, **changes)
