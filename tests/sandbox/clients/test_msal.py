"""MSAL Python, unchanged but for its transport, signs in at the sandbox."""

import re
from collections.abc import Iterator
from typing import Any

import msal
import pytest

from tests.sandbox.clients.routed import LOGIN, daemon, routed
from tests.support.certificates import client_certificate
from tests.support.sandbox import RunningSandbox
from tests.support.tokens import claims_of, id_token

GRAPH_DEFAULT = ["https://graph.microsoft.com/.default"]
CALENDARS = ["https://graph.microsoft.com/Calendars.ReadWrite"]
REDIRECT_URI = "http://localhost:8123/auth/callback"


def api_app(sandbox: RunningSandbox, **more: Any) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        sandbox.api_client_id,
        client_credential=sandbox.api_client_secret,
        authority=more.pop("authority", f"{LOGIN}/{sandbox.tenant_id}"),
        http_client=routed(sandbox.url),
        **more,
    )


def on_behalf_of(sandbox: RunningSandbox, assertion: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = api_app(sandbox).acquire_token_on_behalf_of(
        assertion, more.pop("scopes", GRAPH_DEFAULT), **more
    )
    return found


@pytest.fixture
def user(sandbox: RunningSandbox) -> str:
    return str(sandbox.person()["address"])


@pytest.fixture(autouse=True)
def _no_faults_left(sandbox: RunningSandbox) -> Iterator[None]:
    yield
    sandbox.clear_faults()


# --- an application on its own --------------------------------------------------------------------


def test_a_daemon_with_a_secret_gets_a_graph_token_with_its_roles(sandbox: RunningSandbox) -> None:
    result = daemon(sandbox).acquire_token_for_client(GRAPH_DEFAULT)

    claims = claims_of(result["access_token"])
    assert claims["ver"] == "1.0"
    assert claims["idtyp"] == "app"
    assert claims["appidacr"] == "1"
    assert "Calendars.ReadWrite" in claims["roles"]
    assert "scp" not in claims
    assert 3600 <= result["expires_in"] <= 5399
    assert "refresh_token" not in result


def test_a_daemon_with_a_certificate_proves_itself_by_sha256(sandbox: RunningSandbox) -> None:
    certificate = client_certificate()
    sandbox.control("POST", "/certificates", {"certificate": certificate.certificate_pem})
    app = msal.ConfidentialClientApplication(
        sandbox.daemon_client_id,
        client_credential={
            "private_key": certificate.private_pem,
            "public_certificate": certificate.certificate_pem,
        },
        authority=f"{LOGIN}/{sandbox.tenant_id}",
        http_client=routed(sandbox.url),
    )

    result = app.acquire_token_for_client(GRAPH_DEFAULT)

    assert claims_of(result["access_token"])["appidacr"] == "2"


def test_an_expired_certificate_is_refused(sandbox: RunningSandbox) -> None:
    certificate = client_certificate()
    sandbox.control("POST", "/certificates", {"certificate": certificate.certificate_pem})
    sandbox.faults([{"kind": "credentials", "expire": "certificates", "client": "daemon"}])
    app = msal.ConfidentialClientApplication(
        sandbox.daemon_client_id,
        client_credential={
            "private_key": certificate.private_pem,
            "public_certificate": certificate.certificate_pem,
        },
        authority=f"{LOGIN}/{sandbox.tenant_id}",
        http_client=routed(sandbox.url),
    )

    result = app.acquire_token_for_client(GRAPH_DEFAULT)
    sandbox.clear_faults()

    assert (result["error"], result["error_codes"]) == ("invalid_client", [700027])
    assert "expired" in result["error_description"]


def test_a_daemon_with_a_thumbprint_alone_proves_itself_by_sha1(sandbox: RunningSandbox) -> None:
    certificate = client_certificate()
    sandbox.control("POST", "/certificates", {"certificate": certificate.certificate_pem})
    app = msal.ConfidentialClientApplication(
        sandbox.daemon_client_id,
        client_credential={
            "private_key": certificate.private_pem,
            "thumbprint": certificate.thumbprint,
        },
        authority=f"{LOGIN}/{sandbox.tenant_id}",
        http_client=routed(sandbox.url),
    )

    result = app.acquire_token_for_client(GRAPH_DEFAULT)

    assert claims_of(result["access_token"])["appidacr"] == "2"


def test_an_unregistered_certificate_is_refused(sandbox: RunningSandbox) -> None:
    certificate = client_certificate()
    app = msal.ConfidentialClientApplication(
        sandbox.daemon_client_id,
        client_credential={
            "private_key": certificate.private_pem,
            "public_certificate": certificate.certificate_pem,
        },
        authority=f"{LOGIN}/{sandbox.tenant_id}",
        http_client=routed(sandbox.url),
    )

    result = app.acquire_token_for_client(GRAPH_DEFAULT)

    assert result["error"] == "invalid_client"
    assert result["error_codes"] == [700027]


def test_a_wrong_and_an_expired_secret_have_their_own_numbers(sandbox: RunningSandbox) -> None:
    expired = sandbox.state()["clients"]["daemon"]["expired_client_secret"]

    def numbers(secret: str) -> list[int]:
        app = msal.ConfidentialClientApplication(
            sandbox.daemon_client_id,
            client_credential=secret,
            authority=f"{LOGIN}/{sandbox.tenant_id}",
            http_client=routed(sandbox.url),
        )
        result: dict[str, Any] = app.acquire_token_for_client(GRAPH_DEFAULT)
        return list(result["error_codes"])

    assert numbers("not the secret") == [7000215]
    assert numbers(expired) == [7000222]


def test_a_daemon_is_unknown_in_a_tenant_that_never_consented(sandbox: RunningSandbox) -> None:
    app = msal.ConfidentialClientApplication(
        sandbox.daemon_client_id,
        client_credential=sandbox.daemon_client_secret,
        authority=f"{LOGIN}/{sandbox.unregistered_tenant_id}",
        http_client=routed(sandbox.url),
    )

    result = app.acquire_token_for_client(GRAPH_DEFAULT)

    assert (result["error"], result["error_codes"]) == ("unauthorized_client", [700016])


# --- on behalf of a user --------------------------------------------------------------------------


def test_on_behalf_of_gives_a_graph_token_of_the_user(sandbox: RunningSandbox, user: str) -> None:
    result = on_behalf_of(sandbox, sandbox.token(user), scopes=CALENDARS)

    claims = claims_of(result["access_token"])
    assert claims["upn"] == user
    assert claims["scp"] == "Calendars.ReadWrite"
    assert claims["iss"] == f"https://sts.windows.net/{sandbox.tenant_id}/"
    assert claims["appid"] == sandbox.api_client_id


def test_on_behalf_of_with_default_says_all_that_was_granted(
    sandbox: RunningSandbox, user: str
) -> None:
    app = api_app(sandbox)

    result = app.acquire_token_on_behalf_of(sandbox.token(user), GRAPH_DEFAULT)

    granted = set(result["scope"].split())
    assert "https://graph.microsoft.com/Calendars.ReadWrite" in granted
    assert "https://graph.microsoft.com/MailboxSettings.ReadWrite" in granted


def test_msal_finds_the_account_and_the_cached_token_again(
    sandbox: RunningSandbox, user: str
) -> None:
    app = api_app(sandbox)
    app.acquire_token_on_behalf_of(sandbox.token(user), GRAPH_DEFAULT)
    seen = sandbox.last_request()

    account = app.get_accounts()[0]
    again = app.acquire_token_silent(GRAPH_DEFAULT, account=account)

    person = sandbox.person()
    assert account["home_account_id"] == f"{person['id']}.{sandbox.tenant_id}"
    assert again["token_source"] == "cache"
    assert [line for line in sandbox.requests(seen) if line["host"] == "login"] == []


def test_without_consent_on_behalf_of_says_so(sandbox: RunningSandbox, user: str) -> None:
    sandbox.faults([{"kind": "consent", "revoke": True}])

    result = on_behalf_of(sandbox, sandbox.token(user))

    assert result["error"] == "invalid_grant"
    assert result["suberror"] == "consent_required"
    assert result["error_codes"] == [65001]


def test_one_scope_can_lack_consent_while_others_have_it(
    sandbox: RunningSandbox, user: str
) -> None:
    sandbox.faults([{"kind": "consent", "scopes": ["MailboxSettings.ReadWrite"]}])
    mailbox_settings = ["https://graph.microsoft.com/MailboxSettings.ReadWrite"]

    refused = on_behalf_of(sandbox, sandbox.token(user), scopes=mailbox_settings)
    granted = on_behalf_of(sandbox, sandbox.token(user))

    assert refused["error_codes"] == [65001]
    assert "MailboxSettings.ReadWrite" not in granted["scope"]
    assert "Calendars.ReadWrite" in granted["scope"]


@pytest.mark.parametrize(
    ("make", "number"),
    [
        (lambda sandbox, user: sandbox.token(user, lifetime=-3600), 500133),
        (lambda sandbox, user: sandbox.token(user, "graph"), 500131),
        (id_token, 240002),
        (lambda sandbox, _user: sandbox.token(app=True), 7000114),
        (lambda sandbox, user: sandbox.token(user)[:-8] + "AAAAAAAA", 50013),
        (lambda _sandbox, _user: "not a token", 50013),
    ],
    ids=["expired", "for Graph", "id_token", "app-only", "tampered", "no token"],
)
def test_on_behalf_of_refuses_a_bad_assertion(
    sandbox: RunningSandbox, user: str, make: Any, number: int
) -> None:
    result = on_behalf_of(sandbox, make(sandbox, user))

    assert result["error"] == "invalid_grant"
    assert result["error_codes"] == [number]


def test_conditional_access_asks_for_more_until_the_token_has_it(
    sandbox: RunningSandbox, user: str
) -> None:
    sandbox.faults([{"kind": "claims", "acrs": "c1"}])

    refused = on_behalf_of(sandbox, sandbox.token(user))
    stepped_up = sandbox.token(user, claims=refused["claims"])
    accepted = on_behalf_of(sandbox, stepped_up)

    assert refused["error"] == "interaction_required"
    assert '"c1"' in refused["claims"]
    assert "access_token" in accepted


def test_an_assertion_signed_before_a_key_rotation_still_counts(
    sandbox: RunningSandbox, user: str
) -> None:
    before = sandbox.token(user)
    sandbox.faults([{"kind": "keys", "rotate": True}])

    result = on_behalf_of(sandbox, before)

    assert "access_token" in result


# --- sign-in of a web page ------------------------------------------------------------------------


def test_the_code_flow_of_msal_signs_somebody_in(sandbox: RunningSandbox, user: str) -> None:
    app = api_app(sandbox)
    scope = f"api://{sandbox.api_client_id}/access_as_user"
    flow = app.initiate_auth_code_flow(
        [scope], redirect_uri=REDIRECT_URI, response_mode="form_post"
    )
    browser = routed(sandbox.url)
    page = browser.post(flow["auth_uri"], data={"person": sandbox.person()["id"]}).text
    answer = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page))

    result = app.acquire_token_by_auth_code_flow(flow, answer)

    assert f'action="{REDIRECT_URI}"' in page
    assert result["id_token_claims"]["preferred_username"] == user
    assert claims_of(result["access_token"])["scp"] == "access_as_user"
    assert claims_of(result["access_token"])["aud"] == sandbox.api_client_id


def test_msal_reads_a_503_of_the_token_endpoint_as_a_service_error(
    sandbox: RunningSandbox, user: str
) -> None:
    sandbox.faults(
        [{"kind": "status", "status": 503, "match": {"path": "/token"}, "retry_after": 1}]
    )

    with pytest.raises(msal.exceptions.MsalServiceError):
        on_behalf_of(sandbox, sandbox.token(user))
