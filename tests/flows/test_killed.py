"""O3: any process may be killed at any moment; after one lease and one sweep all sides agree."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.product import CATEGORY, Meeting, Product

CLIENT = "ben@client.example"
ROOT = Path(__file__).parents[2]
STEPS = range(7, 18)
"""From reading the event to the last commit; before that there is nothing to lose."""


def start(
    product: Product, offset_file: Path, user: str, work: str, event_id: str, kill_at: int
) -> subprocess.Popen[str]:
    settings = product.settings
    order = {
        "settings": {
            name: getattr(settings, name)
            for name in (
                "base_url",
                "client_id",
                "client_secret",
                "allowed_clients",
                "tenants",
                "secret_keys",
                "database_url",
                "graph_url",
                "login_url",
            )
        },
        "offset": str(offset_file),
        "work": work,
        "token": product.token(user),
        "event_id": event_id,
        "kill_at": kill_at,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.dying_process"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    child.stdin.write(json.dumps(order, default=str))
    child.stdin.close()
    child.stdin = None
    return child


def wait(children: list[subprocess.Popen[str]]) -> list[int]:
    codes = []
    for child in children:
        output, errors = child.communicate(timeout=60)
        assert child.returncode == -9 or output.endswith("survived"), errors
        codes.append(child.returncode)
    return codes


def recover(product: Product) -> None:
    """One lease runs out, one sweep rings, the worker works."""
    product.advance(seconds=95)
    product.services.work.sweep()
    product.drain()
    product.settle()


def assert_linked(product: Product, user: str, meeting: Meeting) -> None:
    link = product.pane(user).view(meeting.id).json["link"]
    assert (link["state"], link["outstanding"]) == ("linked", [])
    assert meeting.categories == [CATEGORY]
    assert len(product.records(meeting.ical_uid)) == 1


def test_a_tick_killed_at_any_step_ends_in_one_record_or_in_nothing(
    product: Product, organizer: str, offset_file: Path
) -> None:
    """Every step in a process of its own, each on its own event, several at once."""
    product.pane(organizer).tick(product.meeting(organizer).id)
    meetings = [product.meeting(organizer, CLIENT) for _ in STEPS]
    codes: list[int] = []
    for at in range(0, len(STEPS), 3):
        codes += wait(
            [
                start(product, offset_file, organizer, "tick", meetings[n].id, STEPS[n])
                for n in range(at, min(at + 3, len(STEPS)))
            ]
        )

    recover(product)

    assert codes.count(-9) >= 9
    wished = 0
    for meeting in meetings:
        if product.pane(organizer).view(meeting.id).json["link"] is None:
            assert (meeting.categories, product.records(meeting.ical_uid)) == ([], [])
            continue
        wished += 1
        assert_linked(product, organizer, meeting)
    assert wished >= 10
    again = meetings[0]
    assert product.pane(organizer).tick(again.id).status_code == 200
    assert_linked(product, organizer, again)


def test_an_untick_and_a_worker_killed_half_way_are_finished_by_the_next_one(
    sqlite_product: Product, organizer: str, offset_file: Path
) -> None:
    product = sqlite_product
    unticked = [product.meeting(organizer, CLIENT) for _ in range(4)]
    for meeting in unticked:
        product.pane(organizer).tick(meeting.id)
    wait(
        [
            start(product, offset_file, organizer, "untick", meeting.id, kill_at)
            for meeting, kill_at in zip(unticked, (3, 4, 6, 8), strict=True)
        ]
    )
    ticked = product.meeting(organizer, CLIENT)
    product.sandbox.faults([{"match": {"path": "/events/"}, "kind": "status", "status": 503}])
    product.pane(organizer).tick(ticked.id)
    product.sandbox.clear_faults()
    product.advance(seconds=95)
    wait([start(product, offset_file, organizer, "drain", "", 9)])

    recover(product)

    assert_linked(product, organizer, ticked)
    for meeting in unticked:
        link: Any = product.pane(organizer).view(meeting.id).json["link"]
        assert (link["state"], link["outstanding"]) == ("removed", [])
        assert meeting.categories == []
        assert product.records(meeting.ical_uid) == []
        assert link["undo_until"] is not None
