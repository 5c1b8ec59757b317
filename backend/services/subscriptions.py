"""Keeps a subscription per watched mailbox: make, renew, adopt, replace; polling needs none.

Graph docs: change notifications delivery through webhooks, lifecycle notifications.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from backend.db import people, subscriptions, watches
from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.ports import Calendar, Clock, Hooks, Subscription
from backend.services.callers import CalendarOwner
from backend.sql import Database

_log = structlog.get_logger(__name__)

LIFETIME = timedelta(days=6)
"""Graph allows seven days; a clock that is a little wrong must not cost the subscription."""
RENEW_BEFORE_END = timedelta(hours=48)
SPREAD = timedelta(hours=6)
"""At most so much earlier than need be, so that mailboxes made together part over time."""
PAUSE = timedelta(hours=1)
"""After a refusal: what is wrong is for people to mend, and polling goes on."""
SHORT_PAUSE = timedelta(minutes=5)
"""After a failure that may pass by itself, as when our web is just being started again."""
UNREACHABLE = "notification_address_unreachable"

_PASSING = frozenset({None, UNREACHABLE})

_HANDSHAKE_CODES = frozenset({"validationerror", "invalidrequest"})
_LIMIT_CODES = frozenset({"extensionerror"})
"""How Graph words a full mailbox is not documented: only the name of the problem hangs on it."""


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """What is known of a mailbox's subscription, as its watch row has it."""

    mailbox_id: str
    subscription_id: str | None
    expires_at: datetime | None
    due_at: datetime | None

    @classmethod
    def of(cls, watch: watches.Watch) -> SubscriptionState:
        return cls(
            watch.mailbox_id,
            watch.subscription_id,
            watch.subscription_expires_at,
            watch.subscription_due_at,
        )


class ClientStates:
    """The secret of each mailbox's subscription: derived, so none is stored or can be lost (X3)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """``keys``: newest first; the first makes states, all of them recognise theirs."""
        self._keys = tuple(keys)

    def of(self, mailbox_id: str) -> str:
        """64 characters; Graph allows 128."""
        return _state(self._keys[0], mailbox_id)

    def proves(self, mailbox_id: str, state: str) -> bool:
        """Whether we gave this state to this mailbox's subscription; in constant time."""
        given = state.encode("utf-8", "replace")
        found = [hmac.compare_digest(given, _state(key, mailbox_id).encode()) for key in self._keys]
        return any(found)


def _state(key: bytes, mailbox_id: str) -> str:
    return hmac.new(key, mailbox_id.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where Graph reaches us."""

    notification_url: str
    lifecycle_url: str


class Subscriptions:
    """Tends a mailbox's subscription under its lease; without addresses there is nothing to do.

    A mailbox that is not watched any more (paused, disabled, without a server) is not tended: its
    subscription runs out by itself within a week, and until then its notifications find nobody who
    looks.
    """

    def __init__(
        self,
        database: Database,
        states: ClientStates,
        addresses: Addresses | None,
        clock: Clock,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``chance``: between 0 and 1, spreads what would otherwise happen at once."""
        self._database = database
        self._states = states
        self._addresses = addresses
        self._clock = clock
        self._chance = chance

    def is_due(self, state: SubscriptionState) -> bool:
        """Whether :meth:`tend` would do anything now."""
        if self._addresses is None:
            return False
        return state.due_at is None or state.due_at <= self._clock()

    def tend(
        self, owner: CalendarOwner, calendar: Calendar, state: SubscriptionState
    ) -> datetime | None:
        """Make or renew what is due; until when Graph asked us to leave the mailbox alone, if so.

        Never raises for what Graph says or does not say. Call it before reading changes: what
        happens after a subscription was made is notified, what happened before is read. Takes up
        to half a minute, as Graph calls us in between.
        """
        if self._addresses is None or not self.is_due(state):
            return None
        hooks = Hooks(
            self._addresses.notification_url,
            self._addresses.lifecycle_url,
            self._states.of(state.mailbox_id),
        )
        visit = _Visit(
            owner, calendar, hooks, state, self._clock() + LIFETIME - self._chance() * SPREAD
        )
        try:
            self._keep(visit, self._renewed(visit) or self._made(visit))
        except RemoteError as error:
            return self._note_failure(visit, error)
        return None

    def _renewed(self, visit: _Visit) -> Subscription | None:
        """The one we have with a later end; ``None``: there is none, or not as it should be."""
        known, expires_at = visit.state.subscription_id, visit.state.expires_at
        if known is None or (expires_at is not None and expires_at <= self._clock()):
            return None
        try:
            renewed = visit.calendar.renew_subscription(known, visit.expires_at)
        except RemoteNotFoundError:
            _log.info("subscription.lost", mailbox_id=visit.state.mailbox_id)
            return None
        if self._is_as_wanted(renewed, visit):
            return renewed
        # The address or the key is another one by now, and neither can be changed in place.
        visit.calendar.unsubscribe(known)
        return None

    def _made(self, visit: _Visit) -> Subscription:
        """A new one, or the one Graph says there is already.

        Raises: RemoteConflictError when that one is not ours to take.
        """
        mailbox = visit.owner.mailbox
        try:
            return visit.calendar.subscribe(mailbox, visit.hooks, visit.expires_at)
        except RemoteConflictError as conflict:
            found = visit.calendar.find_subscription(mailbox, conflict)
            if found is None or found.notification_url != visit.hooks.notification_url:
                # Made by another installation with the same app: taking it away would only begin
                # a fight about it.
                raise
            if self._is_as_wanted(found, visit):
                return visit.calendar.renew_subscription(found.id, visit.expires_at)
            visit.calendar.unsubscribe(found.id)
        return visit.calendar.subscribe(mailbox, visit.hooks, visit.expires_at)

    def _is_as_wanted(self, subscription: Subscription, visit: _Visit) -> bool:
        """Whether it leads to us and its state is of the newest key, as far as Graph says so."""
        pairs = (
            (subscription.notification_url, visit.hooks.notification_url),
            (subscription.lifecycle_url, visit.hooks.lifecycle_url),
            (subscription.client_state, visit.hooks.client_state),
        )
        return all(said is None or said == wanted for said, wanted in pairs)

    def _keep(self, visit: _Visit, subscription: Subscription) -> None:
        state, now = visit.state, self._clock()
        due_at = max(
            subscription.expires_at - RENEW_BEFORE_END - self._chance() * SPREAD,
            now + SHORT_PAUSE,
        )
        with self._database.write.begin() as session:
            subscriptions.store(
                session,
                state.mailbox_id,
                subscription,
                due_at=due_at,
                instead_of=state.subscription_id,
            )
            if state.subscription_id not in (None, subscription.id):
                # Nobody told us of what happened since the old one was lost.
                watches.ring(session, state.mailbox_id, now)

    def _note_failure(self, visit: _Visit, error: RemoteError) -> datetime | None:
        now, problem = self._clock(), _problem(error)
        pause = SHORT_PAUSE if problem in _PASSING else PAUSE
        due_at = now + pause * (1 + self._chance() / 4)
        _log.warning(
            "subscription.failed",
            mailbox_id=visit.state.mailbox_id,
            problem=problem,
            status=error.status,
            remote_code=error.remote_code,
            request_id=error.request_id,
        )
        until: datetime | None = None
        with self._database.write.begin() as session:
            if error.retry_after is not None and isinstance(error, TransientRemoteError):
                until = now + timedelta(seconds=error.retry_after)
                people.close_until(session, visit.state.mailbox_id, until)
                due_at = max(due_at, until)
            subscriptions.note_failure(session, visit.state.mailbox_id, problem, due_at=due_at)
        return until


@dataclass(frozen=True, slots=True)
class _Visit:
    """One tending: whose mailbox, with what, and until when it shall last."""

    owner: CalendarOwner
    calendar: Calendar
    hooks: Hooks
    state: SubscriptionState
    expires_at: datetime


def _problem(error: RemoteError) -> str | None:
    """The stable code of what keeps changes from being notified; ``None``: it may pass."""
    code = (error.remote_code or "").casefold()
    match error:
        case TransientRemoteError():
            return None
        case RemoteConflictError():
            return "subscription_elsewhere"
        case RemoteAccessError() if error.status == 403 and code in _LIMIT_CODES:
            return "subscription_limit"
        case RemoteAccessError() | RemoteNotFoundError():
            return "subscription_denied"
        case RemoteRejectedError() if code in _HANDSHAKE_CODES:
            return UNREACHABLE
        case _:
            return "subscription_refused"
