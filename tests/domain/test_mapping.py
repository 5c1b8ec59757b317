"""Event → record (M): who is matched, what the draft holds, when two drafts are the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from backend.domain.crm import ActivityDraft, ActivityStatus, AttendeeMatch, Contact
from backend.domain.event import Attendee, Location, Person, Sensitivity
from backend.domain.mapping import NO_SUBJECT, draft_for, fingerprint
from backend.domain.matching import FirmDirectory, invited, match_attendees
from backend.domain.policy import BlockedAddresses, Policy
from tests.support.builders import (
    OWNER,
    OWNER_OID,
    a_contact,
    a_match,
    a_policy,
    an_attendee,
    an_event,
)

BEN = an_attendee("ben@client.example", response="accepted")
STRANGER = an_attendee("x@else.example", "optional")
ROOM = Attendee("Room 4", "room4@firm.example", an_attendee("a@b", "resource").type)


def matches(
    *attendees: Attendee, policy: Policy | None = None, **contacts: tuple[Contact, ...]
) -> tuple[AttendeeMatch, ...]:
    found = {"ben@client.example": contacts.get("ben", ())}
    return match_attendees(attendees, found, policy or a_policy(), block_list=("client.example",))


def test_the_organizer_is_not_invited_and_nobody_twice() -> None:
    event = an_event(Attendee(OWNER.name, OWNER.address.upper()), BEN, replace(BEN, name="B"))

    assert invited(event) == (BEN,)


def test_attendees_without_an_address_are_all_kept() -> None:
    nameless = (Attendee("A", ""), Attendee("B", ""))

    assert invited(an_event(*nameless, organizer=Person("", ""))) == nameless


def test_an_attendee_is_matched_by_address_whatever_its_case() -> None:
    [match] = matches(replace(BEN, address="BEN@Client.Example"), ben=(a_contact(),))

    assert (match.match, match.contact) == ("matched", a_contact())


def test_the_oldest_of_two_contacts_with_one_address_is_taken() -> None:
    [match] = matches(BEN, ben=(a_contact(), a_contact(id="c2")))

    assert match.contact is not None
    assert match.contact.id == "c1"


def test_a_private_contact_cannot_hide_behind_a_public_one_with_the_same_address() -> None:
    [match] = matches(BEN, ben=(a_contact(), a_contact(id="c2", private=True)))

    assert match.contact is not None
    assert match.contact.private


@pytest.mark.parametrize("type_name", ["Our Personnel", "our consultants"])
def test_the_firms_own_people_are_excluded_where_the_firm_says_so(type_name: str) -> None:
    colleague = a_contact(types=(type_name,))

    assert [m.match for m in matches(BEN, ben=(colleague,))] == ["excluded"]
    all_people = a_policy(exclude_personnel=False)
    assert [m.match for m in matches(BEN, ben=(colleague,), policy=all_people)] == ["matched"]


def test_groups_and_blocked_addresses_are_never_contacts() -> None:
    policy = a_policy(blocked_addresses=BlockedAddresses.SKIP_MATCH)
    groups = match_attendees(
        (BEN,),
        {"ben@client.example": (a_contact(),)},
        policy,
        directory=FirmDirectory(groups=frozenset({"ben@client.example"})),
    )

    assert [m.match for m in groups] == ["group"]
    assert [m.match for m in matches(BEN, ben=(a_contact(),), policy=policy)] == ["excluded"]


def test_a_members_alias_is_matched_by_his_primary_address_unless_it_is_a_contacts_own() -> None:
    directory = FirmDirectory(aliases={"ben@client.example": "benedict@firm.example"})
    primary, own = a_contact(id="primary"), a_contact(id="own")

    by_primary = match_attendees(
        (BEN,), {"benedict@firm.example": (primary,)}, a_policy(), directory=directory
    )
    by_itself = match_attendees(
        (BEN,),
        {"benedict@firm.example": (primary,), "ben@client.example": (own,)},
        a_policy(),
        directory=directory,
    )

    assert [m.contact.id for m in (*by_primary, *by_itself) if m.contact] == ["primary", "own"]


def test_a_draft_holds_people_places_and_times() -> None:
    event = an_event(
        BEN,
        STRANGER,
        ROOM,
        locations=(Location("Room 4", "room4@firm.example", is_room=True), Location("Café")),
        reminder_minutes=15,
        time_zone="W. Europe Standard Time",
    )

    draft = draft_for(
        event, (a_match(BEN, a_contact()), a_match(STRANGER)), a_policy(), owner_oid=OWNER_OID
    )

    assert [(c.contact_id, c.response, c.attendance) for c in draft.contacts] == [
        ("c1", "accepted", "required")
    ]
    assert [(u.address, u.attendance) for u in draft.unmatched] == [("x@else.example", "optional")]
    assert draft.location == "Room 4; Café"
    assert draft.resources == ("Room 4",)
    assert (draft.start, draft.end) == (event.start, event.end)
    assert draft.assigned_to == OWNER
    assert draft.reminder_minutes == 15
    assert draft.time_zone == "W. Europe Standard Time"


def test_resources_are_rooms_and_no_people() -> None:
    assert matches(ROOM) == ()


def test_a_private_event_is_recorded_without_people_where_that_is_allowed() -> None:
    event = an_event(BEN, sensitivity=Sensitivity.PRIVATE)

    draft = draft_for(event, (a_match(BEN, a_contact()),), a_policy(), owner_oid=OWNER_OID)

    assert (draft.contacts, draft.unmatched, draft.private) == ((), (), True)


def test_the_description_is_left_out_where_the_firm_says_so() -> None:
    policy = a_policy(include_description=False)

    assert draft_for(an_event(), (), policy, owner_oid=OWNER_OID).description == ""


def test_all_day_events_keep_their_dates() -> None:
    event = an_event(all_day=True, start_date=date(2026, 3, 4), end_date=date(2026, 3, 5))

    draft = draft_for(event, (), a_policy(), owner_oid=OWNER_OID)

    assert (draft.start_date, draft.end_date) == (date(2026, 3, 4), date(2026, 3, 5))


def test_a_cancelled_meeting_says_so_and_a_nameless_one_gets_a_name() -> None:
    draft = draft_for(
        an_event(is_cancelled=True, subject="  "), (), a_policy(), owner_oid=OWNER_OID
    )

    assert draft.status is ActivityStatus.CANCELLED
    assert draft.subject == NO_SUBJECT


def test_a_fingerprint_changes_with_any_field_and_with_nothing_else() -> None:
    draft = draft_for(an_event(BEN), (a_match(BEN),), a_policy(), owner_oid=OWNER_OID)

    assert fingerprint(draft) == fingerprint(replace(draft))
    assert fingerprint(draft) != fingerprint(replace(draft, subject="Other"))
    assert fingerprint(draft) != fingerprint(replace(draft, unmatched=()))
    assert fingerprint(replace(draft, subject="\ud800"))


def test_what_the_firm_leaves_out_is_empty_and_its_own_words_replace_outlooks() -> None:
    """A2: location, reminder and show-as are a firm's choice; unnamed words go as they are."""
    event = an_event(
        BEN,
        ROOM,
        locations=(Location("Court 4"),),
        reminder_minutes=15,
        show_as="oof",
    )

    def draft(**settings: object) -> ActivityDraft:
        return draft_for(event, (), replace(a_policy(), **settings), owner_oid=OWNER_OID)  # type: ignore[arg-type]

    whole = draft()
    assert (whole.location, whole.resources) == ("Court 4", ("Room 4",))
    assert (whole.reminder_minutes, whole.show_as) == (15, "oof")
    bare = draft(include_location=False, include_reminder=False)
    assert (bare.location, bare.resources, bare.reminder_minutes) == ("", (), None)
    assert draft(show_as_values={"oof": "OutOfOffice"}).show_as == "OutOfOffice"
    assert draft(show_as_values={"free": "Free"}).show_as == "oof"
    assert fingerprint(bare) != fingerprint(whole)
