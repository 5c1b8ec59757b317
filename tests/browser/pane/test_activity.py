"""Add Activity in the pane: prefilled, by keyboard, kept until it is sent, sent once (T6)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pane import answers
from tests.browser.pane.answers import (
    a_group,
    a_problem,
    a_proposal,
    an_activity,
    an_answer,
    an_attendee,
    an_event,
    can,
    contacts,
    entries,
)
from tests.browser.pane.harness import PaneHarness, read_item

pytestmark = pytest.mark.browser

DRAFT = ("GET", "events/{id}/activity-draft")
ADD = ("POST", "activities")
OPTION = ".combo [role=option]"


def added(**values: Any) -> answers.Json:
    """The record that was made."""
    record = an_activity(id="A-7", kind="added", sync_status="not_synced", **values)
    return {**record, "notes": record.get("notes") or ""}


def open_form(pane: PaneHarness, proposal: answers.Json | None = None) -> Page:
    pane.api.answer(*DRAFT, proposal or a_proposal())
    pane.api.answer("GET", "opportunities", entries("Halden Shipping: New charter", "Hafnia"))
    page = pane.show(answers.GUEST, read_item())
    page.get_by_role("button", name="Add Activity").click()
    expect(page.get_by_label("Subject")).to_be_visible()
    return page


def test_five_keystrokes_add_a_meeting_with_its_opportunity(pane: PaneHarness) -> None:
    pane.api.answer(*DRAFT, a_proposal())
    pane.api.answer("GET", "opportunities", entries("Halden Shipping: New charter"))
    pane.api.answer(*ADD, added(), status=201)
    page = pane.show(answers.GUEST, read_item())
    page.locator("#subject").click()

    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("combobox", name="Opportunity")).to_be_focused()
    for key in ("h", "a", "Enter", "Control+Enter"):
        page.keyboard.press(key)

    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_focused()
    sent = pane.api.body(*ADD)
    assert sent["opportunity_ids"] == ["id-Halden Shipping: New charter"]
    assert pane.api.count(*ADD) == 1
    expect(page.get_by_role("link", name="Appointment")).to_have_attribute(
        "href", "../crm/activities/A-7"
    )


def test_the_form_is_filled_in_and_sends_it_all_back(pane: PaneHarness) -> None:
    pane.api.answer(*ADD, added(), status=201)
    page = open_form(pane)

    # Outlook's clock in these tests is five and a half hours ahead.
    expect(page.get_by_label("Starts, time")).to_have_value("14:30")
    expect(page.locator("#activity-zone")).to_contain_text("In Europe/London it is Tue, 1 Dec 2026")
    expect(page.locator(".person").nth(2)).to_contain_text("Left out: one of your firm’s own")
    expect(page.locator(".person").nth(3)).to_contain_text("Group, not matched")
    expect(page.locator(".tokens:visible")).to_contain_text("Halden Shipping from the contacts")
    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()
    sent = pane.api.body(*ADD)
    assert (sent.pop("event_id"), len(sent.pop("request_id"))) == (answers.EVENT_ID, 36)
    assert sent == {
        "subject": "Quarterly review with Halden Shipping",
        "type": "CalendarSyncMeeting_System",
        "all_day": False,
        "start": "2026-12-01T09:00:00Z",
        "end": "2026-12-01T10:00:00Z",
        "start_date": None,
        "end_date": None,
        "location": "The Strand, room 4",
        "people": [
            {"contact_id": "c-1", "name": "Ola Halden", "address": "ola@client.test"},
            {"contact_id": None, "name": "Max Newman", "address": "max@client.test"},
            {"contact_id": None, "name": "Litigation Team", "address": "litigation@client.test"},
        ],
        "new_contacts": [],
        "company_ids": [],
        "opportunity_ids": [],
        "initiative_ids": [],
        "regarding": None,
        "visibility": "everyone",
        "notes": "",
        "include_description": True,
    }


def test_a_record_is_about_one_thing_and_another_takes_its_place(pane: PaneHarness) -> None:
    things = {
        "items": [
            {"kind": "company", "id": "co-1", "name": "Halden Shipping", "detail": ""},
            {"kind": "opportunity", "id": "op:1", "name": "Halden <b>charter</b>", "detail": "won"},
        ],
        "next": None,
    }
    pane.api.answer("GET", "regarding", things)
    pane.api.answer(*ADD, added(), status=201)
    page = open_form(pane)
    box = page.get_by_role("combobox", name="Regarding")

    box.fill("hal")
    expect(page.locator(OPTION)).to_have_text(
        ["Halden Shipping Company", "Halden <b>charter</b> Opportunity · won"]
    )
    page.keyboard.press("Enter")
    box.fill("hal")
    page.keyboard.press("Enter")
    chosen = page.get_by_role("list", name="Regarding, chosen").get_by_role("listitem")
    expect(chosen).to_have_count(1)
    expect(chosen).to_contain_text("Halden <b>charter</b>")
    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()
    assert pane.api.body(*ADD)["regarding"] == {"kind": "opportunity", "id": "op:1"}
    expect(page.get_by_label("The record")).to_contain_text("Halden <b>charter</b>")


def test_a_record_is_shown_to_a_group_of_ones_own(pane: PaneHarness) -> None:
    pane.api.answer(*ADD, added(), status=201)
    groups = [a_group("Partners & friends"), a_group("Board")]
    page = open_form(pane, a_proposal(groups=groups, visibility="group:id-Board"))

    expect(page.get_by_role("radio", name="Board")).to_be_checked()
    page.get_by_role("radio", name="Partners & friends").check()
    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.get_by_label("The record")).to_contain_text("You and Partners & friends")
    assert pane.api.body(*ADD)["visibility"] == "group:id-Partners & friends"


def test_a_default_group_one_has_left_becomes_oneself_alone(pane: PaneHarness) -> None:
    page = open_form(pane, a_proposal(visibility="group:gone"))

    expect(page.get_by_role("radio", name="Only me")).to_be_checked()
    expect(page.get_by_role("radio")).to_have_count(2)


def test_the_form_asks_only_for_what_the_crm_knows(pane: PaneHarness) -> None:
    page = open_form(pane, a_proposal(listings=["companies", "opportunities"]))

    expect(page.get_by_role("combobox", name="Opportunity")).to_be_visible()
    expect(page.get_by_role("combobox", name="Initiative")).to_have_count(0)


def test_companies_are_chosen_by_hand_where_the_firm_wants_that(pane: PaneHarness) -> None:
    pane.api.answer("GET", "companies", entries("Another", "Halden Shipping"))
    pane.api.answer(*ADD, added(), status=201)
    page = open_form(pane, a_proposal(companies_come_along=False))

    expect(page.locator(".tokens:visible")).to_have_count(0)
    expect(page.get_by_text("Only the companies you choose are added.")).to_be_visible()
    page.get_by_role("combobox", name="Company").fill("hald")
    expect(page.locator(OPTION).first).to_have_text("Halden Shipping from the contacts")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()
    assert pane.api.body(*ADD)["company_ids"] == ["co-1"]


def test_times_that_were_changed_are_read_on_outlooks_clock(pane: PaneHarness) -> None:
    pane.api.answer(*ADD, added(), status=201)
    page = open_form(pane)

    page.get_by_label("Starts, time").fill("15:00")
    page.get_by_label("Ends, time").fill("14:45")
    expect(page.locator("#activity-end-problem")).to_have_text("It ends before it starts.")
    expect(page.get_by_label("Ends, time")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Ends, time").fill("16:15")
    expect(page.locator("#activity-end-problem")).to_be_empty()
    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()
    sent = pane.api.body(*ADD)
    assert sent["start"] == "2026-12-01T09:30:00.000Z"
    assert sent["end"] == "2026-12-01T10:45:00.000Z"


def test_whole_days_are_dates_and_no_clock_shifts_them(pane: PaneHarness) -> None:
    pane.api.answer(*ADD, added(), status=201)
    proposal = a_proposal()
    proposal["draft"] |= {
        "all_day": True,
        "start": "2026-12-01T00:00:00Z",
        "end": "2026-12-03T00:00:00Z",
        "start_date": "2026-12-01",
        "end_date": "2026-12-03",
    }
    page = open_form(pane, proposal)

    expect(page.get_by_role("switch", name="All day")).to_be_checked()
    expect(page.get_by_label("Starts, time")).to_be_hidden()
    expect(page.get_by_label("Ends, day")).to_have_value("2026-12-02")
    page.get_by_label("Ends, day").fill("2026-12-04")
    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()
    sent = pane.api.body(*ADD)
    assert (sent["all_day"], sent["start_date"], sent["end_date"]) == (
        True,
        "2026-12-01",
        "2026-12-05",
    )
    assert (sent["start"], sent["end"]) == ("2026-12-01T00:00:00Z", "2026-12-05T00:00:00Z")


def test_people_are_found_added_created_and_removed(pane: PaneHarness) -> None:
    pane.api.answer(*ADD, added(), status=201)
    pane.api.answer("GET", "contacts", contacts("Nia New"))
    pane.api.answer(
        "GET", "companies", {"items": [{"id": "co-2", "name": "New & Co", "detail": ""}]}
    )
    page = open_form(pane)

    page.get_by_role("button", name="Create contact for Max Newman").click()
    name = page.get_by_label("Name of the new contact")
    expect(name).to_be_focused()
    name.fill("")
    expect(page.locator(".person .problem")).to_have_text("A new contact needs a name.")
    page.get_by_role("button", name="Add to InterAction").click()
    expect(name).to_be_focused()
    name.fill("Maximilian Newman")

    page.get_by_role("button", name="Remove Litigation Team").click()
    expect(page.get_by_role("combobox", name="Add somebody")).to_be_focused()
    page.keyboard.type("nia")
    page.locator(OPTION, has_text="Nia New").click()
    expect(page.locator(".tokens:visible")).to_contain_text("New & Co from the contacts")
    page.keyboard.type("guest@else.test")
    page.locator(OPTION, has_text="without a contact").click()
    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()
    sent = pane.api.body(*ADD)
    assert [p["name"] or p["address"] for p in sent["people"]] == [
        "Ola Halden",
        "Nia New",
        "guest@else.test",
    ]
    assert sent["new_contacts"] == [{"name": "Maximilian Newman", "address": "max@client.test"}]


def test_a_company_goes_with_the_last_of_its_contacts(pane: PaneHarness) -> None:
    page = open_form(pane)
    expect(page.locator(".tokens:visible")).to_have_text("Halden Shipping from the contacts")

    page.get_by_role("button", name="Remove Ola Halden").click()

    expect(page.locator(".tokens:visible")).to_have_count(0)


def test_it_says_first_that_the_meeting_is_there_already_and_by_whom(pane: PaneHarness) -> None:
    others = [{"activity_id": "A-1", "by": "<i>Sam</i>", "kind": "synced", "visible": True}]
    page = open_form(pane, a_proposal(others=others))

    expect(page.locator("#activity-others")).to_contain_text("Synced by <i>Sam</i>.")
    expect(page.get_by_role("heading", name="Add Activity")).to_be_focused()
    expect(page.locator(".activity > [role=status]")).to_have_text(
        "This meeting is already in InterAction."
    )


def test_a_private_event_shows_the_reason_instead(pane: PaneHarness) -> None:
    private = an_event(sensitivity="confidential", is_organizer=False)
    page = pane.show(an_answer(event=private, can=can()), read_item())

    expect(page.locator("main")).to_contain_text("confidential events are never added")
    expect(page.get_by_role("button", name="Add Activity")).to_have_count(0)


def test_an_event_that_has_turned_private_meanwhile_leaves_nothing_behind(
    pane: PaneHarness,
) -> None:
    refusal = a_problem(422, "private_event", "Private events are never added to the CRM.")
    pane.api.answer(*ADD, refusal, status=422)
    page = open_form(pane)
    page.get_by_label("Notes").fill("nobody may know")
    assert "nobody may know" in page.evaluate("JSON.stringify({...localStorage})")

    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.get_by_role("alert")).to_contain_text("Private events are never added")
    assert page.evaluate("JSON.stringify({...localStorage})") == "{}"


def test_what_was_typed_survives_a_closed_pane_and_a_failed_network(pane: PaneHarness) -> None:
    pane.api.answer(*ADD, None).answer(*ADD, added(notes="<b>Bring</b> the file"), status=201)
    page = open_form(pane)
    page.get_by_label("Notes").fill("<b>Bring</b> the file")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(page.locator("#activity-summary")).to_have_text(
        "Not added yet. Nothing you typed is lost."
    )
    first = pane.api.body(*ADD)

    page.reload()
    pane.settle()
    page.get_by_role("button", name="Add Activity").click()
    expect(page.get_by_label("Notes")).to_have_value("<b>Bring</b> the file")
    expect(page.locator(".activity .note")).to_contain_text("What you typed here before was kept.")
    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()
    assert pane.api.body(*ADD) == first
    assert page.evaluate("localStorage.length") == 0


def test_start_over_forgets_it(pane: PaneHarness) -> None:
    page = open_form(pane)
    page.get_by_label("Notes").fill("old")
    page.get_by_role("button", name="Back to the event").click()
    expect(page.get_by_role("button", name="Add Activity")).to_be_focused()
    page.get_by_role("button", name="Add Activity").click()

    page.get_by_role("button", name="Start over").click()

    expect(page.get_by_text("What you typed here before")).to_have_count(0)
    expect(page.get_by_label("Notes")).to_have_value("")


@pytest.mark.parametrize(
    "kept",
    [
        "{",
        '{"requestId": "x", "at": 9e15, "changes": {}}',
        '{"requestId": "6a3b7a9c-0000-4000-8000-000000000000", "at": 9e15,'
        ' "changes": {"notes": 5, "people": [null], "opportunities": "x", "__proto__": {}}}',
    ],
)
def test_damaged_memories_are_no_memories(pane: PaneHarness, kept: str) -> None:
    pane.page.add_init_script(
        f"Storage.prototype.getItem = () => {kept!r};",
    )
    page = open_form(pane)

    expect(page.get_by_label("Notes")).to_have_value("")
    expect(page.locator(".person")).to_have_count(4)


def test_a_browser_without_any_memory_does_its_work_all_the_same(pane: PaneHarness) -> None:
    pane.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied'); }});"
    )
    pane.api.answer(*ADD, added(notes="x"), status=201)
    page = open_form(pane)

    page.get_by_label("Notes").fill("x")
    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()


def test_a_double_press_sends_one_request(pane: PaneHarness) -> None:
    pane.api.answer(*ADD, added(), status=201)
    page = open_form(pane)

    page.get_by_role("button", name="Add to InterAction").dblclick()
    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()

    assert pane.api.count(*ADD) == 1


def test_a_record_made_by_a_lost_answer_says_that_later_words_are_not_in_it(
    pane: PaneHarness,
) -> None:
    pane.api.answer(*ADD, None).answer(*ADD, added(notes=""))
    page = open_form(pane)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.get_by_label("Notes").fill("too late")

    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_text("had been added before your last changes")).to_be_visible()


def test_what_the_server_refuses_is_said_at_its_field(pane: PaneHarness) -> None:
    errors = {"subject": ["Shorter, please."], "new_contacts": {"0": {"address": ["Not one."]}}}
    refusal = a_problem(422, "invalid_request", errors=errors)
    pane.api.answer(*ADD, refusal, status=422).answer(*ADD, added(), status=201)
    page = open_form(pane)

    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.locator("#activity-subject-problem")).to_have_text("Shorter, please.")
    expect(page.locator("#activity-people-problem")).to_have_text("Not one.")
    expect(page.get_by_label("Subject")).to_be_focused()
    expect(page.locator("#activity-summary")).to_have_text("2 things to correct.")
    page.get_by_label("Subject").fill("Short")
    expect(page.locator("#activity-subject-problem")).to_be_empty()


def test_words_in_a_search_field_are_not_lost_silently(pane: PaneHarness) -> None:
    page = open_form(pane)
    page.keyboard.type("something")

    page.get_by_role("button", name="Add to InterAction").click()

    expect(page.locator("#activity-opportunities-problem")).to_contain_text("Choose one")
    expect(page.get_by_role("combobox", name="Opportunity")).to_be_focused()
    assert pane.api.count(*ADD) == 0


def test_the_search_field_follows_the_aria_practices(pane: PaneHarness) -> None:
    page = open_form(pane)
    box = page.get_by_role("combobox", name="Opportunity")
    expect(box).to_have_attribute("aria-expanded", "false")

    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator(OPTION)).to_have_count(2)
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowUp")
    expect(page.locator(f"{OPTION}[aria-selected=true]")).to_have_text("Hafnia")
    assert box.get_attribute("aria-activedescendant") == page.locator(
        f"{OPTION}[aria-selected=true]"
    ).get_attribute("id")
    page.keyboard.press("Escape")
    expect(page.locator(OPTION)).to_have_count(0)
    page.keyboard.type("h")
    expect(page.locator(f"{OPTION}[aria-selected=true]")).to_have_text(
        "Halden Shipping: New charter"
    )
    expect(page.locator(".activity > [role=status]")).to_have_text("2 suggestions.")
    page.keyboard.press("Tab")
    expect(page.locator(OPTION)).to_have_count(0)
    expect(page.get_by_role("combobox", name="Initiative")).to_be_focused()


def test_nothing_that_happens_elsewhere_disturbs_an_open_form(pane: PaneHarness) -> None:
    pane.page.clock.install(time="2026-11-21T09:00:00Z")
    page = open_form(pane)
    page.get_by_label("Notes").fill("half a sen")
    looks = pane.api.count("GET", "events/{id}")

    page.clock.run_for(120_000)
    page.evaluate("outlook.comeBack()")
    page.clock.run_for(10_000)
    page.keyboard.type("tence")

    expect(page.get_by_label("Notes")).to_have_value("half a sentence")
    expect(page.get_by_label("Notes")).to_be_focused()
    assert pane.api.count("GET", "events/{id}") == looks


def test_an_assistant_fills_in_the_form_of_the_partners_calendar(pane: PaneHarness) -> None:
    pane.api.answer(*DRAFT, a_proposal())
    pane.api.answer(*ADD, added(), status=201)
    page = pane.show(answers.GUEST, read_item(), owner="partner@calder.test")

    page.get_by_role("button", name="Add Activity").click()
    page.get_by_role("button", name="Add to InterAction").click()
    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()

    asked = [path for _, path, _ in pane.api.calls if "activit" in path]
    assert [path.partition("?")[2] for path in asked] == ["mailbox=partner%40calder.test"] * 2


def test_an_organizer_may_add_one_as_well(pane: PaneHarness) -> None:
    pane.api.answer(*DRAFT, a_proposal())
    page = pane.show(answers.STATES["final"])

    page.get_by_role("button", name="Add Activity").click()

    expect(page.get_by_label("Subject")).to_have_value("Quarterly review with Halden Shipping")


def test_a_form_that_cannot_be_filled_in_offers_to_try_again(pane: PaneHarness) -> None:
    pane.api.answer(*DRAFT, a_problem(503, "crm_unavailable"), status=503)
    pane.api.answer(*DRAFT, a_proposal())
    page = pane.show(answers.GUEST, read_item())

    page.get_by_role("button", name="Add Activity").click()
    expect(page.get_by_role("alert")).to_contain_text("InterAction does not answer")
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_label("Subject")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_empty()


def test_whoever_is_signed_out_meanwhile_signs_in_and_loses_nothing(pane: PaneHarness) -> None:
    pane.api.answer(*ADD, a_problem(401, "token_invalid"), status=401)
    pane.api.answer(*ADD, a_problem(401, "token_invalid"), status=401)
    pane.api.answer(*ADD, added(notes="kept"), status=201)
    page = open_form(pane)
    page.get_by_label("Notes").fill("kept")

    page.get_by_role("button", name="Add to InterAction").click()
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()
    assert pane.api.body(*ADD)["notes"] == "kept"


def test_another_event_ends_the_form_and_what_was_typed_waits_for_it(pane: PaneHarness) -> None:
    page = open_form(pane)
    page.get_by_label("Notes").fill("for the first")
    other = an_answer(event=an_event(subject="Another", is_organizer=False), can=can())
    pane.api.answer("GET", "events/other", other)

    page.evaluate("Office.context.mailbox.item.itemId = 'other'")
    page.evaluate("outlook.comeBack()")

    expect(page.locator("#subject")).to_have_text("Another")
    assert "for the first" in page.evaluate("JSON.stringify({...localStorage})")


def test_hostile_words_stay_words(pane: PaneHarness) -> None:
    proposal = a_proposal()
    proposal["event"]["attendees"] = [
        an_attendee("<img src=x onerror=alert(1)>", "unmatched"),
        *[an_attendee(f"Guest{n} Person", "unmatched") for n in range(500)],
    ]
    proposal["draft"] |= {"subject": "<script>alert(1)</script>", "time_zone": "<b>Nowhere</b>"}
    page = open_form(pane, proposal)

    expect(page.get_by_label("Subject")).to_have_value("<script>alert(1)</script>")
    expect(page.locator("#activity-zone")).to_contain_text("“<b>Nowhere</b>”")
    expect(page.locator(".person")).to_have_count(8)
    page.get_by_role("button", name="Show all 501").click()
    expect(page.locator(".person")).to_have_count(501)
    assert page.locator(".activity img, .activity b").count() == 0


def test_without_a_description_there_is_nothing_to_switch(pane: PaneHarness) -> None:
    pane.api.answer(*ADD, added(), status=201)
    proposal = a_proposal()
    proposal["draft"]["description"] = ""
    page = open_form(pane, proposal)

    expect(page.get_by_role("switch", name="Include the event’s description")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()
    assert pane.api.body(*ADD)["include_description"] is False


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_is_accessible(pane: PaneHarness, scheme: Any) -> None:
    pane.page.emulate_media(color_scheme=scheme)
    pane.api.answer(*ADD, added(), status=201)
    page = open_form(pane)
    page.keyboard.type("ha")
    expect(page.locator(OPTION)).to_have_count(2)
    with_list = pane.accessibility_violations()
    page.keyboard.press("Enter")
    page.get_by_label("Subject").fill("")
    page.get_by_role("button", name="Create contact for Max Newman").click()
    page.get_by_text("Read the description").click()
    page.get_by_role("radio", name="Only me").check()
    with_problems = pane.accessibility_violations()
    page.get_by_label("Subject").fill("Lunch")
    page.get_by_role("button", name="Add to InterAction").click()
    expect(page.get_by_role("heading", name="Added to InterAction")).to_be_visible()

    assert [with_list, with_problems, pane.accessibility_violations()] == [[], [], []]
    assert pane.api.body(*ADD)["visibility"] == "only_me"
