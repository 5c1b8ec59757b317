"""Which attendees are contacts (M): by every e-mail field, case aside, groups never.

Two contacts with one address: a public contact goes before a private one only in the record; a
private one is always noticed by E9. Among equals the gateway's order counts, and the gateway
answers the oldest contact first, then the smallest id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.domain.crm import AttendeeMatch, Contact
from backend.domain.event import Attendee, AttendeeType, Event, normalised_address
from backend.domain.policy import BlockedAddresses, Policy, is_blocked

PERSONNEL_TYPES = frozenset({"our personnel", "our consultants"})
"""Contact types a firm leaves out of the record's contacts (A1)."""


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
    groups: frozenset[str] = frozenset(),
) -> tuple[AttendeeMatch, ...]:
    """One match per attendee, in order; resources are left out (they become rooms).

    ``contacts`` and ``groups`` are keyed by normalised address. A private contact wins over public
    ones with the same address, so that E9 cannot be passed by a duplicate.
    """
    return tuple(
        _match(attendee, contacts, policy, block_list, groups)
        for attendee in attendees
        if attendee.type is not AttendeeType.RESOURCE
    )


def _match(
    attendee: Attendee,
    contacts: Mapping[str, tuple[Contact, ...]],
    policy: Policy,
    block_list: Sequence[str],
    groups: frozenset[str],
) -> AttendeeMatch:
    address = normalised_address(attendee.address)
    if address in groups:
        return AttendeeMatch(attendee, "group")
    if policy.blocked_addresses is BlockedAddresses.SKIP_MATCH and is_blocked(address, block_list):
        return AttendeeMatch(attendee, "excluded")
    candidates = contacts.get(address, ())
    if not candidates:
        return AttendeeMatch(attendee, "unmatched")
    contact = next((c for c in candidates if c.private), candidates[0])
    if policy.exclude_personnel and is_personnel(contact):
        return AttendeeMatch(attendee, "excluded", contact)
    return AttendeeMatch(attendee, "matched", contact)


def is_personnel(contact: Contact) -> bool:
    """Whether the contact is one of the firm's own people."""
    return any(name.casefold() in PERSONNEL_TYPES for name in contact.types)
