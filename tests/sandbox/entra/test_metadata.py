"""What Entra publishes: metadata, keys, instance discovery."""

import base64
import hashlib

import jwt
import requests

from tests.support.sandbox import RunningSandbox
from tests.support.tokens import header_of

MICROSOFT = {"Host": "login.microsoftonline.com"}


def test_the_issuer_of_a_tenant_names_it_by_id_whatever_key_was_asked(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    domain = sandbox.state()["domains"][0]

    answer = http.get(f"{sandbox.url}/{domain}/v2.0/.well-known/openid-configuration").json()

    assert answer["issuer"] == f"https://login.microsoftonline.com/{sandbox.tenant_id}/v2.0"


def test_shared_authorities_have_the_template_as_issuer(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    for authority in ("common", "organizations"):
        url = f"{sandbox.url}/{authority}/v2.0/.well-known/openid-configuration"

        issuer = http.get(url).json()["issuer"]

        assert issuer == "https://login.microsoftonline.com/{tenantid}/v2.0"


def test_links_use_the_host_the_client_spoke_to(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    url = f"{sandbox.url}/common/v2.0/.well-known/openid-configuration"

    as_microsoft = http.get(url, headers=MICROSOFT).json()
    direct = http.get(url).json()

    assert as_microsoft["jwks_uri"].startswith("https://login.microsoftonline.com/common/")
    assert direct["token_endpoint"].startswith(sandbox.url)


def test_an_unknown_tenant_is_a_400_in_entras_shape(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    answer = http.get(f"{sandbox.url}/nowhere.example/v2.0/.well-known/openid-configuration")

    assert answer.status_code == 400
    assert answer.json()["error_codes"] == [90002]


def test_every_key_carries_its_certificate_thumbprint_and_issuer(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    keys = http.get(f"{sandbox.url}/common/discovery/v2.0/keys").json()["keys"]

    for key in keys:
        digest = hashlib.sha1(base64.b64decode(key["x5c"][0])).digest()
        assert key["kid"] == key["x5t"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert key["issuer"] == "https://login.microsoftonline.com/{tenantid}/v2.0"


def test_a_rotation_publishes_the_new_key_beside_the_old_one(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    user = sandbox.person()["address"]
    before = header_of(sandbox.token(user))["kid"]

    sandbox.faults([{"kind": "keys", "rotate": True}])

    token = sandbox.token(user)
    keys = {
        key["kid"]: key
        for key in http.get(f"{sandbox.url}/common/discovery/v2.0/keys").json()["keys"]
    }
    after = header_of(token)["kid"]
    assert after != before
    assert {before, after} <= set(keys)
    public = jwt.PyJWK(keys[after], algorithm="RS256").key
    jwt.decode(token, public, ["RS256"], audience=sandbox.api_client_id)


def test_only_v1_tokens_name_the_thumbprint_in_the_header(sandbox: RunningSandbox) -> None:
    user = sandbox.person()["address"]

    for_api, for_graph = sandbox.token(user), sandbox.token(user, "graph")

    assert "x5t" not in header_of(for_api)
    assert header_of(for_graph)["x5t"] == header_of(for_graph)["kid"]


def test_instance_discovery_leads_to_the_tenant_that_was_asked_about(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    asked = f"https://login.example/{sandbox.tenant_id}/oauth2/v2.0/authorize"

    answer = http.get(
        f"{sandbox.url}/common/discovery/instance",
        params={"api-version": "1.1", "authorization_endpoint": asked},
        headers=MICROSOFT,
    ).json()

    assert answer["tenant_discovery_endpoint"] == (
        f"https://login.microsoftonline.com/{sandbox.tenant_id}"
        "/v2.0/.well-known/openid-configuration"
    )
    assert "login.microsoftonline.com" in answer["metadata"][0]["aliases"]
