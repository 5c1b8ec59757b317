"""A look at a mailbox against a scripted delta: what it costs and what it rings (S4, A15)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import update

from backend.db import watches
from backend.db.models import LinkRow
from backend.domain.ports import (
    Touched,
    TouchedOccurrence,
    Vanished,
    Window,
)
from backend.services import pulling, reading
from tests.support.pulling import Pull, page


def test_the_first_look_reads_the_window_and_keeps_the_cursor(pull: Pull) -> None:
    outcome = pull(page(link="page 2", last=False), page(link="cursor"))

    now = pull.clock()
    window = Window(now - timedelta(days=38), now + timedelta(days=556))
    row = pull.row
    assert pull.script.asked == [window, "page 2"]
    assert (row.cursor, row.window_start, row.window_end) == ("cursor", window.start, window.end)
    assert (row.checked_at, row.seed_id, row.lease_token) == (now, None, None)
    assert row.reseed_at == now + timedelta(days=1)
    assert outcome.due_at == row.due_at == now + timedelta(minutes=15)


def test_an_idle_look_is_one_request_and_three_statements(pull: Pull) -> None:
    """Architecture §8; and it does not grow with what is linked (claim, owner, one update)."""
    pull.watched()
    pull.linked()
    with pull.database.write.begin() as session:
        watches.ring(session, pull.mailbox_id, pull.clock())
    statements: list[str] = []
    for engine in (pull.database.write_engine, pull.database.read_engine):
        sqlalchemy_event.listen(
            engine,
            "before_cursor_execute",
            lambda _c, _cursor, statement, *_: statements.append(statement),
        )
    pull.script.steps = [page(link="cursor 2")]

    with pull.database.write.begin() as session:
        lease = watches.claim(session, pull.clock(), pulling.LEASE_LENGTH)
    assert lease is not None
    pull.pulling.pull(lease)

    spoken = [s.split()[0] for s in statements if not s.startswith("BEGIN")]
    assert spoken == ["UPDATE", "SELECT", "UPDATE"]
    assert pull.script.asked == ["cursor"]
    row = pull.row
    assert (row.cursor, row.checked_at, row.lease_token) == ("cursor 2", pull.clock(), None)
    assert pull.mailbox.changed_at is None


@pytest.mark.parametrize(("chance", "minutes"), [(0.0, 15), (1.0, 10)])
def test_the_next_look_is_within_a_quarter_of_an_hour(
    pull: Pull, chance: float, minutes: int
) -> None:
    pull.watched()
    pull.chance = chance

    assert pull(page()).due_at == pull.clock() + timedelta(minutes=minutes)


def test_a_notification_asks_for_a_second_look_a_minute_later(pull: Pull) -> None:
    """Changes become visible late (Graph docs: delta)."""
    pull.watched()
    again = pull.clock() + timedelta(seconds=60)
    with pull.database.write.begin() as session:
        watches.ring(session, pull.mailbox_id, pull.clock(), again_at=again)

    assert pull(page()).due_at == again
    pull.clock.advance(timedelta(seconds=60))
    assert pull(page()).due_at == pull.clock() + timedelta(minutes=15)
    assert pull.row.again_at is None


def test_an_empty_page_is_not_the_end(pull: Pull) -> None:
    pull.watched()
    pull.linked()
    touched = Touched(pull.edited(subject="Other"))

    pull(page(last=False, link="a"), page(last=False, link="b"), page(touched))

    assert pull.is_rung()


def test_a_changed_event_makes_its_link_due_and_says_when(pull: Pull) -> None:
    pull.watched()
    pull.linked(off_delta=True)
    event = pull.edited(subject="Other")

    outcome = pull(page(Touched(event)))

    row = pull.stage.row
    assert (row.due_at, row.off_delta, row.urgent) == (pull.clock(), False, False)
    assert (row.looked_at_version, row.last_change_seen_at) == (event.modified_at, pull.clock())
    assert pull.mailbox.changed_at == pull.clock()
    assert outcome.found_something


def test_a_look_older_than_the_delta_item_proves_nothing(pull: Pull) -> None:
    """R5: the item is one of the sources; a GET that lags behind it is repeated."""
    pull.watched()
    pull.linked()
    pull(page(Touched(pull.edited(subject="Other"))))
    pull.stage.outlook.stale_reads = 1

    assert pull.stage.drain() == 1
    assert pull.stage.record.draft.subject == "Quarterly review"
    pull.stage.later(seconds=6)
    assert pull.stage.record.draft.subject == "Other"


def test_replays_and_our_own_echo_cost_no_look(pull: Pull) -> None:
    pull.watched()
    link = pull.linked(own_change_key="ours")
    known = pull.event(modified_at=link.looked_at_version, change_key="theirs")
    echo = pull.event(modified_at=known.modified_at + timedelta(seconds=1), change_key="ours")

    pull(page(Touched(known), Touched(known), Touched(echo)))

    assert not pull.is_rung()
    pull.change_link(off_delta=True)
    pull(page(Touched(echo)))
    assert pull.is_rung()


def test_our_own_write_is_remembered_as_such(pull: Pull) -> None:
    """Set where Outlook's answer to our PATCH is kept."""
    pull.stage.outlook.events[pull.stage.event.id] = pull.event(change_key="after our write")
    pull.stage.tick()

    assert pull.stage.row.own_change_key == "after our write"


@pytest.mark.parametrize("by_other_id", [False, True])
def test_what_vanished_is_looked_at_and_not_believed(pull: Pull, by_other_id: bool) -> None:
    pull.watched()
    pull.linked()
    event_id = pull.stage.event.id
    if by_other_id:
        pull.change_link(event_id="other id")
        with pull.database.write.begin() as session:
            session.execute(
                update(LinkRow).where(LinkRow.id == pull.stage.row.id).values(event_id="other id")
            )
            from backend.db import links

            row = links.lock(session, pull.stage.row.id)
            assert row is not None
            links.remember_id(session, row, event_id)

    pull(page(Vanished(event_id), Vanished("of somebody else")))

    row = pull.stage.row
    assert (row.due_at, row.off_delta, row.state) == (pull.clock(), True, "linked")


def test_the_last_line_of_an_event_counts(pull: Pull) -> None:
    pull.watched()
    pull.linked()
    event = pull.edited(subject="Other")

    pull(page(Vanished(event.id), Touched(event)))
    assert pull.stage.row.off_delta is False
    pull(page(Touched(event), Vanished(event.id)))
    assert pull.stage.row.off_delta is True


def test_an_occurrence_of_a_linked_series_makes_the_link_due(pull: Pull) -> None:
    """Turned recurring: the delta tells its occurrences by ids only (L5)."""
    pull.watched()
    pull.linked()

    pull(page(TouchedOccurrence("occurrence", "another series"), TouchedOccurrence("lonely", None)))
    assert not pull.is_rung()
    pull(page(TouchedOccurrence("occurrence", pull.stage.event.id)))
    assert pull.is_rung()


def test_a_person_stays_first_when_the_delta_rings_too(pull: Pull) -> None:
    pull.watched()
    pull.linked()
    lease = pull.claim()
    pull.change_link(urgent=True, due_at=pull.clock() - timedelta(minutes=1))
    pull.script.steps = [page(Touched(pull.edited(subject="Other")))]

    pull.pulling.pull(lease)

    row = pull.stage.row
    assert (row.urgent, row.due_at) == (True, pull.clock() - timedelta(minutes=1))


def test_unreadable_items_are_counted_and_do_not_stop_the_round(pull: Pull) -> None:
    before = reading.UNREADABLE._value.get()

    pull(page(link="cursor", unreadable=2))

    assert reading.UNREADABLE._value.get() - before == 2
    assert pull.row.cursor == "cursor"
