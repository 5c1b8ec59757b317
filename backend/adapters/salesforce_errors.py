"""What Salesforce's error codes mean to us: its ``[{errorCode, message, fields}]`` as our errors.

Its messages are left out on purpose: they quote values of records (X4). Codes and field names stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.adapters.answers import error_class
from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)

SYSTEM = "crm"
EXPIRED = "INVALID_SESSION_ID"
HALTED = "PROCESSING_HALTED"
"""What a composite call says of the steps that were fine themselves."""

_BUSY_STATUS = 429
"""Salesforce answered, it is only too much at once: nothing that a breaker should count (A20)."""

_LOCKED_FOR = 5.0
_CONCURRENT_FOR = 30.0
_DAILY_FOR = 900.0
"""Seconds. The daily limit counts the last 24 hours, so a little of it comes back all the time."""

_KINDS: Mapping[str, type[RemoteError]] = {
    "REQUEST_LIMIT_EXCEEDED": TransientRemoteError,
    "UNABLE_TO_LOCK_ROW": TransientRemoteError,
    "SERVER_UNAVAILABLE": TransientRemoteError,
    "QUERY_TIMEOUT": TransientRemoteError,
    "OPERATION_TOO_LARGE": TransientRemoteError,
    "UNKNOWN_EXCEPTION": TransientRemoteError,
    "ENTITY_IS_DELETED": RemoteNotFoundError,
    "NOT_FOUND": RemoteNotFoundError,
    "DUPLICATE_VALUE": RemoteConflictError,
    "PRECONDITION_FAILED": RemoteConflictError,
    "DUPLICATES_DETECTED": RemoteRejectedError,
    EXPIRED: RemoteAccessError,
    "INVALID_AUTH_HEADER": RemoteAccessError,
    "API_DISABLED_FOR_ORG": RemoteAccessError,
    "API_CURRENTLY_DISABLED": RemoteAccessError,
    "FUNCTIONALITY_NOT_ENABLED": RemoteAccessError,
    "INVALID_FIELD_FOR_INSERT_UPDATE": RemoteAccessError,
    "INVALID_TYPE": RemoteAccessError,
    "INVALID_FIELD": RemoteAccessError,
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": RemoteRejectedError,
}
"""Where the code says more than the status. A field or object that is missing for us is nearly
always one that our user may not see (field-level security), so it counts as a missing permission.
"""

_SENTENCES: Mapping[type[RemoteError], str] = {
    TransientRemoteError: "Salesforce is busy at the moment",
    RemoteAccessError: "our user in Salesforce may not do this",
    RemoteNotFoundError: "Salesforce does not have this record any more",
    RemoteConflictError: "the record has changed in Salesforce",
    RemoteRejectedError: "Salesforce refused the record",
}


def error_of(status: int, content: object) -> RemoteError:
    """The error that an answer with this status and (decoded) body stands for."""
    if status == 300:
        # Two records carry what should be unique: somebody has to mend the field's definition.
        return _error(RemoteRejectedError, status, "DUPLICATE_EXTERNAL_ID", ())
    found = first_error(content)
    code = _text(found.get("errorCode"))
    kind = _kind(status, code)
    fields = found.get("fields")
    names = tuple(str(name) for name in fields) if isinstance(fields, list) else ()
    if kind is not TransientRemoteError:
        return _error(kind, status, code, names)
    return _transient(status, code, _text(found.get("message")))


def first_error(content: object) -> Mapping[str, Any]:
    """The first entry of an error's body; empty where it is not of Salesforce's form."""
    entry = content[0] if isinstance(content, list) and content else content
    return entry if isinstance(entry, dict) else {}


def refused_sign_in(status: int, code: str | None) -> RemoteError:
    """What the token endpoint's ``error`` means; only its own trouble passes by itself."""
    if status >= 500 or status == 429 or code in ("rate_limit_exceeded", "temporarily_unavailable"):
        return TransientRemoteError(
            "crm: Salesforce's sign-in is not available",
            system=SYSTEM,
            status=status,
            remote_code=code,
        )
    return RemoteAccessError(
        f"crm: Salesforce refused our sign-in ({code or status})",
        system=SYSTEM,
        status=status,
        remote_code=code,
    )


def _kind(status: int, code: str) -> type[RemoteError]:
    if code in _KINDS:
        return _KINDS[code]
    if code.startswith("INSUFFICIENT_ACCESS"):
        return RemoteAccessError
    return error_class(status)


def _transient(status: int, code: str, message: str) -> TransientRemoteError:
    waits = None
    if code == "UNABLE_TO_LOCK_ROW":
        waits = _LOCKED_FOR
    elif code == "REQUEST_LIMIT_EXCEEDED":
        waits = _CONCURRENT_FOR if "concurrent" in message.casefold() else _DAILY_FOR
    return TransientRemoteError(
        f"crm: Salesforce is busy at the moment ({code or status})",
        system=SYSTEM,
        status=status if waits is None else _BUSY_STATUS,
        remote_code=code or None,
        retry_after=waits,
    )


def _error(kind: type[RemoteError], status: int, code: str, names: tuple[str, ...]) -> RemoteError:
    what = ": ".join(part for part in (code or str(status), ", ".join(names)) if part)
    return kind(
        f"crm: {_SENTENCES[kind]} ({what})", system=SYSTEM, status=status, remote_code=code or None
    )


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""
