"""Who may call at all: forged tokens, new keys, challenges, people of other firms (X1)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import URL, func, select

from backend.adapters.entra_keys import EntraKeys
from backend.adapters.entra_tokens import EntraTokenVerifier
from backend.adapters.http import Http
from backend.adapters.routing import GLOBAL
from backend.app import create_app
from backend.bootstrap import outgoing_session
from backend.db.models import LinkRow, UserRow
from tests.support.product import Product, running_product
from tests.support.sandbox import RunningSandbox
from tests.support.tokens import forged, unknown_kid

CLIENT = "ben@client.example"


class Patience:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def call(app: Flask, token: str, method: str = "GET", path: str = "/api/me") -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().open(path, method=method, headers=headers)


def key_looks(sandbox: RunningSandbox, since: int) -> int:
    asked = [r for r in sandbox.requests(since) if r["path"].endswith("/discovery/v2.0/keys")]
    return len(asked)


@pytest.fixture
def patient(
    sandbox: RunningSandbox, sqlite_url: URL, offset_file: Path
) -> Iterator[tuple[Product, Flask, Patience]]:
    """The product with a stop-watch of our own below its store of Entra's keys."""
    with running_product(sandbox, sqlite_url, offset_file) as product:
        patience = Patience()
        http = Http(outgoing_session(product.settings), clock=product.clock)
        verifier = EntraTokenVerifier(
            EntraKeys(http, GLOBAL.login_root, monotonic=patience),
            client_id=product.settings.client_id,
            clock=product.clock,
        )
        app = create_app(replace(product.services, verifier=verifier), product.settings)
        yield product, app, patience


@pytest.fixture
def careful(sandbox: RunningSandbox, sqlite_url: URL, offset_file: Path) -> Iterator[Product]:
    """The product as the settings make it: only the listed applications speak for a user."""
    clients = (sandbox.api_client_id, sandbox.addin_client_id)
    with running_product(sandbox, sqlite_url, offset_file, allowed_clients=clients) as product:
        yield product


def test_no_forged_token_reads_or_changes_anything(careful: Product, organizer: str) -> None:
    product = careful
    meeting = product.meeting(organizer, CLIENT)
    link = f"/api/events/{meeting.id}/link"
    calls = [
        ("GET", "/api/me"),
        ("GET", f"/api/events/{meeting.id}"),
        ("PUT", link),
        ("DELETE", link),
        ("POST", f"{link}/undo"),
        ("GET", "/crm/api/contacts"),
    ]
    accepted = []

    for fault, token in forged(product.sandbox, organizer).items():
        for method, path in calls:
            answer = call(product.app, token, method, path)
            if answer.status_code not in (401, 403):
                accepted.append((fault, method, path, answer.status_code))
            if answer.status_code == 401:
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    assert accepted == []
    assert product.records(meeting.ical_uid) == []
    with product.services.database.read() as session:
        assert session.scalar(select(func.count()).select_from(LinkRow)) == 0


def test_the_reason_of_a_refused_token_is_a_code_and_not_a_hint(
    careful: Product, organizer: str
) -> None:
    product = careful

    answers = {
        fault: call(product.app, token)
        for fault, token in forged(product.sandbox, organizer).items()
    }

    codes = {fault: (a.status_code, a.json["code"]) for fault, a in answers.items()}
    assert codes.pop("other tenant") == (403, "unknown_firm")
    assert set(codes.values()) <= {(401, "token_invalid"), (403, "forbidden")}


def test_a_token_signed_with_a_rotated_key_works_at_once(
    patient: tuple[Product, Flask, Patience], organizer: str
) -> None:
    product, app, patience = patient
    old = product.sandbox.token(organizer)
    assert call(app, old).status_code == 200
    patience.seconds += 31

    product.sandbox.faults([{"kind": "keys", "rotate": True}])
    new = product.sandbox.token(organizer)

    assert call(app, new).status_code == 200
    assert call(app, old).status_code == 200


def test_a_token_of_a_withdrawn_key_ends_with_the_next_look(
    patient: tuple[Product, Flask, Patience], organizer: str
) -> None:
    product, app, patience = patient
    old = product.sandbox.token(organizer)
    assert call(app, old).status_code == 200
    patience.seconds += 31

    product.sandbox.faults([{"kind": "keys", "rotate": True, "keep_old": False}])
    assert call(app, product.sandbox.token(organizer)).status_code == 200

    assert call(app, old).status_code == 401


def test_a_flood_of_unknown_keys_costs_entra_one_look_in_thirty_seconds(
    patient: tuple[Product, Flask, Patience], organizer: str
) -> None:
    product, app, patience = patient
    good = product.sandbox.token(organizer)
    assert call(app, good).status_code == 200
    patience.seconds += 31
    since = product.sandbox.last_request()

    for number in range(50):
        assert call(app, unknown_kid(good, f"invented-{number}")).status_code == 401
    first = key_looks(product.sandbox, since)
    patience.seconds += 31
    for number in range(50, 100):
        assert call(app, unknown_kid(good, f"invented-{number}")).status_code == 401

    assert (first, key_looks(product.sandbox, since)) == (1, 2)
    assert call(app, good).status_code == 200


def test_an_answered_claims_challenge_opens_the_door(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.sandbox.faults([{"kind": "claims", "acrs": "c1"}])
    refused = product.pane(organizer).tick(meeting.id)
    header = refused.headers["WWW-Authenticate"]
    coded = header.partition('claims="')[2].partition('"')[0]
    claims = base64.b64decode(coded).decode()

    answer = product.pane(organizer, claims=claims).tick(meeting.id)

    assert (refused.status_code, refused.json["code"]) == (401, "claims_required")
    assert (answer.status_code, answer.json["link"]["state"]) == (200, "linked")


@pytest.mark.parametrize("act", ["view", "tick"])
def test_consent_that_is_given_works_at_the_next_click(
    sqlite_product: Product, organizer: str, act: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    click: Callable[[str], Any] = getattr(pane, act)
    product.sandbox.faults([{"kind": "consent", "revoke": True}])
    refused = click(meeting.id)
    assert (refused.status_code, refused.json["code"]) == (403, "consent_required")
    assert "/adminconsent?" in refused.json["consent_url"]
    assert refused.json["consent_url"].startswith(product.sandbox.url)

    product.sandbox.faults([{"kind": "consent", "revoke": False}])

    assert click(meeting.id).status_code == 200


def test_a_first_sign_in_makes_an_undecided_user_of_a_known_firm(
    sandbox: RunningSandbox, sqlite_url: URL, offset_file: Path, organizer: str
) -> None:
    with running_product(sandbox, sqlite_url, offset_file) as product:
        with product.services.database.write.begin() as session:
            known = session.scalars(select(UserRow).where(UserRow.address == organizer)).one()
            known.oid, known.address = "00000000-0000-4000-8000-00000000dead", None
        meeting = product.meeting(organizer, CLIENT)

        me = product.pane(organizer).call("GET", "/api/me").json
        refused = product.pane(organizer).tick(meeting.id)
        product.pane(organizer).call("PATCH", "/api/me", {"enabled": True})
        answer = product.pane(organizer).tick(meeting.id)

    assert me["enabled_by_admin"] is None
    assert (refused.status_code, refused.json["code"]) == (422, "user_not_enabled")
    assert (answer.status_code, answer.json["link"]["state"]) == (200, "linked")


def test_two_firms_meet_and_each_keeps_its_own(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    second = product.sandbox.second_tenant_id
    guest = product.sandbox.person(tenant_id=second)["address"]
    meeting = product.meeting(organizer, guest)
    copy = next(e for e in product.sandbox.events(guest) if e["iCalUId"] == meeting.ical_uid)
    product.pane(organizer).tick(meeting.id)

    seen = product.pane(guest).view(copy["id"])
    listed = product.pane(guest).call("GET", "/crm/api/activities", ical_uid=meeting.ical_uid)

    assert seen.status_code == 200
    assert (seen.json["link"], seen.json["others"]) == (None, [])
    assert listed.json["items"] == []
    assert list(product.services.crm.find_by_ical_uid(second, meeting.ical_uid)) == []
