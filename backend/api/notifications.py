"""``/graph/notifications`` and ``/graph/lifecycle``: where Graph calls us (X3).

Anybody may post here, so each item has to prove itself, and no answer tells whether it did.
"""

from __future__ import annotations

from typing import Any

import structlog
from flask import Response, request
from flask_smorest import Blueprint
from prometheus_client import Counter

from backend.api.ports import Notifications
from backend.api.problems import problem
from backend.services.notifications import Lifecycle, Notice, NotStoredError

NOTICES = Counter(
    "calendar_sync_notifications_total",
    "Notifications of Graph, and what became of them",
    ["kind", "outcome"],
)

LONGEST_TOKEN = 4096
MOST_NOTICES = 1000
"""In one request; Graph sends some dozens at most."""
_LONGEST_ID = 512
_LONGEST_STATE = 128
_RETRY_SECONDS = 5

_log = structlog.get_logger(__name__)

_TOKEN = {
    "in": "query",
    "name": "validationToken",
    "required": False,
    "schema": {"type": "string", "maxLength": LONGEST_TOKEN},
    "description": "When a subscription is made: to be repeated as plain text.",
}
_BODY = {
    "description": "Notifications, of several subscriptions and tenants together.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["value"],
                "properties": {
                    "value": {
                        "type": "array",
                        "maxItems": MOST_NOTICES,
                        "items": {"type": "object"},
                    }
                },
            }
        }
    },
}
_ANSWERS = {
    "200": {
        "description": "The validation token.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    },
    "202": {"description": "Taken in; items that prove nothing were dropped."},
    "503": {"description": "Not stored: send it again."},
}
_DESCRIPTION = {
    "security": [],
    "parameters": [_TOKEN],
    "requestBody": _BODY,
    "responses": _ANSWERS,
}


def notifications_api(notifications: Notifications) -> Blueprint:
    """The handlers, over ``notifications``. Both addresses take both kinds of items."""
    blueprint = Blueprint("graph", __name__, description="Called by Microsoft Graph")

    @blueprint.route("/graph/notifications", methods=["POST"])
    @blueprint.doc(**_DESCRIPTION)
    def take_changes() -> Response:
        """Change notifications: something may have changed in a watched mailbox."""
        return _taken(notifications)

    @blueprint.route("/graph/lifecycle", methods=["POST"])
    @blueprint.doc(**_DESCRIPTION)
    def take_lifecycle() -> Response:
        """Lifecycle notifications: something is the matter with a subscription."""
        return _taken(notifications)

    return blueprint


def _taken(notifications: Notifications) -> Response:
    if "validationToken" in request.args:
        return _handshake(request.args["validationToken"])
    body = request.get_json(silent=True)
    items = body.get("value") if isinstance(body, dict) else None
    if not isinstance(items, list):
        return problem(400, "Not notifications", "invalid_notifications", "Send {'value': […]}.")
    if len(items) > MOST_NOTICES:
        return problem(413, "Too many notifications", "request_too_large")
    notices = [notice for item in items if (notice := _notice(item)) is not None]
    try:
        receipt = notifications.take(notices)
    except NotStoredError:
        headers = {"Retry-After": str(_RETRY_SECONDS)}
        return problem(503, "Not stored, send it again", "not_stored", headers=headers)
    outcomes = {
        "accepted": receipt.accepted,
        "unknown": receipt.unknown,
        "forged": receipt.forged,
        "unreadable": len(items) - len(notices),
    }
    _count(outcomes)
    return Response(status=202)


def _handshake(token: str) -> Response:
    """The token as it was before the address was coded, as text that no browser renders."""
    if not 0 < len(token) <= LONGEST_TOKEN:
        return problem(400, "Not a validation token", "invalid_validation_token")
    return Response(token, 200, content_type="text/plain; charset=utf-8")


def _notice(item: Any) -> Notice | None:
    """What we read of an item; ``None`` when it is none."""
    if not isinstance(item, dict):
        return None
    subscription_id = _text(item.get("subscriptionId"), _LONGEST_ID)
    client_state = _text(item.get("clientState"), _LONGEST_STATE)
    if subscription_id is None or client_state is None:
        return None
    word = item.get("lifecycleEvent")
    if word is not None:
        lifecycle = next((event for event in Lifecycle if event.value == word), None)
        if lifecycle is None:
            return None
        return Notice(subscription_id, client_state, lifecycle=lifecycle)
    data = item.get("resourceData")
    data = data if isinstance(data, dict) else {}
    return Notice(
        subscription_id,
        client_state,
        event_id=_text(data.get("id"), _LONGEST_ID),
        etag=_text(data.get("@odata.etag"), _LONGEST_ID),
    )


def _text(value: object, longest: int) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= longest else None


def _count(outcomes: dict[str, int]) -> None:
    kind = "lifecycle" if request.path.endswith("/lifecycle") else "change"
    for outcome, number in outcomes.items():
        if number:
            NOTICES.labels(kind, outcome).inc(number)
    if any(number for outcome, number in outcomes.items() if outcome != "accepted"):
        _log.info("notifications.dropped", kind=kind, **outcomes)
