"""The storm's own parts: its looks into logs, and what its journal says of acts in the CRM."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.storm.invariants import failures_in_logs
from tests.storm.journal import Journal, Trail
from tests.storm.meetings import attendee
from tests.storm.world import CATEGORY, Contact, Firm, Member, Word, World

NOW = datetime(2031, 3, 3, 9, tzinfo=UTC)
OWNER = "jane@firm.example"
CLIENT = "ben@client.example"
WORLD = World(
    now=NOW,
    began=NOW,
    firm=Firm("tenant", frozenset({"firm.example"})),
    members={OWNER: Member("oid", OWNER, activated_at=NOW)},
    copies=(),
    records=(),
    contacts=(
        Contact("1", frozenset({CLIENT}), frozenset({"client"}), frozenset(), private=False),
    ),
)


@pytest.mark.parametrize("name", ["unexpected_error", "work_failed", "drain.failed", "pull.failed"])
def test_a_failure_that_nobody_foresaw_is_found_in_a_log_once(tmp_path: Path, name: str) -> None:
    log = tmp_path / "web.log"
    log.write_text(f'{{"event": "served"}}\n{{"event": "{name}", "exception": "why"}}\n')
    seen: dict[Path, int] = {}

    found = list(failures_in_logs([log], seen, Counter()))

    assert [finding.kind for finding in found] == ["unforeseen_failure"]
    assert name in found[0].found
    assert list(failures_in_logs([log], seen, Counter())) == []


@pytest.mark.parametrize(
    ("status", "code", "findings"),
    [
        (500, "internal_error", 1),
        (503, "crm_unavailable", 1),
        (503, "graph_unavailable", 0),
        (503, "not_stored", 0),
    ],
)
def test_an_answer_that_blames_ourselves_is_found(
    tmp_path: Path, status: int, code: str, findings: int
) -> None:
    log = tmp_path / "web.log"
    log.write_text(f'{{"method": "PUT", "status": {status}, "code": "{code}", "ms": 1.0}}\n')

    answers: Counter[str] = Counter()
    assert len(list(failures_in_logs([log], {}, answers))) == findings
    assert answers.total() == (code == "not_stored")


def test_a_line_that_is_not_finished_is_read_when_it_is(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text('{"event": "served"}\n{"event": "unexpec')
    seen: dict[Path, int] = {}
    assert list(failures_in_logs([log], seen, Counter())) == []

    with log.open("a") as out:
        out.write('ted_error"}\n')

    assert len(list(failures_in_logs([log], seen, Counter()))) == 1


@pytest.mark.parametrize("was_released", [True, False])
def test_a_tick_counts_against_a_removal_that_the_pane_showed_already(
    *, was_released: bool
) -> None:
    journal, trail = _linked()
    trail.story.removed_in_crm, trail.removed_in = True, journal.epoch

    journal.ticked_in_pane(trail, was_released=was_released)

    assert trail.story.word is Word.TICKED
    assert (trail.story.unsure is None) is was_released


def test_who_blurs_a_removal_in_the_crm_leaves_both_ends_open() -> None:
    journal, trail = _linked()
    trail.story.removed_in_crm = True

    journal.blurred(trail)

    assert (trail.story.word, trail.story.removed_in_crm) == (Word.UNKNOWN, False)


@pytest.mark.parametrize("selected", [True, False])
def test_no_record_means_an_untick_only_where_the_rules_would_make_one(*, selected: bool) -> None:
    journal, trail = _linked(CLIENT if selected else "nobody@else.example", categories=[])
    journal.blurred(trail)

    learned = list(journal.settled(replace(WORLD, copies=(trail.copy,))))

    assert learned == ["not linked" if selected else "still open"]
    assert (trail.story.word is Word.UNTICKED) is selected


def _linked(
    attendee: str = CLIENT, categories: Sequence[str] = (CATEGORY,)
) -> tuple[Journal, Trail]:
    journal = Journal(WORLD, lambda: NOW)
    event = _event(attendee, categories)
    return journal, journal.begin(event, OWNER, "Mark000001x", "created")


def _event(address: str, categories: Sequence[str]) -> dict[str, Any]:
    def at(hour: int) -> dict[str, str]:
        return {"dateTime": f"2031-03-04T{hour:02}:00:00.0000000", "timeZone": "UTC"}

    return {
        "id": "event",
        "iCalUId": "uid",
        "subject": "Mark000001x",
        "start": at(9),
        "end": at(10),
        "isAllDay": False,
        "type": "singleInstance",
        "sensitivity": "normal",
        "isOrganizer": True,
        "isCancelled": False,
        "isDraft": False,
        "organizer": {"emailAddress": {"address": OWNER}},
        "attendees": [attendee(address)],
        "categories": list(categories),
        "createdDateTime": "2031-03-03T09:00:00Z",
    }
