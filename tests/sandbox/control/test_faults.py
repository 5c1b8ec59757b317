"""Ordered faults are what a network and a busy service really do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.support.sandbox import RunningSandbox

EVENT = {
    "subject": "Review",
    "start": {"dateTime": "2030-01-07T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2030-01-07T11:00:00", "timeZone": "UTC"},
}


@pytest.fixture
def owner(sandbox: RunningSandbox) -> dict[str, Any]:
    return sandbox.person()


@pytest.fixture
def event(sandbox: RunningSandbox, owner: dict[str, Any]) -> dict[str, Any]:
    return sandbox.create_event(owner["address"], **EVENT)


@contextmanager
def graph(sandbox: RunningSandbox, user: str) -> Iterator[requests.Session]:
    """A session that is signed in at Graph as the user."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {sandbox.token(user, 'graph')}"
        yield session


def test_a_status_fault_looks_like_graph_and_ends_after_its_times(
    sandbox: RunningSandbox, owner: dict[str, Any]
) -> None:
    sandbox.faults([{"kind": "status", "status": 429, "retry_after": 7, "times": 2}])

    with graph(sandbox, owner["address"]) as me:
        answers = [me.get(f"{sandbox.url}/v1.0/me") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    error = answers[0].json()["error"]
    assert error["code"] == "ApplicationThrottled"
    assert error["innerError"]["request-id"] == answers[0].headers["request-id"]
    assert sandbox.control("GET", "/faults")["items"] == []


def test_a_status_fault_at_the_login_host_looks_like_entra(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    order = {"kind": "status", "status": 400, "error": "interaction_required"}
    sandbox.faults([order | {"match": {"path": "oauth2/v2.0/token"}}])

    answer = http.post(f"{sandbox.url}/{sandbox.tenant_id}/oauth2/v2.0/token", data={"a": "b"})

    assert answer.status_code == 400
    assert answer.json()["error"] == "interaction_required"
    assert "access_token" in answer.json()["claims"]


def test_a_claims_challenge_of_graph_is_in_the_header(
    sandbox: RunningSandbox, owner: dict[str, Any]
) -> None:
    sandbox.faults([{"kind": "status", "status": 401, "error": "insufficient_claims"}])

    with graph(sandbox, owner["address"]) as me:
        answer = me.get(f"{sandbox.url}/v1.0/me")

    assert 'error="insufficient_claims", claims="' in answer.headers["WWW-Authenticate"]


def test_all_given_conditions_must_hold(
    sandbox: RunningSandbox, owner: dict[str, Any], event: dict[str, Any]
) -> None:
    sandbox.faults(
        [
            {
                "kind": "status",
                "status": 504,
                "match": {"method": "PATCH", "path": "^/users/.*/events/", "user": owner["upn"]},
            }
        ]
    )
    other = next(
        person
        for person in sandbox.state()["people"]
        if person["mailbox"] and person["id"] != owner["id"]
    )
    theirs = sandbox.create_event(other["address"], **EVENT)
    url = f"{sandbox.url}/v1.0/users"
    change = {"categories": ["X"]}

    with graph(sandbox, owner["address"]) as me:
        hit = me.patch(f"{url}/{owner['id']}/events/{event['id']}", json=change)
        read = me.get(f"{url}/{owner['id']}/events/{event['id']}")
    with graph(sandbox, other["address"]) as they:
        missed = they.patch(f"{url}/{other['id']}/events/{theirs['id']}", json=change)

    assert (hit.status_code, read.status_code, missed.status_code) == (504, 200, 200)


def test_the_first_order_that_matches_wins(sandbox: RunningSandbox, owner: dict[str, Any]) -> None:
    sandbox.faults([{"kind": "status", "status": 503, "match": {"path": "^/me$"}}])
    sandbox.faults([{"kind": "status", "status": 429}])

    with graph(sandbox, owner["address"]) as me:
        found = me.get(f"{sandbox.url}/v1.0/me").status_code
        other = me.get(f"{sandbox.url}/v1.0/me/calendar").status_code

    assert (found, other) == (503, 429)


def test_a_reset_breaks_the_connection(sandbox: RunningSandbox, owner: dict[str, Any]) -> None:
    sandbox.faults([{"kind": "reset", "times": 1}])

    with graph(sandbox, owner["address"]) as me:
        with pytest.raises(requests.ConnectionError, match="reset by peer"):
            me.get(f"{sandbox.url}/v1.0/me")
        again = me.get(f"{sandbox.url}/v1.0/me")

    assert again.status_code == 200
    assert [line["status"] for line in sandbox.requests() if line["host"] == "graph"][-2:] == [
        None,
        200,
    ]


def test_an_applied_fault_hides_an_answer_that_took_effect(
    sandbox: RunningSandbox, owner: dict[str, Any], event: dict[str, Any]
) -> None:
    sandbox.faults([{"kind": "reset", "applied": True, "times": 1, "match": {"method": "PATCH"}}])
    url = f"{sandbox.url}/v1.0/me/events/{event['id']}"

    with graph(sandbox, owner["address"]) as me, pytest.raises(requests.ConnectionError):
        me.patch(url, json={"categories": ["Done"]})

    assert sandbox.get_event(owner["address"], event["id"])["categories"] == ["Done"]


def test_a_truncated_answer_stops_half_way(sandbox: RunningSandbox, owner: dict[str, Any]) -> None:
    sandbox.faults([{"kind": "truncate", "times": 1}])

    with (
        graph(sandbox, owner["address"]) as me,
        pytest.raises(requests.exceptions.ChunkedEncodingError),
    ):
        me.get(f"{sandbox.url}/v1.0/me")


@pytest.mark.parametrize("name", ["seconds", "delay"])
def test_a_delayed_answer_is_late_and_whole(
    sandbox: RunningSandbox, owner: dict[str, Any], name: str
) -> None:
    sandbox.faults([{"kind": "delay", name: 0.2, "times": 1}])

    with graph(sandbox, owner["address"]) as me:
        answer = me.get(f"{sandbox.url}/v1.0/me")

    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.2


def test_hanging_requests_hold_nobody_else_up_and_end_when_the_fault_does(
    sandbox: RunningSandbox, owner: dict[str, Any]
) -> None:
    sandbox.faults([{"kind": "hang", "match": {"path": "/me/calendar$"}}])
    ends: list[str] = []

    def hang() -> None:
        with graph(sandbox, owner["address"]) as me:
            try:
                me.get(f"{sandbox.url}/v1.0/me/calendar", timeout=20)
            except requests.ConnectionError:
                ends.append("cut")

    threads = [threading.Thread(target=hang) for _ in range(4)]
    for thread in threads:
        thread.start()
    with graph(sandbox, owner["address"]) as me:
        answer = me.get(f"{sandbox.url}/v1.0/me", timeout=5)
    while sandbox.control("GET", "/faults")["items"][0]["hits"] < 4:
        pass
    sandbox.clear_faults()
    for thread in threads:
        thread.join(5)

    assert answer.status_code == 200
    assert ends == ["cut"] * 4


def test_probability_strikes_now_and_then(sandbox: RunningSandbox, owner: dict[str, Any]) -> None:
    sandbox.faults([{"kind": "status", "status": 503, "probability": 0.5}])

    with graph(sandbox, owner["address"]) as me:
        codes = {me.get(f"{sandbox.url}/v1.0/me").status_code for _ in range(40)}

    assert codes == {200, 503}


def test_the_control_plane_is_never_hurt(sandbox: RunningSandbox) -> None:
    sandbox.faults([{"kind": "hang"}])

    assert sandbox.state()["tenant_id"] == sandbox.tenant_id


def test_app_permissions_bite_at_once_and_come_back(
    sandbox: RunningSandbox, owner: dict[str, Any], event: dict[str, Any], http: requests.Session
) -> None:
    http.headers["Authorization"] = f"Bearer {sandbox.token(audience='graph', app=True)}"
    url = f"{sandbox.url}/v1.0/users/{owner['id']}/events/{event['id']}"
    change = {"categories": ["X"]}

    before = http.patch(url, json=change).status_code
    sandbox.faults([{"kind": "permissions", "app": ["Calendars.Read"]}])
    denied = http.patch(url, json=change).status_code
    readable = http.get(url).status_code
    sandbox.clear_faults()
    after = http.patch(url, json=change).status_code

    assert (before, denied, readable, after) == (200, 403, 200, 200)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({}, "kind"),
        ({"kind": "explode"}, "kind"),
        ({"kind": "status", "status": 200}, "status"),
        ({"kind": "status", "status": 503.5}, "whole"),
        ({"kind": "status", "times": 0}, "times"),
        ({"kind": "status", "times": True}, "times"),
        ({"kind": "status", "probability": 2}, "probability"),
        ({"kind": "status", "match": {"path": "("}}, "regular expression"),
        ({"kind": "status", "match": {"colour": "red"}}, "match"),
        ({"kind": "status", "colour": "red"}, "colour"),
        ({"kind": "delay", "seconds": -1}, "seconds"),
        ({"kind": "notifications", "drop": 1}, "drop must be true"),
        ({"kind": "notifications", "delay": -1}, "delay"),
        ({"kind": "notifications", "duplicate": 11}, "duplicate"),
        ({"kind": "notifications", "drop": True, "match": {"path": "x"}}, "match"),
        ({"kind": "delta"}, "name one of expire"),
        ({"kind": "delta", "expire": "soon"}, "expire must be true or not_found"),
        ({"kind": "delta", "expire": True, "replay": True}, "name one of"),
        ({"kind": "delta", "expire": True, "status": 410}, "has no status"),
        ({"kind": "lifecycle", "event": "late"}, "event"),
        ({"kind": "keys"}, "rotate"),
        ({"kind": "permissions"}, "app"),
        ({"kind": "consent", "tenant": "nowhere"}, "no tenant"),
    ],
)
def test_a_malformed_order_is_refused_with_a_reason_and_nothing_of_the_list_is_done(
    sandbox: RunningSandbox, order: dict[str, Any], reason: str
) -> None:
    with pytest.raises(requests.HTTPError, match=reason) as refused:
        sandbox.faults([{"kind": "status"}, order])

    assert refused.value.response.status_code == 400
    assert sandbox.control("GET", "/faults")["items"] == []


def test_orders_of_delta_and_notifications_are_shown_with_their_effect(
    sandbox: RunningSandbox,
) -> None:
    sandbox.faults(
        [
            {"kind": "delta", "expire": True, "times": 2, "match": {"user": "a@b.example"}},
            {"kind": "notifications", "delay": 90, "probability": 0.5},
            {"kind": "notifications", "duplicate": 2},
        ]
    )

    expire, delay, duplicate = sandbox.control("GET", "/faults")["items"]

    assert (expire["kind"], expire["expire"], expire["times"]) == ("delta", "not_found", 2)
    assert expire["match"] == {"user": "a@b.example"}
    assert (delay["delay"], delay["probability"], delay["hits"]) == (90, 0.5, 0)
    assert duplicate["duplicate"] == 2
