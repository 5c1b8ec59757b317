"""Named stories of two at work at once; each of them once broke the design or this code."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.link import EndReason, LinkState
from tests.support.actors import Actor, gate
from tests.support.stage import CATEGORY, Stage

LEASE = timedelta(seconds=91)


@pytest.fixture
def stage(stage: Stage) -> Stage:
    stage.outlook.gate = stage.crm.gate = gate
    return stage


def test_an_untick_is_not_undone_by_our_own_late_category(stage: Stage) -> None:
    """S1: tick; our PATCH lands; untick before the outcome of the PATCH is stored."""
    tick = Actor("tick", stage.tick)
    tick.run_to("graph.patch:after")
    untick = Actor("untick", stage.untick)
    untick.finish()

    tick.finish()
    stage.settle()

    assert stage.link.state is LinkState.REMOVED
    assert not stage.shows_category
    assert stage.crm.live == []


def test_an_untick_during_the_write_is_carried_out(stage: Stage) -> None:
    """The lease is still ours, the wish is not: only the version tells (A23)."""
    tick = Actor("tick", stage.tick)
    tick.run_to("crm.write:after")
    untick = Actor("untick", stage.untick)
    untick.finish()

    tick.finish()
    stage.settle()

    assert stage.failures == []
    assert stage.link.state is LinkState.REMOVED
    assert stage.crm.live == []
    assert not stage.shows_category


def test_an_edit_between_look_and_commit_reaches_the_crm(stage: Stage) -> None:
    """S2: the ring of the edit must survive the commit of the run that did not see it (R1)."""
    tick = Actor("tick", stage.tick)
    tick.run_to("crm.write:before")
    stage.edit(subject="Moved to Friday")
    stage.view()

    tick.finish()
    stage.settle()

    assert stage.record.draft.subject == "Moved to Friday"


def test_a_tick_is_newer_than_a_category_removed_before_it(stage: Stage) -> None:
    """S3: the category is removed in Outlook, then ticked in the pane before any look."""
    stage.tick()
    stage.clock.advance(timedelta(minutes=11))
    stage.take_category()

    stage.tick()
    stage.settle()

    assert stage.link.state is LinkState.LINKED
    assert stage.shows_category


def test_a_tick_made_while_graph_is_silent_is_newer_than_what_outlook_shows_later(
    stage: Stage,
) -> None:
    stage.tick()
    stage.clock.advance(timedelta(minutes=11))
    stage.take_category()
    stage.outlook.down = 0.0
    stage.tick()
    stage.outlook.down = None

    stage.settle()

    assert stage.link.state is LinkState.LINKED
    assert stage.shows_category


def test_an_untick_is_newer_than_a_category_put_back_before_it(stage: Stage) -> None:
    stage.tick()
    stage.untick()
    stage.put_category()

    stage.untick()
    stage.settle()

    assert stage.link.state is LinkState.REMOVED
    assert not stage.shows_category


def test_what_outlook_answered_is_kept_though_the_lease_was_lost(stage: Stage) -> None:
    """R3: facts are ordered, not fenced; the removal below must not read as never seen."""
    tick = Actor("tick", stage.tick)
    tick.run_to("graph.patch:after")
    stage.clock.advance(LEASE)
    worker = Actor("worker", stage.drain)
    worker.run_to("graph.get:before")

    tick.finish()

    assert stage.link.category.seen is True
    assert stage.link.category.written_at == stage.now.modified_at
    worker.finish()
    stage.settle()
    assert stage.link.state is LinkState.LINKED


def test_a_late_create_of_a_stalled_worker_is_cleaned_up(stage: Stage) -> None:
    """The lease ran out between the check and the write; the user has unticked meanwhile."""
    tick = Actor("tick", stage.tick)
    tick.run_to("crm.write:before")
    stage.clock.advance(LEASE)
    Actor("untick", stage.untick).finish()
    assert stage.link.state is LinkState.REMOVED

    tick.finish()
    stage.settle()

    assert stage.crm.live == []
    assert stage.link.state is LinkState.REMOVED


def test_a_late_removal_of_a_stalled_worker_hits_nothing(stage: Stage) -> None:
    stage.tick()
    untick = Actor("untick", stage.untick)
    untick.run_to("crm.remove:before")
    stage.clock.advance(LEASE)
    Actor("tick", stage.tick).finish()

    untick.finish()
    stage.settle()

    assert len(stage.crm.live) == 1
    assert stage.link.state is LinkState.LINKED
    assert stage.shows_category


def test_no_write_starts_under_a_lease_that_may_end_during_it(stage: Stage) -> None:
    """R4: what is left of the lease must outlive the call's whole deadline."""
    tick = Actor("tick", stage.tick)
    tick.run_to("graph.patch:after")
    stage.clock.advance(timedelta(seconds=75))

    tick.finish()

    assert stage.crm.records == {}
    stage.settle()
    assert len(stage.crm.live) == 1


def test_a_dead_workers_write_is_not_trusted_again(stage: Stage) -> None:
    """Write, crash, an edit and its undoing by hand: the old fingerprint matches by accident."""
    tick = Actor("tick", stage.tick)
    tick.run_to("crm.write:after")
    tick.kill()
    stage.crm.edit(stage.key, subject="By hand")

    stage.settle()

    assert stage.record.draft.subject == "By hand"
    assert stage.link.state is LinkState.RELEASED
    assert stage.link.reason == EndReason.EDITED_IN_CRM
    assert stage.link.activity_id == stage.record.id


def test_an_edit_between_look_and_write_is_not_overwritten_by_the_tick(stage: Stage) -> None:
    stage.tick()
    stage.untick()
    tick = Actor("tick", stage.tick)
    tick.run_to("crm.write:after")
    stage.crm.edit(stage.key, subject="By hand")
    stage.edit(subject="New subject")
    stage.view()

    tick.finish()
    stage.settle()

    assert stage.record.draft.subject == "By hand"
    assert stage.link.state is LinkState.RELEASED


def test_a_tick_adopts_what_was_edited_before_it(stage: Stage) -> None:
    stage.tick()
    stage.crm.edit(stage.key, subject="By hand")
    stage.later(hours=1)
    assert stage.link.state is LinkState.RELEASED

    answer = stage.tick()

    assert answer.link is not None
    assert answer.link.state == "linked"
    assert stage.record.draft.subject == "Quarterly review"
    assert stage.record.edited_by is None


def test_two_workers_never_hold_one_link(stage: Stage) -> None:
    stage.outlook.down = 0.0
    stage.tick()
    stage.outlook.down = None
    stage.clock.advance(timedelta(seconds=100))
    first, second = Actor("first", stage.drain), Actor("second", stage.drain)
    first.run_to("graph.get:before")

    second.finish()

    assert second.result == 0
    first.finish()
    assert stage.link.state is LinkState.LINKED


def test_a_second_tick_waits_for_the_first_and_answers_its_end(stage: Stage) -> None:
    turns = iter(range(100))

    def pause(_seconds: float) -> None:
        next(turns)
        first.resume()

    waiting = Stage(stage.database, pause=pause, budget=5)
    waiting.outlook.gate = waiting.crm.gate = gate
    first = Actor("first", waiting.tick)
    first.run_to("crm.write:before")

    answer = waiting.tick()

    assert answer.link is not None
    assert answer.link.state == "linked"
    assert len(waiting.crm.live) == 1


def test_a_change_in_outlook_during_our_patch_is_looked_at_again(stage: Stage) -> None:
    """If-Match honoured: 412, another look, and nobody's category is lost."""
    tick = Actor("tick", stage.tick)
    tick.run_to("graph.patch:before")
    stage.edit(categories=("Mine",))

    tick.finish()

    assert stage.now.categories == ("Mine", CATEGORY)
    assert stage.link.state is LinkState.LINKED


def test_the_record_is_made_of_what_the_patch_returned(stage: Stage) -> None:
    stage.outlook.if_match = "ignore"
    tick = Actor("tick", stage.tick)
    tick.run_to("graph.patch:before")
    stage.edit(subject="Changed meanwhile")

    tick.finish()

    assert stage.record.draft.subject == "Changed meanwhile"


def test_an_older_look_proves_nothing_for_ten_minutes(stage: Stage) -> None:
    """R5: a GET that lags behind a version already seen is repeated, not believed."""
    stage.tick()
    stage.edit(subject="Newer")
    stage.later(hours=1)
    assert stage.record.draft.subject == "Newer"
    stage.outlook.stale_reads = 1
    stage.view()

    stage.drain()
    assert stage.record.draft.subject == "Newer"
    stage.settle()
    assert stage.record.draft.subject == "Newer"


def test_a_restored_older_version_is_believed_in_the_end(stage: Stage) -> None:
    stage.tick()
    older = stage.now
    stage.edit(subject="Newer")
    stage.later(hours=1)
    stage.outlook.events[stage.event.id] = older

    stage.later(hours=1)
    stage.settle()

    assert stage.record.draft.subject == "Quarterly review"
    assert stage.link.state is LinkState.LINKED


@pytest.mark.parametrize("step", range(1, 30))
def test_a_tick_killed_at_any_step_ends_in_one_record(stage: Stage, step: int) -> None:
    tick = Actor("tick", stage.tick)
    for _ in range(step):
        tick.resume()
    was_stored = stage.find_row() is not None
    tick.kill()

    stage.settle()

    if was_stored:
        assert stage.link.state is LinkState.LINKED
        assert stage.shows_category
        assert len(stage.crm.live) == 1
    else:
        assert not stage.shows_category
        assert stage.crm.records == {}


@pytest.mark.parametrize("step", range(1, 20))
def test_an_untick_killed_at_any_step_ends_without_a_record(stage: Stage, step: int) -> None:
    stage.tick()
    untick = Actor("untick", stage.untick)
    for _ in range(step):
        untick.resume()
    untick.kill()

    stage.settle()

    assert stage.link.state is LinkState.REMOVED
    assert not stage.shows_category
    assert stage.crm.live == []
    assert stage.linking.undo(stage.principal, stage.event.id, None).link is not None
