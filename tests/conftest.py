"""Where the files of all tests live."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 2 << 30
"""Bytes; a whole run leaves about 200 MB, and Chromium wants some, too."""


def pytest_configure() -> None:
    """Keep test files in memory where there is room: many tests write a SQLite file of their own.

    Whoever names a place (``--basetemp``, or pytest's own variable) has it there.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
