"""Graph's subscriptions: ask for change notifications, prolong them, end them.

Graph docs: subscription resource type, change notifications delivery through webhooks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.adapters.answers import Answer
from backend.adapters.graph_client import GraphClient, json_object
from backend.adapters.graph_errors import graph_error, subscription_error
from backend.adapters.graph_events import parsed_moment
from backend.domain.errors import (
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
)
from backend.domain.ports import Hooks, Mailbox, Subscription

CHANGES = "created,updated,deleted"
_ALL = "/subscriptions"
_ONE = "/subscriptions/{subscription}"
_HANDSHAKE_SECONDS = 30.0
"""Graph asks both addresses for a token before it answers and gives each of them 10 seconds."""
_MOST_PAGES = 200
_LONGEST_ID = 64
_NAMED = re.compile(rb"[Ss]ubscription [Ii]d ([0-9A-Za-z-]{1,64})\b")


class SubscriptionExistsError(RemoteConflictError):
    """This app is told of this mailbox already."""

    subscription_id: str | None = None
    """Its id where the refusal names it: a hint to be checked, as no message is a contract."""


def subscribe(
    client: GraphClient, mailbox: Mailbox, hooks: Hooks, expires_at: datetime
) -> Subscription:
    """Ask for notifications with immutable ids, which the preference of this call decides."""
    answer = client.call(
        "POST",
        _ALL,
        json={
            "changeType": CHANGES,
            "resource": _resource(mailbox),
            "notificationUrl": hooks.notification_url,
            "lifecycleNotificationUrl": hooks.lifecycle_url,
            "expirationDateTime": _moment(expires_at),
            "clientState": hooks.client_state,
        },
        error=_creation_error,
        timeout=_HANDSHAKE_SECONDS,
    )
    return _subscription(json_object(answer), expires_at)


def find_subscription(
    client: GraphClient, mailbox: Mailbox, conflict: RemoteConflictError
) -> Subscription | None:
    """What the app has for this mailbox: the one the conflict names, else one in the list."""
    named = getattr(conflict, "subscription_id", None)
    if isinstance(named, str):
        try:
            ids = {"subscription": named}
            found = json_object(client.call("GET", _ONE, ids, error=subscription_error))
        except RemoteNotFoundError:
            found = {}
        if _is_about(found, mailbox):
            return _subscription(found, None)
    for page in client.pages(_ALL, mailbox=None, most=_MOST_PAGES):
        for item in page:
            if isinstance(item, dict) and _is_about(item, mailbox):
                return _subscription(item, None)
    return None


def renew_subscription(
    client: GraphClient, subscription_id: str, expires_at: datetime
) -> Subscription:
    """One PATCH, which reauthorizes as well (Graph docs: lifecycle notifications)."""
    answer = client.call(
        "PATCH",
        _ONE,
        {"subscription": subscription_id},
        json={"expirationDateTime": _moment(expires_at)},
        error=subscription_error,
    )
    return _subscription(json_object(answer), expires_at)


def unsubscribe(client: GraphClient, subscription_id: str) -> None:
    """One that is gone is a success."""
    try:
        ids = {"subscription": subscription_id}
        client.call("DELETE", _ONE, ids, error=subscription_error, repeatable=True)
    except RemoteNotFoundError:
        return


def _creation_error(answer: Answer) -> RemoteError:
    error = graph_error(answer)
    if answer.status != 409:
        return error
    taken = answer.error(SubscriptionExistsError)
    assert isinstance(taken, SubscriptionExistsError)
    named = _NAMED.search(answer.content)
    taken.subscription_id = named[1].decode() if named else None
    return taken


def _is_about(item: Mapping[str, Any], mailbox: Mailbox) -> bool:
    """Whether it is the same combination of resource and changes that a conflict speaks of."""
    resource, kinds = item.get("resource"), item.get("changeType")
    return (
        isinstance(resource, str)
        and isinstance(kinds, str)
        and resource.strip("/").casefold() == _resource(mailbox).casefold()
        and {kind.strip().casefold() for kind in kinds.split(",")} == set(CHANGES.split(","))
    )


def _resource(mailbox: Mailbox) -> str:
    """All events of the mailbox; Graph cannot be asked for those of one calendar."""
    return f"users/{mailbox.owner_oid}/events"


def _subscription(body: Mapping[str, Any], expires_at: datetime | None) -> Subscription:
    subscription_id = body.get("id")
    expires_at = parsed_moment(body.get("expirationDateTime")) or expires_at
    if (
        not isinstance(subscription_id, str)
        or not 0 < len(subscription_id) <= _LONGEST_ID
        or expires_at is None
    ):
        raise RemoteRejectedError(
            "graph: the subscription cannot be read",
            system="graph",
            remote_code="unreadable_subscription",
        )
    return Subscription(
        subscription_id,
        expires_at,
        notification_url=_text(body.get("notificationUrl")),
        lifecycle_url=_text(body.get("lifecycleNotificationUrl")),
        client_state=_text(body.get("clientState")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
