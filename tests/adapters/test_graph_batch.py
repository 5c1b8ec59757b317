"""An event and both lists of its iCalUId in one round trip: order, errors of items, fallbacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import responses

from backend.domain.errors import (
    InvalidEventIdError,
    NotAllowedError,
    RemoteAccessError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.ports import Examination, Mailbox
from tests.adapters.graph_side import ANNS, NOON, OWNER, ROOT, FakeTokens, a_calendar
from tests.adapters.payloads import an_error, an_event

URL = f"{ROOT}/$batch"
EMPTY: dict[str, Any] = {"value": []}
HERE, ANYWHERE, EVENT = "0", "1", "2"
GONE = (404, an_error("ErrorItemNotFound"))


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def an_answer(
    number: str, status: int = 200, body: object = None, **headers: str
) -> dict[str, object]:
    return {"id": number, "status": status, "headers": headers, "body": body}


def answers(
    here: tuple[int, object] = (200, EMPTY),
    anywhere: tuple[int, object] = (200, EMPTY),
    event: tuple[int, object] = GONE,
    **headers: str,
) -> dict[str, object]:
    """A batch's answers, in another order than asked."""
    three = ((EVENT, event), (HERE, here), (ANYWHERE, anywhere))
    return {"responses": [an_answer(n, s, b, **headers) for n, (s, b) in three]}


def listed(*events: dict[str, Any]) -> tuple[int, object]:
    return 200, {"value": list(events)}


def examined(**tokens: Any) -> Examination:
    return a_calendar(**tokens).examine(ANNS, "AAMk-_=", "O'Brien & Söhne")


def test_one_round_trip_tells_everything(web: responses.RequestsMock) -> None:
    web.post(
        URL,
        json=answers(
            listed(an_event(id="a")), listed(an_event(id="a"), an_event(id="b")), (200, an_event())
        ),
        headers={"request-id": "r-1"},
    )

    found = examined()

    assert len(web.calls) == 1
    assert [event.id for event in found.in_default_calendar] == ["a"]
    assert [event.id for event in found.in_any_calendar] == ["a", "b"]
    assert found.look is not None
    assert (found.look.event.body_text, found.look.request_id, found.look.at) == (
        "Agenda",
        "r-1",
        NOON,
    )


def test_the_requests_are_complete_and_wait_for_each_other(web: responses.RequestsMock) -> None:
    web.post(URL, json=answers())

    examined()

    sent = orjson.loads(web.calls[0].request.body)["requests"]
    assert [request["id"] for request in sent] == [HERE, ANYWHERE, EVENT]
    assert [request.get("dependsOn") for request in sent] == [None, [HERE], [ANYWHERE]]
    assert {request["method"] for request in sent} == {"GET"}
    assert {request["headers"]["Prefer"] for request in sent} == {'IdType="ImmutableId"'}
    here, anywhere, event = (urlsplit(request["url"]) for request in sent)
    assert (here.path, anywhere.path, event.path) == (
        f"/users/{OWNER}/calendar/events",
        f"/users/{OWNER}/events",
        f"/users/{OWNER}/events/AAMk-_%3D",
    )
    for part in (here, anywhere):
        assert parse_qs(part.query)["$filter"] == ["iCalUId eq 'O''Brien & Söhne'"]
    assert "body" in parse_qs(event.query)["$select"][0].split(",")


def test_an_event_that_is_nowhere_is_an_answer(web: responses.RequestsMock) -> None:
    web.post(URL, json=answers())

    assert examined() == Examination(None, (), ())


def test_an_item_may_have_a_request_id_of_its_own(web: responses.RequestsMock) -> None:
    web.post(
        URL,
        json=answers(event=(200, an_event()), **{"Request-Id": "own"}),
        headers={"request-id": "batch"},
    )

    look = examined().look

    assert look is not None
    assert look.request_id == "own"


def test_a_list_goes_on_behind_its_first_page_even_an_empty_one(
    web: responses.RequestsMock,
) -> None:
    link = f"{ROOT}/users/{OWNER}/calendar/events?$skip=1"
    web.post(URL, json=answers(here=(200, {"value": [], "@odata.nextLink": link})))
    web.get(link, json={"value": [an_event(id="late")]})

    assert [event.id for event in examined().in_default_calendar] == ["late"]


@pytest.mark.parametrize(
    ("here", "anywhere", "kind"),
    [
        (GONE, (424, {}), RemoteAccessError),
        ((200, EMPTY), GONE, RemoteAccessError),
        ((410, {}), (424, {}), RemoteAccessError),
        ((403, an_error("ErrorAccessDenied")), (424, {}), RemoteAccessError),
        ((404, an_error("MailboxNotEnabledForRESTAPI")), (424, {}), RemoteAccessError),
        ((200, EMPTY), (504, an_error("UnknownError")), TransientRemoteError),
        ((400, an_error("ErrorInvalidUrlQuery")), (424, {}), RemoteRejectedError),
        ((200, {}), (200, EMPTY), RemoteRejectedError),
        ((200, {"value": [{}]}), (200, EMPTY), RemoteRejectedError),
        ((200, None), (200, EMPTY), RemoteRejectedError),
    ],
)
def test_a_list_that_fails_proves_nothing_whatever_the_event_says(
    web: responses.RequestsMock,
    here: tuple[int, object],
    anywhere: tuple[int, object],
    kind: type[RemoteError],
) -> None:
    web.post(URL, json=answers(here, anywhere))

    with pytest.raises(RemoteError) as caught:
        examined()

    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ((404, an_error("MailboxNotEnabledForRESTAPI")), RemoteAccessError),
        ((403, an_error("ErrorAccessDenied")), RemoteAccessError),
        ((503, an_error("MailboxInfoStale")), TransientRemoteError),
        ((400, an_error("ErrorInvalidIdMalformed")), RemoteRejectedError),
        ((200, {}), RemoteRejectedError),
    ],
)
def test_only_not_found_says_that_the_event_is_not_there(
    web: responses.RequestsMock, event: tuple[int, object], kind: type[RemoteError]
) -> None:
    web.post(URL, json=answers(event=event))

    with pytest.raises(RemoteError) as caught:
        examined()

    assert type(caught.value) is kind


@pytest.mark.parametrize("status", [429, 503])
def test_an_item_that_is_throttled_tells_how_long_to_wait(
    web: responses.RequestsMock, status: int
) -> None:
    web.post(
        URL,
        json={
            "responses": [
                an_answer(HERE, 200, EMPTY),
                an_answer(
                    ANYWHERE, status, an_error("ApplicationThrottled"), **{"retry-after": "13"}
                ),
                an_answer(EVENT, 424, {}),
            ]
        },
    )

    with pytest.raises(TransientRemoteError) as caught:
        examined()

    assert (caught.value.status, caught.value.retry_after) == (status, 13)


def test_a_batch_that_is_throttled_as_a_whole_is_no_other_thing(
    web: responses.RequestsMock,
) -> None:
    web.post(URL, status=429, json=an_error("TooManyRequests"), headers={"Retry-After": "5"})

    with pytest.raises(TransientRemoteError) as caught:
        examined()

    assert caught.value.retry_after == 5


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"responses": None},
        {"responses": []},
        {"responses": [7, None, {"id": "0"}]},
        {"responses": [an_answer("0", 200, EMPTY), an_answer("1", 200, EMPTY)]},
        {"responses": [{"id": str(n), "status": "200", "body": EMPTY} for n in range(3)]},
    ],
)
def test_a_batch_without_all_of_its_answers_is_the_weather(
    web: responses.RequestsMock, body: object
) -> None:
    web.post(URL, json=body)

    with pytest.raises(TransientRemoteError) as caught:
        examined()

    assert caught.value.remote_code == "incomplete_batch"


def test_a_token_refused_inside_of_a_batch_is_replaced_by_single_calls(
    web: responses.RequestsMock,
) -> None:
    refused = (401, an_error("InvalidAuthenticationToken"))
    web.post(URL, json=answers(refused, (424, {}), (424, {})))
    lists = [f"{ROOT}/users/{OWNER}/calendar/events", f"{ROOT}/users/{OWNER}/events"]
    web.get(lists[0], status=401, json=refused[1])
    web.get(lists[0], json=EMPTY)
    web.get(lists[1], json=EMPTY)
    web.get(f"{lists[1]}/AAMk-_%3D", json=an_event())
    tokens = FakeTokens(frozenset(), of_user=False)

    found = examined(tokens=tokens)

    assert found.look is not None
    assert tokens.number == 2


def test_the_event_may_be_gone_in_single_calls_as_well(web: responses.RequestsMock) -> None:
    web.post(URL, json=answers(event=(401, {})))
    lists = [f"{ROOT}/users/{OWNER}/calendar/events", f"{ROOT}/users/{OWNER}/events"]
    for url in lists:
        web.get(url, json=EMPTY)
    web.get(f"{lists[1]}/AAMk-_%3D", status=404, json=an_error("ErrorItemNotFound"))

    assert examined() == Examination(None, (), ())


def test_a_list_that_is_not_found_speaks_of_the_mailbox_in_a_single_call_too(
    web: responses.RequestsMock,
) -> None:
    web.get(f"{ROOT}/users/{OWNER}/events", status=404, json=an_error("ErrorItemNotFound"))

    with pytest.raises(RemoteAccessError) as caught:
        a_calendar().find_events(ANNS, "x", default_calendar=False)

    assert not isinstance(caught.value, RemoteNotFoundError)


def test_what_cannot_be_asked_for_is_not_sent(web: responses.RequestsMock) -> None:
    with pytest.raises(InvalidEventIdError):
        a_calendar().examine(ANNS, "..", "uid")
    with pytest.raises(NotAllowedError):
        a_calendar().examine(Mailbox("other", OWNER), "AAMk", "uid")

    assert len(web.calls) == 0
