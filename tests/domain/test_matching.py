"""Which attendees are contacts (M): by address, of duplicates, groups, the blocked and private."""

from __future__ import annotations

import itertools

import pytest

from backend.domain.crm import Contact
from backend.domain.event import AttendeeType, Event
from backend.domain.mapping import draft_for
from backend.domain.matching import FirmDirectory, addresses_of, match_attendees
from backend.domain.policy import BlockedAddresses
from tests.support.builders import (
    OWNER_OID,
    a_contact,
    a_match,
    a_policy,
    an_attendee,
    an_event,
)

BEN = an_attendee("ben@client.example")
OLD, NEW = a_contact(id="old", types=()), a_contact(id="new", types=())
CLIENT = a_contact(id="client", types=("Client",))
OF_CLIENT = a_contact(id="of-client", types=(), company_types=("client",))
HIDDEN = a_contact(id="hidden", private=True, owner_id="jane")
SKIP = {"blocked_addresses": BlockedAddresses.SKIP_MATCH}
STAFF = a_contact(id="staff", types=("Our Personnel",))


@pytest.mark.parametrize(
    ("invited", "known", "matched"),
    [
        ("ben@client.example", "ben@client.example", True),
        ("BEN@CLIENT.EXAMPLE", "ben@client.example", True),
        (" ben@client.example ", "ben@client.example", True),
        ("SMTP:Ben@client.example", "ben@client.example", True),
        # What follows a plus is part of the address: only its own server knows what it means.
        ("ben+crm@client.example", "ben@client.example", False),
        ("ben+crm@client.example", "ben+crm@client.example", True),
        ("b.en@client.example", "ben@client.example", False),
        ("ben@sub.client.example", "ben@client.example", False),
        ("", "ben@client.example", False),
    ],
)
def test_an_address_is_compared_whole_and_without_case(
    invited: str, known: str, matched: bool
) -> None:
    [match] = match_attendees([an_attendee(invited)], {known: (OLD,)}, a_policy())

    assert (match.match == "matched") is matched
    assert (match.contact is OLD) is matched


@pytest.mark.parametrize(
    ("candidates", "settings", "chosen"),
    [
        ((OLD, NEW), {}, OLD),
        ((OLD, CLIENT), {}, OLD),
        ((OLD, CLIENT), {"contact_types": ("CLIENT",)}, CLIENT),
        ((OLD, OF_CLIENT), {"contact_types": ("Client",)}, OLD),
        ((OLD, OF_CLIENT), {"contact_types": ("Client",), "also_company_types": True}, OF_CLIENT),
        (
            (OF_CLIENT, CLIENT),
            {"contact_types": ("Client",), "also_company_types": True},
            OF_CLIENT,
        ),
        # A private one counts, so that E9 cannot be passed by a duplicate.
        ((OLD, HIDDEN), {}, HIDDEN),
        ((CLIENT, HIDDEN), {"contact_types": ("Client",)}, HIDDEN),
    ],
)
def test_of_contacts_with_one_address_the_rule_takes_always_the_same(
    candidates: tuple[Contact, ...], settings: dict[str, object], chosen: Contact
) -> None:
    [match] = match_attendees([BEN], {BEN.address: candidates}, a_policy(**settings))

    assert match.contact is chosen


def test_the_order_of_the_invitation_changes_nothing_about_who_is_matched() -> None:
    people = [BEN, an_attendee("ann@client.example"), an_attendee("x@else.example")]
    contacts = {"ben@client.example": (OLD, NEW), "ann@client.example": (CLIENT,)}

    answers = {
        frozenset(
            (m.attendee.address, m.contact.id if m.contact else None)
            for m in match_attendees(order, contacts, a_policy())
        )
        for order in itertools.permutations(people)
    }

    assert len(answers) == 1


@pytest.mark.parametrize(
    ("contacts", "settings", "blocked", "said"),
    [
        ((STAFF,), {}, (), "excluded"),
        ((STAFF,), {"exclude_personnel": False}, (), "matched"),
        ((OLD,), {}, ("client.example",), "matched"),
        ((OLD,), SKIP, ("@client.example",), "excluded"),
        ((), SKIP, ("ben@client.example",), "excluded"),
        ((OLD,), SKIP, ("other.example",), "matched"),
        ((), {}, (), "unmatched"),
    ],
)
def test_what_is_said_of_an_attendee(
    contacts: tuple[Contact, ...], settings: dict[str, object], blocked: tuple[str, ...], said: str
) -> None:
    [match] = match_attendees(
        [BEN], {BEN.address: contacts}, a_policy(**settings), block_list=blocked
    )

    assert match.match == said


def test_a_private_contact_is_noticed_behind_a_block_list_and_among_personnel() -> None:
    """E9 must see him, whatever else keeps him out of the record."""
    policy = a_policy(blocked_addresses=BlockedAddresses.SKIP_MATCH)
    own = a_contact(id="own", private=True, owner_id="jane", types=("Our Personnel",))

    [behind] = match_attendees([BEN], {BEN.address: (HIDDEN,)}, policy, block_list=("example",))
    [among] = match_attendees([BEN], {BEN.address: (own,)}, a_policy())

    assert behind.contact is HIDDEN
    assert among.contact is own


def test_the_crm_is_asked_for_each_address_once_by_all_names_and_never_for_a_group() -> None:
    directory = FirmDirectory(
        aliases={"b.smith@firm.example": "ben@firm.example"},
        groups=frozenset({"all@firm.example"}),
    )
    people = [
        an_attendee("B.Smith@firm.example"),
        an_attendee("b.smith@FIRM.example"),
        an_attendee("all@firm.example"),
        an_attendee(""),
    ]

    assert addresses_of(people, directory) == {"b.smith@firm.example", "ben@firm.example"}


def test_somebody_invited_under_two_addresses_is_on_the_record_once_as_he_answered() -> None:
    first = an_attendee("ben@client.example", response="notResponded")
    second = an_attendee("ben@home.example", "optional", response="accepted")
    third = an_attendee("ben@else.example", response="declined")
    event: Event = an_event(first, second, third)
    matches = [a_match(each, OLD) for each in (first, second, third)]

    draft = draft_for(event, matches, a_policy(), owner_oid=OWNER_OID)

    [contact] = draft.contacts
    assert (contact.address, contact.response, contact.attendance) == (
        "ben@home.example",
        "accepted",
        AttendeeType.OPTIONAL.value,
    )


def test_matching_500_people_matches_them_all() -> None:
    people = [an_attendee(f"p{n}@client.example") for n in range(500)]
    contacts = {f"p{n}@client.example": (a_contact(id=f"c{n}"),) for n in range(500)}

    found = match_attendees(people, contacts, a_policy(), block_list=("nobody.example",))

    assert [m.contact.id for m in found if m.contact] == [f"c{n}" for n in range(500)]
