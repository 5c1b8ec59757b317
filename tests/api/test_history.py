"""`GET /api/events/{id}/history` over HTTP: ids and pages in, lines out."""

import pytest
from flask.testing import FlaskClient

from backend.domain.errors import NotAllowedError, TransientRemoteError
from backend.services.answers import Place
from tests.api.stubs import EVENT_ID, HISTORY_LINE, NOW, PRINCIPAL, StubServices

HISTORY = f"/api/events/{EVENT_ID}/history"


def test_a_page_of_lines_in_the_contracts_shape(client: FlaskClient):
    body = client.get(HISTORY).json

    assert list(body) == ["items", "next"]
    assert body["items"] == [
        {
            "id": HISTORY_LINE.id,
            "at": "2026-03-02T09:00:00Z",
            "kind": "write",
            "line": "updated",
            "message": "The record was updated.",
            "source": "sync",
            "trigger": "written",
            "state_before": "linked",
            "state_after": "linked",
            "by": {"name": "Al Assistant"},
            "on_behalf_of": {"name": "Ada Partner"},
            "codes": ["internal_only"],
            "why": [{"code": "internal_only", "text": "Nobody outside the firm is invited."}],
            "fields": ["subject", "start"],
            "request_id": "r-1",
        }
    ]


def test_the_cursor_of_a_page_leads_on_from_its_last_line(
    client: FlaskClient, services: StubServices
):
    cursor = client.get(HISTORY).json["next"]

    answer = client.get(HISTORY, query_string={"cursor": cursor, "limit": 7, "mailbox": "a@b.test"})

    assert answer.status_code == 200
    assert services.history.calls == [
        (PRINCIPAL, EVENT_ID, None, 50, None),
        (PRINCIPAL, EVENT_ID, "a@b.test", 7, Place(NOW, HISTORY_LINE.id)),
    ]


@pytest.mark.parametrize(
    ("path_id", "event_id"),
    [
        ("AAMk/GI1+x9=", "AAMk-GI1_x9="),
        ("AAMk%2FGI1%2Bx9%3D", "AAMk-GI1_x9="),
        ("AAMk//GI1/history", "AAMk--GI1-history"),
        ("AAMkGI1x/link/undo", "AAMkGI1x-link-undo"),
    ],
)
def test_the_suffix_is_what_stands_last(
    client: FlaskClient, services: StubServices, path_id: str, event_id: str
):
    assert client.get(f"/api/events/{path_id}/history").status_code == 200

    assert services.history.calls[0][1] == event_id


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", ""])
def test_a_limit_outside_the_contract_is_refused(client: FlaskClient, limit: str):
    answer = client.get(HISTORY, query_string={"limit": limit})

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert "limit" in answer.json["errors"]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "?",
        "bm90IGpzb24",
        "WzEsMl0",
        "W10",
        "WyIyMDI2LTAzLTAyVDA5OjAwOjAwIiwgIngiXQ",
        "eyJhIjoxfQ",
        "A" * 3000,
        "ﬀ",
        # A moment that leaves the calendar when it is moved to UTC.
        "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjU5IiwgIjAxOTBhNWYwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMiJd",
    ],
)
def test_a_cursor_we_never_made_is_refused(client: FlaskClient, cursor: str):
    answer = client.get(HISTORY, query_string={"cursor": cursor})

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert answer.json["errors"]["cursor"] == ["This cursor is not one of ours."]


def test_what_is_no_event_id_has_no_history(client: FlaskClient):
    answer = client.get("/api/events/a%20b/history")

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_event_id")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotAllowedError(), 403, "forbidden"),
        (TransientRemoteError(system="graph"), 503, "graph_unavailable"),
    ],
)
def test_whoever_may_not_see_the_event_is_told_so(
    client: FlaskClient, services: StubServices, error: Exception, status: int, code: str
):
    services.history.error = error

    answer = client.get(HISTORY)

    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_nobody_reads_it_without_a_token(anonymous: FlaskClient):
    assert anonymous.get(HISTORY).status_code == 401
