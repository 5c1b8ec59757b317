"""Every error the product can name, told apart by what the caller may do about it.

::

    SyncError
    ├─ RuleError                    the caller asked for what the rules forbid; never retried
    │   ├─ NotEligibleError         a verdict said no
    │   ├─ IllegalTransitionError   the link's state does not know this trigger
    │   ├─ NothingToUndoError       no unticked link within the undo period
    │   ├─ InvalidEventIdError      not the shape of any Outlook id
    │   ├─ EventNotFoundError       the mailbox answers, the event is not in it
    │   ├─ NotAllowedError          signed in, but this is not yours to do
    │   ├─ UnknownFirmError         a valid token of a tenant that is no customer
    │   ├─ UnknownItemError         the firm has nothing of that id
    │   ├─ NotNowError              the state of things forbids it; ``code`` says which
    │   ├─ ChangedMeanwhileError    somebody else changed it since it was read
    │   └─ InvalidFieldsError       values that cannot be; ``fields`` says which and why
    ├─ IdentityError                the token is missing, expired, forged or not for us
    │   ├─ ClaimsRequiredError      Entra wants the user to prove more
    │   └─ ConsentRequiredError     nobody has agreed to the permission yet
    └─ RemoteError                  Graph, Entra or the CRM did not do what was asked
        ├─ TransientRemoteError     time-out, connection, 429, 5xx: the same call may work later
        ├─ RemoteRejectedError      other 4xx: the same call will not help
        ├─ RemoteNotFoundError      404 or 410 of one resource
        ├─ RemoteConflictError      409 or 412: it changed since we looked; look again
        ├─ RemoteAccessError        401 or 403: credentials or permission
        └─ DeltaExpiredError        the saved delta link is dead; start over
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.domain.rules import Verdict


class SyncError(Exception):
    """Root of the tree. ``code`` is stable and public, the message is for people."""

    code = "error"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        if code is not None:
            self.code = code

    @property
    def message(self) -> str:
        return str(self)


class RuleError(SyncError):
    """The rules do not allow this."""

    code = "not_allowed_by_rules"


class NotEligibleError(RuleError):
    """This event cannot be synced."""

    code = "not_eligible"

    def __init__(self, verdict: Verdict) -> None:
        failed = verdict.first_failed
        message = failed.message if failed is not None else ""
        super().__init__(message, code=failed.code if failed is not None else None)
        self.verdict = verdict


class IllegalTransitionError(RuleError):
    """The link cannot do this in its present state."""

    code = "illegal_transition"


class NothingToUndoError(RuleError):
    """There is no unticked record of this event that could be brought back."""

    code = "nothing_to_undo"


class InvalidEventIdError(RuleError):
    """This is not an Outlook event id."""

    code = "invalid_event_id"


class EventNotFoundError(RuleError):
    """Outlook does not know this event in this mailbox."""

    code = "event_not_found"


class NotAllowedError(RuleError):
    """You are not allowed to do this."""

    code = "forbidden"


class UnknownFirmError(RuleError):
    """Your organisation does not use Calendar Sync."""

    code = "unknown_firm"


class UnknownItemError(RuleError):
    """Your firm has nothing of this id."""

    code = "not_found"


class NotNowError(RuleError):
    """This is not possible as things are."""

    code = "not_possible"


class ChangedMeanwhileError(RuleError):
    """Somebody else has changed it meanwhile. Read it again, then change it."""

    code = "changed_meanwhile"


class InvalidFieldsError(RuleError):
    """Some of the values cannot be stored."""

    code = "invalid_request"

    def __init__(self, fields: Mapping[str, Sequence[str]], message: str = "") -> None:
        """``fields``: sentences by the name of the field."""
        super().__init__(message)
        self.fields = {name: list(sentences) for name, sentences in fields.items()}


class IdentityError(SyncError):
    """The access token is missing or not valid for this service."""

    code = "token_invalid"


class ClaimsRequiredError(IdentityError):
    """Microsoft asks you to confirm your identity again."""

    code = "claims_required"

    def __init__(self, claims: str, message: str = "") -> None:
        """``claims`` is the JSON text Entra or Graph asked for (not base64)."""
        super().__init__(message)
        self.claims = claims


class ConsentRequiredError(IdentityError):
    """Access to Outlook has not been agreed to yet."""

    code = "consent_required"


class RemoteError(SyncError):
    """Another system (``graph``, ``entra`` or ``crm``) did not do what was asked."""

    code = "remote_error"

    def __init__(
        self,
        message: str = "",
        *,
        system: str,
        status: int | None = None,
        remote_code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.system = system
        self.status = status
        self.remote_code = remote_code
        self.request_id = request_id
        self.retry_after = retry_after
        """Seconds the other side asked us to wait, if it did."""


class TransientRemoteError(RemoteError):
    """The other side is slow or down at the moment."""

    code = "remote_unavailable"


class RemoteRejectedError(RemoteError):
    """The other side refused the request."""

    code = "remote_rejected"


class RemoteNotFoundError(RemoteError):
    """The other side does not know this resource."""

    code = "remote_not_found"


class RemoteConflictError(RemoteError):
    """It changed since we looked at it."""

    code = "remote_conflict"


class RemoteAccessError(RemoteError):
    """Our credentials or permissions do not suffice."""

    code = "remote_access_denied"


class DeltaExpiredError(RemoteError):
    """The saved delta link is no longer known."""

    code = "delta_expired"
