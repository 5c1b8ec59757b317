"""What must hold before a copy is written: the version seen, one item per transaction id."""

from __future__ import annotations

from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import StoredEvent
from backend.sandbox.personality import Personality


def check_version(event: StoredEvent, if_match: str | None, personality: Personality) -> None:
    """Raises ExchangeError 412 for a stale etag, if this Exchange honours If-Match."""
    if if_match is None or personality.if_match != "honour":
        return
    wanted = {part.strip() for part in if_match.split(",")}
    if "*" in wanted or f'W/"{event.change_key}"' in wanted:
        return
    raise ExchangeError(
        412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in "
        "the request does not match the current change key for the item.",
    )


def refuse_second_transaction(mailbox: Mailbox, transaction_id: str | None) -> None:
    """Raises ExchangeError 409 if an item was made with this client-chosen id already."""
    if transaction_id is None:
        return
    if any(item.fields["transactionId"] == transaction_id for item in mailbox.items()):
        raise ExchangeError(
            409,
            "ErrorDuplicateTransactionId",
            "Your request can't be completed. An item with the same transaction id exists.",
        )
