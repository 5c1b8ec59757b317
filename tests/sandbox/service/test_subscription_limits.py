"""Limits of /subscriptions: writes, listing and all calls, per application and per tenant."""

from collections.abc import Callable

import pytest
import requests

from tests.sandbox.service.callers import Callers

ONE = "/subscriptions/00000000-0000-4000-8000-000000000000"


def ask_as(callers: Callers, client: str, method: str = "DELETE", path: str = ONE) -> int:
    """The status of another application's call in the same tenant."""
    token = callers.sandbox.token(audience="graph", app=True, client=client)
    url = f"{callers.sandbox.url}/v1.0{path}"
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, url, headers=headers, timeout=10).status_code


def test_the_limits_are_those_that_are_documented(callers: Callers) -> None:
    limits = callers.sandbox.control("GET", "/personality")

    assert limits["subscription_window"] == 20
    assert (limits["subscription_write_limit"], limits["tenant_write_limit"]) == (1_000, 2_000)
    assert (limits["subscription_call_limit"], limits["tenant_call_limit"]) == (5_000, 10_000)
    assert limits["subscription_list_limit"] == 40


@pytest.mark.parametrize(
    ("switch", "kind", "ask"),
    [
        ("subscription_write_limit", "write", lambda c: c.ask("DELETE", ONE)),
        ("subscription_write_limit", "write", lambda c: c.ask("POST", "/subscriptions", json={})),
        ("subscription_write_limit", "write", lambda c: c.ask("POST", f"{ONE}/reauthorize")),
        ("subscription_write_limit", "write", lambda c: c.ask("PATCH", ONE, json={})),
        ("subscription_call_limit", "any", lambda c: c.ask("GET", ONE)),
        ("subscription_list_limit", "list", lambda c: c.ask("GET", "/Subscriptions?$top=1")),
    ],
)
def test_whoever_calls_too_often_waits_and_may_call_again(
    callers: Callers, switch: str, kind: str, ask: Callable[[Callers], requests.Response]
) -> None:
    callers.sandbox.personality(**{switch: 3})

    admitted = [ask(callers).status_code for _ in range(3)]
    refused = ask(callers)
    callers.sandbox.advance(int(refused.headers["Retry-After"]) + 1)

    assert 429 not in admitted
    assert refused.status_code == 429
    assert 15 < int(refused.headers["Retry-After"]) <= 20
    error = refused.json()["error"]
    assert error["code"] == "TooManyRequests"
    assert f"subscriptionservice.dc.{kind}." in error["message"]
    assert error["innerError"]["request-id"] == refused.headers["request-id"]
    assert ask(callers).status_code != 429


def test_the_limit_of_an_application_is_not_that_of_another(callers: Callers) -> None:
    callers.sandbox.personality(subscription_write_limit=1)

    assert [callers.ask("DELETE", ONE).status_code for _ in range(2)] == [404, 429]
    assert ask_as(callers, "api") == 404


def test_the_limit_of_a_tenant_is_that_of_all_its_applications(callers: Callers) -> None:
    callers.sandbox.personality(tenant_write_limit=2)

    codes = [callers.ask("DELETE", ONE).status_code, ask_as(callers, "api")]

    assert codes == [404, 404]
    assert ask_as(callers, "addin") == 429
    other = callers.sandbox.token(
        audience="graph", app=True, tenant=callers.sandbox.second_tenant_id
    )
    headers = {"Authorization": f"Bearer {other}"}
    url = f"{callers.sandbox.url}/v1.0{ONE}"
    assert requests.delete(url, headers=headers, timeout=10).status_code == 404


def test_all_calls_of_a_tenant_have_a_limit_of_their_own(callers: Callers) -> None:
    callers.sandbox.personality(tenant_call_limit=2)

    assert [callers.ask("GET", ONE).status_code for _ in range(3)] == [404, 404, 429]
    assert ask_as(callers, "api", "GET") == 429


def test_reading_does_not_use_up_writes_and_mailboxes_are_not_concerned(callers: Callers) -> None:
    callers.sandbox.personality(subscription_write_limit=1, subscription_list_limit=1)

    assert [callers.ask("GET", ONE).status_code for _ in range(3)] == [404] * 3
    assert callers.ask("DELETE", ONE).status_code == 404
    assert callers.ask("GET", "/subscriptions").status_code == 200
    assert callers.ask("GET", "/subscriptions").status_code == 429
    assert callers.ask("GET", f"/users/{callers.ann['id']}/calendar").status_code == 200


def test_items_of_a_batch_count_one_by_one(callers: Callers) -> None:
    callers.sandbox.personality(subscription_list_limit=2)

    found = callers.batch(*({"url": "/subscriptions"} for _ in range(4)))

    assert sorted(each["status"] for each in found.values()) == [200, 200, 429, 429]
    refused = [each for each in found.values() if each["status"] == 429]
    assert all(int(each["headers"]["Retry-After"]) > 0 for each in refused)


def test_the_switch_that_lifts_outlooks_limits_lifts_these_too(callers: Callers) -> None:
    callers.sandbox.personality(throttling="off", subscription_list_limit=1)

    assert [callers.ask("GET", "/subscriptions").status_code for _ in range(3)] == [200] * 3
