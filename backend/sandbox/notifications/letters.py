"""Which notifications a change causes, and when they set out: the habits of Graph, and orders.

Graph promises neither one notification per change nor their order: an edit is sometimes told twice,
and a creation is sometimes followed by an update that nobody made.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.sandbox.control.faults import Faults
from backend.sandbox.exchange.ids import long_etag
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import Change, ChangeKind, StoredEvent
from backend.sandbox.notifications.model import Json, LifecycleEvent, Subscription
from backend.sandbox.notifications.register import Register

TICK_SECONDS = 0.05
LATENCY_SECONDS = (0.02, 0.15)
ECHO_PROBABILITY = 0.2
ECHO_SECONDS = (0.05, 0.4)
HELD_BACK_SECONDS = (1.0, 5.0)


@dataclass(slots=True, eq=False)
class Letter:
    """One notification on its way; `event` is set in those about the subscription itself."""

    subscription: Subscription
    url: str
    due: datetime
    kind: str = ""
    item_id: str = ""
    etag: str = ""
    event: LifecycleEvent | None = None
    is_delayed: bool = False

    def as_json(self) -> Json:
        """The member of `value`, as things are when it is sent."""
        if self.event is not None:
            return self.subscription.lifecycle(self.event)
        return self.subscription.change(self.kind, self.item_id, self.etag)


@dataclass(frozen=True, slots=True)
class _News:
    """What a change means for subscribers: a change type and an item."""

    kind: ChangeKind
    id: str
    immutable_id: str


@dataclass(slots=True)
class Postbox:
    """Writes letters; `chance` decides about what Graph does not promise, the same in every run."""

    register: Register
    faults: Faults
    chance: random.Random

    def letters_about(self, mailbox: Mailbox, change: Change, now: datetime) -> list[Letter]:
        """The letters of one change to everybody who watches the mailbox."""
        etag = long_etag(mailbox.mint.change_key(change.sequence))
        letters: list[Letter] = []
        for subscription in self.register.of_mailbox(mailbox.person.id):
            for news in _news(change):
                letters += self._letters(mailbox, subscription, news, etag, now)
        return letters

    def letters_of_lifecycle(
        self, subscription: Subscription, event: LifecycleEvent, now: datetime
    ) -> list[Letter]:
        """The letter about the subscription itself, if it has an address for such."""
        if subscription.lifecycle_url is None:
            return []
        return [Letter(subscription, subscription.lifecycle_url, now, event=event)]

    def _letters(
        self,
        mailbox: Mailbox,
        subscription: Subscription,
        news: _News,
        etag: str,
        now: datetime,
    ) -> list[Letter]:
        wanted = subscription.kinds
        item_id = news.immutable_id if subscription.immutable_ids else news.id
        found: list[Letter] = []

        def write(kind: ChangeKind, due: datetime) -> None:
            url = subscription.notification_url
            found.append(Letter(subscription, url, _at_tick(due), kind.value, item_id, etag))

        due = now + self._seconds(LATENCY_SECONDS)
        has_echo = self.chance.random() < ECHO_PROBABILITY
        if news.kind.value in wanted:
            write(news.kind, due)
        if has_echo and news.kind is not ChangeKind.DELETED and "updated" in wanted:
            write(ChangeKind.UPDATED, due + self._seconds(ECHO_SECONDS))
        return self._as_ordered(mailbox, found)

    def _as_ordered(self, mailbox: Mailbox, letters: list[Letter]) -> list[Letter]:
        """What orders leave of the letters: lost, doubled, late, overtaken."""
        if self.faults.is_quiet:
            return letters
        found: list[Letter] = []
        for letter in letters:
            if self._strike("drop", mailbox) is not None:
                letter.subscription.tally.dropped += 1
                continue
            late = self._strike("delay", mailbox)
            if late is not None:
                letter.due += timedelta(seconds=float(late))
            if self._strike("reorder", mailbox) is not None:
                letter.due = _at_tick(letter.due + self._seconds(HELD_BACK_SECONDS))
            found.append(letter)
            copies = self._strike("duplicate", mailbox)
            found += [_copy(letter) for _ in range(int(copies or 0))]
        return found

    def _strike(self, effect: str, mailbox: Mailbox) -> float | str | bool | None:
        fault = self.faults.strike_planned("notifications", effect, mailbox.person)
        return None if fault is None else fault.value

    def _seconds(self, between: tuple[float, float]) -> timedelta:
        return timedelta(seconds=self.chance.uniform(*between))


def _news(change: Change) -> list[_News]:
    """What is told of a change; one of an instance changes its series, too."""
    event = change.event
    told = [_News(change.kind, change.event_id, event.immutable_id)]
    if event.master is not None:
        told.append(_of(event.master, ChangeKind.UPDATED))
    return told


def _of(event: StoredEvent, kind: ChangeKind) -> _News:
    return _News(kind, event.id, event.immutable_id)


def _copy(letter: Letter) -> Letter:
    return Letter(
        letter.subscription, letter.url, letter.due, letter.kind, letter.item_id, letter.etag
    )


def _at_tick(due: datetime) -> datetime:
    """Rounded up, so that what happens together travels together."""
    ticks = math.ceil(due.timestamp() / TICK_SECONDS)
    return datetime.fromtimestamp(ticks * TICK_SECONDS, UTC)
