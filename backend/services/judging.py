"""Matching and judging an event for its calendar's owner: shared by doors and road."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.domain.crm import AttendeeMatch, CrmGateway
from backend.domain.event import Attendee, Event
from backend.domain.matching import addresses_of, invited, match_attendees
from backend.domain.policy import Origin
from backend.domain.rules import EventFacts, Situation, Source, Verdict, evaluate
from backend.services.callers import CalendarOwner


def match_event(crm: CrmGateway, owner: CalendarOwner, event: Event) -> tuple[AttendeeMatch, ...]:
    """Who of the invited is a contact.

    Raises: RemoteError with system "crm".
    """
    return match_people(crm, owner, invited(event))


def match_people(
    crm: CrmGateway, owner: CalendarOwner, attendees: Sequence[Attendee]
) -> tuple[AttendeeMatch, ...]:
    """As ``match_event``, for attendees that a form names."""
    addresses = addresses_of(attendees, owner.directory)
    contacts = crm.contacts_by_address(owner.tenant_id, sorted(addresses)) if addresses else {}
    return match_attendees(
        attendees,
        contacts,
        owner.policy,
        block_list=(*owner.policy.block_list, *owner.state.block_list),
        directory=owner.directory,
    )


def judge_event(
    owner: CalendarOwner,
    event: Event,
    matches: Sequence[AttendeeMatch] | None,
    now: datetime,
    origin: Origin,
    *,
    opted_out: bool = False,
    acts_for_other: bool = False,
) -> Verdict:
    """The verdict on Graph's own reading; ``matches=None`` when the CRM did not answer."""
    facts = EventFacts.of(event, matches)
    return judge_facts(
        owner, facts, now, origin, opted_out=opted_out, acts_for_other=acts_for_other
    )


def judge_facts(
    owner: CalendarOwner,
    facts: EventFacts,
    now: datetime,
    origin: Origin,
    *,
    opted_out: bool = False,
    acts_for_other: bool = False,
    source: Source = Source.GRAPH,
) -> Verdict:
    """The verdict on any facts, under the owner's settings."""
    return evaluate(
        Situation(
            facts=facts,
            policy=owner.policy,
            user=owner.state,
            now=now,
            origin=origin,
            opted_out=opted_out,
            acts_for_other=acts_for_other,
        ),
        source,
    )
