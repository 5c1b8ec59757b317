"""What the Graph routes need of the rest of the sandbox."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from backend.sandbox.control.faults import Faults
from backend.sandbox.directory import Directory
from backend.sandbox.exchange.store import Exchange
from backend.sandbox.graph.caller import Caller
from backend.sandbox.notifications.notifier import Notifier


class GraphWorld(Protocol):
    """The directory, the mailboxes and the check of access tokens."""

    @property
    def directory(self) -> Directory:
        """Tenants and people."""
        ...

    @property
    def exchange(self) -> Exchange:
        """The mailboxes."""
        ...

    @property
    def clock(self) -> Callable[[], datetime]:
        """Aware UTC now."""
        ...

    @property
    def faults(self) -> Faults:
        """What was ordered to go wrong."""
        ...

    @property
    def notifier(self) -> Notifier:
        """The subscriptions."""
        ...

    def graph_caller(self, authorization: str | None) -> Caller:
        """Who holds the token of this Authorization header.

        Raises GraphError 401 `InvalidAuthenticationToken` with a WWW-Authenticate header.
        """
        ...
