"""One mailbox, its link, and a delta that says what a test wants it to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from backend.db import watches
from backend.db.models import LinkRow, MailboxRow, WatchRow
from backend.db.watches import WatchLease
from backend.domain.event import Event
from backend.domain.ports import (
    Change,
    DeltaPage,
    Window,
)
from backend.services import pulling
from backend.services.choosing import Choosing
from backend.services.pulling import Pulled, Pulling
from backend.services.subscriptions import ClientStates, Subscriptions
from backend.sql import Database
from tests.support.stage import Stage

Step = DeltaPage | Exception | Callable[[], DeltaPage]


@dataclass
class Script:
    """What Graph answers, in order; both the calendar and whoever makes it."""

    steps: list[Step] = field(default_factory=list)
    asked: list[Window | str] = field(default_factory=list)

    def as_app(self, *_: object, **__: object) -> Script:
        return self

    def read_changes(self, _mailbox: object, where: Window | str) -> DeltaPage:
        self.asked.append(where)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, DeltaPage) else step()


def page(*changes: Change, link: str = "next", last: bool = True, **more: Any) -> DeltaPage:
    return DeltaPage(changes, link, last, "request", **more)


class Pull:
    """One mailbox, its link, and a delta that says what a test wants it to."""

    def __init__(self, database: Database, *, overlaps: bool = False) -> None:
        self.stage = Stage(database)
        self.database = database
        self.clock = self.stage.clock
        self.script = Script()
        self.chance = 0.0
        self.pulling = Pulling(
            database,
            self.script,  # type: ignore[arg-type]
            self.stage.callers,
            self.clock,
            breakers=self.stage.breakers,
            choosing=Choosing(self.stage.crm, self.clock),
            subscriptions=Subscriptions(database, ClientStates([b"key"]), None, self.clock),
            jitter=lambda: self.chance,
            overlaps=overlaps,
        )
        self.mailbox_id = self.stage.mailbox_id

    def claim(self) -> WatchLease:
        with self.database.write.begin() as session:
            watches.ring(session, self.mailbox_id, self.clock())
            lease = watches.claim(session, self.clock(), pulling.LEASE_LENGTH)
        assert lease is not None
        return lease

    def __call__(self, *steps: Step) -> Pulled:
        """Ring the mailbox and look, with these answers."""
        self.script.steps = list(steps)
        outcome = self.pulling.pull(self.claim())
        assert not self.script.steps, "not everything was read"
        return outcome

    def watched(self) -> None:
        """Bring it to the ordinary state: a cursor, and a look that found nothing."""
        self(page(link="cursor"))
        self.script.asked.clear()
        self.clock.advance(timedelta(minutes=15))

    def linked(self, **values: Any) -> LinkRow:
        """The stage's meeting is linked, and nothing is due."""
        self.stage.tick()
        self.stage.settle()
        self.change_link(due_at=None, **values)
        return self.stage.row

    def change_link(self, **values: Any) -> None:
        with self.database.write.begin() as session:
            session.execute(update(LinkRow).where(LinkRow.id == self.stage.row.id).values(**values))

    def is_rung(self) -> bool:
        return self.stage.row.due_at is not None

    @property
    def row(self) -> WatchRow:
        with self.database.read() as session:
            return session.get_one(WatchRow, self.mailbox_id)

    @property
    def mailbox(self) -> MailboxRow:
        with self.database.read() as session:
            return session.get_one(MailboxRow, self.mailbox_id)

    def event(self, **changes: Any) -> Event:
        return replace(self.stage.now, **changes)

    def edited(self, **changes: Any) -> Event:
        return self.stage.edit(**changes)
