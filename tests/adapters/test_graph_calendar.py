"""What we say to Graph, and what its answers mean."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import requests
import responses

from backend.adapters.mailbox_gates import MailboxGates
from backend.adapters.routing import CLOUDS
from backend.domain.competing import Marked
from backend.domain.errors import (
    ClaimsRequiredError,
    InvalidEventIdError,
    NotAllowedError,
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.ports import DirectoryUser, Mailbox, Window
from tests.adapters.graph_side import (
    ANNS,
    NOON,
    OWNER,
    ROOT,
    TENANT,
    FakeTokens,
    a_calendar,
    query,
)
from tests.adapters.payloads import an_error, an_event

EVENT_URL = f"{ROOT}/users/{OWNER}/events/AAMk-_%3D"
EVENT_ID = "AAMk-_="
CATEGORIES_URL = f"{ROOT}/users/{OWNER}/outlook/masterCategories"
CHALLENGE = {"access_token": {"nbf": {"essential": True, "value": "1604106651"}}}


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


# Reading one event


def test_an_event_is_read_by_its_owners_object_id(web: responses.RequestsMock) -> None:
    web.get(EVENT_URL, json=an_event(), headers={"request-id": "r-1"})

    look = a_calendar().get_event(ANNS, EVENT_ID)

    request = web.calls[0].request
    assert request.headers["Authorization"] == "Bearer token-1"
    assert request.headers["Prefer"] == 'IdType="ImmutableId"'
    assert re.fullmatch(r"[0-9a-f-]{36}", request.headers["client-request-id"])
    assert "body" not in query(request)["$select"].split(",")
    assert (look.event.subject, look.request_id, look.at) == ("Quarterly review", "r-1", NOON)


def test_the_body_is_asked_for_when_wanted(web: responses.RequestsMock) -> None:
    web.get(EVENT_URL, json=an_event())

    look = a_calendar().get_event(ANNS, EVENT_ID, with_body=True)

    assert "body" in query(web.calls[0].request)["$select"].split(",")
    assert look.event.body_text == "Agenda"


@pytest.mark.parametrize(
    ("event_id", "segment"),
    [
        ("AAMk/+=", "AAMk%2F%2B%3D"),
        ("a b", "a%20b"),
        ("../../me", "..%2F..%2Fme"),
        ("x?$select=id", "x%3F%24select%3Did"),
        ("x#y", "x%23y"),
        ("{user}", "%7Buser%7D"),
        ("é", "%C3%A9"),
        ("%2e%2e", "%252e%252e"),
    ],
)
def test_an_id_stays_one_segment_of_the_path(
    web: responses.RequestsMock, event_id: str, segment: str
) -> None:
    web.get(re.compile(".*"), json=an_event())

    a_calendar().get_event(ANNS, event_id)

    path = str(web.calls[0].request.url).partition("?")[0]
    assert path == f"{ROOT}/users/{OWNER}/events/{segment}"


@pytest.mark.parametrize("event_id", ["", ".", "..", "\ud800"])
def test_what_can_be_no_segment_is_never_sent(event_id: str) -> None:
    with pytest.raises(InvalidEventIdError):
        a_calendar().get_event(ANNS, event_id)


def test_a_mailbox_of_another_firm_is_never_asked_for() -> None:
    with pytest.raises(NotAllowedError):
        a_calendar().get_event(Mailbox("another-tenant", OWNER), EVENT_ID)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "ErrorInvalidIdMalformed", RemoteRejectedError),
        (400, "RequestBroker--ParseUri", RemoteRejectedError),
        (401, "InvalidAuthenticationToken", RemoteAccessError),
        (403, "ErrorAccessDenied", RemoteAccessError),
        (404, "ErrorItemNotFound", RemoteNotFoundError),
        (404, "erroritemnotfound", RemoteNotFoundError),
        (404, "ErrorInvalidMailboxItemId", RemoteNotFoundError),
        (404, "SomethingNew", RemoteNotFoundError),
        (404, "MailboxNotEnabledForRESTAPI", RemoteAccessError),
        (404, "MAILBOXNOTENABLEDFORRESTAPI", RemoteAccessError),
        (404, "ResourceNotFound", RemoteAccessError),
        (404, "ErrorInvalidUser", RemoteAccessError),
        (404, "Request_ResourceNotFound", RemoteAccessError),
        (409, "ErrorIrresolvableConflict", RemoteConflictError),
        (412, "ErrorIrresolvableConflict", RemoteConflictError),
        (500, "ErrorIrresolvableConflict", RemoteConflictError),
        (410, "ErrorItemNotFound", RemoteNotFoundError),
        (429, "ApplicationThrottled", TransientRemoteError),
        (403, "activityLimitReached", TransientRemoteError),
        (503, "MailboxInfoStale", TransientRemoteError),
        (504, "UnknownError", TransientRemoteError),
    ],
)
def test_codes_say_whether_it_is_the_event_or_the_mailbox(
    web: responses.RequestsMock, status: int, code: str, kind: type[RemoteError]
) -> None:
    web.get(EVENT_URL, status=status, json=an_error(code), headers={"request-id": "r-7"})

    with pytest.raises(RemoteError) as caught:
        a_calendar().get_event(ANNS, EVENT_ID)

    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.remote_code) == (status, code)
    assert (caught.value.system, caught.value.request_id) == ("graph", "r-7")


def test_a_throttled_call_tells_how_long_to_wait(web: responses.RequestsMock) -> None:
    web.get(EVENT_URL, status=429, json=an_error("TooManyRequests"), headers={"Retry-After": "12"})

    with pytest.raises(TransientRemoteError) as caught:
        a_calendar().get_event(ANNS, EVENT_ID)

    assert caught.value.retry_after == 12
    assert len(web.calls) == 1


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", "<html>", '{"id": "x"}'])
def test_an_answer_that_is_no_event_is_an_error_of_ours(
    web: responses.RequestsMock, body: str
) -> None:
    web.get(EVENT_URL, body=body)

    with pytest.raises(RemoteError):
        a_calendar().get_event(ANNS, EVENT_ID)


# Tokens


def test_a_refused_token_is_dropped_and_the_call_tried_once_more(
    web: responses.RequestsMock,
) -> None:
    web.get(EVENT_URL, status=401, json=an_error("InvalidAuthenticationToken"))
    web.get(EVENT_URL, json=an_event())

    assert a_calendar().get_event(ANNS, EVENT_ID)

    tokens = [call.request.headers["Authorization"] for call in web.calls]
    assert tokens == ["Bearer token-1", "Bearer token-2"]


def test_a_token_refused_twice_is_no_access(web: responses.RequestsMock) -> None:
    web.get(EVENT_URL, status=401, json=an_error("InvalidAuthenticationToken"))

    with pytest.raises(RemoteAccessError):
        a_calendar().get_event(ANNS, EVENT_ID)

    assert len(web.calls) == 2


def test_a_write_is_also_repeated_with_a_new_token(web: responses.RequestsMock) -> None:
    web.patch(EVENT_URL, status=401, json=an_error("InvalidAuthenticationToken"))
    web.patch(EVENT_URL, json=an_event(categories=["A"]))

    look = a_calendar().set_categories(ANNS, EVENT_ID, ["A"], etag="x")

    assert look.event.categories == ("A",)


def challenge(
    claims: Any = CHALLENGE, *, encode: Callable[[bytes], bytes] = base64.b64encode
) -> str:
    coded = encode(orjson.dumps(claims)).decode()
    return (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/'
        f'authorize", error="insufficient_claims", claims="{coded}"'
    )


@pytest.mark.parametrize(
    "header",
    [
        challenge(),
        challenge(encode=base64.urlsafe_b64encode),
        challenge(encode=lambda raw: base64.b64encode(raw).rstrip(b"=")),
        challenge().replace("Bearer", "bearer").replace("claims=", "CLAIMS="),
    ],
)
def test_a_challenge_to_a_user_is_passed_on_decoded(
    web: responses.RequestsMock, header: str
) -> None:
    web.get(
        EVENT_URL,
        status=401,
        json=an_error("InvalidAuthenticationToken"),
        headers={"WWW-Authenticate": header},
    )

    with pytest.raises(ClaimsRequiredError) as caught:
        a_calendar().get_event(ANNS, EVENT_ID)

    assert orjson.loads(caught.value.claims) == CHALLENGE
    assert len(web.calls) == 1


def test_a_server_answers_a_challenge_itself_once(web: responses.RequestsMock) -> None:
    web.get(
        EVENT_URL,
        status=401,
        json=an_error("InvalidAuthenticationToken"),
        headers={"WWW-Authenticate": challenge()},
    )
    tokens = FakeTokens(frozenset(), of_user=False)

    with pytest.raises(RemoteAccessError):
        a_calendar(tokens).get_event(ANNS, EVENT_ID)

    assert orjson.loads(tokens.answered[0]) == CHALLENGE
    assert len(web.calls) == 2


@pytest.mark.parametrize(
    "header",
    [
        'Bearer error="insufficient_claims", claims="%%%"',
        'Bearer error="insufficient_claims", claims="bm8ganNvbg=="',
        'Bearer error="insufficient_claims"',
        challenge(["no object"]),
        'Bearer error="invalid_token", claims="e30="',
        'Bearer claims="' + "A" * 100_000 + '"',
    ],
    ids=lambda h: h[:50],
)
def test_an_unreadable_challenge_is_a_refused_token(
    web: responses.RequestsMock, header: str
) -> None:
    web.get(EVENT_URL, status=401, json={}, headers={"WWW-Authenticate": header})

    with pytest.raises(RemoteAccessError):
        a_calendar().get_event(ANNS, EVENT_ID)


@pytest.mark.parametrize(
    ("scopes", "may_write", "may_colour"),
    [
        ({"calendars.readwrite", "mailboxsettings.readwrite"}, True, True),
        ({"calendars.readwrite.shared"}, True, False),
        ({"calendars.read", "user.read"}, False, False),
        (set(), False, False),
    ],
)
def test_a_users_scopes_say_what_may_be_written(
    scopes: set[str], may_write: bool, may_colour: bool
) -> None:
    calendar = a_calendar(FakeTokens(frozenset(scopes)))

    assert calendar.may_write_events is may_write
    assert calendar.may_write_master_categories is may_colour


def test_for_a_server_only_a_try_can_tell() -> None:
    calendar = a_calendar(FakeTokens(frozenset(), of_user=False))

    assert calendar.may_write_events is None
    assert calendar.may_write_master_categories is None


# Writing categories


def test_the_whole_array_is_written_and_nothing_else(web: responses.RequestsMock) -> None:
    names = ["Eigene ü", "Add this Event to InterAction"]
    web.patch(EVENT_URL, json=an_event(categories=names))

    look = a_calendar().set_categories(ANNS, EVENT_ID, names, etag='W/"abc=="')

    request = web.calls[0].request
    assert orjson.loads(request.body or b"") == {"categories": names}
    assert request.headers["If-Match"] == 'W/"abc=="'
    assert request.headers["Content-Type"] == "application/json"
    assert look.event.categories == tuple(names)
    assert look.event.body_text == "Agenda"


def test_without_an_etag_no_condition_is_sent(web: responses.RequestsMock) -> None:
    web.patch(EVENT_URL, json=an_event())

    a_calendar().set_categories(ANNS, EVENT_ID, [], etag="")

    assert "If-Match" not in web.calls[0].request.headers


def test_an_answer_without_body_is_completed_by_a_look(web: responses.RequestsMock) -> None:
    web.patch(EVENT_URL, json=an_event(body=...))
    web.get(EVENT_URL, json=an_event(subject="Seen again"))

    look = a_calendar().set_categories(ANNS, EVENT_ID, ["A"], etag="x")

    assert (look.event.subject, look.event.body_text) == ("Seen again", "Agenda")


def test_a_write_over_somebody_elses_change_is_a_conflict(web: responses.RequestsMock) -> None:
    web.patch(EVENT_URL, status=412, json=an_error("ErrorIrresolvableConflict"))

    with pytest.raises(RemoteConflictError):
        a_calendar().set_categories(ANNS, EVENT_ID, ["A"], etag="x")


def test_a_broken_write_is_not_repeated(web: responses.RequestsMock) -> None:
    web.patch(EVENT_URL, body=requests.ConnectionError())

    with pytest.raises(TransientRemoteError):
        a_calendar().set_categories(ANNS, EVENT_ID, ["A"], etag="x")

    assert len(web.calls) == 1


# Finding events


def test_events_are_found_by_icaluid_over_all_pages(web: responses.RequestsMock) -> None:
    first = f"{ROOT}/users/{OWNER}/calendar/events"
    second = f"{first}?%24skip=1"
    web.get(first, json={"value": [an_event(id="a")], "@odata.nextLink": second})
    web.get(
        first,
        json={"value": [an_event(id="b")]},
        match=[responses.matchers.query_param_matcher({"$skip": "1"})],
    )

    events = a_calendar().find_events(ANNS, "O'Brien & Söhne", default_calendar=True)

    assert [event.id for event in events] == ["a", "b"]
    assert query(web.calls[0].request)["$filter"] == "iCalUId eq 'O''Brien & Söhne'"
    assert str(web.calls[1].request.url) == second


def test_all_calendars_are_another_address(web: responses.RequestsMock) -> None:
    web.get(f"{ROOT}/users/{OWNER}/events", json={"value": []})

    assert a_calendar().find_events(ANNS, "x", default_calendar=False) == []


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/users/x",
        "https://graph.microsoft.com@evil.example/v1.0/x",
        "https://graph.microsoft.com.evil.example/v1.0/x",
        "http://graph.microsoft.com/v1.0/x",
        "https://graph.microsoft.com:444/v1.0/x",
        "https://graph.microsoft.com/beta/x",
        "//evil.example/v1.0/x",
        "/v1.0/x",
        "https://[bad",
        7,
    ],
)
def test_no_token_follows_a_link_that_leads_elsewhere(
    web: responses.RequestsMock, link: object
) -> None:
    web.get(f"{ROOT}/users/{OWNER}/events", json={"value": [an_event()], "@odata.nextLink": link})

    with pytest.raises(RemoteRejectedError):
        a_calendar().find_events(ANNS, "x", default_calendar=False)

    assert len(web.calls) == 1


def test_a_list_without_end_ends(web: responses.RequestsMock) -> None:
    url = f"{ROOT}/users/{OWNER}/events"
    web.get(url, json={"value": [], "@odata.nextLink": f"{url}?$skip=1"})

    with pytest.raises(RemoteRejectedError):
        a_calendar().find_events(ANNS, "x", default_calendar=False)


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": [{}]}, [], "x"])
def test_a_list_that_is_none_proves_nothing(web: responses.RequestsMock, body: Any) -> None:
    web.get(f"{ROOT}/users/{OWNER}/events", json=body)

    with pytest.raises(RemoteRejectedError):
        a_calendar().find_events(ANNS, "x", default_calendar=False)


# Master categories


def test_a_missing_master_category_is_made(web: responses.RequestsMock) -> None:
    web.get(CATEGORIES_URL, json={"value": [{"displayName": "Red category"}]})
    web.post(CATEGORIES_URL, status=201, json={})

    assert a_calendar().ensure_master_category(ANNS, "Ours", "preset7")

    assert orjson.loads(web.calls[1].request.body or b"") == {
        "displayName": "Ours",
        "color": "preset7",
    }


def test_a_master_category_that_is_there_in_other_case_is_left_alone(
    web: responses.RequestsMock,
) -> None:
    web.get(CATEGORIES_URL, json={"value": [{"displayName": None}, {"displayName": " OURS "}]})

    assert a_calendar().ensure_master_category(ANNS, "Ours", "preset7")


@pytest.mark.parametrize("status", [400, 404, 409])
def test_a_refused_master_category_counts_as_made_if_it_is_there(
    web: responses.RequestsMock, status: int
) -> None:
    web.get(CATEGORIES_URL, json={"value": []})
    web.post(CATEGORIES_URL, status=status, json=an_error("ErrorX"))
    web.get(CATEGORIES_URL, json={"value": [{"displayName": "Ours"}]})

    assert a_calendar().ensure_master_category(ANNS, "Ours", "preset7")


def test_a_master_category_refused_for_good_is_an_error(web: responses.RequestsMock) -> None:
    web.get(CATEGORIES_URL, json={"value": []})
    web.post(CATEGORIES_URL, status=400, json=an_error("ErrorX"))

    with pytest.raises(RemoteRejectedError):
        a_calendar().ensure_master_category(ANNS, "Ours", "preset7")


def test_a_category_of_another_colour_is_coloured_and_nothing_else_of_it_changed(
    web: responses.RequestsMock,
) -> None:
    listed = {"id": "c1", "displayName": "OURS", "color": "preset7"}
    web.get(CATEGORIES_URL, json={"value": [listed]})
    web.patch(f"{CATEGORIES_URL}/c1", json={})

    assert a_calendar().recolor_master_category(ANNS, "Ours", "preset3")

    assert orjson.loads(web.calls[1].request.body or b"") == {"color": "preset3"}


@pytest.mark.parametrize("listed", [[], [{"id": "c1", "displayName": "Ours", "color": "preset3"}]])
def test_a_category_that_is_not_there_or_has_the_colour_is_left_alone(
    web: responses.RequestsMock, listed: list[dict[str, str]]
) -> None:
    web.get(CATEGORIES_URL, json={"value": listed})

    assert a_calendar().recolor_master_category(ANNS, "Ours", "preset3")


def test_a_colour_that_may_not_be_written_is_no_error(web: responses.RequestsMock) -> None:
    web.get(CATEGORIES_URL, status=403, json=an_error("ErrorAccessDenied"))

    assert a_calendar().recolor_master_category(ANNS, "Ours", "preset3") is False


def test_marks_of_other_syncs_are_categories_and_properties_that_have_a_value(
    web: responses.RequestsMock,
) -> None:
    """Graph docs: get singleValueLegacyExtendedProperty; nothing else of an event is asked for."""
    mark = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name other's"
    shown = [
        {"id": "1", "categories": ["Riva", 7]},
        {"id": "2", "singleValueExtendedProperties": [{"id": mark, "value": "42"}]},
        {"id": "3", "singleValueExtendedProperties": [{"id": mark, "value": ""}, None]},
        "nonsense",
    ]
    web.get(f"{ROOT}/users/{OWNER}/calendarView", json={"value": shown})
    window = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))

    found = a_calendar().read_marks(ANNS, window, [mark])

    assert found == [Marked(("Riva",)), Marked((), (mark,)), Marked()]
    asked = web.calls[0].request.params
    assert asked["$select"] == "id,categories"
    assert "other''s" in asked["$expand"]


def test_without_the_permission_no_master_category_is_asked_for() -> None:
    calendar = a_calendar(FakeTokens(frozenset({"calendars.readwrite"})))

    assert calendar.ensure_master_category(ANNS, "Ours", "preset7") is False


def test_china_has_no_master_categories() -> None:
    calendar = a_calendar(cloud=CLOUDS["china"])

    assert calendar.ensure_master_category(ANNS, "Ours", "preset7") is False


def test_a_server_without_the_permission_learns_it_from_the_refusal(
    web: responses.RequestsMock,
) -> None:
    web.get(CATEGORIES_URL, status=403, json=an_error("ErrorAccessDenied"))
    calendar = a_calendar(FakeTokens(frozenset(), of_user=False))

    assert calendar.ensure_master_category(ANNS, "Ours", "preset7") is False


# Rights and the directory


@pytest.mark.parametrize(
    ("status", "body", "may"),
    [
        (200, {"id": "c", "canEdit": True}, True),
        (200, {"id": "c", "canEdit": False}, False),
        (200, {"id": "c", "canEdit": "true"}, False),
        (200, {}, False),
        (403, an_error("ErrorAccessDenied"), False),
        (404, an_error("ErrorItemNotFound"), False),
    ],
)
def test_the_right_to_edit_is_graphs_word(
    web: responses.RequestsMock, status: int, body: Any, may: bool
) -> None:
    web.get(f"{ROOT}/users/{OWNER}/calendar", status=status, json=body)

    assert a_calendar().may_edit(ANNS) is may


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "MailboxNotEnabledForRESTAPI"), (401, "InvalidAuthenticationToken"), (503, "x")],
)
def test_where_graph_cannot_say_nothing_is_concluded(
    web: responses.RequestsMock, status: int, code: str
) -> None:
    web.get(f"{ROOT}/users/{OWNER}/calendar", status=status, json=an_error(code))

    with pytest.raises(RemoteError):
        a_calendar().may_edit(ANNS)


def test_the_verified_domains_of_the_tenant(web: responses.RequestsMock) -> None:
    domains = [{"name": "Firm.example"}, {"name": "firm.onmicrosoft.com"}, {"name": None}, None]
    web.get(f"{ROOT}/organization", json={"value": [{"verifiedDomains": domains}, None, {}]})

    assert a_calendar().verified_domains() == ("firm.example", "firm.onmicrosoft.com")


ANN = {
    "id": OWNER.upper(),
    "displayName": "Ann Lawyer",
    "mail": "Ann@firm.example",
    "userPrincipalName": "ann@firm.onmicrosoft.com",
    "proxyAddresses": ["SMTP:Ann@firm.example", "smtp:a.lawyer@firm.example", "X500:/o=x", None],
    "accountEnabled": True,
}


def test_a_user_is_found_by_his_object_id(web: responses.RequestsMock) -> None:
    web.get(f"{ROOT}/users/{OWNER}", json=ANN)

    user = a_calendar().find_user(TENANT, OWNER)

    assert user == DirectoryUser(
        oid=OWNER,
        name="Ann Lawyer",
        address="Ann@firm.example",
        mail="Ann@firm.example",
        principal_name="ann@firm.onmicrosoft.com",
        proxy_addresses=("ann@firm.example", "a.lawyer@firm.example"),
        enabled=True,
    )


def test_a_user_is_found_by_any_of_his_addresses(web: responses.RequestsMock) -> None:
    other = {**ANN, "id": "another", "mail": "other@firm.example", "proxyAddresses": None}
    web.get(f"{ROOT}/users", json={"value": [None, other, ANN]})

    user = a_calendar().find_user(TENANT, "SMTP:ANN@firm.example ")

    assert user is not None
    assert user.oid == OWNER
    condition = query(web.calls[0].request)["$filter"]
    assert "mail eq 'ann@firm.example'" in condition
    assert "proxyAddresses/any(p:p eq 'smtp:ann@firm.example')" in condition
    assert "proxyAddresses/any(p:p eq 'SMTP:ann@firm.example')" in condition


def test_quotes_in_an_address_do_not_end_the_filter(web: responses.RequestsMock) -> None:
    web.get(f"{ROOT}/users", json={"value": []})

    assert a_calendar().find_user(TENANT, "o'brien@firm.example") is None

    assert "mail eq 'o''brien@firm.example'" in query(web.calls[0].request)["$filter"]


def test_an_unknown_user_is_none(web: responses.RequestsMock) -> None:
    web.get(f"{ROOT}/users/{OWNER}", status=404, json=an_error("Request_ResourceNotFound"))

    assert a_calendar().find_user(TENANT, OWNER) is None
    assert a_calendar().find_user("another-tenant", OWNER) is None
    assert a_calendar().find_user(TENANT, "  ") is None


# Time and load


def test_a_spent_budget_makes_no_call() -> None:
    with pytest.raises(TransientRemoteError):
        a_calendar(budget=0).get_event(ANNS, EVENT_ID)


def test_at_most_two_calls_are_in_one_mailbox_at_a_time(web: responses.RequestsMock) -> None:
    inside, most, lock = 0, 0, threading.Lock()
    two_in, go = threading.Event(), threading.Event()

    def answer(_request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside == 2:
                two_in.set()
        go.wait(5)
        with lock:
            inside -= 1
        return 200, {}, orjson.dumps(an_event())

    web.add_callback("GET", EVENT_URL, answer)
    gates = MailboxGates()
    threads = [
        threading.Thread(target=lambda: a_calendar(gates=gates).get_event(ANNS, EVENT_ID))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    assert two_in.wait(5)

    with pytest.raises(TransientRemoteError):
        a_calendar(gates=gates, timeout=0.05).get_event(ANNS, EVENT_ID)
    go.set()
    for thread in threads:
        thread.join(5)

    assert most == 2
    assert len(web.calls) == 6


def test_one_mailbox_does_not_hold_up_another(web: responses.RequestsMock) -> None:
    gates = MailboxGates(1)
    other = "99999999-ec72-544c-b137-d4ed4bf9d3d3"
    web.get(f"{ROOT}/users/{other}/events/x", json=an_event())

    with gates.enter((TENANT, OWNER), 1):
        assert a_calendar(gates=gates).get_event(Mailbox(TENANT, other), "x")
