"""/subscriptions accepts, refuses, renews and ends what Graph accepts, refuses, renews and ends."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.sandbox.notifications.endpoints import Patience
from backend.sandbox.notifications.model import Subscription
from tests.support.firm import NOW, Graph
from tests.support.graph_types import problems
from tests.support.receiver import Receiver

ANN = "3f1c0000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def listener() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def subscriber(listener: Receiver) -> Receiver:
    listener.forget()
    listener.manners = type(listener.manners)()
    return listener


def moment(**later: float) -> str:
    return (NOW + timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def wish(subscriber: Receiver, **members: Any) -> dict[str, Any]:
    return {
        "changeType": "created,updated,deleted",
        "resource": "me/events",
        "notificationUrl": f"{subscriber.url}/hook",
        "expirationDateTime": moment(days=3),
        "clientState": "secret",
        **members,
    }


def subscribe(graph: Graph, subscriber: Receiver, who: str = "ann", **members: Any) -> Any:
    answer = graph.ask("POST", "/subscriptions", who, json=wish(subscriber, **members))
    assert answer.status_code == 201, answer.text
    return answer.json()


# --- creating -----------------------------------------------------------------------------------


def test_a_subscription_is_answered_whole(graph: Graph, subscriber: Receiver) -> None:
    lifecycle = f"{subscriber.url}/lifecycle"

    made = subscribe(graph, subscriber, lifecycleNotificationUrl=lifecycle)

    context = made.pop("@odata.context")
    assert context == f"{graph.base}/v1.0/$metadata#subscriptions/$entity"
    assert problems("subscription", made) == []
    assert made["applicationId"] == "app"
    assert made["creatorId"] == ANN
    assert made["resource"] == "me/events"
    assert made["clientState"] == "secret"
    assert made["expirationDateTime"] == "2026-03-05T09:00:00.12345Z"
    assert made["includeResourceData"] is None
    assert made["lifecycleNotificationUrl"] == lifecycle


def test_both_addresses_are_validated_before_the_answer(graph: Graph, subscriber: Receiver) -> None:
    subscribe(
        graph,
        subscriber,
        notificationUrl=f"{subscriber.url}/hook?tenant=7",
        lifecycleNotificationUrl=f"{subscriber.url}/lifecycle",
    )

    hook, lifecycle = subscriber.validations
    assert (hook.path, lifecycle.path) == ("/hook", "/lifecycle")
    assert hook.query["tenant"] == ["7"]
    assert hook.token is not None
    assert hook.token.startswith("Validation: Testing client application reachability")
    assert hook.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Authorization" not in hook.headers
    assert hook.body == b""


@pytest.mark.parametrize(
    ("manner", "value"),
    [
        ("validation_status", 202),
        ("validation_status", 302),
        ("validation_status", 401),
        ("validation_status", 500),
        ("validation_type", "application/json"),
        ("validation_type", "text/html"),
        ("validation_body", lambda token: f'"{token}"'),
        ("validation_body", lambda token: token.replace(" ", "+")),
        ("validation_body", lambda token: token + "\n"),
        ("validation_body", lambda _token: ""),
    ],
)
def test_an_address_that_does_not_repeat_the_token_is_refused(
    graph: Graph, subscriber: Receiver, manner: str, value: Any
) -> None:
    setattr(subscriber.manners, manner, value)

    refused = graph.code("POST", "/subscriptions", json=wish(subscriber))

    assert refused == (400, "ValidationError")
    assert graph.get("/subscriptions")["value"] == []


def test_the_lifecycle_address_is_as_important_as_the_other(
    graph: Graph, subscriber: Receiver
) -> None:
    with Receiver() as other:
        other.manners.validation_status = 403
        body = wish(subscriber, lifecycleNotificationUrl=f"{other.url}/lifecycle")

        answer = graph.ask("POST", "/subscriptions", json=body)

    assert answer.status_code == 400
    assert "HTTP status code is 'Forbidden'" in answer.json()["error"]["message"]


def test_a_silent_address_times_out(graph: Graph, subscriber: Receiver) -> None:
    graph.firm.notifier.endpoints.patience = Patience(validation=0.1)
    subscriber.manners.validation_hold = threading.Event()

    answer = graph.ask("POST", "/subscriptions", json=wish(subscriber))
    subscriber.manners.validation_hold.set()

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidRequest"
    assert answer.json()["error"]["message"] == "Subscription validation request timed out."


def test_nobody_listening_is_refused(graph: Graph) -> None:
    with Receiver() as gone:
        body = wish(gone)

    assert graph.code("POST", "/subscriptions", json=body) == (400, "ValidationError")


@pytest.mark.parametrize(
    "url",
    [
        "http://app.firm.example/hook",
        "http://10.0.0.1/hook",
        "http://localhost.evil.example/hook",
        "ftp://localhost/hook",
        "/hook",
        "https://",
        "https://user:pw@app.firm.example/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y",
        "https://ä.example/",
        "x" * 5000,
        7,
    ],
)
def test_addresses_must_use_https_unless_they_are_this_machine(
    graph: Graph, subscriber: Receiver, url: Any
) -> None:
    for name in ("notificationUrl", "lifecycleNotificationUrl"):
        body = wish(subscriber, **{name: url})
        assert graph.code("POST", "/subscriptions", json=body) == (400, "InvalidRequest")
    assert subscriber.posts == []


@pytest.mark.parametrize(
    "members",
    [
        {"changeType": None},
        {"changeType": "updated,moved"},
        {"resource": None},
        {"resource": "me/messages"},
        {"resource": "me/calendar/events/x"},
        {"resource": "https://graph.microsoft.com/v1.0/me/events"},
        {"resource": "🙂" * 100},
        {"expirationDateTime": None},
        {"expirationDateTime": "tomorrow"},
        {"expirationDateTime": moment(minutes=-1)},
        {"clientState": "x" * 129},
        {"clientState": 7},
        {"latestSupportedTlsVersion": "v9"},
        {"includeResourceData": True},
        {"colour": "red"},
    ],
)
def test_a_malformed_wish_is_refused(
    graph: Graph, subscriber: Receiver, members: dict[str, Any]
) -> None:
    body = wish(subscriber, **members)

    assert graph.code("POST", "/subscriptions", json=body) == (400, "InvalidRequest")
    assert subscriber.posts == []


def test_a_client_state_of_128_characters_is_kept(graph: Graph, subscriber: Receiver) -> None:
    assert subscribe(graph, subscriber, clientState="x" * 128)["clientState"] == "x" * 128


def test_a_life_lasts_at_least_45_minutes_and_at_most_seven_days(
    graph: Graph, subscriber: Receiver
) -> None:
    longest = wish(subscriber, expirationDateTime=moment(minutes=10_080))
    too_long = wish(subscriber, expirationDateTime=moment(minutes=10_080, seconds=1))
    short = wish(subscriber, expirationDateTime=moment(minutes=1), changeType="created")

    refused = graph.ask("POST", "/subscriptions", json=too_long)

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ExtensionError")
    assert "10080 minutes" in refused.json()["error"]["message"]
    assert graph.ask("POST", "/subscriptions", json=longest).status_code == 201
    raised = graph.ask("POST", "/subscriptions", json=short).json()
    assert raised["expirationDateTime"] == "2026-03-02T09:45:00.12345Z"


def test_the_same_wish_a_second_time_is_a_conflict(graph: Graph, subscriber: Receiver) -> None:
    first = subscribe(graph, subscriber)

    again = graph.ask(
        "POST",
        "/subscriptions",
        json=wish(
            subscriber, resource=f"/users/{ANN}/events", changeType="deleted,updated,created"
        ),
    )

    assert again.status_code == 409
    assert again.json()["error"]["message"] == (
        f"Subscription Id {first['id']} already exists for the requested combination"
    )
    subscribe(graph, subscriber, changeType="created")
    subscribe(graph, subscriber, "app", resource="users/ben@firm.example/events")
    graph.ask("DELETE", f"/subscriptions/{first['id']}")
    subscribe(graph, subscriber)


def test_a_mailbox_has_at_most_a_thousand_subscriptions(graph: Graph, subscriber: Receiver) -> None:
    for number in range(1_000):
        other = Subscription(
            id=f"other-{number}",
            app=f"app {number}",
            tenant_id="t",
            creator_id="c",
            user_id=None,
            owner_id=ANN,
            resource="users/x/events",
            change_type="created",
            notification_url=f"{subscriber.url}/hook",
            lifecycle_url=None,
            client_state=None,
            created=NOW,
            expires=NOW + timedelta(days=1),
        )
        graph.firm.notifier.register.add(other)

    assert graph.code("POST", "/subscriptions", json=wish(subscriber))[0] == 403
    subscribe(graph, subscriber, "ben")


def test_users_watch_only_themselves_and_apps_any_mailbox_they_may_read(
    graph: Graph, subscriber: Receiver
) -> None:
    def code(who: str, resource: str) -> tuple[int, str]:
        return graph.code("POST", "/subscriptions", who, json=wish(subscriber, resource=resource))

    denied = (403, "ErrorAccessDenied")
    ann = "users/ann@firm.example/events"
    assert code("cleo", ann) == denied
    assert code("ann:Calendars.Read.Shared", "me/events") == denied
    assert code("ann:User.Read", "me/events") == denied
    assert code("ann:Calendars.ReadBasic", "me/events") == denied
    assert code("app:User.Read.All", ann) == denied
    assert code("app", "me/events")[0] == 400
    assert code("app", "users/nobody@firm.example/events")[0] == 404
    assert code("app", "users/nomad@firm.example/events") == (404, "MailboxNotEnabledForRESTAPI")
    subscribe(graph, subscriber, "app:Calendars.Read", resource=f"users('{ANN}')/events")
    subscribe(graph, subscriber, "ben:Calendars.Read", resource="Users/ben@firm.example/Events")


# --- afterwards ---------------------------------------------------------------------------------


def test_each_caller_sees_his_own_subscriptions(graph: Graph, subscriber: Receiver) -> None:
    mine = subscribe(graph, subscriber)
    theirs = subscribe(graph, subscriber, "app", resource="users/ben@firm.example/events")

    listed = graph.get("/subscriptions")

    assert listed["@odata.context"].endswith("$metadata#subscriptions")
    assert [row["id"] for row in listed["value"]] == [mine["id"]]
    assert [row["id"] for row in graph.get("/subscriptions", "app")["value"]] == [theirs["id"]]
    assert graph.get(f"/subscriptions/{mine['id'].upper()}")["id"] == mine["id"]
    for method in ("GET", "PATCH", "DELETE"):
        path = f"/subscriptions/{theirs['id']}"
        assert graph.code(method, path, json={})[0] == 404
    assert graph.code("GET", "/subscriptions/none") == (404, "ResourceNotFound")


def test_long_lists_come_in_pages(graph: Graph, subscriber: Receiver) -> None:
    mine = subscribe(graph, subscriber, "app", resource="users/ben@firm.example/events")
    template = graph.firm.notifier.register.get(mine["id"])
    assert template is not None
    for number in range(120):
        saved = template.snapshot() | {"id": f"copy-{number}"}
        for copy in graph.firm.notifier.register.saved([saved], NOW):
            graph.firm.notifier.register.add(copy)

    first = graph.get("/subscriptions", "app")
    second = graph.get(first["@odata.nextLink"], "app")

    assert (len(first["value"]), len(second["value"])) == (100, 21)
    assert "@odata.nextLink" not in second


def test_a_renewal_moves_the_end_within_the_limits(graph: Graph, subscriber: Receiver) -> None:
    path = f"/subscriptions/{subscribe(graph, subscriber)['id']}"

    renewed = graph.patch(path, expirationDateTime=moment(days=6))

    assert renewed["expirationDateTime"] == "2026-03-08T09:00:00.12345Z"
    assert graph.get(path)["expirationDateTime"] == renewed["expirationDateTime"]
    too_long = {"expirationDateTime": moment(days=8)}
    assert graph.code("PATCH", path, json=too_long) == (400, "ExtensionError")
    for frozen in ({"clientState": "x"}, {"lifecycleNotificationUrl": "https://x.example/"}, {}):
        assert graph.code("PATCH", path, json=frozen) == (400, "InvalidRequest")


def test_a_new_address_is_validated_again(graph: Graph, subscriber: Receiver) -> None:
    path = f"/subscriptions/{subscribe(graph, subscriber)['id']}"
    subscriber.forget()

    moved = graph.patch(path, notificationUrl=f"{subscriber.url}/new")
    subscriber.manners.validation_status = 500
    refused = graph.code("PATCH", path, json={"notificationUrl": f"{subscriber.url}/bad"})

    assert [post.path for post in subscriber.validations] == ["/new", "/bad"]
    assert refused == (400, "ValidationError")
    assert graph.get(path)["notificationUrl"] == moved["notificationUrl"]


def test_reauthorizing_says_nothing_and_moves_nothing(graph: Graph, subscriber: Receiver) -> None:
    made = subscribe(graph, subscriber)
    path = f"/subscriptions/{made['id']}"

    answer = graph.ask("POST", f"{path}/reauthorize")

    assert (answer.status_code, answer.content) == (204, b"")
    assert graph.get(path)["expirationDateTime"] == made["expirationDateTime"]


def test_a_deleted_subscription_is_gone(graph: Graph, subscriber: Receiver) -> None:
    path = f"/subscriptions/{subscribe(graph, subscriber)['id']}"

    assert graph.ask("DELETE", path).status_code == 204
    assert graph.code("DELETE", path) == (404, "ResourceNotFound")
    assert graph.code("POST", f"{path}/reauthorize") == (404, "ResourceNotFound")


def test_a_subscription_that_is_over_is_gone(graph: Graph, subscriber: Receiver) -> None:
    path = f"/subscriptions/{subscribe(graph, subscriber)['id']}"

    graph.firm.clock.advance(days=3, seconds=1)

    assert graph.code("GET", path) == (404, "ResourceNotFound")
    renewal = {"expirationDateTime": moment(days=5)}
    assert graph.code("PATCH", path, json=renewal) == (404, "ResourceNotFound")
    subscribe(graph, subscriber, expirationDateTime=moment(days=5))


# --- hostile ------------------------------------------------------------------------------------

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
_NAMES = ("changeType", "resource", "notificationUrl", "lifecycleNotificationUrl", "clientState")
_NAMES += ("expirationDateTime", "includeResourceData", "latestSupportedTlsVersion", "id", "x")


@given(
    changes=st.dictionaries(st.sampled_from(_NAMES), _JSON, max_size=4),
    method=st.sampled_from(["POST", "PATCH"]),
)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_body_breaks_anything(
    graph: Graph, listener: Receiver, changes: dict[str, Any], method: str
) -> None:
    for each in graph.firm.notifier.register:
        graph.firm.notifier.register.remove(each)
    path = "/subscriptions"
    body = wish(listener)
    if method == "PATCH":
        path += f"/{subscribe(graph, listener)['id']}"
        body = {}

    status = graph.ask(method, path, json=body | changes).status_code

    assert status in (200, 201, 400, 403, 404)
