"""Acts of an admin that need more than a click: numbers first, then the act (A4, A6, A8, L7)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select, update

from backend.db.models import LinkRow, MailboxRow, UserRow, WatchRow
from tests.browser.admin.conftest import ADMIN, SUPPORT, Desk, row_of
from tests.support.axe import violations
from tests.support.certificates import PFX_PASSWORD, client_certificate
from tests.support.npm import AXE, needs_npm
from tests.support.product import Product

pytestmark = pytest.mark.browser

ORGANIZER = "margaret.harwood@harwoodosei.example"
CLIENT = "ines.duarte@client.example"


class TestCertificates:
    def test_a_pfx_is_uploaded_and_its_end_is_shown(self, desk: Desk, tmp_path: Path) -> None:
        file = tmp_path / "server.pfx"
        file.write_bytes(client_certificate().pfx)
        page = desk.sign_in(ADMIN, "Exchange Server")
        page.get_by_role("button", name="Add online server…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("With certificate")
        dialog.get_by_label("Directory (tenant) ID").fill(desk.product.sandbox.tenant_id)
        dialog.get_by_label("Application (client) ID").fill(desk.product.sandbox.daemon_client_id)
        dialog.get_by_label("or a certificate file").set_input_files(file)
        dialog.get_by_label("Password of the file").fill("not this one")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("alert")).to_contain_text("the password is wrong")

        dialog.get_by_label("Password of the file").fill(PFX_PASSWORD)
        dialog.get_by_role("button", name="Save").click()

        card = page.get_by_role("region", name="With certificate")
        expect(card).to_contain_text("30 Dec 2035")
        expect(card).to_contain_text("Signs in withcertificate")
        page.get_by_role("button", name="Remove… With certificate").click()
        dialog.get_by_role("button", name="Remove").click()
        expect(card).to_have_count(0)


class TestBrake:
    @pytest.fixture
    def stopped(self, product: Product) -> str:
        """Three categories went from a mailbox that has stopped; answers whose it is."""
        meetings = [product.meeting(ORGANIZER, CLIENT, days=days) for days in (2, 3, 4)]
        for meeting in meetings:
            assert product.pane(ORGANIZER).tick(meeting.id).status_code == 200
        with product.services.database.write.begin() as session:
            owner = session.scalars(select(UserRow).where(UserRow.address == ORGANIZER)).one()
            mailbox = session.scalars(
                select(MailboxRow).where(MailboxRow.user_id == owner.id)
            ).one()
            mailbox.problem = "mass_change"
            session.get_one(WatchRow, mailbox.id).problem_since = product.clock()
            uids = [meeting.ical_uid for meeting in meetings]
            wanted = update(LinkRow).where(LinkRow.ical_uid.in_(uids))
            session.execute(wanted.values(blocked_by="mass_change"))
        # Earlier it might be an open form that wrote back its older copy.
        product.advance(minutes=30)
        for meeting in meetings[1:]:
            meeting.change(categories=[])
        return owner.name

    @pytest.mark.node
    @needs_npm(AXE)
    def test_the_decision_shows_its_numbers_first(self, desk: Desk, stopped: str) -> None:
        page = desk.sign_in(ADMIN, "Users")
        page.locator("#filter-problem").select_option("true")
        page.get_by_role("button", name=f"Decide… about {stopped}").click()
        dialog = page.get_by_role("dialog")

        expect(dialog).to_contain_text("3 events rest until you decide")
        expect(
            dialog.get_by_role("region", name="What Outlook shows of the others")
        ).to_contain_text("Category taken off2")
        expect(dialog).to_contain_text("2 records would be removed")
        expect(dialog).to_contain_text("3 records are followed on, as if nothing had happened")
        assert violations(page) == []

        support = desk.sign_in(SUPPORT, "Users")
        support.get_by_role("button", name=f"Numbers… about {stopped}").click()
        numbers = support.get_by_role("dialog")
        expect(numbers).to_contain_text("3 events rest until an administrator decides")
        assert numbers.get_by_role("button").all_inner_texts() == ["Close"]

        dialog.get_by_role("button", name="Keep the records").click()

        expect(page.locator("#notices")).to_contain_text("the changes are taken back")
        expect(page.get_by_role("row", name=stopped)).to_have_count(0)


class TestSimulator:
    def test_numbers_are_counted_and_taken_along_to_the_configuration(
        self, desk: Desk, product: Product
    ) -> None:
        product.meeting(ORGANIZER, CLIENT, days=-2)
        page = desk.sign_in(ADMIN, "Simulator")
        page.get_by_label("Internal events sync by themselves").check()
        page.get_by_role("button", name="Count the last 30 days").click()

        result = page.get_by_role("region", name="Result")
        expect(result).to_contain_text("calendars read.")
        expect(result.get_by_role("row", name="Margaret Harwood")).to_be_visible()
        page.get_by_role("button", name="Use this in Configuration…").click()
        expect(page.get_by_role("region", name="Unsaved changes")).to_contain_text(
            "1 unsaved change"
        )
        expect(page.get_by_label("Internal events sync by themselves")).to_be_checked()
        page.get_by_role("link", name="Users", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Leave without saving").click()

    def test_counting_is_stopped_and_says_what_the_numbers_are_about(self, desk: Desk) -> None:
        page = desk.sign_in(ADMIN, "Simulator")
        page.route("**/api/admin/simulator", lambda _route: None)
        page.get_by_role("button", name="Count the last 30 days").click()
        expect(page.get_by_role("progressbar", name="Calendars read")).to_be_visible()
        page.get_by_role("button", name="Stop").click()

        expect(page.get_by_role("region", name="Result")).to_contain_text("Stopped after 0 of")


def test_a_long_act_shows_its_progress_and_is_stopped(desk: Desk) -> None:
    """The server's part is played here, as the real one is done before anybody could stop it."""
    operation: dict[str, object] = {
        "id": "op-1",
        "kind": "disable_sync",
        "state": "running",
        "total": 600,
        "done": 100,
        "failed": 0,
        "items": [],
        "problem": None,
        "created_at": "2026-01-01T00:00:00Z",
        "finished_at": None,
    }

    def answer(route: Route) -> None:
        if route.request.method == "DELETE":
            operation.update(state="cancelled", finished_at="2026-01-01T00:01:00Z")
        route.fulfill(json=operation)

    page = desk.sign_in(ADMIN, "Users")
    page.route("**/api/admin/operations/op-1", answer)
    page.route(
        "**/api/admin/users/disable-sync",
        lambda route: route.fulfill(status=202, json={"items": [], "operation": operation}),
    )
    page.get_by_label("Choose everybody on this page").check()
    page.get_by_role("button", name="Disable sync…").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable sync for").click()
    notices = page.locator("#notices")
    expect(notices).to_contain_text("Disabling sync: 100 of 600 done.")
    expect(page.get_by_role("progressbar", name="Disabling sync")).to_have_attribute("max", "600")
    page.get_by_role("button", name="Stop").click()

    expect(notices).to_contain_text("100 users disabled; cancelled.")


class TestLog:
    def test_nothing_failed_is_told_before_anything_is_retried(self, desk: Desk) -> None:
        page = desk.sign_in(ADMIN, "Logs & Errors")
        page.get_by_role("button", name="Retry errors from the last 30 days…").click()

        expect(page.locator("#notices")).to_contain_text("Nothing has failed in the last 30 days")

    def test_a_look_that_failed_shows_its_numbers_and_is_retried(
        self, desk: Desk, product: Product
    ) -> None:
        who = "efua.osei@harwoodosei.example"
        product.sandbox.faults(
            [{"kind": "status", "status": 403, "match": {"path": "/calendarView", "user": who}}]
        )
        product.services.work.sweep()
        product.services.work.drain_mailboxes()
        product.sandbox.clear_faults()
        page = desk.sign_in(ADMIN, "Logs & Errors")
        page.get_by_label("Errors only").check()
        page.get_by_label("User or address").fill("efua.osei")

        line = page.get_by_role("row").nth(1)
        expect(line).to_contain_text("Processed 0, synced 0, errors 1")
        expect(line).to_contain_text("Grant it Calendars.Read")
        page.get_by_role("button", name="Retry errors from the last 30 days…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("This tries 0 events and 1 mailbox again at once.")
        dialog.get_by_role("button", name="Cancel").click()
        line.get_by_role("button", name="Retry").click()
        expect(page.locator("#notices")).to_contain_text("0 events and 1 mailbox")

    def test_support_reads_and_cannot_retry(self, desk: Desk) -> None:
        page = desk.sign_in(SUPPORT, "Logs & Errors")

        expect(page.get_by_role("link", name="Export as CSV")).to_be_visible()
        assert page.get_by_role("button", name="Retry").count() == 0


def test_a_user_is_disabled_with_the_keyboard_alone(desk: Desk) -> None:
    page = desk.sign_in(ADMIN)
    press(page, "Users", "Enter")
    expect(page.get_by_role("heading", level=1, name="Users")).to_be_focused()
    until_focused(page, "filter-q")
    page.keyboard.type("yusuf demir")
    expect(page.get_by_role("row")).to_have_count(2)
    until_focused(page, "pick-page")
    page.keyboard.press("Space")
    press(page, "Disable sync…", "Enter", backwards=True)
    expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#notices")).to_contain_text("1 user disabled")
    expect(row_of(page, "Yusuf Demir")).to_contain_text("by an administrator")


def until_focused(page: Page, element_id: str) -> None:
    """Tab on until the element has the focus."""
    for _ in range(60):
        if page.evaluate("document.activeElement?.id") == element_id:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{element_id} cannot be reached")


def press(page: Page, name: str, key: str, *, backwards: bool = False) -> None:
    """Tab to what has this text, and press the key."""
    for _ in range(60):
        if page.evaluate("document.activeElement?.textContent") == name:
            page.keyboard.press(key)
            return
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
    pytest.fail(f"{name} cannot be reached")
