"""Ids of one item in their five forms (Graph docs: translateExchangeIds)."""

import base64
import binascii
from enum import StrEnum

from backend.sandbox.exchange import ids
from backend.sandbox.exchange.errors import ExchangeError, malformed_id
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import Json, StoredEvent


class IdFormat(StrEnum):
    """Graph's exchangeIdFormat."""

    ENTRY = "entryId"
    EWS = "ewsId"
    IMMUTABLE_ENTRY = "immutableEntryId"
    REST = "restId"
    REST_IMMUTABLE = "restImmutableEntryId"


def ews_id(rest_id: str) -> str:
    """The same bytes in standard base64, as Office.js gives them out."""
    return rest_id.replace("-", "/").replace("_", "+")


def rest_id(ews: str) -> str:
    """The REST spelling of an EWS id."""
    return ews.replace("/", "-").replace("+", "_")


def translate(mailbox: Mailbox, source_id: str, source: IdFormat, target: IdFormat) -> Json:
    """One convertIdResult: the target id, or errorDetails for an id that names nothing here."""
    try:
        event = mailbox.find(_to_rest(mailbox, source_id, source))
    except ExchangeError as refusal:
        details = {"code": refusal.code, "message": refusal.message}
        return {"sourceId": source_id, "targetId": None, "errorDetails": details}
    return {"sourceId": source_id, "targetId": _written(event, target)}


def _to_rest(mailbox: Mailbox, source_id: str, source: IdFormat) -> str:
    if source is IdFormat.EWS:
        return rest_id(source_id)
    if source in (IdFormat.REST, IdFormat.REST_IMMUTABLE):
        return source_id
    entry = _from_entry_text(source_id)
    if source is IdFormat.ENTRY and len(entry) == ids.ENTRY_LENGTH:
        return mailbox.mint.rest_id(entry)
    if source is IdFormat.IMMUTABLE_ENTRY and len(entry) == ids.IMMUTABLE_LENGTH:
        return mailbox.mint.immutable_id(entry)
    raise malformed_id()


def _written(event: StoredEvent, target: IdFormat) -> str:
    match target:
        case IdFormat.REST:
            return event.id
        case IdFormat.EWS:
            return ews_id(event.id)
        case IdFormat.REST_IMMUTABLE:
            return event.immutable_id
        case IdFormat.ENTRY:
            return _entry_text(event.entry)
        case IdFormat.IMMUTABLE_ENTRY:
            return _entry_text(event.immutable_entry)


def _entry_text(entry: bytes) -> str:
    """URL-safe base64 with a digit for the padding, the other way round than rest ids."""
    text = base64.urlsafe_b64encode(entry).decode()
    stripped = text.rstrip("=")
    return f"{stripped}{len(text) - len(stripped)}"


def _from_entry_text(text: str) -> bytes:
    if not text or text[-1] not in "012" or len(text) > ids.MAX_ID_LENGTH:
        raise malformed_id()
    try:
        return base64.urlsafe_b64decode(text[:-1] + "=" * int(text[-1]))
    except (binascii.Error, ValueError):
        raise malformed_id() from None
