"""What a page of changes makes of events that nobody ticked; called directly, as the pull does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.db import known_links, links, people
from backend.db.models import HistoryRow, LinkRow, UserRow
from backend.domain.crm import Contact
from backend.domain.errors import TransientRemoteError
from backend.domain.event import Attendee, Event, EventType, Person, Sensitivity
from backend.domain.link import CategoryPermission, LinkState
from backend.domain.policy import Origin, SyncMode
from backend.services.callers import CalendarOwner
from backend.services.choosing import Choosing
from backend.sql import Database
from tests.support.stage import CATEGORY, Stage, create_tables

CLIENT = "ben@client.example"
JANE = Contact("c1", "Jane Doe", emails=(CLIENT,), types=("Client",))


@pytest.fixture
def stage(database: Database) -> Stage:
    """Combined mode, a meeting made after the activation, Jane is not in the CRM yet."""
    create_tables(database)
    stage = Stage(database)
    stage.clock.advance(timedelta(hours=1))
    stage.edit(created_at=stage.clock())
    return stage


def owner_of(stage: Stage) -> CalendarOwner:
    return stage.callers.owner_of_mailbox(stage.tenant_id, stage.mailbox_id)


def choose(
    stage: Stage, *events: Event, owner: CalendarOwner | None = None, request_id: str = "r1"
) -> None:
    """One page with these events, or with the meeting as Outlook shows it."""
    choosing = Choosing(stage.crm, stage.clock)
    owner = owner or owner_of(stage)
    shown = events or (stage.now,)
    prepared = choosing.prepare(owner, shown, request_id)
    with stage.database.write.begin() as session:
        known = known_links.find(session, owner.mailbox_id, {event.id for event in shown})
        choosing.store(session, owner, prepared, known, stage.clock())


def lines(stage: Stage) -> list[tuple[str, str, tuple[str, ...]]]:
    """What is said of events that are no link's, or why a rule left one out."""
    with stage.database.read() as session:
        rows = session.scalars(
            select(HistoryRow)
            .where(HistoryRow.kind.in_(["skip", "refusal"]), HistoryRow.state_before.is_(None))
            .order_by(HistoryRow.at, HistoryRow.id)
        )
        return [(row.kind, row.line, tuple(row.codes)) for row in rows]


def change_user(stage: Stage, **values: Any) -> None:
    with stage.database.write.begin() as session:
        user = session.scalars(select(UserRow).where(UserRow.oid == stage.oid)).one()
        for name, value in values.items():
            setattr(user, name, value)


def colleague(stage: Stage) -> CalendarOwner:
    """Another member of the firm, everything on."""
    with stage.database.write.begin() as session:
        firm = people.find_firm(session, stage.tenant_id)
        assert firm is not None
        made = people.add_user(
            session,
            firm,
            oid="colleague",
            name="Cora",
            address="cora@firm.example",
            now=stage.clock(),
        )
        made.user.enabled_by_admin, made.user.activated_at = True, firm.created_at
        mailbox_id = made.mailbox.id
    return stage.callers.owner_of_mailbox(stage.tenant_id, mailbox_id)


def ring_and_drain(stage: Stage) -> None:
    """The pull rings a known link whose event changed, and a worker comes."""
    with stage.database.write.begin() as session:
        links.ring(session, stage.row.id, stage.clock())
    stage.drain()


def select_by(stage: Stage, contact: Contact = JANE) -> None:
    stage.crm.contacts[CLIENT] = (contact,)


def test_a_contact_type_decides_and_the_road_makes_the_record(stage: Stage) -> None:
    select_by(stage)

    choose(stage)

    row = stage.row
    assert (row.state, row.origin, row.because) == (
        LinkState.PENDING,
        Origin.AUTOMATIC,
        "Jane Doe is a Client",
    )
    assert (row.looked_at, row.version, row.wished_by) == (False, 1, owner_of(stage).user_id)
    assert stage.crm.records == {}
    stage.drain()
    assert stage.link.state is LinkState.LINKED
    assert stage.shows_category
    assert stage.history()[0] == "rule_match"
    assert lines(stage) == []


def test_a_page_shown_again_changes_nothing(stage: Stage) -> None:
    select_by(stage)
    choose(stage)
    before = stage.row

    choose(stage)
    choose(stage, stage.now, replace(stage.now, subject="The same twice in one page"))

    assert stage.row.version == before.version
    assert stage.count_history("rule_match") == 1


def test_one_call_of_the_crm_serves_a_whole_page_and_private_events_tell_it_nothing(
    stage: Stage,
) -> None:
    asked: list[list[str]] = []
    answer = stage.crm.contacts_by_address
    stage.crm.contacts_by_address = lambda tenant, addresses: (  # type: ignore[method-assign]
        asked.append(list(addresses)) or answer(tenant, addresses)
    )
    others = [
        replace(stage.now, id=f"e{n}", ical_uid=f"u{n}", attendees=(Attendee("", address),))
        for n, address in enumerate(["B@x.example", "a@x.example", "b@x.example"])
    ]
    secret = replace(
        stage.now,
        id="secret",
        ical_uid="s",
        sensitivity=Sensitivity.PRIVATE,
        attendees=(Attendee("", "lover@x.example"),),
    )

    choose(stage, *others, secret)

    assert asked == [["a@x.example", "b@x.example"]]


def test_a_silent_crm_keeps_the_page_from_being_stored(stage: Stage) -> None:
    stage.crm.down = True

    with pytest.raises(TransientRemoteError):
        choose(stage)

    assert stage.find_row() is None
    assert lines(stage) == []


def test_manual_mode_asks_nobody_and_keeps_no_lines(stage: Stage) -> None:
    select_by(stage)
    change_user(stage, mode=SyncMode.MANUAL)
    stage.crm.down = True

    choose(stage)

    assert stage.find_row() is None
    assert lines(stage) == []


def test_a_rule_that_says_no_is_one_line_that_follows_the_codes(stage: Stage) -> None:
    choose(stage)
    assert lines(stage) == [("skip", "skipped", ("no_selected_contact_type",))]
    choose(stage)
    assert len(lines(stage)) == 1

    stage.edit(is_draft=True, is_organizer=False)
    choose(stage)

    assert lines(stage) == [
        ("skip", "skipped", ("not_organizer", "no_selected_contact_type", "draft_event"))
    ]


def test_a_private_event_leaves_one_row_and_one_code(stage: Stage) -> None:
    choose(stage)
    stage.edit(sensitivity=Sensitivity.CONFIDENTIAL, is_organizer=False)
    choose(stage)
    stage.edit(categories=(CATEGORY,))

    choose(stage)

    assert lines(stage) == [("refusal", "category_refused", ("private_event",))]
    assert stage.find_row() is None


@pytest.mark.parametrize("skipped_first", [False, True])
def test_a_private_event_that_somebody_tried_to_tick_leaves_one_row_too(
    stage: Stage, skipped_first: bool
) -> None:
    choose(stage)
    stage.edit(sensitivity=Sensitivity.PRIVATE)
    if skipped_first:
        choose(stage)
    assert stage.attempt(stage.tick) == "private_event"
    assert stage.attempt(stage.tick) == "private_event"

    choose(stage)

    assert lines(stage) == [("refusal", "tick_refused", ("private_event",))]


def test_an_event_that_stops_being_private_is_matched(stage: Stage) -> None:
    select_by(stage)
    stage.edit(sensitivity=Sensitivity.PRIVATE)
    choose(stage)
    assert stage.find_row() is None

    stage.edit(sensitivity=Sensitivity.NORMAL)
    choose(stage)

    assert stage.row.state is LinkState.PENDING


def test_a_linked_event_that_was_private_for_a_while_is_matched_again(stage: Stage) -> None:
    select_by(stage)
    choose(stage)
    stage.drain()
    first = stage.record.id
    stage.edit(sensitivity=Sensitivity.PRIVATE)
    choose(stage)
    ring_and_drain(stage)
    assert (stage.link.state, stage.link.reason) == (LinkState.REMOVED, "private_event")
    assert stage.record is None
    assert stage.row.because is None

    stage.edit(sensitivity=Sensitivity.NORMAL)
    choose(stage)
    stage.settle()

    assert (stage.link.state, stage.link.origin) == (LinkState.LINKED, Origin.AUTOMATIC)
    assert stage.row.because == "Jane Doe is a Client"
    assert stage.record.id != first
    assert stage.shows_category


def test_public_again_before_the_record_is_gone_is_matched_too(stage: Stage) -> None:
    select_by(stage)
    choose(stage)
    stage.drain()
    stage.edit(sensitivity=Sensitivity.PRIVATE)

    def refuse(name: str) -> None:
        if name == "crm.destroy:before":
            raise TransientRemoteError(system="crm", status=503)

    stage.crm.gate = refuse
    ring_and_drain(stage)
    assert stage.link.state is LinkState.REMOVING
    stage.crm.gate = lambda _name: None

    stage.edit(sensitivity=Sensitivity.NORMAL)
    choose(stage)
    stage.settle()

    assert stage.link.state is LinkState.LINKED
    assert [record.draft.subject for record in stage.crm.live] == [stage.now.subject]


def test_what_a_run_took_away_before_it_died_was_not_deleted_in_the_crm(stage: Stage) -> None:
    """Gone from the CRM, not yet noted by us: then the rules select the event again."""
    select_by(stage)
    choose(stage)
    stage.drain()
    stage.edit(sensitivity=Sensitivity.PRIVATE)

    def lose_the_answer(name: str) -> None:
        if name == "crm.destroy:after":
            raise TransientRemoteError(system="crm", status=503)

    stage.crm.gate = lose_the_answer
    ring_and_drain(stage)
    assert (stage.link.state, stage.record) == (LinkState.REMOVING, None)
    stage.crm.gate = lambda _name: None

    stage.edit(sensitivity=Sensitivity.NORMAL)
    choose(stage)
    stage.settle()

    assert stage.link.state is LinkState.LINKED
    assert len(stage.crm.live) == 1


@pytest.mark.parametrize("has_category", [True, False])
def test_a_deleted_event_that_still_answers_is_not_matched_again(
    stage: Stage, has_category: bool
) -> None:
    """A GET by immutable id may answer 200 after a deletion (L6)."""
    stage.configure(cancelled_records="delete")
    stage.outlook.app_may_write = has_category
    select_by(stage)
    choose(stage)
    stage.drain()
    stage.outlook.deleted.add(stage.event.id)
    stage.outlook.deleted_get = "200"
    for _ in range(3):
        ring_and_drain(stage)
        stage.later(minutes=6)
    assert (stage.link.state, stage.link.reason) == (LinkState.REMOVED, "cancelled")

    ring_and_drain(stage)
    stage.settle()

    assert stage.link.state is LinkState.REMOVED
    assert stage.crm.live == []
    assert stage.count_history("rule_match") == 1
    stage.outlook.deleted.clear()
    choose(stage)
    stage.settle()
    assert stage.link.state is LinkState.LINKED


def test_an_untick_is_remembered_whatever_contacts_match(stage: Stage) -> None:
    select_by(stage)
    choose(stage)
    stage.drain()
    stage.untick()
    stage.edit(subject="Another")

    choose(stage)
    stage.settle()

    assert stage.link.state is LinkState.REMOVED
    assert lines(stage) == [("skip", "skipped", ("opted_out",))]
    stage.tick()
    assert (stage.link.state, stage.link.origin) == (LinkState.LINKED, Origin.MANUAL)
    assert stage.row.because is None


def test_the_category_put_back_by_hand_after_an_untick_is_a_tick(stage: Stage) -> None:
    """E14 must not judge what a person does: it speaks of rules only."""
    select_by(stage)
    choose(stage)
    stage.drain()
    stage.untick()
    stage.clock.advance(timedelta(minutes=20))
    stage.put_category()

    choose(stage)
    ring_and_drain(stage)

    assert (stage.link.state, stage.link.origin) == (LinkState.LINKED, Origin.MANUAL)
    assert not stage.row.opted_out


def test_an_undone_untick_is_automatic_as_before(stage: Stage) -> None:
    select_by(stage)
    choose(stage)
    stage.drain()
    stage.untick()

    stage.undo()

    assert (stage.link.state, stage.link.origin) == (LinkState.LINKED, Origin.AUTOMATIC)
    assert stage.row.because == "Jane Doe is a Client"


def test_a_manual_tick_turns_an_automatic_link_into_a_manual_one(stage: Stage) -> None:
    select_by(stage)
    choose(stage)
    stage.drain()

    stage.tick()

    assert (stage.link.state, stage.link.origin, stage.row.because) == (
        LinkState.LINKED,
        Origin.MANUAL,
        None,
    )


@pytest.mark.parametrize("reason", ["edited", "deleted"])
def test_a_released_link_is_not_revived_by_a_rule(stage: Stage, reason: str) -> None:
    select_by(stage)
    choose(stage)
    stage.drain()
    if reason == "edited":
        stage.crm.edit(stage.key, subject="Mine")
    else:
        stage.crm.delete(stage.key)
    ring_and_drain(stage)
    assert stage.link.state is LinkState.RELEASED

    stage.edit(subject="Another")
    choose(stage)
    stage.settle()

    assert stage.link.state is LinkState.RELEASED
    assert lines(stage) == []


def test_the_road_judges_again_before_anything_is_written(stage: Stage) -> None:
    select_by(stage)
    choose(stage)
    stage.edit(is_draft=True)

    stage.settle()

    assert (stage.link.state, stage.link.reason) == (LinkState.REMOVED, "draft_event")
    assert stage.crm.records == {}
    assert not stage.shows_category
    stage.edit(is_draft=False)
    choose(stage)
    stage.settle()
    assert stage.link.state is LinkState.LINKED


def test_until_there_is_a_record_every_rule_has_to_hold_and_then_none_takes_it_away(
    stage: Stage,
) -> None:
    select_by(stage)
    choose(stage)

    def refuse(name: str) -> None:
        if name == "crm.write:before":
            raise TransientRemoteError(system="crm", status=503)

    stage.crm.gate = refuse
    stage.drain()
    assert stage.shows_category
    stage.crm.contacts.clear()
    stage.crm.gate = lambda _name: None
    stage.settle()
    assert (stage.link.state, stage.link.reason) == (
        LinkState.REMOVED,
        "no_selected_contact_type",
    )
    assert not stage.shows_category

    select_by(stage)
    choose(stage)
    stage.settle()
    assert stage.link.state is LinkState.LINKED
    stage.crm.contacts.clear()
    stage.edit(is_draft=True)
    ring_and_drain(stage)
    stage.settle()

    assert stage.link.state is LinkState.LINKED
    assert stage.link.blocked_by is None


def test_a_category_put_on_by_hand_makes_a_manual_link_in_any_mode_that_allows_it(
    stage: Stage,
) -> None:
    change_user(stage, mode=SyncMode.MANUAL)
    stage.put_category()

    choose(stage)
    assert stage.row.state is LinkState.REMOVED
    stage.drain()

    assert (stage.link.state, stage.link.origin) == (LinkState.LINKED, Origin.MANUAL)
    assert stage.shows_category
    assert lines(stage) == []


def test_a_category_goes_before_a_rule(stage: Stage) -> None:
    select_by(stage)
    stage.put_category()

    choose(stage)
    stage.drain()

    assert (stage.link.state, stage.link.origin) == (LinkState.LINKED, Origin.MANUAL)


def test_where_only_rules_decide_a_category_does_not_hinder_them(stage: Stage) -> None:
    select_by(stage)
    stage.configure(mode=SyncMode.AUTOMATIC)
    stage.put_category()

    choose(stage)
    stage.drain()

    assert (stage.link.state, stage.link.origin) == (LinkState.LINKED, Origin.AUTOMATIC)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"is_organizer": False}, "not_organizer"),
        ({"sensitivity": Sensitivity.PRIVATE}, "private_event"),
        ({"type": EventType.SERIES_MASTER}, "recurring_event"),
        ({"type": EventType.EXCEPTION}, "recurring_event"),
        ({"type": EventType.OCCURRENCE}, "recurring_event"),
        ({"end": -40}, "outside_window"),
    ],
)
@pytest.mark.parametrize("mode", [SyncMode.MANUAL, SyncMode.COMBINED])
def test_a_category_where_it_may_not_be_is_refused_once(
    stage: Stage, mode: SyncMode, changes: dict[str, Any], code: str
) -> None:
    select_by(stage)
    change_user(stage, mode=mode)
    if "end" in changes:
        at = stage.clock() + timedelta(days=changes["end"])
        changes = {"start": at - timedelta(hours=1), "end": at}
    stage.put_category(**changes)

    choose(stage)
    choose(stage)
    stage.settle()

    assert lines(stage) == [("refusal", "category_refused", (code,))]
    assert stage.find_row() is None
    assert stage.shows_category


def test_a_meeting_that_another_calendar_keeps_is_left_out(stage: Stage) -> None:
    """S3: the same .ics imported by two organizers."""
    select_by(stage)
    choose(stage)
    stage.drain()
    other = colleague(stage)
    twin = replace(stage.now, id="twin", categories=())

    choose(stage, twin, owner=other)
    assert lines(stage) == [("skip", "skipped", ("already_linked",))]
    choose(stage, replace(twin, categories=(CATEGORY,)), owner=other)

    assert lines(stage) == [("refusal", "category_refused", ("already_linked",))]
    with stage.database.read() as session:
        assert len(session.scalars(select(LinkRow)).all()) == 1


def test_a_meeting_that_came_back_under_another_id_keeps_its_link(stage: Stage) -> None:
    select_by(stage)
    choose(stage)
    stage.drain()
    stage.untick()
    restored = replace(stage.now, id="restored")
    stage.outlook.events = {"restored": restored}

    choose(stage, restored)
    stage.settle()

    with stage.database.read() as session:
        row = session.scalars(select(LinkRow)).one()
    assert (row.state, row.event_id, row.opted_out) == (LinkState.REMOVED, "restored", True)


def test_an_external_organizer_is_left_to_add_activity(stage: Stage) -> None:
    select_by(stage)
    stage.edit(organizer=Person("Eve", "eve@else.example"), is_organizer=False)

    choose(stage)

    assert lines(stage) == [("skip", "skipped", ("not_organizer", "external_organizer"))]


def test_a_category_the_app_may_not_write_waits_for_the_user(stage: Stage) -> None:
    """Calendars.Read only: the link is linked, the next opening mends the category (X1)."""
    select_by(stage)
    stage.outlook.app_may_write = False
    choose(stage)
    stage.drain()
    assert stage.link.state is LinkState.LINKED
    assert stage.link.category.permission is CategoryPermission.WAITING_FOR_USER
    assert not stage.shows_category

    answer = stage.view()

    assert stage.shows_category
    assert answer.link is not None
    assert (answer.link.state, answer.link.category, answer.link.because) == (
        "linked",
        "set",
        "Jane Doe is a Client",
    )
