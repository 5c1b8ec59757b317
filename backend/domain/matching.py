"""Which attendees are contacts (M): by every e-mail field, case aside, groups never.

Two contacts with one address: a public contact goes before a private one only in the record; a
private one is always noticed by E9. Then one of a type that the firm selected goes first (E13).
Among equals the gateway's order counts, and the gateway answers the oldest contact first, then the
smallest id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backend.domain.crm import AttendeeMatch, Contact
from backend.domain.erasure import ErasedPeople
from backend.domain.event import Attendee, AttendeeType, Event, normalised_address
from backend.domain.policy import BlockedAddresses, Policy, is_blocked

PERSONNEL_TYPES = frozenset({"our personnel", "our consultants"})
"""Contact types a firm leaves out of the record's contacts (A1)."""


@dataclass(frozen=True, slots=True)
class FirmDirectory:
    """What the firm's directory tells of addresses (M); all keys and values are normalised."""

    aliases: Mapping[str, str] = field(default_factory=dict, repr=False)
    """A member's further addresses, each with his primary one."""
    groups: frozenset[str] = field(default=frozenset(), repr=False)
    """Distribution lists and other groups that have an address: never expanded."""

    def without(self, erased: ErasedPeople) -> FirmDirectory:
        """The same, of nobody who was erased (X6)."""
        kept = {
            alias: primary
            for alias, primary in self.aliases.items()
            if not erased.holds(alias) and not erased.holds(primary)
        }
        return FirmDirectory(kept, self.groups)


def addresses_of(attendees: Sequence[Attendee], directory: FirmDirectory) -> set[str]:
    """All addresses by which the CRM may know these people, aliases resolved; groups are nobody."""
    found = {normalised_address(a.address) for a in attendees if a.address} - directory.groups
    return found | {directory.aliases[address] for address in found & directory.aliases.keys()}


def invited(event: Event) -> tuple[Attendee, ...]:
    """Everybody on the event but the organizer (some clients list him among the attendees)."""
    organizer = normalised_address(event.organizer.address) if event.organizer else ""
    seen: set[str] = set()
    people = []
    for attendee in event.attendees:
        address = normalised_address(attendee.address)
        if address and (address == organizer or address in seen):
            continue
        seen.add(address)
        people.append(attendee)
    return tuple(people)


def match_attendees(
    attendees: Sequence[Attendee],
    contacts: Mapping[str, tuple[Contact, ...]],
    policy: Policy,
    *,
    block_list: Sequence[str] = (),
    directory: FirmDirectory | None = None,
) -> tuple[AttendeeMatch, ...]:
    """One match per attendee, in order; resources are left out (they become rooms).

    ``contacts`` is keyed by normalised address. An alias of a firm's member is matched by his
    primary address where nobody in the CRM carries the alias itself (M). A private contact wins
    over public ones with the same address, so that E9 cannot be passed by a duplicate; nor by a
    block list.
    """
    return tuple(
        _match(attendee, contacts, policy, block_list, directory or FirmDirectory())
        for attendee in attendees
        if attendee.type is not AttendeeType.RESOURCE
    )


def _match(
    attendee: Attendee,
    contacts: Mapping[str, tuple[Contact, ...]],
    policy: Policy,
    block_list: Sequence[str],
    directory: FirmDirectory,
) -> AttendeeMatch:
    address = normalised_address(attendee.address)
    if address in directory.groups:
        return AttendeeMatch(attendee, "group")
    candidates = contacts.get(address) or contacts.get(directory.aliases.get(address, ""), ())
    hidden = next((c for c in candidates if c.private), None)
    if policy.blocked_addresses is BlockedAddresses.SKIP_MATCH and is_blocked(address, block_list):
        return AttendeeMatch(attendee, "excluded", hidden)
    if not candidates:
        return AttendeeMatch(attendee, "unmatched")
    contact = hidden or _chosen(candidates, policy)
    if policy.exclude_personnel and is_personnel(contact):
        return AttendeeMatch(attendee, "excluded", contact)
    return AttendeeMatch(attendee, "matched", contact)


def _chosen(candidates: Sequence[Contact], policy: Policy) -> Contact:
    """The one a contact type selects, so that a duplicate cannot hide it (E13); else the first."""
    selected = (
        c for c in candidates if selecting_type(c, policy) or selecting_company_type(c, policy)
    )
    return next(selected, candidates[0])


def selecting_type(contact: Contact, policy: Policy) -> str | None:
    """The first of a contact's types that the firm selected, as the CRM spells it (E13)."""
    return _first_selected(contact.types, policy)


def selecting_company_type(contact: Contact, policy: Policy) -> str | None:
    """The same of his company, where the firm looks at that, too (E13)."""
    if not policy.also_company_types:
        return None
    return _first_selected(contact.company_types, policy)


def _first_selected(types: Sequence[str], policy: Policy) -> str | None:
    selected = {name.casefold() for name in policy.contact_types}
    return next((name for name in types if name.casefold() in selected), None)


def is_personnel(contact: Contact) -> bool:
    """Whether the contact is one of the firm's own people."""
    return any(name.casefold() in PERSONNEL_TYPES for name in contact.types)
