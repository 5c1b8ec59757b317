"""Sends what subscriptions want to hear, when it is due on the sandbox's clock.

Which letters a change causes is decided in `letters`; who may subscribe, in the Graph routes.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from backend.sandbox.control.faults import Faults
from backend.sandbox.directory import Directory
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import Change
from backend.sandbox.exchange.store import Exchange
from backend.sandbox.notifications import courier
from backend.sandbox.notifications.courier import DeliveryError
from backend.sandbox.notifications.endpoints import WINDOW, Endpoints, Verdict
from backend.sandbox.notifications.entitlement import is_entitled
from backend.sandbox.notifications.letters import Letter, Postbox
from backend.sandbox.notifications.model import Json, LifecycleEvent, Subscription
from backend.sandbox.notifications.register import Register

Clock = Callable[[], datetime]
MOST_PER_POST = 20
FIRST_RETRY = timedelta(seconds=10)
GIVE_UP_AFTER = timedelta(hours=4)
WARNINGS_BEFORE_END = (timedelta(minutes=45), timedelta(minutes=30), timedelta(minutes=15))
LONGEST_SLEEP = 3600.0
KEPT_DELIVERIES = 1_000


@dataclass(slots=True)
class Envelope:
    """Letters to one address that are sent, and repeated, together."""

    url: str
    letters: list[Letter]
    attempts: int = 0
    first_tried: datetime | None = None


@dataclass(frozen=True, slots=True)
class Warn:
    """It is time to say that a subscription, with this end, is about to end."""

    subscription: Subscription
    end: datetime


@dataclass(frozen=True, slots=True)
class End:
    """A subscription with this end is over."""

    subscription: Subscription
    end: datetime


Due = Letter | Envelope | Warn | End


@dataclass(slots=True)
class Notifier:
    """The subscriptions of a sandbox and everything that is on its way to their subscribers.

    `directory` tells who may still read what; without one everybody may.
    """

    clock: Clock
    faults: Faults
    seed: int = 7
    directory: Directory | None = None
    register: Register = field(default_factory=Register)
    endpoints: Endpoints = field(default_factory=Endpoints)
    deliveries: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT_DELIVERIES))
    _postbox: Postbox = field(init=False)
    _due: list[tuple[datetime, int, Due]] = field(default_factory=list)
    _count: int = 0
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: asyncio.Task[None] | None = None
    _sending: dict[asyncio.Task[None], Envelope] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._postbox = self._new_postbox()

    def _new_postbox(self) -> Postbox:
        return Postbox(self.register, self.faults, random.Random(self.seed))  # noqa: S311

    # --- what happens -------------------------------------------------------------------------

    def watch(self, exchange: Exchange) -> None:
        """Hear of every change of this exchange, except of those that only fill a sample."""

        def heard(mailbox: Mailbox, change: Change) -> None:
            if exchange.is_quiet or not self.register.has_watchers(mailbox.person.id):
                return
            # Graph docs: what others share with somebody cannot be watched in his mailbox.
            if change.event.is_local_copy:
                return
            self._post(self._postbox.letters_about(mailbox, change, self.clock()))

        exchange.listeners.append(heard)

    def add(self, subscription: Subscription) -> None:
        """Begin to serve a subscription."""
        self.register.add(subscription)
        self.keep_time(subscription)

    def keep_time(self, subscription: Subscription) -> None:
        """Remember the end of a subscription that was made or renewed."""
        subscription.is_reauthorized = False
        now, end = self.clock(), subscription.expires
        for before in WARNINGS_BEFORE_END:
            if end - before > now:
                self._put(end - before, Warn(subscription, end))
        self._put(end, End(subscription, end))
        self.wake()

    def tell_lifecycle(self, event: LifecycleEvent, subscriptions: Iterable[Subscription]) -> int:
        """Send a lifecycle notification about each; a removed subscription is gone with it.

        Answers to how many subscriptions this could be told.
        """
        letters: list[Letter] = []
        for subscription in list(subscriptions):
            if event is LifecycleEvent.REMOVED:
                self.register.remove(subscription)
            letters += self._postbox.letters_of_lifecycle(subscription, event, self.clock())
        self._post(letters)
        return len(letters)

    def clear(self) -> None:
        """No subscription, nothing on its way, nothing known of any host."""
        self.register.clear()
        self.endpoints.clear()
        self.deliveries.clear()
        self._due.clear()
        self._postbox = self._new_postbox()
        for task in self._sending:
            task.cancel()
        self._sending.clear()

    @property
    def waiting(self) -> int:
        """How many notifications have not been delivered yet: due later, or being sent."""
        counts = (
            len(due.letters) if isinstance(due, Envelope) else isinstance(due, Letter)
            for _, _, due in self._due
        )
        return sum(counts) + sum(len(envelope.letters) for envelope in self._sending.values())

    # --- running ------------------------------------------------------------------------------

    def wake(self) -> None:
        """Look at once what is due; without a running loop it waits until somebody serves."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._runner is None or self._runner.done():
            self._runner = loop.create_task(self._run())
        self._woken.set()

    async def close(self) -> None:
        """Stop sending."""
        tasks = [*self._sending, *([self._runner] if self._runner else [])]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._runner = None

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            self._send_due(self.clock())
            wait = LONGEST_SLEEP
            if self._due:
                wait = min(wait, (self._due[0][0] - self.clock()).total_seconds())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), max(wait, 0.001))

    def _send_due(self, now: datetime) -> None:
        by_url: dict[str, list[Letter]] = {}
        while self._due and self._due[0][0] <= now:
            due = heapq.heappop(self._due)[2]
            if isinstance(due, Letter):
                by_url.setdefault(due.url, []).append(due)
            elif isinstance(due, Envelope):
                self._start(due)
            elif isinstance(due, Warn):
                self._warn(due)
            elif due.subscription.expires == due.end:
                self.register.remove(due.subscription)
        for url, letters in by_url.items():
            self._send_new(url, letters, now)

    def _send_new(self, url: str, letters: list[Letter], now: datetime) -> None:
        letters = [letter for letter in letters if letter.event or self._has_access(letter)]
        verdict = self.endpoints.verdict(url, now)
        if verdict is Verdict.DROP:
            self._lose([letter for letter in letters if letter.event is None])
            letters = [letter for letter in letters if letter.event is not None]
            verdict = Verdict.SLOW
        if verdict is Verdict.SLOW:
            waiting = [letter for letter in letters if not letter.is_delayed]
            letters = [letter for letter in letters if letter.is_delayed]
            for letter in waiting:
                letter.is_delayed = True
                self._put(now + WINDOW, letter)
        for start in range(0, len(letters), MOST_PER_POST):
            self._start(Envelope(url, letters[start : start + MOST_PER_POST]))

    def _has_access(self, letter: Letter) -> bool:
        """Whether the subscriber may still be told; who may not is asked to reauthorize."""
        subscription = letter.subscription
        if self.directory is None or is_entitled(self.directory, subscription):
            if subscription.has_lost_access:
                subscription.has_lost_access = False
                self.tell_lifecycle(LifecycleEvent.MISSED, [subscription])
            return True
        subscription.tally.dropped += 1
        if not subscription.has_lost_access:
            subscription.has_lost_access = True
            self.tell_lifecycle(LifecycleEvent.REAUTHORIZE, [subscription])
        return False

    def _warn(self, due: Warn) -> None:
        subscription = due.subscription
        is_current = subscription.expires == due.end and not subscription.is_reauthorized
        if is_current and subscription in self.register and self.clock() < due.end:
            self.tell_lifecycle(LifecycleEvent.REAUTHORIZE, [subscription])

    def _start(self, envelope: Envelope) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(envelope))
        self._sending[task] = envelope
        task.add_done_callback(lambda done: self._sending.pop(done, None))

    async def _deliver(self, envelope: Envelope) -> None:
        letters = [letter for letter in envelope.letters if self._is_wanted(letter)]
        if not letters:
            return
        envelope.letters = letters
        now, loop = self.clock(), asyncio.get_running_loop()
        envelope.first_tried = envelope.first_tried or now
        patience = self.endpoints.patience
        seconds = patience.again if envelope.attempts else patience.first
        body = orjson.dumps({"value": [letter.as_json() for letter in letters]})
        envelope.attempts += 1
        started, outcome = loop.time(), "failed"
        status: int | None = None
        try:
            reply = await courier.post(
                envelope.url, body, "application/json; charset=utf-8", seconds
            )
            status, outcome = reply.status, "delivered" if reply.is_success else "refused"
        except TimeoutError:
            outcome = "timed out"
        except DeliveryError:
            pass
        if asyncio.current_task() not in self._sending:
            # Everything was cleared while the answer was on its way: it belongs to nobody.
            return
        # A timer may fire a moment early; what ran out of time took all of it.
        took = seconds if outcome == "timed out" else loop.time() - started
        self.endpoints.note(envelope.url, self.clock(), took)
        self._log(envelope, now, outcome, status)
        if outcome == "delivered":
            for letter in letters:
                letter.subscription.tally.delivered += 1
            return
        self._retry(envelope)

    def _retry(self, envelope: Envelope) -> None:
        assert envelope.first_tried is not None
        for letter in envelope.letters:
            letter.subscription.tally.failed_attempts += 1
        due = self.clock() + FIRST_RETRY * 2 ** (envelope.attempts - 1)
        if due - envelope.first_tried > GIVE_UP_AFTER:
            self._lose(envelope.letters)
            return
        self._put(due, envelope)
        self.wake()

    def _lose(self, letters: list[Letter]) -> None:
        """Discard letters; who lost changes is told so."""
        lost: dict[str, Subscription] = {}
        for letter in letters:
            letter.subscription.tally.dropped += 1
            if letter.event is None and letter.subscription in self.register:
                lost[letter.subscription.id] = letter.subscription
        self.tell_lifecycle(LifecycleEvent.MISSED, lost.values())

    def _is_wanted(self, letter: Letter) -> bool:
        return letter.event is LifecycleEvent.REMOVED or letter.subscription in self.register

    def _post(self, letters: list[Letter]) -> None:
        for letter in letters:
            self._put(letter.due, letter)
        if letters:
            self.wake()

    def _put(self, at: datetime, due: Due) -> None:
        self._count += 1
        heapq.heappush(self._due, (at, self._count, due))

    def _log(self, envelope: Envelope, at: datetime, outcome: str, status: int | None) -> None:
        self.deliveries.append(
            {
                "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "url": envelope.url,
                "notifications": len(envelope.letters),
                "attempt": envelope.attempts,
                "outcome": outcome,
                "status": status,
            }
        )
