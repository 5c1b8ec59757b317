"""Where Graph calls us: the handshake, what is taken in, what is refused, what leaks nowhere."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY

from backend.api.authentication import guards_of, own_checks
from backend.services.notifications import Lifecycle, Notice, Receipt
from tests.api.stubs import StubServices

BOTH = pytest.mark.parametrize("path", ["/graph/notifications", "/graph/lifecycle"])
TOKEN = "Validation: Testing client application reachability for subscription Request-Id: 1+1 ä"


def a_change(**members: Any) -> dict[str, Any]:
    return {
        "subscriptionId": "f37536ac",
        "subscriptionExpirationDateTime": "2026-03-07T10:00:00.0000000+00:00",
        "changeType": "updated",
        "resource": "Users/3f1c/Events/AAMk",
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": "Users/3f1c/Events/AAMk",
            "@odata.etag": 'W/"DwAAABYAAAC"',
            "id": "AAMk",
        },
        "clientState": "state",
        "tenantId": "7f1d",
    } | members


def a_word(event: str) -> dict[str, Any]:
    return {"subscriptionId": "f37536ac", "clientState": "state", "lifecycleEvent": event}


def counted(kind: str, outcome: str) -> float:
    labels = {"kind": kind, "outcome": outcome}
    return REGISTRY.get_sample_value("calendar_sync_notifications_total", labels) or 0.0


# The handshake


@BOTH
def test_the_validation_token_comes_back_decoded_once(anonymous: FlaskClient, path: str):
    answer = anonymous.post(
        path, query_string={"validationToken": TOKEN}, content_type="text/plain; charset=utf-8"
    )

    assert (answer.status_code, answer.text) == (200, TOKEN)
    assert answer.content_type == "text/plain; charset=utf-8"


def test_a_token_in_graphs_own_spelling_is_decoded_like_a_query(anonymous: FlaskClient):
    answer = anonymous.post("/graph/notifications?validationToken=Validation%3a+Testing%2b%2541")

    assert answer.text == "Validation: Testing+%41"


def test_html_in_a_token_stays_text(anonymous: FlaskClient, services: StubServices):
    script = "<script>alert(1)</script>"

    answer = anonymous.post("/graph/notifications", query_string={"validationToken": script})

    assert answer.text == script
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert services.notifications.taken == []


@pytest.mark.parametrize("token", ["", "x" * 4097], ids=["empty", "endless"])
def test_what_is_no_token_is_not_repeated(anonymous: FlaskClient, token: str):
    answer = anonymous.post("/graph/notifications", query_string={"validationToken": token})

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_validation_token")


# What is taken in


@BOTH
def test_notifications_are_taken_in_whatever_the_address(
    anonymous: FlaskClient, services: StubServices, path: str
):
    answer = anonymous.post(path, json={"value": [a_change(), a_word("missed")]})

    assert (answer.status_code, answer.data) == (202, b"")
    assert services.notifications.taken == [
        Notice("f37536ac", "state", "AAMk", 'W/"DwAAABYAAAC"'),
        Notice("f37536ac", "state", lifecycle=Lifecycle.MISSED),
    ]


def test_no_token_of_ours_is_needed_and_a_wrong_one_does_not_matter(anonymous: FlaskClient):
    answer = anonymous.post(
        "/graph/notifications",
        json={"value": [a_change()]},
        headers={"Authorization": "Bearer rubbish"},
    )

    assert answer.status_code == 202


@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        [],
        {},
        a_change(subscriptionId=None),
        a_change(subscriptionId="x" * 513),
        a_change(clientState=None),
        a_change(clientState=["state"]),
        a_change(clientState="x" * 129),
        a_word("somethingNew"),
        {**a_word("missed"), "lifecycleEvent": {}},
    ],
)
def test_an_item_that_cannot_be_read_is_dropped_and_counted(
    anonymous: FlaskClient, services: StubServices, item: Any
):
    before = counted("change", "unreadable")

    answer = anonymous.post("/graph/notifications", json={"value": [item, a_change()]})

    assert answer.status_code == 202
    assert len(services.notifications.taken) == 1
    assert counted("change", "unreadable") == before + 1


@pytest.mark.parametrize("data", [None, 7, [], {"id": 7}, {"id": "x" * 513}])
def test_a_change_of_something_unreadable_still_rings_its_mailbox(
    anonymous: FlaskClient, services: StubServices, data: Any
):
    anonymous.post("/graph/notifications", json={"value": [a_change(resourceData=data)]})

    assert services.notifications.taken == [Notice("f37536ac", "state")]


def test_forged_and_unknown_items_are_counted_and_the_answer_does_not_tell(
    anonymous: FlaskClient, services: StubServices
):
    services.notifications.receipt = Receipt(accepted=1, unknown=2, forged=3)
    outcomes = ("accepted", "unknown", "forged")
    before = [counted("lifecycle", outcome) for outcome in outcomes]

    answer = anonymous.post("/graph/lifecycle", json={"value": [a_word("missed")]})

    assert (answer.status_code, answer.data) == (202, b"")
    after = [counted("lifecycle", outcome) for outcome in outcomes]
    assert [a - b for a, b in zip(after, before, strict=True)] == [1, 2, 3]


# What is refused


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_notifications"),
        (b"{", "invalid_json"),
        (b"[]", "invalid_notifications"),
        (b"7", "invalid_notifications"),
        (b"{}", "invalid_notifications"),
        (b'{"value": {}}', "invalid_notifications"),
        (b'{"value": null}', "invalid_notifications"),
        (b'{"value": [{"clientState": "\\u0000"}]}', "invalid_text"),
        (b"[" * 5000, "invalid_json"),
    ],
)
def test_what_is_no_list_of_notifications_is_refused(
    anonymous: FlaskClient, body: bytes, code: str
):
    answer = anonymous.post("/graph/notifications", data=body, content_type="application/json")

    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_something_else_than_json_is_refused(anonymous: FlaskClient):
    answer = anonymous.post("/graph/notifications", data="value=1", content_type="text/plain")

    assert answer.status_code == 415


def test_a_huge_body_is_refused_before_it_is_read(anonymous: FlaskClient):
    answer = anonymous.post(
        "/graph/notifications", data=b'{"value": ["' + b"x" * 1_000_000 + b'"]}'
    )

    assert answer.status_code == 413


def test_more_notifications_than_graph_ever_sends_are_refused(
    anonymous: FlaskClient, services: StubServices
):
    answer = anonymous.post("/graph/notifications", json={"value": [a_change()] * 1001})

    assert (answer.status_code, services.notifications.taken) == (413, [])


@BOTH
def test_only_post_is_answered(anonymous: FlaskClient, path: str):
    assert anonymous.get(path, query_string={"validationToken": "x"}).status_code == 405


def test_what_could_not_be_stored_is_to_be_sent_again(
    anonymous: FlaskClient, services: StubServices
):
    services.notifications.fails = True

    answer = anonymous.post("/graph/notifications", json={"value": [a_change()]})

    assert (answer.status_code, answer.json["code"]) == (503, "not_stored")
    assert answer.headers["Retry-After"] == "5"


# What is stated


def test_the_addresses_state_that_they_check_for_themselves(anonymous: FlaskClient):
    assert guards_of(anonymous.application)["graph"] is own_checks


def test_the_addresses_are_described(anonymous: FlaskClient):
    paths = anonymous.get("/api/openapi.json").json["paths"]

    for path in ("/graph/notifications", "/graph/lifecycle"):
        described = paths[path]["post"]
        assert described["security"] == []
        assert {"200", "202", "503"} <= set(described["responses"])
        assert described["parameters"][0]["name"] == "validationToken"


def test_no_secret_reaches_the_log(
    anonymous: FlaskClient, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    items = [a_change(clientState="hush-hush", resourceData={"id": "x", "subject": "Divorce"}), 7]

    anonymous.post("/graph/notifications", json={"value": items})

    said = capsys.readouterr()
    logged = said.out + said.err + caplog.text
    assert "notifications" in logged
    assert "hush-hush" not in logged
    assert "Divorce" not in logged
