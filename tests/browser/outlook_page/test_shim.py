"""What a pane meets in `/office.js`: the surfaces of an appointment, as awkward as Outlook's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.outlook_page.conftest import ASSISTANT, ATTENDEE, ORGANIZER, Outlook
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.browser
Make = Callable[..., dict[str, Any]]


def test_outside_outlook_there_is_no_host(outlook: Outlook) -> None:
    probe = outlook.sandbox.app.world.settings.pane_url  # type: ignore[union-attr]

    outlook.page.goto(probe)

    assert outlook.page.evaluate("Office.onReady()") == {
        "host": None,
        "platform": None,
        "addin": None,
    }
    assert outlook.page.evaluate("Office.context.mailbox") is None


def test_an_attendee_reads_the_event_and_its_id_is_spelt_the_exchange_way(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()
    own = next(
        copy["id"]
        for copy in outlook.sandbox.control(
            "GET", f"/mailboxes/{ORGANIZER}/events/{event['id']}/copies"
        )["items"]
        if copy["owner"] == ATTENDEE
    )

    outlook.go(ATTENDEE, event=own)

    item_id = outlook.ask("probe.item().itemId")
    assert item_id == own.replace("-", "/").replace("_", "+")
    assert outlook.ask(f"Office.context.mailbox.convertToRestId({item_id!r})") == own
    assert outlook.ask("probe.item().organizer.emailAddress") == ORGANIZER
    assert outlook.ask("typeof probe.item().saveAsync") == "undefined"
    assert outlook.ask("JSON.stringify(probe.item())") == "{}"


def test_an_organizer_composes_and_the_item_has_no_id_of_its_own(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting()

    outlook.go(event=event["id"])

    assert outlook.ask("probe.item().itemId === undefined && !('itemId' in probe.item())") is True
    found = outlook.office("", "getItemIdAsync")["value"]
    assert found.replace("/", "-").replace("+", "_") == event["id"]
    assert outlook.office("subject", "getAsync")["value"] == event["subject"]
    assert outlook.office("requiredAttendees", "getAsync")["value"][0]["emailAddress"] == ATTENDEE
    assert outlook.office("organizer", "getAsync")["value"]["emailAddress"] == ORGANIZER


def test_an_unsaved_appointment_has_an_id_only_after_saving_and_goes_when_discarded(
    outlook: Outlook,
) -> None:
    outlook.go(mode="new")
    assert outlook.office("", "getItemIdAsync")["error"]["code"] == 9046
    outlook.page.get_by_label("Subject").fill("A new matter")

    saved = outlook.office("", "saveAsync")

    event_id = saved["value"].replace("/", "-").replace("+", "_")
    assert outlook.sandbox.get_event(ORGANIZER, event_id)["subject"] == "A new matter"
    outlook.page.get_by_role("button", name="Discard").click()
    outlook.page.locator("#form").wait_for(state="hidden")
    day = outlook.sandbox.state()["now"][:10]
    assert outlook.sandbox.events(ORGANIZER, start=day) == []


def test_saving_through_the_pane_invites_nobody_before_the_person_sends(outlook: Outlook) -> None:
    outlook.go(mode="new")
    outlook.page.get_by_label("Subject").fill("Merger")
    guest = outlook.page.get_by_label("Invite required attendees")
    guest.fill("anders")
    guest.press("Enter")

    outlook.office("", "saveAsync")
    before = outlook.sandbox.mail()
    outlook.page.get_by_role("button", name="Send", exact=True).click()
    outlook.page.locator("#form").wait_for(state="hidden")

    assert before == []
    assert [mail["kind"] for mail in outlook.sandbox.mail()] == ["invitation"]


def test_missing_permission_and_wrong_arguments_are_thrown_at_once(
    outlook: Outlook, meeting: Make
) -> None:
    outlook.go(query="permission=ReadItem", event=meeting()["id"])

    refused = outlook.office("", "saveAsync")
    wrong = outlook.ask(
        "(() => { try { probe.item().subject.getAsync(7) } catch (e) { return e.name } })()"
    )

    assert refused == {
        "thrown": "Elevated permission is required to call the method: 'item.saveAsync'."
    }
    assert wrong == "Sys.ArgumentTypeException"


def test_categories_cannot_be_used_while_composing_on_the_web_but_in_classic_outlook(
    outlook: Outlook, meeting: Make
) -> None:
    event = meeting(categories=["Green category"])

    outlook.go(event=event["id"])
    on_the_web = outlook.office("categories", "getAsync")
    outlook.go(query="client=classic", event=event["id"])
    in_classic = outlook.office("categories", "getAsync")

    assert on_the_web["error"]["code"] == 5000
    assert in_classic["value"] == [{"displayName": "Green category", "color": "Preset4"}]


def test_a_confidential_event_is_called_normal_on_the_web(outlook: Outlook, meeting: Make) -> None:
    event = meeting(sensitivity="confidential")

    seen = []
    for client in ("web", "classic"):
        outlook.go(query=f"client={client}", event=event["id"])
        seen.append(outlook.office("sensitivity", "getAsync")["value"])
    outlook.go(query="client=ltsc", event=event["id"])

    assert seen == ["normal", "confidential"]
    assert outlook.ask("'sensitivity' in probe.item()") is False


def test_changes_of_the_form_are_announced_with_their_payloads(
    outlook: Outlook, meeting: Make
) -> None:
    outlook.go(event=meeting()["id"])
    day = outlook.sandbox.state()["now"][:10]
    outlook.ask("probe.listen('AppointmentTimeChanged', 'RecurrenceChanged', 'RecipientsChanged')")

    outlook.page.get_by_label("Start time").fill("13:00")
    outlook.page.get_by_label("Start time").press("Tab")
    outlook.page.get_by_label("Repeat", exact=True).select_option("weekly")
    guest = outlook.page.get_by_label("Invite required attendees")
    guest.fill("dorothy")
    guest.press("Enter")

    outlook.page.wait_for_function("() => document.querySelectorAll('.chip').length === 2")
    time, recurrence, recipients = outlook.ask("probe.heard")
    assert time == {
        "type": "olkAppointmentTimeChanged",
        "start": f"{day}T13:00:00.000Z",
        "end": f"{day}T14:00:00.000Z",
    }
    assert recurrence["recurrence"]["recurrenceType"] == "weekly"
    assert recipients["changedRecipientFields"]["requiredAttendees"] is True


@pytest.mark.parametrize(
    ("query", "is_told"),
    [
        ("", True),
        ("recurrence=lost", False),
        ("client=new&recurrence=lost", False),
        ("client=classic&recurrence=lost", True),
    ],
)
def test_outlook_on_the_web_may_lose_the_recurrence_while_composing(
    outlook: Outlook, meeting: Make, query: str, is_told: bool
) -> None:
    weekly = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
        "range": {"type": "noEnd", "startDate": outlook.sandbox.state()["now"][:10]},
    }
    outlook.go(query=query, event=meeting(recurrence=weekly)["id"])

    found = outlook.office("recurrence", "getAsync")

    assert found["status"] == "succeeded"
    assert (found["value"] is not None) is is_told


def test_only_a_shared_item_knows_its_owner(outlook: Outlook, meeting: Make) -> None:
    event = meeting()

    outlook.go(event=event["id"])
    own = outlook.ask("typeof probe.item().getSharedPropertiesAsync")
    outlook.go(ASSISTANT, calendar=ORGANIZER, event=event["id"])
    shared = outlook.office("", "getSharedPropertiesAsync")["value"]

    assert own == "undefined"
    assert shared["targetMailbox"] == ORGANIZER
    assert shared["delegatePermissions"] & 2
    assert outlook.ask("Office.context.mailbox.userProfile.emailAddress") == ASSISTANT


def test_the_browsers_own_dialogs_and_the_history_are_taken_away(
    outlook: Outlook, meeting: Make
) -> None:
    outlook.go(event=meeting()["id"])

    assert outlook.ask("history.pushState") is None
    assert "not supported" in outlook.ask(
        "(() => { try { alert('x') } catch (e) { return e.message } })()"
    )


def test_the_theme_is_told_and_its_change_announced(outlook: Outlook, meeting: Make) -> None:
    outlook.go(query="theme=light", event=meeting()["id"])
    outlook.ask(
        "probe.call(Office.context.mailbox, 'addHandlerAsync', Office.EventType.OfficeThemeChanged,"
        " (event) => probe.heard.push(event))"
    )

    outlook.page.locator("#theme").click()

    outlook.pane.wait_for_function("() => probe.heard.length === 1")
    assert outlook.ask("probe.heard[0].officeTheme.bodyBackgroundColor") == "#292929"
    assert outlook.ask("Office.context.officeTheme.bodyBackgroundColor") == "#292929"


def test_messages_of_the_pane_stand_above_the_form(outlook: Outlook, meeting: Make) -> None:
    outlook.go(event=meeting()["id"])
    message = {"type": "errorMessage", "message": "The CRM does not answer."}

    outlook.office("notificationMessages", "addAsync", "crm", message)
    twice = outlook.office("notificationMessages", "addAsync", "crm", message)

    assert outlook.page.locator(".notice").inner_text() == "The CRM does not answer."
    assert twice["error"]["code"] == 9023


def test_a_pane_that_is_not_the_configured_one_gets_no_answer(
    outlook: Outlook, sandbox: RunningSandbox, meeting: Make
) -> None:
    outlook.go(event=meeting()["id"])

    heard = outlook.page.evaluate(
        """() => new Promise((resolve) => {
          window.addEventListener('message', ({ data }) => resolve(data.kind), { once: true });
          window.postMessage({ kind: 'office:hello' }, '*');
        })"""
    )

    assert heard == "office:hello"
