"""Conditional Access, revoked sessions and expired credentials, as a backend meets them."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.sandbox.entra.test_token_endpoint import ask, daemon, obo
from tests.support.sandbox import RunningSandbox
from tests.support.tokens import claims_of

CP1 = '{"access_token":{"xms_cc":{"values":["CP1"]}}}'


@pytest.fixture(autouse=True)
def _forgiven(sandbox: RunningSandbox) -> Iterator[None]:
    yield
    sandbox.clear_faults()


def graph(sandbox: RunningSandbox, http: requests.Session, token: str) -> requests.Response:
    return http.get(f"{sandbox.url}/v1.0/me", headers={"Authorization": f"Bearer {token}"})


def challenge(answer: requests.Response) -> dict[str, Any]:
    """The `access_token` part of the claims that a 401 asks for."""
    header = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in header
    encoded = re.search(r'claims="([^"]+)"', header)
    assert encoded is not None
    found: dict[str, Any] = json.loads(base64.b64decode(encoded[1]))["access_token"]
    return found


@pytest.mark.parametrize(
    ("number", "word", "suberror"),
    [
        (50076, "interaction_required", "basic_action"),
        (50079, "interaction_required", "basic_action"),
        (50158, "interaction_required", "additional_action"),
        (53000, "interaction_required", "additional_action"),
        (53003, "invalid_grant", "message_only"),
        (530034, "invalid_grant", "message_only"),
    ],
)
def test_conditional_access_refuses_on_behalf_of_with_a_challenge(
    sandbox: RunningSandbox, http: requests.Session, number: int, word: str, suberror: str
) -> None:
    sandbox.faults([{"kind": "claims", "acrs": "c7", "number": number}])

    refused = ask(sandbox, http, **obo(sandbox)).json()
    user = sandbox.person()["address"]
    met = sandbox.token(user, claims=refused["claims"])
    granted = ask(sandbox, http, **obo(sandbox, assertion=met))

    assert (refused["error"], refused["error_codes"]) == (word, [number])
    assert refused["suberror"] == suberror
    assert json.loads(refused["claims"])["access_token"]["acrs"]["value"] == "c7"
    assert claims_of(granted.json()["access_token"])["acrs"] == ["c7"]


def test_graph_challenges_a_client_that_understands_it_until_the_context_is_met(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    user = sandbox.person()["address"]
    capable = ask(sandbox, http, **obo(sandbox, claims=CP1)).json()["access_token"]
    assert graph(sandbox, http, capable).status_code == 200
    sandbox.faults([{"kind": "claims", "acrs": "c2", "at": "graph"}])

    refused = graph(sandbox, http, capable)
    wanted = json.dumps({"access_token": challenge(refused)})
    not_yet = ask(sandbox, http, **obo(sandbox, claims=wanted)).json()
    met = obo(sandbox, assertion=sandbox.token(user, claims=wanted), claims=CP1)
    fresh = ask(sandbox, http, **met).json()["access_token"]

    assert (refused.status_code, challenge(refused)["acrs"]["value"]) == (401, "c2")
    assert refused.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert (not_yet["error"], not_yet["suberror"]) == ("interaction_required", "basic_action")
    assert graph(sandbox, http, fresh).status_code == 200


def test_a_client_that_does_not_understand_challenges_is_just_refused(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    token = sandbox.token(sandbox.person()["address"], "graph")
    app_only = sandbox.token(audience="graph", app=True)
    sandbox.faults([{"kind": "claims", "at": "graph"}])

    refused = graph(sandbox, http, token)
    headers = {"Authorization": f"Bearer {app_only}"}
    untouched = http.get(f"{sandbox.url}/v1.0/organization", headers=headers)

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "accessDenied")
    assert untouched.status_code == 200


def test_revoked_sessions_end_refresh_tokens_assertions_and_cae_tokens(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    person = sandbox.person()
    form = obo(sandbox, scope="https://graph.microsoft.com/.default offline_access", claims=CP1)
    before = ask(sandbox, http, **form).json()
    plain = sandbox.token(person["address"], "graph")
    refresh = {**form, "grant_type": "refresh_token", "refresh_token": before["refresh_token"]}
    sandbox.advance(60)
    sandbox.faults([{"kind": "sessions", "revoke": True, "user": person["address"]}])

    by_assertion = ask(sandbox, http, **form).json()
    by_refresh = ask(sandbox, http, **refresh).json()
    challenged = graph(sandbox, http, before["access_token"])
    sandbox.advance(1)
    again = ask(sandbox, http, **obo(sandbox)).json()

    assert by_assertion["error_codes"] == by_refresh["error_codes"] == [50173]
    assert "nbf" in challenge(challenged)
    assert graph(sandbox, http, plain).status_code == 200
    assert graph(sandbox, http, again["access_token"]).status_code == 200


def test_secrets_expire_and_come_back(sandbox: RunningSandbox, http: requests.Session) -> None:
    sandbox.faults([{"kind": "credentials", "expire": "secrets", "client": "daemon"}])

    expired = ask(sandbox, http, **daemon(sandbox))
    other = ask(sandbox, http, **obo(sandbox))
    listed = sandbox.control("GET", "/faults")["items"]
    sandbox.clear_faults()

    assert (expired.status_code, expired.json()["error_codes"]) == (401, [7000222])
    assert other.status_code == 200
    assert listed[0]["expire"] == "secrets"
    assert ask(sandbox, http, **daemon(sandbox)).status_code == 200


def test_consent_is_given_back(sandbox: RunningSandbox, http: requests.Session) -> None:
    sandbox.faults([{"kind": "consent", "revoke": True}])
    without = ask(sandbox, http, **obo(sandbox)).json()

    sandbox.faults([{"kind": "consent", "revoke": False}])

    assert (without["error_codes"], without["suberror"]) == ([65001], "consent_required")
    assert ask(sandbox, http, **obo(sandbox)).status_code == 200


def test_revoking_consent_in_one_tenant_leaves_the_other_alone(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    sandbox.faults([{"kind": "consent", "revoke": True, "tenant": sandbox.tenant_id}])
    theirs = sandbox.person(tenant_id=sandbox.second_tenant_id)["address"]
    form = obo(sandbox, assertion=sandbox.token(theirs))

    answer = ask(sandbox, http, sandbox.second_tenant_id, **form)

    assert answer.status_code == 200
    assert claims_of(answer.json()["access_token"])["tid"] == sandbox.second_tenant_id
    assert ask(sandbox, http, **obo(sandbox)).json()["error_codes"] == [65001]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"kind": "claims", "at": "moon"}, "at must be"),
        ({"kind": "claims", "number": 1}, "number must be"),
        ({"kind": "claims", "acrs": ""}, "acrs must be"),
        ({"kind": "sessions", "user": "x"}, "revoke must be"),
        ({"kind": "sessions", "revoke": True, "user": "nobody"}, "nobody"),
        ({"kind": "credentials"}, "expire must be"),
        ({"kind": "credentials", "expire": "secrets", "client": "x"}, "no application"),
        ({"kind": "mailbox", "state": "inactive"}, "there is nobody"),
        ({"kind": "permissions", "app": [], "mailboxes": ["nobody@x.example"]}, "nobody"),
        ({"kind": "permissions", "app": [], "by": "magic"}, "by must be"),
    ],
)
def test_an_order_that_cannot_be_understood_says_why(
    sandbox: RunningSandbox, order: dict[str, Any], reason: str
) -> None:
    with pytest.raises(requests.HTTPError, match=reason):
        sandbox.faults([order])
