"""One running sandbox with empty calendars for all client libraries."""

import importlib
import warnings
from collections.abc import Iterator

import pytest

from tests.sandbox.clients import routed
from tests.support.sandbox import RunningSandbox

# The SDK warns about itself while it is imported; warnings are errors here.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    for builder in (
        "users_request_builder",
        "item.calendar_view.calendar_view_request_builder",
        "item.calendar_view.delta.delta_request_builder",
        "item.events.events_request_builder",
    ):
        importlib.import_module(f"msgraph.generated.users.{builder}")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox(calendars=False) as running:
        yield running


@pytest.fixture(autouse=True)
def closed_sessions() -> Iterator[None]:
    yield
    while routed.opened:
        routed.opened.pop().close()
