"""The outside world as the services see it: identity, Outlook through Graph, the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from backend.domain.event import Event

Clock = Callable[[], datetime]
"""Aware UTC now."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: proven claims. Identity is (``tenant_id``, ``oid``), nothing else (X1)."""

    tenant_id: str
    oid: str
    name: str = ""
    username: str = ""
    """``preferred_username``: for display and to fill a new user's address, never to authorise."""
    roles: frozenset[str] = frozenset()
    client_id: str | None = None
    token: str | None = field(default=None, repr=False)
    """The access token itself, needed for on-behalf-of; ``None`` for a cookie session."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Whose calendar a call is about."""

    tenant_id: str
    owner_oid: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class ServerCredentials:
    """What the worker signs in with: one registered online server of a firm (A4)."""

    server_id: str
    tenant_id: str
    client_id: str
    cloud: str = "global"
    secret: str | None = field(default=None, repr=False)
    certificate_pem: str | None = field(default=None, repr=False)
    """Private key and certificate, PEM, concatenated."""


@dataclass(frozen=True, slots=True)
class Look:
    """One reading of an event: the value, Graph's request id, and when we asked."""

    event: Event
    request_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class DirectoryUser:
    """A person as the directory knows him."""

    oid: str
    name: str
    address: str
    proxy_addresses: tuple[str, ...] = ()
    enabled: bool = True


class Calendar(Protocol):
    """Outlook seen with one identity: a user's (on-behalf-of) or the app's.

    Every call raises :class:`~backend.domain.errors.RemoteError` subclasses with
    ``system="graph"``, and for a user's calendar also ``ClaimsRequiredError`` and
    ``ConsentRequiredError`` when Entra or Graph asks for more.
    """

    @property
    def may_write_events(self) -> bool | None:
        """True or False when the granted scopes say so, ``None`` when only a try can tell."""
        ...

    @property
    def may_write_master_categories(self) -> bool | None: ...

    def get_event(self, mailbox: Mailbox, event_id: str, *, with_body: bool = False) -> Look:
        """One event by any id form (REST, EWS with ``/`` and ``+`` swapped, immutable).

        Raises: RemoteNotFoundError when this mailbox does not hold it.
        """
        ...

    def find_events(
        self, mailbox: Mailbox, ical_uid: str, *, default_calendar: bool
    ) -> list[Event]:
        """Events with this iCalUId, in the default calendar or in all calendars (L6)."""
        ...

    def set_categories(
        self, mailbox: Mailbox, event_id: str, categories: Sequence[str], *, etag: str
    ) -> Look:
        """Replace the whole array (If-Match is sent); answers the event as Graph returned it.

        Raises: RemoteConflictError on 409/412, RemoteAccessError when writing is not permitted.
        """
        ...

    def ensure_master_category(self, mailbox: Mailbox, name: str, color: str) -> bool:
        """Make the coloured master category if it is missing; False when not permitted."""
        ...

    def may_edit(self, mailbox: Mailbox) -> bool:
        """Whether this identity may edit the mailbox's calendar (T9), asked of Graph."""
        ...

    def verified_domains(self) -> tuple[str, ...]:
        """The tenant's verified domains."""
        ...

    def find_user(self, tenant_id: str, key: str) -> DirectoryUser | None:
        """A directory user by object id or address; ``None`` when unknown."""
        ...


class Calendars(Protocol):
    """Makes calendars for an identity."""

    def as_user(self, principal: Principal, *, budget: float | None = None) -> Calendar:
        """Outlook as this user sees it. ``budget``: seconds all its calls may take together."""
        ...

    def as_app(self, server: ServerCredentials, *, budget: float | None = None) -> Calendar:
        """Outlook as the firm's online server sees it."""
        ...


class TokenVerifier(Protocol):
    """Proves access tokens sent to our API (Entra docs: validate claims)."""

    def verify(self, token: str) -> Principal:
        """Raises: IdentityError for anything that is not a user's token for this API."""
        ...
