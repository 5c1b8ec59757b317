"""The log: every look at a mailbox, every decision, write, refusal and failure (A6).

Two tables make one list: lines about events, and looks at mailboxes. Masked by construction, as
rows hold codes, ids and names of fields only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from sqlalchemy.orm import Session

from backend.db import history, links, reporting, runs, watches
from backend.db.crowds import Crowd
from backend.db.reporting import RUN, LogFilter, Logged
from backend.db.runs import LoggedRun
from backend.domain.errors import UnknownItemError
from backend.domain.ports import Clock, Principal
from backend.domain.problems import advice_for
from backend.services.administration.office import Admin, Office
from backend.services.answers import Place, Why
from backend.services.driving import DRAIN_LINKS, Ring
from backend.services.history_words import message_of, text_of
from backend.services.reports import LogLine, LogPage, Rung
from backend.services.work import DRAIN_MAILBOXES
from backend.sql import Database

MOST_EXPORTED = 100_000
_EXPORT_PAGE = 1_000


class Log:
    """Reads; only a retry rings."""

    def __init__(self, database: Database, office: Office, clock: Clock, ring: Ring) -> None:
        self._database = database
        self._office = office
        self._clock = clock
        self._ring = ring

    def page(
        self, principal: Principal, chosen: LogFilter, *, limit: int, after: Place | None
    ) -> LogPage:
        """A page of the firm's log, newest first."""
        admin = self._office.admit(principal)
        with self._database.read() as session:
            found = _lines(session, admin.firm_id, chosen, limit=limit + 1, after=after)
        lines, is_last = tuple(found[:limit]), len(found) <= limit
        return LogPage(lines, None if is_last else Place(lines[-1].at, lines[-1].id))

    def export(self, principal: Principal, chosen: LogFilter) -> Iterator[LogLine]:
        """The lines that a log shows, page by page, at most :data:`MOST_EXPORTED`."""
        admin = self._office.admit(principal)
        self._office.note_view(admin, "log", None, "export")
        return islice(self._exported(admin, chosen), MOST_EXPORTED)

    def _exported(self, admin: Admin, chosen: LogFilter) -> Iterator[LogLine]:
        after: Place | None = None
        while True:
            with self._database.read() as session:
                lines = _lines(session, admin.firm_id, chosen, limit=_EXPORT_PAGE, after=after)
            yield from lines
            if len(lines) < _EXPORT_PAGE:
                return
            after = Place(lines[-1].at, lines[-1].id)

    # -- retries ---------------------------------------------------------------------------------

    def retry(self, principal: Principal, line_id: str) -> Rung:
        """Try what the line is about again: its event, or its mailbox. Raises: UnknownItemError."""
        admin = self._office.admit(principal)
        now = self._clock()
        with self._database.write.begin() as session:
            line = reporting.find_line(session, admin.firm_id, line_id)
            about = line.row if line is not None else runs.find(session, admin.firm_id, line_id)
            if about is None:
                raise UnknownItemError
            link = line.link if line is not None else None
            if link is not None:
                links.ring(session, link.id, now)
            elif line is not None:
                # No delta shows an event again that has not changed: the whole window does.
                watches.reseed(session, Crowd(mailbox_id=about.mailbox_id), now)
            else:
                watches.ring(session, about.mailbox_id, now)
            self._office.note(session, admin, "retried", "line", line_id)
        self._wake()
        return Rung(links=int(link is not None), mailboxes=int(link is None))

    def count_errors(self, principal: Principal, days: int) -> Rung:
        """What :meth:`retry_errors` would try again."""
        admin = self._office.admit(principal)
        with self._database.read() as session:
            since = self._clock() - timedelta(days=days)
            return Rung(*reporting.count_failed(session, admin.firm_id, since))

    def retry_errors(self, principal: Principal, days: int) -> Rung:
        """Try again what failed in the last days, and the mailboxes that could not be read."""
        admin = self._office.admit(principal)
        now = self._clock()
        with self._database.write.begin() as session:
            since = now - timedelta(days=days)
            rung = Rung(*reporting.ring_failed(session, admin.firm_id, since, now))
            self._office.note(session, admin, "errors_retried", "firm", admin.firm_id)
        self._wake()
        return rung

    def _wake(self) -> None:
        self._ring(DRAIN_MAILBOXES, 0)
        self._ring(DRAIN_LINKS, 0)


def _lines(
    session: Session, firm_id: str, chosen: LogFilter, *, limit: int, after: Place | None
) -> list[LogLine]:
    before = history.Place(after.at, after.id) if after is not None else None
    about_events = reporting.log_page(session, firm_id, chosen, limit=limit, before=before)
    looks = reporting.run_page(session, firm_id, chosen, limit=limit, before=before)
    lines = [*map(line_of, about_events), *map(line_of_look, looks)]
    return sorted(lines, key=lambda line: (line.at, line.id), reverse=True)[:limit]


def line_of(logged: Logged) -> LogLine:
    """One line about an event, in words that are the same for every event."""
    row, link = logged.row, logged.link
    is_failure = row.kind == "failure"
    refused = "refused" if row.kind in ("refusal", "skip") else "ok"
    why = _why(tuple(row.codes))
    return LogLine(
        id=row.id,
        at=row.at,
        kind=row.kind,
        line=row.line,
        message=message_of(row.line),
        user=logged.owner.address or logged.owner.name,
        mailbox_id=row.mailbox_id,
        event_id=row.event_id,
        ical_uid=link.ical_uid if link is not None else None,
        subject=None,
        codes=tuple(row.codes),
        why=why,
        outcome="error" if is_failure else refused,
        error=_sentences(message_of(row.line), why) if is_failure else None,
        fields=tuple(row.fields),
        request_id=row.request_id,
        processed=1,
        synced=int(row.kind == "write"),
        errors=int(is_failure),
    )


def line_of_look(logged: LoggedRun) -> LogLine:
    """One look at a mailbox."""
    row = logged.row
    line = f"{RUN}_{row.kind}"
    codes = (row.code,) if row.code is not None else ()
    why = _why(codes)
    return LogLine(
        id=row.id,
        at=row.at,
        kind=RUN,
        line=line,
        message=message_of(line),
        user=logged.owner.address or logged.owner.name,
        mailbox_id=row.mailbox_id,
        event_id=None,
        ical_uid=None,
        subject=None,
        codes=codes,
        why=why,
        outcome="error" if row.errors else "ok",
        error=_sentences(message_of(line), why) if row.errors else None,
        fields=(),
        request_id=row.request_id,
        processed=row.processed,
        synced=row.synced,
        errors=row.errors,
        duration_ms=row.duration_ms,
        looks=row.looks,
        quiet_looks=row.quiet_looks,
        is_notified=row.is_notified,
    )


def _why(codes: tuple[str, ...]) -> tuple[Why, ...]:
    texts = ((code, text_of(code) or advice_for(code)) for code in codes)
    return tuple(Why(code, text) for code, text in texts if text is not None)


def _sentences(message: str, why: tuple[Why, ...]) -> str:
    return " ".join([message, *(each.text for each in why)])
