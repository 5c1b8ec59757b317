"""What is a drift and what is only on its way: links, events and records side by side (A10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.domain.crm import Activity, ActivityDraft, ActivityKind
from backend.domain.event import Event, Person, Sensitivity
from backend.domain.link import CategoryMemory, CategoryPermission, Link, LinkState
from backend.domain.mapping import fingerprint
from backend.domain.policy import Origin, Policy, PrivateEvents
from backend.domain.reconciliation import (
    Drift,
    Resting,
    compare_event,
    compare_record,
    should_be_shown,
    turned_private,
    was_not_read,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = Policy(sync_enabled=True, past_days=30)
CATEGORY = POLICY.category_name
EVENT = Event(
    id="event",
    ical_uid="uid",
    change_key="",
    etag="",
    subject="Review",
    start=NOON,
    end=NOON + timedelta(hours=1),
    created_at=NOON - timedelta(days=2),
    modified_at=NOON - timedelta(days=1),
    categories=(CATEGORY,),
)
DRAFT = ActivityDraft("Review", NOON, NOON + timedelta(hours=1), "Meeting", ical_uid="uid")
LINK = Link(
    id="link",
    firm_id="firm",
    tenant_id="tenant",
    mailbox_id="mailbox",
    event_id="event",
    ical_uid="uid",
    state=LinkState.LINKED,
    origin=Origin.MANUAL,
    version=3,
    activity_id="record",
    activity_revision="r1",
    fingerprint=fingerprint(DRAFT),
    category=CategoryMemory(seen=True, name=CATEGORY),
    looked_at=True,
    looked_at_version=EVENT.modified_at,
    event_end=EVENT.end,
    last_change_seen_at=EVENT.modified_at,
)
RECORD = Activity(
    id="record",
    external_key="tenant/uid",
    kind=ActivityKind.SYNCED,
    draft=DRAFT,
    revision="r1",
    created_at=NOON,
    updated_at=NOON,
)
UNWANTED: dict[str, Any] = {"state": LinkState.REMOVED, "activity_id": None}


def at_rest(due_in: timedelta | None = timedelta(days=30), **link: Any) -> Resting:
    due_at = None if due_in is None else NOON + due_in
    return Resting(replace(LINK, **link), due_at, is_leased=False)


def memory(**changes: Any) -> CategoryMemory:
    return replace(LINK.category, **changes)


@pytest.mark.parametrize(
    ("link", "event", "drift"),
    [
        ({}, {}, None),
        ({}, {"categories": ()}, Drift.CATEGORY_MISSING),
        ({}, {"categories": (CATEGORY.upper(),)}, None),
        (
            {"category": memory(permission=CategoryPermission.NOT_PERMITTED)},
            {"categories": ()},
            None,
        ),
        (UNWANTED, {}, Drift.CATEGORY_LEFT),
        (UNWANTED, {"categories": ()}, None),
        (UNWANTED | {"category": memory(refused=True)}, {}, None),
        ({"state": LinkState.RELEASED, "reason": "edited_in_crm"}, {"categories": ()}, None),
        ({"state": LinkState.RELEASED, "reason": "deleted_in_crm"}, {}, Drift.CATEGORY_LEFT),
        ({}, {"modified_at": NOON - timedelta(minutes=31)}, Drift.CHANGE_NOT_SEEN),
        ({}, {"modified_at": NOON - timedelta(minutes=29)}, None),
        (UNWANTED, {"modified_at": NOON - timedelta(hours=9), "categories": ()}, None),
        ({}, {"categories": (), "sensitivity": Sensitivity.PRIVATE}, None),
        ({"blocked_by": "paused"}, {"categories": ()}, None),
        ({"gone_since": NOON}, {"categories": ()}, None),
        ({"state": LinkState.PENDING}, {"categories": ()}, None),
    ],
)
def test_an_event_and_its_link(link: Any, event: Any, drift: Drift | None) -> None:
    found = compare_event(at_rest(**link), replace(EVENT, **event), POLICY, NOON)

    assert found == (() if drift is None else (drift,))


EDITED = {"revision": "r2", "edited_by": Person("Vera", "")}


@pytest.mark.parametrize(
    ("link", "records", "drift"),
    [
        ({}, [RECORD], None),
        ({}, [], Drift.RECORD_MISSING),
        ({}, [replace(RECORD, kind=ActivityKind.ADDED)], Drift.RECORD_MISSING),
        ({}, [replace(RECORD, external_key="tenant/other")], Drift.RECORD_MISSING),
        ({}, [replace(RECORD, revision="r2")], Drift.RECORD_CHANGED),
        ({}, [replace(RECORD, id="another")], Drift.RECORD_CHANGED),
        ({}, [replace(RECORD, draft=replace(DRAFT, subject="Copy"))], Drift.RECORD_CHANGED),
        ({}, [replace(RECORD, draft=replace(DRAFT, subject="Mended \ufffd"))], None),
        ({}, [replace(RECORD, **EDITED)], Drift.EDIT_NOT_SEEN),
        ({}, [RECORD, replace(RECORD, id="b", external_key="b")], Drift.TWO_RECORDS),
        ({}, [RECORD, replace(RECORD, id="b", kind=ActivityKind.ADDED)], None),
        (UNWANTED, [], None),
        (UNWANTED, [RECORD], Drift.RECORD_NOT_REMOVED),
        ({"state": LinkState.RELEASED}, [replace(RECORD, **EDITED)], None),
        ({"event_end": NOON - timedelta(days=32)}, [RECORD], Drift.NOT_FINAL),
        ({"event_end": NOON - timedelta(days=30.5)}, [RECORD], None),
        ({"due_in": -timedelta(minutes=61)}, [], Drift.LEFT_UNDONE),
        ({"due_in": -timedelta(minutes=59)}, [], None),
        ({"due_in": None}, [RECORD], Drift.LEFT_UNDONE),
        ({"due_in": None} | UNWANTED, [], None),
        ({"due_in": -timedelta(hours=2), "blocked_by": "paused"}, [], None),
    ],
)
def test_a_record_and_its_link(link: Any, records: list[Activity], drift: Drift | None) -> None:
    found = compare_record(at_rest(**link), records, POLICY, NOON)

    assert found == (() if drift is None else (drift,))


def test_nobody_is_disturbed_who_works_on_a_link() -> None:
    leased = Resting(LINK, NOON - timedelta(days=1), is_leased=True)

    assert compare_event(leased, replace(EVENT, categories=()), POLICY, NOON) == ()
    assert compare_record(leased, [], POLICY, NOON) == ()


def test_what_turned_private_is_told_apart_where_private_events_are_excluded() -> None:
    private = replace(EVENT, sensitivity=Sensitivity.CONFIDENTIAL)
    lenient = replace(POLICY, private_events=PrivateEvents.WITHOUT_ATTENDEES)

    assert turned_private(LINK, private, POLICY)
    assert turned_private(replace(LINK, **UNWANTED, undo_until=NOON), private, POLICY)
    assert not turned_private(replace(LINK, **UNWANTED), private, POLICY)
    assert not turned_private(LINK, private, lenient)
    assert not turned_private(LINK, EVENT, POLICY)


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ({}, True),
        ({"off_delta": True}, False),
        ({"event_end": NOON + timedelta(days=99)}, False),
        ({"event_end": None}, False),
        ({"state": LinkState.RELEASED}, False),
        ({"last_change_seen_at": NOON + timedelta(minutes=1)}, False),
    ],
)
def test_which_events_a_complete_list_has_to_show(link: Any, shown: bool) -> None:
    window = (NOON - timedelta(days=30), NOON + timedelta(days=30))

    assert should_be_shown(at_rest(**link), window, NOON, NOON) is shown


def test_a_mailbox_is_read_every_quarter_of_an_hour() -> None:
    hour, old = NOON - timedelta(hours=1), NOON - timedelta(days=9)

    assert was_not_read(hour - timedelta(seconds=1), old, NOON)
    assert not was_not_read(hour + timedelta(seconds=1), old, NOON)
    assert was_not_read(None, old, NOON)
    assert not was_not_read(None, NOON, NOON)
