"""Who is meant by an attendee list, and what each of them sees of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from backend.sandbox.directory import Group, Person
from backend.sandbox.exchange import zones
from backend.sandbox.exchange.model import Json, StoredEvent

if TYPE_CHECKING:
    from backend.sandbox.exchange.store import Exchange

NOBODY: Json = {"response": "none", "time": zones.NO_TIME}


def prepared(exchange: Exchange, attendees: list[Json], owner: Person | None) -> list[Json]:
    """Attendees as sent, named as in the directory; the organizer among them is marked."""
    return [_prepared(exchange, entry, owner) for entry in attendees]


def _prepared(exchange: Exchange, entry: Json, owner: Person | None) -> Json:
    address = entry["emailAddress"]
    if owner is not None and address_of(entry) == owner.address.casefold():
        status = {"response": "organizer", "time": zones.NO_TIME}
        entry = {**entry, "status": status}
    if address["name"] != address["address"]:
        return entry
    known = exchange.directory.by_address(address["address"])
    if known is None:
        return entry
    return {**entry, "emailAddress": {"name": known.name, "address": address["address"]}}


def keep_responses(exchange: Exchange, attendees: list[Json], event: StoredEvent) -> list[Json]:
    """A list of attendees that was sent in, with the answers known before."""
    known = {address_of(entry): entry["status"] for entry in event.attendees}
    kept = [{**entry, "status": known.get(address_of(entry), NOBODY)} for entry in attendees]
    return prepared(exchange, kept, event.mailbox.person if event.is_organizer else None)


def seen_by(fields: Json, person: Person, response: Json) -> list[Json]:
    """The attendees as one of them sees them: only his own answer, alone if they are hidden."""
    own = addresses_of_person(person)
    seen: list[Json] = []
    for entry in fields["attendees"]:
        if address_of(entry) in own:
            seen.append({**entry, "status": response})
        elif not fields["hideAttendees"]:
            is_blank = entry["status"] == NOBODY
            seen.append(entry if is_blank else {**entry, "status": NOBODY})
    return seen


def with_status(attendees: list[Json], person: Person, status: Json) -> list[Json]:
    own = addresses_of_person(person)
    return [
        {**entry, "status": status} if address_of(entry) in own else entry for entry in attendees
    ]


def address_of(attendee: Json) -> str:
    """An attendee's address as it is compared."""
    return str(attendee["emailAddress"]["address"]).strip().casefold()


def addresses_of_attendees(attendees: Iterable[Json], organizer: Person) -> list[str]:
    own = addresses_of_person(organizer)
    found = [address_of(entry) for entry in attendees]
    return list(dict.fromkeys(address for address in found if address not in own))


def addresses_of_person(person: Person) -> set[str]:
    proxies = [address.split(":", 1)[-1] for address in person.proxy_addresses]
    return {address.casefold() for address in (person.address, person.upn, *proxies) if address}


def people_at(exchange: Exchange, addresses: Iterable[str]) -> list[Person]:
    """The people with mailboxes behind the addresses, members of groups included, each once."""
    found: dict[str, Person] = {}
    for address in addresses:
        entry = exchange.directory.by_address(address)
        if isinstance(entry, Group):
            for person in _members(exchange, entry, set()):
                found[person.id] = person
        elif entry is not None:
            found[entry.id] = entry
    return [person for person in found.values() if person.has_mailbox]


def _members(exchange: Exchange, group: Group, seen: set[str]) -> list[Person]:
    seen.add(group.id)
    tenant = exchange.directory.tenants[group.tenant_id]
    people: list[Person] = []
    for member_id in group.member_ids:
        inner = tenant.groups.get(member_id)
        if inner is not None and inner.id not in seen:
            people.extend(_members(exchange, inner, seen))
        elif member_id in tenant.people:
            people.append(tenant.people[member_id])
    return people
