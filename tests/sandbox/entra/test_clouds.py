"""National clouds: the Host header decides issuer, endpoints, Graph's root and what it lacks."""

from typing import Any

import msal
import pytest
import requests

from tests.sandbox.clients.routed import ToSandbox
from tests.support.sandbox import RunningSandbox
from tests.support.tokens import claims_of

CLOUDS = [
    ("login.microsoftonline.com", "graph.microsoft.com", "sts.windows.net"),
    ("login.microsoftonline.us", "graph.microsoft.us", "sts.windows.net"),
    ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn", "sts.chinacloudapi.cn"),
]


def graph_token(
    sandbox: RunningSandbox, http: requests.Session, login: str, resource: str
) -> dict[str, Any]:
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox.daemon_client_id,
        "client_secret": sandbox.daemon_client_secret,
        "scope": f"https://{resource}/.default",
    }
    url = f"{sandbox.url}/{sandbox.tenant_id}/oauth2/v2.0/token"
    found: dict[str, Any] = http.post(url, data=form, headers={"Host": login}).json()
    return found


@pytest.mark.parametrize(("login", "graph", "sts"), CLOUDS)
def test_metadata_and_tokens_are_those_of_the_cloud_asked(
    sandbox: RunningSandbox, http: requests.Session, login: str, graph: str, sts: str
) -> None:
    path = "/common/v2.0/.well-known/openid-configuration"
    metadata = http.get(f"{sandbox.url}{path}", headers={"Host": login}).json()
    keys = http.get(f"{sandbox.url}/common/discovery/v2.0/keys", headers={"Host": login}).json()

    token = graph_token(sandbox, http, login, graph)["access_token"]
    headers = {"Host": graph, "Authorization": f"Bearer {token}"}
    answer = http.get(f"{sandbox.url}/v1.0/users?$top=1", headers=headers)

    assert metadata["issuer"] == f"https://{login}/{{tenantid}}/v2.0"
    assert metadata["token_endpoint"] == f"https://{login}/common/oauth2/v2.0/token"
    assert metadata["msgraph_host"] == graph
    assert keys["keys"][0]["issuer"] == metadata["issuer"]
    assert claims_of(token)["iss"] == f"https://{sts}/{sandbox.tenant_id}/"
    assert claims_of(token)["aud"] == f"https://{graph}"
    assert answer.status_code == 200
    assert answer.json()["@odata.nextLink"].startswith(f"https://{graph}/v1.0/users?")


def test_tokens_are_not_interchangeable(sandbox: RunningSandbox, http: requests.Session) -> None:
    token = graph_token(sandbox, http, CLOUDS[1][0], CLOUDS[1][1])["access_token"]
    headers = {"Host": CLOUDS[0][1], "Authorization": f"Bearer {token}"}

    answer = http.get(f"{sandbox.url}/v1.0/users", headers=headers)
    wrong_resource = graph_token(sandbox, http, CLOUDS[0][0], CLOUDS[1][1])

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert (wrong_resource["error"], wrong_resource["error_codes"]) == (
        "invalid_resource",
        [500011],
    )


@pytest.mark.parametrize(
    ("cloud", "method", "what"),
    [
        (2, "GET", "outlook/masterCategories"),
        (1, "POST", "translateExchangeIds"),
    ],
)
def test_a_cloud_lacks_what_microsoft_says_it_lacks(
    sandbox: RunningSandbox, http: requests.Session, cloud: int, method: str, what: str
) -> None:
    path = f"{sandbox.url}/v1.0/users/{sandbox.person()['id']}/{what}"
    statuses = []
    for login, graph, _sts in (CLOUDS[0], CLOUDS[cloud]):
        token = graph_token(sandbox, http, login, graph)["access_token"]
        headers = {"Host": graph, "Authorization": f"Bearer {token}"}
        body = {"inputIds": [], "sourceIdType": "ewsId", "targetIdType": "restId"}
        statuses.append(http.request(method, path, headers=headers, json=body).status_code)

    assert statuses == [200, 400]


def test_msal_signs_in_at_the_government_cloud(sandbox: RunningSandbox) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://login.microsoftonline.us/", ToSandbox(sandbox.url))
        app = msal.ConfidentialClientApplication(
            sandbox.daemon_client_id,
            client_credential=sandbox.daemon_client_secret,
            authority=f"https://login.microsoftonline.us/{sandbox.tenant_id}",
            http_client=session,
        )

        result = app.acquire_token_for_client(["https://graph.microsoft.us/.default"])

    assert claims_of(result["access_token"])["aud"] == "https://graph.microsoft.us"
