"""Who calls, for whose calendar, under which settings: the first step of every use case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeGuard

from sqlalchemy.orm import Session

from backend.db import people
from backend.db.machine_models import BreakerRow
from backend.db.models import ServerRow
from backend.db.people import Owner
from backend.db.rows import policy_of, user_state_of
from backend.domain.breaker import ASKED_TO_WAIT, GRAPH, shut
from backend.domain.errors import (
    NotAllowedError,
    RemoteError,
    TransientRemoteError,
    UnknownFirmError,
)
from backend.domain.event import normalised_address
from backend.domain.matching import FirmDirectory
from backend.domain.policy import Policy, UserState
from backend.domain.ports import (
    Calendars,
    Clock,
    Mailbox,
    Principal,
    ServerCredentials,
    Window,
)
from backend.services.directories import Directories
from backend.services.transactions import run_again_if_taken
from backend.sql import Database

EDIT_RIGHT_LASTS = timedelta(hours=1)
"""How long a delegate's edit right counts without asking Graph again (T9)."""


class Vault(Protocol):
    """Keeps secrets encrypted at rest (A4)."""

    def encrypt(self, secret: str) -> str: ...

    def decrypt(self, sealed: str) -> str: ...


@dataclass(frozen=True, slots=True)
class CalendarOwner:
    """The person whose calendar it is, as values that outlive the transaction."""

    firm_id: str
    firm_name: str
    tenant_id: str
    user_id: str
    oid: str
    name: str
    address: str
    mailbox_id: str
    policy: Policy
    state: UserState
    server: ServerCredentials | None
    server_can_write: bool | None
    master_category: str | None
    master_color: str | None
    """The firm's colour when the master category was made or coloured last."""
    default_activity_type: str | None
    default_visibility: str
    throttled_until: datetime | None = None
    """Graph asked everybody to leave this mailbox alone until then."""
    directory_of: Callable[[], FirmDirectory] = field(
        default=FirmDirectory, compare=False, repr=False
    )
    """Asked when somebody is matched, never inside a transaction; an idle look does without."""
    watched: Window | None = None
    """The window whose changes reach us without looking; ``None``: nobody tells us of any."""
    graph_shut_until: datetime | None = None
    """Graph does not answer: nobody calls it before then, and then one who asks the breaker."""
    crm_shut_until: datetime | None = None
    failing: frozenset[str] = frozenset()
    """The systems that have failed since they last answered; the next answer is news."""

    def why_not_graph(self, now: datetime) -> TransientRemoteError | None:
        """Why Graph must not be called for this mailbox now, and for how long; ``None``: it may."""
        until, since = self.throttled_until, self.graph_shut_until
        if since is not None and since > max(until or now, now):
            return shut(GRAPH, since, now)
        if until is None or until <= now:
            return None
        return TransientRemoteError(
            "graph asked to wait",
            system=GRAPH,
            remote_code=ASKED_TO_WAIT,
            retry_after=(until - now).total_seconds(),
        )

    @property
    def directory(self) -> FirmDirectory:
        """What the firm's directory tells of addresses (M)."""
        return self.directory_of()

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox(self.tenant_id, self.oid, self.address)


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in user acting on a calendar: his own, or its owner's as a delegate (T9)."""

    principal: Principal
    user_id: str
    owner: CalendarOwner

    @property
    def is_delegate(self) -> bool:
        return self.principal.oid != self.owner.oid


def owner_values(
    owner: Owner,
    vault: Vault,
    *,
    can_write: bool | None = None,
    directory_of: Callable[[], FirmDirectory] = FirmDirectory,
) -> CalendarOwner:
    """The values of a joined row; call it while the session is open."""
    return CalendarOwner(
        firm_id=owner.firm.id,
        firm_name=owner.firm.name,
        tenant_id=owner.firm.tenant_id,
        user_id=owner.user.id,
        oid=owner.user.oid,
        name=owner.user.name,
        address=owner.user.address or "",
        mailbox_id=owner.mailbox.id,
        policy=policy_of(owner.firm),
        state=user_state_of(owner.user, owner.mailbox, owner.server),
        server=credentials_of(owner.server, vault) if owner.server is not None else None,
        server_can_write=can_write,
        master_category=owner.mailbox.master_category,
        master_color=owner.mailbox.master_color,
        default_activity_type=owner.user.default_activity_type,
        default_visibility=owner.user.default_visibility,
        throttled_until=owner.mailbox.not_before,
        watched=_watched(owner),
        directory_of=directory_of,
        graph_shut_until=_shut_until(owner, owner.graph_breaker),
        crm_shut_until=_shut_until(owner, owner.crm_breaker),
        failing=frozenset(
            row.system for row in (owner.graph_breaker, owner.crm_breaker) if _concerns(row, owner)
        ),
    )


def _concerns(row: BreakerRow | None, owner: Owner) -> TypeGuard[BreakerRow]:
    """One mailbox that fails by itself is nobody else's trouble."""
    return row is not None and row.mailbox_id in (None, owner.mailbox.id)


def _shut_until(owner: Owner, row: BreakerRow | None) -> datetime | None:
    return row.probe_at if _concerns(row, owner) else None


def _watched(owner: Owner) -> Window | None:
    watch = owner.watch
    if watch.cursor is None or watch.window_start is None or watch.window_end is None:
        return None
    return (
        None if owner.mailbox.problem is not None else Window(watch.window_start, watch.window_end)
    )


def credentials_of(server: ServerRow, vault: Vault) -> ServerCredentials:
    """What the worker signs in with."""
    return ServerCredentials(
        server_id=server.id,
        tenant_id=server.tenant_id,
        client_id=server.client_id,
        cloud=server.cloud,
        secret=vault.decrypt(server.secret_encrypted) if server.secret_encrypted else None,
        certificate_pem=(
            vault.decrypt(server.certificate_encrypted) if server.certificate_encrypted else None
        ),
    )


CAN_WRITE_LASTS = timedelta(hours=1)
"""How long a refused write keeps the worker from trying again (A19)."""


def server_can_write(server: ServerRow | None, now: datetime) -> bool | None:
    """Whether the app may write categories; a refusal is forgotten after an hour (A19)."""
    if server is None or server.can_write is None:
        return None
    if server.can_write:
        return True
    fresh = server.can_write_at is not None and now - server.can_write_at < CAN_WRITE_LASTS
    return False if fresh else None


class Callers:
    """Turns a principal into a caller; makes users of known firms at their first sign-in."""

    def __init__(
        self, database: Database, calendars: Calendars, vault: Vault, clock: Clock
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._vault = vault
        self._clock = clock
        self._directories = Directories(database, clock)

    def resolve(self, principal: Principal, mailbox: str | None = None) -> Caller:
        """The caller and the calendar's owner; ``mailbox`` is an address or object id.

        Raises: UnknownFirmError, NotAllowedError when the firm has no such mailbox.
        """
        with self._database.read() as session:
            me = people.find_owner(session, principal.tenant_id, principal.oid)
            own = self._values(me) if me is not None else None
            other = None
            if own is not None and mailbox is not None and not _is_own(own, mailbox):
                found = people.find_owner_by(session, principal.tenant_id, mailbox)
                other = self._values(found) if found is not None else None
        if own is None:
            own = self._first_sign_in(principal)
        if mailbox is None or _is_own(own, mailbox):
            return Caller(principal, own.user_id, own)
        if other is None:
            other = self._unknown_owner(principal, own, mailbox)
        return Caller(principal, own.user_id, other)

    def owner_of_mailbox(self, tenant_id: str, mailbox_id: str) -> CalendarOwner:
        """The owner of a mailbox that is known to exist, for the worker."""
        with self._database.read() as session:
            return self._values(people.get_owner_of_mailbox(session, tenant_id, mailbox_id))

    def owner_of(self, owner: Owner) -> CalendarOwner:
        """The values of a row that has been read already; call it while the session is open."""
        return self._values(owner)

    def confirm_edit_right(self, caller: Caller) -> None:
        """Ask Graph whether a delegate may edit, unless it said so within the hour (T9).

        Raises: NotAllowedError when he may not, RemoteError when Graph does not answer.
        """
        if not caller.is_delegate:
            return
        now = self._clock()
        since = now - EDIT_RIGHT_LASTS
        with self._database.read() as session:
            mailbox_id = caller.owner.mailbox_id
            if people.may_have_edit_right(session, mailbox_id, caller.user_id, since=since):
                return
        calendar = self._calendars.as_user(caller.principal)
        if not calendar.may_edit(caller.owner.mailbox):
            raise NotAllowedError("You may not edit this calendar.")

        def confirm(session: Session) -> None:
            owner = people.get_owner_of_mailbox(session, caller.owner.tenant_id, mailbox_id)
            people.confirm_edit_right(session, owner.mailbox, caller.user_id, now)

        run_again_if_taken(self._database, confirm)

    @contextmanager
    def graph(self, owner: CalendarOwner) -> Iterator[None]:
        """Around a call of Graph: not while it asks to wait, and when it asks, everybody waits.

        Raises: TransientRemoteError.
        """
        refusal = owner.why_not_graph(self._clock())
        if refusal is not None:
            raise refusal
        try:
            yield
        except TransientRemoteError as error:
            if error.system == GRAPH and error.retry_after:
                self.note_throttle(owner, error.retry_after)
            raise

    def note_throttle(self, owner: CalendarOwner, seconds: float) -> None:
        """Graph asked to wait: doors and workers of all processes obey (X1, Graph load)."""
        until = self._clock() + timedelta(seconds=seconds)
        with self._database.write.begin() as session:
            people.close_until(session, owner.mailbox_id, until)

    def _values(self, owner: Owner) -> CalendarOwner:
        can_write = server_can_write(owner.server, self._clock())
        directory_of = partial(self._directories.of, owner.firm.id)
        return owner_values(owner, self._vault, can_write=can_write, directory_of=directory_of)

    def _first_sign_in(self, principal: Principal) -> CalendarOwner:
        return self._add(
            principal.tenant_id, principal.oid, name=principal.name, address=principal.username
        )

    def _unknown_owner(self, principal: Principal, own: CalendarOwner, key: str) -> CalendarOwner:
        """A colleague who never signed in: known to the directory, not decided yet."""
        unknown = NotAllowedError("Your firm has no such mailbox.")
        if own.server is None:
            raise unknown
        try:
            found = self._calendars.as_app(own.server).find_user(principal.tenant_id, key)
        except RemoteError:
            raise unknown from None
        if found is None or own.policy.erased.holds(found.oid):
            raise unknown
        return self._add(
            principal.tenant_id, found.oid, name=found.name, address=found.address or None
        )

    def _add(self, tenant_id: str, oid: str, *, name: str, address: str | None) -> CalendarOwner:
        def add(session: Session) -> CalendarOwner:
            firm = people.find_firm(session, tenant_id)
            if firm is None:
                raise UnknownFirmError
            owner = people.find_owner(session, tenant_id, oid) or people.add_user(
                session,
                firm,
                oid=oid,
                name=name,
                address=address if address and "@" in address else None,
                now=self._clock(),
            )
            return self._values(owner)

        return run_again_if_taken(self._database, add)


def _is_own(owner: CalendarOwner, mailbox: str) -> bool:
    return mailbox.strip().lower() == owner.oid or (
        bool(owner.address) and normalised_address(mailbox) == owner.address
    )
