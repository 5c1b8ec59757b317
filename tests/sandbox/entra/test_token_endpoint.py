"""The token endpoint over plain HTTP: shape of errors, missing parameters, scopes, claims."""

from typing import Any
from uuid import UUID

import pytest
import requests

from tests.support.sandbox import RunningSandbox
from tests.support.tokens import claims_of

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def ask(
    sandbox: RunningSandbox, http: requests.Session, authority: str | None = None, **form: Any
) -> requests.Response:
    path = authority or sandbox.tenant_id
    return http.post(f"{sandbox.url}/{path}/oauth2/v2.0/token", data=form)


def daemon(sandbox: RunningSandbox, **changes: Any) -> dict[str, Any]:
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox.daemon_client_id,
        "client_secret": sandbox.daemon_client_secret,
        "scope": "https://graph.microsoft.com/.default",
    }
    merged = form | changes
    return {name: value for name, value in merged.items() if value is not None}


def obo(sandbox: RunningSandbox, **changes: Any) -> dict[str, Any]:
    form = {
        "grant_type": JWT_BEARER,
        "client_id": sandbox.api_client_id,
        "client_secret": sandbox.api_client_secret,
        "assertion": sandbox.token(sandbox.person()["address"]),
        "scope": "https://graph.microsoft.com/.default",
        "requested_token_use": "on_behalf_of",
    }
    merged = form | changes
    return {name: value for name, value in merged.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"client_id": "no-such-app"}, 400, "unauthorized_client", 700016),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": "sandbox~daemon~expired"}, 401, "invalid_client", 7000222),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"scope": "https://graph.microsoft.com/User.Read"}, 400, "invalid_scope", 70011),
        ({"scope": "api://nobody/.default"}, 400, "invalid_scope", 70011),
        (
            {"client_secret": None, "client_assertion": "x", "client_assertion_type": "y"},
            401,
            "invalid_client",
            7000216,
        ),
    ],
)
def test_client_credentials_are_refused_with_status_word_and_number(
    sandbox: RunningSandbox,
    http: requests.Session,
    changes: dict[str, Any],
    status: int,
    error: str,
    number: int,
) -> None:
    answer = ask(sandbox, http, **daemon(sandbox, **changes))

    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])


def test_an_error_has_everything_that_support_asks_for(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    correlation = "0f4e2a51-9d0c-4a5b-8a3e-1c2d3e4f5a6b"

    answer = http.post(
        f"{sandbox.url}/{sandbox.tenant_id}/oauth2/v2.0/token",
        data=daemon(sandbox, client_secret="wrong"),
        headers={"client-request-id": correlation},
    )

    body = answer.json()
    assert body["error_description"].startswith("AADSTS7000215: ")
    assert f"Correlation ID: {correlation}" in body["error_description"]
    assert body["correlation_id"] == correlation == answer.headers["client-request-id"]
    assert body["trace_id"] == answer.headers["x-ms-request-id"] == str(UUID(body["trace_id"]))
    assert body["timestamp"].endswith("Z")


def test_client_credentials_need_a_tenant(sandbox: RunningSandbox, http: requests.Session) -> None:
    answer = ask(sandbox, http, "common", **daemon(sandbox))

    assert answer.json()["error_codes"] == [9001023]


def test_a_refresh_token_comes_only_with_offline_access(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    plain = ask(sandbox, http, **obo(sandbox)).json()
    offline = ask(
        sandbox,
        http,
        **obo(sandbox, scope="https://graph.microsoft.com/.default offline_access openid"),
    ).json()

    assert "refresh_token" not in plain
    assert "id_token" not in plain
    assert "refresh_token" in offline
    assert "id_token" in offline


def test_a_refresh_token_is_exchanged_for_a_fresh_access_token(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    first = ask(
        sandbox, http, **obo(sandbox, scope="https://graph.microsoft.com/.default offline_access")
    ).json()

    second = ask(
        sandbox,
        http,
        grant_type="refresh_token",
        refresh_token=first["refresh_token"],
        client_id=sandbox.api_client_id,
        client_secret=sandbox.api_client_secret,
        scope="https://graph.microsoft.com/Calendars.ReadWrite",
    ).json()

    assert claims_of(second["access_token"])["scp"] == "Calendars.ReadWrite"
    assert second["access_token"] != first["access_token"]


def test_the_answer_lists_scopes_in_the_spelling_of_the_request(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    full = obo(sandbox, scope="https://graph.microsoft.com/User.Read openid")
    short = obo(sandbox, scope="User.Read")

    assert ask(sandbox, http, **full).json()["scope"] == (
        "https://graph.microsoft.com/User.Read openid"
    )
    assert ask(sandbox, http, **short).json()["scope"] == "User.Read"


@pytest.mark.parametrize(
    ("scope", "number"),
    [
        ("https://graph.microsoft.com/User.Read api://nobody/x", 28000),
        ("https://graph.microsoft.com/.default https://graph.microsoft.com/User.Read", 70011),
        ("https://graph.microsoft.com/Mail.Send", 65001),
    ],
)
def test_on_behalf_of_refuses_scopes_that_cannot_be(
    sandbox: RunningSandbox, http: requests.Session, scope: str, number: int
) -> None:
    answer = ask(sandbox, http, **obo(sandbox, scope=scope))

    assert answer.json()["error_codes"] == [number]


def test_on_behalf_of_in_another_tenant_is_refused(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    answer = ask(sandbox, http, sandbox.second_tenant_id, **obo(sandbox))

    assert answer.json()["error_codes"] == [50013]


def test_the_declared_capability_reaches_the_token_of_our_api(sandbox: RunningSandbox) -> None:
    wanted = '{"access_token":{"xms_cc":{"values":["CP1"]}}}'

    token = sandbox.token(sandbox.person()["address"], claims=wanted)

    assert claims_of(token)["xms_cc"] == ["cp1"]


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=b&" * 500, b"x" * 300_000])
def test_a_hostile_body_is_a_400(
    sandbox: RunningSandbox, http: requests.Session, body: bytes
) -> None:
    answer = http.post(f"{sandbox.url}/{sandbox.tenant_id}/oauth2/v2.0/token", data=body)

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


def test_a_users_token_for_our_api_says_who_and_through_what(sandbox: RunningSandbox) -> None:
    admin = sandbox.person("admin")

    claims = claims_of(sandbox.token(admin["address"]))

    assert claims["ver"] == "2.0"
    assert claims["aud"] == sandbox.api_client_id
    assert claims["iss"] == f"https://login.microsoftonline.com/{sandbox.tenant_id}/v2.0"
    assert (claims["oid"], claims["tid"]) == (admin["id"], sandbox.tenant_id)
    assert (claims["azp"], claims["azpacr"]) == (sandbox.addin_client_id, "0")
    assert claims["roles"] == ["admin"]
    assert claims["scp"] == "access_as_user"
    assert claims["preferred_username"] == admin["upn"]


def test_the_subject_differs_between_applications(sandbox: RunningSandbox) -> None:
    user = sandbox.person()["address"]

    issued = sandbox.issue(user, id_token=True)

    assert claims_of(issued["access_token"])["sub"] != claims_of(issued["id_token"])["sub"]
