"""How the Outlooks differ for a pane, its dialogs and its panel, and subjects nobody expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.outlook_page.conftest import ASSISTANT, ATTENDEE, ORGANIZER, Outlook

pytestmark = pytest.mark.browser
Make = Callable[..., dict[str, Any]]
DIALOG = """
(wish) => new Promise((resolve) => {
  const { DialogMessageReceived, DialogEventReceived } = Office.EventType;
  Office.context.ui.displayDialogAsync(wish.url, { width: 30, height: 40 }, (result) => {
    window.dialog = result.value;
    window.told = [];
    result.value?.addEventHandler(DialogMessageReceived, ({ message }) => told.push(message));
    result.value?.addEventHandler(DialogEventReceived, ({ error }) => told.push(error));
    resolve(result.error?.code ?? 'opened');
  });
})
"""


def open_dialog(outlook: Outlook, url: str = "") -> Any:
    pane = outlook.pane
    return pane.evaluate(DIALOG, {"url": url or pane.url.replace("pane.html", "dialog.html")})


def until_told(outlook: Outlook, said: str | int) -> None:
    outlook.pane.wait_for_function("(said) => told.includes(said)", arg=said)


def test_a_dialog_and_its_pane_talk_to_each_other(outlook: Outlook, meeting: Make) -> None:
    outlook.go(event=meeting()["id"])

    assert open_dialog(outlook) == "opened"

    until_told(outlook, "ready")
    outlook.ask("dialog.messageChild('good day')")
    until_told(outlook, "heard good day")
    assert open_dialog(outlook) == 12007


def test_a_dialog_closed_by_the_person_is_reported(outlook: Outlook, meeting: Make) -> None:
    outlook.go(event=meeting()["id"])
    with outlook.page.expect_popup() as opened:
        open_dialog(outlook)
    until_told(outlook, "ready")

    opened.value.close()

    until_told(outlook, 12006)


def test_a_dialog_of_another_site_is_refused(outlook: Outlook, meeting: Make) -> None:
    outlook.go(event=meeting()["id"])

    assert open_dialog(outlook, "https://elsewhere.example/") == 12004


@pytest.mark.parametrize(
    ("client", "platform", "newest_set", "theme", "categories"),
    [
        ("web", "OfficeOnline", "1.15", True, 5000),
        ("new", "OfficeOnline", "1.15", True, 5000),
        ("classic", "PC", "1.15", True, None),
        ("ltsc", "PC", "1.9", False, None),
        ("mac", "Mac", "1.14", True, None),
        ("oldMac", "Mac", "1.8", False, None),
    ],
)
def test_each_client_tells_what_it_is_and_what_it_can(
    outlook: Outlook,
    meeting: Make,
    client: str,
    platform: str,
    newest_set: str,
    theme: bool,
    categories: int | None,
) -> None:
    outlook.go(query=f"client={client}", event=meeting()["id"])
    major, minor = newest_set.split(".")
    has = "Office.context.requirements.isSetSupported('Mailbox', '{}')".format

    assert outlook.ask("Office.context.platform") == platform
    assert outlook.ask(has(newest_set)) is True
    assert outlook.ask(has(f"{major}.{int(minor) + 1}")) is False
    assert outlook.ask("Office.context.officeTheme !== undefined") is theme
    answer = outlook.office("categories", "getAsync")
    assert (answer.get("error") or {}).get("code") == categories


def test_a_mac_knows_of_an_occurrence_only_its_series(outlook: Outlook, meeting: Make) -> None:
    day = outlook.sandbox.state()["now"][:10]
    daily = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": day, "numberOfOccurrences": 2},
    }
    master = meeting(recurrence=daily)["id"]
    occurrence = outlook.sandbox.events(ORGANIZER, start=day)[0]["id"]
    seen = []

    for client in ("web", "mac"):
        outlook.go(query=f"client={client}", event=occurrence)
        item_id = outlook.office("", "getItemIdAsync")["value"]
        guest = outlook.office("requiredAttendees", "getAsync")["value"][0]
        graph_id = item_id.replace("/", "-").replace("+", "_")
        seen.append(
            (graph_id, outlook.ask("probe.item().seriesId !== null"), guest["recipientType"])
        )

    assert seen == [(occurrence, True, "user"), (master, False, None)]


def test_a_reader_on_the_web_finds_the_organizer_among_the_attendees(
    outlook: Outlook, meeting: Make
) -> None:
    path = f"/mailboxes/{ORGANIZER}/events/{meeting()['id']}/copies"
    copies = outlook.sandbox.control("GET", path)["items"]
    own = next(copy["id"] for copy in copies if copy["owner"] == ATTENDEE)

    outlook.go(ATTENDEE, event=own)

    found = outlook.ask("probe.item().requiredAttendees.map((one) => one.emailAddress)")
    assert found == [ORGANIZER, ATTENDEE]


def test_master_categories_need_the_highest_permission_and_the_owner(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()
    master, wish = (
        "Office.context.mailbox.masterCategories",
        [{"displayName": "Key", "color": "Preset5"}],
    )

    def add() -> Any:
        return outlook.pane.evaluate(f"(wish) => probe.call({master}, 'addAsync', wish)", wish)

    outlook.go(event=event["id"])
    refused = add()
    outlook.go(query="permission=ReadWriteMailbox", event=event["id"])
    made, twice = add(), add()
    outlook.go(
        ASSISTANT, query="permission=ReadWriteMailbox", calendar=ORGANIZER, event=event["id"]
    )
    by_delegate = add()

    assert "Elevated permission" in refused["thrown"]
    assert made["status"] == "succeeded"
    assert (twice["error"]["code"], by_delegate["error"]["code"]) == (9045, 9055)
    names = outlook.sandbox.control("GET", f"/mailboxes/{ORGANIZER}/categories")["items"]
    assert [one["color"] for one in names if one["displayName"] == "Key"] == ["preset5"]


def test_the_panel_is_made_wider_by_mouse_and_keys_and_stays_so(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()["id"]
    outlook.go(event=event)
    grip = outlook.page.get_by_role("separator", name="Width of the InterAction panel")
    box = grip.bounding_box()
    assert box is not None

    outlook.page.mouse.move(box["x"] + 4, 400)
    outlook.page.mouse.down()
    outlook.page.mouse.move(box["x"] - 96, 400)
    outlook.page.mouse.up()
    grip.press("ArrowLeft")
    wide = int(grip.get_attribute("aria-valuenow") or 0)
    outlook.go(event=event)

    assert 430 <= wide <= 450
    assert outlook.page.locator(".pane").bounding_box()["width"] == wide  # type: ignore[index]
    for _ in range(12):
        grip.press("ArrowLeft")
    expect(grip).to_have_attribute("aria-valuenow", "640")


@pytest.mark.parametrize(
    "subject",
    ["W" * 10_000, "פגישת דירקטוריון " * 40, "اجتماع مجلس الإدارة 🎉 <script>alert(1)</script>"],
    ids=["ten thousand letters", "right to left", "arabic with markup"],
)
def test_no_subject_breaks_a_view_or_the_form(
    outlook: Outlook, meeting: Make, subject: str
) -> None:
    event = meeting(subject=subject)
    kept = outlook.sandbox.get_event(ORGANIZER, event["id"])["subject"]
    wide = "document.scrollingElement.scrollWidth <= innerWidth"

    for view in ("week", "list"):
        outlook.go(view=view)
        title = outlook.page.locator(".event-title, .list-subject").first
        assert title.inner_text().startswith(kept[:12])
        assert outlook.page.evaluate(wide) is True
    outlook.go(event=event["id"])

    expect(outlook.page.get_by_label("Subject")).to_have_value(kept)
    assert outlook.office("subject", "getAsync")["value"] == kept
    assert outlook.page.evaluate(wide) is True
