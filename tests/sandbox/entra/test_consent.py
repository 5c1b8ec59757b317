"""An administrator's consent gives back what was revoked."""

import requests

from tests.support.sandbox import RunningSandbox

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REDIRECT_URI = "http://localhost:8123/auth/callback"


def on_behalf_of(sandbox: RunningSandbox, http: requests.Session) -> int:
    answer = http.post(
        f"{sandbox.url}/{sandbox.tenant_id}/oauth2/v2.0/token",
        data={
            "grant_type": JWT_BEARER,
            "client_id": sandbox.api_client_id,
            "client_secret": sandbox.api_client_secret,
            "assertion": sandbox.token(sandbox.person()["address"]),
            "scope": "https://graph.microsoft.com/Calendars.ReadWrite",
            "requested_token_use": "on_behalf_of",
        },
    )
    return answer.status_code


def test_consent_given_on_the_page_works_at_once(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    sandbox.faults([{"kind": "consent", "revoke": True}])
    url = f"{sandbox.url}/{sandbox.tenant_id}/v2.0/adminconsent"
    params = {"client_id": sandbox.api_client_id, "redirect_uri": REDIRECT_URI, "state": "s"}

    before = on_behalf_of(sandbox, http)
    asked = http.get(url, params=params)
    given = http.post(url, params=params, data={"tenant": sandbox.tenant_id}, allow_redirects=False)
    after = on_behalf_of(sandbox, http)

    assert (before, after) == (400, 200)
    assert "Calendars.ReadWrite" in asked.text
    assert given.headers["Location"] == (
        f"{REDIRECT_URI}?admin_consent=True&tenant={sandbox.tenant_id}&state=s"
    )


def test_consent_that_is_declined_changes_nothing(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    sandbox.faults([{"kind": "consent", "revoke": True}])
    url = f"{sandbox.url}/organizations/adminconsent"

    answer = http.post(url, params={"client_id": sandbox.api_client_id}, data={"cancel": "1"})

    assert "Nothing was granted." in answer.text
    assert on_behalf_of(sandbox, http) == 400
    sandbox.clear_faults()


def test_consent_is_never_sent_to_an_unregistered_address(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    url = f"{sandbox.url}/{sandbox.tenant_id}/adminconsent"
    params = {"client_id": sandbox.api_client_id, "redirect_uri": "https://evil.example/"}

    answer = http.post(url, params=params, data={"tenant": sandbox.tenant_id})

    assert answer.status_code == 400
