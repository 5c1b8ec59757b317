"""Signing in from the pane: Office single sign-on, and the real MSAL.js over the bridge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.browser.outlook_page.conftest import MSAL, ORGANIZER, Outlook
from tests.support.npm import needs_npm

pytestmark = [pytest.mark.browser, pytest.mark.node]
needs_msal = needs_npm(MSAL)
Make = Callable[..., dict[str, Any]]


def claims_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def msal_token(outlook: Outlook, *, interactive: bool = False) -> dict[str, Any]:
    sandbox = outlook.sandbox
    scope = f"{sandbox.control('GET', '/settings')['api_scope']}"
    found: dict[str, Any] = outlook.pane.evaluate(
        "(wish) => probe.msalToken(...wish)", [sandbox.addin_client_id, scope, interactive]
    )
    return found


def test_office_gives_a_token_for_our_api(outlook: Outlook, meeting: Make) -> None:
    outlook.go(event=meeting()["id"])

    token = outlook.ask("Office.auth.getAccessToken()")

    claims = claims_of(token)
    assert claims["preferred_username"] == ORGANIZER
    assert claims["scp"] == "access_as_user"


def test_office_refuses_with_the_code_chosen_until_it_may_ask(
    outlook: Outlook, meeting: Make
) -> None:
    outlook.go(query="sso=13001", event=meeting()["id"])

    refused = outlook.ask("OfficeRuntime.auth.getAccessToken().catch((error) => error.code)")
    outlook.pane.evaluate(
        "() => { window.asked = Office.auth.getAccessToken({ allowSignInPrompt: true }) }"
    )
    outlook.page.get_by_role("button", name="Continue").click()

    assert refused == 13001
    assert claims_of(outlook.ask("await window.asked"))["preferred_username"] == ORGANIZER


@needs_msal
def test_msal_signs_in_over_the_bridge(outlook: Outlook, meeting: Make) -> None:
    outlook.go(event=meeting()["id"])

    answer = msal_token(outlook)

    assert outlook.ask("Office.context.requirements.isSetSupported('NestedAppAuth', '1.1')") is True
    assert answer["user"] == ORGANIZER
    assert claims_of(answer["accessToken"])["azp"] == outlook.sandbox.addin_client_id


@needs_msal
def test_msal_is_told_when_a_click_is_needed(outlook: Outlook, meeting: Make) -> None:
    outlook.go(query="naa=click", event=meeting()["id"])

    silent = msal_token(outlook)
    outlook.pane.evaluate(
        "(wish) => { window.asked = probe.msalToken(...wish) }",
        [
            outlook.sandbox.addin_client_id,
            outlook.sandbox.control("GET", "/settings")["api_scope"],
            True,
        ],
    )
    outlook.page.get_by_role("button", name="Continue").click()

    assert silent["error"] == "InteractionRequiredAuthError"
    assert outlook.ask("await window.asked")["user"] == ORGANIZER


def test_without_nested_app_auth_there_is_no_bridge(outlook: Outlook, meeting: Make) -> None:
    outlook.go(query="naa=off", event=meeting()["id"])

    assert (
        outlook.ask("Office.context.requirements.isSetSupported('NestedAppAuth', '1.1')") is False
    )
    assert outlook.ask("window.nestedAppAuthBridge === undefined") is True
