"""A worker's name: its own again after a kill, and nobody else's on this machine (A24)."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.worker_name import WorkerName, take_name

PROGRAM = (
    "import sys, pathlib; from backend.worker_name import take_name;"
    "name = take_name(None, sys.argv[1], host='host', folder=pathlib.Path(sys.argv[2]));"
    "print(name.name, flush=True); sys.stdin.read()"
)


@pytest.fixture
def taken() -> Iterator[list[WorkerName]]:
    names: list[WorkerName] = []
    yield names
    for name in names:
        name.release()


def test_workers_on_one_machine_are_numbered(tmp_path: Path, taken: list[WorkerName]) -> None:
    for _ in range(3):
        taken.append(take_name(None, "sqlite:///a.db", host="host", folder=tmp_path))

    assert [name.name for name in taken] == ["host-1", "host-2", "host-3"]
    taken[1].release()
    taken.append(take_name(None, "sqlite:///a.db", host="host", folder=tmp_path))
    assert taken[-1].name == "host-2"


def test_workers_of_another_database_count_for_themselves(
    tmp_path: Path, taken: list[WorkerName]
) -> None:
    for url in ("sqlite:///a.db", "sqlite:///b.db"):
        taken.append(take_name(None, url, host="host", folder=tmp_path))

    assert [name.name for name in taken] == ["host-1", "host-1"]


def test_a_name_that_the_operator_chose_is_used_as_it_is(tmp_path: Path) -> None:
    names = [take_name("left", "sqlite:///a.db", folder=tmp_path).name for _ in range(2)]

    assert names == ["left", "left"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_workers_name_is_free_at_once(tmp_path: Path, taken: list[WorkerName]) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "url", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "host-1\n"
    taken.append(take_name(None, "url", host="host", folder=tmp_path))
    assert taken[0].name == "host-2"

    other.send_signal(signal.SIGKILL)
    other.wait(10)
    other.stdout.close()
    assert other.stdin is not None
    other.stdin.close()

    taken.append(take_name(None, "url", host="host", folder=tmp_path))
    assert taken[1].name == "host-1"
