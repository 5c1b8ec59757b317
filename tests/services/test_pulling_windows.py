"""New windows beside old cursors, lost cursors, rounds without an end, slices (A16, A20)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from backend.db import watches
from backend.domain.errors import (
    DeltaExpiredError,
    TransientRemoteError,
)
from backend.domain.ports import (
    DeltaPage,
    Touched,
    Window,
)
from backend.services import pulling, reading, rounds
from backend.sql import Database
from tests.support.pulling import Pull, Step, page
from tests.support.stage import create_tables


def test_a_new_window_is_read_beside_the_old_cursor_every_week(pull: Pull) -> None:
    pull.watched()
    pull.clock.advance(timedelta(days=1))

    pull(page(link="old 2"), page(link="seed 2", last=False), page(link="new"))

    assert pull.script.asked[0] == "cursor"
    assert isinstance(pull.script.asked[1], Window)
    assert pull.script.asked[2] == "seed 2"
    assert pull.row.cursor == "new"
    pull(page())
    assert pull.script.asked[-1] == "new"


def test_what_was_deleted_between_two_cursors_is_found(pull: Pull) -> None:
    """A16: an initial round carries no line of what is gone."""
    pull.watched()
    pull.linked()
    pull.clock.advance(timedelta(days=8))

    outcome = pull(page(link="old 2"), page(link="new"))

    row = pull.stage.row
    assert (row.due_at, row.off_delta, outcome.found_something) == (pull.clock(), True, True)


def test_what_the_new_window_shows_is_marked_and_left_in_peace(pull: Pull) -> None:
    pull.watched()
    link = pull.linked()
    pull.clock.advance(timedelta(days=8))
    shown = Touched(pull.event(modified_at=link.looked_at_version))

    pull(page(link="old 2"), page(shown, link="seed 2", last=False), page(link="new"))

    assert not pull.is_rung()
    assert pull.stage.row.off_delta is False
    assert pull.stage.row.seed_id is not None


@pytest.mark.parametrize(
    ("values", "rung"),
    [
        ({"event_end": None}, True),
        ({"days": 600}, False),
        ({"days": -50}, False),
        ({"state": "released", "reason": "edited_in_crm"}, True),
        ({"state": "released", "reason": "final"}, False),
        ({"state": "removed", "undo": 1}, True),
        ({"state": "removed", "undo": -1}, False),
        ({"created": 9}, False),
    ],
)
def test_only_what_matters_and_should_have_been_shown_is_swept(
    pull: Pull, values: dict[str, Any], rung: bool
) -> None:
    pull.watched()
    pull.linked()
    pull.clock.advance(timedelta(days=8))
    now = pull.clock()
    changed = dict(values)
    if (days := changed.pop("days", None)) is not None:
        changed["event_end"] = now + timedelta(days=days)
    if (undo := changed.pop("undo", None)) is not None:
        changed["undo_until"] = now + timedelta(days=undo)
    if (created := changed.pop("created", None)) is not None:
        changed["created_at"] = now + timedelta(seconds=created)
    pull.change_link(**changed)

    pull(page(link="old 2"), page(link="new"))

    assert pull.is_rung() is rung


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_a_lost_cursor_means_a_new_window_after_a_moment(pull: Pull, chance: float) -> None:
    """410 and its variants; the mailboxes of a firm do not start over in one instant."""
    pull.watched()
    pull.linked()
    pull.chance = chance

    outcome = pull(DeltaExpiredError(system="graph", status=410))

    row = pull.row
    assert outcome.due_at == row.due_at == row.reseed_at
    assert row.due_at is not None
    pause = (row.due_at - pull.clock()).total_seconds()
    assert pause == pytest.approx(2 if chance == 0 else 63)
    assert (row.cursor, row.window_start, row.problem_since) == (None, None, None)
    pull.clock.advance(timedelta(seconds=pause))
    pull(page(link="new"))
    assert pull.row.cursor == "new"
    assert pull.is_rung()


def test_a_seed_whose_link_died_begins_again_and_the_old_cursor_goes_on(pull: Pull) -> None:
    pull.watched()
    pull.clock.advance(timedelta(days=1))

    outcome = pull(
        page(link="old 2"),
        page(link="seed 2", last=False),
        DeltaExpiredError(system="graph", status=410),
    )

    assert (pull.row.cursor, pull.row.seed_id) == ("old 2", None)
    assert outcome.due_at is not None
    pull.clock.advance(outcome.due_at - pull.clock())
    pull(page(link="old 3"), page(link="new"))
    assert isinstance(pull.script.asked[-1], Window)
    assert pull.row.cursor == "new"


def test_a_seed_goes_on_when_the_old_cursor_dies_meanwhile(pull: Pull) -> None:
    pull.watched()
    pull.clock.advance(timedelta(days=1))
    pull.chance = 0.0
    slow = [page(link=f"seed {n}", last=False) for n in range(reading.SLICE_PAGES - 1)]
    pull(page(link="old 2"), *slow)

    pull(DeltaExpiredError(system="graph", status=410))
    pull(page(link="new"))

    assert pull.script.asked[-1] == f"seed {reading.SLICE_PAGES - 2}"
    assert pull.row.cursor == "new"


@pytest.mark.parametrize("where", ["same link", "same items", "too many pages"])
def test_a_round_without_an_end_is_given_up_for_a_while(
    pull: Pull, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph docs, field reports: endless next links with identical pages."""
    pull.watched()
    item = Touched(pull.stage.now)
    endless: list[Step]
    match where:
        case "same link":
            endless = [page(link="cursor", last=False)]
        case "same items":
            endless = [page(item, link=f"{n}", last=False) for n in range(3)]
        case _:
            monkeypatch.setattr(rounds, "MOST_PAGES", 5)
            endless = [page(link=f"{n}", last=False) for n in range(5)]

    outcome = pull(*endless)

    assert outcome.due_at == pull.clock() + timedelta(minutes=15)
    assert (pull.row.cursor, pull.row.attempts) == (None, 1)


def test_settings_that_change_during_a_look_void_what_it_read(pull: Pull) -> None:
    pull.watched()
    pull.linked()

    def meanwhile() -> DeltaPage:
        from backend.db.crowds import Crowd

        with pull.database.write.begin() as session:
            watches.reseed(session, Crowd(mailbox_id=pull.mailbox_id), pull.clock())
        return page(Touched(pull.edited(subject="Other")), link="never kept")

    outcome = pull(meanwhile)

    assert not pull.is_rung()
    assert (pull.row.cursor, outcome.due_at) == ("cursor", pull.clock())
    pull(page(link="cursor 2"), page(link="new"))
    assert pull.row.cursor == "new"


def test_a_long_pull_works_in_slices_and_goes_on_where_it_stood(pull: Pull) -> None:
    def slow(number: int) -> Callable[[], DeltaPage]:
        def answer() -> DeltaPage:
            pull.clock.advance(timedelta(seconds=4))
            return page(link=f"page {number}", last=False)

        return answer

    outcome = pull(slow(1), slow(2), slow(3))

    row = pull.row
    assert (outcome.due_at, row.lease_token) == (pull.clock(), None)
    assert (row.seed_pages, row.seed_link, row.checked_at) == (3, "page 3", None)
    pull(page(link="cursor"))
    assert pull.script.asked[-1] == "page 3"


def test_a_long_pull_yields_to_a_person(pull: Pull) -> None:
    pull.linked()
    lease = pull.claim()
    pull.change_link(urgent=True, due_at=pull.clock())
    pull.script.steps = [page(link="page 2", last=False)]

    outcome = pull.pulling.pull(lease)

    assert (outcome.due_at, pull.row.lease_token) == (pull.clock(), None)
    with pull.database.write.begin() as session:
        assert watches.claim(session, pull.clock(), pulling.LEASE_LENGTH) is None


def test_a_lease_that_would_not_outlive_a_call_is_given_back(pull: Pull) -> None:
    def slow() -> DeltaPage:
        pull.clock.advance(pulling.LEASE_LENGTH - timedelta(seconds=10))
        return page(link="page 2", last=False)

    assert pull(slow).due_at == pull.clock()


def test_a_lease_that_ran_out_stores_nothing(pull: Pull) -> None:
    pull.watched()
    pull.linked()

    def meanwhile() -> DeltaPage:
        pull.clock.advance(pulling.LEASE_LENGTH)
        pull.claim()
        return page(Touched(pull.edited(subject="Other")), link="never kept")

    pull(meanwhile)

    assert pull.row.cursor == "cursor"
    assert pull.row.lease_token is not None
    assert not pull.is_rung()


@pytest.fixture
def overlapping(database: Database) -> Pull:
    create_tables(database)
    return Pull(database, overlaps=True)


def test_the_next_page_is_asked_for_while_one_is_stored(overlapping: Pull) -> None:
    """B5: a first pull takes hardly longer than the pages do; still one call at a time."""
    pull = overlapping
    pull.linked()
    event = pull.edited(subject="Other")
    second_asked = threading.Event()

    def second() -> DeltaPage:
        second_asked.set()
        return page(link="page 3", last=False)

    def contacts(name: str) -> None:
        if name == "crm.contacts:before":
            assert second_asked.wait(5)

    pull.stage.crm.gate = contacts
    pull(page(Touched(event), link="page 2", last=False), second, page(link="cursor"))

    assert pull.script.asked[1:] == ["page 2", "page 3"]
    assert pull.row.cursor == "cursor"
    assert pull.is_rung()


def test_a_page_that_failed_ahead_fails_when_its_turn_comes(overlapping: Pull) -> None:
    pull = overlapping

    outcome = pull(page(link="page 2", last=False), TransientRemoteError(system="graph"))

    row = pull.row
    assert (row.seed_link, row.attempts) == ("page 2", 1)
    assert outcome.due_at == pull.clock() + timedelta(seconds=2)


def test_what_was_read_ahead_for_nothing_is_read_again(overlapping: Pull) -> None:
    """A person waits: the lease goes back, and the page that was under way is not stored."""
    pull = overlapping
    pull.linked()
    lease = pull.claim()
    pull.change_link(urgent=True, due_at=pull.clock())
    pull.script.steps = [page(link="page 2", last=False), page(link="page 3", last=False)]

    pull.pulling.pull(lease)

    assert pull.row.seed_link == "page 2"
    pull.change_link(urgent=False, due_at=None)
    pull(page(link="cursor"))
    assert pull.script.asked[1:] == ["page 2", "page 2"]
