"""When a saved delta link is dead, and when it is only the weather."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from backend.adapters.answers import Answer
from backend.adapters.graph_errors import delta_error
from backend.domain.errors import (
    DeltaExpiredError,
    RemoteAccessError,
    RemoteError,
    TransientRemoteError,
)
from tests.adapters.payloads import an_error

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (410, "SyncStateNotFound", DeltaExpiredError),
        (410, "resyncRequired", DeltaExpiredError),
        (410, "", DeltaExpiredError),
        (400, "SyncStateInvalid", DeltaExpiredError),
        (404, "syncstatenotfound", DeltaExpiredError),
        (403, "ErrorAccessDenied", RemoteAccessError),
        (404, "MailboxNotEnabledForRESTAPI", RemoteAccessError),
        (429, "ApplicationThrottled", TransientRemoteError),
        (504, "UnknownError", TransientRemoteError),
    ],
)
def test_a_dead_delta_link_is_told_apart(status: int, code: str, kind: type[RemoteError]) -> None:
    answer = Answer("graph", status, {}, orjson.dumps(an_error(code)), NOON)

    assert type(delta_error(answer)) is kind
