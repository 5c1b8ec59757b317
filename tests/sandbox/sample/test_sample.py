"""The sample firms have every kind of event and contact that the product has to cope with."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.sandbox.clock import SandboxClock
from backend.sandbox.exchange.model import EventKind, StoredEvent
from backend.sandbox.sample import ids
from backend.sandbox.sample.crm import crm_seed
from backend.sandbox.world import SandboxSettings, World, new_world

# A Saturday: a demo at the weekend needs live events as well.
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def world_at(now: datetime, **settings: Any) -> World:
    return new_world(SandboxSettings(**settings), SandboxClock(real=lambda: now))


@pytest.fixture(scope="module")
def world() -> World:
    return world_at(NOW)


def all_events(world: World) -> Iterator[StoredEvent]:
    for mailbox in world.exchange.mailboxes.values():
        yield from mailbox.items()


def addresses(event: StoredEvent) -> list[str]:
    return [entry["emailAddress"]["address"] for entry in event.attendees]


KINDS: dict[str, Callable[[StoredEvent], bool]] = {
    "all-day": lambda event: event.is_all_day,
    "several days": lambda event: event.end - event.start > timedelta(days=1),
    "two zones": lambda event: (
        event.fields["originalStartTimeZone"] != event.fields["originalEndTimeZone"]
    ),
    "private": lambda event: event.fields["sensitivity"] == "private",
    "confidential": lambda event: event.fields["sensitivity"] == "confidential",
    "series": lambda event: event.kind is EventKind.MASTER,
    "moved occurrence": lambda event: bool(event.overrides),
    "cancelled occurrence": lambda event: bool(event.cancelled),
    "cancelled": lambda event: event.fields["isCancelled"] is True,
    "external organizer": lambda event: (
        not event.is_organizer
        and event.fields["organizer"]["emailAddress"]["address"].endswith("northmill.example")
    ),
    "Teams": lambda event: event.fields["isOnlineMeeting"] is True,
    "hidden attendees": lambda event: event.fields["hideAttendees"] is True,
    "200 attendees": lambda event: len(event.attendees) >= 200,
    "distribution list": lambda event: "litigation@harwoodosei.example" in addresses(event),
    "draft": lambda event: event.fields["isDraft"] is True,
    "upper-case address": lambda event: any(text.isupper() for text in addresses(event)),
    "own categories": lambda event: len(event.fields["categories"]) == 2,
    "nobody invited": lambda event: not event.attendees,
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_calendars_have(world: World, kind: str) -> None:
    assert any(KINDS[kind](event) for event in all_events(world))


def test_everybody_with_a_mailbox_has_something_today_that_he_organizes(world: World) -> None:
    today = NOW.replace(hour=0, minute=0)
    tenant = world.directory.tenants[ids.LAW_FIRM_TENANT_ID]

    idle = []
    for person in tenant.people.values():
        if not person.has_mailbox or person.purpose != "user":
            continue
        mailbox = world.exchange.mailbox(person.id)
        events = mailbox.view(today, today + timedelta(days=1), mailbox.default_calendar.id)
        if not any(event.is_organizer and event.attendees for event in events):
            idle.append(person.name)

    assert idle == []


def test_events_reach_two_months_each_way(world: World) -> None:
    starts = [event.start for event in all_events(world)]

    assert min(starts) < NOW - timedelta(days=55)
    assert max(starts) > NOW + timedelta(days=55)


def test_nothing_was_made_in_the_future_or_mailed_today(world: World) -> None:
    assert all(event.created <= NOW for event in all_events(world))
    assert world.exchange.mail == []


def test_the_same_seed_and_day_give_the_same_calendars() -> None:
    def fingerprint(now: datetime, seed: int = 7) -> list[tuple[str, str, str]]:
        events = all_events(world_at(now, seed=seed))
        return sorted((event.id, event.ical_uid, event.fields["subject"]) for event in events)

    morning, evening = fingerprint(NOW), fingerprint(NOW + timedelta(hours=9))

    assert morning == evening
    assert fingerprint(NOW, seed=8) != morning


def test_made_up_mailboxes_fill_when_they_are_opened() -> None:
    world = world_at(NOW, scale=3)
    person = world.directory.by_address("fee.earner00002@harwoodosei.example")
    assert person is not None

    events = list(world.exchange.mailbox(person.id).items())

    assert len(events) == 24
    others = ("fee.earner00001@harwoodosei.example", "fee.earner00003@harwoodosei.example")
    assert not any(
        mailbox.person.address in others for mailbox in world.exchange.mailboxes.values()
    )


def test_the_crm_has_contacts_of_every_kind() -> None:
    firm, second = crm_seed(7)["tenants"]
    contacts = firm["contacts"]
    mains = [contact["emails"][0].casefold() for contact in contacts]

    assert len(contacts) >= 300
    assert {name for contact in contacts for name in contact["types"]} == {
        entry["name"] for entry in firm["contact_types"]
    }
    assert any(len(contact["emails"]) > 1 for contact in contacts)
    assert all(contact["owner"] for contact in contacts if contact["private"])
    assert len(mains) - len(set(mains)) >= 5
    assert len({contact["id"] for contact in contacts}) == len(contacts)
    assert {company["id"] for company in firm["companies"]} >= {
        contact["company_id"] for contact in contacts
    }
    assert not {contact["id"] for contact in second["contacts"]} & {
        contact["id"] for contact in contacts
    }


def test_clients_in_the_calendars_are_contacts_of_the_crm(world: World) -> None:
    firm = crm_seed(7)["tenants"][0]
    known = {address.casefold() for contact in firm["contacts"] for address in contact["emails"]}
    invited = {
        address.casefold()
        for event in all_events(world)
        for address in addresses(event)
        if world.directory.by_address(address) is None
    }

    strangers = invited - known

    # Strangers are the clients of the other firms, and one guest whom nobody knows.
    assert len(invited & known) > 150
    assert len(strangers) < len(invited) / 3
