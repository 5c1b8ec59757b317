"""Why a mailbox cannot be read (L8): a stable code each, and a sentence with what to do."""

from __future__ import annotations

from enum import StrEnum

from backend.domain.errors import (
    IdentityError,
    NotAllowedError,
    RemoteAccessError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    SyncError,
    TransientRemoteError,
)


class MailboxProblem(StrEnum):
    """``mailboxes.problem``; while there is one, the mailbox's links rest."""

    ACCESS_DENIED = "access_denied"
    """403: a missing permission, or the mailbox is scoped out."""
    NO_MAILBOX = "no_mailbox"
    """No licence, or no mailbox yet."""
    MAILBOX_GONE = "mailbox_gone"
    """The directory does not know the user any more."""
    ON_PREMISES = "on_premises"
    MAILBOX_MOVING = "mailbox_moving"
    SIGN_IN_FAILED = "sign_in_failed"
    """Entra or Graph does not take the online server's credentials."""
    WRONG_ORGANISATION = "wrong_organisation"
    CALENDAR_UNREADABLE = "calendar_unreadable"
    """Graph refuses the question itself."""
    MASS_CHANGE = "mass_change"
    """Not Graph's: the brake has stopped the mailbox (L7)."""


ADVICE: dict[MailboxProblem, str] = {
    MailboxProblem.ACCESS_DENIED: (
        "Microsoft does not let this online server read the mailbox. Grant it Calendars.Read (or"
        " Calendars.ReadWrite), and include the mailbox in its application access policy."
    ),
    MailboxProblem.NO_MAILBOX: (
        "The user has no active Exchange Online mailbox. Assign a licence, or wait until the"
        " mailbox has been made."
    ),
    MailboxProblem.MAILBOX_GONE: (
        "Microsoft does not know this user any more. Restore the account, or disable calendar sync"
        " for the user; records in the CRM stay."
    ),
    MailboxProblem.ON_PREMISES: (
        "The mailbox is not hosted in Exchange Online. Move it there; Exchange on premises is not"
        " supported."
    ),
    MailboxProblem.MAILBOX_MOVING: (
        "Microsoft is moving the mailbox. Nothing needs to be done: sync goes on by itself when the"
        " move is complete."
    ),
    MailboxProblem.SIGN_IN_FAILED: (
        "The online server cannot sign in to Microsoft. Check its client ID and tenant ID, and"
        " whether its secret or certificate has expired."
    ),
    MailboxProblem.WRONG_ORGANISATION: (
        "The mailbox belongs to another Microsoft 365 organisation than its online server. Assign"
        " the server of its own organisation."
    ),
    MailboxProblem.CALENDAR_UNREADABLE: (
        "Microsoft answers for this mailbox, but not with its calendar. It is tried again by"
        " itself; if this lasts, contact support with the time of the last check."
    ),
    MailboxProblem.MASS_CHANGE: (
        "Unusually many synced events went from this calendar at once, so sync has stopped for it."
        " An administrator has to look at them and let it go on, or take it back."
    ),
}
"""What to do, for people."""

MOVING_AFTER = 4
"""A move is worth a word when it has failed that often in a row; usually it passes in seconds."""

_ON_PREMISES = frozenset({"mailboxnotsupportedforrestapi", "mailboxnothostedinexchangeonline"})
_GONE = frozenset({"errorinvaliduser", "errornonexistentmailbox", "request_resourcenotfound"})


def advice_for(code: str | None) -> str | None:
    """The sentence for a stored code; ``None`` without a problem, or for a code of later days."""
    return next((ADVICE[known] for known in MailboxProblem if known == code), None)


def problem_of(error: SyncError, attempts: int) -> MailboxProblem | None:
    """What a failed look says about the mailbox; ``None`` when it may simply pass.

    ``attempts``: failures in a row, this one included. A 404 or 403 never speaks of an event (L6).
    """
    match error:
        case TransientRemoteError():
            moving = _code(error) == "mailboxinfostale" and attempts >= MOVING_AFTER
            return MailboxProblem.MAILBOX_MOVING if moving else None
        case RemoteAccessError(system="graph"):
            return _of_access(error)
        case RemoteError(system="entra"):
            return MailboxProblem.SIGN_IN_FAILED
        case RemoteNotFoundError() | RemoteRejectedError():
            return MailboxProblem.CALENDAR_UNREADABLE
        case IdentityError():
            return MailboxProblem.SIGN_IN_FAILED
        case NotAllowedError():
            return MailboxProblem.WRONG_ORGANISATION
        case _:
            return None


def _of_access(error: RemoteAccessError) -> MailboxProblem:
    code = _code(error)
    if code in _ON_PREMISES:
        return MailboxProblem.ON_PREMISES
    if code in _GONE:
        return MailboxProblem.MAILBOX_GONE
    if error.status == 404:
        return MailboxProblem.NO_MAILBOX
    return MailboxProblem.SIGN_IN_FAILED if error.status == 401 else MailboxProblem.ACCESS_DENIED


def _code(error: RemoteError) -> str:
    return (error.remote_code or "").lower()
