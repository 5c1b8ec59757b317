"""Chooses which events of a watched calendar become links, or are looked at by the road (S1, T11).

Called by the mailbox's pull for every page: :meth:`Choosing.prepare` asks the CRM and judges, with
no transaction open; :meth:`Choosing.store` writes what comes of it with the page. A delta item is
only a hint (road rule R6): no record and no category is written because of it alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.db import candidates, links
from backend.db.candidates import Match, Note, Place
from backend.db.known_links import Known, KnownLink
from backend.db.models import LinkRow
from backend.domain.choosing import Choice, Judged, WishSoFar, because, choose, chooses_by_rule
from backend.domain.crm import AttendeeMatch, Contact, CrmGateway
from backend.domain.event import Event
from backend.domain.link import WANTED
from backend.domain.matching import addresses_of, invited, match_attendees
from backend.domain.policy import Origin, PrivateEvents
from backend.domain.ports import Clock
from backend.services.callers import CalendarOwner
from backend.services.judging import judge_event

Contacts = Mapping[str, tuple[Contact, ...]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page's events that matter here, judged; each id once, as the page showed it last."""

    judged: tuple[Judged, ...] = ()
    request_id: str | None = None
    """Graph's id of the answer that showed them."""


class Choosing:
    """Judges the pages of all mailboxes; keeps nothing between them."""

    def __init__(self, crm: CrmGateway, clock: Clock) -> None:
        self._crm = crm
        self._clock = clock

    def prepare(
        self, owner: CalendarOwner, events: Sequence[Event], request_id: str | None = None
    ) -> Prepared:
        """The verdicts on a page; at most one call of the CRM, none where nobody could be chosen.

        Raises: RemoteError with system "crm" when the CRM does not answer; the page has to be
        read again then.
        """
        name = owner.policy.category_name
        by_rule = chooses_by_rule(owner.policy, owner.state)
        shown = {event.id: event for event in events}
        chosen = [e for e in shown.values() if by_rule or e.has_category(name)]
        if not chosen:
            return Prepared()
        contacts = self._contacts(owner, chosen)
        judged = (self._judge(owner, event, contacts, by_rule=by_rule) for event in chosen)
        return Prepared(tuple(judged), request_id)

    def _contacts(self, owner: CalendarOwner, events: Sequence[Event]) -> Contacts:
        """Who of all the invited is in the CRM; private events tell it nothing."""
        addresses = {
            address
            for event in events
            if not _stays_private(owner, event)
            for address in addresses_of(invited(event), owner.directory)
        }
        if not addresses:
            return {}
        return self._crm.contacts_by_address(owner.tenant_id, sorted(addresses))

    def _judge(
        self, owner: CalendarOwner, event: Event, contacts: Contacts, *, by_rule: bool
    ) -> Judged:
        matches: tuple[AttendeeMatch, ...] = ()
        if not _stays_private(owner, event):
            block_list = (*owner.policy.block_list, *owner.state.block_list)
            people = invited(event)
            matches = match_attendees(
                people, contacts, owner.policy, block_list=block_list, directory=owner.directory
            )
        now = self._clock()
        rule = judge_event(owner, event, matches, now, Origin.AUTOMATIC) if by_rule else None
        is_marked = event.has_category(owner.policy.category_name)
        hand = judge_event(owner, event, matches, now, Origin.MANUAL) if is_marked else None
        reason = because(matches, owner.policy) if rule is not None and rule.eligible else None
        return Judged(event, rule, hand, reason)

    def store(
        self,
        session: Session,
        owner: CalendarOwner,
        prepared: Prepared,
        known: Known,
        now: datetime,
    ) -> int:
        """Write down what comes of a page, in the pull's own transaction.

        ``known``: this mailbox's links by the event id the page showed. What is made is due now;
        the pull rings for the road. Answers how many events the road has to look at.
        """
        leaders = self._leaders(session, owner, prepared, known)
        place = Place(owner.firm_id, owner.mailbox_id, owner.user_id)
        notes: list[Note] = []
        matches: list[Match] = []
        looks = 0
        # In one order for all, so that two calendars with the same meetings wait for each other.
        for judged in sorted(prepared.judged, key=lambda j: (j.event.ical_uid or "", j.event.id)):
            event = judged.event
            link: KnownLink | LinkRow | None = known.get(event.id)
            leader = leaders.get(event.ical_uid or "") if link is None else None
            is_led_elsewhere = leader is not None and leader.mailbox_id != owner.mailbox_id
            if leader is not None and not is_led_elsewhere:
                # The meeting of a link stands under another id now: restored, or imported twice.
                self._take_back(session, leader, event, now)
                link = leader
            wish = None if link is None else WishSoFar(link.state, link.opted_out)
            chosen = choose(judged, wish, is_led_elsewhere=is_led_elsewhere)
            match chosen.choice:
                case Choice.REFUSE | Choice.SKIP:
                    kind = "refusal" if chosen.choice is Choice.REFUSE else "skip"
                    notes.append(Note(event.id, kind, chosen.codes, link.id if link else None))
                case Choice.LOOK if link is not None:
                    looks += 1
                    links.ring(session, link.id, now)
                case Choice.LOOK:
                    looks += 1
                    candidates.add_watched(session, place, event, now=now)
                case Choice.MATCH:
                    matches.append(Match(event, judged.because))
        candidates.add_matches(session, place, matches, now=now, request_id=prepared.request_id)
        candidates.keep_notes(session, place, notes, now=now, request_id=prepared.request_id)
        return looks + len(matches)

    def _leaders(
        self,
        session: Session,
        owner: CalendarOwner,
        prepared: Prepared,
        known: Known,
    ) -> Mapping[str, LinkRow]:
        """Links of the meetings that would be chosen, asked for at once."""
        uids = {
            judged.event.ical_uid
            for judged in prepared.judged
            if judged.event.id not in known and judged.is_selected and judged.event.ical_uid
        }
        return candidates.find_leaders(session, owner.firm_id, uids)

    def _take_back(self, session: Session, row: LinkRow, event: Event, now: datetime) -> None:
        if row.state not in WANTED:
            links.learn_event(session, row, event, now)
            session.flush()
        links.ring(session, row.id, now)


def _stays_private(owner: CalendarOwner, event: Event) -> bool:
    return event.is_private and owner.policy.private_events is PrivateEvents.EXCLUDE
