"""A door's look at an event, with Graph's answers in the words of the API's errors."""

from __future__ import annotations

from backend.domain.errors import (
    ConsentRequiredError,
    EventNotFoundError,
    InvalidEventIdError,
    NotAllowedError,
    RemoteAccessError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.ports import Calendar, Clock, Look
from backend.services.callers import Caller, Callers


class Eyes:
    """Reads events for people, with their own rights; never while Graph is down or asks to wait."""

    def __init__(self, callers: Callers, clock: Clock) -> None:
        self._callers = callers
        self._clock = clock

    def look(self, caller: Caller, calendar: Calendar, event_id: str, *, with_body: bool) -> Look:
        """One Graph read, in the caller's name.

        Raises: EventNotFoundError, InvalidEventIdError, NotAllowedError for a delegate who may not
        see the calendar, ConsentRequiredError, ClaimsRequiredError, TransientRemoteError.
        """
        self._obey_throttle(caller)
        try:
            return calendar.get_event(caller.owner.mailbox, event_id, with_body=with_body)
        except TransientRemoteError as error:
            if error.retry_after:
                self._callers.note_throttle(caller.owner, error.retry_after)
            raise
        except RemoteNotFoundError as error:
            raise EventNotFoundError from error
        except RemoteRejectedError as error:
            raise InvalidEventIdError from error
        except RemoteAccessError as error:
            if error.status == 404:
                raise EventNotFoundError("Microsoft Graph does not reach this mailbox.") from error
            if caller.is_delegate:
                raise NotAllowedError("You may not see this calendar.") from error
            raise ConsentRequiredError("Calendar Sync may not read your calendar yet.") from error

    def _obey_throttle(self, caller: Caller) -> None:
        error = caller.owner.why_not_graph(self._clock())
        if error is not None:
            raise error
