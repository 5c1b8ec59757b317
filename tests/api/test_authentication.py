"""Who may call what: stated for every route, proven for every route."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.api.authentication import guards_of, own_checks
from backend.api.sessions import Sessions
from backend.app import create_app
from backend.crm import migrations
from backend.domain.errors import ClaimsRequiredError, UnknownFirmError
from backend.domain.ports import Principal
from tests.api.conftest import BEARER, settings
from tests.api.stubs import BROWSING, EVENT_ID, NOW, PRINCIPAL, TENANT, StubServices

OPEN_ROUTES = {
    "/",
    "/<any(admin, taskpane, shared, vendor, assets):root>/<path:name>",
    "/admin",
    "/api/docs",
    "/api/openapi.json",
    "/auth/callback",
    "/auth/login",
    "/auth/logout",
    "/auth/session",
    "/healthz",
    "/privacy",
    "/readyz",
    "/support",
    "/taskpane",
    "/taskpane/",
    "/taskpane/index.html",
}
"""Everything that anybody may see. A new open route has to be written down here."""


@pytest.fixture
def app(services: StubServices) -> Flask:
    return create_app(services, settings())


@pytest.fixture
def tables(services: StubServices) -> None:
    """The CRM's tables."""
    assert services.database is not None
    migrations.upgrade(services.database.write_engine)


def routes(app: Flask) -> Iterator[tuple[str, str, str | None]]:
    """Rule, method, blueprint."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            endpoint = app.view_functions[rule.endpoint]
            assert endpoint is not None
            yield rule.rule, method, rule.endpoint.rpartition(".")[0] or None


def test_every_route_states_its_authentication(app: Flask):
    guards = guards_of(app)

    stated = {rule: guards[blueprint] for rule, _, blueprint in routes(app) if blueprint in guards}

    assert set(stated) == {rule for rule, _, _ in routes(app)}
    open_now = {rule for rule, guard in stated.items() if guard is None}
    assert open_now == OPEN_ROUTES
    own = {rule for rule, guard in stated.items() if guard is own_checks}
    assert own == {"/graph/notifications", "/graph/lifecycle"}


def test_every_guarded_route_refuses_strangers(app: Flask):
    client = app.test_client()
    guards = guards_of(app)
    guarded = [
        r for r in routes(app) if guards[str(r[2])] not in (None, own_checks) and r[0] != "/metrics"
    ]

    for rule, method, _ in guarded:
        path = rule.replace("<event_id:event_id>", EVENT_ID)
        response = client.open(path, method=method, json={})

        is_crm_page = rule.startswith("/crm/") and not rule.startswith("/crm/api")
        if is_crm_page or rule == "/admin/":
            assert response.headers["Location"].startswith("/auth/login?next="), (method, rule)
        else:
            assert response.status_code == 401, (method, rule)
            assert response.json["code"] == "token_invalid"
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert len(guarded) > 10


def test_a_blueprint_that_states_nothing_is_closed_to_everybody(app: Flask):
    from flask import Blueprint

    forgotten = Blueprint("forgotten", __name__)
    forgotten.add_url_rule("/forgotten", view_func=lambda: "secrets", endpoint="show")
    app.register_blueprint(forgotten)

    response = app.test_client().get("/forgotten", headers=BEARER)

    assert (response.status_code, response.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer bad", "Basic good", "good", "Bearer good extra"]
)
def test_only_a_bearer_token_that_verifies_counts(anonymous: FlaskClient, header: str):
    response = anonymous.get("/api/me", headers={"Authorization": header})

    assert (response.status_code, response.json["code"]) == (401, "token_invalid")


def test_the_word_bearer_may_be_spelled_in_any_case(anonymous: FlaskClient):
    assert anonymous.get("/api/me", headers={"Authorization": "bearer good"}).status_code == 200


def test_a_token_of_a_tenant_that_is_no_customer_is_403(
    make_client: Callable[..., FlaskClient],
):
    client = make_client(tenants=("8b2d4e70-15c3-4f7a-a6d9-5c0e7b9f1a02",))

    for path in ("/api/me", f"/api/events/{EVENT_ID}", "/crm/api/contacts"):
        response = client.get(path, headers=BEARER)

        assert (response.status_code, response.json["code"]) == (403, "unknown_firm")


class TestCookieSessions:
    """The session of our own pages."""

    @pytest.fixture
    def browser(self, anonymous: FlaskClient) -> FlaskClient:
        """Somebody who signed in on our pages."""
        anonymous.get("/auth/login?next=/crm/")
        assert anonymous.get("/auth/callback?code=c&state=s-1").status_code == 302
        return anonymous

    @pytest.fixture
    def token(self, browser: FlaskClient) -> str:
        return str(browser.get("/auth/session").json["csrf_token"])

    def test_it_reads_what_cookies_may_read(self, browser: FlaskClient, services: StubServices):
        response = browser.get("/api/me")

        assert response.status_code == 200
        assert services.people.calls == [("me", BROWSING)]

    def test_it_opens_our_pages_and_strangers_are_led_to_the_sign_in_and_back(
        self, browser: FlaskClient, make_client: Callable[..., FlaskClient], tables: None
    ):
        mine = browser.get("/crm/contacts?q=a")
        strangers = make_client().get("/crm/contacts?q=a")

        assert mine.status_code == 200
        assert strangers.headers["Location"] == "/auth/login?next=/crm/contacts?q%3Da"

    def test_it_does_not_open_what_needs_a_token_for_outlook(self, browser: FlaskClient):
        assert browser.get(f"/api/events/{EVENT_ID}").status_code == 401
        assert browser.get("/api/contacts").status_code == 401

    @pytest.mark.parametrize("headers", [{}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "wrong"}])
    def test_it_changes_nothing_without_the_csrf_token(
        self, browser: FlaskClient, services: StubServices, headers: dict[str, str]
    ):
        response = browser.patch("/api/me", json={"enabled": True}, headers=headers)

        assert (response.status_code, response.json["code"]) == (403, "csrf_token_invalid")
        assert services.people.calls == []

    def test_it_changes_with_the_csrf_token(self, browser: FlaskClient, token: str):
        response = browser.patch("/api/me", json={"enabled": True}, headers={"X-CSRF-Token": token})

        assert response.status_code == 200

    def test_a_bearer_token_beside_it_wins(self, browser: FlaskClient, services: StubServices):
        with_good = browser.patch("/api/me", json={"enabled": True}, headers=BEARER)
        with_bad = browser.get("/api/me", headers={"Authorization": "Bearer bad"})

        assert with_good.status_code == 200
        assert services.people.calls[0][1] == PRINCIPAL
        assert with_bad.status_code == 401

    def test_it_ends_after_an_hour_by_our_clock(self, browser: FlaskClient, services: StubServices):
        services.now = NOW + timedelta(minutes=59)
        before = browser.get("/api/me").status_code
        services.now = NOW + timedelta(minutes=60)
        after = browser.get("/api/me").status_code

        assert (before, after) == (200, 401)

    def test_it_ends_with_signing_out(self, browser: FlaskClient):
        browser.get("/auth/logout")

        assert browser.get("/api/me").status_code == 401

    def test_the_cookie_is_kept_from_scripts_and_other_sites(self, anonymous: FlaskClient):
        cookie = anonymous.get("/auth/login").headers["Set-Cookie"]

        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie

    def test_over_https_the_cookie_is_bound_to_this_host(
        self, make_client: Callable[..., FlaskClient]
    ):
        client = make_client(base_url="https://sync.example.com")

        cookie = client.get("/auth/login", base_url="https://sync.example.com").headers[
            "Set-Cookie"
        ]

        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "Domain" not in cookie

    def test_a_cookie_signed_with_an_older_key_still_counts_after_rotation(
        self, browser: FlaskClient, services: StubServices
    ):
        rotated = create_app(services, settings(secret_keys=("n" * 48, "k" * 48))).test_client()
        replaced = create_app(services, settings(secret_keys=("n" * 48,))).test_client()
        cookie = browser.get_cookie("calendar-sync")
        assert cookie is not None

        for client in (rotated, replaced):
            client.set_cookie("calendar-sync", cookie.value)

        assert rotated.get("/api/me").status_code == 200
        assert replaced.get("/api/me").status_code == 401


class TestSignIn:
    """`/auth/login` to Entra and `/auth/callback` back."""

    def test_it_leads_to_entra_and_back_to_where_it_began(self, anonymous: FlaskClient):
        away = anonymous.get("/auth/login?next=/crm/contacts")
        back = anonymous.get("/auth/callback?code=c&state=s-1")

        assert away.headers["Location"] == "https://login.example/authorize?state=s-1"
        assert back.headers["Location"] == "/crm/contacts"

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "/a%0d%0aSet-Cookie:x=1",
            "/" + "x" * 600,
            "",
        ],
    )
    def test_it_never_leads_to_another_site(self, anonymous: FlaskClient, target: str):
        anonymous.get(f"/auth/login?next={target}")

        back = anonymous.get("/auth/callback?code=c&state=s-1")

        assert back.headers["Location"] == "/"

    def test_an_answer_nobody_asked_for_signs_nobody_in(self, anonymous: FlaskClient):
        response = anonymous.get("/auth/callback?code=c&state=s-1")

        assert response.status_code == 400
        assert anonymous.get("/auth/session").json == {"signed_in": False}

    def test_a_wrong_state_signs_nobody_in(self, anonymous: FlaskClient):
        anonymous.get("/auth/login")

        response = anonymous.get("/auth/callback?code=c&state=other")

        assert response.status_code == 401
        assert anonymous.get("/auth/session").json == {"signed_in": False}

    def test_an_answer_counts_once(self, anonymous: FlaskClient):
        anonymous.get("/auth/login")
        anonymous.get("/auth/callback?code=c&state=s-1")

        assert anonymous.get("/auth/callback?code=c&state=s-1").status_code == 400

    def test_somebody_of_another_firm_is_told_so(
        self, anonymous: FlaskClient, services: StubServices
    ):
        services.sign_in.principal = replace(BROWSING, tenant_id="elsewhere")
        anonymous.get("/auth/login")

        response = anonymous.get("/auth/callback?code=c&state=s-1")

        assert response.status_code == 403
        assert UnknownFirmError().message in response.text

    def test_coming_back_from_consent_needs_no_session(self, anonymous: FlaskClient):
        given = anonymous.get("/auth/callback?code=c&state=consent")
        refused = anonymous.get("/auth/callback?error=access_denied&state=consent")

        assert given.status_code == 200
        assert "Access granted" in given.text
        assert refused.status_code == 403


@pytest.mark.usefixtures("tables")
class TestTheCrmsCallers:
    """`/crm/api`: people, pages, and another instance with the shared word."""

    @pytest.fixture
    def crm(self, make_client: Callable[..., FlaskClient]) -> FlaskClient:
        return make_client(crm_token="the shared word")

    def test_another_instance_names_the_tenant(self, crm: FlaskClient):
        headers = {"Authorization": "Bearer the shared word", "X-CRM-Tenant": TENANT}

        assert crm.get("/crm/api/contacts", headers=headers).status_code == 200

    @pytest.mark.parametrize(
        ("headers", "code"),
        [({}, "forbidden"), ({"X-CRM-Tenant": "elsewhere"}, "unknown_firm")],
    )
    def test_it_must_name_one_of_our_tenants(
        self, crm: FlaskClient, headers: dict[str, str], code: str
    ):
        word = {"Authorization": "Bearer the shared word"}

        response = crm.get("/crm/api/contacts", headers=word | headers)

        assert (response.status_code, response.json["code"]) == (403, code)

    def test_the_word_opens_nothing_else(self, crm: FlaskClient):
        headers = {"Authorization": "Bearer the shared word", "X-CRM-Tenant": TENANT}

        assert crm.get("/api/me", headers=headers).status_code == 401

    def test_without_a_word_in_the_settings_no_word_counts(self, anonymous: FlaskClient):
        for word in ("None", "", "the shared word"):
            headers = {"Authorization": f"Bearer {word}", "X-CRM-Tenant": TENANT}

            assert anonymous.get("/crm/api/contacts", headers=headers).status_code == 401

    def test_people_come_with_their_token(self, crm: FlaskClient):
        assert crm.get("/crm/api/contacts", headers=BEARER).status_code == 200


def test_a_challenge_of_the_verifier_is_answered_like_any_other(
    client: FlaskClient, services: StubServices
):
    services.verifier.error = ClaimsRequiredError("{}")

    assert client.get("/api/me").json["code"] == "claims_required"


def test_sessions_hold_no_access_token():
    assert not {"token", "access_token"} & set(_members_of_session())


def _members_of_session() -> dict[str, Any]:
    app = Flask("test")
    app.secret_key = "x"
    with app.test_request_context():
        from flask import session

        Sessions(lambda: NOW).sign_in(Principal(TENANT, "oid", token="secret token"))
        return dict(session)
