"""Both ways to sign in, and consent that is missing (X1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.story.outlook import Outlook
from tests.support.npm import needs_npm
from tests.support.product import Meeting, Product

pytestmark = pytest.mark.browser
Make = Callable[..., Meeting]
MSAL = Path(__file__).parents[3] / "node_modules/@azure/msal-browser/lib/msal-browser.min.js"
needs_msal = needs_npm(MSAL)


def test_outlook_without_nested_app_authentication_signs_in_by_office(
    outlook: Outlook, meeting: Make
) -> None:
    asked: list[str] = []
    outlook.page.on("request", lambda request: asked.append(request.url))

    outlook.open(meeting(), query="naa=off")
    outlook.tick()

    assert not [url for url in asked if "msal-browser" in url]


@needs_msal
@pytest.mark.node
def test_outlook_with_nested_app_authentication_signs_in_by_msal(
    outlook: Outlook, meeting: Make
) -> None:
    # Office's own single sign-on is out of order: only MSAL can have got the token.
    outlook.open(meeting(), query="naa=on&sso=13001")

    outlook.tick()


@needs_msal
@pytest.mark.node
def test_a_first_sign_in_needs_one_click(outlook: Outlook, meeting: Make) -> None:
    pane = outlook.open(meeting(), query="naa=click&sso=13001")
    pane.get_by_role("button", name="Sign in").click()
    outlook.page.get_by_role("button", name="Continue").click()

    outlook.tick()


def test_without_consent_the_pane_leads_to_the_page_where_it_is_granted_and_goes_on(
    outlook: Outlook, product: Product, meeting: Make
) -> None:
    made = meeting()
    product.sandbox.faults([{"kind": "consent", "revoke": True}])
    outlook.open(made)
    grant = outlook.pane.get_by_role("link", name="Grant access")
    expect(grant).to_have_attribute("href", re.compile(r"/v2\.0/adminconsent\?"))
    address = grant.get_attribute("href") or ""
    assert product.sandbox.api_client_id in address

    pane_page = outlook.page
    consent = outlook.window()
    consent.goto(address)
    consent.get_by_role("button", name="Accept for").click()
    expect(consent).to_have_url(re.compile("/auth/callback"))

    outlook.page = pane_page
    outlook.pane.get_by_role("button", name="Try again").click()
    outlook.tick()
