"""The outside world as the services see it: identity, Outlook through Graph, the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from backend.domain.competing import Marked
from backend.domain.errors import RemoteConflictError
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
class Examination:
    """A look together with what the lists say about the same meeting, in one round trip (L6)."""

    look: Look | None
    """``None`` when a GET by id did not find the event."""
    in_default_calendar: tuple[Event, ...]
    in_any_calendar: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Between which instants a calendar is watched; sealed in its links (Graph docs: delta)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Touched:
    """An event that is new or changed. A hint: only a GET decides anything about a link (R6)."""

    event: Event


@dataclass(frozen=True, slots=True)
class TouchedOccurrence:
    """An occurrence of a series, which the delta tells by ids only."""

    event_id: str
    series_id: str | None


@dataclass(frozen=True, slots=True)
class Vanished:
    """Deleted, or moved out of the window or the calendar: never a proof of anything (L6)."""

    event_id: str


Change = Touched | TouchedOccurrence | Vanished


@dataclass(frozen=True, slots=True)
class DeltaPage:
    """One page of a round. Follow ``link`` verbatim: the next page, or next round's first one."""

    changes: tuple[Change, ...]
    link: str
    is_last: bool
    """Whether the round is complete; an empty page says nothing about that."""
    request_id: str | None
    unreadable: int = 0
    """Items that could not be read and were left out."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Change notifications for one mailbox, as Graph keeps them; ``None``: Graph did not say."""

    id: str
    expires_at: datetime
    notification_url: str | None = None
    lifecycle_url: str | None = None
    client_state: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where Graph sends change and lifecycle notifications, and the secret that proves them."""

    notification_url: str
    lifecycle_url: str
    client_state: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DirectoryUser:
    """A person as the directory knows him."""

    oid: str
    name: str
    address: str
    proxy_addresses: tuple[str, ...] = ()
    enabled: bool = True
    mail: str = ""
    """The primary address; empty where the directory has none, whatever the principal name is."""
    principal_name: str = ""
    is_guest: bool = False
    has_mailbox_plan: bool | None = None
    """Whether a plan with Exchange is assigned; ``None``: the directory did not say."""


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """A page of the directory; ``link`` leads to the next one."""

    users: tuple[DirectoryUser, ...]
    link: str | None


@dataclass(frozen=True, slots=True)
class GroupPage:
    """A page of the directory's groups: every address of each; ``link`` leads to the next one."""

    addresses: tuple[str, ...]
    link: str | None


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

    def examine(self, mailbox: Mailbox, event_id: str, ical_uid: str) -> Examination:
        """An event by id, with body, and both lists of its iCalUId, in one ``$batch``.

        Raises: RemoteAccessError, also when a list answers 404: that speaks of the mailbox (L6).
        """
        ...

    def read_changes(self, mailbox: Mailbox, where: Window | str) -> DeltaPage:
        """A page of the default calendar's delta: the first of a window, or the one at a link.

        Raises: DeltaExpiredError when the link is no longer known: start over with a window.
        """
        ...

    def subscribe(self, mailbox: Mailbox, hooks: Hooks, expires_at: datetime) -> Subscription:
        """Ask for change notifications of a mailbox; Graph calls our hooks before it answers.

        Raises: RemoteConflictError when there is one already, RemoteRejectedError when a hook did
        not answer the handshake.
        """
        ...

    def find_subscription(
        self, mailbox: Mailbox, conflict: RemoteConflictError
    ) -> Subscription | None:
        """What this app has for the mailbox, whatever its hooks: only after that conflict."""
        ...

    def renew_subscription(self, subscription_id: str, expires_at: datetime) -> Subscription:
        """Prolong, which also reauthorizes. Raises: RemoteNotFoundError when it is gone."""
        ...

    def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription; one that is gone already is a success."""
        ...

    def has_master_category(self, mailbox: Mailbox, name: str) -> bool | None:
        """Whether the mailbox lists this category; ``None`` when that may not be read."""
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

    def recolor_master_category(self, mailbox: Mailbox, name: str, color: str) -> bool:
        """Give the master category another colour, where there is one; False when not permitted."""
        ...

    def read_marks(
        self, mailbox: Mailbox, window: Window, properties: Sequence[str]
    ) -> list[Marked]:
        """What other syncs have left on the first events of a window (A2)."""
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

    def list_groups(self, link: str | None = None) -> GroupPage:
        """A page of the tenant's groups that have an address.

        Raises: RemoteAccessError when groups may not be read.
        """
        ...

    def list_users(self, link: str | None = None) -> DirectoryPage:
        """A page of the tenant's active users: the first one, or the one at a link."""
        ...


class Calendars(Protocol):
    """Makes calendars for an identity."""

    def as_user(self, principal: Principal, *, budget: float | None = None) -> Calendar:
        """Outlook as this user sees it. ``budget``: seconds all its calls may take together."""
        ...

    def as_app(self, server: ServerCredentials, *, budget: float | None = None) -> Calendar:
        """Outlook as the firm's online server sees it."""
        ...

    def sign_in_anew(self, server: ServerCredentials, *, budget: float | None = None) -> None:
        """Sign in as the server, whatever token is at hand.

        Raises: RemoteAccessError with system "entra" (``remote_code`` says why),
        TransientRemoteError.
        """
        ...


class TokenVerifier(Protocol):
    """Proves access tokens sent to our API (Entra docs: validate claims)."""

    def verify(self, token: str) -> Principal:
        """Raises: IdentityError for anything that is not a user's token for this API."""
        ...
