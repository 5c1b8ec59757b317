"""What is logged of a request: one JSON line, with codes and routes, without people's words."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from flask.testing import FlaskClient

from backend.domain.errors import EventNotFoundError
from backend.logs import configure_logging
from tests.api.conftest import BEARER
from tests.api.stubs import EVENT, EVENT_ID, OID, TENANT, StubServices


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged, as a program configures it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logging()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    handler.setStream(stream)
    yield stream
    root.handlers[:], level = before[0], before[1]
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_request_leaves_one_line_that_leads_to_it(
    make_client: Callable[..., FlaskClient], services: StubServices, lines: io.StringIO
):
    services.linking.error = EventNotFoundError()
    client = make_client()
    lines.truncate(0)

    client.get(f"/api/events/{EVENT_ID}", headers=BEARER | {"X-Request-ID": "trace-1234"})
    logged = [json.loads(line) for line in lines.getvalue().strip("\0").splitlines()]

    assert len(logged) == 1
    wanted = {
        "event": "request",
        "request_id": "trace-1234",
        "method": "GET",
        "route": "/api/events/<event_id:event_id>",
        "status": 404,
        "code": "event_not_found",
        "tenant": TENANT,
        "user": OID,
    }
    assert wanted.items() <= logged[0].items()


def test_neither_tokens_nor_ids_nor_subjects_are_logged(
    make_client: Callable[..., FlaskClient], lines: io.StringIO
):
    client = make_client()

    client.get(f"/api/events/{EVENT_ID}?mailbox=boss@firm.example", headers=BEARER)
    client.put(f"/api/events/{EVENT_ID}/link", headers=BEARER)
    client.get("/api/contacts?q=Clara", headers=BEARER)
    client.get("/auth/callback?code=secret-code&state=s-1")
    text = lines.getvalue()

    for word in ("good", EVENT_ID, EVENT.subject, "boss@", "Clara", "secret-code", "@client"):
        assert word not in text


def test_what_must_not_be_logged_is_withheld_even_if_somebody_tries(lines: io.StringIO):
    structlog.get_logger("test").info(
        "careless", access_token="eyJ", subject="Merger", event_id="AAMkAGI1" + "A" * 100 + "tail="
    )

    text = lines.getvalue()

    assert "eyJ" not in text
    assert "Merger" not in text
    assert "AAMkAGI1" not in text
    assert "tail=" in text
