"""Fixtures: one sandbox with empty calendars, put back to its beginning for each test."""

from collections.abc import Iterator

import pytest

from tests.sandbox.service.callers import Callers
from tests.support.sandbox import RunningSandbox


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSandbox]:
    with RunningSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def callers(server: RunningSandbox) -> Iterator[Callers]:
    server.reset()
    callers = Callers(server)
    yield callers
    callers.close()


@pytest.fixture
def sandbox(callers: Callers) -> RunningSandbox:
    return callers.sandbox
