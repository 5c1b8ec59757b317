"""The random machine over the road, on SQLite.

The usual run takes about a minute. The long one::

    CALENDAR_SYNC_MACHINE=long python -m pytest tests/machine -q
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from backend.sql import Database
from tests.support.road_machine import RoadMachine
from tests.support.stage import create_tables

IS_LONG = os.environ.get("CALENDAR_SYNC_MACHINE") == "long"
PROFILE = settings(
    max_examples=20_000 if IS_LONG else 150,
    stateful_step_count=40 if IS_LONG else 30,
    deadline=None,
    derandomize=not IS_LONG,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)


@pytest.fixture
def machine_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("machine") / "road.sqlite3"
    database = Database(f"sqlite:///{path}")
    create_tables(database)
    yield database
    database.dispose()


def test_whatever_happens_wish_record_and_category_agree_in_the_end(
    machine_database: Database,
) -> None:
    class Machine(RoadMachine):
        database = machine_database

    run_state_machine_as_test(Machine, settings=PROFILE)
