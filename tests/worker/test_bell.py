"""The bell: a ring reaches the worker, and a broken queue hurts nobody who rings."""

import os
import pickle
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from huey import Huey
from sqlalchemy import URL

from backend.bell import FAILED_RINGS, KINDS, QueueBell, add_tasks, open_queue
from tests.support.waiting import wait_until

KEY = b"k" * 32
REDIS_URL = "redis://127.0.0.1:6379/15"
"""A database of its own; the tests empty it."""


@pytest.fixture
def queue_file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/queue.db"


@pytest.fixture
def bell(queue_file: str) -> Iterator[QueueBell]:
    made = QueueBell(lambda: open_queue(queue_file, KEY, waits=False))
    yield made
    made.close()


def failures() -> float:
    return FAILED_RINGS._value.get()


def execute_one(huey: Huey) -> None:
    task = huey.dequeue()
    assert task is not None
    huey.execute(task)


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def queue_url(request: pytest.FixtureRequest, queue_file: str) -> str:
    """An empty queue of each kind."""
    if request.param == "sqlite":
        return queue_file
    if request.param == "postgresql":
        url: URL = request.getfixturevalue("postgres_database_url")
        return url.render_as_string(hide_password=False)
    return empty_redis()


def empty_redis() -> str:
    try:
        redis.Redis.from_url(REDIS_URL, socket_timeout=3).flushdb()
    except redis.ConnectionError as error:
        if os.environ.get("CI"):
            pytest.fail(f"Redis is not reachable at {REDIS_URL}: {error}")
        pytest.skip(f"Redis is not reachable at {REDIS_URL}")
    return REDIS_URL


def test_processes_that_open_an_empty_queue_together_all_get_one(postgres_schema_url: URL):
    url = postgres_schema_url.render_as_string(hide_password=False)
    start = threading.Barrier(8)

    def open_it(_: int) -> Huey:
        start.wait()
        return open_queue(url, KEY, waits=False)

    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(open_it, range(8)))

    assert len(opened) == 8
    for queue in opened:
        queue.storage.close()


def test_a_ring_reaches_whoever_opens_the_same_queue(queue_url: str):
    done: list[str] = []
    bell = QueueBell(lambda: open_queue(queue_url, KEY, seconds=0.5, waits=False))
    worker = open_queue(queue_url, KEY)
    add_tasks(worker, {"drain_links": lambda: done.append("drain_links")})

    bell.ring("drain_links")
    bell.close()
    execute_one(worker)
    worker.storage.close()

    assert done == ["drain_links"]


def test_a_delayed_ring_waits_in_the_schedule(bell: QueueBell, queue_file: str):
    worker = open_queue(queue_file, KEY)
    add_tasks(worker)

    bell.ring("drain_links", delay=30)
    bell.close()
    execute_one(worker)

    assert (worker.storage.queue_size(), worker.storage.schedule_size()) == (0, 1)


def test_rings_that_say_the_same_become_one_while_the_first_is_on_its_way(queue_file: str):
    gate = threading.Event()

    def open_late() -> Huey:
        gate.wait(5)
        return open_queue(queue_file, KEY, waits=False)

    bell = QueueBell(open_late)
    bell.ring("drain_mailboxes")
    for _ in range(50):
        bell.ring("drain_links")
    gate.set()
    bell.close()

    assert open_queue(queue_file, KEY).storage.queue_size() <= 3


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////no/such/folder/queue.db",
        "postgresql://127.0.0.1:1/none",
        "redis://127.0.0.1:1/0",
    ],
)
def test_a_queue_that_cannot_be_reached_neither_raises_nor_delays(url: str):
    bell = QueueBell(lambda: open_queue(url, KEY, seconds=0.5, waits=False))
    before = failures()
    begun = time.perf_counter()

    bell.ring("drain_links")
    spent = time.perf_counter() - begun
    bell.close(5)

    assert spent < 0.1
    assert failures() == before + 1


def test_a_queue_that_comes_back_is_used_again(queue_file: str):
    attempts: list[int] = []

    def open_second_time() -> Huey:
        attempts.append(1)
        if len(attempts) == 1:
            raise ConnectionError
        return open_queue(queue_file, KEY, waits=False)

    bell = QueueBell(open_second_time)
    bell.ring("drain_links")
    wait_until(lambda: len(attempts) == 1)
    bell.ring("drain_links")
    bell.close()

    assert open_queue(queue_file, KEY).storage.queue_size() == 1


def test_a_message_nobody_signed_is_never_unpickled(queue_file: str, tmp_path: Path):
    worker = open_queue(queue_file, KEY)
    trap = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (trap,)  # type: ignore[return-value]

    forged = pickle.dumps(Trap()) + b":" + b"0" * 40
    with sqlite3.connect(tmp_path / "queue.db") as connection:
        connection.execute("insert into task (queue, data) values ('calendar-sync', ?)", (forged,))
    connection.close()

    with pytest.raises(ValueError, match="mismatch"):
        worker.dequeue()

    assert not trap.exists()


def test_task_names_in_the_queue_are_fixed_for_ever(queue_file: str):
    huey = open_queue(queue_file, KEY)
    add_tasks(huey)

    assert set(huey._registry._registry) == {
        "calendar_sync.drain_links",
        "calendar_sync.drain_mailboxes",
        "calendar_sync.sweep",
    }
    assert KINDS == ("drain_links", "drain_mailboxes")
