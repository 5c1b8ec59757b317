"""Pause of a firm, a server, a mailbox: nothing is written, nothing is lost, resume catches up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.db.models import ServerRow
from backend.domain.event import Sensitivity
from backend.domain.link import LinkState
from backend.services.pausing import Pausing
from tests.support.stage import CATEGORY, Stage

LEVELS = pytest.mark.parametrize("level", ["firm", "server", "mailbox"])
Switch = Callable[[bool], bool]


def switch_of(stage: Stage, level: str) -> Switch:
    """Pauses (True) and resumes (False) one level of the stage's mailbox."""
    pausing = Pausing(stage.database, stage.clock, stage.rings_bell)
    firm_id = stage.mailbox().firm_id
    key = {
        "firm": (),
        "server": (stage.mailbox().server_id,),
        "mailbox": (stage.mailbox_id,),
    }[level]

    def switch(paused: bool) -> bool:
        act = getattr(pausing, f"{'pause' if paused else 'resume'}_{level}")
        return bool(act(firm_id, *key))

    return switch


@LEVELS
def test_while_paused_nothing_is_read_or_written_and_links_say_why(
    stage: Stage, level: str
) -> None:
    stage.watch()
    stage.tick()
    asked: list[str] = []
    switch = switch_of(stage, level)

    assert switch(True)
    stage.edit(subject="Changed during the pause")
    stage.outlook.gate = stage.crm.gate = asked.append
    stage.ring(stage.event)
    stage.drain()

    assert asked == []
    assert (stage.link.state, stage.link.blocked_by) == (LinkState.LINKED, "paused")


@LEVELS
def test_resume_catches_up_with_whatever_happened(stage: Stage, level: str) -> None:
    stage.watch()
    stage.tick()
    switch = switch_of(stage, level)
    switch(True)
    stage.drain()
    stage.edit(subject="Changed during the pause")
    stage.clock.advance(timedelta(hours=5))
    stage.drain()

    assert switch(False)
    stage.drain()

    assert (stage.link.state, stage.link.blocked_by) == (LinkState.LINKED, None)
    assert stage.record.draft.subject == "Changed during the pause"


@LEVELS
def test_what_people_wish_for_during_a_pause_is_done_afterwards(stage: Stage, level: str) -> None:
    other = stage.add_meeting()
    switch = switch_of(stage, level)
    switch(True)

    stage.tick()
    stage.untick(other.id)
    stage.settle()
    assert stage.crm.records.get(stage.key) is None
    assert len(stage.crm.live) == 1
    assert not stage.shows_category
    switch(False)
    stage.settle()

    assert stage.link_of(stage.event).state is LinkState.LINKED
    assert stage.link_of(other).state is LinkState.REMOVED
    assert stage.shows_category
    assert not stage.outlook.events[other.id].has_category(CATEGORY)
    assert [record.external_key for record in stage.crm.live] == [stage.key]


@LEVELS
def test_what_turned_private_during_a_pause_goes_with_the_first_look(
    stage: Stage, level: str
) -> None:
    stage.watch()
    stage.tick()
    switch = switch_of(stage, level)
    switch(True)
    stage.edit(sensitivity=Sensitivity.PRIVATE)
    stage.view()
    stage.drain()
    switch(False)

    stage.drain()

    assert stage.crm.records == {}
    assert stage.link.reason == "private_event"


def test_a_record_edited_during_a_pause_is_marked_when_it_ends(stage: Stage) -> None:
    stage.watch()
    stage.tick()
    switch = switch_of(stage, "firm")
    switch(True)
    stage.crm.edit(stage.key, subject="By hand")
    stage.view()
    stage.drain()

    switch(False)
    stage.drain()

    assert stage.link.reason == "edited_in_crm"
    assert stage.record.draft.sync_status == "released"
    assert stage.record.draft.subject == "By hand"


def test_a_category_that_had_to_stay_during_a_pause_is_taken_off_afterwards(stage: Stage) -> None:
    """An untick without a look, and a look while nothing may be written."""
    stage.watch()
    stage.tick()
    stage.outlook.down = 0.0
    stage.untick()
    switch = switch_of(stage, "firm")
    switch(True)
    stage.outlook.down = None
    stage.view()
    stage.settle()
    assert stage.shows_category

    switch(False)
    stage.settle()

    assert stage.link.state is LinkState.REMOVED
    assert not stage.shows_category


def test_one_pause_of_several_is_enough(stage: Stage) -> None:
    stage.tick()
    firm, mailbox = switch_of(stage, "firm"), switch_of(stage, "mailbox")
    firm(True)
    mailbox(True)
    stage.drain()

    firm(False)
    stage.drain()
    assert stage.link.blocked_by == "paused"
    mailbox(False)
    stage.drain()

    assert stage.link.blocked_by is None


@LEVELS
def test_a_pause_concerns_nobody_else(stage: Stage, level: str) -> None:
    other = Stage(stage.database)
    other.tick()
    stage.tick()

    switch_of(stage, level)(True)
    other.edit(subject="Flows on")
    other.ring(other.event)
    other.drain()
    stage.drain()

    assert other.record.draft.subject == "Flows on"
    assert stage.link.blocked_by == "paused"


def test_nobody_pauses_what_belongs_to_another_firm(stage: Stage) -> None:
    other = Stage(stage.database)
    pausing = Pausing(stage.database, stage.clock, stage.rings_bell)
    firm_id = stage.mailbox().firm_id
    server_id = other.mailbox().server_id
    assert server_id is not None

    assert not pausing.pause_mailbox(firm_id, other.mailbox_id)
    assert not pausing.pause_server(firm_id, server_id)
    assert not pausing.pause_firm("no such firm")

    assert not other.mailbox().paused
    with stage.database.read() as session:
        assert not session.scalars(select(ServerRow.paused).where(ServerRow.id == server_id)).one()


def test_a_second_pause_changes_nothing(stage: Stage) -> None:
    switch = switch_of(stage, "mailbox")

    assert switch(True)
    assert not switch(True)
    assert switch(False)
    assert not switch(False)
