"""What time the other side says it is, read from answers that come anyway (road rule A22)."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

from backend.adapters.answers import Answer

_HALF_A_SECOND = timedelta(seconds=0.5)
"""A ``Date`` header has whole seconds (RFC 9110, 5.6.7): on average it is that much behind."""


class RemoteTime:
    """The newest ``Date`` header of one system, compared with our clock when it arrived."""

    def __init__(self, system: str) -> None:
        self._system = system
        self.skew: timedelta | None = None
        """Their time minus ours; ``None`` until they have answered."""

    def hear(self, answer: Answer) -> None:
        """Take notice of an answer of any system; one without a readable date says nothing."""
        if answer.system != self._system:
            return
        try:
            theirs = parsedate_to_datetime(answer.headers["Date"])
            self.skew = theirs + _HALF_A_SECOND - answer.received_at
        except (KeyError, ValueError, TypeError, OverflowError):
            # Missing, nonsense, or without a zone.
            return
