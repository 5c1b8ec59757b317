"""Where the files of all tests live, and which tests begin first."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ENOUGH = 2 << 30
"""Bytes; a whole run leaves about 200 MB, and Chromium wants some, too."""

LONGEST = (
    "tests/storm/test_storm.py",
    "tests/machine/",
    "tests/worker/test_several_workers.py",
    "tests/flows/test_killed.py",
    "tests/cli/",
    "tests/browser/story/",
)
"""Files that take longest, although some have two tests only."""


def pytest_configure() -> None:
    """Keep test files in memory where there is room: many tests write a SQLite file of their own.

    Whoever names a place (``--basetemp``, or pytest's own variable) has it there.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: begun last, one of them would run alone at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
