"""The pane's doors on one event: view, check, tick, untick, undo. The road does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.db import links
from backend.domain.breaker import CRM, GRAPH
from backend.domain.category import shows_category
from backend.domain.crm import Activity, AttendeeMatch, Contact, CrmGateway
from backend.domain.errors import (
    EventNotFoundError,
    NotEligibleError,
    NothingToUndoError,
    RemoteError,
    TransientRemoteError,
)
from backend.domain.event import Attendee
from backend.domain.link import CategoryPermission, Link, LinkState
from backend.domain.plan import DESTROYING
from backend.domain.policy import Origin
from backend.domain.ports import Calendar, Calendars, Clock, Look, Principal
from backend.domain.rules import EventFacts, Source, Verdict
from backend.services.answers import EventAnswer
from backend.services.breaker import Breakers, reachable
from backend.services.callers import Caller, Callers
from backend.services.driving import Driver
from backend.services.hands import Hand
from backend.services.judging import judge_event, judge_facts, match_event, match_people
from backend.services.looking import Eyes
from backend.services.road import Outcome
from backend.services.showing import Showing
from backend.services.wishes import Seen, Wishes
from backend.sql import Database


class Linking:
    """Use cases of the task pane on one event."""

    def __init__(
        self,
        database: Database,
        calendars: Calendars,
        crm: CrmGateway,
        callers: Callers,
        wishes: Wishes,
        driver: Driver,
        clock: Clock,
        *,
        breakers: Breakers,
        budget: float,
    ) -> None:
        """``budget``: seconds a request may spend on Graph before it answers "pending"."""
        self._database = database
        self._calendars = calendars
        self._crm = crm
        self._callers = callers
        self._wishes = wishes
        self._driver = driver
        self._clock = clock
        self._breakers = breakers
        self._budget = budget
        self._showing = Showing(database, crm, clock)
        self._eyes = Eyes(callers, clock)

    def view(self, principal: Principal, event_id: str, mailbox: str | None) -> EventAnswer:
        """Everything the pane says of a saved event (T1); one Graph read.

        A difference between Outlook and memory makes the link due and nothing else (R6).

        Raises: EventNotFoundError, NotAllowedError, ConsentRequiredError, ClaimsRequiredError,
        TransientRemoteError when Graph does not answer and nothing is known of the event.
        """
        caller = self._caller(principal, mailbox)
        calendar = self._calendars.as_user(principal, budget=self._budget)
        link = self._wishes.find(caller, (event_id,))
        try:
            look = self._eyes.look(caller, calendar, event_id, with_body=False)
        except (EventNotFoundError, TransientRemoteError) as error:
            self._breakers.note(caller.owner, failed=(error,))
            # Only Graph can tell whether a colleague may see this calendar at all.
            if link is None or caller.is_delegate:
                raise
            if isinstance(error, EventNotFoundError) and link.is_wanted:
                self._ring(link)
            return self._showing.without_event(caller, link)
        if link is None:
            link = self._wishes.recognise(caller, event_id, look.event)
        seen = self._judge(caller, look, Origin.MANUAL)
        if link is not None:
            link = self._mend_if_waiting(caller, calendar, link)
            was_rung = self._ring_if_changed(caller, link, look)
        else:
            link = self._watch_if_marked(caller, event_id, look, seen)
            was_rung = link is not None
        answer = self._showing.answer(caller, link, seen, was_rung=was_rung)
        if link is None or was_rung or not _is_record_changed(link, seen, answer.activity):
            return answer
        self._ring(link)
        return self._showing.answer(caller, link, seen, was_rung=True)

    def check(self, principal: Principal, facts: EventFacts, mailbox: str | None) -> Verdict:
        """The verdict on an unsaved or edited form: writes nothing, reads no Graph (T2)."""
        caller = self._caller(principal, mailbox)
        facts = replace(facts, attendee_matches=self._match_addresses(caller, facts))
        return judge_facts(
            caller.owner,
            facts,
            self._clock(),
            Origin.MANUAL,
            acts_for_other=caller.is_delegate,
            source=Source.FORM,
        )

    def find_contacts(self, principal: Principal, query: str, limit: int) -> Sequence[Contact]:
        """Contacts for pickers; private ones of other people are left out."""
        caller = self._caller(principal)
        found = self._crm_of(caller).find_contacts(principal.tenant_id, query, limit)
        return [c for c in found if not c.private or c.owner_id == caller.principal.oid]

    def tick(
        self,
        principal: Principal,
        event_id: str,
        mailbox: str | None,
        *,
        just_saved: bool = False,
    ) -> EventAnswer:
        """Want a record of this event (T3); idempotent.

        Raises: NotEligibleError when a rule says no, EventNotFoundError unless ``just_saved``,
        RuleError with code ``already_linked`` when another calendar keeps the meeting.
        """
        caller = self._caller(principal, mailbox)
        return self._wish(caller, event_id, Origin.MANUAL, just_saved=just_saved)

    def undo(self, principal: Principal, event_id: str, mailbox: str | None) -> EventAnswer:
        """Bring back what the last untick took away (T4): the same act as a new tick.

        Raises: NothingToUndoError, and as ``tick``.
        """
        caller = self._caller(principal, mailbox)
        link = self._find(caller, event_id)
        if link is not None and link.reason in DESTROYING:
            self._refuse_undo(caller, event_id)
        if link is None or not self._showing.may_undo(link):
            raise NothingToUndoError
        return self._wish(caller, event_id, link.origin, just_saved=False)

    def _caller(self, principal: Principal, mailbox: str | None = None) -> Caller:
        """Who calls; if a remote is shut and nobody probes it, this request may."""
        caller = self._callers.resolve(principal, mailbox)
        return replace(caller, owner=self._breakers.admit(caller.owner))

    def _crm_of(self, caller: Caller) -> CrmGateway:
        return reachable(self._crm, caller.owner, self._clock())

    def _refuse_undo(self, caller: Caller, event_id: str) -> None:
        """X4: while the event is private, undo says so; later there is nothing left to undo."""
        calendar = self._calendars.as_user(caller.principal, budget=self._budget)
        self._see(caller, calendar, event_id, Origin.MANUAL, just_saved=False)

    def untick(self, principal: Principal, event_id: str, mailbox: str | None) -> EventAnswer:
        """Do not want a record of this event (T4); idempotent.

        The owner needs no Graph call, unless a rule made the link and nobody has opened the event
        under this id yet.

        Raises: NotAllowedError, or RemoteError when Graph cannot confirm a delegate's right or
        tell which event this is.
        """
        caller = self._caller(principal, mailbox)
        link = self._find(caller, event_id)
        if link is None:
            return self._showing.nothing()
        self._callers.confirm_edit_right(caller)
        wish = self._wishes.store_untick(caller, link.id)
        seen, outcome = Seen(), None
        if wish is not None:
            with self._driver.one_try() as may_try:
                calendar = self._calendars.as_user(principal, budget=self._budget)
                outcome = self._driver.drive(wish, self._hand(caller, calendar, seen, may_try))
            seen = self._seen_after(caller, seen, outcome, Origin.MANUAL)
        link = self._link_after(caller, outcome, link.id, link.event_id)
        return self._showing.answer(caller, link, seen)

    def _find(self, caller: Caller, event_id: str) -> Link | None:
        """The event's link; a rule's link knows no id but Graph's own, so that Graph is asked."""
        link = self._wishes.find(caller, (event_id,))
        if link is not None:
            return link
        calendar = self._calendars.as_user(caller.principal, budget=self._budget)
        try:
            look = self._eyes.look(caller, calendar, event_id, with_body=False)
        except EventNotFoundError:
            return None
        return self._wishes.recognise(caller, event_id, look.event)

    def _wish(
        self, caller: Caller, event_id: str, origin: Origin, *, just_saved: bool
    ) -> EventAnswer:
        with self._driver.one_try() as may_try:
            calendar, seen = self._calendars.as_user(caller.principal, budget=self._budget), Seen()
            if may_try:
                seen = self._see(caller, calendar, event_id, origin, just_saved=just_saved)
            self._callers.confirm_edit_right(caller)
            wish = self._wishes.store_tick(caller, event_id, seen, origin, just_saved=just_saved)
            # If somebody does not answer, what is left of the budget is the worker's.
            hand = self._hand(caller, calendar, seen, may_try and not seen.is_silent)
            outcome = self._driver.drive(wish, hand)
        seen = self._seen_after(caller, seen, outcome, origin)
        link = self._link_after(caller, outcome, wish.link.id, event_id)
        return self._showing.answer(caller, link, seen)

    def _link_after(
        self, caller: Caller, outcome: Outcome | None, link_id: str, event_id: str
    ) -> Link:
        """What this request's own run left, or what stands in the row."""
        if outcome is not None and outcome.link is not None:
            return outcome.link
        return self._wishes.reload(caller, link_id, event_id)

    def _hand(self, caller: Caller, calendar: Calendar, seen: Seen, may_try: bool) -> Hand | None:
        """What this request lends to the road, with everything it has already learned."""
        if not may_try:
            return None
        return Hand(
            calendar, is_user=True, look=seen.look, matches=seen.matches, owner=caller.owner
        )

    def _seen_after(
        self, caller: Caller, seen: Seen, outcome: Outcome | None, origin: Origin
    ) -> Seen:
        """What there is to show after the road was walked: its look, if it has a newer one."""
        if outcome is None or outcome.look is None or outcome.look is seen.look:
            return seen
        return self._judged(caller, outcome.look, outcome.matches, origin)

    def _see(
        self,
        caller: Caller,
        calendar: Calendar,
        event_id: str,
        origin: Origin,
        *,
        just_saved: bool,
    ) -> Seen:
        """Gather and judge; a no is final here, silence of Graph or CRM is not."""
        try:
            look = self._eyes.look(caller, calendar, event_id, with_body=True)
        except EventNotFoundError:
            if just_saved:
                return Seen()
            raise
        except TransientRemoteError as error:
            self._breakers.note(caller.owner, failed=(error,))
            return Seen(is_silent=True)
        seen = self._judge(caller, look, origin)
        if seen.verdict is not None and not seen.verdict.eligible:
            self._refuse(caller, calendar, look, seen.verdict)
            raise NotEligibleError(seen.verdict)
        return seen

    def _judge(self, caller: Caller, look: Look, origin: Origin) -> Seen:
        try:
            matches = match_event(self._crm_of(caller), caller.owner, look.event)
            self._breakers.note(caller.owner, answered=(GRAPH, CRM))
        except RemoteError as error:
            self._breakers.note(caller.owner, failed=(error,), answered=(GRAPH,))
            matches = None
        return self._judged(caller, look, matches, origin)

    def _judged(
        self,
        caller: Caller,
        look: Look,
        matches: tuple[AttendeeMatch, ...] | None,
        origin: Origin,
    ) -> Seen:
        verdict = judge_event(
            caller.owner,
            look.event,
            matches,
            self._clock(),
            origin,
            acts_for_other=caller.is_delegate,
        )
        return Seen(look, matches, verdict, is_silent=matches is None)

    def _match_addresses(
        self, caller: Caller, facts: EventFacts
    ) -> tuple[AttendeeMatch, ...] | None:
        if facts.attendee_addresses is None:
            return None
        attendees = [Attendee("", address) for address in facts.attendee_addresses]
        try:
            return match_people(self._crm_of(caller), caller.owner, attendees)
        except RemoteError:
            return None

    def _refuse(self, caller: Caller, calendar: Calendar, look: Look, verdict: Verdict) -> None:
        """Keep the codes; whatever an event that turned private left behind goes at once (X4)."""
        link = self._wishes.find(caller, (look.event.id,), look.event.ical_uid)
        self._wishes.store_refusal(caller, look, verdict, link)
        if link is None:
            return
        if DESTROYING.intersection(verdict.codes):
            self._driver.walk_now(link.id, calendar, look)
        else:
            self._driver.ring_now()

    def _mend_if_waiting(self, caller: Caller, calendar: Calendar, link: Link) -> Link:
        """X1: a category that waited for its user is written by the next opening that may."""
        waits = link.category.permission in (
            CategoryPermission.WAITING_FOR_USER,
            CategoryPermission.NOT_PERMITTED,
        )
        wanted = link.wants_category()
        if not waits or wanted is None or link.category.seen is wanted:
            return link
        if calendar.may_write_events is not True:
            return link
        self._driver.walk_now(link.id, calendar)
        return self._wishes.reload(caller, link.id, link.event_id)

    def _watch_if_marked(
        self, caller: Caller, event_id: str, look: Look, seen: Seen
    ) -> Link | None:
        """T11: the category on an event nobody ticked, put there by hand or brought by a copy."""
        event = look.event
        is_marked = event.is_organizer and event.has_category(caller.owner.policy.category_name)
        if not is_marked or seen.is_silent or seen.verdict is None or not seen.verdict.eligible:
            return None
        link = self._wishes.watch(caller, event_id, look)
        self._driver.ring_now()
        return link

    def _ring_if_changed(self, caller: Caller, link: Link, look: Look) -> bool:
        event = look.event
        shown = shows_category(link.category, event, caller.owner.policy.category_name)
        is_newer = link.looked_at_version is None or event.modified_at > link.looked_at_version
        if not is_newer and shown == bool(link.category.seen):
            return False
        self._ring(link)
        return True

    def _ring(self, link: Link) -> None:
        with self._database.write.begin() as session:
            links.ring(session, link.id, self._clock(), urgent=True)
        self._driver.ring_now()


def _is_record_changed(link: Link, seen: Seen, record: Activity | None) -> bool:
    """Whether the CRM shows something else than we wrote last: edited or deleted by hand (L4)."""
    if seen.is_silent or link.state is not LinkState.LINKED:
        return False
    return record is None or record.revision != link.activity_revision
