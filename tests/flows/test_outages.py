"""Graph or the CRM slow, failing or down: accepted at once, finished later, one record."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from backend.crm import migrations as crm_migrations
from backend.sql import Database
from tests.support.crm_server import SERVICE_TOKEN, crm_app, served
from tests.support.product import CATEGORY, Product, running_product
from tests.support.sandbox import RunningSandbox

CLIENT = "ben@client.example"
EVENTS = "/users/[^/]+/events/"


def fail(product: Product, method: str = "GET", **fault: Any) -> None:
    order = {"match": {"method": method, "path": EVENTS}, "kind": "status", "status": 503}
    product.sandbox.faults([order | fault])


def assert_agrees(product: Product, organizer: str, meeting: Any) -> None:
    answer = product.pane(organizer).view(meeting.id)
    assert answer.json["link"]["state"] == "linked"
    assert answer.json["link"]["outstanding"] == []
    assert meeting.categories == [CATEGORY]
    assert len(product.records(meeting.ical_uid)) == 1


def test_twenty_simultaneous_ticks_make_one_record(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    product.token(organizer)
    answers: list[Any] = []
    start = threading.Barrier(20)

    def tick() -> None:
        start.wait()
        answers.append(pane.tick(meeting.id))

    threads = [threading.Thread(target=tick) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    product.settle()

    codes = Counter(answer.status_code for answer in answers)
    assert set(codes) <= {200, 202}, [a.text for a in answers if a.status_code > 202]
    assert_agrees(product, organizer, meeting)


def test_a_graph_that_cannot_be_read_leaves_no_verdict_and_is_asked_again(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    fail(product)

    answer = product.pane(organizer).tick(meeting.id)

    assert answer.status_code == 202
    assert answer.json["verdict"] is None
    assert answer.json["link"]["state"] == "pending"
    assert answer.json["link"]["outstanding"] == ["event"]
    assert answer.json["link"]["next_attempt_at"] is not None
    assert product.records(meeting.ical_uid) == []
    product.sandbox.clear_faults()
    product.settle()
    assert_agrees(product, organizer, meeting)


def test_a_category_that_could_not_be_written_follows(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT)
    fail(product, "PATCH")

    answer = product.pane(organizer).tick(meeting.id)

    assert answer.status_code == 202
    assert answer.json["link"]["outstanding"] == ["category"]
    assert len(product.records(meeting.ical_uid)) == 1
    product.sandbox.clear_faults()
    product.settle()
    assert_agrees(product, organizer, meeting)


def test_a_throttling_graph_is_left_alone_for_as_long_as_it_asks(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    fail(product, status=429, retry_after=90, times=1)
    assert product.pane(organizer).tick(meeting.id).status_code == 202
    before = product.sandbox.last_request()

    product.advance(seconds=80)
    product.drain()
    again = product.pane(organizer).tick(meeting.id)

    graph = [r for r in product.sandbox.requests(before) if r["host"] == "graph"]
    assert graph == []
    assert again.status_code == 202
    product.advance(seconds=15)
    product.drain()
    assert_agrees(product, organizer, meeting)


@pytest.mark.parametrize("kind", ["reset", "truncate"])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_lost_answer_ends_in_one_record(
    sqlite_product: Product, organizer: str, kind: str, method: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    order = {"match": {"method": method, "path": EVENTS}, "kind": kind}
    product.sandbox.faults([order])
    assert product.pane(organizer).tick(meeting.id).status_code == 202
    product.sandbox.clear_faults()

    product.settle()

    assert_agrees(product, organizer, meeting)


@pytest.mark.parametrize("fault", [{"kind": "hang"}, {"kind": "delay", "seconds": 20}])
def test_a_graph_that_never_answers_costs_a_request_its_budget_and_no_more(
    sandbox: RunningSandbox,
    sqlite_url: URL,
    offset_file: Path,
    organizer: str,
    fault: dict[str, Any],
) -> None:
    with running_product(sandbox, sqlite_url, offset_file, inline_budget=1.0) as product:
        meeting = product.meeting(organizer, CLIENT)
        product.token(organizer)
        product.sandbox.faults([{"match": {"path": EVENTS}} | fault])
        begun = time.monotonic()

        answer = product.pane(organizer).tick(meeting.id)

        assert time.monotonic() - begun < 3
        assert answer.status_code == 202
        product.sandbox.clear_faults()
        product.settle()
        assert_agrees(product, organizer, meeting)


def test_an_untick_during_an_outage_takes_the_record_now_and_the_category_later(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT, categories=["Mine"])
    product.pane(organizer).tick(meeting.id)
    product.sandbox.faults([{"match": {"path": EVENTS}, "kind": "status", "status": 503}])

    answer = product.pane(organizer).untick(meeting.id)

    assert answer.status_code == 202
    assert answer.json["link"]["state"] == "removing"
    assert answer.json["link"]["outstanding"] == ["category"]
    assert product.records(meeting.ical_uid) == []
    product.sandbox.clear_faults()
    product.settle()
    assert meeting.categories == ["Mine"]


class RemoteCrm:
    """A second instance's CRM, to be stopped and slowed."""

    def __init__(self, database: Database, clock: Any) -> None:
        self.app = crm_app(database, clock)
        self.is_down = False
        self.go_on = threading.Event()
        self.go_on.set()
        self.app.before_request(self._trouble)

    def _trouble(self) -> Any:
        self.go_on.wait(30)
        return ("down", 503) if self.is_down else None


@pytest.fixture
def remote(
    sandbox: RunningSandbox, sqlite_url: URL, offset_file: Path, tmp_path: Path
) -> Iterator[tuple[Product, RemoteCrm]]:
    """The product with its CRM behind CALENDAR_SYNC_CRM_URL."""
    database = Database(f"sqlite:///{tmp_path}/remote-crm.sqlite3")
    crm_migrations.upgrade(database.write_engine)
    crm = RemoteCrm(database, lambda: product.clock())  # noqa: PLW0108 - made later
    with served(crm.app) as url:
        settings = {"crm_url": f"{url}/crm/api", "crm_token": SERVICE_TOKEN}
        with running_product(sandbox, sqlite_url, offset_file, **settings) as product:
            yield product, crm
    database.dispose()


def test_the_story_of_the_tick_is_the_same_with_a_crm_behind_http(
    remote: tuple[Product, RemoteCrm], organizer: str
) -> None:
    product, _ = remote
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)

    ticked = pane.tick(meeting.id)
    assert ticked.status_code == 200, ticked.json
    first = ticked.json["link"]["activity_id"]
    assert pane.untick(meeting.id).json["link"]["state"] == "removed"
    assert pane.undo(meeting.id).json["link"]["activity_id"] == first
    assert_agrees(product, organizer, meeting)


def test_a_crm_that_is_down_is_waited_for(
    remote: tuple[Product, RemoteCrm], organizer: str
) -> None:
    product, crm = remote
    meeting = product.meeting(organizer, CLIENT)
    crm.is_down = True

    answer = product.pane(organizer).tick(meeting.id)

    assert answer.status_code == 202
    assert "crm" in answer.json["link"]["outstanding"]
    crm.is_down = False
    product.settle()
    assert_agrees(product, organizer, meeting)
    crm.is_down = True
    removing = product.pane(organizer).untick(meeting.id)
    assert (removing.status_code, removing.json["link"]["state"]) == (202, "removing")
    crm.is_down = False
    product.settle()
    assert product.records(meeting.ical_uid) == []
    assert meeting.categories == []


def test_a_crm_that_never_answers_costs_a_request_little(
    remote: tuple[Product, RemoteCrm], organizer: str
) -> None:
    product, crm = remote
    meeting = product.meeting(organizer, CLIENT)
    product.token(organizer)
    crm.go_on.clear()
    begun = time.monotonic()

    answer = product.pane(organizer).tick(meeting.id)

    assert answer.status_code == 202
    assert time.monotonic() - begun < 8
    crm.go_on.set()
    product.settle()
    assert_agrees(product, organizer, meeting)


def test_both_sides_down_are_both_waited_for(
    remote: tuple[Product, RemoteCrm], organizer: str
) -> None:
    product, crm = remote
    meeting = product.meeting(organizer, CLIENT)
    crm.is_down = True
    fail(product)
    assert product.pane(organizer).tick(meeting.id).status_code == 202
    product.sandbox.clear_faults()
    product.advance(seconds=30)
    product.drain()
    assert meeting.categories == []
    crm.is_down = False

    product.settle()

    assert_agrees(product, organizer, meeting)
