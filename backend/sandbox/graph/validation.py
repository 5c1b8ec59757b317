"""The handshake with a notification address: it has to repeat a token (Graph docs: webhooks)."""

from __future__ import annotations

import http
import re
from urllib.parse import quote_plus

from backend.sandbox.graph.call import Call
from backend.sandbox.graph.errors import GraphError
from backend.sandbox.notifications import courier


async def validate(call: Call, url: str) -> None:
    """Ask the address to repeat a token (Graph docs: notification endpoint validation).

    Raises GraphError 400 unless it answers 200 with exactly the token as plain text in time.
    """
    token = (
        "Validation: Testing client application reachability for subscription Request-Id: "
        f"{call.request_id}"
    )
    encoded = re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), quote_plus(token))
    address = f"{url}{'&' if '?' in url else '?'}validationToken={encoded}"
    patience = call.world.notifier.endpoints.patience.validation
    try:
        reply = await courier.post(address, b"", "text/plain; charset=utf-8", patience)
    except TimeoutError:
        raise GraphError(
            400, "InvalidRequest", "Subscription validation request timed out."
        ) from None
    except courier.DeliveryError:
        raise _not_validated("Notification endpoint could not be reached.") from None
    if reply.status != 200:
        raise _not_validated(
            f"HTTP status code is '{_name_of(reply.status)}'. Notification endpoint must respond "
            "with 200 OK to validation request."
        )
    if reply.media_type != "text/plain" or reply.body != token.encode():
        raise _not_validated(
            "Response must be text/plain and exactly match the validationToken query parameter."
        )


def _name_of(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase.replace(" ", "")
    except ValueError:
        return str(status)


def _not_validated(why: str) -> GraphError:
    return GraphError(400, "ValidationError", f"Subscription validation request failed. {why}")
