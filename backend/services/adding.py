"""Add Activity (T6): the form prefilled from an event, and the one record it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from backend.db import links
from backend.db.models import HistoryRow
from backend.domain.adding import ActivityForm, added_draft, proposed_draft, refuse_private
from backend.domain.crm import (
    Activity,
    ActivityDraft,
    AttendeeMatch,
    CrmGateway,
    Entry,
    Group,
    Listing,
    ReferenceKind,
)
from backend.domain.errors import RemoteConflictError, RemoteRejectedError, RuleError
from backend.domain.event import Attendee, Event, Person, normalised_address
from backend.domain.matching import invited
from backend.domain.ports import Calendars, Clock, Look, Principal
from backend.services.answers import OtherRecord
from backend.services.callers import CalendarOwner, Caller, Callers
from backend.services.judging import match_people
from backend.services.looking import Eyes
from backend.services.showing import discreet, other_records
from backend.sql import Database

MOST_ENTRIES = 200

_LISTINGS = {
    ReferenceKind.COMPANY: Listing.COMPANIES,
    ReferenceKind.OPPORTUNITY: Listing.OPPORTUNITIES,
    ReferenceKind.INITIATIVE: Listing.INITIATIVES,
}


@dataclass(frozen=True, slots=True)
class ActivityProposal:
    """What the form shows when it opens."""

    event: Event
    draft: ActivityDraft
    matches: tuple[AttendeeMatch, ...]
    companies: tuple[Entry, ...]
    """Those of the matched contacts."""
    companies_come_along: bool
    """Whether they are added by themselves, as the firm has decided."""
    others: tuple[OtherRecord, ...]
    """Records of this meeting that exist already: the form says so first."""
    activity_types: tuple[str, ...]
    visibility: str
    groups: tuple[Group, ...]
    """Those the calendar's owner is in: whom he can show the record to."""
    listings: tuple[Listing, ...]
    """What a record can be filed under in this firm's CRM (C2)."""


@dataclass(frozen=True, slots=True)
class About:
    """Something a record can be about, as a picker shows it."""

    kind: ReferenceKind
    id: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """The record, and whether this call made it."""

    activity: Activity
    is_new: bool


class Adding:
    """Use cases of the Add Activity form."""

    def __init__(
        self,
        database: Database,
        calendars: Calendars,
        crm: CrmGateway,
        callers: Callers,
        clock: Clock,
        *,
        budget: float,
    ) -> None:
        """``budget``: seconds a request may spend on Graph."""
        self._database = database
        self._calendars = calendars
        self._crm = crm
        self._callers = callers
        self._clock = clock
        self._budget = budget
        self._eyes = Eyes(callers, clock)

    def propose(self, principal: Principal, event_id: str, mailbox: str | None) -> ActivityProposal:
        """The form, prefilled; for everybody who can read the event.

        Raises: as ``Linking.view``; RuleError with code ``private_event``; TransientRemoteError
        when Graph or the CRM does not answer.
        """
        caller, look = self._see(principal, event_id, mailbox)
        event = look.event
        matches = tuple(
            discreet(caller, match)
            for match in match_people(self._crm, caller.owner, _others_at(caller, event))
        )
        draft = proposed_draft(
            event,
            matches,
            caller.owner.policy,
            author=_author(caller),
            owner_oid=caller.owner.oid,
            activity_type=_type_of_added(caller.owner),
        )
        tenant_id = caller.owner.tenant_id
        company_ids = [
            m.contact.company_id
            for m in matches
            if m.match == "matched" and m.contact is not None and m.contact.company_id
        ]
        types = (draft.type, *self._crm.activity_types(tenant_id))
        return ActivityProposal(
            event=event,
            draft=draft,
            matches=matches,
            companies=tuple(self._entries(tenant_id, Listing.COMPANIES, company_ids)),
            companies_come_along=caller.owner.policy.add_companies,
            others=other_records(self._crm, caller, self._records(tenant_id, event)),
            activity_types=tuple(dict.fromkeys(types)),
            visibility=caller.owner.default_visibility,
            groups=tuple(self._crm.groups_of(tenant_id, caller.owner.oid)),
            listings=tuple(sorted(self._crm.capabilities.listings)),
        )

    def add(
        self,
        principal: Principal,
        event_id: str,
        mailbox: str | None,
        request_id: UUID,
        form: ActivityForm,
    ) -> Added:
        """Make the record; the same ``request_id`` of the same person makes it once (A11).

        The event is read again, so what nobody may change is true, and a meeting that has turned
        private meanwhile is refused.

        Raises: as ``propose``; NotAllowedError for a delegate without edit right; RuleError with
        code ``unknown_reference``, ``already_removed`` or ``invalid_request``.
        """
        caller, look = self._see(principal, event_id, mailbox)
        self._callers.confirm_edit_right(caller)
        key = f"added/{caller.principal.oid}/{request_id}"
        author, tenant_id = _author(caller), caller.owner.tenant_id
        if not caller.owner.policy.include_description:
            # The firm keeps descriptions out of its CRM (A1); nobody can ask for one.
            form = replace(form, include_description=False)
        # Checked before any contact is made, so that a form that cannot be saved leaves nothing.
        added_draft(look.event, form, {}, author=author, owner_oid=caller.owner.oid)
        try:
            made = self._make_contacts(tenant_id, form)
            draft = added_draft(look.event, form, made, author=author, owner_oid=caller.owner.oid)
            additions = replace(
                form.additions,
                with_companies=caller.owner.policy.add_companies,
                by_id=caller.principal.oid,
            )
            activity, is_new = self._crm.add_activity(tenant_id, key, draft, additions)
        except RemoteConflictError as error:
            raise RuleError(
                "This activity was added and removed again.", code="already_removed"
            ) from error
        except RemoteRejectedError as error:
            raise _refusal(error) from error
        if is_new:
            self._note(caller, look)
        return Added(activity, is_new)

    def find_entries(
        self, principal: Principal, listing: Listing, query: str, limit: int
    ) -> Sequence[Entry]:
        """Companies, opportunities or initiatives for a picker."""
        self._callers.resolve(principal)
        found = self._crm.find_entries(principal.tenant_id, listing, query, limit)
        return found[:MOST_ENTRIES]

    def entries_by_id(
        self, principal: Principal, listing: Listing, ids: Sequence[str]
    ) -> Sequence[Entry]:
        """The entries with these ids; unknown ones are absent."""
        self._callers.resolve(principal)
        return self._entries(principal.tenant_id, listing, ids)

    def find_about(self, principal: Principal, query: str, limit: int) -> Sequence[About]:
        """What a record can be about, kind by kind; the kinds share the page fairly."""
        self._callers.resolve(principal)
        tenant_id = principal.tenant_id
        found = {
            kind: [
                About(kind, entry.id, entry.name, entry.detail)
                for entry in self._crm.find_entries(tenant_id, listing, query, limit)
            ]
            for kind, listing in _LISTINGS.items()
        }
        found[ReferenceKind.CONTACT] = [
            About(ReferenceKind.CONTACT, contact.id, contact.name, contact.emails[0])
            if contact.emails
            else About(ReferenceKind.CONTACT, contact.id, contact.name)
            for contact in self._crm.find_contacts(tenant_id, query, limit)
        ]
        return fair_share([found[kind] for kind in ReferenceKind], limit)

    def groups(self, principal: Principal) -> Sequence[Group]:
        """The groups whom a person can show his records to: those he is in."""
        self._callers.resolve(principal)
        return self._crm.groups_of(principal.tenant_id, principal.oid)

    def contact_types(self, principal: Principal) -> Sequence[str]:
        """All contact types of the firm's CRM."""
        self._callers.resolve(principal)
        return self._crm.contact_types(principal.tenant_id)

    def activity_types(self, principal: Principal) -> Sequence[str]:
        """What a person may choose, his own default and the firm's first."""
        owner = self._callers.resolve(principal).owner
        first = (_type_of_added(owner), owner.default_activity_type, owner.policy.activity_type)
        known = self._crm.activity_types(principal.tenant_id)
        return tuple(dict.fromkeys(name for name in (*first, *known) if name))

    def _see(self, principal: Principal, event_id: str, mailbox: str | None) -> tuple[Caller, Look]:
        caller = self._callers.resolve(principal, mailbox)
        calendar = self._calendars.as_user(principal, budget=self._budget)
        look = self._eyes.look(caller, calendar, event_id, with_body=True)
        refuse_private(look.event)
        return caller, look

    def _records(self, tenant_id: str, event: Event) -> Sequence[Activity]:
        if event.ical_uid is None:
            return ()
        return self._crm.find_by_ical_uid(tenant_id, event.ical_uid)

    def _entries(self, tenant_id: str, listing: Listing, ids: Sequence[str]) -> Sequence[Entry]:
        return self._crm.entries_by_id(tenant_id, listing, ids) if ids else ()

    def _make_contacts(self, tenant_id: str, form: ActivityForm) -> dict[str, str]:
        """Contacts by normalised address; making one twice answers the first (no doubles)."""
        made = {}
        for person in form.new_contacts:
            contact = self._crm.create_contact(tenant_id, person.name, person.address)
            made[normalised_address(person.address)] = contact.id
        return made

    def _note(self, caller: Caller, look: Look) -> None:
        """A line of history that names the delegate, too (T9)."""
        with self._database.write.begin() as session:
            link = links.find(session, caller.owner.mailbox_id, (look.event.id,))
            session.add(
                HistoryRow(
                    firm_id=caller.owner.firm_id,
                    mailbox_id=caller.owner.mailbox_id,
                    link_id=link.id if link is not None else None,
                    event_id=look.event.id,
                    at=self._clock(),
                    kind="write",
                    line="activity_added",
                    by_user_id=caller.user_id,
                    request_id=look.request_id,
                    codes=[],
                )
            )


def fair_share(lists: Sequence[Sequence[About]], limit: int) -> list[About]:
    """The lists one after the other, cut so that none is left out for the length of another."""
    taken = [0] * len(lists)
    room = limit
    while room > 0 and any(taken[i] < len(each) for i, each in enumerate(lists)):
        for i, each in enumerate(lists):
            if room > 0 and taken[i] < len(each):
                taken[i] += 1
                room -= 1
    return [entry for i, each in enumerate(lists) for entry in each[: taken[i]]]


def _others_at(caller: Caller, event: Event) -> tuple[Attendee, ...]:
    """Everybody but the owner, an organizer from elsewhere first: often he is the client."""
    organizer = event.organizer
    own = normalised_address(caller.owner.address)
    host = () if organizer is None else (Attendee(organizer.name, organizer.address),)
    everybody = (*host, *invited(event))
    return tuple(a for a in everybody if not a.address or normalised_address(a.address) != own)


def _type_of_added(owner: CalendarOwner) -> str | None:
    """The user's own default, then the firm's for added activities (A1, U)."""
    return owner.default_activity_type or owner.policy.added_activity_type


def _author(caller: Caller) -> Person:
    """The record belongs to the calendar's owner, whoever types (T9)."""
    return Person(caller.owner.name, caller.owner.address)


def _refusal(error: RemoteRejectedError) -> RuleError:
    if error.remote_code == "unknown_reference":
        return RuleError(
            "A contact, company, opportunity, initiative or group you chose is not there any more.",
            code="unknown_reference",
        )
    return RuleError("The CRM cannot store this.", code="invalid_request")
