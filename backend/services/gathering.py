"""The road's first beat: look at the event and at the CRM record. No transaction is open here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from backend.domain.crm import AttendeeMatch, CrmGateway
from backend.domain.errors import (
    IdentityError,
    RemoteAccessError,
    RemoteError,
    RemoteNotFoundError,
)
from backend.domain.event import Event
from backend.domain.plan import GONE_PROOF_PAUSE, Missing
from backend.domain.ports import Look
from backend.domain.rules import EventFacts
from backend.services.judging import judge_event, judge_facts, match_event
from backend.services.run import Run, StaleLookError

STALE_FOR = timedelta(minutes=10)
"""For how long a look older than one already seen is taken for a lagging read (R5)."""


class Gathering:
    """Reads the world into a run's sight; a side that does not answer is noted as trouble."""

    def __init__(self, run: Run, crm: CrmGateway) -> None:
        self._run = run
        self._crm = crm

    def event(self) -> None:
        """Look at the event, unless a door has just done so.

        Raises: StaleLookError.
        """
        run = self._run
        run.missing = None
        run.believes_older = False
        if run.look is None and run.hand is not None and not run.graph_is_closed():
            run.look = self._look()
        if run.look is not None:
            self._refuse_stale(run.look.event)
        run.sight = replace(
            run.sight,
            now=run.clock(),
            event=run.look.event if run.look is not None else None,
            missing=run.missing,
            verdict=None,
            facts_stored=False,
        )

    def crm(self) -> None:
        """Match the attendees, find the record with our key, and judge the event."""
        run = self._run
        event, link = run.sight.event, run.link
        matches, record, known = None, None, False
        try:
            if event is not None:
                matches = self._known_matches() or match_event(self._crm, run.owner, event)
            key = link.external_key
            if key is None and event is not None and event.ical_uid is not None:
                key = f"{link.tenant_id}/{event.ical_uid}"
            if key is not None:
                record = self._crm.find_activity(link.tenant_id, key)
            known = True
        except RemoteError as error:
            run.note_trouble(error)
        run.sight = replace(
            run.sight,
            matches=matches or (),
            record=record,
            record_known=known,
            activity_type=run.owner.default_activity_type,
        )
        self.judge()

    def _known_matches(self) -> tuple[AttendeeMatch, ...] | None:
        """The door's, as long as its look is still the one in sight."""
        hand = self._run.hand
        if hand is None or hand.look is not self._run.look:
            return None
        return hand.matches

    def judge(self) -> None:
        """The verdict on what is in sight; where nobody may look, the switches alone are judged."""
        run = self._run
        sight = run.sight
        if sight.event is not None:
            verdict = judge_event(
                run.owner,
                sight.event,
                sight.matches if sight.record_known else None,
                sight.now,
                run.link.origin,
                opted_out=run.link.opted_out,
            )
            run.sight = replace(sight, verdict=verdict)
        elif run.hand is None:
            verdict = judge_facts(run.owner, EventFacts(), sight.now, run.link.origin)
            run.sight = replace(sight, verdict=verdict)

    def _look(self) -> Look | None:
        run = self._run
        assert run.hand is not None
        try:
            look = run.hand.calendar.get_event(run.owner.mailbox, run.link.event_id, with_body=True)
        except RemoteNotFoundError:
            return self._search()
        except RemoteAccessError as error:
            self._blame_mailbox(error)
            return None
        except (RemoteError, IdentityError) as error:
            run.note_trouble(error)
            return None
        return self._search(look) if self._may_be_deleted(look.event) else look

    def _may_be_deleted(self, event: Event) -> bool:
        """A GET by immutable id may answer 200 after a deletion: then only the lists tell (L6)."""
        run = self._run
        assert run.hand is not None
        if not run.link.is_wanted or run.link.ical_uid is None:
            return False
        return not run.hand.is_user or run.link.gone_since is not None or event.is_cancelled

    def _search(self, look: Look | None = None) -> Look | None:
        """Neither a 404 nor a 200 proves anything: ask the lists (L6)."""
        run = self._run
        assert run.hand is not None
        calendar, mailbox, uid = run.hand.calendar, run.owner.mailbox, run.link.ical_uid
        if uid is None:
            run.missing = self._not_seen_yet()
            return None
        try:
            here = calendar.find_events(mailbox, uid, default_calendar=True)
            listed = here or calendar.find_events(mailbox, uid, default_calendar=False)
        except (RemoteAccessError, RemoteNotFoundError) as error:
            self._blame_mailbox(error)
            return None
        except (RemoteError, IdentityError) as error:
            run.note_trouble(error)
            return None
        if not listed:
            run.missing = self._gone()
            return None
        if not here:
            run.missing = Missing.LEFT_CALENDAR
        return look or self._found(listed[0])

    def _found(self, listed: Event) -> Look:
        """The list shows it, so a GET that does not lags behind."""
        run = self._run
        assert run.hand is not None
        try:
            return run.hand.calendar.get_event(run.owner.mailbox, listed.id, with_body=True)
        except RemoteNotFoundError as error:
            raise StaleLookError from error

    def _blame_mailbox(self, error: RemoteError) -> None:
        """A user's missing right is not the mailbox's problem: the worker tries with its own."""
        run = self._run
        if run.hand is not None and run.hand.is_user:
            run.note_trouble(error)
        else:
            run.missing = Missing.UNREACHABLE

    def _not_seen_yet(self) -> Missing:
        until = self._run.link.awaited_until
        waits = until is not None and self._run.clock() < until
        return Missing.NOT_YET if waits else Missing.NEVER_CAME

    def _gone(self) -> Missing:
        since = self._run.link.gone_since
        if since is not None and self._run.clock() - since >= GONE_PROOF_PAUSE:
            return Missing.GONE
        return Missing.PERHAPS_GONE

    def _refuse_stale(self, event: Event) -> None:
        """R5: our own clock says for how long Graph has been showing something older."""
        link = self._run.link
        if link.looked_at_version is None or event.modified_at >= link.looked_at_version:
            return
        since = link.last_change_seen_at
        if since is not None and self._run.clock() - since < STALE_FOR:
            self._run.look = None
            raise StaleLookError
        self._run.believes_older = True
