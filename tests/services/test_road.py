"""What the road does with one link when nobody disturbs it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backend.db import people
from backend.db.models import FirmRow, LinkRow, MailboxRow
from backend.domain.crm import ActivityStatus, Contact, SyncStatus
from backend.domain.errors import (
    EventNotFoundError,
    NotEligibleError,
    NothingToUndoError,
    TransientRemoteError,
)
from backend.domain.event import Sensitivity
from backend.domain.link import EndReason, LinkState
from tests.support.stage import CATEGORY, Stage, an_event


def test_a_tick_while_graph_is_down_is_kept_and_done_later(stage: Stage) -> None:
    stage.outlook.down = 0.0
    answer = stage.tick()
    assert answer.link is not None
    assert (answer.link.state, answer.link.outstanding, answer.verdict) == (
        "pending",
        ("event",),
        None,
    )
    assert stage.crm.records == {}
    stage.outlook.down = None

    stage.settle()

    assert stage.link.state is LinkState.LINKED
    assert stage.shows_category


def test_a_silent_graph_is_asked_once_per_request(stage: Stage) -> None:
    asked: list[str] = []
    stage.outlook.gate = asked.append
    stage.outlook.down = 0.0

    stage.tick()

    assert asked == ["graph.get:before"]


def test_retry_after_closes_the_mailbox_for_doors_and_workers(stage: Stage) -> None:
    asked: list[str] = []
    stage.outlook.down = 120.0
    stage.tick()
    stage.outlook.down = None
    stage.outlook.gate = asked.append

    stage.tick()
    assert stage.later(seconds=119) == 0
    assert asked == []
    stage.later(seconds=2)

    assert asked != []
    assert stage.link.state is LinkState.LINKED


def test_a_throttled_patch_is_waited_for_too(stage: Stage) -> None:
    def throttle(name: str) -> None:
        if name == "graph.patch:before":
            raise TransientRemoteError(system="graph", status=429, retry_after=60)

    stage.outlook.gate = throttle
    answer = stage.tick()
    assert answer.link is not None
    assert (answer.link.state, answer.link.outstanding) == ("pending", ("category",))
    stage.outlook.gate = lambda _name: None

    assert stage.later(seconds=59) == 0
    assert stage.later(seconds=2) == 1
    assert stage.shows_category


def test_a_crm_that_is_down_keeps_the_link_pending_and_the_category_off(stage: Stage) -> None:
    """Until a verdict exists nothing is written to Outlook (private contacts are unknown)."""
    stage.crm.down = True
    answer = stage.tick()
    assert answer.link is not None
    assert answer.link.state == "pending"
    assert not stage.shows_category
    stage.crm.down = False

    stage.settle()

    assert stage.link.state is LinkState.LINKED
    assert stage.shows_category


def test_a_private_contact_found_later_refuses_the_wish(stage: Stage) -> None:
    stage.crm.contacts["ben@client.example"] = (Contact("c1", "Ben", private=True),)
    stage.crm.down = True
    stage.tick()
    stage.crm.down = False

    stage.settle()

    assert stage.link.state is LinkState.REMOVED
    assert stage.link.reason == "private_contact"
    assert stage.crm.records == {}
    assert not stage.shows_category


def test_an_untick_while_the_crm_is_down_is_done_later(stage: Stage) -> None:
    stage.tick()
    stage.crm.down = True
    answer = stage.untick()
    assert answer.link is not None
    assert (answer.link.state, answer.link.outstanding) == ("removing", ("crm",))
    stage.crm.down = False

    stage.settle()

    assert stage.link.state is LinkState.REMOVED
    assert stage.crm.live == []


def test_an_untick_needs_no_graph(stage: Stage) -> None:
    stage.tick()
    stage.outlook.down = 0.0

    answer = stage.untick()

    assert answer.link is not None
    assert answer.link.outstanding == ("category",)
    assert stage.crm.live == []
    stage.outlook.down = None
    stage.settle()
    assert not stage.shows_category


def test_a_linked_event_that_turns_private_leaves_nothing_but_its_reason(stage: Stage) -> None:
    stage.tick()
    stage.edit(sensitivity=Sensitivity.PRIVATE)

    stage.later(hours=1)

    assert stage.crm.records == {}
    assert stage.link.state is LinkState.REMOVED
    assert stage.link.reason == "private_event"
    assert stage.link.category.content is None
    assert stage.link.event_end is None
    with pytest.raises(NotEligibleError) as refusal:
        stage.undo()
    assert refusal.value.code == "private_event"


def test_the_undo_copy_goes_as_well_when_an_unticked_event_turns_private(stage: Stage) -> None:
    stage.tick()
    stage.untick()
    stage.edit(sensitivity=Sensitivity.CONFIDENTIAL)

    stage.later(hours=1)

    assert stage.crm.records == {}
    assert stage.link.undo_until is None
    with pytest.raises(NotEligibleError):
        stage.undo()
    stage.edit(sensitivity=Sensitivity.NORMAL)
    with pytest.raises(NothingToUndoError):
        stage.undo()


def test_a_record_taken_over_by_hand_goes_when_its_event_turns_private(stage: Stage) -> None:
    stage.tick()
    stage.crm.edit(stage.key, subject="By hand")
    stage.later(hours=1)
    stage.edit(sensitivity=Sensitivity.PRIVATE)

    stage.later(hours=1)

    assert stage.crm.records == {}


def test_an_event_turned_private_in_another_calendar_is_found(stage: Stage) -> None:
    stage.tick()
    stage.outlook.elsewhere.add(stage.event.id)
    stage.edit(sensitivity=Sensitivity.PRIVATE)

    stage.later(hours=1)

    assert stage.crm.records == {}


@pytest.mark.parametrize("deleted_get", ["404", "200"])
def test_gone_is_believed_after_two_empty_lists_five_minutes_apart(
    stage: Stage, deleted_get: str
) -> None:
    stage.outlook.deleted_get = deleted_get
    stage.tick()
    stage.outlook.deleted.add(stage.event.id)

    stage.later(hours=1)
    assert stage.link.state is LinkState.LINKED
    assert stage.later(minutes=4) == 0
    stage.later(minutes=2)

    assert stage.link.state is LinkState.RELEASED
    assert stage.link.reason == EndReason.CANCELLED
    assert stage.record.draft.status is ActivityStatus.CANCELLED


def test_a_deleted_event_without_attendees_takes_its_future_record_along(stage: Stage) -> None:
    stage.edit(attendees=())
    stage.tick()
    stage.outlook.deleted.add(stage.event.id)

    stage.later(hours=1)
    stage.later(minutes=6)

    assert stage.link.state is LinkState.REMOVED
    assert stage.crm.live == []


def test_the_proof_starts_over_when_the_event_is_seen_in_between(stage: Stage) -> None:
    stage.tick()
    stage.outlook.deleted.add(stage.event.id)
    stage.later(hours=1)
    stage.outlook.deleted.clear()
    stage.outlook.elsewhere.add(stage.event.id)
    stage.later(minutes=6)
    assert stage.link.gone_since is None
    stage.outlook.deleted.add(stage.event.id)

    stage.later(hours=1)

    assert stage.link.is_wanted


def test_an_event_moved_to_another_calendar_freezes_and_thaws(stage: Stage) -> None:
    stage.tick()
    stage.outlook.elsewhere.add(stage.event.id)
    stage.edit(subject="Elsewhere")
    stage.later(hours=1)
    assert stage.link.blocked_by == EndReason.LEFT_CALENDAR
    assert stage.record.draft.subject == "Quarterly review"
    stage.outlook.elsewhere.clear()

    stage.later(hours=1)

    assert stage.link.blocked_by is None
    assert stage.record.draft.subject == "Elsewhere"


def test_a_deleted_event_that_is_opened_is_found_out(stage: Stage) -> None:
    stage.tick()
    stage.outlook.deleted.add(stage.event.id)

    answer = stage.view()

    assert answer.link is not None
    assert stage.row.due_at == stage.clock()


def test_an_unreadable_mailbox_freezes_its_links(stage: Stage) -> None:
    stage.tick()
    stage.outlook.app_may_read = False

    stage.later(hours=1)

    assert stage.link.blocked_by == EndReason.MAILBOX_UNREACHABLE
    assert len(stage.crm.live) == 1
    stage.outlook.app_may_read = True
    stage.later(hours=1)
    assert stage.link.blocked_by is None


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"sync_enabled": False}, "firm_sync_off"),
        ({"mode": "automatic"}, "mode_not_allowed"),
        ({"paused": True}, "paused"),
    ],
)
def test_a_switch_that_goes_off_freezes_and_an_untick_still_works(
    stage: Stage, settings: dict[str, object], code: str
) -> None:
    stage.tick()
    stage.configure(**settings)
    stage.edit(subject="Not to be written")
    stage.later(hours=1)
    assert stage.link.blocked_by == code
    assert stage.record.draft.subject == "Quarterly review"

    stage.untick()

    assert stage.link.state in (LinkState.REMOVING, LinkState.REMOVED)


def test_a_just_saved_event_is_awaited_for_half_an_hour(stage: Stage) -> None:
    with pytest.raises(EventNotFoundError):
        stage.tick("not-there-yet")
    answer = stage.tick("not-there-yet", just_saved=True)
    assert answer.link is not None
    assert answer.link.outstanding == ("event",)
    stage.later(minutes=10)
    assert stage.link.state is LinkState.PENDING

    stage.later(minutes=25)

    assert stage.link.state is LinkState.REMOVED
    assert stage.link.reason == EndReason.EVENT_NOT_FOUND


def test_a_just_saved_event_is_linked_once_it_appears(stage: Stage) -> None:
    stage.tick("late", just_saved=True)
    stage.outlook.add(an_event("late"))

    stage.later(seconds=10)

    assert stage.link.state is LinkState.LINKED


def test_two_id_forms_of_one_event_become_one_link(stage: Stage) -> None:
    """Opened as Y while Graph was silent; later Graph says that Y is the event linked as X."""
    stage.tick()
    stage.outlook.down = 0.0
    stage.tick("other-form")
    stage.outlook.down = None
    stage.outlook.events["other-form"] = stage.now

    stage.settle()

    assert stage.link.state is LinkState.LINKED
    assert stage.wishes.find(stage.callers.resolve(stage.principal), ("other-form",)) == stage.link
    assert len(stage.crm.live) == 1
    stage.untick("other-form")
    assert stage.crm.live == []


def test_an_untick_under_another_id_form_counts(stage: Stage) -> None:
    stage.tick()
    stage.outlook.down = 0.0
    stage.tick("other-form")
    stage.untick("other-form")
    stage.outlook.down = None
    stage.outlook.events["other-form"] = stage.now

    stage.settle()
    stage.later(hours=1)

    assert stage.crm.live == []


def test_text_the_crm_cannot_store_is_written_once(stage: Stage) -> None:
    """The record then differs from the draft for ever, which is no conflict."""
    mended = stage.crm._write

    def write(key: str, draft: object, revision: str | None) -> object:
        return mended(key, replace(draft, subject="mended"), revision)  # type: ignore[type-var]

    stage.crm._write = write  # type: ignore[method-assign, assignment]
    stage.edit(subject="not \x00 storable")
    answer = stage.tick()
    assert answer.link is not None
    assert answer.link.state == "linked"
    revision = stage.record.revision

    stage.later(hours=1)

    assert stage.record.revision == revision


def test_a_record_deleted_in_the_crm_lets_the_link_go_until_a_tick(stage: Stage) -> None:
    stage.tick()
    stage.crm.delete(stage.key)
    stage.later(hours=1)
    assert stage.link.state is LinkState.RELEASED
    assert stage.link.reason == EndReason.DELETED_IN_CRM
    assert not stage.shows_category

    stage.tick()

    assert len(stage.crm.live) == 1
    assert stage.shows_category


def test_an_untick_after_an_edit_takes_the_category_only(stage: Stage) -> None:
    stage.tick()
    stage.crm.edit(stage.key, subject="By hand")

    stage.untick()

    assert not stage.shows_category
    assert [r.draft.subject for r in stage.crm.live] == ["By hand"]
    assert stage.link.reason == EndReason.EDITED_IN_CRM


def test_a_link_ends_when_its_period_is_over(stage: Stage) -> None:
    stage.tick()
    stage.clock.advance(timedelta(days=33))

    stage.drain()

    assert stage.link.reason == EndReason.FINAL
    assert stage.record.draft.sync_status is SyncStatus.FINAL
    assert stage.shows_category
    stage.take_category()
    stage.view()
    stage.drain()
    assert stage.link.reason == EndReason.FINAL
    assert stage.row.due_at is None


def test_a_category_that_may_not_be_written_keeps_nobody_waiting(stage: Stage) -> None:
    stage.outlook.user_may_write = False
    answer = stage.tick()
    assert answer.link is not None
    assert (answer.link.state, answer.link.category) == ("linked", "not_permitted")
    stage.outlook.user_may_write = True

    mended = stage.view()

    assert mended.link is not None
    assert mended.link.category == "set"
    assert stage.shows_category


def test_an_open_form_that_writes_back_old_categories_is_no_untick(stage: Stage) -> None:
    stage.tick()
    stage.clock.advance(timedelta(hours=2))
    stage.take_category(subject="Saved from an open form")

    stage.later(hours=1)

    assert stage.link.state is LinkState.LINKED
    assert stage.shows_category
    assert "category_put_back" in stage.history()
    stage.take_category()
    stage.later(hours=1)
    assert stage.link.state is LinkState.REMOVED


def test_a_renamed_category_moves_along_and_is_no_untick(stage: Stage) -> None:
    stage.tick()
    stage.configure(category_name="Into the CRM")

    stage.later(hours=1)

    assert stage.now.categories == ("Into the CRM",)
    assert stage.link.state is LinkState.LINKED


def test_a_refused_wish_leaves_a_category_put_on_by_hand(stage: Stage) -> None:
    stage.outlook.down = 0.0
    stage.tick()
    stage.outlook.down = None
    stage.put_category(sensitivity=Sensitivity.PRIVATE)

    stage.settle()

    assert stage.link.reason == "private_event"
    assert stage.now.categories == (CATEGORY,)


def test_without_a_server_a_link_is_frozen(stage: Stage) -> None:
    stage.tick()
    with stage.database.write.begin() as session:
        session.execute(
            update(MailboxRow).where(MailboxRow.id == stage.row.mailbox_id).values(server_id=None)
        )

    stage.later(hours=1)

    assert stage.link.blocked_by == "no_online_server"


def test_a_meeting_kept_by_another_calendar_is_refused_when_it_is_seen(stage: Stage) -> None:
    """The wish was stored while Graph was silent, so nobody could refuse it at the door (S3)."""
    stage.outlook.down = 0.0
    stage.tick("imported-copy")
    with stage.database.write.begin() as session:
        mine = session.scalars(select(LinkRow).where(LinkRow.id == stage.row.id)).one()
        colleague = people.add_user(
            session,
            session.get_one(FirmRow, mine.firm_id),
            oid="colleague",
            name="Bob",
            address=None,
            now=stage.clock(),
        )
        session.add(
            LinkRow(
                firm_id=mine.firm_id,
                mailbox_id=colleague.mailbox.id,
                event_id="the-leading-copy",
                ical_uid=stage.event.ical_uid,
                state=LinkState.REMOVED,
                origin=mine.origin,
                wished_by=colleague.user.id,
                created_at=stage.clock(),
            )
        )
        wish = mine.id
    stage.outlook.down = None
    stage.outlook.events["imported-copy"] = replace(stage.now, id="imported-copy")

    stage.settle()

    with stage.database.read() as session:
        refused = session.get_one(LinkRow, wish)
    assert refused.state is LinkState.REMOVED
    assert refused.reason == EndReason.ALREADY_LINKED
    assert stage.crm.records == {}
