"""Subscriptions: what we ask for, what a conflict tells, and which refusals mean what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import responses

from backend.adapters.graph_subscriptions import SubscriptionExistsError
from backend.adapters.routing import CLOUDS
from backend.domain.errors import (
    InvalidEventIdError,
    NotAllowedError,
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.ports import Hooks, Mailbox, Subscription
from tests.adapters.graph_side import ANNS, NOON, OWNER, ROOT, a_calendar
from tests.adapters.payloads import an_error

URL = f"{ROOT}/subscriptions"
ID = "5522bd62-7c96-4530-85b0-00b916c8d4c1"
HOOKS = Hooks(
    "https://sync.example/graph/notifications", "https://sync.example/graph/lifecycle", "s"
)
END = NOON + timedelta(days=6)
CATEGORIES_URL = f"{ROOT}/users/{OWNER}/outlook/masterCategories"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def a_subscription(**members: Any) -> dict[str, Any]:
    return {
        "@odata.context": f"{ROOT}/$metadata#subscriptions/$entity",
        "id": ID,
        "resource": f"users/{OWNER}/events",
        "applicationId": "app",
        "changeType": "created,updated,deleted",
        "clientState": "s",
        "notificationUrl": HOOKS.notification_url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": HOOKS.lifecycle_url,
        "expirationDateTime": "2026-11-27T11:30:00Z",
        "creatorId": "principal",
    } | members


KEPT = Subscription(
    ID,
    datetime(2026, 11, 27, 11, 30, tzinfo=UTC),
    HOOKS.notification_url,
    HOOKS.lifecycle_url,
    "s",
)


# Making one


def test_all_events_of_the_mailbox_are_asked_for_with_immutable_ids(
    web: responses.RequestsMock,
) -> None:
    web.post(URL, status=201, json=a_subscription())

    made = a_calendar().subscribe(ANNS, HOOKS, END)

    request = web.calls[0].request
    assert request.headers["Prefer"] == 'IdType="ImmutableId"'
    assert orjson.loads(request.body) == {
        "changeType": "created,updated,deleted",
        "resource": f"users/{OWNER}/events",
        "notificationUrl": HOOKS.notification_url,
        "lifecycleNotificationUrl": HOOKS.lifecycle_url,
        "expirationDateTime": "2026-11-27T12:00:00.0000000Z",
        "clientState": "s",
    }
    assert made == KEPT


def test_no_secret_shows_in_a_repr() -> None:
    state = Hooks("", "", "hush-hush")
    kept = Subscription("1", END, client_state="hush-hush")

    assert "hush-hush" not in f"{state!r}{kept!r}"


def test_an_end_that_graph_does_not_tell_is_the_one_we_asked_for(
    web: responses.RequestsMock,
) -> None:
    web.post(URL, status=201, json={"id": ID})

    assert a_calendar().subscribe(ANNS, HOOKS, END) == Subscription(ID, END)


@pytest.mark.parametrize("body", [{}, {"id": 7}, {"id": ""}, {"id": "x" * 65}, []])
def test_a_subscription_without_a_usable_id_is_none(
    web: responses.RequestsMock, body: object
) -> None:
    web.post(URL, status=201, json=body)

    with pytest.raises(RemoteRejectedError):
        a_calendar().subscribe(ANNS, HOOKS, END)


def test_a_broken_creation_is_not_repeated(web: responses.RequestsMock) -> None:
    web.post(URL, body=ConnectionResetError())

    with pytest.raises(TransientRemoteError):
        a_calendar().subscribe(ANNS, HOOKS, END)

    assert len(web.calls) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "ValidationError", RemoteRejectedError),
        (400, "InvalidRequest", RemoteRejectedError),
        (403, "ErrorAccessDenied", RemoteAccessError),
        (403, "ExtensionError", RemoteAccessError),
        (404, "MailboxNotEnabledForRESTAPI", RemoteAccessError),
        (409, "Conflict", SubscriptionExistsError),
        (429, "TooManyRequests", TransientRemoteError),
    ],
)
def test_refusals_are_told_apart(
    web: responses.RequestsMock, status: int, code: str, kind: type[RemoteError]
) -> None:
    web.post(URL, status=status, json=an_error(code), headers={"Retry-After": "9"})

    with pytest.raises(RemoteError) as caught:
        a_calendar().subscribe(ANNS, HOOKS, END)

    assert type(caught.value) is kind
    assert (caught.value.remote_code, caught.value.retry_after) == (code, 9)


def test_another_firms_mailbox_is_never_subscribed_to(web: responses.RequestsMock) -> None:
    with pytest.raises(NotAllowedError):
        a_calendar().subscribe(Mailbox("other", OWNER), HOOKS, END)

    assert len(web.calls) == 0


# After a conflict


def conflict(web: responses.RequestsMock, message: str) -> RemoteConflictError:
    web.post(URL, status=409, json=an_error("Conflict", message))
    with pytest.raises(RemoteConflictError) as caught:
        a_calendar().subscribe(ANNS, HOOKS, END)
    return caught.value


NAMED = f"Subscription Id {ID} already exists for the requested combination"


def test_the_one_that_the_conflict_names_is_looked_at_alone(web: responses.RequestsMock) -> None:
    error = conflict(web, NAMED)
    web.get(f"{URL}/{ID}", json=a_subscription(resource=f"/Users/{OWNER.upper()}/Events/"))

    assert a_calendar().find_subscription(ANNS, error) == KEPT


@pytest.mark.parametrize(
    "named",
    [
        (404, an_error("ResourceNotFound")),
        (200, a_subscription(resource="users/somebody-else/events")),
        (200, a_subscription(resource=None)),
        (200, {}),
    ],
)
def test_a_name_that_leads_nowhere_is_followed_by_the_list(
    web: responses.RequestsMock, named: tuple[int, dict[str, Any]]
) -> None:
    error = conflict(web, NAMED)
    web.get(f"{URL}/{ID}", status=named[0], json=named[1])
    others = [
        a_subscription(id="1", resource="users/somebody-else/events"),
        a_subscription(id="2", changeType="updated"),
        7,
        {},
    ]
    web.get(URL, json={"value": others, "@odata.nextLink": f"{URL}?$skiptoken=100"})
    web.get(
        URL,
        json={"value": [a_subscription(changeType="deleted, Updated,created")]},
        match=[responses.matchers.query_param_matcher({"$skiptoken": "100"})],
    )

    assert a_calendar().find_subscription(ANNS, error) == KEPT


def test_a_conflict_that_names_nothing_asks_for_the_list_at_once(
    web: responses.RequestsMock,
) -> None:
    error = conflict(web, "Something of the kind is there.")
    web.get(URL, json={"value": []})

    assert a_calendar().find_subscription(ANNS, error) is None


# Renewing and ending


def test_a_renewal_is_one_patch_of_the_end(web: responses.RequestsMock) -> None:
    web.patch(f"{URL}/{ID}", json=a_subscription())

    assert a_calendar().renew_subscription(ID, END) == KEPT
    assert orjson.loads(web.calls[0].request.body) == {
        "expirationDateTime": "2026-11-27T12:00:00.0000000Z"
    }


@pytest.mark.parametrize("code", ["ResourceNotFound", "ExtensionError", ""])
def test_a_subscription_that_is_gone_is_not_found_whatever_the_code(
    web: responses.RequestsMock, code: str
) -> None:
    web.patch(f"{URL}/{ID}", status=404, json=an_error(code))

    with pytest.raises(RemoteNotFoundError):
        a_calendar().renew_subscription(ID, END)


@pytest.mark.parametrize("status", [204, 404, 410])
def test_an_end_is_an_end(web: responses.RequestsMock, status: int) -> None:
    web.delete(f"{URL}/{ID}", status=status)

    a_calendar().unsubscribe(ID)


def test_an_end_that_is_refused_is_an_error(web: responses.RequestsMock) -> None:
    web.delete(f"{URL}/{ID}", status=403, json=an_error("ErrorAccessDenied"))

    with pytest.raises(RemoteAccessError):
        a_calendar().unsubscribe(ID)


def test_an_id_stays_one_segment_of_the_path(web: responses.RequestsMock) -> None:
    web.delete(f"{URL}/..%2Fusers", status=204)

    a_calendar().unsubscribe("../users")
    with pytest.raises(InvalidEventIdError):
        a_calendar().unsubscribe("..")


# The master category, read only


def test_whether_a_category_is_listed_is_told_without_regard_to_case(
    web: responses.RequestsMock,
) -> None:
    link = f"{CATEGORIES_URL}?$skip=1"
    for _ in range(2):
        web.get(
            CATEGORIES_URL,
            json={"value": [{"displayName": "Red"}, {}, 7], "@odata.nextLink": link},
            match=[responses.matchers.query_param_matcher({})],
        )
        web.get(
            CATEGORIES_URL,
            json={"value": [{"displayName": " ADD this "}]},
            match=[responses.matchers.query_param_matcher({"$skip": "1"})],
        )

    assert a_calendar().has_master_category(ANNS, "Add this") is True
    assert a_calendar().has_master_category(ANNS, "Other") is False


def test_a_list_we_may_not_read_tells_nothing(web: responses.RequestsMock) -> None:
    web.get(CATEGORIES_URL, status=403, json=an_error("ErrorAccessDenied"))

    assert a_calendar().has_master_category(ANNS, "Add this") is None


def test_a_mailbox_that_is_not_there_is_no_missing_category(web: responses.RequestsMock) -> None:
    web.get(CATEGORIES_URL, status=404, json=an_error("MailboxNotEnabledForRESTAPI"))

    with pytest.raises(RemoteAccessError):
        a_calendar().has_master_category(ANNS, "Add this")


def test_china_has_no_list_to_read() -> None:
    assert a_calendar(cloud=CLOUDS["china"]).has_master_category(ANNS, "Add this") is None
