"""What a notification makes due, what it does not, and who is not believed."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from backend.db import links
from backend.db.models import LinkRow, MailboxRow, WatchRow
from backend.services.notifications import (
    Lifecycle,
    Notice,
    Notifications,
    NotStoredError,
    Receipt,
    change_key_of,
)
from backend.services.subscriptions import ClientStates
from tests.services.conftest import Stage

STATES = ClientStates([b"new", b"old"])
RAW = bytes(range(22))
KEY = base64.b64encode(RAW).decode()
LONG_ETAG = f'W/"{base64.b64encode(bytes.fromhex("0f00000016000000") + RAW).decode()}"'
MINUTE = timedelta(minutes=1)


class Notified:
    """A mailbox with a subscription, told of by Graph."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.rings: list[tuple[str, float]] = []
        self.notifications = Notifications(
            stage.database,
            STATES,
            stage.clock,
            lambda kind, delay: self.rings.append((kind, delay)),
        )
        with stage.database.read() as session:
            self.mailbox_id = session.scalars(select(MailboxRow.id)).one()
        self.subscription_id = f"subscription-{self.mailbox_id}"
        self.set(subscription_id=self.subscription_id, due_at=self.now + 15 * MINUTE)

    @property
    def now(self) -> datetime:
        return self.stage.clock()

    @property
    def row(self) -> WatchRow:
        with self.stage.database.read() as session:
            return session.get_one(WatchRow, self.mailbox_id)

    def set(self, **values: Any) -> None:
        with self.stage.database.write.begin() as session:
            session.execute(
                update(WatchRow).where(WatchRow.mailbox_id == self.mailbox_id).values(**values)
            )

    def notice(self, **changes: Any) -> Notice:
        return Notice(
            **{
                "subscription_id": self.subscription_id,
                "client_state": STATES.of(self.mailbox_id),
            }
            | changes
        )

    def take(self, *notices: Notice) -> Receipt:
        return self.notifications.take(notices or (self.notice(),))

    def add_link(self, **values: Any) -> Callable[[], LinkRow]:
        """A linked event due in a day; answers how to read its row."""
        link_id = links_of(self.stage, self.mailbox_id)
        values = {"due_at": self.now + timedelta(days=1), "urgent": False} | values
        with self.stage.database.write.begin() as session:
            session.execute(update(LinkRow).where(LinkRow.id == link_id).values(**values))

        def read() -> LinkRow:
            with self.stage.database.read() as session:
                return session.get_one(LinkRow, link_id)

        return read


def links_of(stage: Stage, mailbox_id: str) -> str:
    stage.tick()
    with stage.database.read() as session:
        return session.scalars(select(LinkRow.id).where(LinkRow.mailbox_id == mailbox_id)).one()


@pytest.fixture
def notified(stage: Stage) -> Notified:
    return Notified(stage)


# What becomes due


def test_a_change_makes_its_mailbox_due_in_five_seconds_and_again_in_a_minute(
    notified: Notified,
) -> None:
    before = notified.row.ring_seq

    assert notified.take() == Receipt(accepted=1)

    row = notified.row
    assert row.due_at == notified.now + timedelta(seconds=5)
    assert row.again_at == notified.now + MINUTE
    assert row.notified_at == notified.now
    assert row.ring_seq == before + 1
    assert notified.rings == [("drain_mailboxes", 5.0)]


def test_a_mailbox_that_waits_for_nobody_becomes_due(notified: Notified) -> None:
    notified.set(due_at=None)

    notified.take()

    assert notified.row.due_at == notified.now + timedelta(seconds=5)


def test_an_earlier_time_is_never_put_off(notified: Notified) -> None:
    earlier = notified.now + timedelta(seconds=2)
    notified.set(due_at=earlier)

    notified.take()

    assert notified.row.due_at == earlier
    assert notified.rings == [], "whoever made it due so soon has rung"


def test_a_burst_is_one_write_and_one_ring(notified: Notified) -> None:
    before = notified.row.ring_seq

    notified.take(*[notified.notice(event_id=f"event-{n}") for n in range(100)])
    for _ in range(20):
        notified.stage.clock.advance(timedelta(milliseconds=100))
        notified.take()

    assert notified.row.ring_seq == before + 21
    assert notified.row.due_at == notified.now + timedelta(seconds=3)
    assert notified.row.again_at == notified.now + MINUTE
    assert notified.rings == [("drain_mailboxes", 5.0)]


def test_nothing_is_nothing(notified: Notified) -> None:
    assert notified.notifications.take([]) == Receipt()
    assert notified.rings == []


# Links that are known


def test_the_link_of_the_event_is_looked_at_without_waiting_for_the_pull(
    notified: Notified,
) -> None:
    link = notified.add_link()
    event_id, before = link().event_id, link()

    notified.take(notified.notice(event_id=event_id, etag=LONG_ETAG))

    after = link()
    assert after.due_at == notified.now + timedelta(seconds=2)
    assert (after.ring_seq, after.version) == (before.ring_seq + 1, before.version)
    assert after.urgent is False, "people come first"
    assert ("drain_links", 2.0) in notified.rings


def test_the_echo_of_our_own_write_needs_no_look(notified: Notified) -> None:
    link = notified.add_link(own_change_key=KEY)
    due_at = link().due_at

    notified.take(*[notified.notice(event_id=link().event_id, etag=LONG_ETAG)] * 2)

    assert link().due_at == due_at
    assert notified.row.due_at == notified.now + timedelta(seconds=5), "the pull still looks"


@pytest.mark.parametrize(
    "etags", [[LONG_ETAG, 'W/"other"'], [None], ['W/"other"'], ["rubbish"], [""]]
)
def test_anything_but_the_echo_alone_is_looked_at(
    notified: Notified, etags: list[str | None]
) -> None:
    link = notified.add_link(own_change_key=KEY)

    notified.take(*[notified.notice(event_id=link().event_id, etag=etag) for etag in etags])

    assert link().due_at == notified.now + timedelta(seconds=2)


def test_without_a_write_of_ours_there_is_no_echo(notified: Notified) -> None:
    link = notified.add_link(own_change_key=None)

    notified.take(notified.notice(event_id=link().event_id))

    assert link().due_at == notified.now + timedelta(seconds=2)


def test_an_earlier_look_is_kept_and_an_unticked_event_left_alone(notified: Notified) -> None:
    link = notified.add_link(due_at=notified.now + timedelta(seconds=1))
    notice = notified.notice(event_id=link().event_id)

    notified.take(notice)
    assert link().due_at == notified.now + timedelta(seconds=1)

    notified.stage.untick()
    notified.stage.work.drain_links()
    before = link()
    assert before.state == "removed"
    notified.take(notice)
    assert link().ring_seq == before.ring_seq


def test_an_event_of_another_mailbox_is_not_looked_at(stage: Stage) -> None:
    """Ids of one mailbox mean nothing in another one."""
    notified = Notified(stage)
    other = Stage(stage.database)
    other.tick()
    with stage.database.write.begin() as session:
        row = session.scalars(
            select(LinkRow).where(LinkRow.mailbox_id != notified.mailbox_id)
        ).one()
        foreign, before = row.event_id, row.ring_seq

    notified.take(notified.notice(event_id=foreign))

    with stage.database.read() as session:
        assert session.scalars(select(LinkRow)).one().ring_seq == before


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_link_somebody_works_on_does_not_hold_up_the_answer(notified: Notified) -> None:
    """SQLite's writers queue, so there is no row to pass by."""
    link = notified.add_link()
    event_id, link_id = link().event_id, link().id
    answered = threading.Event()

    def take() -> None:
        notified.take(notified.notice(event_id=event_id))
        answered.set()

    with notified.stage.database.write.begin() as session:
        links.lock(session, link_id)
        threading.Thread(target=take, daemon=True).start()
        assert answered.wait(5)

    assert notified.row.due_at == notified.now + timedelta(seconds=5)


# Who is not believed


@pytest.mark.parametrize("state", ["", "guess", "ä", "0" * 64])
def test_a_forged_state_rings_nobody(notified: Notified, state: str) -> None:
    link = notified.add_link()
    before = (notified.row.ring_seq, link().ring_seq)

    receipt = notified.take(notified.notice(client_state=state, event_id=link().event_id))

    assert receipt == Receipt(forged=1)
    assert (notified.row.ring_seq, link().ring_seq) == before
    assert notified.rings == []


def test_another_mailboxes_state_is_forged_here(notified: Notified) -> None:
    assert notified.take(notified.notice(client_state=STATES.of("another"))) == Receipt(forged=1)


def test_a_state_of_an_older_key_is_still_believed(notified: Notified) -> None:
    old = ClientStates([b"old"]).of(notified.mailbox_id)

    assert notified.take(notified.notice(client_state=old)) == Receipt(accepted=1)


def test_unknown_and_forged_items_do_not_spoil_the_others(notified: Notified) -> None:
    receipt = notified.take(
        notified.notice(subscription_id="unknown"),
        notified.notice(client_state="forged"),
        notified.notice(lifecycle=Lifecycle.MISSED),
        notified.notice(),
    )

    assert receipt == Receipt(accepted=2, unknown=1, forged=1)
    assert notified.row.due_at == notified.now + timedelta(seconds=5)


# Lifecycle


def test_a_subscription_that_wants_to_be_reauthorized_is_due_for_its_renewal(
    notified: Notified,
) -> None:
    notified.set(subscription_due_at=notified.now + 3 * 24 * 60 * MINUTE)

    notified.take(*[notified.notice(lifecycle=Lifecycle.REAUTHORIZE)] * 3)

    row = notified.row
    assert row.subscription_due_at == notified.now
    assert row.subscription_id == notified.subscription_id
    assert row.due_at == notified.now + timedelta(seconds=5), "the pull renews it"


def test_a_removed_subscription_is_forgotten_and_due(notified: Notified) -> None:
    end = notified.now + 3 * 24 * 60 * MINUTE
    notified.set(subscription_due_at=end, subscription_expires_at=end)

    notified.take(notified.notice(lifecycle=Lifecycle.REMOVED))

    row = notified.row
    assert (row.subscription_id, row.subscription_expires_at) == (None, None)
    assert row.subscription_due_at == notified.now
    assert row.due_at == notified.now + timedelta(seconds=5)


def test_a_late_word_of_removal_does_not_touch_the_next_subscription(notified: Notified) -> None:
    late = notified.notice(lifecycle=Lifecycle.REMOVED)
    notified.set(subscription_id="the next one")

    assert notified.take(late) == Receipt(unknown=1)
    assert notified.row.subscription_id == "the next one"


def test_missed_notifications_are_made_up_for_by_a_pull(notified: Notified) -> None:
    notified.set(subscription_due_at=notified.now + 15 * MINUTE)

    notified.take(notified.notice(lifecycle=Lifecycle.MISSED))

    row = notified.row
    assert row.due_at == notified.now + timedelta(seconds=5)
    assert row.subscription_due_at == notified.now + 15 * MINUTE


# When the database does not answer


def test_what_cannot_be_stored_is_said_so(
    notified: Notified, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    monkeypatch.setattr("backend.db.subscriptions.find_subscribers", busy)

    with pytest.raises(NotStoredError):
        notified.take()


def test_a_mistake_of_ours_is_not_taken_for_weather(
    notified: Notified, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr("backend.db.subscriptions.find_subscribers", wrong)

    with pytest.raises(ValueError):
        notified.take()


# Etags


@pytest.mark.parametrize(
    ("etag", "key"),
    [
        (LONG_ETAG, KEY),
        (f'W/"{KEY}"', KEY),
        ('W/"not base64!"', "not base64!"),
        ('W/""', ""),
        (None, None),
        ("", None),
        (KEY, None),
    ],
)
def test_the_change_key_of_an_etag(etag: str | None, key: str | None) -> None:
    assert change_key_of(etag) == key
