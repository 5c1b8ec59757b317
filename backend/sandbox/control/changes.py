"""What changed in which mailbox since a number: a cheap thing to poll for the Outlook-like page."""

from typing import Any

from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import Change
from backend.sandbox.exchange.store import Exchange
from backend.sandbox.world import World


class ChangeFeed:
    """Remembers per mailbox the number of its last change; starts anew with each exchange."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._watched: Exchange | None = None
        self._last_of: dict[str, int] = {}

    def since(self, number: int) -> dict[str, Any]:
        """`next` for the following question, and the addresses whose mailboxes changed.

        `generation` grows with each reset: then everything has to be read again.
        """
        self._watch()
        changed = [address for address, last in self._last_of.items() if last > number]
        return {
            "next": self._world.exchange.sequence,
            "mailboxes": changed,
            "mail": len(self._world.exchange.mail),
            "generation": self._world.generation,
        }

    def _watch(self) -> None:
        exchange = self._world.exchange
        if exchange is self._watched:
            return
        self._watched = exchange
        self._last_of.clear()
        exchange.listeners.append(self._note)

    def _note(self, mailbox: Mailbox, change: Change) -> None:
        self._last_of[mailbox.person.address] = change.sequence
