"""The CRM's pages in a real browser: nothing for axe to find, nothing wider than a phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page

from backend.crm.access import CrmCaller
from backend.crm.alert_desk import AlertDesk
from backend.crm.catalogue import Catalogue
from backend.crm.contact_desk import ContactDesk
from backend.crm.gateway import EmbeddedCrm
from backend.crm.group_desk import GroupDesk
from backend.crm.surroundings import NoAudit
from backend.domain.crm import MatchedContact
from backend.domain.event import Person
from backend.sql import Database
from tests.crm.gateway_contract import KEY, TENANT, a_draft
from tests.support.axe import violations
from tests.support.crm import HandClock, create_tables
from tests.support.crm_server import EverybodyWithAName, crm_pages_app, served
from tests.support.npm import AXE, needs_npm

JANE = CrmCaller(TENANT, "jane", "Jane Owner", "jane@firm.example", is_admin=True)
SHEET = "name,email,types\nNew,new@x.example,\nOld,ann@x.example,\n,,Unknown\nBad,no address,\n"


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The server's address, and the address of each page."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('crm')}/crm.db")
    create_tables(database)
    clock = HandClock()
    catalogue = Catalogue(database, clock)
    catalogue.add_contact_type(JANE, "Client")
    company = catalogue.save_company(JANE, None, {"name": "Acme " + "Holdings" * 9, "types": []})
    deal = catalogue.save_opportunity(JANE, None, {"name": "Deal", "company_id": company.id})
    initiative = catalogue.save_initiative(JANE, None, {"name": "Key clients"})
    ann = ContactDesk(database, clock).add(
        JANE,
        {
            "name": "Ann Lee",
            "emails": ["ann@x.example"],
            "types": ["Client"],
            "company_id": company.id,
        },
    )
    AlertDesk(database, clock).follow(JANE, ann.id)
    groups = GroupDesk(database, clock, EverybodyWithAName(), NoAudit())
    group = groups.save(JANE, None, {"name": "Partners", "member_ids": ["jane", "joe"]})
    contact = MatchedContact(ann.id, ann.name, ann.emails[0], "accepted", "required")
    draft = a_draft(contacts=(contact,), owner_id="jane", assigned_to=Person("Jane", "j@x.example"))
    crm = EmbeddedCrm(database, clock)
    activity = crm.write_activity(TENANT, KEY, draft, revision=None)
    # Somebody else's meetings with whom Jane follows: she is alerted of them.
    for number in range(2):
        others = replace(draft, owner_id="joe", subject=f"Lunch {number} " + "and more " * 20)
        crm.write_activity(TENANT, f"{KEY}-{number}", others, revision=None)
    with served(crm_pages_app(database, clock, JANE)) as url:
        yield (
            f"{url}/crm",
            {
                "contacts": "contacts",
                "contact": f"contacts/{ann.id}",
                "contact narrowed to nothing": f"contacts/{ann.id}?type=none&period=past&q=x",
                "contact's form": f"contacts/{ann.id}/edit",
                "companies": "companies",
                "company": f"companies/{company.id}",
                "opportunities": "opportunities",
                "opportunity": f"opportunities/{deal.id}",
                "initiatives": "initiatives",
                "initiative": f"initiatives/{initiative.id}",
                "activities": "activities",
                "activity": f"activities/{activity.id}",
                "warning": f"activities/{activity.id}/edit",
                "new activity": f"activities/new?contact={ann.id}",
                "import": "contacts/import",
                "alerts": "alerts",
                "unread alerts": "alerts?show=unread",
                "groups": "groups",
                "group": f"groups/{group.id}",
                "group's form": f"groups/{group.id}/edit",
            },
        )
    database.dispose()


@pytest.fixture(params=[("light", 1280), ("dark", 320)], ids=["light wide", "dark phone"])
def window(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    theme, width = request.param
    # axe is put in from outside, which the pages' policy would rightly refuse.
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, bypass_csp=True
    )
    yield context.new_page()
    context.close()


def faults(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than its window."""
    found = violations(page)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the window")
    return found


@needs_npm(AXE)
def test_axe_finds_nothing_wrong_on_any_page(
    window: Page, paths: tuple[str, dict[str, str]]
) -> None:
    url, pages = paths

    wrong = {}
    for name, path in pages.items():
        answer = window.goto(f"{url}/{path}")
        assert answer is not None
        assert answer.status == 200
        if found := faults(window):
            wrong[name] = found

    assert wrong == {}


@needs_npm(AXE)
def test_a_file_is_looked_at_first_and_then_imported(
    window: Page, paths: tuple[str, dict[str, str]]
) -> None:
    url, _ = paths
    width = window.viewport_size or {}
    sheet = SHEET.replace("new@", f"new{width.get('width')}@")

    window.goto(f"{url}/contacts/import")
    window.get_by_label("CSV file").set_input_files(
        {"name": "contacts.csv", "mimeType": "text/csv", "buffer": sheet.encode()}
    )
    window.get_by_role("button", name="Look at it first").click()
    preview = faults(window)
    window.get_by_role("button", name="Add 1 contact").click()

    assert preview == []
    assert "1 contact is in the CRM now" in window.get_by_role("status").inner_text()
    assert faults(window) == []


def test_enter_in_a_field_of_a_new_activity_saves_it(
    window: Page, paths: tuple[str, dict[str, str]]
) -> None:
    """A form's first button is the one Enter presses; it must not be the search for contacts."""
    url, pages = paths
    window.goto(f"{url}/{pages['new activity']}")

    window.get_by_label("Subject").fill("By keyboard")
    window.keyboard.press("Enter")

    window.get_by_role("heading", level=1, name="By keyboard").wait_for()
    assert "Ann Lee" in window.locator("main").inner_text()


def test_a_contact_is_followed_and_its_alert_read(
    window: Page, paths: tuple[str, dict[str, str]]
) -> None:
    url, pages = paths
    window.goto(f"{url}/{pages['contact']}")

    window.get_by_role("button", name="Following").click()
    window.get_by_role("button", name="Follow", exact=True).click()
    window.get_by_role("button", name="Following").wait_for()
    window.get_by_role("link", name="Alerts").click()

    window.get_by_role("heading", level=1, name="Alerts").wait_for()
    assert "No alerts yet" in window.locator("main").inner_text()
