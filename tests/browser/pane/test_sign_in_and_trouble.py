"""Signing in, and every way things go wrong, in words with the one thing that helps (T1, X1)."""

from __future__ import annotations

import base64
import json

import pytest
from playwright.sync_api import expect

from tests.browser.pane import answers
from tests.browser.pane.answers import a_problem
from tests.browser.pane.harness import PaneHarness, read_item, unsaved_item

pytestmark = pytest.mark.browser

CLAIMS = json.dumps({"access_token": {"acrs": {"essential": True, "value": "c1"}}})
CHALLENGE = (
    f'Bearer error="insufficient_claims", claims="{base64.b64encode(CLAIMS.encode()).decode()}"'
)

BRIDGE = """
window.asked = [];
const heard = [];
const segment = (value) => btoa(JSON.stringify(value)).replace(/=+$/, '');
window.nestedAppAuthBridge = {
  addEventListener: (_, listener) => heard.push(listener),
  removeEventListener() {},
  postMessage(text) {
    const question = JSON.parse(text);
    asked.push([question.method, question.tokenParams?.scope ?? null,
      question.tokenParams?.claims ?? null]);
    const account = {homeAccountId: 'o.t', environment: 'login.microsoftonline.com',
      tenantId: 't', username: 'jane@calder.test', localAccountId: 'o', name: 'Jane'};
    const answer = {messageType: 'NestedAppAuthResponse', requestId: question.requestId,
      success: true};
    if (question.method === 'GetInitContext') {
      answer.initContext = {sdkName: 'x', sdkVersion: '1', accountContext: account,
        capabilities: {queryAccount: true}};
    } else if (window.needsPerson && question.method === 'GetToken') {
      answer.success = false;
      answer.error = {status: 'USER_INTERACTION_REQUIRED', code: 'interaction_required',
        subError: '', description: 'x'};
    } else {
      const id = [segment({alg: 'none'}), segment({aud: 'x', oid: 'o', tid: 't', exp: 4e9}), ''];
      answer.token = {access_token: `nested-${question.method}`, id_token: id.join('.'),
        expires_in: 3600, scope: question.tokenParams.scope};
      answer.account = account;
    }
    setTimeout(() => heard.forEach((listener) => listener(JSON.stringify(answer))), 1);
  },
};
"""


def test_the_pane_shows_a_skeleton_before_anything_answers(pane: PaneHarness) -> None:
    page = pane.open(silent=True)

    expect(page.locator(".skeleton")).to_be_visible()
    assert page.locator("main").get_attribute("aria-busy") == "true"


def test_no_open_event_is_said_so(pane: PaneHarness) -> None:
    page = pane.open(None)

    expect(page.get_by_role("heading", name="No event is open")).to_be_visible()
    assert pane.accessibility_violations() == []


def test_a_message_is_not_an_event(pane: PaneHarness) -> None:
    page = pane.open(read_item(message=True))

    expect(page.get_by_role("alert")).to_contain_text("Open a calendar event")


def test_outside_outlook_the_page_says_where_it_belongs(pane: PaneHarness) -> None:
    page = pane.open(outside=True)

    expect(page.get_by_role("alert")).to_contain_text("Open this in Outlook")


def test_an_outlook_that_never_answers_can_be_tried_again(pane: PaneHarness) -> None:
    pane.page.clock.install()
    page = pane.open(silent=True)

    page.clock.run_for(11_000)

    expect(page.get_by_role("alert")).to_contain_text("Outlook does not answer")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_blocked_library_is_named(pane: PaneHarness) -> None:
    pane.page.clock.install()
    page = pane.open(blocked=True)

    page.clock.run_for(4_000)

    expect(page.get_by_role("alert")).to_contain_text("Outlook’s add-in library is blocked")


def test_office_sign_in_is_used_when_there_is_no_nested_one(pane: PaneHarness) -> None:
    pane.show(answers.LINKED)

    assert pane.api.tokens[0].startswith("Bearer token-")


def test_nested_app_authentication_comes_first(pane: PaneHarness) -> None:
    pane.msal_is_there = True
    pane.page.add_init_script(BRIDGE)

    page = pane.show(answers.LINKED, sets=["NestedAppAuth"])

    assert pane.api.tokens == ["Bearer nested-GetToken"]
    scopes = [scope for method, scope, _ in page.evaluate("asked") if method == "GetToken"]
    assert "api://11111111-2222-3333-4444-555555555555/access_as_user" in scopes[0]
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_missing_msal_file_falls_back_to_office(pane: PaneHarness) -> None:
    pane.show(answers.LINKED, sets=["NestedAppAuth"])

    assert pane.api.tokens[0].startswith("Bearer token-")


def test_no_way_to_sign_in_is_said_plainly(pane: PaneHarness) -> None:
    page = pane.open(noOfficeSignIn=True)

    expect(page.get_by_role("alert")).to_contain_text("This Outlook cannot sign you in")


def test_somebody_not_signed_in_first_reads_what_it_is_for(pane: PaneHarness) -> None:
    pane.api.answer("GET", "events/{id}", answers.LINKED)
    page = pane.open(signedOut=True)
    expect(page.get_by_role("heading", name="Your meetings, in InterAction")).to_be_visible()
    violations = pane.accessibility_violations()

    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="In InterAction", exact=True)).to_be_visible()
    assert violations == []


def test_a_cancelled_sign_in_can_be_started_again(pane: PaneHarness) -> None:
    page = pane.open(signedOut=True, cancels=True)

    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("Sign-in was cancelled")


def test_a_nested_sign_in_opens_its_window_only_on_a_click(pane: PaneHarness) -> None:
    pane.msal_is_there = True
    pane.page.add_init_script(BRIDGE + "window.needsPerson = true;")
    pane.api.answer("GET", "events/{id}", answers.LINKED)
    page = pane.open(sets=["NestedAppAuth"], noOfficeSignIn=True)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    before = [method for method, _, _ in page.evaluate("asked")]

    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="In InterAction", exact=True)).to_be_visible()
    assert "GetTokenPopup" not in before
    assert pane.api.tokens == ["Bearer nested-GetTokenPopup"]


def test_a_refused_token_is_replaced_once(pane: PaneHarness) -> None:
    refused = a_problem(401, "token_invalid")
    pane.api.answer("GET", "events/{id}", refused, status=401)

    page = pane.show(answers.LINKED)

    expect(page.get_by_role("heading", name="In InterAction")).to_be_visible()
    assert len(set(pane.api.tokens)) == 2


def test_a_claims_challenge_is_answered_with_its_claims(pane: PaneHarness) -> None:
    pane.api.answer(
        "GET", "events/{id}", a_problem(401, "claims_required"), 401, WWW_Authenticate=CHALLENGE
    )

    page = pane.show(answers.LINKED)

    assert pane.api.tokens[1].endswith("-proven")
    asked = [call for call in page.evaluate("outlook.calls") if "authChallenge" in call]
    assert json.loads(asked[0].removeprefix("token "))["authChallenge"] == CLAIMS


def test_a_challenge_that_needs_the_person_waits_for_a_click(pane: PaneHarness) -> None:
    challenge = a_problem(401, "claims_required")
    for _ in range(2):
        pane.api.answer("GET", "events/{id}", challenge, 401, WWW_Authenticate=CHALLENGE)
    pane.api.answer("GET", "events/{id}", answers.LINKED)
    page = pane.open()
    expect(page.get_by_role("alert")).to_contain_text("Confirm it’s you")

    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="In InterAction")).to_be_visible()
    assert pane.api.tokens[2].endswith("-proven")


def test_missing_consent_offers_the_page_that_grants_it(pane: PaneHarness) -> None:
    url = "https://login.microsoftonline.com/t/oauth2/v2.0/authorize?prompt=consent"
    problem = a_problem(403, "consent_required", consent_url=url)
    pane.api.answer("GET", "events/{id}", problem, status=403)
    pane.api.answer("GET", "events/{id}", answers.LINKED)
    page = pane.open()

    grant = page.get_by_role("link", name="Grant access")
    expect(grant).to_have_attribute("href", url)
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("heading", name="In InterAction")).to_be_visible()


def test_a_consent_address_that_is_no_web_address_is_not_offered(pane: PaneHarness) -> None:
    problem = a_problem(403, "consent_required", consent_url="javascript:alert(1)")
    pane.api.answer("GET", "events/{id}", problem, status=403)
    page = pane.open()

    expect(page.get_by_role("alert")).to_contain_text("Permission needed")
    expect(page.get_by_role("link", name="Grant access")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "token_invalid", "Please sign in again"),
        (403, "unknown_firm", "Your organization does not use Calendar Sync"),
        (403, "forbidden", "Not allowed"),
        (400, "invalid_event_id", "This event cannot be identified"),
        (503, "graph_unavailable", "Microsoft 365 does not answer"),
        (503, "crm_unavailable", "InterAction does not answer"),
        (429, "rate_limited", "Too many requests"),
        (500, "internal_error", "Something went wrong"),
        (502, "", "Something went wrong"),
    ],
)
def test_every_failure_of_the_api_has_its_own_words(
    pane: PaneHarness, status: int, code: str, words: str
) -> None:
    pane.api.answer("GET", "events/{id}", a_problem(status, code), status=status)

    page = pane.open(read_item())

    expect(page.get_by_role("alert")).to_contain_text(words)
    assert pane.accessibility_violations() == []


def test_a_failure_of_the_server_names_the_request_for_support(pane: PaneHarness) -> None:
    pane.api.answer(
        "GET",
        "events/{id}",
        a_problem(500, "internal_error"),
        status=500,
        X_Request_ID="5f3e9a01c2",
    )

    page = pane.open(read_item())

    expect(page.get_by_role("alert")).to_contain_text("For support: 5f3e9a01c2")


def test_an_event_that_is_gone_is_said_so_to_a_reader(pane: PaneHarness) -> None:
    pane.api.answer("GET", "events/{id}", a_problem(404, "event_not_found"), status=404)

    page = pane.open(read_item())

    expect(page.get_by_role("alert")).to_contain_text("Exchange does not show this event")


def test_an_answer_that_is_no_json_is_an_error_in_words(pane: PaneHarness) -> None:
    pane.api.answer("GET", "events/{id}", "<html>proxy</html>", status=502)

    page = pane.open()

    expect(page.get_by_role("alert")).to_contain_text("Something went wrong")


def test_retry_after_a_lost_connection_shows_the_event(pane: PaneHarness) -> None:
    pane.api.answer("GET", "events/{id}", None).answer("GET", "events/{id}", answers.LINKED)
    page = pane.open()
    expect(page.get_by_role("alert")).to_contain_text("Calendar Sync cannot be reached")

    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("heading", name="In InterAction")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_empty()


def test_offline_is_told_from_unreachable(pane: PaneHarness) -> None:
    page = pane.show(answers.an_answer())
    page.context.set_offline(True)
    pane.api.answer("PUT", "events/{id}/link", None)

    page.get_by_label("Add this Event to InterAction").click()

    expect(page.get_by_role("alert")).to_contain_text("You are offline")
    expect(page.locator("#rules")).to_be_visible()


def test_trouble_while_checking_a_form_keeps_the_pane_usable(pane: PaneHarness) -> None:
    pane.api.answer("POST", "events/check", a_problem(500, "internal_error"), status=500)
    pane.api.answer("POST", "events/check", answers.a_verdict(source="form"))
    page = pane.open(unsaved_item())
    expect(page.get_by_role("alert")).to_contain_text("Something went wrong")

    page.get_by_role("button", name="Try again").click()

    expect(page.locator("#rules")).to_contain_text("All 12 checks in order")
