"""The subscriptions there are, by id and by mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from backend.sandbox.notifications.model import Json, Subscription, change_kinds, subscription_of


class Register:
    """Subscriptions in the order they were made; `version` grows with every change."""

    def __init__(self) -> None:
        self.version = 0
        self._by_id: dict[str, Subscription] = {}
        self._by_owner: dict[str, dict[str, Subscription]] = {}

    def __iter__(self) -> Iterator[Subscription]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, subscription: Subscription) -> bool:
        return self._by_id.get(subscription.id) is subscription

    def get(self, subscription_id: str) -> Subscription | None:
        """The subscription with this id, in any case of its letters."""
        return self._by_id.get(subscription_id.lower())

    def has_watchers(self, owner_id: str) -> bool:
        """Whether anybody wants to hear of this mailbox."""
        return bool(self._by_owner.get(owner_id))

    def of_mailbox(self, owner_id: str) -> list[Subscription]:
        """Everybody who wants to hear of a mailbox."""
        return list(self._by_owner.get(owner_id, {}).values())

    def same_as(self, app: str, owner_id: str, change_type: str) -> Subscription | None:
        """What the application already has for this mailbox and these changes."""
        kinds = change_kinds(change_type)
        for each in self.of_mailbox(owner_id):
            if each.app == app and each.kinds == kinds:
                return each
        return None

    def add(self, subscription: Subscription) -> None:
        """Take one in."""
        self.version += 1
        self._by_id[subscription.id] = subscription
        self._by_owner.setdefault(subscription.owner_id, {})[subscription.id] = subscription

    def touch(self) -> None:
        """Something about a subscription changed."""
        self.version += 1

    def remove(self, subscription: Subscription) -> None:
        """Take one out, if it is there."""
        if subscription in self:
            self.version += 1
            del self._by_id[subscription.id]
            del self._by_owner[subscription.owner_id][subscription.id]

    def clear(self) -> None:
        """Take all of them out."""
        self.version += 1
        self._by_id.clear()
        self._by_owner.clear()

    def snapshot(self) -> list[Json]:
        """All of them as JSON."""
        return [each.snapshot() for each in self]

    def saved(self, rows: list[Json], now: datetime) -> list[Subscription]:
        """Those of a snapshot that are not over; they are not taken in yet."""
        found = [subscription_of(row) for row in rows]
        return [each for each in found if each.expires > now]
