"""Graph tokens: never somebody else's, never older than they look, refusals told apart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import orjson
import pytest
import requests
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from backend.adapters.entra_msal import AppIdentity, MsalApps
from backend.adapters.entra_signin import EntraSignIn, granted_scopes
from backend.domain.errors import (
    ClaimsRequiredError,
    ConsentRequiredError,
    IdentityError,
    RemoteAccessError,
    RemoteError,
    RemoteRejectedError,
    SyncError,
    TransientRemoteError,
)
from backend.domain.ports import Principal, ServerCredentials
from tests.adapters.entra import (
    API,
    LOGIN,
    NOON,
    OID,
    TENANT,
    FakeEntra,
    claims,
    private_key,
    signed,
)

TENANT_METADATA = f"{LOGIN}/{TENANT}/v2.0/.well-known/openid-configuration"
TOKEN_URL = f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
REDIRECT = "https://sync.firm.example/admin/signed-in"
SERVER = ServerCredentials("s1", TENANT, "da3e0000-0000-4000-8000-000000000001", secret="s3cret")
SCOPE = (
    "https://graph.microsoft.com/Calendars.ReadWrite https://graph.microsoft.com/User.Read openid"
)


class Desk(FakeEntra):
    """The fake Entra with a token endpoint that gives ``replies``, the last one for ever."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.replies: list[tuple[int, dict[str, Any], dict[str, str]]] = []
        self.forms: list[dict[str, str]] = []
        self.metadata_looks = 0
        self.web.add_callback("GET", TENANT_METADATA, self._tenant_metadata)
        for tenant in (TENANT, "organizations"):
            self.web.add_callback("POST", f"{LOGIN}/{tenant}/oauth2/v2.0/token", self._token)

    def _tenant_metadata(self, _request: requests.PreparedRequest) -> Any:
        self.metadata_looks += 1
        return self._answer({**self.metadata, "token_endpoint": TOKEN_URL})

    def _token(self, request: requests.PreparedRequest) -> Any:
        self.forms.append({k: v[0] for k, v in parse_qs(str(request.body)).items()})
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        status, body, headers = reply
        return status, headers, orjson.dumps(body)

    def says(self, *bodies: dict[str, Any], status: int = 200, **headers: str) -> None:
        self.replies += [(status, body, headers) for body in bodies]

    def refuses(self, error: str, *codes: int, status: int = 400, **more: Any) -> None:
        body = {"error": error, "error_codes": list(codes), "error_description": "x", **more}
        self.says(body, status=status)

    def sign_in(self, **options: Any) -> EntraSignIn:
        identity = options.pop("identity", AppIdentity(API, "our-secret"))
        apps = MsalApps(self.http(), monotonic=lambda: self.monotonic)
        return EntraSignIn(apps, identity, self.verifier(), clock=lambda: self.now, **options)


@pytest.fixture
def entra() -> Iterator[Desk]:
    with responses.RequestsMock() as web:
        yield Desk(web)


def a_token(value: str = "graph-1", **members: Any) -> dict[str, Any]:
    return {
        "token_type": "Bearer",
        "access_token": value,
        "expires_in": 3600,
        "scope": SCOPE,
        **members,
    }


def ann(token: str = "assertion-1") -> Principal:
    return Principal(TENANT, OID, token=token)


def ben(token: str = "assertion-2") -> Principal:
    return Principal(TENANT, "99999999-ec72-544c-b137-d4ed4bf9d3d3", token=token)


# On behalf of a user


def test_a_users_token_is_asked_for_with_his_own_and_says_what_was_granted(entra: Desk) -> None:
    entra.says(a_token())

    token = entra.sign_in().user_token(ann())

    (form,) = entra.forms
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert form["assertion"] == "assertion-1"
    assert form["requested_token_use"] == "on_behalf_of"
    assert "https://graph.microsoft.com/.default" in form["scope"].split()
    assert orjson.loads(form["claims"]) == {"access_token": {"xms_cc": {"values": ["CP1"]}}}
    assert (form["client_id"], form["client_secret"]) == (API, "our-secret")
    assert token.value == "graph-1"
    assert token.scopes == {"calendars.readwrite", "user.read", "openid"}
    assert token.expires_at == NOON + timedelta(seconds=3600)
    assert "graph-1" not in repr(token)


def test_a_token_is_kept_until_shortly_before_its_end(entra: Desk) -> None:
    entra.says(a_token("graph-1"), a_token("graph-2"))
    sign_in = entra.sign_in()

    first = sign_in.user_token(ann())
    entra.later(3600 - 121)
    still = sign_in.user_token(ann())
    entra.later(2)
    renewed = sign_in.user_token(ann())

    assert (first.value, still.value, renewed.value) == ("graph-1", "graph-1", "graph-2")


def test_nobody_gets_somebody_elses_token(entra: Desk) -> None:
    entra.says(a_token("for-ann"), a_token("for-ben"), a_token("for-ann-elsewhere"))
    sign_in = entra.sign_in()

    assert sign_in.user_token(ann()).value == "for-ann"
    assert sign_in.user_token(ben("assertion-1")).value == "for-ben"
    assert sign_in.user_token(ann()).value == "for-ann"


def test_a_new_sign_in_gets_a_new_token(entra: Desk) -> None:
    """After a claims challenge the pane comes with another token; the old answer must not serve."""
    entra.says(a_token("graph-1"), a_token("graph-2"))
    sign_in = entra.sign_in()
    sign_in.user_token(ann("assertion-1"))

    assert sign_in.user_token(ann("assertion-after-mfa")).value == "graph-2"


def test_a_permission_given_a_moment_ago_counts_with_the_same_sign_in(entra: Desk) -> None:
    entra.says(a_token("reads", scope="Calendars.Read"), a_token("writes"))
    sign_in = entra.sign_in()

    first = sign_in.user_token(ann())
    entra.later(4)
    same_opening = sign_in.user_token(ann())
    entra.later(1)
    next_opening = sign_in.user_token(ann())

    assert (first.value, same_opening.value) == ("reads", "reads")
    assert next_opening.value == "writes"
    entra.later(60)
    assert sign_in.user_token(ann()) is next_opening


def test_a_dropped_token_is_fetched_anew(entra: Desk) -> None:
    entra.says(a_token("graph-1"), a_token("graph-2"))
    sign_in = entra.sign_in()
    token = sign_in.user_token(ann())

    sign_in.drop_user_token(ann(), token)
    sign_in.drop_user_token(ann(), token)

    assert sign_in.user_token(ann()).value == "graph-2"
    assert sign_in.user_token(ann()).value == "graph-2"


def test_many_threads_of_one_user_cost_one_request(entra: Desk) -> None:
    entra.says(a_token())
    sign_in = entra.sign_in()
    values: list[str] = []
    threads = [
        threading.Thread(target=lambda: values.append(sign_in.user_token(ann()).value))
        for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert values == ["graph-1"] * 8
    assert len(entra.forms) == 1


def test_the_kept_tokens_are_bounded(entra: Desk) -> None:
    entra.says(*(a_token(f"graph-{n}") for n in range(5)))
    sign_in = entra.sign_in(users_kept=2)

    for n in range(3):
        sign_in.user_token(ann(f"assertion-{n}"))

    assert sign_in.user_token(ann("assertion-0")).value == "graph-3"


def test_consent_works_at_once_with_the_same_token(entra: Desk) -> None:
    """MSAL would repeat the refusal for a minute without asking."""
    entra.refuses("invalid_grant", 65001, suberror="consent_required")
    entra.says(a_token())
    sign_in = entra.sign_in()

    with pytest.raises(ConsentRequiredError):
        sign_in.user_token(ann())

    assert sign_in.user_token(ann()).value == "graph-1"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_outage_for_one_user_is_none_for_the_next(entra: Desk, status: int) -> None:
    """MSAL would answer the second user from its memory of the first one's failure."""
    entra.says({"error": "x"}, status=status, **{"Retry-After": "60"})
    entra.says(a_token())
    sign_in = entra.sign_in()

    with pytest.raises(TransientRemoteError) as caught:
        sign_in.user_token(ann())

    assert caught.value.system == "entra"
    assert caught.value.retry_after == 60
    assert sign_in.user_token(ben()).value == "graph-1"


def test_an_outage_does_not_take_a_living_token_away(entra: Desk) -> None:
    entra.says(a_token())
    entra.says({}, status=503)
    sign_in = entra.sign_in()
    sign_in.user_token(ann())

    entra.later(3600 - 60)
    assert sign_in.user_token(ann()).value == "graph-1"

    entra.later(60)
    with pytest.raises(TransientRemoteError):
        sign_in.user_token(ann())


CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'


@pytest.mark.parametrize(
    ("error", "codes", "more", "kind"),
    [
        ("invalid_grant", (65001,), {}, ConsentRequiredError),
        ("invalid_grant", (), {"suberror": "consent_required"}, ConsentRequiredError),
        ("consent_required", (), {}, ConsentRequiredError),
        ("interaction_required", (50076,), {"claims": CLAIMS}, ClaimsRequiredError),
        ("invalid_grant", (50079,), {"claims": CLAIMS}, ClaimsRequiredError),
        ("interaction_required", (53003,), {"claims": CLAIMS}, ClaimsRequiredError),
        ("interaction_required", (50076,), {}, IdentityError),
        ("invalid_grant", (50013, 500133), {}, IdentityError),
        ("invalid_grant", (500131,), {}, IdentityError),
        ("invalid_grant", (240002,), {}, IdentityError),
        ("invalid_grant", (50173,), {}, IdentityError),
        ("invalid_client", (7000215,), {}, RemoteAccessError),
        ("invalid_client", (7000222,), {}, RemoteAccessError),
        ("unauthorized_client", (700016,), {}, RemoteAccessError),
        ("invalid_scope", (70011,), {}, RemoteAccessError),
        ("invalid_resource", (500011,), {}, RemoteAccessError),
        ("invalid_request", (90002,), {}, RemoteAccessError),
        ("temporarily_unavailable", (90033,), {}, TransientRemoteError),
        ("invalid_request", (90006,), {}, TransientRemoteError),
        ("invalid_request", (900144,), {}, RemoteRejectedError),
        ("something_new", (), {}, RemoteRejectedError),
        ("invalid_grant", ("x", None), {"error_codes": "65001"}, IdentityError),
    ],
)
def test_each_refusal_is_told_apart(
    entra: Desk, error: str, codes: Any, more: dict[str, Any], kind: type[SyncError]
) -> None:
    body = {"error": error, "error_codes": list(codes), "trace_id": "t-1", **more}
    entra.says(body, status=401 if error == "invalid_client" else 400)

    with pytest.raises(SyncError) as caught:
        entra.sign_in().user_token(ann())

    assert type(caught.value) is kind
    if isinstance(caught.value, ClaimsRequiredError):
        assert caught.value.claims == CLAIMS
    if isinstance(caught.value, RemoteError):
        assert caught.value.system == "entra"
        assert caught.value.request_id == "t-1"


def test_the_number_of_a_refused_credential_is_told(entra: Desk) -> None:
    entra.refuses("invalid_client", 7000222, status=401)

    with pytest.raises(RemoteAccessError) as caught:
        entra.sign_in().server_token(SERVER)

    assert caught.value.remote_code == "AADSTS7000222"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"access_token": "x"},
        {"access_token": "x", "expires_in": "soon"},
        {"access_token": 7, "expires_in": 3600},
        {"access_token": "", "expires_in": 3600},
        {"access_token": "x", "expires_in": 10**30},
        {"access_token": "x", "expires_in": 3600, "id_token": "broken"},
        {"access_token": "x", "expires_in": 3600, "id_token": "a.b.c", "client_info": "!"},
    ],
    ids=str,
)
def test_an_answer_that_is_no_token_is_an_error_of_ours(entra: Desk, body: Any) -> None:
    entra.says(body)

    with pytest.raises(RemoteRejectedError):
        entra.sign_in().user_token(ann())


@pytest.mark.parametrize(("body", "kind"), [(b"<html>", RemoteError), (b"[]", RemoteError)])
def test_an_answer_that_is_not_json_is_an_error_of_ours(
    entra: Desk, body: bytes, kind: type[SyncError]
) -> None:
    entra.web.upsert("POST", TOKEN_URL, body=body)

    with pytest.raises(kind):
        entra.sign_in().user_token(ann())


def test_without_his_token_nothing_can_be_done_for_a_user(entra: Desk) -> None:
    with pytest.raises(IdentityError):
        entra.sign_in().user_token(Principal(TENANT, OID))


def test_the_tenants_metadata_are_read_once_a_day(entra: Desk) -> None:
    entra.says(a_token())
    sign_in = entra.sign_in()

    for n in range(5):
        sign_in.user_token(ann(f"assertion-{n}"))
    assert entra.metadata_looks == 1

    entra.later(86_401)
    sign_in.user_token(ann("tomorrow"))
    assert entra.metadata_looks == 2


def test_metadata_out_of_reach_are_transient_and_not_remembered(entra: Desk) -> None:
    entra.says(a_token())
    sign_in = entra.sign_in()
    entra.down = True

    with pytest.raises(TransientRemoteError):
        sign_in.user_token(ann())
    entra.down = False

    assert sign_in.user_token(ann())


@pytest.mark.parametrize("tenant", ["", "../common", "a/b", "https://evil.example", "x" * 300])
def test_a_tenant_that_is_none_is_refused_unasked(entra: Desk, tenant: str) -> None:
    server = ServerCredentials("s1", tenant, "c", secret="s")

    with pytest.raises(RemoteAccessError):
        entra.sign_in().server_token(server)


def test_a_tenant_that_entra_does_not_know_is_refused(entra: Desk) -> None:
    unknown = "11111111-1111-1111-1111-111111111111"
    entra.web.get(
        f"{LOGIN}/{unknown}/v2.0/.well-known/openid-configuration",
        status=400,
        json={"error": "invalid_tenant"},
    )

    with pytest.raises(RemoteAccessError) as caught:
        entra.sign_in().server_token(ServerCredentials("s1", unknown, "c", secret="s"))

    assert caught.value.remote_code == "unknown_tenant"


# As a firm's online server


def test_a_server_signs_in_with_its_secret_and_keeps_the_token(entra: Desk) -> None:
    entra.says({k: v for k, v in a_token("app-1").items() if k != "scope"})
    sign_in = entra.sign_in()

    first, second = sign_in.server_token(SERVER), sign_in.server_token(SERVER)

    (form,) = entra.forms
    assert form["grant_type"] == "client_credentials"
    assert (form["client_id"], form["client_secret"]) == (SERVER.client_id, "s3cret")
    assert form["scope"] == "https://graph.microsoft.com/.default"
    assert first is second
    assert first.scopes == frozenset()


def test_a_changed_secret_is_used_at_once(entra: Desk) -> None:
    entra.says(a_token("app-1"), a_token("app-2"))
    sign_in = entra.sign_in()
    sign_in.server_token(SERVER)
    changed = ServerCredentials("s1", TENANT, SERVER.client_id, secret="another")

    assert sign_in.server_token(changed).value == "app-2"


def test_a_challenge_of_graph_is_passed_to_entra(entra: Desk) -> None:
    entra.says(a_token())

    entra.sign_in().server_token(SERVER, claims='{"access_token":{"nbf":{"value":"1"}}}')

    sent = orjson.loads(entra.forms[0]["claims"])["access_token"]
    assert sent == {"nbf": {"value": "1"}, "xms_cc": {"values": ["CP1"]}}


def a_certificate() -> str:
    key = private_key("certificate")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sync")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOON)
        .not_valid_after(NOON + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return (private + certificate.public_bytes(serialization.Encoding.PEM)).decode()


def test_a_server_signs_in_with_its_certificate(entra: Desk) -> None:
    entra.says(a_token())
    server = ServerCredentials("s1", TENANT, "client", certificate_pem=a_certificate())

    entra.sign_in().server_token(server)

    (form,) = entra.forms
    assert "client_secret" not in form
    assertion = form["client_assertion"]
    assert jwt.get_unverified_header(assertion)["alg"] == "PS256"
    proven = jwt.decode(
        assertion,
        private_key("certificate").public_key(),
        algorithms=["PS256"],
        audience=TOKEN_URL,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert proven["iss"] == proven["sub"] == "client"


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "garbage",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ],
)
def test_an_unreadable_certificate_is_a_refused_credential(entra: Desk, pem: str) -> None:
    server = ServerCredentials("s1", TENANT, "client", certificate_pem=pem)

    with pytest.raises(RemoteAccessError) as caught:
        entra.sign_in().server_token(server)

    assert caught.value.remote_code == "certificate_unreadable"


def test_an_unknown_cloud_is_refused(entra: Desk) -> None:
    server = ServerCredentials("s1", TENANT, "client", cloud="moon", secret="s")

    with pytest.raises(RemoteAccessError):
        entra.sign_in().server_token(server)


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        (SCOPE, {"calendars.readwrite", "user.read", "openid"}),
        ("Calendars.Read ", {"calendars.read"}),
        ("", set()),
        (None, set()),
        (["x"], set()),
    ],
)
def test_scopes_are_read_with_and_without_their_resource(scope: Any, granted: set[str]) -> None:
    assert granted_scopes(scope) == granted


# Our own pages


def begin(sign_in: EntraSignIn) -> tuple[dict[str, str], dict[str, Any]]:
    address, flow = sign_in.begin_sign_in(REDIRECT)
    return {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}, flow


def test_the_browser_is_sent_with_state_nonce_and_pkce(entra: Desk) -> None:
    sign_in = entra.sign_in(login_url="http://localhost:8001")

    address, flow = sign_in.begin_sign_in(REDIRECT, login_hint="ann@firm.example")

    asked = parse_qs(urlsplit(address).query)
    assert address.startswith("http://localhost:8001/organizations/oauth2/v2.0/authorize?")
    assert asked["response_mode"] == ["query"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["state"] == [flow["state"]]
    assert asked["login_hint"] == ["ann@firm.example"]
    assert asked["redirect_uri"] == [REDIRECT]
    assert flow["nonce"] not in address
    assert flow["code_verifier"] not in address


def test_who_comes_back_with_the_code_is_signed_in(entra: Desk) -> None:
    sign_in = entra.sign_in()
    asked, flow = begin(sign_in)
    id_token = signed(claims(scp=..., azp=..., nonce=asked["nonce"], roles=["admin"]))
    entra.says(a_token(id_token=id_token))

    principal = sign_in.finish_sign_in(flow, {"code": "c", "state": flow["state"]})

    assert (principal.tenant_id, principal.oid, principal.roles) == (TENANT, OID, {"admin"})
    assert principal.token is None
    assert entra.forms[0]["code_verifier"] == flow["code_verifier"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "another"},
        {"nonce": "another"},
        {"nonce": ...},
        {"aud": "another"},
        {"exp": int(NOON.timestamp()) - 1},
        {"id_token": None},
        {"id_token": "a.b.c"},
        {"key": "attacker"},
    ],
    ids=str,
)
def test_a_sign_in_that_does_not_fit_is_refused(entra: Desk, wrong: dict[str, Any]) -> None:
    sign_in = entra.sign_in()
    asked, flow = begin(sign_in)
    told = {"scp": ..., "nonce": asked["nonce"]} | {
        k: v for k, v in wrong.items() if k in ("nonce", "aud", "exp")
    }
    id_token = signed(claims(**told), key=wrong.get("key", "k1"), kid="k1")
    entra.says(a_token(id_token=wrong.get("id_token", id_token)))

    with pytest.raises(IdentityError):
        sign_in.finish_sign_in(flow, {"code": "c", "state": wrong.get("state", flow["state"])})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"error": "access_denied", "error_description": "x"}, SyncError),
        ({"error": "consent_required"}, ConsentRequiredError),
        ({}, IdentityError),
    ],
)
def test_a_refusal_on_entras_page_is_told(
    entra: Desk, answer: dict[str, str], kind: type[SyncError]
) -> None:
    sign_in = entra.sign_in()
    _, flow = begin(sign_in)

    with pytest.raises(kind):
        sign_in.finish_sign_in(flow, {"state": flow["state"], **answer})


@pytest.mark.parametrize("flow", [{}, {"state": "s"}, {"state": None}])
def test_a_broken_session_is_refused(entra: Desk, flow: dict[str, Any]) -> None:
    with pytest.raises(IdentityError):
        entra.sign_in().finish_sign_in(flow, {"code": "c", "state": "s"})


def test_the_address_for_an_administrators_consent(entra: Desk) -> None:
    address = entra.sign_in().admin_consent_url(REDIRECT, tenant=TENANT, state="x y")

    parts = urlsplit(address)
    assert (parts.netloc, parts.path) == (
        "login.microsoftonline.com",
        f"/{TENANT}/v2.0/adminconsent",
    )
    assert parse_qs(parts.query) == {
        "client_id": [API],
        "scope": ["https://graph.microsoft.com/.default"],
        "redirect_uri": [REDIRECT],
        "state": ["x y"],
    }
