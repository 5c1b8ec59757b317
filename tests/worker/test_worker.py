"""The worker as a process: it works when somebody rings, sweeps at once, and stops gracefully."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from backend.bell import QueueBell, open_queue
from backend.worker import make_consumer
from tests.support.waiting import wait_until

KEY = b"k" * 32

PROGRAM = textwrap.dedent(
    """
    import sys, threading
    from pathlib import Path
    from backend.bell import open_queue
    from backend.worker import run

    url, folder = sys.argv[1], Path(sys.argv[2])

    class SlowWork:
        def drain_links(self):
            (folder / "begun").touch()
            threading.Event().wait(1)
            (folder / "ended").touch()

        def drain_mailboxes(self):
            pass

        def sweep(self):
            (folder / "sweep").touch()

        def show_alive(self):
            (folder / "alive").touch()

        def say_goodbye(self):
            (folder / "goodbye").touch()

    queue = open_queue(url, b"k" * 32)
    run(queue, lambda stopping: SlowWork(), threads=2, ready_file=folder / "ready")
    """
)


def wait_for(path: Path, seconds: float = 10) -> None:
    wait_until(path.exists, seconds=seconds)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/queue.db"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM between processes")
def test_sigterm_lets_running_work_end(tmp_path: Path, url: str):
    worker = subprocess.Popen([sys.executable, "-c", PROGRAM, url, str(tmp_path)])
    try:
        wait_for(tmp_path / "ready")
        bell = QueueBell(lambda: open_queue(url, KEY, waits=False))
        bell.ring("drain_links")
        bell.close()
        wait_for(tmp_path / "begun")

        worker.send_signal(signal.SIGTERM)
        status = worker.wait(10)
    finally:
        worker.kill()

    assert status == 0
    assert (tmp_path / "ended").exists()
    assert (tmp_path / "sweep").exists()
    assert (tmp_path / "alive").exists()
    assert (tmp_path / "goodbye").exists()


def test_work_that_fails_does_not_stop_the_worker(url: str):
    huey = open_queue(url, KEY)
    seen: list[str] = []

    class FailingWork:
        def drain_links(self) -> None:
            seen.append("drain_links")
            raise RuntimeError("boom")

        def drain_mailboxes(self) -> None:
            seen.append("drain_mailboxes")

        def sweep(self) -> None:
            seen.append("sweep")

    make_consumer(huey, lambda _stopping: FailingWork(), threads=1)
    tasks = {task.split(".")[1]: made for task, made in huey._registry._registry.items()}

    for name in ("drain_links", "drain_mailboxes", "sweep"):
        huey.execute(tasks[name]())

    assert seen == ["drain_links", "drain_mailboxes", "sweep"]
