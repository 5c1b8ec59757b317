"""Only a user's own, living, unforged access token for our API says who calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jwt
import orjson
import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.errors import IdentityError, TransientRemoteError
from tests.adapters.entra import (
    ADDIN,
    API,
    ISSUER,
    LOGIN,
    NOON,
    OID,
    TENANT,
    FakeEntra,
    claims,
    jwk,
    private_key,
    public_pem,
    segment,
    signed,
)

SECOND = int(NOON.timestamp())
OTHER_TENANT = "99999999-7a0e-4c1d-9b8e-1d2f4a6c8e01"


@pytest.fixture
def entra() -> Iterator[FakeEntra]:
    with responses.RequestsMock() as web:
        yield FakeEntra(web)


def refused(entra: FakeEntra, token: str, **options: Any) -> None:
    with pytest.raises(IdentityError) as caught:
        entra.verifier(**options).verify(token)
    assert caught.value.code == "token_invalid"


def test_a_good_token_says_who_calls(entra: FakeEntra) -> None:
    token = signed(claims(roles=["admin", "support"]))

    principal = entra.verifier().verify(token)

    assert (principal.tenant_id, principal.oid) == (TENANT, OID)
    assert (principal.name, principal.username) == ("Ann Lawyer", "ann@firm.example")
    assert principal.roles == {"admin", "support"}
    assert principal.client_id == ADDIN
    assert principal.token == token
    assert token not in repr(principal)


def test_a_token_of_any_tenant_is_true_if_its_issuer_is(entra: FakeEntra) -> None:
    token = signed(claims(tid=OTHER_TENANT, iss=ISSUER.replace("{tenantid}", OTHER_TENANT)))

    assert entra.verifier().verify(token).tenant_id == OTHER_TENANT


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "00000003-0000-0000-c000-000000000000"},
        {"aud": f"api://{API}"},
        {"aud": [API]},
        {"aud": ...},
        {"iss": ISSUER.replace("{tenantid}", OTHER_TENANT)},
        {"iss": f"https://sts.windows.net/{TENANT}/", "ver": "1.0"},
        {"iss": f"https://evil.example/{TENANT}/v2.0"},
        {"iss": ISSUER},
        {"iss": ...},
        {"tid": OTHER_TENANT},
        {"tid": "{tenantid}", "iss": ISSUER},
        {"tid": "common", "iss": f"{LOGIN}/common/v2.0"},
        {"tid": f"{{{TENANT}}}", "iss": f"{LOGIN}/{{{TENANT}}}/v2.0"},
        {"tid": ...},
        {"tid": 7},
        {"ver": "1.0"},
        {"ver": ...},
        {"exp": SECOND},
        {"exp": SECOND - 1},
        {"exp": SECOND - 3600},
        {"exp": ...},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": None},
        {"nbf": SECOND + 61},
        {"nbf": SECOND + 3600},
        {"nbf": ...},
        {"iat": SECOND + 3600},
        {"iat": ...},
        {"scp": ...},
        {"scp": ""},
        {"scp": "Calendars.Read"},
        {"scp": "access_as_user_not"},
        {"scp": ["access_as_user"]},
        {"scp": ..., "roles": ["admin"], "idtyp": "app"},
        {"idtyp": "app"},
        {"idtyp": None},
        {"oid": ...},
        {"oid": "ann@firm.example"},
        {"oid": 7},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(entra: FakeEntra, changes: dict[str, Any]) -> None:
    refused(entra, signed(claims(**changes)))


def test_a_token_serves_to_its_last_second_and_from_a_minute_early(entra: FakeEntra) -> None:
    verifier = entra.verifier()

    assert verifier.verify(signed(claims(exp=SECOND + 1)))
    assert verifier.verify(signed(claims(nbf=SECOND + 60, iat=SECOND + 60)))
    assert verifier.verify(signed(claims(exp=SECOND + 0.5)))


def test_a_token_without_signature_is_refused(entra: FakeEntra) -> None:
    for alg in ("none", "None", "nOnE"):
        head = segment({"typ": "JWT", "alg": alg, "kid": "k1"})
        refused(entra, f"{head}.{segment(claims())}.")


def test_the_public_key_is_no_shared_secret(entra: FakeEntra) -> None:
    head = segment({"typ": "JWT", "alg": "HS256", "kid": "k1"})
    body = f"{head}.{segment(claims())}"
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = algorithm.sign(body.encode(), public_pem("k1"))

    refused(entra, f"{body}.{jwt.utils.base64url_encode(signature).decode()}")


def test_other_algorithms_are_refused_even_with_the_right_key(entra: FakeEntra) -> None:
    for algorithm in ("RS512", "PS256"):
        token = jwt.api_jws.encode(
            orjson.dumps(claims()), private_key("k1"), algorithm=algorithm, headers={"kid": "k1"}
        )
        refused(entra, token)


def test_a_key_brought_along_in_the_header_is_not_used(entra: FakeEntra) -> None:
    refused(entra, signed(key="attacker", kid="k1", jwk=jwk("attacker")))
    refused(entra, signed(key="attacker", kid="k1", jku="https://evil.example/keys"))


def test_a_changed_token_is_refused(entra: FakeEntra) -> None:
    head, _, signature = signed().split(".")

    refused(entra, f"{head}.{segment(claims(oid=OTHER_TENANT))}.{signature}")
    refused(entra, f"{head}.{segment(claims())}.{signature[:-4]}AAAA")


def test_a_token_for_graph_is_refused(entra: FakeEntra) -> None:
    graph = claims(
        aud="https://graph.microsoft.com",
        iss=f"https://sts.windows.net/{TENANT}/",
        ver="1.0",
        scp="Calendars.ReadWrite User.Read",
        azp=...,
        appid=API,
    )

    refused(entra, signed(graph))


def test_an_id_token_is_no_access_token_and_the_other_way_round(entra: FakeEntra) -> None:
    id_token = signed(claims(scp=..., azp=..., nonce="n"))

    refused(entra, id_token)
    with pytest.raises(IdentityError):
        entra.verifier().verify_id_token(signed())


def test_an_id_token_says_who_signed_in(entra: FakeEntra) -> None:
    principal = entra.verifier().verify_id_token(
        signed(claims(scp=..., azp=..., nonce="n", roles=["admin"]))
    )

    assert (principal.tenant_id, principal.oid, principal.roles) == (TENANT, OID, {"admin"})
    assert principal.token is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "Bearer x",
        "x" * 1_000_000,
        "é.ü.ß",
        "\ud800",
        "\x00.\x00.\x00",
        segment({"alg": "RS256", "kid": "k1"}) + "..",
        segment({"alg": "RS256", "kid": ["k1"]}) + ".e30.AA",
        segment({"alg": "RS256"}) + ".e30.AA",
        segment([]) + ".e30.AA",
        segment({"alg": "RS256", "kid": "k1", "crit": ["b64"], "b64": False}) + ".e30.AA",
        "eyJhIjo" + "W1tb" * 3_000 + ".e30.AA",
    ],
    ids=lambda t: repr(t[:20]),
)
def test_garbage_is_refused(entra: FakeEntra, token: str) -> None:
    refused(entra, token)


@pytest.mark.parametrize("payload", [[], "x", 7, None, {}])
def test_a_signed_payload_that_is_no_set_of_claims_is_refused(
    entra: FakeEntra, payload: Any
) -> None:
    refused(
        entra, jwt.api_jws.encode(orjson.dumps(payload), private_key("k1"), "RS256", {"kid": "k1"})
    )


@given(st.text(), st.text(), st.text())
def test_no_text_raises_anything_else(a: str, b: str, c: str) -> None:
    with responses.RequestsMock() as web, pytest.raises(IdentityError):
        FakeEntra(web).verifier().verify(f"{a}.{b}.{c}")


def test_only_the_listed_applications_may_speak_for_a_user(entra: FakeEntra) -> None:
    verifier = entra.verifier(allowed_clients=[ADDIN.upper()])

    assert verifier.verify(signed())
    assert verifier.verify(signed(claims(azp=API)))
    for azp in ("ea5a67f6-b6f3-4338-b240-c655ddc3cc8e", ..., 7):
        refused(entra, signed(claims(azp=azp)), allowed_clients=[ADDIN])


def test_a_proven_token_is_not_proven_again_but_dies_on_time(entra: FakeEntra) -> None:
    verifier = entra.verifier()
    token = signed(claims(exp=SECOND + 100))

    first, second = verifier.verify(token), verifier.verify(token)
    entra.later(100)

    assert second is first
    with pytest.raises(IdentityError):
        verifier.verify(token)


def test_the_proven_tokens_are_bounded(entra: FakeEntra) -> None:
    verifier = entra.verifier(tokens_kept=2)
    tokens = [signed(claims(uti=str(n))) for n in range(3)]

    first = verifier.verify(tokens[0])
    for token in tokens[1:]:
        verifier.verify(token)

    assert verifier.verify(tokens[0]) is not first


def test_a_token_signed_by_a_brand_new_key_works_at_once(entra: FakeEntra) -> None:
    verifier = entra.verifier()
    verifier.verify(signed())
    entra.later(31)
    entra.keys = [jwk("k1"), jwk("k2")]

    assert verifier.verify(signed(key="k2"))
    assert verifier.verify(signed(key="k1"))
    assert entra.looks == 2


def test_a_key_made_right_after_the_start_works_at_once(entra: FakeEntra) -> None:
    verifier = entra.verifier()
    verifier.verify(signed())
    entra.keys = [jwk("k1"), jwk("k2")]

    assert verifier.verify(signed(key="k2"))
    assert entra.looks == 2


def test_a_flood_of_unknown_keys_costs_one_look_in_thirty_seconds(entra: FakeEntra) -> None:
    verifier = entra.verifier()
    verifier.verify(signed())

    for n in range(320):
        with pytest.raises(IdentityError):
            verifier.verify(signed(claims(uti=str(n)), kid=f"invented-{n}"))
        entra.later(0.1)

    assert entra.looks == 3  # the first one, one at once, and one when thirty seconds were over
    entra.later(30)
    entra.keys.append(jwk("k2"))
    assert verifier.verify(signed(key="k2"))
    assert entra.looks == 4


def test_a_key_that_left_the_document_signs_nothing_any_more(entra: FakeEntra) -> None:
    verifier = entra.verifier()
    old = signed()
    verifier.verify(old)
    entra.later(31)
    entra.keys = [jwk("k2")]

    verifier.verify(signed(key="k2"))

    with pytest.raises(IdentityError):
        verifier.verify(old)


def test_the_keys_are_looked_at_every_day(entra: FakeEntra) -> None:
    verifier = entra.verifier()
    verifier.verify(signed())
    entra.later(86_401)

    verifier.verify(signed(claims(exp=SECOND + 100_000)))

    assert entra.looks == 2


def test_known_keys_serve_while_entra_is_away(entra: FakeEntra) -> None:
    verifier = entra.verifier()
    verifier.verify(signed())
    entra.down = True
    entra.later(86_401)

    assert verifier.verify(signed(claims(exp=SECOND + 100_000)))


def test_without_any_key_and_without_entra_nobody_is_called_a_forger(entra: FakeEntra) -> None:
    entra.down = True
    verifier = entra.verifier()

    with pytest.raises(TransientRemoteError):
        verifier.verify(signed())
    entra.down = False
    entra.later(6)

    assert verifier.verify(signed())


@pytest.mark.parametrize(
    "keys",
    [
        [],
        None,
        [None, 7, "x", {}],
        [{"kty": "RSA", "kid": "k1", "use": "sig"}],
        [{"kty": "RSA", "kid": "k1", "use": "sig", "n": "!", "e": "AQAB"}],
        [jwk("k1", use="enc")],
        [jwk("k1", kty="oct", k="c2VjcmV0")],
    ],
    ids=["empty", "none", "junk", "no numbers", "no base64", "not for signing", "not rsa"],
)
def test_an_unreadable_key_document_does_not_replace_a_good_one(
    entra: FakeEntra, keys: Any
) -> None:
    verifier = entra.verifier()
    verifier.verify(signed())
    entra.later(86_401)
    entra.keys = keys

    assert verifier.verify(signed(claims(exp=SECOND + 100_000)))


def test_a_short_key_is_no_key(entra: FakeEntra) -> None:
    short = private_key("short", 1024).public_key()
    entra.keys = [
        {**jwt.algorithms.RSAAlgorithm.to_jwk(short, as_dict=True), "kid": "short", "use": "sig"}
    ]

    with pytest.raises(TransientRemoteError):
        entra.verifier().verify(signed(kid="short"))


def test_a_key_may_sign_only_for_the_issuer_it_names(entra: FakeEntra) -> None:
    """The keys of personal accounts stand in the same document, with one fixed issuer."""
    fixed = f"{LOGIN}/{OTHER_TENANT}/v2.0"
    entra.keys = [jwk("k1", issuer=fixed)]

    refused(entra, signed())
    refused(entra, signed(claims(iss=fixed)))
    assert entra.verifier().verify(
        signed(claims(tid=OTHER_TENANT, iss=f"{LOGIN}/{OTHER_TENANT}/v2.0"))
    )


def test_a_key_without_issuer_signs_for_the_one_of_the_metadata(entra: FakeEntra) -> None:
    entra.keys = [jwk("k1", issuer=...)]
    entra.keys = [{k: v for k, v in entra.keys[0].items() if v is not ...}]

    assert entra.verifier().verify(signed())


def test_a_key_document_on_another_host_is_not_read(entra: FakeEntra) -> None:
    entra.metadata["jwks_uri"] = "https://evil.example/keys"

    with pytest.raises(TransientRemoteError):
        entra.verifier().verify(signed())


def test_names_of_any_length_and_kind_do_no_harm(entra: FakeEntra) -> None:
    token = signed(claims(name="a\x00" * 1_000, preferred_username=None, roles="admin"))

    principal = entra.verifier().verify(token)

    assert len(principal.name) <= 400
    assert "\x00" not in principal.name
    assert principal.username == ""
    assert principal.roles == frozenset()
