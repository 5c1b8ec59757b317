"""Prolonging and reauthorizing a subscription, and what happens when both meet.

Graph docs (lifecycle notifications): the two must not be sent within ten minutes for the same
subscription, because its state may become inconsistent; a PATCH does both. Nobody says what that
looks like, so the worst of it is played: both are answered as if they had worked, and the renewal
is lost, whichever came first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.sandbox.notifications.model import Subscription
from backend.sandbox.notifications.notifier import Notifier

CLASH_WINDOW = timedelta(minutes=10)


def renew(
    notifier: Notifier, subscription: Subscription, end: datetime, *, keeps: bool = False
) -> None:
    """Give the subscription a later end, which reauthorizes it as well.

    The end stays where it is after a recent reauthorization, unless `keeps`.
    """
    now = notifier.clock()
    if keeps or not _is_recent(subscription.reauthorized_at, now):
        if not _is_recent(subscription.renewed_at, now):
            subscription.end_before_renewal = subscription.expires
        subscription.expires = end
    subscription.renewed_at = now
    notifier.keep_time(subscription)
    notifier.register.touch()


def reauthorize(notifier: Notifier, subscription: Subscription, *, keeps: bool = False) -> None:
    """No more warnings for the present end; takes back a recent renewal, unless `keeps`."""
    now, earlier = notifier.clock(), subscription.end_before_renewal
    if not keeps and earlier is not None and _is_recent(subscription.renewed_at, now):
        subscription.expires = earlier
        notifier.keep_time(subscription)
    subscription.is_reauthorized = True
    subscription.reauthorized_at = now
    notifier.register.touch()


def _is_recent(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - moment < CLASH_WINDOW
