"""The sign-in page: what it asks, whom it believes, where it sends people back to."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.sandbox import RunningSandbox
from tests.support.tokens import claims_of

REDIRECT_URI = "http://localhost:8123/auth/callback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")


def params(sandbox: RunningSandbox, **changes: Any) -> dict[str, Any]:
    found = {
        "client_id": sandbox.api_client_id,
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": f"openid profile api://{sandbox.api_client_id}/access_as_user",
        "state": "st&te",
        "nonce": "n-1",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
    } | changes
    return {name: value for name, value in found.items() if value is not None}


def page(
    sandbox: RunningSandbox, http: requests.Session, authority: str | None = None, **changes: Any
) -> requests.Response:
    path = authority or sandbox.tenant_id
    return http.get(
        f"{sandbox.url}/{path}/oauth2/v2.0/authorize",
        params=params(sandbox, **changes),
        allow_redirects=False,
    )


def choose(
    sandbox: RunningSandbox, http: requests.Session, person_id: str, **changes: Any
) -> dict[str, str]:
    answer = http.post(
        f"{sandbox.url}/{sandbox.tenant_id}/oauth2/v2.0/authorize",
        params=params(sandbox, **changes),
        data={"person": person_id},
        allow_redirects=False,
    )
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location.startswith(REDIRECT_URI)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def redeem(
    sandbox: RunningSandbox, http: requests.Session, code: str, **changes: Any
) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": sandbox.api_client_id,
        "client_secret": sandbox.api_client_secret,
        "redirect_uri": REDIRECT_URI,
        "code": code,
        "code_verifier": VERIFIER,
    } | changes
    return http.post(f"{sandbox.url}/{sandbox.tenant_id}/oauth2/v2.0/token", data=form)


def test_the_page_lists_the_people_of_the_tenant_and_nobody_else(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    answer = page(sandbox, http)

    assert answer.status_code == 200
    assert "Who are you?" in answer.text
    assert "Margaret Harwood" in answer.text
    assert "Patrick O&#x27;Dowd" in answer.text
    assert "Rebecca Thornbury" not in answer.text
    assert "Boardroom" not in answer.text


def test_the_page_runs_nothing_inline_and_cannot_be_framed(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    answer = page(sandbox, http)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "form-action 'self' http://localhost:8123" in policy
    assert "<style" not in answer.text
    assert "onclick" not in answer.text


def test_a_search_works_without_scripts(sandbox: RunningSandbox, http: requests.Session) -> None:
    answer = page(sandbox, http, q="osei")

    assert "Efua Osei" in answer.text
    assert "Daniel Abrams" in answer.text  # the firm's address has the word
    assert "Efua Osei" in page(sandbox, http, q="Efua").text
    assert "Daniel Abrams" not in page(sandbox, http, q="Efua").text


def test_the_hinted_person_stands_first(sandbox: RunningSandbox, http: requests.Session) -> None:
    plain = page(sandbox, http).text
    hinted = page(sandbox, http, login_hint="Elena.Petrova@harwoodosei.example").text

    def first(text: str) -> str:
        return text.split('class="name">', 2)[1].split("<", 1)[0]

    assert first(plain) == "Margaret Harwood"
    assert first(hinted) == "Elena Petrova"


def test_the_search_word_is_shown_as_text(sandbox: RunningSandbox, http: requests.Session) -> None:
    answer = page(sandbox, http, q='"><script>alert(1)</script>')

    assert "<script>alert" not in answer.text


def test_a_code_brings_tokens_with_the_nonce_and_the_state_comes_back(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    person = sandbox.person()

    answer = choose(sandbox, http, person["id"])
    tokens = redeem(sandbox, http, answer["code"]).json()

    assert answer["state"] == "st&te"
    assert claims_of(tokens["id_token"])["nonce"] == "n-1"
    assert claims_of(tokens["access_token"])["oid"] == person["id"]
    assert claims_of(tokens["access_token"])["azpacr"] == "1"


def test_a_code_is_good_for_one_use(sandbox: RunningSandbox, http: requests.Session) -> None:
    code = choose(sandbox, http, sandbox.person()["id"])["code"]

    first, second = redeem(sandbox, http, code), redeem(sandbox, http, code)

    assert first.status_code == 200
    assert second.json()["error_codes"] == [54005]


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"code_verifier": "another-verifier-of-at-least-forty-three-chars-0"}, 501481),
        ({"code_verifier": ""}, 501471),
        ({"redirect_uri": "http://localhost:9999/auth/callback"}, 500112),
        ({"code": "made-up"}, 70000),
    ],
)
def test_a_code_is_worth_nothing_to_others(
    sandbox: RunningSandbox, http: requests.Session, changes: dict[str, str], number: int
) -> None:
    code = choose(sandbox, http, sandbox.person()["id"])["code"]

    answer = redeem(sandbox, http, **({"code": code} | changes))

    assert answer.json()["error_codes"] == [number]


def test_a_code_gets_old(http: requests.Session) -> None:
    with RunningSandbox() as own:
        code = choose(own, http, own.person()["id"])["code"]
        own.advance(11 * 60)

        answer = redeem(own, http, code)

    assert answer.json()["error_codes"] == [70008]


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.example/auth/callback",
        "http://localhost.evil.example/auth/callback",
        "http://localhost:8123/auth/callback/../../steal",
        "http://localhost@evil.example/auth/callback",
        "http://user@localhost/auth/callback",
        "http://localhost:8123/elsewhere",
        "http://localhost:8123/auth/callback?next=x",
        "javascript:alert(1)",
        "http://localhost:port/auth/callback",
    ],
)
def test_an_unregistered_redirect_address_is_refused_on_the_spot(
    sandbox: RunningSandbox, http: requests.Session, redirect_uri: str
) -> None:
    answer = page(sandbox, http, redirect_uri=redirect_uri)

    assert answer.status_code == 400
    assert "AADSTS50011" in answer.text
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"scope": "api://nobody/x"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_other_faults_are_sent_back_with_the_state(
    sandbox: RunningSandbox, http: requests.Session, changes: dict[str, Any], error: str
) -> None:
    answer = page(sandbox, http, **changes)

    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["error"] == [error]
    assert query["state"] == ["st&te"]


def test_a_public_client_must_use_pkce(sandbox: RunningSandbox, http: requests.Session) -> None:
    answer = page(
        sandbox,
        http,
        client_id=sandbox.addin_client_id,
        redirect_uri="http://localhost:8123/taskpane/",
        code_challenge=None,
        code_challenge_method=None,
    )

    assert "error=invalid_request" in answer.headers["Location"]


def test_nobody_of_another_tenant_can_be_chosen(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    stranger = sandbox.person(tenant_id=sandbox.second_tenant_id)

    answer = choose(sandbox, http, stranger["id"])

    assert answer["error"] == "access_denied"
    assert "code" not in answer


def test_sign_out_returns_to_this_machine_only(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    url = f"{sandbox.url}/common/oauth2/v2.0/logout"

    home = http.get(
        url,
        params={"post_logout_redirect_uri": "http://localhost:8123/admin/"},
        allow_redirects=False,
    )
    away = http.get(url, params={"post_logout_redirect_uri": "https://evil.example/"})

    assert home.headers["Location"] == "http://localhost:8123/admin/"
    assert "You are signed out." in away.text
