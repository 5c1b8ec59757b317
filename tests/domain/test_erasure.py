"""Erased people are recognised under every spelling, and left out of what records say (X6)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.domain.crm import AttendeeMatch, Contact
from backend.domain.erasure import ErasedPeople, hash_of
from backend.domain.event import Attendee, Event, Person
from backend.domain.mapping import draft_for
from backend.domain.matching import FirmDirectory
from backend.domain.policy import Policy

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
GUEST = "Ottoline.Vane+x@Vantablack.example"
ERASED = ErasedPeople("firm", frozenset({hash_of("firm", GUEST)}))


@pytest.mark.parametrize(
    ("name", "held"),
    [
        (GUEST, True),
        (GUEST.upper(), True),
        (f" smtp:{GUEST} ", True),
        ("vane@vantablack.example", False),
        ("", False),
        (None, False),
    ],
)
def test_an_address_is_known_in_any_case(name: str | None, held: bool) -> None:
    assert ERASED.holds(name) is held


def test_another_firm_remembers_another_hash() -> None:
    assert not ErasedPeople("other", ERASED.hashes).holds(GUEST)
    assert GUEST.casefold() not in repr(ERASED)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Ask {GUEST}.", "Ask [erased]."),
        (f"<{GUEST.lower()}>;ben@x.example", "<[erased]>;ben@x.example"),
        (f"{GUEST},{GUEST}", "[erased],[erased]"),
        ("nobody@x.example", "nobody@x.example"),
        ("", ""),
    ],
)
def test_addresses_in_running_text_are_made_unreadable(text: str, left: str) -> None:
    assert ERASED.taken_out_of(text) == left
    assert ErasedPeople().taken_out_of(text) == text


def test_a_draft_names_nobody_who_was_erased() -> None:
    event = Event(
        id="event",
        ical_uid="uid",
        change_key="",
        etag="",
        subject=f"About {GUEST}",
        start=NOON,
        end=NOON,
        created_at=NOON,
        modified_at=NOON,
        organizer=Person("Ottoline", GUEST),
        body_text=f"{GUEST} and ben@x.example",
    )
    contact = Contact("c", "Ottoline", emails=(GUEST, "private@x.example"))
    matches = (
        AttendeeMatch(Attendee("Ottoline", GUEST), "unmatched"),
        AttendeeMatch(Attendee("Ottoline", "private@x.example"), "matched", contact),
        AttendeeMatch(Attendee("Ben", "ben@x.example"), "unmatched"),
    )

    draft = draft_for(event, matches, Policy(erased=ERASED), owner_oid="oid")

    assert draft.subject == "About [erased]"
    assert draft.description == "[erased] and ben@x.example"
    assert (draft.contacts, draft.assigned_to) == ((), None)
    assert [person.name for person in draft.unmatched] == ["Ben"]


def test_the_directory_forgets_their_aliases() -> None:
    known = FirmDirectory({"alias@x.example": GUEST.casefold(), "ben2@x.example": "ben@x.example"})

    assert known.without(ERASED).aliases == {"ben2@x.example": "ben@x.example"}
