"""Fixtures: a fresh firm behind one server."""

from collections.abc import Iterator

import pytest

from tests.support.firm import Firm, Graph, served


@pytest.fixture(scope="session")
def server() -> Iterator[Graph]:
    with served(Firm()) as graph:
        yield graph


@pytest.fixture
def graph(server: Graph) -> Graph:
    # The routes look at the firm at each request, so a new one can take the old one's place.
    server.firm.__init__()  # type: ignore[misc]
    return server
