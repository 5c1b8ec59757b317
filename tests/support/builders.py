"""Values with sensible defaults: every test states only what matters to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.domain.crm import (
    Activity,
    ActivityDraft,
    ActivityKind,
    AttendeeMatch,
    Contact,
)
from backend.domain.event import Attendee, AttendeeType, Event, Person
from backend.domain.link import CategoryMemory, Link, LinkState
from backend.domain.policy import Origin, Policy, SyncMode, UserState
from backend.domain.rules import EventFacts, Situation

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CATEGORY = "Add this Event to InterAction"
OWNER = Person("Ann Lawyer", "ann@firm.example")
OWNER_OID = "0a0a0a0a-0000-4000-8000-000000000001"
TENANT = "7f1d0000-0000-4000-8000-000000000001"


def a_policy(**changes: Any) -> Policy:
    """A firm that is switched on, combined mode, one own domain."""
    return replace(
        Policy(sync_enabled=True, mode=SyncMode.COMBINED, own_domains=("firm.example",)), **changes
    )


def a_user(**changes: Any) -> UserState:
    """An owner for whom everything is on."""
    return replace(
        UserState(
            mode=SyncMode.COMBINED,
            enabled_by_admin=True,
            has_server=True,
            activated_at=NOON - timedelta(days=100),
            owner_oid=OWNER_OID,
        ),
        **changes,
    )


def an_attendee(
    address: str = "ben@client.example", type_: str = "required", response: str = "none"
) -> Attendee:
    return Attendee(address.partition("@")[0].title(), address, AttendeeType(type_), response)


def a_contact(address: str = "ben@client.example", **changes: Any) -> Contact:
    return replace(
        Contact(id="c1", name="Ben Client", emails=(address,), types=("Client",)), **changes
    )


def an_event(*attendees: Attendee, days: float = 2, **changes: Any) -> Event:
    """A meeting of an hour, its owner's own, some days from now."""
    start = NOON + timedelta(days=days)
    return replace(
        Event(
            id="AAkALgAA-event=",
            ical_uid="040000008200E00074C5B7101A82E008",
            change_key="k1",
            etag='W/"k1"',
            subject="Quarterly review",
            start=start,
            end=start + timedelta(hours=1),
            created_at=NOON - timedelta(days=1),
            modified_at=NOON - timedelta(hours=1),
            organizer=OWNER,
            attendees=attendees,
            body_text="Agenda",
        ),
        **changes,
    )


def a_match(attendee: Attendee | None = None, contact: Contact | None = None) -> AttendeeMatch:
    attendee = attendee or an_attendee()
    return AttendeeMatch(attendee, "unmatched" if contact is None else "matched", contact)


def a_situation(**changes: Any) -> Situation:
    """Everything allows a tick; ``facts``, ``policy`` and ``user`` may be replaced whole."""
    base = Situation(
        facts=EventFacts.of(an_event(an_attendee()), (a_match(contact=a_contact()),)),
        policy=a_policy(contact_types=("Client",)),
        user=a_user(),
        now=NOON,
    )
    return replace(base, **changes)


def a_link(state: str = "linked", **changes: Any) -> Link:
    """A link whose memory and wish agree."""
    is_wanted = state in ("pending", "linked")
    seen = state == "linked"
    return replace(
        Link(
            id="l1",
            firm_id="f1",
            tenant_id=TENANT,
            mailbox_id="m1",
            event_id="AAkALgAA-event=",
            ical_uid="040000008200E00074C5B7101A82E008",
            state=LinkState(state),
            origin=Origin.MANUAL,
            version=3,
            activity_id="a1" if state in ("linked", "released") else None,
            activity_revision="r1" if state in ("linked", "released") else None,
            category=CategoryMemory(
                seen=seen,
                name=CATEGORY if seen else None,
                seen_at=NOON - timedelta(hours=1),
                written_at=NOON - timedelta(hours=1) if seen else None,
            ),
            looked_at=is_wanted and seen,
            looked_at_version=NOON - timedelta(hours=1),
            event_end=NOON + timedelta(days=2, hours=1),
        ),
        **changes,
    )


def a_record(draft: ActivityDraft, **changes: Any) -> Activity:
    """The CRM's record of a link, as we wrote it last."""
    return replace(
        Activity(
            id="a1",
            external_key=f"{TENANT}/{draft.ical_uid}",
            kind=ActivityKind.SYNCED,
            draft=draft,
            revision="r1",
            created_at=NOON,
            updated_at=NOON,
        ),
        **changes,
    )
