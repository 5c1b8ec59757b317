"""One remote call: bounded in time and size, without cookies, every failure in our own words."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
import responses
import structlog
from hypothesis import given
from hypothesis import strategies as st

from backend.adapters.answers import Answer, parse_retry_after, remote_code
from backend.adapters.http import Http
from backend.adapters.transport import Budget, new_session
from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from tests.adapters import loopback

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://graph.microsoft.com/v1.0/users/7c4b/events/AAMk"
PATH = "/users/{user}/events/{event}"


def an_http(**options: object) -> Http:
    return Http(new_session(), clock=lambda: NOON, **options)  # type: ignore[arg-type]


def get(http: Http, url: str = URL, **options: object) -> Answer:
    return http.request("GET", url, system="graph", path=PATH, **options)  # type: ignore[arg-type]


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, RemoteRejectedError),
        (400, RemoteRejectedError),
        (401, RemoteAccessError),
        (403, RemoteAccessError),
        (404, RemoteNotFoundError),
        (408, TransientRemoteError),
        (409, RemoteConflictError),
        (410, RemoteNotFoundError),
        (412, RemoteConflictError),
        (418, RemoteRejectedError),
        (425, TransientRemoteError),
        (429, TransientRemoteError),
        (500, TransientRemoteError),
        (502, TransientRemoteError),
        (503, TransientRemoteError),
        (504, TransientRemoteError),
        (509, TransientRemoteError),
        (599, TransientRemoteError),
    ],
)
def test_a_status_tells_what_the_caller_may_do(
    web: responses.RequestsMock, status: int, kind: type[RemoteError]
) -> None:
    web.get(
        URL,
        status=status,
        json={"error": {"code": "SomeCode", "message": "secret subject"}},
        headers={"request-id": "r-1", "Retry-After": "7"},
    )

    with pytest.raises(RemoteError) as caught:
        get(an_http()).raise_for_status()

    error = caught.value
    assert type(error) is kind
    assert (error.system, error.status, error.remote_code) == ("graph", status, "SomeCode")
    assert (error.request_id, error.retry_after) == ("r-1", 7.0)
    assert "secret subject" not in str(error)


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectTimeout(),
        requests.ReadTimeout(),
        requests.ConnectionError(),
        requests.exceptions.SSLError(),
        requests.exceptions.ProxyError(),
        requests.exceptions.ChunkedEncodingError(),
        requests.exceptions.ContentDecodingError(),
        requests.TooManyRedirects(),
        ConnectionResetError(),
        TimeoutError(),
    ],
)
def test_whatever_breaks_on_the_way_is_transient(
    web: responses.RequestsMock, failure: Exception
) -> None:
    web.get(URL, body=failure)

    with pytest.raises(TransientRemoteError) as caught:
        get(an_http())

    assert caught.value.__cause__ is failure


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("no-scheme", {}),
        ("https://", {}),
        ("ftp://host/x", {}),
        ("http://a\ud800b/", {}),
        (URL, {"If-Match": "x\r\nX-Evil: 1"}),
    ],
)
def test_a_request_that_cannot_be_sent_is_rejected(url: str, headers: dict[str, str]) -> None:
    with pytest.raises(RemoteRejectedError):
        get(an_http(timeout=1), url, headers=headers)


def test_a_header_that_http_cannot_carry_is_rejected() -> None:
    with loopback.peer(lambda c: None) as url, pytest.raises(RemoteRejectedError):  # noqa: ARG005
        get(an_http(timeout=1), url, headers={"If-Match": "\u20ac"})


def test_half_a_character_in_the_body_is_rejected() -> None:
    with pytest.raises(RemoteRejectedError):
        get(an_http(), json={"name": "\ud800"})


def test_an_answer_that_is_not_json_is_transient(web: responses.RequestsMock) -> None:
    web.get(URL, body="<html>Sorry</html>", headers={"request-id": "r-9"})

    with pytest.raises(TransientRemoteError) as caught:
        get(an_http()).json()

    assert caught.value.request_id == "r-9"


def test_redirects_are_not_followed(web: responses.RequestsMock) -> None:
    web.get(URL, status=302, headers={"Location": "https://evil.example/"})

    answer = get(an_http())

    assert answer.status == 302
    assert len(web.calls) == 1


@pytest.mark.parametrize(
    "opening",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["status line", "header", "body", "chunk size"],
)
def test_a_dripping_peer_holds_nobody_longer_than_the_time_allowed(opening: bytes) -> None:
    """requests' own time-out counts from byte to byte; such a peer held a thread for 30 s."""
    with loopback.peer(lambda c: loopback.drip(c, opening)) as url:
        started = time.monotonic()

        with pytest.raises(TransientRemoteError):
            get(an_http(timeout=0.3), url)

        assert time.monotonic() - started < 1.5


def test_a_peer_that_falls_silent_halfway_gets_no_second_helping_of_time() -> None:
    def script(connection: socket.socket) -> None:
        threading.Event().wait(0.5)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
        threading.Event().wait(3)

    with loopback.peer(script) as url:
        started = time.monotonic()

        with pytest.raises(TransientRemoteError):
            get(an_http(timeout=0.6), url)

        assert time.monotonic() - started < 0.95


def test_a_silent_peer_is_left_when_the_time_is_up() -> None:
    def script(_connection: socket.socket) -> None:
        threading.Event().wait(3)

    with loopback.peer(script) as url:
        started = time.monotonic()

        with pytest.raises(TransientRemoteError):
            get(an_http(timeout=0.2), url)

        assert time.monotonic() - started < 1.5


def test_a_cut_answer_is_transient() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"
    with loopback.peer(lambda c: c.sendall(cut)) as url, pytest.raises(TransientRemoteError):
        get(an_http(), url)


def test_a_broken_connection_is_tried_again_as_often_as_the_caller_allows() -> None:
    seen = []

    def script(connection: socket.socket) -> None:
        seen.append(1)
        if len(seen) < 3:
            loopback.reset(connection)
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with loopback.peer(script) as url:
        with pytest.raises(TransientRemoteError):
            get(an_http(), url, retries=1)
        answer = get(an_http(), url, retries=1)

    assert answer.json() == {}
    assert len(seen) == 3


def test_a_time_out_is_not_tried_again() -> None:
    seen = []

    def script(connection: socket.socket) -> None:
        seen.append(1)
        threading.Event().wait(3)

    with loopback.peer(script) as url, pytest.raises(TransientRemoteError):
        get(an_http(timeout=0.2), url, retries=3)

    assert len(seen) == 1


def test_an_answer_over_the_size_cap_is_rejected_even_when_packed_small() -> None:
    packed = gzip.compress(b"0" * 5_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    with (
        loopback.peer(lambda c: c.sendall(head.encode() + packed)) as url,
        pytest.raises(RemoteRejectedError) as caught,
    ):
        get(an_http(max_bytes=1_000_000), url)

    assert caught.value.remote_code == "answer_too_large"


def test_cookies_are_neither_kept_nor_sent() -> None:
    heads: list[bytes] = []
    answer = (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: fpc=1; Path=/\r\nContent-Length: 2\r\n"
        b"Connection: close\r\n\r\n{}"
    )
    session = new_session()
    http = Http(session, clock=lambda: NOON)

    with loopback.peer(lambda c: c.sendall(answer), heads=heads) as url:
        get(http, url)
        get(http, url)

    assert len(heads) == 2
    assert b"ookie" not in heads[1]
    assert not session.cookies


def test_the_environment_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    with loopback.peer(lambda c: c.sendall(ok)) as url:
        answer = get(an_http(), url)

    assert answer.ok


def test_a_proxy_of_the_settings_is_used() -> None:
    heads = []

    def script(connection: socket.socket) -> None:
        heads.append(1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with loopback.peer(script) as proxy:
        http = Http(new_session(proxies={"http": proxy}), clock=lambda: NOON)
        answer = get(http, "http://graph.example.invalid/x")

    assert answer.ok
    assert heads == [1]


def test_a_spent_budget_makes_no_call(web: responses.RequestsMock) -> None:
    now = [100.0]
    http = an_http(monotonic=lambda: now[0])
    budget = http.budget(5)
    now[0] += 5

    with pytest.raises(TransientRemoteError):
        get(http, budget=budget)

    assert len(web.calls) == 0


def test_several_calls_share_one_budget() -> None:
    now = [100.0]
    budget = Budget(5, lambda: now[0])

    now[0] += 3

    assert budget.remaining == 2
    assert budget.at_most(1).remaining == 1
    assert budget.at_most(9).remaining == 2
    now[0] += 9
    assert budget.remaining == 0


def test_the_log_line_names_path_and_ids_but_no_contents(web: responses.RequestsMock) -> None:
    web.post(URL, json={"subject": "Takeover of Acme"}, headers={"request-id": "r-1"})
    headers = {"Authorization": "Bearer s3cret", "client-request-id": "c-1"}

    with structlog.testing.capture_logs() as lines:
        an_http().request(
            "POST", URL, system="graph", path=PATH, headers=headers, json={"subject": "Acme"}
        )

    (line,) = lines
    assert line["event"] == "remote call"
    assert (line["method"], line["path"], line["status"]) == ("POST", PATH, 200)
    assert (line["request_id"], line["client_request_id"]) == ("r-1", "c-1")
    assert line["ms"] >= 0
    for secret in ("Acme", "s3cret", "7c4b", "AAMk"):
        assert secret not in str(line)


def test_a_failed_call_is_logged_with_the_kind_of_failure(web: responses.RequestsMock) -> None:
    web.get(URL, body=requests.ReadTimeout("https://graph.microsoft.com/secret"))

    with structlog.testing.capture_logs() as lines, pytest.raises(TransientRemoteError):
        get(an_http())

    assert lines[0]["failure"] == "ReadTimeout"
    assert lines[0]["status"] is None
    assert "secret" not in str(lines)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("12", 12.0),
        (" 12 ", 12.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("999999999", 86_400.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Saturday, 21-Nov-26 12:00:10 GMT", 10.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("1e9", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(
    value: str | None, seconds: float | None
) -> None:
    assert parse_retry_after(value, NOON) == seconds


@given(st.text())
def test_any_retry_after_is_none_or_a_bearable_wait(value: str) -> None:
    seconds = parse_retry_after(value, NOON)

    assert seconds is None or 0 <= seconds <= 86_400


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"error": {"code": "ErrorItemNotFound", "message": "x"}}', "ErrorItemNotFound"),
        (b'{"error": "invalid_grant", "error_codes": [65001]}', "invalid_grant"),
        (b'{"code": "stale_revision", "title": "x"}', "stale_revision"),
        (b'{"error": null}', None),
        (b'{"error": {"code": 7}}', None),
        (b"[]", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_the_other_sides_code_is_found_in_all_three_shapes(
    content: bytes, code: str | None
) -> None:
    assert remote_code(content) == code
