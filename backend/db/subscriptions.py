"""Queries on the subscriptions of mailboxes, and on what their notifications make due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Update, literal, select, update
from sqlalchemy.orm import Session

from backend.db.models import LinkRow, WatchRow
from backend.db.statements import earliest, run, rung
from backend.domain.link import LinkState
from backend.domain.ports import Subscription
from backend.sql import UtcDateTime

_WALKED = (LinkState.PENDING, LinkState.LINKED, LinkState.REMOVING)
"""States in which the road looks at the event."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The mailbox behind a subscription, and when it is looked at anyway."""

    subscription_id: str
    mailbox_id: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownLink:
    """A link that a notification speaks of."""

    id: str
    mailbox_id: str
    event_id: str
    own_change_key: str | None


def find_subscribers(session: Session, subscription_ids: Collection[str]) -> list[Subscriber]:
    """Whose subscriptions these are; those nobody has are left out."""
    rows = session.execute(
        select(WatchRow.subscription_id, WatchRow.mailbox_id, WatchRow.due_at).where(
            WatchRow.subscription_id.in_(subscription_ids)
        )
    )
    return [
        Subscriber(subscription_id, mailbox_id, due_at)
        for subscription_id, mailbox_id, due_at in rows
        if subscription_id is not None
    ]


def find_links(
    session: Session, mailbox_ids: Collection[str], event_ids: Collection[str]
) -> list[KnownLink]:
    """Links of these mailboxes with one of these events that the road still looks at."""
    rows = session.execute(
        select(LinkRow.id, LinkRow.mailbox_id, LinkRow.event_id, LinkRow.own_change_key).where(
            LinkRow.mailbox_id.in_(mailbox_ids),
            LinkRow.event_id.in_(event_ids),
            LinkRow.state.in_(_WALKED),
        )
    )
    return [KnownLink(*row) for row in rows]


def note_notified(
    session: Session, mailbox_id: str, *, now: datetime, due_at: datetime, again_at: datetime
) -> None:
    """Ring a mailbox: due at ``due_at`` at the latest, and once more at ``again_at``."""
    run(
        session,
        update(WatchRow)
        .where(WatchRow.mailbox_id == mailbox_id)
        .values(
            notified_at=now,
            again_at=literal(again_at, UtcDateTime()),
            **rung(WatchRow, due_at),
        ),
    )


def ring_links(session: Session, link_ids: Sequence[str], due_at: datetime) -> None:
    """Make links due at ``due_at`` at the latest, except those somebody works on at this moment.

    Their rows may be locked in any order, so nobody is waited for: the pull looks at all of them.
    """
    free = select(LinkRow.id).where(LinkRow.id.in_(link_ids)).with_for_update(skip_locked=True)
    run(
        session,
        update(LinkRow).where(LinkRow.id.in_(free)).values(**rung(LinkRow, due_at)),
    )


def store(
    session: Session,
    mailbox_id: str,
    subscription: Subscription,
    *,
    due_at: datetime,
    instead_of: str | None,
) -> None:
    """Keep a subscription that was made or renewed, unless another one is known by now."""
    run(
        session,
        _of(mailbox_id, instead_of).values(
            subscription_id=subscription.id,
            subscription_expires_at=subscription.expires_at,
            subscription_due_at=due_at,
            subscription_problem=None,
        ),
    )


def forget(session: Session, mailbox_id: str, subscription_id: str, now: datetime) -> None:
    """Graph does not have it any more: one has to be made, now."""
    run(
        session,
        _of(mailbox_id, subscription_id).values(
            subscription_id=None, subscription_expires_at=None, subscription_due_at=now
        ),
    )


def note_failure(
    session: Session, mailbox_id: str, problem: str | None, *, due_at: datetime
) -> None:
    """It could be neither made nor renewed: why, if that is known, and when it is tried again."""
    values = {"subscription_due_at": literal(due_at, UtcDateTime())}
    if problem is not None:
        values["subscription_problem"] = literal(problem)
    run(session, update(WatchRow).where(WatchRow.mailbox_id == mailbox_id).values(**values))


def make_due(session: Session, mailbox_id: str, subscription_id: str, now: datetime) -> None:
    """It wants to be renewed now."""
    run(
        session,
        _of(mailbox_id, subscription_id).values(
            subscription_due_at=earliest(WatchRow.subscription_due_at, now)
        ),
    )


def _of(mailbox_id: str, subscription_id: str | None) -> Update:
    same = (
        WatchRow.subscription_id.is_(None)
        if subscription_id is None
        else WatchRow.subscription_id == subscription_id
    )
    return update(WatchRow).where(WatchRow.mailbox_id == mailbox_id, same)
