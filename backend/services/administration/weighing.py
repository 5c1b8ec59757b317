"""A calendar judged by two sets of settings: those in force, and those somebody thinks of (A8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from backend.db import administration, people
from backend.db.administration import PeopleFilter
from backend.domain.choosing import because
from backend.domain.crm import AttendeeMatch, CrmGateway
from backend.domain.event import Event
from backend.domain.matching import addresses_of, invited, match_attendees
from backend.domain.policy import Origin, Policy, PrivateEvents
from backend.domain.ports import Calendar, Mailbox, Touched, Window
from backend.services.administration.answers import NamePlace, SampleEvent
from backend.services.administration.office import Admin
from backend.services.callers import CalendarOwner, Callers
from backend.services.judging import judge_event

PERIOD = timedelta(days=30)
"""How far back numbers reach."""
MOST_PAGES = 20
"""Of one calendar."""
Matches = tuple[AttendeeMatch, ...]
_POLICY_FIELDS = frozenset(Policy.__dataclass_fields__)


class TooMuchError(Exception):
    """A calendar with more pages than a person waits for."""


@dataclass(frozen=True, slots=True)
class ListedCalendar:
    """A calendar to judge, under the settings in force."""

    place: NamePlace
    owner: CalendarOwner
    follows_firm: bool
    """Whether the user's mode would change with the firm's."""


def list_calendars(
    session: Session,
    callers: Callers,
    admin: Admin,
    chosen: PeopleFilter,
    *,
    limit: int,
    after: NamePlace | None = None,
) -> tuple[list[ListedCalendar], int]:
    """At most ``limit`` calendars of the chosen people behind ``after``, by name; and how many
    there are in all.
    """
    total = administration.count_people(session, admin.firm_id, chosen)
    place = (after.name, after.id) if after is not None else None
    listed = administration.list_people(session, admin.firm_id, chosen, limit=limit, after=place)
    found = []
    for one in listed:
        row = people.get_owner_of_mailbox(session, admin.tenant_id, one.mailbox.id)
        values = callers.owner_of(row)
        place_of = NamePlace(one.user.name, one.user.id)
        found.append(ListedCalendar(place_of, values, not one.user.mode_chosen))
    return found, total


def event_pages(calendar: Calendar, mailbox: Mailbox, window: Window) -> Iterator[list[Event]]:
    """The events of a window, page by page.

    Raises: TooMuchError behind the last page one waits for; RemoteError of Outlook.
    """
    where: Window | str = window
    for _ in range(MOST_PAGES):
        page = calendar.read_changes(mailbox, where)
        yield [change.event for change in page.changes if isinstance(change, Touched)]
        if page.is_last:
            return
        where = page.link
    raise TooMuchError


def sample_of(
    owner: CalendarOwner, event: Event, matches: Matches, *, own: str, is_added: bool
) -> SampleEvent:
    """One line of an example; ``own``: the mailbox of whoever looks, who may read his own subjects.

    Not for private events, whose time alone would tell something.
    """
    return SampleEvent(
        user=owner.address or owner.name,
        event_id=event.id,
        start=event.start,
        subject=event.subject if owner.mailbox_id == own else None,
        because=because(matches, owner.policy) if is_added else None,
        change="added" if is_added else "removed",
    )


def as_if_always_on(owner: CalendarOwner, now: datetime) -> CalendarOwner:
    """Events older than the user's sync are judged like others."""
    return replace(owner, state=replace(owner.state, activated_at=now - timedelta(days=3650)))


def changed_by(
    owner: CalendarOwner, changes: Mapping[str, Any], *, follows_firm: bool
) -> CalendarOwner:
    """The owner under changed settings; ``follows_firm``: his mode would change with the firm's."""
    policy = owner.policy
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in changes.items()
        if name in _POLICY_FIELDS
    }
    if "further_domains" in changes:
        verified = owner.policy.own_domains
        values["own_domains"] = tuple(dict.fromkeys((*verified, *changes["further_domains"])))
    # Numbers are asked for before sync is enabled, too.
    new = replace(policy, **values)
    state = replace(owner.state, mode=new.mode) if follows_firm else owner.state
    return replace(owner, policy=new, state=state)


def is_recent(event: Event, now: datetime) -> bool:
    """Whether the event lies in the last 30 days, if only in part."""
    return event.end > now - PERIOD and event.start < now


def is_chosen(owner: CalendarOwner, event: Event, matches: Matches, now: datetime) -> bool:
    """Whether the event syncs by itself."""
    return judge_event(owner, event, matches, now, Origin.AUTOMATIC).eligible


def match_by_both(
    crm: CrmGateway, owner: CalendarOwner, changed: CalendarOwner, events: Sequence[Event]
) -> list[tuple[Event, Matches, Matches]]:
    """Each event with who is a contact, by both settings; one call of the CRM for them all.

    Raises: RemoteError with system "crm".
    """
    people = [
        attendee
        for event in events
        if not (_stays_private(owner, event) and _stays_private(changed, event))
        for attendee in invited(event)
    ]
    addresses = addresses_of(people, owner.directory)
    contacts = crm.contacts_by_address(owner.tenant_id, sorted(addresses)) if addresses else {}

    def matches(by: CalendarOwner, event: Event) -> Matches:
        if _stays_private(by, event):
            return ()
        return match_attendees(
            invited(event),
            contacts,
            by.policy,
            block_list=(*by.policy.block_list, *by.state.block_list),
            directory=by.directory,
        )

    return [(event, matches(owner, event), matches(changed, event)) for event in events]


def _stays_private(owner: CalendarOwner, event: Event) -> bool:
    """Of such an event the CRM is told nothing."""
    return event.is_private and owner.policy.private_events is PrivateEvents.EXCLUDE
