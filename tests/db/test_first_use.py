"""A process whose threads all read their first mailbox at the same moment."""

from __future__ import annotations

import subprocess
import sys
import textwrap

PROGRAM = """
    import importlib
    import sys
    import threading

    from backend.db import people

    THREADS, STARTS = 8, 15
    sys.setswitchinterval(1e-6)
    said = set()

    def read(start):
        start.wait()
        said.add(str(people.owners()))

    for _ in range(STARTS):
        importlib.reload(people)
        start = threading.Barrier(THREADS)
        threads = [threading.Thread(target=read, args=[start]) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(len(said))
"""


def test_threads_that_read_first_at_the_same_moment_ask_for_the_same_columns() -> None:
    """A worker that had just been started once stumbled over a column it could not locate."""
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert found.stdout.strip() == "1"
