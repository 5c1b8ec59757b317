"""Pages of a calendar's delta: what we ask for, what we read of an item, which links we follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import responses

from backend.adapters import http
from backend.domain.errors import (
    DeltaExpiredError,
    NotAllowedError,
    RemoteAccessError,
    RemoteError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.ports import Mailbox, Touched, TouchedOccurrence, Vanished, Window
from tests.adapters.graph_side import ANNS, OWNER, ROOT, a_calendar, query
from tests.adapters.payloads import an_error, an_event

WINDOW = Window(
    datetime(2026, 10, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    datetime(2028, 5, 1, 12, 30, 59, 999, tzinfo=UTC),
)
URL = f"{ROOT}/users/{OWNER}/calendarView/delta"
NEXT = f"{URL}?$skiptoken=R0usmcCM996atia_s%2B"
CLOSING = f"{URL}?$deltatoken=R0usmcFuQtZdtpk4"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def a_page(*items: object, **members: Any) -> dict[str, Any]:
    return {"@odata.context": "…", "@odata.deltaLink": CLOSING, "value": list(items)} | members


def removed(event_id: object) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.event",
        "id": event_id,
        "@removed": {"reason": "deleted"},
    }


def a_stub(**members: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": 'W/"DwAAABYAAAC"',
        "id": "occurrence",
        "seriesMasterId": "series",
        "type": "occurrence",
        "start": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-01T10:00:00.0000000", "timeZone": "UTC"},
    } | members


# What we ask for


def test_a_first_page_names_the_window_in_utc_and_nothing_else(web: responses.RequestsMock) -> None:
    web.get(URL, json=a_page(), headers={"request-id": "r-1"})

    page = a_calendar().read_changes(ANNS, WINDOW)

    request = web.calls[0].request
    assert query(request) == {
        "startDateTime": "2026-10-01T00:00:00Z",
        "endDateTime": "2028-05-01T12:30:59Z",
    }
    assert request.headers["Prefer"] == 'IdType="ImmutableId", odata.maxpagesize=50'
    assert (page.changes, page.request_id) == ((), "r-1")


def test_a_link_is_followed_as_it_stands_with_the_same_preferences(
    web: responses.RequestsMock,
) -> None:
    web.get(URL, json=a_page(), match=[responses.matchers.query_string_matcher(NEXT.split("?")[1])])

    a_calendar().read_changes(ANNS, NEXT)

    request = web.calls[0].request
    assert request.url == NEXT
    assert request.headers["Prefer"] == 'IdType="ImmutableId", odata.maxpagesize=50'


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/users/x/calendarView/delta?$deltatoken=x",
        "http://graph.microsoft.com/v1.0/users/x/calendarView/delta",
        "https://graph.microsoft.com.evil.example/v1.0/x",
        "https://graph.microsoft.com/beta/x",
    ],
)
def test_a_kept_link_that_leads_elsewhere_gets_no_token(
    web: responses.RequestsMock, link: str
) -> None:
    with pytest.raises(RemoteRejectedError):
        a_calendar().read_changes(ANNS, link)

    assert len(web.calls) == 0


def test_a_mailbox_of_another_firm_is_never_asked_for(web: responses.RequestsMock) -> None:
    with pytest.raises(NotAllowedError):
        a_calendar().read_changes(Mailbox("other", OWNER), CLOSING)


def test_a_page_of_large_bodies_is_asked_for_in_smaller_pieces(
    web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_CHUNK", 1024)
    calendar = a_calendar(max_bytes=20_000)
    huge = an_event(body={"contentType": "html", "content": "x" * 15_000})
    web.get(URL, json=a_page(huge, huge))
    web.get(URL, json=a_page(huge, huge))
    web.get(URL, json=a_page(huge, **{"@odata.deltaLink": None, "@odata.nextLink": NEXT}))

    page = calendar.read_changes(ANNS, WINDOW)

    asked = [call.request.headers["Prefer"].split("=")[-1] for call in web.calls]
    assert asked == ["50", "5", "1"]
    assert (len(page.changes), page.link, page.is_last) == (1, NEXT, False)


def test_an_event_too_large_for_a_page_of_its_own_is_an_error(
    web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_CHUNK", 1024)
    huge = an_event(body={"contentType": "html", "content": "x" * 30_000})
    for _ in range(3):
        web.get(URL, json=a_page(huge))

    with pytest.raises(RemoteRejectedError) as caught:
        a_calendar(max_bytes=20_000).read_changes(ANNS, WINDOW)

    assert caught.value.remote_code == "answer_too_large"


# What we read


def test_a_page_is_read_item_by_item_in_its_order(web: responses.RequestsMock) -> None:
    items = (an_event(id="a"), removed("b"), a_stub(), an_event(id="a", subject="again"))
    web.get(URL, json=a_page(*items))

    page = a_calendar().read_changes(ANNS, WINDOW)

    first, gone, occurrence, again = page.changes
    assert isinstance(first, Touched)
    assert isinstance(again, Touched)
    assert (first.event.id, again.event.subject) == ("a", "again")
    assert gone == Vanished("b")
    assert occurrence == TouchedOccurrence("occurrence", "series")
    assert (page.link, page.is_last, page.unreadable) == (CLOSING, True, 0)


def test_bodies_are_not_turned_into_text(
    web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("a body was converted")

    monkeypatch.setattr("backend.adapters.graph_events.body_text", refuse)
    web.get(URL, json=a_page(an_event()))

    (change,) = a_calendar().read_changes(ANNS, WINDOW).changes

    assert isinstance(change, Touched)
    assert change.event.body_text is None


def test_the_etag_of_a_delta_is_brought_into_the_form_of_a_get(
    web: responses.RequestsMock,
) -> None:
    item = an_event(changeKey="qU3P==", **{"@odata.etag": 'W/"DwAAABYAAACqU3P=="'})
    web.get(URL, json=a_page(item))

    (change,) = a_calendar().read_changes(ANNS, WINDOW).changes

    assert isinstance(change, Touched)
    assert (change.event.change_key, change.event.etag) == ("qU3P==", 'W/"qU3P=="')


def test_an_exception_of_a_series_is_an_event_of_its_own(web: responses.RequestsMock) -> None:
    web.get(URL, json=a_page(an_event(type="exception", seriesMasterId="series")))

    (change,) = a_calendar().read_changes(ANNS, WINDOW).changes

    assert isinstance(change, Touched)


@pytest.mark.parametrize("series", [None, 7, ...])
def test_a_stub_may_keep_its_series_to_itself(web: responses.RequestsMock, series: object) -> None:
    stub = {k: v for k, v in a_stub(seriesMasterId=series).items() if v is not ...}
    web.get(URL, json=a_page(stub))

    assert a_calendar().read_changes(ANNS, WINDOW).changes == (
        TouchedOccurrence("occurrence", None),
    )


@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        [],
        {},
        an_event(id=...),
        an_event(start=...),
        an_event(sensitivity=...),
        an_event(categories=[7]),
        an_event(end={"dateTime": "soon", "timeZone": "UTC"}),
        removed(None),
        removed(""),
        removed("a\x00b"),
        a_stub(id=7),
    ],
)
def test_an_item_that_cannot_be_read_is_counted_and_stops_nothing(
    web: responses.RequestsMock, item: object
) -> None:
    web.get(URL, json=a_page(an_event(id="a"), item, removed("b")))

    page = a_calendar().read_changes(ANNS, WINDOW)

    assert (len(page.changes), page.unreadable) == (2, 1)


# How a round goes on


def test_an_empty_page_with_a_next_link_is_not_the_end(web: responses.RequestsMock) -> None:
    web.get(URL, json={"@odata.nextLink": NEXT, "value": []})

    page = a_calendar().read_changes(ANNS, WINDOW)

    assert (page.changes, page.link, page.is_last) == ((), NEXT, False)


@pytest.mark.parametrize(
    "body",
    [
        {"value": []},
        {"value": [], "@odata.nextLink": NEXT, "@odata.deltaLink": CLOSING},
        {"value": [], "@odata.nextLink": None, "@odata.deltaLink": None},
        {"value": [], "@odata.deltaLink": 7},
        {"value": [], "@odata.deltaLink": "https://evil.example/v1.0/x"},
        {"value": [], "@odata.nextLink": "/v1.0/users/x/calendarView/delta"},
        {"@odata.deltaLink": CLOSING},
        {"@odata.deltaLink": CLOSING, "value": {}},
        [],
        "x",
    ],
)
def test_a_page_that_does_not_say_how_to_go_on_is_no_page(
    web: responses.RequestsMock, body: object
) -> None:
    web.get(URL, json=body)

    with pytest.raises(RemoteRejectedError):
        a_calendar().read_changes(ANNS, WINDOW)


def test_half_a_page_is_the_weather(web: responses.RequestsMock) -> None:
    web.get(URL, body=b'{"value": [', content_type="application/json")

    with pytest.raises(TransientRemoteError):
        a_calendar().read_changes(ANNS, WINDOW)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (410, "SyncStateNotFound", DeltaExpiredError),
        (410, "resyncRequired", DeltaExpiredError),
        (400, "resyncRequired", DeltaExpiredError),
        (400, "SyncStateInvalid", DeltaExpiredError),
        (404, "SYNCSTATENOTFOUND", DeltaExpiredError),
        (400, "ErrorInvalidRequest", RemoteRejectedError),
        (403, "ErrorAccessDenied", RemoteAccessError),
        (404, "MailboxNotEnabledForRESTAPI", RemoteAccessError),
        (404, "ErrorItemNotFound", RemoteAccessError),
        (429, "ApplicationThrottled", TransientRemoteError),
        (503, "ServiceUnavailable", TransientRemoteError),
    ],
)
def test_what_is_the_matter_with_a_link(
    web: responses.RequestsMock, status: int, code: str, kind: type[RemoteError]
) -> None:
    web.get(URL, status=status, json=an_error(code), headers={"Retry-After": "7"})

    with pytest.raises(RemoteError) as caught:
        a_calendar().read_changes(ANNS, CLOSING)

    assert type(caught.value) is kind
    assert caught.value.retry_after == 7


def test_a_location_of_a_dead_link_is_not_followed(web: responses.RequestsMock) -> None:
    web.get(
        URL,
        status=410,
        json=an_error("resyncRequired"),
        headers={"Location": f"{URL}?$deltatoken="},
    )

    with pytest.raises(DeltaExpiredError):
        a_calendar().read_changes(ANNS, CLOSING)

    assert len(web.calls) == 1
