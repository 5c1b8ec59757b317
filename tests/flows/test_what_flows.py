"""What the record says of an event: of every kind of event, and of hostile ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.crm_user import CrmUser
from tests.support.product import CATEGORY, Meeting, Product, invited

CLIENT = "ben@client.example"


def recorded(product: Product, meeting: Meeting) -> dict[str, Any]:
    """Tick and read the record as the CRM shows it."""
    answer = product.pane(meeting.owner).tick(meeting.id)
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = (
        CrmUser(product, meeting.owner).get(answer.json["link"]["activity_id"]).json
    )
    assert meeting.categories[-1] == CATEGORY
    return record


def at(moment: Any, zone: str) -> dict[str, str]:
    return {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": zone}


def test_the_key_the_person_and_the_status_of_a_record(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT)

    record = recorded(product, meeting)

    assert record["external_key"] == f"{product.sandbox.tenant_id}/{meeting.ical_uid}"
    assert (record["kind"], record["phase"]) == ("synced", "appointment")
    assert (record["status"], record["sync_status"]) == ("confirmed", "synced")
    assert record["assigned_to"]["address"] == organizer
    assert record["type"] == "CalendarSyncMeeting_System"
    assert record["edited_by"] is None
    assert record["web_link"].startswith("https://")


@pytest.mark.parametrize("zone", ["Pacific Standard Time", "Asia/Kolkata", "UTC"])
def test_times_are_utc_and_the_zone_is_kept(
    sqlite_product: Product, organizer: str, zone: str
) -> None:
    product = sqlite_product
    hours = {"Pacific Standard Time": 8, "Asia/Kolkata": -5.5, "UTC": 0}[zone]
    start = (product.clock() + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    meeting = product.meeting(
        organizer, CLIENT, start=at(start, zone), end=at(start + timedelta(hours=1), zone)
    )

    record = recorded(product, meeting)

    in_utc = start + timedelta(hours=hours)
    # Daylight saving may move a Pacific hour by one.
    near = {in_utc + timedelta(hours=shift) for shift in (0, -1)}
    assert record["start"] in {moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in near}
    assert record["time_zone"]


def test_an_all_day_event_keeps_its_dates_wherever_it_was_made(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    day = (product.clock() + timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
    for zone in ("Pacific Standard Time", "Tokyo Standard Time", "UTC"):
        meeting = product.meeting(
            organizer,
            CLIENT,
            isAllDay=True,
            start=at(day, zone),
            end=at(day + timedelta(days=2), zone),
        )

        record = recorded(product, meeting)

        assert record["all_day"] is True
        assert record["start_date"] == day.date().isoformat()
        assert record["end_date"] == (day + timedelta(days=2)).date().isoformat()


def test_people_rooms_and_strangers_each_have_their_place(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    state = product.sandbox.state()
    contact_id = product.add_contact("Ben Client", CLIENT, "ben.private@else.example")
    staff_id = product.add_contact(
        "Colleague", state["people"][5]["address"], types=["Our Personnel"]
    )
    room = state["rooms"][0]
    meeting = product.meeting(
        organizer,
        attendees=[
            invited("Ben", "BEN.Private@Else.Example", "optional"),
            invited("Colleague", state["people"][5]["address"]),
            invited("Stranger", "stranger@else.example"),
            invited(room["name"], room["address"], "resource"),
        ],
    )

    record = recorded(product, meeting)
    view = product.pane(organizer).view(meeting.id).json

    assert [c["contact_id"] for c in record["contacts"]] == [contact_id]
    assert record["contacts"][0]["attendance"] == "optional"
    assert "stranger@else.example" in [u["address"] for u in record["unmatched"]]
    assert record["resources"] == [room["name"]]
    assert staff_id not in str(record["contacts"])
    matches = {a["address"].lower(): a["match"] for a in view["event"]["attendees"]}
    assert matches[CLIENT.replace("ben@client", "ben.private@else")] == "matched"
    assert matches[state["people"][5]["address"]] == "excluded"
    assert matches["stranger@else.example"] == "unmatched"


def test_two_hundred_attendees_are_all_there(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    known = [product.add_contact(f"Guest {n}", f"g{n}@many.example") for n in range(60)]
    people = [invited(f"Guest {n}", f"g{n}@many.example") for n in range(200)]
    meeting = product.meeting(organizer, attendees=people)

    record = recorded(product, meeting)

    assert {c["contact_id"] for c in record["contacts"]} == set(known)
    assert len(record["unmatched"]) == 140


def test_a_body_becomes_readable_text_and_stays_out_where_the_firm_says_so(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    html = "<html><style>p{color:red}</style><p>Dear&nbsp;Ben,</p><script>alert(1)</script>"
    html += "<ul><li>one</li><li>two</li></ul></html>"
    meeting = product.meeting(organizer, CLIENT, body={"contentType": "html", "content": html})

    description = recorded(product, meeting)["description"]

    assert "Ben," in description
    assert "one" in description
    for markup in ("<", "color", "alert"):
        assert markup not in description


HOSTILE = [
    "",
    "x" * 10_000,
    "\u202eevil\u202c \u200b zero",
    "👩‍👩‍👧‍👦 семья 家族 عائلة",
    "<script>alert('subject')</script>",
    "Robert'); DROP TABLE links;--",
    "line\r\nbreak\ttab",
    "{{ 7 * 7 }} ${jndi:ldap://x}",
    "a\u0301 e\u0301",
]


@pytest.mark.parametrize("subject", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_the_subject_is_the_record_says_it_and_the_sides_agree(
    product: Product, organizer: str, subject: str
) -> None:
    shown_name = subject[:200] or "Nameless"
    meeting = product.meeting(
        organizer, subject=subject, attendees=[invited(shown_name, "guest@else.example")]
    )
    in_outlook = meeting.now()["subject"]

    record = recorded(product, meeting)
    product.pane(organizer).view(meeting.id)
    product.settle()

    assert record["subject"] == (in_outlook or "(no subject)")
    assert product.pane(organizer).view(meeting.id).json["event"]["subject"] == in_outlook
    link = product.pane(organizer).view(meeting.id).json["link"]
    assert (link["state"], link["outstanding"]) == ("linked", [])
    again = CrmUser(product, organizer).get(record["id"]).json
    assert again["revision"] == record["revision"]


def test_a_teams_meeting_carries_its_address(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    meeting = product.meeting(
        organizer, CLIENT, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness"
    )

    record = recorded(product, meeting)

    assert record["online_meeting"]["join_url"].startswith("https://")
    assert record["online_meeting"]["provider"]


def test_show_as_importance_reminder_and_place_are_carried(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(
        organizer,
        CLIENT,
        showAs="tentative",
        importance="high",
        isReminderOn=True,
        reminderMinutesBeforeStart=45,
        location={"displayName": "Hôtel de Ville"},
    )

    record = recorded(product, meeting)

    assert (record["show_as"], record["importance"]) == ("tentative", "high")
    assert (record["reminder_minutes"], record["location"]) == (45, "Hôtel de Ville")


def test_a_contact_made_later_is_matched_at_the_next_look(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    assert recorded(product, meeting)["contacts"] == []
    contact_id = product.add_contact("Ben Client", CLIENT)

    product.advance(minutes=61)
    product.drain()

    [record] = product.records(meeting.ical_uid)
    assert [c.contact_id for c in record.draft.contacts] == [contact_id]
