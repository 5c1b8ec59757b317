"""`/api/me` and `/api/contacts` over HTTP."""

import pytest
from flask.testing import FlaskClient

from backend.domain.errors import RuleError, UnknownFirmError
from backend.domain.policy import SyncMode
from backend.services.answers import Preferences
from tests.api.stubs import PRINCIPAL, StubServices


def test_me_says_who_i_am_what_my_firm_decided_and_what_i_may_switch(client: FlaskClient):
    body = client.get("/api/me").json

    assert body["name"] == "Ada Partner"
    assert body["roles"] == ["admin"]
    assert body["firm"]["sync_enabled"] is True
    assert body["firm"]["category_name"] == "Add this Event to InterAction"
    assert body["choosable_modes"] == ["manual", "combined"]
    assert body["enabled_by_user"] is None
    assert body["checked_at"] == "2026-03-02T09:00:00Z"


def test_patch_changes_what_is_sent_and_nothing_else(client: FlaskClient, services: StubServices):
    response = client.patch(
        "/api/me", json={"enabled": True, "mode": "combined", "block_list": ["rival.example"]}
    )

    assert response.status_code == 200
    assert services.people.calls == [
        (
            "update_me",
            PRINCIPAL,
            Preferences(enabled=True, mode=SyncMode.COMBINED, block_list=("rival.example",)),
        )
    ]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("enabled", "yes"),
        ("enabled", None),
        ("mode", "sometimes"),
        ("mode", {"a": 1}),
        ("block_list", "everybody"),
        ("block_list", [""]),
        ("block_list", ["x"] * 501),
        ("default_visibility", "my friends"),
        ("role", "admin"),
    ],
)
def test_what_cannot_be_chosen_is_refused(
    client: FlaskClient, services: StubServices, member: str, value: object
):
    response = client.patch("/api/me", json={member: value})

    assert (response.status_code, response.json["code"]) == (422, "invalid_request")
    assert member in response.json["errors"]
    assert services.people.calls == []


def test_a_firm_that_is_no_customer_is_told_so(client: FlaskClient, services: StubServices):
    services.people.error = UnknownFirmError()

    response = client.get("/api/me")

    assert (response.status_code, response.json["code"]) == (403, "unknown_firm")


def test_contacts_come_as_a_list_with_a_limit(client: FlaskClient, services: StubServices):
    response = client.get("/api/contacts?q=clara&limit=5")

    assert response.json["next"] is None
    assert response.json["items"][0] == {
        "id": "c-1",
        "name": "Clara Client",
        "emails": ["clara@client.example"],
        "types": [],
        "company_id": None,
        "private": False,
        "owner_id": None,
    }
    assert services.linking.calls == [("find_contacts", PRINCIPAL, "clara", 5)]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=many", "q=" + "x" * 201])
def test_a_limit_outside_1_to_200_is_refused(client: FlaskClient, query: str):
    assert client.get(f"/api/contacts?{query}").status_code == 422


def test_sync_now_is_answered_with_the_state_and_may_not_be_pressed_all_day(
    client: FlaskClient, services: StubServices
):
    answers = [client.post("/api/me/sync") for _ in range(7)]

    assert [answer.status_code for answer in answers] == [202] * 6 + [429]
    assert answers[0].json["state"] == "ok"
    assert answers[-1].json["code"] == "rate_limited"
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert services.people.calls == [("sync_now", PRINCIPAL)] * 6
    assert client.get("/api/me").status_code == 200


def test_sync_now_says_when_nothing_would_happen(client: FlaskClient, services: StubServices):
    services.people.error = RuleError("It is off.", code="sync_off")

    response = client.post("/api/me/sync")

    assert (response.status_code, response.json["code"]) == (422, "sync_off")
