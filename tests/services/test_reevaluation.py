"""S6: after a change of settings whatever it may concern is judged again, in the same commit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backend.db import crowds, people
from backend.db.crowds import Crowd
from backend.db.models import FirmRow, LinkRow, UserRow
from backend.domain.crm import Contact
from backend.domain.policy import SyncMode, UserAddress
from backend.services.answers import Preferences
from backend.services.people import People
from backend.services.reevaluation import judge_again
from tests.support.fake_sides import open_gate
from tests.support.stage import CATEGORY, Stage


def firm_changed(stage: Stage, *, is_category_renamed: bool = False) -> None:
    with stage.database.write.begin() as session:
        firm = session.scalars(select(FirmRow).where(FirmRow.tenant_id == stage.tenant_id)).one()
        judge_again(
            session,
            Crowd(firm_id=firm.id),
            stage.clock(),
            is_category_renamed=is_category_renamed,
        )


def people_of(stage: Stage) -> tuple[People, list[tuple[str, float]]]:
    rings: list[tuple[str, float]] = []
    people = People(
        stage.database, stage.callers, stage.clock, lambda kind, delay: rings.append((kind, delay))
    )
    return people, rings


def settle(stage: Stage) -> None:
    """Everything is read and looked at, nothing is due."""
    stage.work.drain_mailboxes()
    stage.settle()


def test_a_new_member_is_pulled_at_once_and_activated(stage: Stage) -> None:
    watch = stage.watch_row

    assert watch.due_at == watch.reseed_at == stage.clock()
    with stage.database.read() as session:
        user = session.scalars(select(UserRow).where(UserRow.oid == stage.oid)).one()
        assert user.activated_at == stage.clock()


def test_what_rules_look_at_starts_a_full_pull_and_makes_live_links_due(stage: Stage) -> None:
    stage.tick()
    settle(stage)
    people, rings = people_of(stage)
    stage.clock.advance(timedelta(minutes=1))

    people.update_me(stage.principal, Preferences(mode=SyncMode.AUTOMATIC))

    assert stage.watch_row.reseed_at == stage.watch_row.due_at == stage.clock()
    assert stage.row.due_at == stage.clock()
    assert {kind for kind, _delay in rings} == {"drain_mailboxes", "drain_links"}
    stage.drain()
    assert stage.link.blocked_by == "mode_not_allowed"
    people.update_me(stage.principal, Preferences(mode=SyncMode.COMBINED))
    stage.drain()
    assert stage.link.blocked_by is None


@pytest.mark.parametrize(
    "preferences",
    [
        Preferences(default_visibility="me"),
        Preferences(mode=SyncMode.COMBINED, block_list=()),
    ],
)
def test_what_no_rule_looks_at_or_is_no_change_starts_nothing(
    stage: Stage, preferences: Preferences
) -> None:
    settle(stage)
    before = stage.watch_row
    people, rings = people_of(stage)

    people.update_me(stage.principal, preferences)

    after = stage.watch_row
    assert (after.reseed_at, after.ring_seq, rings) == (before.reseed_at, before.ring_seq, [])


def test_more_contact_types_select_more_of_what_is_there(stage: Stage) -> None:
    stage.crm.contacts["ben@client.example"] = (Contact("c", "Ben", types=("Vendor",)),)
    stage.clock.advance(timedelta(hours=1))
    stage.edit(created_at=stage.clock())
    settle(stage)
    assert stage.find_row() is None
    stage.configure(contact_types=["Vendor"])

    firm_changed(stage)
    settle(stage)

    assert stage.row.because == "Ben is a Vendor"
    assert len(stage.crm.live) == 1


def test_fewer_contact_types_take_no_record_away(stage: Stage) -> None:
    stage.crm.contacts["ben@client.example"] = (Contact("c", "Ben", types=("Client",)),)
    stage.clock.advance(timedelta(hours=1))
    stage.edit(created_at=stage.clock())
    settle(stage)
    assert len(stage.crm.live) == 1
    stage.configure(contact_types=[])

    firm_changed(stage)
    settle(stage)

    assert (stage.link.state.value, stage.link.blocked_by) == ("linked", None)
    assert len(stage.crm.live) == 1


def test_another_name_of_the_category_is_nobodys_untick(stage: Stage) -> None:
    """Even where the old name went from the event at the same time."""
    stage.tick()
    stage.clock.advance(timedelta(minutes=20))
    stage.take_category()
    stage.configure(category_name="In the CRM")

    firm_changed(stage, is_category_renamed=True)
    settle(stage)

    assert stage.link.state.value == "linked"
    assert stage.now.categories == ("In the CRM",)
    assert CATEGORY not in stage.now.categories


def test_members_enabled_by_the_firms_own_switch_are_activated_then(stage: Stage) -> None:
    with stage.database.write.begin() as session:
        user = session.scalars(select(UserRow).where(UserRow.oid == stage.oid)).one()
        user.activated_at, user.enabled_by_admin, user.enabled_by_user = None, None, True
    stage.configure(users_may_enable=False)
    stage.clock.advance(timedelta(days=1))
    firm_changed(stage)
    assert _activated_at(stage) is None

    stage.configure(users_may_enable=True)
    firm_changed(stage)

    assert _activated_at(stage) == stage.clock()


def _activated_at(stage: Stage) -> object:
    with stage.database.read() as session:
        return session.scalars(select(UserRow.activated_at).where(UserRow.oid == stage.oid)).one()


# -- records that no longer qualify ----------------------------------------------------------------


def under_review(stage: Stage) -> None:
    """An automatic record whose type is not chosen any more, and an admin who wants it gone."""
    stage.crm.contacts["ben@client.example"] = (Contact("c", "Ben", types=("Client",)),)
    stage.clock.advance(timedelta(hours=1))
    stage.edit(created_at=stage.clock())
    settle(stage)
    assert len(stage.crm.live) == 1
    stage.configure(contact_types=[])
    whose = Crowd(mailbox_id=stage.mailbox_id)
    with stage.database.write.begin() as session:
        now = stage.clock()
        crowds.ring_wanted(session, whose, now, review_until=now + timedelta(days=7))


def test_a_record_that_no_longer_qualifies_goes_in_a_review_and_a_tick_brings_it_back(
    stage: Stage,
) -> None:
    under_review(stage)
    with stage.database.read() as session:
        [followed] = crowds.followed(session, stage.mailbox_id)

    settle(stage)
    gone = stage.link.state.value, stage.link.reason, len(stage.crm.live)
    stage.tick()
    settle(stage)

    assert followed.event_id == stage.event.id
    assert gone == ("removed", "no_selected_contact_type", 0)
    assert (stage.link.state.value, len(stage.crm.live)) == ("linked", 1)
    assert "no_longer_qualifies" in stage.history()


def test_whoever_ticks_before_the_review_comes_keeps_the_record(stage: Stage) -> None:
    under_review(stage)

    stage.tick()
    settle(stage)

    assert (stage.link.state.value, stage.link.review_until) == ("linked", None)
    assert len(stage.crm.live) == 1


@pytest.mark.parametrize("during", ["crm.find:after", "graph.patch:after"])
def test_a_walk_that_knows_the_old_settings_only_takes_nothing_away_in_a_review(
    stage: Stage, during: str
) -> None:
    """The admin's choice goes with his own settings, by which the record qualifies again."""
    under_review(stage)
    with stage.database.write.begin() as session:
        session.execute(update(LinkRow).values(review_until=None))
    stage.edit(subject="Lunch", categories=() if "patch" in during else stage.event.categories)

    def admin_saves(name: str) -> None:
        if name == during:
            stage.outlook.gate = stage.crm.gate = open_gate
            stage.configure(contact_types=["Client"])
            now, whose = stage.clock(), Crowd(mailbox_id=stage.mailbox_id)
            with stage.database.write.begin() as session:
                judge_again(session, whose, now, review_until=now + timedelta(days=7))

    stage.outlook.gate = stage.crm.gate = admin_saves
    settle(stage)

    assert stage.crm.gate is open_gate
    assert "no_longer_qualifies" not in stage.history()
    assert (stage.link.state.value, stage.link.review_until) == ("linked", None)
    assert len(stage.crm.live) == 1


def test_a_review_waits_for_a_crm_that_is_down(stage: Stage) -> None:
    under_review(stage)
    stage.crm.down = True
    settle(stage)
    waits = stage.row.review_until

    stage.crm.down = False
    stage.clock.advance(timedelta(minutes=10))
    settle(stage)

    assert waits is not None
    assert stage.crm.live == []


# -- which address identifies a user ---------------------------------------------------------------


def test_the_kind_of_address_decides_for_users_of_whom_the_directory_has_told(stage: Stage) -> None:
    def address() -> str | None:
        with stage.database.read() as session:
            return session.scalars(select(UserRow.address).where(UserRow.oid == stage.oid)).one()

    def identify_by(kind: UserAddress) -> None:
        with stage.database.write.begin() as session:
            people.identify_by(session, stage.mailbox().firm_id, kind)

    before = address()
    identify_by(UserAddress.PRINCIPAL_NAME)
    untold = address()
    with stage.database.write.begin() as session:
        session.execute(update(UserRow).values(mail="ann@firm.example", principal_name=None))
    with stage.database.read() as session:
        firm_id = stage.mailbox().firm_id
        would_leave = people.count_without(session, firm_id, UserAddress.PRINCIPAL_NAME)
    identify_by(UserAddress.PRINCIPAL_NAME)
    without = address()
    identify_by(UserAddress.MAIL)

    assert untold == before
    assert (would_leave, without, address()) == (1, None, "ann@firm.example")
