"""Every error code of Graph that the reference lists can be met, with its status and body."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.service.callers import EVENT, Callers

Met = tuple[int, str]
WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "startDate": "2030-01-07", "numberOfOccurrences": 3},
}
WINDOW = "startDateTime=2030-01-01T00:00:00Z&endDateTime=2030-03-01T00:00:00Z"


def event_of(callers: Callers, who: dict[str, Any], **more: Any) -> str:
    """Path of a new event in that person's mailbox."""
    made = callers.sandbox.create_event(who["address"], **EVENT, **more)
    return f"/users/{who['id']}/events/{quote(made['id'], safe='')}"


def crossing(callers: Callers) -> Met:
    master = event_of(callers, callers.ann, recurrence=WEEKLY)
    second = callers.get(f"{master}/instances?{WINDOW}")["value"][1]
    day = {"dateTime": "2030-01-23T10:00:00", "timeZone": "UTC"}
    path = f"/users/{callers.ann['id']}/events/{second['id']}"
    return callers.code("PATCH", path, json={"start": day, "end": day})


def wrong_mailbox(callers: Callers) -> Met:
    path = event_of(callers, callers.ann)
    return callers.code("GET", path.replace(callers.ann["id"], callers.ben["id"]))


def stale(callers: Callers) -> Met:
    path = event_of(callers, callers.ann)
    return callers.code("PATCH", path, json={"subject": "x"}, If_Match='W/"old"')


def throttled(callers: Callers) -> Met:
    callers.sandbox.personality(request_limit=1)
    callers.get(f"/users/{callers.ann['id']}/calendar")
    return callers.code("GET", f"/users/{callers.ann['id']}/calendar")


def without_permission(callers: Callers) -> Met:
    callers.sandbox.faults([{"kind": "permissions", "app": ["Calendars.Read"]}])
    return callers.code("POST", f"/users/{callers.ann['id']}/events", json=EVENT)


def without_directory(callers: Callers) -> Met:
    callers.sandbox.faults([{"kind": "permissions", "app": ["Calendars.Read"]}])
    return callers.code("GET", "/users")


def blocked(callers: Callers) -> Met:
    token = callers.ann["address"]
    callers.token(token)
    callers.sandbox.faults([{"kind": "claims", "at": "graph"}])
    return callers.code("GET", "/me", token)


def in_state(name: str, *, by: str = "id", times: int = 1) -> Callable[[Callers], Met]:
    def meet(callers: Callers) -> Met:
        order = {"kind": "mailbox", "user": callers.ann["address"], "state": name}
        callers.sandbox.faults([order])
        path = f"/users/{callers.ann[by]}/calendar"
        return [callers.code("GET", path) for _ in range(times)][-1]

    return meet


def faulty(status: int, error: str | None = None) -> Callable[[Callers], Met]:
    def meet(callers: Callers) -> Met:
        order = {"kind": "status", "status": status} | ({"error": error} if error else {})
        callers.sandbox.faults([order])
        return callers.code("GET", f"/users/{callers.ann['id']}/calendar")

    return meet


def asked(method: str, path: str, json: Any = None, who: str = "app") -> Callable[[Callers], Met]:
    def meet(callers: Callers) -> Met:
        named = path.replace("{ann}", callers.ann["id"]).replace("{ben}", callers.ben["id"])
        return callers.code(method, named, who, json=json)

    return meet


def unsigned(callers: Callers) -> Met:
    callers._tokens["app"] = "not-a-token"
    return callers.code("GET", "/organization")


ANN = "/users/{ann}"
WRONG_TIMES = {**EVENT, "end": {"dateTime": "2029-01-01T00:00:00", "timeZone": "UTC"}}
CODES: list[tuple[int, str, Callable[[Callers], Met]]] = [
    (400, "ErrorInvalidIdMalformed", asked("GET", f"{ANN}/events/nonsense")),
    (400, "RequestBroker--ParseUri", asked("GET", f"{ANN}/events/AAMk%2FAAA=/more")),
    (400, "ErrorInvalidUrlQuery", asked("GET", f"{ANN}/events?$apply=x")),
    (400, "ErrorOccurrenceCrossingBoundary", crossing),
    (400, "ErrorPropertyValidationFailure", asked("POST", f"{ANN}/events", WRONG_TIMES)),
    (400, "ErrorInvalidRequest", asked("GET", f"{ANN}/calendarView")),
    (400, "RequestBodyRead", asked("POST", f"{ANN}/events", {"subject": 7})),
    (400, "BadRequest", asked("GET", "/me")),
    (401, "InvalidAuthenticationToken", unsigned),
    (403, "ErrorAccessDenied", without_permission),
    (403, "Authorization_RequestDenied", without_directory),
    (403, "accessDenied", blocked),
    (403, "ErrorSendAsDenied", faulty(403, "ErrorSendAsDenied")),
    (404, "ErrorInvalidMailboxItemId", wrong_mailbox),
    (404, "MailboxNotEnabledForRESTAPI", in_state("inactive")),
    (404, "ResourceNotFound", in_state("undiscoverable")),
    (404, "MailboxNotEnabledForRESTAPI", in_state("undiscoverable", times=2)),
    (404, "ErrorInvalidUser", asked("GET", "/users/nobody@nowhere.example/calendar")),
    (404, "Request_ResourceNotFound", asked("GET", "/users/nobody@nowhere.example")),
    (409, "ErrorIrresolvableConflict", faulty(409)),
    (410, "SyncStateNotFound", faulty(410)),
    (410, "resyncRequired", faulty(410, "resyncRequired")),
    (410, "SyncStateInvalid", faulty(410, "SyncStateInvalid")),
    (412, "ErrorIrresolvableConflict", stale),
    (429, "ApplicationThrottled", throttled),
    (429, "TooManyRequests", faulty(429, "TooManyRequests")),
    (429, "activityLimitReached", faulty(429, "activityLimitReached")),
    (503, "MailboxInfoStale", in_state("moving")),
    (503, "MailboxInfoStale", in_state("moving_by_name", by="upn")),
    (503, "ServiceUnavailable", faulty(503)),
    (503, "serviceNotAvailable", faulty(503, "serviceNotAvailable")),
    (504, "UnknownError", faulty(504)),
    (504, "GatewayTimeout", faulty(504, "GatewayTimeout")),
    (509, "bandwidthLimitExceeded", faulty(509, "bandwidthLimitExceeded")),
]


@pytest.mark.parametrize(("status", "code", "meet"), CODES, ids=[f"{s}-{c}" for s, c, _ in CODES])
def test_each_code_can_be_met(
    callers: Callers, status: int, code: str, meet: Callable[[Callers], Met]
) -> None:
    assert meet(callers) == (status, code)


def test_a_deleted_item_is_not_found(callers: Callers) -> None:
    path = event_of(callers, callers.ann)

    assert callers.ask("DELETE", path).status_code == 204
    assert callers.code("GET", path) == (404, "ErrorItemNotFound")


def test_a_mailbox_on_the_move_answers_by_object_id(callers: Callers) -> None:
    in_state("moving_by_name", by="upn")(callers)

    assert callers.ask("GET", f"/users/{callers.ann['id']}/calendar").status_code == 200


@pytest.mark.parametrize("meet", [throttled, crossing, without_directory, in_state("moving")])
def test_every_refusal_has_the_body_and_the_headers_that_support_asks_for(
    callers: Callers, meet: Callable[[Callers], Met], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []
    ask = callers.ask
    monkeypatch.setattr(callers, "ask", lambda *a, **k: answers.append(ask(*a, **k)) or answers[-1])

    meet(callers)

    answer = answers[-1]
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "innerError"}
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    assert error["innerError"]["request-id"] == answer.headers["request-id"]
    assert answer.headers["client-request-id"]
    assert answer.headers["Content-Type"].startswith("application/json")
