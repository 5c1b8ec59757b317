"""What a refusal of Graph means to us, told by status and code and never by message."""

from __future__ import annotations

import base64
import binascii
import re

import orjson

from backend.adapters.answers import Answer, remote_code
from backend.domain.errors import (
    DeltaExpiredError,
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    TransientRemoteError,
)

# 404s that speak of the mailbox: no licence, no mailbox, on premises, unknown user. They say
# nothing about the event, so they must not look like "the event is not there".
_MAILBOX_CODES = frozenset(
    {
        "mailboxnotenabledforrestapi",
        "mailboxnotsupportedforrestapi",
        "mailboxnothostedinexchangeonline",
        "resourcenotfound",
        "errorinvaliduser",
        "errornonexistentmailbox",
        "request_resourcenotfound",
    }
)
_CONFLICT_CODES = frozenset({"errorirresolvableconflict", "errorstaleobject"})
_BUSY_CODES = frozenset(
    {"applicationthrottled", "toomanyrequests", "activitylimitreached", "mailboxinfostale"}
)
_DELTA_CODES = frozenset(
    {"syncstatenotfound", "syncstateinvalid", "resyncrequired", "errorinvalidsyncstatedata"}
)
_CLAIMS = re.compile(r'\bclaims="([A-Za-z0-9+/=_-]{1,8000})"', re.IGNORECASE)
_CHALLENGE = re.compile(r'\berror="insufficient_claims"', re.IGNORECASE)


def graph_error(answer: Answer) -> RemoteError:
    """The error of the domain for an answer of Graph that is no success.

    A 404 is RemoteNotFoundError only when it speaks of the thing asked for; one that speaks of the
    mailbox is RemoteAccessError, with ``remote_code`` saying what is the matter.
    """
    return answer.error(_kind(answer))


def mailbox_error(answer: Answer) -> RemoteError:
    """As :func:`graph_error`, for what every mailbox has: a 404 is trouble of the mailbox (L6)."""
    if answer.status in (404, 410):
        return answer.error(RemoteAccessError)
    return graph_error(answer)


def delta_error(answer: Answer) -> RemoteError:
    """As :func:`mailbox_error`, for a delta link: DeltaExpiredError when it is not known any more.

    Graph has several words for that (Graph docs: delta query overview, synchronization reset).
    """
    if answer.status == 410 or code_of(answer) in _DELTA_CODES:
        return answer.error(DeltaExpiredError)
    return mailbox_error(answer)


def subscription_error(answer: Answer) -> RemoteError:
    """As :func:`graph_error`, for a subscription's id: a 404 is about it and about no mailbox."""
    if answer.status in (404, 410):
        return answer.error(RemoteNotFoundError)
    return graph_error(answer)


def claims_challenge(answer: Answer) -> str | None:
    """The JSON text of a claims challenge (Entra docs: claims challenges); ``None`` without one."""
    if answer.status not in (401, 403):
        return None
    header = answer.headers.get("WWW-Authenticate", "")
    match = _CLAIMS.search(header)
    if match is None or not _CHALLENGE.search(header):
        return None
    coded = match[1].rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        text = base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True).decode()
        return text if isinstance(orjson.loads(text), dict) else None
    except (binascii.Error, ValueError):
        return None


def code_of(answer: Answer) -> str:
    """Graph's code in lower case; empty when there is none."""
    return (remote_code(answer.content) or "").lower()


def _kind(answer: Answer) -> type[RemoteError] | None:
    code = code_of(answer)
    if code in _CONFLICT_CODES:
        return RemoteConflictError
    if code in _BUSY_CODES:
        return TransientRemoteError
    if answer.status == 404:
        return RemoteAccessError if code in _MAILBOX_CODES else RemoteNotFoundError
    return None
