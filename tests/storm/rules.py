"""E1-E17 and the matching of attendees, written from product.md alone (second opinion)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.storm.world import Attendee, Contact, Copy, Firm, Member, World

PERSONNEL = frozenset({"our personnel", "our consultants"})


@dataclass(frozen=True, slots=True)
class Match:
    """Who an attendee may be in the CRM. Several contacts with one address: any of them (M)."""

    attendee: Attendee
    contacts: tuple[Contact, ...] = ()
    is_group: bool = False
    by_alias: bool = False
    """Found only through another address that the directory knows of the same person."""

    @property
    def is_private(self) -> bool:
        return any(contact.private for contact in self.contacts)

    @property
    def is_personnel(self) -> bool:
        return any(contact.types & PERSONNEL for contact in self.contacts)


class Matcher:
    """Finds contacts by every e-mail field, and one's own people by all their addresses."""

    def __init__(self, world: World) -> None:
        self._by_address: dict[str, list[Contact]] = {}
        for contact in world.contacts:
            for email in contact.emails:
                self._by_address.setdefault(email, []).append(contact)
        self._aliases: Mapping[str, frozenset[str]] = world.directory.aliases
        self._groups = world.directory.groups

    def match(self, copy: Copy) -> tuple[Match, ...]:
        """One per attendee; rooms and equipment are resources, never people."""
        return tuple(self._one(a) for a in copy.others() if a.kind != "resource")

    def _one(self, attendee: Attendee) -> Match:
        if attendee.address in self._groups:
            return Match(attendee, is_group=True)
        if direct := self._by_address.get(attendee.address):
            return Match(attendee, tuple(direct))
        aliases = self._aliases.get(attendee.address, frozenset())
        found = {c.id: c for address in aliases for c in self._by_address.get(address, ())}
        return Match(attendee, tuple(found.values()), by_alias=bool(found))


def is_within(address: str, domains: Iterable[str]) -> bool:
    """Whether the address is of one of the domains."""
    return address.rpartition("@")[2] in set(domains)


def manual_refusals(
    world: World, copy: Copy, member: Member | None, matches: tuple[Match, ...]
) -> tuple[str, ...]:
    """The codes of all rules for both ways that say no to a tick."""
    return tuple(_common(world, copy, member, matches, automatic=False))


def automatic_refusals(
    world: World, copy: Copy, member: Member | None, matches: tuple[Match, ...]
) -> tuple[str, ...]:
    """The codes of all rules that say no to an automatic link, the untick (E14) excepted."""
    found = list(_common(world, copy, member, matches, automatic=True))
    firm = world.firm
    if not is_within(copy.organizer, firm.own_domains):
        found.append("external_organizer")
    activated = member.activated_at if member else None
    if activated is None or copy.created < activated:
        found.append("created_before_activation")
    if not any(_is_selected(firm, match) for match in matches):
        found.append("no_selected_contact_type")
    if copy.is_draft:
        found.append("draft_event")
    return tuple(found)


def _common(
    world: World,
    copy: Copy,
    member: Member | None,
    matches: tuple[Match, ...],
    *,
    automatic: bool,
) -> Iterable[str]:
    firm = world.firm
    if not (firm.automatic if automatic else firm.manual):
        yield "mode_not_allowed"
    if member is None:
        yield "user_not_enabled"
    else:
        if not (member.automatic if automatic else member.manual):
            yield "mode_not_allowed"
        if not member.has_server:
            yield "no_online_server"
        if not member.enabled:
            yield "user_not_enabled"
    if not copy.is_organizer:
        yield "not_organizer"
    if copy.is_private:
        yield "private_event"
    if copy.type != "singleInstance":
        yield "recurring_event"
    if not world.now - firm.past <= copy.end <= world.now + firm.future:
        yield "outside_window"
    if any(match.is_private for match in matches):
        yield "private_contact"
    if copy.is_cancelled:
        yield "cancelled"
    allows_internal = firm.internal_automatic if automatic else firm.internal_manual
    outside = [a for a in copy.others() if not is_within(a.address, firm.own_domains)]
    if not outside and not allows_internal:
        yield "internal_only"
    if _is_blocked(copy, firm, member):
        yield "blocked_address"


def _is_selected(firm: Firm, match: Match) -> bool:
    for contact in match.contacts:
        types = contact.types | (contact.company_types if firm.also_company else frozenset())
        if types & firm.contact_types:
            return True
    return False


def _is_blocked(copy: Copy, firm: Firm, member: Member | None) -> bool:
    blocked = firm.blocked | (member.blocked if member else frozenset())
    return any(
        a.address in blocked or a.address.rpartition("@")[2] in blocked for a in copy.others()
    )
