"""Every failure is a problem document with a stable code, and nothing a caller sends is a 500."""

import base64
import json
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from backend.api.problems import PROBLEMS
from backend.domain import errors
from tests.api.stubs import EVENT_ID, TENANT, StubServices

EVENT = f"/api/events/{EVENT_ID}"


def all_errors(root: type[errors.SyncError]) -> Iterator[type[errors.SyncError]]:
    yield root
    for child in root.__subclasses__():
        yield from all_errors(child)


def test_every_error_of_the_tree_has_a_status_and_a_title():
    known = {e for e in all_errors(errors.SyncError) if e.__module__ == errors.__name__}

    assert known == set(PROBLEMS)
    assert all(400 <= status < 600 and title for status, title in PROBLEMS.values())


def test_a_kind_of_an_error_is_answered_like_that_error(
    client: FlaskClient, services: StubServices
):
    class CutConnectionError(errors.TransientRemoteError):
        """As an adapter may have it."""

    services.linking.error = CutConnectionError("cut", system="graph")

    response = client.get(EVENT)

    assert (response.status_code, response.json["code"]) == (503, "graph_unavailable")


def test_only_the_nameless_root_is_a_500():
    assert [e for e, (status, _) in PROBLEMS.items() if status == 500] == [errors.SyncError]


@pytest.mark.parametrize("error", [e for e in PROBLEMS if issubclass(e, errors.RemoteError)])
def test_every_remote_error_can_be_answered(
    client: FlaskClient, services: StubServices, error: type[errors.RemoteError]
):
    services.linking.error = error("why", system="graph")

    response = client.get(EVENT)

    assert response.status_code == PROBLEMS[error][0]
    assert response.content_type == "application/problem+json"
    assert set(response.json) == {"title", "status", "detail", "code"}


def test_a_system_that_is_down_says_when_to_come_back(client: FlaskClient, services: StubServices):
    services.linking.error = errors.TransientRemoteError("", system="graph", retry_after=12.2)
    asked = client.get(EVENT)
    services.linking.error = errors.TransientRemoteError("", system="crm")
    unasked = client.get(EVENT)

    assert asked.headers["Retry-After"] == "13"
    assert unasked.headers["Retry-After"] == "5"


def test_a_claims_challenge_reaches_the_pane_as_base64(client: FlaskClient, services: StubServices):
    claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
    services.linking.error = errors.ClaimsRequiredError(claims)

    response = client.get(EVENT)
    challenge = response.headers["WWW-Authenticate"]
    encoded = challenge.partition('claims="')[2].rstrip('"')

    assert (response.status_code, response.json["code"]) == (401, "claims_required")
    assert challenge.startswith('Bearer error="insufficient_claims", ')
    assert base64.b64decode(encoded).decode() == claims


def test_missing_consent_comes_with_the_address_where_it_is_given(
    client: FlaskClient, services: StubServices
):
    services.linking.error = errors.ConsentRequiredError()

    response = client.get(EVENT)

    assert (response.status_code, response.json["code"]) == (403, "consent_required")
    assert response.json["consent_url"] == (
        f"https://login.example/{TENANT}/adminconsent"
        "?to=http://localhost:8000/auth/callback&state=consent"
    )


def test_what_we_did_not_expect_tells_nothing_but_the_request_id(
    make_client: Callable[..., FlaskClient], services: StubServices
):
    client = make_client()
    services.linking.error = RuntimeError("the database password is hunter2")

    response = client.get(EVENT, headers={"Authorization": "Bearer good"})

    assert (response.status_code, response.json["code"]) == (500, "internal_error")
    assert "hunter2" not in response.text
    assert response.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/no/such/page", 404, "not_found"),
        ("GET", "/api/nothing", 404, "not_found"),
        ("DELETE", "/api/me", 405, "method_not_allowed"),
        ("GET", "/api/events/check", 400, "invalid_event_id"),
        ("POST", "/taskpane/", 405, "method_not_allowed"),
    ],
)
def test_flasks_own_refusals_are_problems_too(
    client: FlaskClient, method: str, path: str, status: int, code: str
):
    response = client.open(path, method=method)

    assert (response.status_code, response.json["code"]) == (status, code)
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_json"),
        (b"\xff\xfe", "application/json", 400, "invalid_json"),
        (b'{"enabled": NaN}', "application/json", 400, "invalid_json"),
        (b'{"enabled": ' + b"9" * 5000 + b"}", "application/json", 400, "invalid_json"),
        (b"[" * 100_000, "application/json", 400, "invalid_json"),
        (b"[" * 40 + b"]" * 40, "application/json", 400, "invalid_json"),
        (b'{"mode": "a\\u0000b"}', "application/json", 400, "invalid_text"),
        (b'{"mode": "\\ud800"}', "application/json", 400, "invalid_text"),
        (b'{"a\\u0000": 1}', "application/json", 400, "invalid_text"),
        (b"enabled=true", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"<a/>", "text/xml", 415, "unsupported_media_type"),
        (b'{"a": "' + b"x" * 1_000_001 + b'"}', "application/json", 413, "request_too_large"),
        (b"null", "application/json", 422, "invalid_request"),
        (b"[]", "application/json", 422, "invalid_request"),
        (b'"text"', "application/json", 422, "invalid_request"),
        (b"7", "application/json", 422, "invalid_request"),
    ],
)
def test_bodies_nobody_can_use_are_refused(
    client: FlaskClient, body: bytes, content_type: str, status: int, code: str
):
    response = client.patch("/api/me", data=body, content_type=content_type)

    assert (response.status_code, response.json["code"]) == (status, code)


@pytest.mark.parametrize("path", ["/api/contacts", "/api/me", "/crm/api/contacts", "/readyz"])
def test_a_nul_in_the_query_is_refused(client: FlaskClient, path: str):
    response = client.get(f"{path}?q=%00")

    assert (response.status_code, response.json["code"]) == (400, "invalid_text")


@pytest.mark.parametrize("path", ["/api/admin/brake/%00", "/crm/api/contacts/a%00"])
def test_a_nul_in_the_path_is_refused(client: FlaskClient, path: str):
    response = client.get(path)

    assert (response.status_code, response.json["code"]) == (400, "invalid_text")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)
members = st.dictionaries(
    st.sampled_from(
        [
            *("enabled", "mode", "block_list", "default_visibility", "default_activity_type"),
            *("start", "end", "attendees", "organizer", "sensitivity", "recurring", "just_saved"),
        ]
    ),
    json_values,
)


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "/api/me"), ("POST", "/api/events/check"), ("PUT", f"{EVENT}/link")],
)
@hypothesis_settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=members | json_values)
def test_no_json_makes_it_fail(client: FlaskClient, method: str, path: str, body: object):
    response = client.open(
        path, method=method, data=json.dumps(body), content_type="application/json"
    )

    assert response.status_code < 500


@hypothesis_settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=st.text(max_size=80), query=st.text(max_size=40))
def test_no_address_makes_it_fail(client: FlaskClient, path: str, query: str):
    # What begins with two slashes the test client takes for another host.
    path = path.lstrip("/\\")
    for root in ("/api/events/", "/api/contacts", "/crm/api/", "/taskpane/", "/auth/callback", "/"):
        response = client.get(
            root + path.encode("utf-8", "replace").decode().replace("?", ""),
            query_string={"q": query.encode("utf-8", "replace").decode()},
        )

        # 503: an address that is right, of the CRM, which has no database here.
        assert response.status_code < 500 or response.status_code == 503, (root, path)


def test_a_database_that_does_not_answer_is_a_503_to_try_again(
    client: FlaskClient, services: StubServices
) -> None:
    services.people.error = OperationalError("SELECT 1", {}, Exception("too many clients"))

    response = client.get("/api/me")

    assert (response.status_code, response.json["code"]) == (503, "database_unavailable")
    assert int(response.headers["Retry-After"]) > 0
