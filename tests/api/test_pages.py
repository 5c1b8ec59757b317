"""Our pages and what goes with every answer: policies, caching, request ids, health, metrics."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import BEARER
from tests.api.stubs import EVENT_ID, StubServices

PAGES = ["/", "/support", "/privacy", "/admin/", "/api/docs", "/taskpane/"]


def policy(client: FlaskClient, path: str) -> dict[str, str]:
    text = client.get(path).headers["Content-Security-Policy"]
    return {name: value for name, _, value in (part.partition(" ") for part in text.split("; "))}


def test_the_pane_gets_its_two_values_and_nothing_else_changes(
    make_client: Callable[..., FlaskClient],
):
    client = make_client(office_js_url='https://office.example/office.js?"<x>')

    page = client.get("/taskpane/")

    assert 'src="https://office.example/office.js?&quot;&lt;x&gt;"' in page.text
    assert "a9100000-2b7e-4d6c-9f58-3e1a7c5d9b22" in page.text
    assert "{{" not in page.text


def test_office_hosts_and_the_origin_of_office_js_may_frame_the_pane(
    make_client: Callable[..., FlaskClient],
):
    production = policy(make_client(), "/taskpane/")
    demo = policy(make_client(office_js_url="http://localhost:8001/office.js"), "/taskpane/")

    assert "https://outlook.office.com" in production["frame-ancestors"].split()
    assert "https://appsforoffice.microsoft.com" in production["script-src"].split()
    assert "http://localhost:8001" in demo["frame-ancestors"].split()
    assert demo["script-src"] == "'self' http://localhost:8001"


@pytest.mark.parametrize("path", [p for p in PAGES if p != "/taskpane/"])
def test_no_other_page_may_be_framed(client: FlaskClient, path: str):
    assert policy(client, path)["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", [*PAGES, "/no/such/page", "/api/me", "/healthz", "/assets/x.css"])
def test_every_answer_is_guarded_by_headers(client: FlaskClient, path: str):
    response = client.get(path)

    assert "X-Frame-Options" not in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Request-ID"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_obey_their_own_policy(client: FlaskClient, path: str):
    page = client.get(path).text

    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
    if path != "/taskpane/":
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)


def test_pages_are_asked_for_again_and_answers_are_not_kept(client: FlaskClient):
    assert client.get("/taskpane/").headers["Cache-Control"] == "no-cache"
    assert client.get("/taskpane/taskpane.js").headers["Cache-Control"] == "no-cache"
    assert client.get("/api/me").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/taskpane/", "/taskpane/taskpane.js", "/assets/site.css"])
def test_what_the_browser_has_is_not_sent_again(client: FlaskClient, path: str):
    first = client.get(path)

    second = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, second.status_code, second.data) == (200, 304, b"")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/taskpane/taskpane.js", "text/javascript"),
        ("/taskpane/taskpane.css", "text/css"),
        ("/shared/api.js", "text/javascript"),
        ("/assets/icon-16.png", "image/png"),
        ("/assets/icon-128.png", "image/png"),
    ],
)
def test_files_have_types_that_browsers_accept(client: FlaskClient, path: str, kind: str):
    response = client.get(path)

    assert response.status_code == 200
    assert response.mimetype == kind


@pytest.mark.parametrize(
    "path",
    [
        "/taskpane/types.d.ts",
        "/taskpane/../__init__.py",
        "/taskpane/%2e%2e/__init__.py",
        "/shared/..%2f__init__.py",
        "/shared/%00",
        "/shared//etc/passwd",
        "/assets/",
        "/vendor/none.js",
        "/taskpane/" + "x" * 5000,
    ],
)
def test_nothing_but_the_pages_files_is_served(client: FlaskClient, path: str):
    assert client.get(path).status_code == 404


def test_the_pane_without_a_slash_leads_to_the_pane(client: FlaskClient):
    response = client.get("/taskpane?et=1")

    assert (response.status_code, response.headers["Location"]) == (308, "/taskpane/?et=1")


def test_health_is_told_to_everybody_without_details(
    anonymous: FlaskClient, services: StubServices
):
    fine = anonymous.get("/readyz")
    services.health.parts = {"database": "does not answer", "queue": "ok"}
    services.health.warned = ["The clocks are apart."]
    broken = anonymous.get("/readyz")
    services.health.parts = {"database": "ok"}
    warned = anonymous.get("/readyz")

    assert anonymous.get("/healthz").json == {"status": "ok"}
    assert (fine.status_code, fine.json["status"]) == (200, "ok")
    assert broken.status_code == 503
    assert broken.json["parts"]["database"] == "does not answer"
    assert (warned.status_code, warned.json["warnings"]) == (200, ["The clocks are apart."])


class TestMetrics:
    """`/metrics`: this machine, or the token."""

    ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}  # noqa: RUF012

    def test_this_machine_reads_them(self, anonymous: FlaskClient):
        anonymous.get(f"/api/events/{EVENT_ID}", headers=BEARER)

        text = anonymous.get("/metrics").text

        assert "calendar_sync_requests_total" in text
        assert EVENT_ID not in text

    def test_nobody_else_does(self, anonymous: FlaskClient):
        assert anonymous.get("/metrics", environ_base=self.ELSEWHERE).status_code == 401

    def test_a_proxy_on_this_machine_is_somebody_else(self, anonymous: FlaskClient):
        headers = {"X-Forwarded-For": "192.0.2.7"}

        assert anonymous.get("/metrics", headers=headers).status_code == 401

    def test_the_token_opens_them_from_anywhere(self, make_client: Callable[..., FlaskClient]):
        client = make_client(metrics_token="word")

        def status(word: str) -> int:
            headers = {"Authorization": f"Bearer {word}"}
            return client.get("/metrics", environ_base=self.ELSEWHERE, headers=headers).status_code

        assert (status("word"), status("other"), status("")) == (200, 401, 401)


def test_a_sound_request_id_is_kept_and_another_one_replaced(client: FlaskClient):
    kept = client.get("/healthz", headers={"X-Request-ID": "trace-1234"})
    replaced = client.get("/healthz", headers={"X-Request-ID": 'x" injected="1'})

    assert kept.headers["X-Request-ID"] == "trace-1234"
    assert len(replaced.headers["X-Request-ID"]) == 32


def test_a_runaway_client_is_slowed_down_and_harms_nobody_else(
    make_client: Callable[..., FlaskClient],
):
    client = make_client(rate_limit="3 per minute")

    statuses = [client.get("/api/me", headers=BEARER).status_code for _ in range(4)]
    refused = client.get("/api/contacts", headers=BEARER)

    assert statuses == [200, 200, 200, 429]
    assert (refused.status_code, refused.json["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get("/healthz").status_code == 200


class TestOtherOrigins:
    """CORS: `/api` only, listed origins only, never with cookies."""

    LISTED = {"Origin": "https://pane.example"}  # noqa: RUF012

    @pytest.fixture
    def shared(self, make_client: Callable[..., FlaskClient]) -> FlaskClient:
        return make_client(cors_origins=("https://pane.example",))

    def test_a_listed_origin_may_read_the_api(self, shared: FlaskClient):
        preflight = shared.options(
            "/api/me",
            headers=self.LISTED
            | {
                "Access-Control-Request-Method": "PATCH",
                "Access-Control-Request-Headers": "authorization",
            },
        )
        answer = shared.get("/api/me", headers=self.LISTED | BEARER)

        for response in (preflight, answer):
            assert response.status_code == 200
            assert response.headers["Access-Control-Allow-Origin"] == "https://pane.example"
            assert "Access-Control-Allow-Credentials" not in response.headers

    @pytest.mark.parametrize("path", ["/crm/api/contacts", "/taskpane/", "/auth/session"])
    def test_but_nothing_else(self, shared: FlaskClient, path: str):
        response = shared.get(path, headers=self.LISTED)

        assert "Access-Control-Allow-Origin" not in response.headers

    def test_other_origins_may_read_nothing(self, shared: FlaskClient, client: FlaskClient):
        stranger = {"Origin": "https://evil.example"}

        assert "Access-Control-Allow-Origin" not in shared.get("/api/me", headers=stranger).headers
        assert (
            "Access-Control-Allow-Origin" not in client.get("/api/me", headers=self.LISTED).headers
        )
