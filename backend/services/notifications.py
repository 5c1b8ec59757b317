"""What Graph tells us on its own: believed when it knows the subscription's secret (X3).

A notification is a hint and carries nothing that is used: it makes the mailbox due, and links that
are known directly. Order, doubles and losses do not matter.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend.db import subscriptions
from backend.db.subscriptions import Subscriber
from backend.domain.ports import Clock
from backend.services.driving import DRAIN_LINKS, Ring
from backend.services.subscriptions import ClientStates
from backend.services.work import DRAIN_MAILBOXES
from backend.sql import Database, is_transient

_log = structlog.get_logger(__name__)

BURST = timedelta(seconds=5)
"""One edit is notified two or three times, seconds apart: one pull answers all of them."""
LINK_BURST = timedelta(seconds=2)
AGAIN = timedelta(seconds=60)
"""A change may become visible in the delta after it was notified (Graph docs: delta query)."""


class Lifecycle(StrEnum):
    """Graph's words about a subscription (Graph docs: lifecycle notifications)."""

    REAUTHORIZE = "reauthorizationRequired"
    REMOVED = "subscriptionRemoved"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification, as far as we read it: of a change, or about the subscription itself."""

    subscription_id: str
    client_state: str = field(repr=False)
    event_id: str | None = None
    etag: str | None = None
    lifecycle: Lifecycle | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the notifications of one request."""

    accepted: int = 0
    unknown: int = 0
    """Of subscriptions nobody has here, or has no more."""
    forged: int = 0
    """With another secret than the subscription's."""


class NotStoredError(Exception):
    """The database does not answer: Graph is to send it again."""


class Notifications:
    """Takes notifications in; any number of web processes may do so at once."""

    def __init__(self, database: Database, states: ClientStates, clock: Clock, ring: Ring) -> None:
        self._database = database
        self._states = states
        self._clock = clock
        self._ring = ring

    def take(self, notices: Sequence[Notice]) -> Receipt:
        """Believe what can be proven and make it due; nothing else is done here.

        Raises: NotStoredError.
        """
        try:
            return self._take(notices)
        except SQLAlchemyError as error:
            if not is_transient(error):
                raise
            raise NotStoredError from error

    def _take(self, notices: Sequence[Notice]) -> Receipt:
        if not notices:
            return Receipt()
        with self._database.read() as session:
            found = subscriptions.find_subscribers(session, {n.subscription_id for n in notices})
        subscribers = {subscriber.subscription_id: subscriber for subscriber in found}
        known = [
            (subscribers[n.subscription_id], n) for n in notices if n.subscription_id in subscribers
        ]
        proven = [(s, n) for s, n in known if self._states.proves(s.mailbox_id, n.client_state)]
        if proven:
            self._make_due(proven)
        return Receipt(
            accepted=len(proven), unknown=len(notices) - len(known), forged=len(known) - len(proven)
        )

    def _make_due(self, proven: Sequence[tuple[Subscriber, Notice]]) -> None:
        now = self._clock()
        mailboxes = {subscriber.mailbox_id: subscriber for subscriber, _ in proven}
        about = {(s, n.lifecycle) for s, n in proven if n.lifecycle is not None}
        with self._database.write.begin() as session:
            # Always in the same order, so that no two requests wait for each other in a ring.
            for mailbox_id in sorted(mailboxes):
                for event in sorted(e for s, e in about if s.mailbox_id == mailbox_id):
                    _note_lifecycle(session, mailboxes[mailbox_id], event, now)
                subscriptions.note_notified(
                    session, mailbox_id, now=now, due_at=now + BURST, again_at=now + AGAIN
                )
        rung = self._make_links_due(proven, now)
        # After the commit, and only for what was not due so soon already: a burst rings once.
        if any(s.due_at is None or s.due_at > now + BURST for s in mailboxes.values()):
            self._ring(DRAIN_MAILBOXES, BURST.total_seconds())
        if rung:
            self._ring(DRAIN_LINKS, LINK_BURST.total_seconds())

    def _make_links_due(self, proven: Iterable[tuple[Subscriber, Notice]], now: datetime) -> bool:
        """Ring the links of the events, unless all that was changed is what we wrote ourselves."""
        told: dict[tuple[str, str], set[str | None]] = {}
        for subscriber, notice in proven:
            if notice.event_id is not None:
                changed = told.setdefault((subscriber.mailbox_id, notice.event_id), set())
                changed.add(change_key_of(notice.etag))
        if not told:
            return False
        with self._database.read() as session:
            links = subscriptions.find_links(
                session, {mailbox for mailbox, _ in told}, {event for _, event in told}
            )
        due = [
            link.id
            for link in links
            if (keys := told.get((link.mailbox_id, link.event_id))) is not None
            and (link.own_change_key is None or keys != {link.own_change_key})
        ]
        if due:
            # A transaction of its own: rows of links may be locked by whoever waits for a mailbox.
            with self._database.write.begin() as session:
                subscriptions.ring_links(session, due, now + LINK_BURST)
        return bool(due)


def _note_lifecycle(
    session: Session, subscriber: Subscriber, event: Lifecycle, now: datetime
) -> None:
    """Renewing is one PATCH, which reauthorizes too; both within ten minutes are not allowed."""
    _log.info("subscription.lifecycle", mailbox_id=subscriber.mailbox_id, lifecycle_event=event)
    mailbox_id, subscription_id = subscriber.mailbox_id, subscriber.subscription_id
    if event is Lifecycle.REMOVED:
        subscriptions.forget(session, mailbox_id, subscription_id, now)
    elif event is Lifecycle.REAUTHORIZE:
        subscriptions.make_due(session, mailbox_id, subscription_id, now)


def change_key_of(etag: str | None) -> str | None:
    """The change key in an etag; in notifications it has a head of eight bytes more.

    That form is observed, not documented: where it is another one, a link is looked at needlessly.
    """
    if etag is None or not (etag.startswith('W/"') and etag.endswith('"')):
        return None
    key = etag[3:-1]
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return key
    return base64.b64encode(raw[8:]).decode() if len(raw) == 30 else key
