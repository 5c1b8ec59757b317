"""Our pane under Microsoft's unmodified office.js and MSAL.js: what our stand-ins may have wrong.

Each test is also held to the real content security policy, in a frame of another site.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import FrameLocator, expect

from tests.browser.office_host.conftest import EVERYTHING, Host, saved
from tests.browser.pane import answers
from tests.browser.pane.answers import a_verdict

pytestmark = [pytest.mark.browser, pytest.mark.node]

BOX = "Add this Event to InterAction"
NEW_ID = "AAMkSAVED/1+2="
NEW_LINK = "events/AAMkSAVED-1_2=/link"
SAVE = 32
SCOPE = "api://11111111-2222-3333-4444-555555555555/access_as_user"
WITHOUT_SENSITIVITY = """
const define = Object.defineProperties;
Object.defineProperties = (target, { sensitivity, ...members }) => define(target, members);
"""
"""An Outlook before Mailbox 1.14 never gives its items this member."""


def tick_and_save(pane: FrameLocator) -> None:
    pane.get_by_label(BOX).click()
    pane.get_by_role("button", name="Save and add").click()


def test_an_organizer_ticks_a_saved_event_with_a_token_of_the_broker(host: Host) -> None:
    host.server.answer("GET", "events/{id}", answers.an_answer())
    host.server.answer("PUT", "events/{id}/link", answers.LINKED)
    pane = host.open(saved())

    pane.get_by_label(BOX).click()

    # The box is ticked at once, the receipt comes with the answer.
    expect(pane.get_by_text("In InterAction", exact=True).first).to_be_visible()
    assert host.server.asked("PUT", "events/{id}/link") == [({}, {}, "GetToken-token")]
    assert SAVE not in host.calls()
    scopes = [scope for method, scope in host.frame.evaluate("brokerAsked") if scope]
    assert all(scope.split()[0] == SCOPE and "graph" not in scope for scope in scopes)


def test_the_form_that_outlook_describes_is_what_the_rules_see(host: Host) -> None:
    host.server.answer("POST", "events/check", a_verdict(source="form"))

    host.open({"sensitivity": "private", "optional": [{"name": "Max", "address": "max@x.test"}]})

    (_, form, _) = host.server.asked("POST", "events/check")[-1]
    assert form == {
        "organizer": {"address": "jane@calder.test"},
        "start": "2026-12-01T09:00:00.000Z",
        "end": "2026-12-01T10:00:00.000Z",
        "sensitivity": "private",
        "recurring": None,
        "attendees": [
            {"address": "ola@client.test", "type": "required"},
            {"address": "max@x.test", "type": "optional"},
        ],
    }


def test_a_form_without_an_id_is_saved_when_the_person_agrees(host: Host) -> None:
    host.server.answer("POST", "events/check", a_verdict(source="form"))
    host.server.answer("PUT", NEW_LINK, answers.JUST_SAVED, 202)
    pane = host.open({}, willBeId=NEW_ID)
    before = host.calls()

    tick_and_save(pane)

    expect(pane.locator("main")).to_contain_text("Waiting for Exchange to show the saved event")
    assert SAVE not in before
    assert host.server.asked("PUT", NEW_LINK)[0][1] == {"just_saved": True}


def test_a_permission_refused_by_a_throw_adds_nothing_and_says_so(host: Host) -> None:
    host.server.answer("POST", "events/check", a_verdict(source="form"))
    pane = host.open({}, permission="ReadItem", willBeId=NEW_ID)

    tick_and_save(pane)

    expect(pane.get_by_role("alert")).to_contain_text("Outlook could not save the event")
    assert SAVE not in host.calls()
    assert host.server.asked("PUT", NEW_LINK) == []


def test_an_id_that_fails_otherwise_is_not_taken_for_an_unsaved_form(host: Host) -> None:
    pane = host.open({}, idFails=5001)

    expect(pane.get_by_role("alert")).to_contain_text("Outlook cannot say which event this is")
    assert host.server.calls == []


def test_an_outlook_without_sensitivity_leaves_the_question_open(host: Host) -> None:
    host.server.answer("POST", "events/check", a_verdict(source="form"))
    host.page.add_init_script(WITHOUT_SENSITIVITY)

    host.open({}, sets=EVERYTHING | {"Mailbox": "1.9"})

    assert host.frame.evaluate("Office.context.mailbox.item.sensitivity === undefined") is True
    assert host.server.asked("POST", "events/check")[-1][1]["sensitivity"] is None


def test_an_attendee_reads_the_event_under_its_graph_id(host: Host) -> None:
    host.server.answer("GET", "events/{id}", answers.GUEST)

    pane = host.open(saved(surface="read"), user={"name": "Ola", "address": "ola@client.test"})

    expect(pane.locator("main")).to_contain_text("Only the organizer, Sam Organizer, can keep this")
    assert len(host.server.asked("GET", "events/{id}")) == 1
    assert host.frame.evaluate("typeof Office.context.mailbox.item.saveAsync") == "undefined"


def test_an_event_of_a_shared_calendar_is_asked_for_in_its_owners_mailbox(host: Host) -> None:
    host.server.answer("GET", "events/{id}", answers.an_answer())

    host.open(saved(surface="read", owner="paul@calder.test"))

    assert [query for query, _, _ in host.server.asked("GET", "events/{id}")] == [
        {"mailbox": "paul@calder.test"}
    ]


def test_moving_the_open_form_asks_the_rules_again(host: Host) -> None:
    host.server.answer("POST", "events/check", a_verdict(source="form"))
    pane = host.open({})
    refused = a_verdict("outside_window", source="form")
    host.server.answer("POST", "events/check", refused)

    host.page.evaluate("host.move(Date.UTC(2025, 0, 5, 9), Date.UTC(2025, 0, 5, 10))")

    expect(pane.locator("main")).to_contain_text("This event ended more than 30 days ago.")
    assert host.server.asked("POST", "events/check")[-1][1]["end"] == "2025-01-05T10:00:00.000Z"


def test_a_broker_that_wants_a_click_gets_one(host: Host) -> None:
    host.server.answer("GET", "events/{id}", answers.an_answer())
    pane = host.open(saved(), broker={"asksFirst": True})
    before = list(host.server.calls)

    pane.get_by_role("button", name="Sign in").click()

    expect(pane.get_by_label(BOX)).to_be_visible()
    assert before == []
    assert [call[-1] for call in host.server.calls] == ["GetTokenPopup-token"]


def test_where_nothing_brokers_offices_own_sign_in_is_asked(host: Host) -> None:
    host.server.answer("GET", "events/{id}", answers.an_answer())

    host.open(saved(), sets={"Mailbox": "1.15"}, broker=None, officeToken="office-token")

    assert [call[-1] for call in host.server.calls] == ["office-token"]
