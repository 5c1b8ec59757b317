"""The road's first beat: look at the event and at the CRM record. No transaction is open here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from backend.domain.category import CategoryWord, category_says
from backend.domain.crm import AttendeeMatch, CrmGateway
from backend.domain.errors import (
    IdentityError,
    RemoteAccessError,
    RemoteError,
    RemoteNotFoundError,
)
from backend.domain.event import Event
from backend.domain.link import LinkState
from backend.domain.plan import GONE_PROOF_PAUSE, Missing
from backend.domain.policy import Origin
from backend.domain.ports import Look
from backend.domain.rules import EventFacts, Verdict
from backend.services.judging import judge_event, judge_facts, match_event
from backend.services.run import Run, StaleLookError

STALE_FOR = timedelta(minutes=10)
"""For how long a look older than one already seen is taken for a lagging read (R5)."""


_VANISHED = (CategoryWord.UNTICK, CategoryWord.PUT_BACK)


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
        if run.look is None and self._may_look():
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
            master_category_lost=run.look is not None and self._lost_category(run.look.event),
        )

    def _may_look(self) -> bool:
        """The worker leaves a paused mailbox alone, and one whose pull has found it unreadable."""
        run = self._run
        if run.hand is None or run.graph_is_closed():
            return False
        if run.hand.is_user:
            return True
        if run.sight.paused:
            return False
        problem = run.sight.user.mailbox_problem
        if problem is None or run.sight.braked:
            return True
        run.missing = Missing.UNREACHABLE
        return False

    def _lost_category(self, event: Event) -> bool:
        """Whether the whole category went from the mailbox's list, which is no untick (T11).

        Asked only where it was known to be there, and only when it is missing on an event.
        """
        run = self._run
        name = run.owner.policy.category_name
        if run.hand is None or run.owner.master_category != name or not run.link.is_wanted:
            return False
        if category_says(run.link, event, name) not in _VANISHED:
            return False
        try:
            return run.hand.calendar.has_master_category(run.owner.mailbox, name) is False
        except (RemoteError, IdentityError):
            return False

    def crm(self) -> None:
        """Match the attendees, find the record with our key, and judge the event."""
        run = self._run
        event, link = run.sight.event, run.link
        matches, record, known = None, None, False
        if event is None and run.sight.paused:
            run.sight = replace(run.sight, matches=(), record=None, record_known=False)
            return
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
        sight, link = run.sight, run.link
        if sight.event is not None:
            # What is not wanted can only be ticked, whichever way it once came.
            origin = link.origin if link.is_wanted else Origin.MANUAL
            verdict = self._judge(sight.event, origin)
            run.sight = replace(sight, verdict=verdict, by_rule=self._by_rule(sight.event))
        elif run.hand is None:
            verdict = judge_facts(run.owner, EventFacts(), sight.now, link.origin)
            run.sight = replace(sight, verdict=verdict)

    def _judge(self, event: Event, origin: Origin) -> Verdict:
        run, sight = self._run, self._run.sight
        matches = sight.matches if sight.record_known else None
        opted_out = run.link.opted_out
        return judge_event(run.owner, event, matches, sight.now, origin, opted_out=opted_out)

    def _by_rule(self, event: Event) -> Verdict | None:
        """What the rules say of an event that was let go; a deleted one may still answer (L6)."""
        link = self._run.link
        if link.state not in (LinkState.REMOVING, LinkState.REMOVED) or link.opted_out:
            return None
        if not self._run.sight.record_known:
            return None
        verdict = self._judge(event, Origin.AUTOMATIC)
        return verdict if verdict.eligible and self._is_listed(event) else None

    def _is_listed(self, event: Event) -> bool:
        run = self._run
        if run.hand is None or event.ical_uid is None:
            return False
        try:
            listed = run.hand.calendar.find_events(
                run.owner.mailbox, event.ical_uid, default_calendar=True
            )
        except (RemoteError, IdentityError) as error:
            run.note_trouble(error)
            return False
        return any(each.id == event.id for each in listed)

    def _look(self) -> Look | None:
        """One GET, or where a 200 would prove nothing, GET and lists in one round trip."""
        run = self._run
        assert run.hand is not None
        calendar, mailbox, link = run.hand.calendar, run.owner.mailbox, run.link
        try:
            if link.is_wanted and link.ical_uid is not None and not run.hand.is_user:
                found = calendar.examine(mailbox, link.event_id, link.ical_uid)
                return self._weigh(found.look, found.in_default_calendar, found.in_any_calendar)
            look = self._get()
            if look is not None and not self._may_be_deleted(look.event):
                return look
            return self._search(look)
        except (RemoteAccessError, RemoteNotFoundError) as error:
            self._blame_mailbox(error)
        except (RemoteError, IdentityError) as error:
            run.note_trouble(error)
        return None

    def _get(self) -> Look | None:
        run = self._run
        assert run.hand is not None
        try:
            return run.hand.calendar.get_event(run.owner.mailbox, run.link.event_id, with_body=True)
        except RemoteNotFoundError:
            return None

    def _may_be_deleted(self, event: Event) -> bool:
        """A GET by immutable id may answer 200 after a deletion: then only the lists tell (L6)."""
        link = self._run.link
        if link.ical_uid is None:
            return False
        if not link.is_wanted:
            # The category on what lies in Deleted Items is nobody's tick.
            name = self._run.owner.policy.category_name
            return category_says(link, event, name) is CategoryWord.TICK
        return link.gone_since is not None or event.is_cancelled

    def _search(self, look: Look | None) -> Look | None:
        """Neither a 404 nor a 200 proves anything: ask the lists (L6)."""
        run = self._run
        assert run.hand is not None
        calendar, mailbox, uid = run.hand.calendar, run.owner.mailbox, run.link.ical_uid
        if uid is None:
            run.missing = self._not_seen_yet()
            return None
        here = calendar.find_events(mailbox, uid, default_calendar=True)
        anywhere = here or calendar.find_events(mailbox, uid, default_calendar=False)
        return self._weigh(look, here, anywhere)

    def _weigh(
        self, look: Look | None, here: Sequence[Event], anywhere: Sequence[Event]
    ) -> Look | None:
        """What a GET and both lists say together; the lists have the last word."""
        run = self._run
        listed = (*here, *anywhere)
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
