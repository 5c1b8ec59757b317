"""Walks the road inside a request, within its budget, or waits for whoever is walking it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from backend.db.links import Lease
from backend.domain.ports import Calendar, Clock, Look
from backend.services.hands import Hand
from backend.services.road import Outcome, Road
from backend.services.wishes import Wish, Wishes

POLL_SECONDS = 0.05
SWEEP_SECONDS = 60

Ring = Callable[[str, float], None]
"""Wakes the workers: (kind of work, delay in seconds). Never raises."""

DRAIN_LINKS = "drain_links"


class Driver:
    """Inline tries: bounded in number (road rule A8) and in time (A7)."""

    def __init__(
        self,
        road: Road,
        wishes: Wishes,
        clock: Clock,
        ring: Ring,
        *,
        budget: float,
        tries: int,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """``budget``: seconds; ``tries``: how many requests may be inside remote calls at once;
        ``pause`` waits some seconds, by default on an event that nobody sets.
        """
        self._road = road
        self._wishes = wishes
        self._clock = clock
        self._ring = ring
        self._budget = budget
        self._tries = threading.BoundedSemaphore(tries)
        self._pause = pause or threading.Event().wait

    @contextmanager
    def one_try(self) -> Iterator[bool]:
        """Whether this request may make remote calls; at most half of the threads do (A8)."""
        taken = self._tries.acquire(blocking=False)
        try:
            yield taken
        finally:
            if taken:
                self._tries.release()

    def drive(self, wish: Wish, hand: Hand | None) -> Outcome | None:
        """Walk the road once, or wait until whoever walks it has ended; never beyond the budget.

        ``hand=None``: this request may not try, so the lease is given back and a worker rung.
        """
        lease = wish.lease
        if hand is None:
            if lease is not None:
                self._wishes.give_back(lease)
            self.ring_now()
            return None
        hand = replace(hand, link=wish.link)
        waited = 0.0
        while lease is None:
            state = self._wishes.peek(wish.link.id)
            if state is None or not (state.leased or state.due):
                return None
            if not state.leased:
                lease = self._wishes.try_lease(wish.link.id)
                hand = Hand(hand.calendar, is_user=True)
                continue
            if waited >= self._budget:
                self.ring_now()
                return None
            self._pause(POLL_SECONDS)
            waited += POLL_SECONDS
        return self._walk(lease, hand)

    def walk_now(self, link_id: str, calendar: Calendar, look: Look | None = None) -> bool:
        """Walk a link if nobody else does; otherwise ring and answer False."""
        lease = self._wishes.try_lease(link_id)
        if lease is None:
            self.ring_now()
            return False
        self._walk(lease, Hand(calendar, is_user=True, look=look))
        return True

    def ring_now(self) -> None:
        """Wake a worker."""
        self._ring(DRAIN_LINKS, 0)

    def _walk(self, lease: Lease, hand: Hand) -> Outcome:
        outcome = self._road.walk(lease, hand)
        self._ring_for(outcome.due_at)
        return outcome

    def _ring_for(self, due_at: datetime | None) -> None:
        """Retries shorter than a sweep need a ring of their own."""
        if due_at is None:
            return
        delay = (due_at - self._clock()).total_seconds()
        if delay < SWEEP_SECONDS:
            self._ring(DRAIN_LINKS, max(delay, 0.0))
