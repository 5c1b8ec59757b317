"""The sync states of all followers, kept as Exchange keeps them: a few per mailbox."""

from __future__ import annotations

import hashlib
from datetime import datetime

from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.sync_state import SyncState

KEPT_PER_MAILBOX = 24
ID_LENGTH = 16


class SyncStates:
    """States by id; the least recently used ones of a mailbox give way to new ones."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made = 0
        self._by_mailbox: dict[str, dict[bytes, SyncState]] = {}

    def new(
        self, mailbox: Mailbox, calendar_id: str, begin: datetime, end: datetime, now: datetime
    ) -> SyncState:
        """A state that nobody has followed yet."""
        self._made += 1
        # The time keeps links of an earlier run from naming a state of this one.
        text = f"{self._seed}/{mailbox.person.id}/{self._made}/{now.isoformat()}"
        digest = hashlib.sha256(text.encode()).digest()
        state = SyncState(
            digest[:ID_LENGTH], mailbox, calendar_id, begin, end, highest=100 + digest[31]
        )
        states = self._by_mailbox.setdefault(mailbox.person.id, {})
        states[state.id] = state
        if len(states) > KEPT_PER_MAILBOX:
            del states[next(iter(states))]
        return state

    def find(self, mailbox: Mailbox, state_id: bytes) -> SyncState | None:
        """The state with this id, now the most recently used one; None if it is lost."""
        states = self._by_mailbox.get(mailbox.person.id, {})
        state = states.pop(state_id, None)
        if state is None or state.mailbox is not mailbox:
            return None
        states[state_id] = state
        return state

    def forget(self, state: SyncState) -> None:
        """Lose a state, as on order."""
        self._by_mailbox.get(state.mailbox.person.id, {}).pop(state.id, None)

    def clear(self) -> None:
        """Lose all of them."""
        self._by_mailbox.clear()
