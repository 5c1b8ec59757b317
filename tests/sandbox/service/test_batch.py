"""`$batch`: items are served, limited, hurt and logged one by one; a malformed batch not at all."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.service.callers import EVENT, Callers
from tests.support.receiver import Receiver

JSON = {"Content-Type": "application/json"}


def test_items_have_their_own_status_headers_and_body(callers: Callers) -> None:
    me = f"/users/{callers.ann['id']}"

    found = callers.batch(
        {"url": f"{me}/calendar"},
        {"url": f"{me[1:]}/events", "method": "POST", "headers": JSON, "body": EVENT},
        {"url": "/users/nobody@nowhere.example/calendar"},
        {
            "url": f"{me}/events?$select=subject&$top=1",
            "headers": {"Prefer": 'IdType="ImmutableId"'},
        },
    )

    assert {key: each["status"] for key, each in found.items()} == {
        "1": 200,
        "2": 201,
        "3": 404,
        "4": 200,
    }
    assert found["1"]["body"]["isDefaultCalendar"] is True
    assert found["1"]["headers"]["Content-Type"].startswith("application/json")
    assert found["2"]["headers"]["Location"].endswith("')")
    assert found["3"]["body"]["error"]["code"] == "ErrorInvalidUser"
    assert found["4"]["headers"]["Preference-Applied"] == 'IdType="ImmutableId"'


def test_answers_come_in_another_order_and_deletion_has_no_body(callers: Callers) -> None:
    owner = callers.ann["address"]
    event = callers.sandbox.create_event(owner, **EVENT)
    items = [{"id": str(n), "method": "GET", "url": "/me"} for n in range(8)]
    items.append({"id": "last", "method": "DELETE", "url": f"/me/events/{event['id']}"})

    answer = callers.ask("POST", "/$batch", owner, json={"requests": items}).json()

    order = [each["id"] for each in answer["responses"]]
    assert sorted(order) == sorted(item["id"] for item in items)
    assert order != [item["id"] for item in items]
    deleted = next(each for each in answer["responses"] if each["id"] == "last")
    assert deleted["status"] == 204
    assert "body" not in deleted


def test_an_item_waits_for_what_it_depends_on(callers: Callers) -> None:
    owner = callers.ann["address"]
    event = callers.sandbox.create_event(owner, **EVENT)
    one = f"/me/events/{event['id']}"
    change = {"method": "PATCH", "url": one, "headers": JSON, "body": {"subject": "Changed"}}

    found = callers.batch(change, {"url": one, "dependsOn": ["1"]}, who=owner)

    assert found["2"]["body"]["subject"] == "Changed"


def test_what_depends_on_a_failure_fails_with_424(callers: Callers) -> None:
    found = callers.batch(
        {"url": "/users/nobody@nowhere.example/calendar"},
        {"url": "/organization", "dependsOn": ["1"]},
        {"url": "/organization", "dependsOn": ["2"]},
        {"url": "/organization"},
    )

    assert [found[key]["status"] for key in "1234"] == [404, 424, 424, 200]
    assert found["2"]["body"]["error"]["code"] == "FailedDependency"


def test_four_items_at_a_time_go_to_outlook_so_a_batch_alone_is_not_throttled(
    callers: Callers,
) -> None:
    callers.sandbox.personality(outlook_latency=0.05)
    calendar = {"url": f"/users/{callers.ann['id']}/calendar"}

    found = callers.batch(*[calendar] * 20)

    assert {each["status"] for each in found.values()} == {200}


def test_items_over_the_limit_are_throttled_one_by_one(callers: Callers) -> None:
    callers.sandbox.personality(request_limit=3)
    calendar = {"url": f"/users/{callers.ann['id']}/calendar"}

    found = callers.batch(*[calendar] * 5, {"url": f"/users/{callers.ben['id']}/calendar"})

    codes = [found[str(number)]["status"] for number in range(1, 7)]
    assert codes == [200, 200, 200, 429, 429, 200]
    assert int(found["4"]["headers"]["Retry-After"]) > 0
    assert found["4"]["body"]["error"]["code"] == "ApplicationThrottled"


@pytest.mark.parametrize("kind", ["reset", "truncate", "hang"])
def test_a_fault_hurts_the_item_it_matches(callers: Callers, kind: str) -> None:
    callers.sandbox.faults([{"kind": kind, "match": {"user": callers.ben["address"]}}])

    found = callers.batch(
        {"url": f"/users/{callers.ann['id']}/calendar"},
        {"url": f"/users/{callers.ben['id']}/calendar"},
    )

    assert [found[key]["status"] for key in "12"] == [200, 504]
    assert found["2"]["body"]["error"]["code"] == "UnknownError"


def test_a_status_fault_hurts_one_item_and_each_item_is_logged(callers: Callers) -> None:
    order = {"kind": "status", "status": 503, "retry_after": 9, "times": 1}
    callers.sandbox.faults([{**order, "match": {"path": "^/users/[^/]+/calendar$"}}])
    since = callers.sandbox.last_request()
    calendar = {"url": f"/users/{callers.ann['id']}/calendar"}

    found = callers.batch(calendar, calendar)

    assert sorted(each["status"] for each in found.values()) == [200, 503]
    assert found["1"]["headers"]["Retry-After"] == "9"
    lines = [line for line in callers.sandbox.requests(since) if line["host"] == "graph"]
    assert [(line["path"], line["status"]) for line in lines] == [
        (f"/v1.0{calendar['url']}", 503),
        (f"/v1.0{calendar['url']}", 200),
        ("/v1.0/$batch", 200),
    ]
    assert {line["mailbox"] for line in lines[:2]} == {callers.ann["address"]}


GOOD: dict[str, Any] = {"id": "1", "method": "GET", "url": "/me"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"requests": []},
        {"requests": "x"},
        {"requests": ["x"]},
        {"requests": [{"method": "GET", "url": "/me"}]},
        {"requests": [{"id": "1", "url": "/me"}]},
        {"requests": [{"id": "1", "method": "GET"}]},
        {"requests": [GOOD | {"id": 1}]},
        {"requests": [GOOD | {"method": "BREW"}]},
        {"requests": [GOOD | {"url": "https://graph.microsoft.com/v1.0/me"}]},
        {"requests": [GOOD | {"headers": ["x"]}]},
        {"requests": [GOOD | {"headers": {"A": "x\r\nB: y"}}]},
        {"requests": [GOOD | {"method": "POST", "body": {"subject": "no content type"}}]},
        {"requests": [GOOD | {"dependsOn": ["7"]}]},
        {"requests": [GOOD | {"dependsOn": ["1"]}]},
        {"requests": [GOOD | {"dependsOn": "1"}]},
        {"requests": [GOOD | {"id": "a"}, GOOD | {"id": "A"}]},
        {"requests": [GOOD | {"id": str(number)} for number in range(21)]},
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(callers: Callers, body: Any) -> None:
    since = callers.sandbox.last_request()

    refusal = callers.code("POST", "/$batch", json=body)

    assert refusal == (400, "BadRequest")
    graph = [line for line in callers.sandbox.requests(since) if line["host"] == "graph"]
    assert len(graph) == 1


@pytest.mark.parametrize(
    "url", ["/$batch", "//\x00", "/me/events/%ff%fe", "?", "/" + "x" * 9000, "/é"]
)
def test_a_strange_item_fails_alone(callers: Callers, url: str) -> None:
    found = callers.batch(
        {"method": "POST", "url": url, "headers": JSON, "body": {}},
        GOOD | {"id": "2", "url": "/organization"},
    )

    assert 400 <= found["1"]["status"] < 500
    assert found["2"]["status"] == 200


def test_a_batch_needs_a_token_and_items_cannot_bring_another(callers: Callers) -> None:
    other = callers.token(callers.ben["address"])
    stolen = {"url": "/me", "headers": {"authorization": f"Bearer {other}"}}

    found = callers.batch(stolen, who=callers.ann["address"])
    callers._tokens["app"] = "nonsense"

    assert found["1"]["body"]["mail"] == callers.ann["address"]
    refusal = callers.code("POST", "/$batch", json={"requests": [GOOD]})
    assert refusal == (401, "InvalidAuthenticationToken")


def test_subscriptions_are_made_validated_and_refused_within_a_batch(callers: Callers) -> None:
    now = datetime.fromisoformat(callers.sandbox.state()["now"])

    def wish(owner: dict[str, Any], url: str, **more: Any) -> dict[str, Any]:
        body = {
            "changeType": "created,updated,deleted",
            "resource": f"users/{owner['id']}/events",
            "notificationUrl": f"{url}/hook",
            "expirationDateTime": (now + timedelta(days=2)).isoformat(),
        }
        return {"url": "/subscriptions", "method": "POST", "headers": JSON, "body": body, **more}

    with Receiver() as subscriber, Receiver() as gone:
        gone_url = gone.url
        gone.manners.validation_status = 500
        found = callers.batch(
            wish(callers.ann, subscriber.url),
            wish(callers.ben, subscriber.url),
            wish(callers.cleo, gone_url),
            wish(callers.ann, subscriber.url, dependsOn=["1"]),
            {"url": "/subscriptions", "dependsOn": ["1", "2"]},
        )
        validated = [post.path for post in subscriber.validations]

    assert {key: each["status"] for key, each in found.items()} == {
        "1": 201,
        "2": 201,
        "3": 400,
        "4": 409,
        "5": 200,
    }
    assert validated == ["/hook"] * 2
    assert found["3"]["body"]["error"]["code"] == "ValidationError"
    made = {found[key]["body"]["id"] for key in ("1", "2")}
    assert {each["id"] for each in found["5"]["body"]["value"]} == made
    assert found["4"]["body"]["error"]["message"].startswith("Subscription Id ")
