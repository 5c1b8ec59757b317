"""A sandbox per module of stories, and our side of the wire in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.office import Office
from tests.support.sandbox import RunningSandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox() as running:
        yield running


@pytest.fixture
def office(sandbox: RunningSandbox) -> Iterator[Office]:
    sandbox.reset()
    yield Office(sandbox)
    sandbox.clear_faults()
