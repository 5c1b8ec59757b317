"""The administration in a browser: real sign-in, real API, real database (A1, A2, A4, A5, A11)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.admin.conftest import (
    ADMIN,
    SECOND_ADMIN,
    SOMEBODY,
    SUPPORT,
    Desk,
    row_of,
)
from tests.support.axe import violations
from tests.support.npm import AXE, needs_npm
from tests.support.product import Product

pytestmark = pytest.mark.browser

SECTIONS = [
    "Configuration",
    "Users",
    "Exchange Server",
    "Logs & Errors",
    "Explain",
    "Simulator",
    "Dashboard",
    "Reconciliation",
    "Personal data",
    "Audit",
]
ORGANIZER = "margaret.harwood@harwoodosei.example"


def save(page: Page) -> None:
    page.get_by_role("button", name="Review and save…").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()


def settings(product: Product, person: str = ADMIN) -> Any:
    return product.pane(person).call("GET", "/api/admin/configuration").json


class TestWhoMayComeIn:
    def test_strangers_sign_in_first_and_come_back(self, desk: Desk) -> None:
        page = desk.sign_in(ADMIN)

        expect(page.get_by_role("heading", level=1)).to_have_text("Configuration")
        expect(page.get_by_role("banner")).to_contain_text("Owen Pritchard Administrator")

    def test_other_people_are_told_whom_to_ask(self, desk: Desk) -> None:
        page = desk.sign_in(SOMEBODY)

        expect(page.get_by_role("status")).to_contain_text("Calendar Sync administrators")
        assert page.get_by_role("navigation").count() == 0

    def test_support_sees_the_settings_and_can_change_nothing(self, desk: Desk) -> None:
        page = desk.sign_in(SUPPORT)
        expect(page.get_by_label("Keep past events in step for")).to_be_disabled()
        assert page.get_by_role("main").get_by_role("button").count() == 0

        desk.go(page, "Users")
        expect(row_of(page, "Anders Lindqvist")).to_be_visible()
        assert page.get_by_role("main").get_by_role("checkbox").count() == 0
        assert page.get_by_role("link", name="Audit").count() == 0


class TestConfiguration:
    def test_a_change_is_reviewed_saved_and_in_force(self, desk: Desk, product: Product) -> None:
        page = desk.sign_in(ADMIN)
        days = page.get_by_label("Keep past events in step for")
        days.fill("45")
        page.get_by_role("button", name="Review and save…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("30 days → 45 days")
        dialog.get_by_role("button", name="Save").click()

        expect(page.locator("#notices")).to_contain_text("Saved.")
        assert settings(product)["past_days"] == 45
        page.reload()
        expect(days).to_have_value("45")

    def test_what_is_not_possible_is_told_at_the_field(self, desk: Desk) -> None:
        page = desk.sign_in(ADMIN)
        days = page.get_by_label("Keep past events in step for")
        days.fill("91")
        save(page)

        expect(page.locator("#notices")).to_contain_text("Nothing was saved")
        expect(days).to_have_attribute("aria-invalid", "true")
        expect(days).to_have_value("91")

    def test_two_admins_never_overwrite_each_other_silently(
        self, desk: Desk, product: Product
    ) -> None:
        mine, theirs = desk.sign_in(ADMIN), desk.sign_in(SECOND_ADMIN)
        mine.get_by_label("Look ahead").fill("365")
        theirs.get_by_label("Keep the history for").fill("90")
        save(theirs)
        expect(theirs.locator("#notices")).to_contain_text("Saved.")

        save(mine)

        notices = mine.locator("#notices")
        expect(notices).to_contain_text("another administrator changed the configuration")
        expect(notices).to_contain_text("Keep the history for: 180 days → 90 days")
        expect(mine.get_by_label("Look ahead")).to_have_value("365")
        assert settings(product)["future_days"] != 365
        save(mine)
        expect(notices).to_contain_text("Saved.")
        assert (settings(product)["future_days"], settings(product)["log_days"]) == (365, 90)

    def test_leaving_with_unsaved_changes_is_asked_first(self, desk: Desk) -> None:
        page = desk.sign_in(ADMIN)
        name = page.get_by_label("Display name of the activity type")
        name.fill("Meeting")

        page.get_by_role("link", name="Users").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Cancel").click()
        expect(name).to_have_value("Meeting")
        page.get_by_role("link", name="Users").click()
        dialog.get_by_role("button", name="Leave without saving").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("Users")

    def test_pausing_the_firm_says_whom_it_concerns(self, desk: Desk, product: Product) -> None:
        page = desk.sign_in(ADMIN)
        page.get_by_role("button", name="Pause for the whole firm…").click()
        expect(page.get_by_role("dialog")).to_contain_text("enabled users")
        page.get_by_role("dialog").get_by_role("button", name="Pause").click()

        expect(page.get_by_role("heading", level=2).first).to_contain_text("paused")
        assert settings(product)["paused"] is True
        page.get_by_role("button", name="Resume").click()
        expect(page.get_by_role("heading", level=2).first).to_have_text("Calendar sync is on")

    def test_a_broken_line_keeps_what_was_entered(self, desk: Desk) -> None:
        page = desk.sign_in(ADMIN)
        name = page.get_by_label("Display name of the activity type")
        name.fill("Appointment")
        page.context.set_offline(True)
        save(page)

        expect(page.locator("#notices")).to_contain_text("You are offline")
        expect(name).to_have_value("Appointment")


class TestUsers:
    def test_many_are_disabled_and_enabled_at_once_with_a_word_for_each_row(
        self, desk: Desk
    ) -> None:
        page = desk.sign_in(ADMIN, "Users")
        page.get_by_label("Search name or address").fill("finch")
        expect(page.get_by_role("row")).to_have_count(2)
        page.get_by_label("Search name or address").fill("in")
        expect(row_of(page, "Anders Lindqvist")).to_be_visible()
        page.get_by_label("Choose everybody on this page").check()
        page.get_by_role("button", name="Disable sync…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Existing records stay")
        dialog.get_by_role("button", name="Disable sync for").click()

        notices = page.locator("#notices")
        expect(notices).to_contain_text("disabled")
        expect(row_of(page, "Anders Lindqvist")).to_contain_text("by an administrator")

        page.get_by_label("Choose everybody on this page").check()
        page.get_by_role("button", name="Enable sync…").click()
        dialog.get_by_role("button", name="Enable sync for").click()
        expect(notices).to_contain_text("Walter Finch: No e-mail address in the directory")
        expect(row_of(page, "Anders Lindqvist")).to_contain_text("Enabled")
        expect(row_of(page, "Walter Finch")).to_contain_text("Give the user one in Microsoft 365")

    def test_one_mailbox_is_paused_and_resumed(self, desk: Desk) -> None:
        page = desk.sign_in(ADMIN, "Users")
        page.get_by_role("button", name="Pause… Efua Osei").click()
        page.get_by_role("dialog").get_by_role("button", name="Pause").click()
        expect(row_of(page, "Efua Osei")).to_contain_text("Paused")

        page.get_by_role("button", name="Resume Efua Osei").click()
        expect(row_of(page, "Efua Osei")).not_to_contain_text("Paused")

    def test_filters_are_applied_by_the_server(self, desk: Desk) -> None:
        page = desk.sign_in(ADMIN, "Users")
        page.get_by_label("Search name or address").fill("nobody has this name")

        expect(page.get_by_text("Nobody matches these filters.")).to_be_visible()


class TestServers:
    def test_a_wrong_secret_is_named_and_a_server_in_use_stays(self, desk: Desk) -> None:
        page = desk.sign_in(ADMIN, "Exchange Server")
        page.get_by_role("button", name="Test Exchange Online").click()
        expect(page.get_by_text("Calendars may be read.")).to_be_visible()

        page.get_by_role("button", name="Edit… Exchange Online").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("Client secret")).to_have_value("")
        dialog.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Remove… Exchange Online").click()
        expect(page.locator("#notices")).to_contain_text("44 users are assigned")

        page.get_by_role("button", name="Add online server…").click()
        dialog.get_by_label("Name").fill("Second")
        tenant = desk.product.sandbox.tenant_id
        dialog.get_by_label("Directory (tenant) ID").fill(tenant)
        dialog.get_by_label("Application (client) ID").fill(desk.product.sandbox.api_client_id)
        dialog.get_by_label("Client secret").fill("not the secret")
        dialog.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Test Second").click()
        expect(page.get_by_text("Not everything works yet.")).to_be_visible()
        page.get_by_role("button", name="Remove… Second").click()
        dialog.get_by_role("button", name="Remove").click()
        expect(page.get_by_role("heading", name="Second")).to_have_count(0)


class TestWhy:
    def test_a_refusal_is_found_in_the_log_and_explained(
        self, desk: Desk, product: Product
    ) -> None:
        subject = "Nobody may read this"
        made = product.meeting(ORGANIZER, sensitivity="private", subject=subject)
        assert product.pane(ORGANIZER).tick(made.id).status_code == 422
        page = desk.sign_in(ADMIN, "Logs & Errors")
        page.get_by_label("Code", exact=True).fill("private_event")
        line = page.get_by_role("row").nth(1)
        expect(line).to_contain_text("The event is private.")
        expect(line).to_contain_text(ORGANIZER)
        with page.expect_download() as download:
            page.get_by_role("link", name="Export as CSV").click()
        assert "private_event" in download.value.path().read_text("utf-8")

        day, hour = str(line.locator("time").get_attribute("datetime"))[:16].split("T")
        for end in ("From", "Until"):
            page.get_by_label(end, exact=True).fill(day)
            page.get_by_label(f"{end}, at").fill(hour)
        csv = page.get_by_role("link", name="Export as CSV")
        expect(csv).to_have_attribute(
            "href", re.compile(f"from={day}T{quote(hour)}%3A00Z&to={day}")
        )
        expect(line).to_contain_text("The event is private.")

        line.get_by_role("link", name="Explain").click()
        rules = page.get_by_role("region", name="Rules")
        failed = rules.get_by_role("listitem").filter(has_text="Failed")
        expect(failed).to_have_text("✗ Failed: The event is private. private_event")
        page.get_by_role("button", name="Ask today's rules").click()
        expect(rules).to_contain_text("Ticked by hand: it would not sync")
        assert subject not in page.content()

    def test_an_event_nobody_knows_is_told_as_such(self, desk: Desk) -> None:
        page = desk.sign_in(SUPPORT, "Explain")
        page.get_by_label("iCalUId of the event").fill("040000008200E00074C5B7101A82E008")
        page.get_by_role("button", name="Explain").click()

        expect(page.get_by_text("has never seen this event")).to_be_visible()

    def test_the_dashboard_counts_and_draws(self, desk: Desk, product: Product) -> None:
        made = product.meeting(ORGANIZER, "ines.duarte@client.example")
        assert product.pane(ORGANIZER).tick(made.id).status_code == 200
        page = desk.sign_in(SUPPORT, "Dashboard")

        chart = page.get_by_role("img", name="Events synced per day")
        expect(chart).to_be_visible()
        expect(page.get_by_role("table", name="By origin")).to_contain_text("By hand")

    def test_every_act_is_in_the_audit(self, desk: Desk) -> None:
        page = desk.sign_in(SECOND_ADMIN, "Users")
        page.get_by_role("button", name="Pause… Yusuf Demir").click()
        page.get_by_role("dialog").get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Resume Yusuf Demir").click()
        expect(page.get_by_role("button", name="Pause… Yusuf Demir")).to_be_visible()
        desk.go(page, "Audit")

        first = page.get_by_role("row").nth(1)
        expect(first).to_contain_text("Salma Aziz")
        expect(first).to_contain_text("Resumed")


class TestForEverybody:
    @pytest.mark.node
    @needs_npm(AXE)
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing_wrong(self, desk: Desk, scheme: str) -> None:
        page = desk.sign_in(ADMIN, color_scheme=scheme)
        found = {}
        for section in SECTIONS:
            desk.go(page, section)
            expect(page.locator("[aria-busy]")).to_have_count(0)
            found[section] = violations(page)

        assert found == {section: [] for section in SECTIONS}

    @pytest.mark.parametrize("width", [320, 820, 1280])
    def test_nothing_is_wider_than_the_window(self, desk: Desk, width: int) -> None:
        page = desk.sign_in(ADMIN, viewport={"width": width, "height": 900})
        fits = {}
        for section in SECTIONS:
            desk.go(page, section)
            expect(page.locator("[aria-busy]")).to_have_count(0)
            fits[section] = page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        assert fits == dict.fromkeys(SECTIONS, True)

    def test_a_question_is_answered_by_keyboard(self, desk: Desk) -> None:
        page = desk.sign_in(ADMIN)
        button = page.get_by_role("button", name="Pause for the whole firm…")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
        page.keyboard.press("Escape")

        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(button).to_be_focused()
