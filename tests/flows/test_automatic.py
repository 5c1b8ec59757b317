"""S1-S6 and T11 over real HTTP: contact types decide by the delta alone, no pane is ever opened."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, select

from backend.db.models import HistoryRow, LinkRow
from backend.domain.crm import Activity
from tests.support.product import CATEGORY, Meeting, Product, running_product
from tests.support.sandbox import RunningSandbox

CLIENT = "jane@client.example"


def choose_mode(product: Product, person: str, mode: str) -> None:
    answer = product.pane(person).call("PATCH", "/api/me", {"mode": mode})
    assert answer.status_code == 200, answer.json


def link_of(product: Product, meeting: Meeting) -> LinkRow | None:
    """The link as the database has it: nobody looks at the event."""
    with product.services.database.read() as session:
        return session.scalars(
            select(LinkRow).where(LinkRow.ical_uid == meeting.ical_uid)
        ).one_or_none()


def lines(product: Product, person: str, event_id: str) -> list[tuple[str, list[str]]]:
    """What the history says of an event that became no link."""
    known = product.sandbox.get_event(person, event_id)["immutableId"]
    with product.services.database.read() as session:
        rows = session.scalars(
            select(HistoryRow).where(
                HistoryRow.event_id == known, HistoryRow.state_before.is_(None)
            )
        )
        return [(row.line, row.codes) for row in rows if row.kind in ("skip", "refusal")]


def records(product: Product, meeting: Meeting) -> list[Activity]:
    return product.records(meeting.ical_uid)


@pytest.fixture
def firm(sqlite_product: Product) -> Product:
    """Everybody has been pulled once; Jane is a client."""
    sqlite_product.add_contact("Jane Doe", CLIENT, types=["Client"])
    sqlite_product.work()
    return sqlite_product


def test_a_contact_type_decides_and_says_why(product: Product, organizer: str) -> None:
    product.add_contact("Jane Doe", CLIENT, types=["Client"])
    product.add_contact("Olga Other", "olga@other.example", types=["Vendor"])
    product.work()
    chosen = product.meeting(organizer, "olga@other.example", CLIENT, categories=["Mine"])
    left = product.meeting(organizer, "olga@other.example")
    internal = product.meeting(organizer, product.sandbox.person("support")["address"])

    product.sync()

    assert len(records(product, chosen)) == 1
    assert chosen.categories == ["Mine", CATEGORY]
    assert records(product, left) == records(product, internal) == []
    assert left.categories == internal.categories == []
    link = product.pane(organizer).view(chosen.id).json["link"]
    assert (link["origin"], link["because"]) == ("automatic", "Jane Doe is a Client")
    assert lines(product, organizer, left.id) == [("skipped", ["no_selected_contact_type"])]
    [(_, codes)] = lines(product, organizer, internal.id)
    assert "internal_only" in codes
    me = product.pane(organizer).call("GET", "/api/me").json
    assert me["checked_at"] >= me["changed_at"] >= me["written_at"][:10]
    assert product.sandbox.mail(product.sandbox.daemon_client_id) == []


def test_changes_of_a_chosen_meeting_flow_by_themselves(firm: Product, organizer: str) -> None:
    meeting = firm.meeting(organizer, CLIENT)
    firm.sync()
    meeting.change(subject="Moved")

    firm.sync()

    assert [record.draft.subject for record in records(firm, meeting)] == ["Moved"]
    assert lines(firm, organizer, meeting.id) == []


def test_an_untick_sticks_whatever_matches_and_a_new_tick_brings_the_same_record_back(
    firm: Product, organizer: str
) -> None:
    meeting = firm.meeting(organizer, CLIENT)
    firm.sync()
    first = records(firm, meeting)[0].id
    pane = firm.pane(organizer)
    assert pane.untick(meeting.id).json["link"]["state"] == "removed"
    firm.add_contact("John Doe", "john@client.example", types=["Client"])
    meeting.change(
        attendees=[
            {"type": "required", "emailAddress": {"address": address}}
            for address in (CLIENT, "john@client.example")
        ]
    )
    firm.sync()
    # The memory survives that everything is read again (A17).
    choose_mode(firm, organizer, "automatic")
    firm.work()
    choose_mode(firm, organizer, "combined")
    firm.work()

    assert records(firm, meeting) == []
    assert lines(firm, organizer, meeting.id) == [("skipped", ["opted_out"])]
    again = pane.tick(meeting.id).json
    assert (again["link"]["state"], again["link"]["origin"]) == ("linked", "manual")
    assert again["link"]["because"] is None
    assert [record.id for record in records(firm, meeting)] == [first]


def test_taking_the_category_off_an_automatic_link_in_outlook_is_an_untick_that_sticks(
    firm: Product, organizer: str
) -> None:
    meeting = firm.meeting(organizer, CLIENT)
    firm.sync()
    firm.advance(minutes=11)
    meeting.change(categories=[])

    firm.sync()
    meeting.change(subject="Touched again")
    firm.sync()

    link = link_of(firm, meeting)
    assert link is not None
    assert (link.state.value, link.reason, link.opted_out) == ("removed", "unticked", True)
    assert records(firm, meeting) == []


def test_one_meeting_is_one_record_whoever_attends(firm: Product, organizer: str) -> None:
    colleague = firm.sandbox.person("support")["address"]
    meeting = firm.meeting(organizer, CLIENT, colleague)

    firm.sync()

    copy = next(e for e in firm.sandbox.events(colleague) if e["iCalUId"] == meeting.ical_uid)
    assert len(records(firm, meeting)) == 1
    assert copy["categories"] == []
    assert lines(firm, colleague, copy["id"]) == [("skipped", ["not_organizer"])]


def test_without_its_organizer_enabled_a_meeting_is_nobodys(firm: Product, organizer: str) -> None:
    colleague = firm.sandbox.person("support")["address"]
    firm.pane(organizer).call("PATCH", "/api/me", {"enabled": False})
    firm.work()
    meeting = firm.meeting(organizer, CLIENT, colleague)

    firm.sync()
    assert records(firm, meeting) == []
    firm.pane(organizer).call("PATCH", "/api/me", {"enabled": True})
    firm.work()

    assert len(records(firm, meeting)) == 1, "a new member is pulled at once, with what came since"


def test_an_external_organizers_meeting_is_left_to_add_activity(
    firm: Product, organizer: str
) -> None:
    start = firm.clock().replace(microsecond=0) + timedelta(days=2)
    [invited] = firm.sandbox.control(
        "POST",
        "/invitations",
        {
            "organizer": {"name": "Jane Doe", "address": CLIENT},
            "event": {
                "subject": "Their meeting",
                "start": {"dateTime": start.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"},
                "end": {
                    "dateTime": (start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S"),
                    "timeZone": "UTC",
                },
                "attendees": [{"type": "required", "emailAddress": {"address": organizer}}],
            },
        },
    )["items"]

    firm.sync()

    assert firm.records(invited["iCalUId"]) == []
    [(line, codes)] = lines(firm, organizer, invited["id"])
    assert line == "skipped"
    assert {"not_organizer", "external_organizer"} <= set(codes)


def test_what_was_there_before_the_activation_is_left_to_the_checkbox(
    sandbox: RunningSandbox, organizer: str, sqlite_url: URL, offset_file: Path
) -> None:
    with running_product(sandbox, sqlite_url, offset_file) as waiting:
        old = waiting.meeting(organizer, CLIENT)
    sqlite_url = sqlite_url.set(database=f"{sqlite_url.database}.second")
    sandbox.advance(60)
    with running_product(sandbox, sqlite_url, offset_file) as product:
        product.add_contact("Jane Doe", CLIENT, types=["Client"])
        product.work()

        assert lines(product, organizer, old.id) == [("skipped", ["created_before_activation"])]
        assert product.records(old.ical_uid) == []
        assert product.pane(organizer).tick(old.id).json["link"]["state"] == "linked"
        copied = sandbox.act(organizer, old.id, "copy")
        product.sync()

        # The copy is new, and it brought the category along: that counts as ticked (T11).
        link = product.pane(organizer).view(copied["id"]).json["link"]
        assert (link["state"], link["origin"]) == ("linked", "manual")
        assert len(product.records(copied["iCalUId"])) == 1


def _a_draft(product: Product, organizer: str) -> tuple[str, str]:
    start = product.clock().replace(microsecond=0) + timedelta(days=2)
    made = product.sandbox.control(
        "POST",
        f"/mailboxes/{organizer}/events",
        {
            "subject": "Not sent yet",
            "start": {"dateTime": start.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"},
            "end": {
                "dateTime": (start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S"),
                "timeZone": "UTC",
            },
            "attendees": [{"type": "required", "emailAddress": {"address": CLIENT}}],
        },
        draft=1,
    )
    return made["id"], made["iCalUId"]


def test_a_draft_is_left_alone_until_it_is_sent(firm: Product, organizer: str) -> None:
    draft = Meeting(firm, organizer, *_a_draft(firm, organizer))
    assert draft.now()["isDraft"] is True
    firm.sync()
    assert records(firm, draft) == []
    assert lines(firm, organizer, draft.id) == [("skipped", ["draft_event"])]

    firm.sandbox.act(organizer, draft.id, "send")
    firm.sync()

    assert len(records(firm, draft)) == 1
    assert draft.categories == [CATEGORY]


def test_a_category_put_on_by_hand_is_a_tick_by_the_delta_alone(
    product: Product, organizer: str
) -> None:
    choose_mode(product, organizer, "manual")
    product.work()
    meeting = product.meeting(organizer)
    product.sync()
    assert link_of(product, meeting) is None
    meeting.change(categories=["Mine", CATEGORY.upper()])

    product.sync()

    link = link_of(product, meeting)
    assert link is not None
    assert (link.state.value, link.origin.value) == ("linked", "manual")
    assert len(records(product, meeting)) == 1
    assert meeting.categories == ["Mine", CATEGORY.upper()]
    assert lines(product, organizer, meeting.id) == []


@pytest.mark.parametrize("mode", ["manual", "combined"])
def test_a_category_on_an_attendees_copy_is_left_there_and_refused_once(
    firm: Product, organizer: str, mode: str
) -> None:
    colleague = firm.sandbox.person("support")["address"]
    choose_mode(firm, colleague, mode)
    meeting = firm.meeting(organizer, colleague)
    firm.sync()
    copy = next(e for e in firm.sandbox.events(colleague) if e["iCalUId"] == meeting.ical_uid)
    for subject in ("One", "Two"):
        firm.sandbox.change_event(colleague, copy["id"], categories=[CATEGORY], subject=subject)
        firm.sync()

    assert lines(firm, colleague, copy["id"]) == [("category_refused", ["not_organizer"])]
    assert firm.sandbox.get_event(colleague, copy["id"])["categories"] == [CATEGORY]
    assert records(firm, meeting) == []
    assert link_of(firm, meeting) is None


def test_a_private_event_leaves_one_row_and_is_chosen_once_it_is_public(
    firm: Product, organizer: str
) -> None:
    meeting = firm.meeting(organizer, CLIENT, sensitivity="private", categories=[CATEGORY])
    firm.sync()
    assert lines(firm, organizer, meeting.id) == [("category_refused", ["private_event"])]
    assert link_of(firm, meeting) is None
    meeting.change(categories=[])
    firm.sync()
    assert lines(firm, organizer, meeting.id) == [("skipped", ["private_event"])]

    meeting.change(sensitivity="normal")
    firm.sync()

    assert len(records(firm, meeting)) == 1


def test_with_reading_rights_only_the_category_waits_for_the_user(
    firm: Product, organizer: str
) -> None:
    firm.sandbox.faults([{"kind": "permissions", "app": ["Calendars.Read", "User.Read.All"]}])
    firm.advance(hours=2)
    meeting = firm.meeting(organizer, CLIENT)

    firm.sync()

    link: Any = link_of(firm, meeting)
    assert link.state.value == "linked"
    assert link.category_permission.value == "waiting_for_user"
    assert len(records(firm, meeting)) == 1
    assert meeting.categories == []
    firm.pane(organizer).view(meeting.id)
    assert meeting.categories == [CATEGORY]


def test_a_change_of_mode_is_applied_to_what_is_there(firm: Product, organizer: str) -> None:
    choose_mode(firm, organizer, "manual")
    firm.work()
    meeting = firm.meeting(organizer, CLIENT)
    firm.sync()
    assert records(firm, meeting) == []
    assert lines(firm, organizer, meeting.id) == []

    choose_mode(firm, organizer, "combined")
    firm.work()
    assert len(records(firm, meeting)) == 1
    choose_mode(firm, organizer, "manual")
    firm.work()

    link = link_of(firm, meeting)
    assert link is not None
    assert (link.state.value, link.blocked_by) == ("linked", "mode_not_allowed")
    meeting.change(subject="While it was frozen")
    choose_mode(firm, organizer, "combined")
    firm.work()
    assert [record.draft.subject for record in records(firm, meeting)] == ["While it was frozen"]


@pytest.mark.parametrize("blocked", [CLIENT, "client.example"])
def test_a_block_list_of_the_users_own_keeps_meetings_out_and_takes_none_away(
    firm: Product, organizer: str, blocked: str
) -> None:
    before = firm.meeting(organizer, CLIENT)
    firm.sync()
    firm.pane(organizer).call("PATCH", "/api/me", {"block_list": [blocked]})
    firm.work()
    after = firm.meeting(organizer, CLIENT)
    firm.sync()

    assert len(records(firm, before)) == 1
    assert records(firm, after) == []
    assert lines(firm, organizer, after.id) == [("skipped", ["blocked_address"])]
