"""An event that has everything, carried to the CRM by a tick and by Add Activity (M)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.crm_user import CrmUser
from tests.support.product import Meeting, Product, invited

BODY = """
<p>Dear&nbsp;all,</p>
<table><tr><th><p>Item</p></th><th><p>Who</p></th></tr>
<tr><td><p>Fees</p></td><td><p>Ann</p></td></tr></table>
<ol><li>Read the <a href="https://files.example/brief?id=1&amp;v=2">brief</a></li><li>Sign</li></ol>
<a href="javascript:alert(1)">Click</a><script>alert(2)</script><p style="display:none">hidden</p>
"""
TEXT = (
    "Dear all,\n\nItem | Who\nFees | Ann\n"
    " 1. Read the brief <https://files.example/brief?id=1&v=2>\n 2. Sign\nClick"
)


BERLIN = ZoneInfo("Europe/Berlin")


def times(product: Product) -> tuple[datetime, datetime]:
    """From half past one in the night to eleven on the next day, on the clocks of Berlin."""
    day = (product.clock() + timedelta(days=10)).date()
    starts = datetime(day.year, day.month, day.day, 1, 30, tzinfo=BERLIN)
    return starts, starts.replace(hour=11, minute=0) + timedelta(days=1)


def in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def wall(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}", "timeZone": "W. Europe Standard Time"}


@pytest.fixture
def carried(product: Product, organizer: str) -> dict[str, Any]:
    """The names of who and what is on the event."""
    room = product.sandbox.state()["rooms"][0]
    contact = product.add_contact("Ben Client", "ben@client.example", "Ben.Home@else.example")
    return {"room": room, "contact": contact}


def maximal_event(product: Product, organizer: str, carried: dict[str, Any]) -> Meeting:
    room = carried["room"]
    starts, ends = times(product)
    where = {"displayName": room["name"], "locationType": "conferenceRoom"}
    return product.meeting(
        organizer,
        subject="Quarterly review, été 🗓",
        body={"contentType": "html", "content": BODY},
        start=wall(starts),
        end=wall(ends),
        locations=[where | {"locationEmailAddress": room["address"]}, {"displayName": "Café"}],
        attendees=[
            invited("Ben", "BEN.HOME@Else.Example", "optional"),
            invited("Stranger", "stranger+tag@else.example"),
            invited(room["name"], room["address"], "resource"),
        ],
        showAs="workingElsewhere",
        importance="high",
        sensitivity="personal",
        isReminderOn=True,
        reminderMinutesBeforeStart=90,
        isOnlineMeeting=True,
        onlineMeetingProvider="teamsForBusiness",
        hideAttendees=True,
    )


def expected(product: Product, meeting: Meeting, carried: dict[str, Any]) -> dict[str, Any]:
    """What both ways carry; each adds what is its own."""
    event = meeting.now()
    starts, ends = (moment.astimezone(UTC) for moment in times(product))
    return {
        "subject": "Quarterly review, été 🗓",
        "description": TEXT,
        "start": in_utc(starts),
        "end": in_utc(ends),
        "duration_minutes": (ends - starts) // timedelta(minutes=1),
        "all_day": False,
        "start_date": None,
        "end_date": None,
        "time_zone": "W. Europe Standard Time",
        "location": f"{carried['room']['name']}; Café",
        "resources": [carried["room"]["name"]],
        "status": "confirmed",
        "contacts": [
            {
                "contact_id": carried["contact"],
                "name": "Ben Client",
                "address": "BEN.HOME@Else.Example",
                "response": "none",
                "attendance": "optional",
            }
        ],
        "unmatched": [
            {
                "name": "Stranger",
                "address": "stranger+tag@else.example",
                "response": "none",
                "attendance": "required",
            }
        ],
        "assigned_to": event["organizer"]["emailAddress"],
        "event_id": product.pane(meeting.owner).view(meeting.id).json["event"]["id"],
        "ical_uid": meeting.ical_uid,
        "recurring": False,
        "web_link": event["webLink"],
        "online_meeting": {
            "provider": "teamsForBusiness",
            "join_url": event["onlineMeeting"]["joinUrl"],
        },
        "show_as": "workingElsewhere",
        "importance": "high",
        "private": False,
        "reminder_minutes": 90,
        "reminder_at": in_utc(starts - timedelta(minutes=90)),
        "phase": "appointment",
        "type": "CalendarSyncMeeting_System",
        "edited_by": None,
        "removed": False,
    }


def test_a_tick_carries_every_field(
    product: Product, organizer: str, carried: dict[str, Any]
) -> None:
    meeting = maximal_event(product, organizer, carried)

    answer = product.pane(organizer).tick(meeting.id)
    assert answer.status_code == 200, answer.text
    record = CrmUser(product, organizer).get(answer.json["link"]["activity_id"]).json

    wanted = expected(product, meeting, carried) | {"kind": "synced", "sync_status": "synced"}
    assert {name: record[name] for name in wanted} == wanted


def test_add_activity_carries_every_field_that_nobody_changed(
    product: Product, organizer: str, carried: dict[str, Any]
) -> None:
    meeting = maximal_event(product, organizer, carried)
    pane = product.pane(organizer)

    proposal = pane.call("GET", f"/api/events/{meeting.id}/activity-draft").json
    draft = proposal["draft"]
    people = [
        {"contact_id": a["contact_id"], "name": a["name"], "address": a["address"]}
        for a in proposal["event"]["attendees"]
    ]
    kept = ("subject", "type", "start", "end", "all_day", "start_date", "end_date", "location")
    form = {name: draft[name] for name in kept} | {
        "event_id": meeting.id,
        "request_id": str(uuid.uuid4()),
        "people": people,
    }
    made = pane.call("POST", "/api/activities", form)
    assert made.status_code == 201, made.json
    record = CrmUser(product, organizer).get(made.json["id"]).json

    wanted = expected(product, meeting, carried) | {"kind": "added", "sync_status": "not_synced"}
    wanted["contacts"][0]["name"] = "Ben"  # as the form said it
    assert draft["time_zone"] == "Europe/Berlin"
    assert {name: record[name] for name in wanted} == wanted
    assert {name: made.json[name] for name in wanted if name in made.json} == {
        name: value for name, value in wanted.items() if name in made.json
    }


def test_one_meeting_of_a_series_is_marked_as_such(product: Product, organizer: str) -> None:
    meeting = product.meeting(
        organizer,
        "ben@client.example",
        recurrence={
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": "2099-01-05", "numberOfOccurrences": 3},
        },
        start={"dateTime": "2099-01-05T09:00:00", "timeZone": "UTC"},
        end={"dateTime": "2099-01-05T09:45:00", "timeZone": "UTC"},
    )
    pane = product.pane(organizer)
    draft = pane.call("GET", f"/api/events/{meeting.id}/activity-draft").json["draft"]
    kept = ("subject", "type", "start", "end")
    made = pane.call(
        "POST",
        "/api/activities",
        {name: draft[name] for name in kept}
        | {"event_id": meeting.id, "request_id": str(uuid.uuid4()), "people": []},
    )

    assert made.status_code == 201, made.json
    assert (made.json["recurring"], made.json["duration_minutes"]) == (True, 45)
