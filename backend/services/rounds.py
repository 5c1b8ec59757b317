"""How the watching of a mailbox moves on, page by page: pure functions from state to state.

Two chains of pages are read: the *cursor* tells what changed, and a *seed* is the first round of a
new window, which shows everything in it. A seed runs beside the old cursor and replaces it when it
is complete, so that no change falls between them (road rule A16).
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from backend.db.watches import Seed, Watch
from backend.domain.policy import Policy
from backend.domain.ports import DeltaPage, Window

MARGIN = timedelta(days=8)
"""How much further than the period a window reaches: more than the time until the next one."""
FARTHEST = timedelta(days=548)
"""A delta looks 18 months ahead; what lies beyond is read by id once a day (S4)."""
RESEED_EVERY = timedelta(days=1)
"""A delta may never tell of a deletion (Graph docs issue 3853): a new window's first round does, so
this bounds how long its record can stand."""
RESEED_SPREAD = timedelta(hours=6)
RESYNC_SPREAD = timedelta(seconds=60)
"""Graph may forget the cursors of many mailboxes at once: they do not start over together."""
MOST_PAGES = 2000
"""A round of more pages will not end (Graph docs: delta, field reports of endless next links)."""


class Chain(Enum):
    """Which pages are read."""

    CHANGES = "changes"
    SEED = "seed"


def window_for(policy: Policy, now: datetime) -> Window:
    """What is watched: the period, within what a delta can do, and a margin at both ends."""
    ahead = min(timedelta(days=policy.future_days), FARTHEST)
    return Window(now - timedelta(days=policy.past_days) - MARGIN, now + ahead + MARGIN)


def next_chain(watch: Watch, now: datetime, *, changes_read: bool) -> Chain | None:
    """What to read next; ``None`` when this look is complete.

    ``changes_read``: a round was completed by this look. Changes come first.
    """
    if watch.cursor is not None and not changes_read:
        return Chain.CHANGES
    if watch.seed is not None or watch.reseed_at is None or watch.reseed_at <= now:
        return Chain.SEED
    return None


def begin_seed(watch: Watch, policy: Policy, now: datetime) -> Watch:
    """A new window, unless one is being read."""
    if watch.seed is not None:
        return watch
    return replace(watch, seed=Seed(str(uuid.uuid4()), window_for(policy, now), now))


def where(watch: Watch, chain: Chain) -> Window | str:
    """What to ask Graph for."""
    if chain is Chain.CHANGES:
        assert watch.cursor is not None
        return watch.cursor
    assert watch.seed is not None
    return watch.seed.link or watch.seed.window


def after_page(
    watch: Watch, chain: Chain, page: DeltaPage, now: datetime, *, jitter: float
) -> Watch:
    """The state once the page's work is stored; ``jitter`` from 0 to 1."""
    if chain is Chain.CHANGES:
        return replace(
            watch,
            cursor=page.link,
            round_pages=0 if page.is_last else watch.round_pages + 1,
            checked_at=now if page.is_last else watch.checked_at,
        )
    seed = watch.seed
    assert seed is not None
    if page.is_last:
        return replace(
            watch,
            cursor=page.link,
            window=seed.window,
            round_pages=0,
            seed=None,
            reseed_at=now + RESEED_EVERY - jitter * RESEED_SPREAD,
            checked_at=now,
        )
    grown = replace(
        seed, link=page.link, pages=seed.pages + 1, events=seed.events + len(page.changes)
    )
    return replace(watch, seed=grown)


def pages_read(watch: Watch, chain: Chain) -> int:
    """Pages of the round that is going on."""
    if chain is Chain.CHANGES:
        return watch.round_pages
    return watch.seed.pages if watch.seed is not None else 0


def start_over(watch: Watch, chain: Chain, at: datetime) -> Watch:
    """The chain is dead: a new window at ``at``. A seed that goes on anyway is not disturbed."""
    if chain is Chain.SEED:
        return replace(watch, seed=None, reseed_at=at)
    started = replace(watch, cursor=None, window=None, round_pages=0)
    return started if watch.seed is not None else replace(started, reseed_at=at)
