"""What travels between mailboxes: forwards, guests of one occurrence, late mail, rooms."""

from typing import Any

import pytest

from tests.support.firm import Graph, at, invited, weekly

WINDOW = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z&$top=100"


def view(graph: Graph, who: str) -> list[Any]:
    found: list[Any] = graph.get(f"/me/calendarView?{WINDOW}", who)["value"]
    return found


def to(*addresses: str) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": address}} for address in addresses]


def statuses(event: Any) -> dict[str, str]:
    return {
        each["emailAddress"]["address"]: each["status"]["response"] for each in event["attendees"]
    }


# --- forwarding ---------------------------------------------------------------------------------


def test_an_attendee_forwards_and_the_organizer_hears_of_it(graph: Graph) -> None:
    event = graph.create(attendees=invited("ben@firm.example"))
    copy = view(graph, "ben")[0]
    body = {"ToRecipients": to("eve@firm.example"), "Comment": "You should come"}

    answer = graph.ask("POST", f"/me/events/{copy['id']}/forward", "ben", json=body)

    assert (answer.status_code, answer.content) == (202, b"")
    theirs = view(graph, "eve")
    assert [each["iCalUId"] for each in theirs] == [event["iCalUId"]]
    assert (theirs[0]["isOrganizer"], theirs[0]["id"] == copy["id"]) == (False, False)
    assert "eve@firm.example" in statuses(graph.get(f"/me/events/{event['id']}"))
    assert graph.firm.mails()[-2:] == [
        ("forward", "ben@firm.example", ("eve@firm.example",)),
        ("forward_notification", "ben@firm.example", ("ann@firm.example",)),
    ]


def test_who_got_a_forwarded_meeting_answers_its_organizer(graph: Graph) -> None:
    event = graph.create(attendees=invited("ben@firm.example"))
    body = {"toRecipients": to("eve@firm.example")}
    graph.ask("POST", f"/me/events/{event['id']}/forward", json=body)

    copy = view(graph, "eve")[0]
    graph.ask("POST", f"/me/events/{copy['id']}/accept", "eve", json={})

    assert statuses(graph.get(f"/me/events/{event['id']}"))["eve@firm.example"] == "accepted"


def test_an_appointment_is_forwarded_as_a_mail_only(graph: Graph) -> None:
    event = graph.create()
    body = {"ToRecipients": to("eve@firm.example")}

    graph.ask("POST", f"/me/events/{event['id']}/forward", json=body)

    assert view(graph, "eve") == []
    assert [kind for kind, *_ in graph.firm.mails()] == ["forward"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ToRecipients": []},
        {"ToRecipients": "eve"},
        {"ToRecipients": [1]},
        {"ToRecipients": [{}]},
        {"ToRecipients": [{"emailAddress": {"address": "x@y.example"}}], "Comment": 7},
    ],
)
def test_a_forward_to_nobody_is_refused(graph: Graph, body: Any) -> None:
    event = graph.create(attendees=invited("ben@firm.example"))
    sent = len(graph.firm.mails())

    answer = graph.ask("POST", f"/me/events/{event['id']}/forward", json=body)

    assert answer.status_code == 400
    assert len(graph.firm.mails()) == sent


# --- a single occurrence with guests of its own ---------------------------------------------------


def guest_of_one(graph: Graph) -> tuple[Any, Any, Any]:
    """A series of Ann and Ben, its second occurrence with Eve as well, and Eve's copy."""
    master = graph.create(recurrence=weekly(count=3), attendees=invited("ben@firm.example"))
    second = graph.get(f"/me/events/{master['id']}/instances?{WINDOW}")["value"][1]
    both = invited("ben@firm.example", "eve@firm.example")
    graph.patch(f"/me/events/{second['id']}", attendees=both)
    return master, second, view(graph, "eve")


def test_somebody_invited_to_one_occurrence_gets_a_copy_of_that_one(graph: Graph) -> None:
    master, second, copies = guest_of_one(graph)

    assert [copy["type"] for copy in copies] == ["singleInstance"]
    assert copies[0]["iCalUId"] == second["iCalUId"] != master["iCalUId"]
    assert copies[0]["start"] == second["start"]
    assert len(view(graph, "ben")) == 3
    assert graph.firm.mails()[-1] == ("invitation", "ann@firm.example", ("eve@firm.example",))


def test_the_guest_of_one_occurrence_follows_its_changes_and_not_the_seriess(graph: Graph) -> None:
    master, second, _copies = guest_of_one(graph)

    graph.patch(f"/me/events/{master['id']}", subject="The series")
    before = view(graph, "eve")[0]["subject"]
    graph.patch(f"/me/events/{second['id']}", subject="This one")

    assert before == "Quarterly review"
    assert [copy["subject"] for copy in view(graph, "eve")] == ["This one"]


def test_the_guest_answers_for_that_occurrence(graph: Graph) -> None:
    master, second, copies = guest_of_one(graph)

    graph.ask("POST", f"/me/events/{copies[0]['id']}/tentativelyAccept", "eve", json={})

    instance = graph.get(f"/me/events/{second['id']}")
    assert statuses(instance)["eve@firm.example"] == "tentativelyAccepted"
    assert "eve@firm.example" not in statuses(graph.get(f"/me/events/{master['id']}"))


@pytest.mark.parametrize("whole", [True, False])
def test_the_guest_is_told_of_the_cancellation(graph: Graph, whole: bool) -> None:
    master, second, _copies = guest_of_one(graph)

    graph.ask("POST", f"/me/events/{(master if whole else second)['id']}/cancel", json={})

    assert [copy["isCancelled"] for copy in view(graph, "eve")] == [True]


# --- late arrivals --------------------------------------------------------------------------------


def test_copies_and_updates_arrive_when_their_time_has_come(graph: Graph) -> None:
    graph.firm.personality.invitation_lag = 60.0
    event = graph.create(attendees=invited("ben@firm.example"))
    at_once = view(graph, "ben")
    graph.firm.clock.advance(seconds=30)
    graph.patch(f"/me/events/{event['id']}", subject="Changed")
    graph.firm.clock.advance(seconds=31)
    first = view(graph, "ben")
    graph.firm.clock.advance(seconds=30)

    assert at_once == []
    assert [kind for kind, *_ in graph.firm.mails()] == ["invitation", "update"]
    assert [copy["subject"] for copy in first] == ["Changed"]
    assert [copy["subject"] for copy in view(graph, "ben")] == ["Changed"]


def test_an_answer_and_a_cancellation_are_late_as_well(graph: Graph) -> None:
    event = graph.create(attendees=invited("ben@firm.example"))
    copy = view(graph, "ben")[0]
    graph.firm.personality.invitation_lag = 60.0

    graph.ask("POST", f"/me/events/{copy['id']}/accept", "ben", json={})
    before = statuses(graph.get(f"/me/events/{event['id']}"))
    graph.firm.clock.advance(seconds=61)
    after = statuses(graph.get(f"/me/events/{event['id']}"))
    graph.ask("POST", f"/me/events/{event['id']}/cancel", json={})

    assert (before["ben@firm.example"], after["ben@firm.example"]) == ("none", "accepted")
    assert [each["isCancelled"] for each in view(graph, "ben")] == [False]
    graph.firm.clock.advance(seconds=61)
    assert [each["isCancelled"] for each in view(graph, "ben")] == [True]


def test_what_was_sent_later_does_not_overtake(graph: Graph) -> None:
    graph.firm.personality.invitation_lag = 60.0
    event = graph.create(attendees=invited("ben@firm.example"))
    graph.firm.personality.invitation_lag = 1.0
    graph.ask("POST", f"/me/events/{event['id']}/cancel", json={})

    graph.firm.clock.advance(seconds=2)
    early = view(graph, "ben")
    graph.firm.clock.advance(seconds=60)

    assert early == []
    assert [copy["isCancelled"] for copy in view(graph, "ben")] == [True]


# --- rooms ----------------------------------------------------------------------------------------


def test_a_room_declines_what_comes_second_and_keeps_nothing_of_it(graph: Graph) -> None:
    room = invited("room@firm.example", kind="resource")
    first = graph.create(attendees=room)
    second = graph.create("ben", attendees=room)

    found = graph.get(f"/me/events/{second['id']}", "ben")

    assert statuses(first) == {"room@firm.example": "accepted"}
    assert statuses(found) == {"room@firm.example": "declined"}
    assert [each["organizer"]["emailAddress"]["name"] for each in view(graph, "room")] == [
        "Ann Lawyer"
    ]
    assert graph.firm.mails()[-1] == ("response", "room@firm.example", ("ben@firm.example",))


def test_a_room_declines_a_move_into_a_taken_hour_and_a_series_that_conflicts_once(
    graph: Graph,
) -> None:
    room = invited("room@firm.example", kind="resource")
    graph.create(attendees=room)
    hour = {"start": at("2026-03-04T10:00:00"), "end": at("2026-03-04T11:00:00")}
    other = graph.create("ben", attendees=room, **hour)
    daily = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2026-03-02", "numberOfOccurrences": 5},
    }

    moved = {"start": at("2026-03-03T10:30:00"), "end": at("2026-03-03T11:30:00")}
    graph.patch(f"/me/events/{other['id']}", "ben", **moved)
    series = graph.create("eve", attendees=room, recurrence=daily)

    assert statuses(other) == {"room@firm.example": "accepted"}
    assert statuses(graph.get(f"/me/events/{other['id']}", "ben")) == {
        "room@firm.example": "declined"
    }
    assert statuses(series) == {"room@firm.example": "declined"}


def test_rooms_may_be_told_to_accept_everything(graph: Graph) -> None:
    graph.firm.personality.rooms = "accept"
    room = invited("room@firm.example", kind="resource")
    graph.create(attendees=room)

    assert statuses(graph.create("ben", attendees=room)) == {"room@firm.example": "accepted"}


# --- reminders ------------------------------------------------------------------------------------


def test_a_dismissed_reminder_changes_the_item_and_makes_no_exception(graph: Graph) -> None:
    single, master = graph.create(), graph.create(recurrence=weekly(count=3))
    instance = graph.get(f"/me/events/{master['id']}/instances?{WINDOW}")["value"][0]

    answers = [
        graph.ask("POST", f"/me/events/{each['id']}/dismissReminder") for each in (single, instance)
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    after = graph.get(f"/me/events/{single['id']}")
    assert (after["isReminderOn"], after["changeKey"] == single["changeKey"]) == (False, False)
    assert graph.get(f"/me/events/{instance['id']}")["type"] == "occurrence"


def test_a_snoozed_reminder_changes_the_version_only(graph: Graph) -> None:
    event = graph.create()
    path = f"/me/events/{event['id']}"

    done = graph.ask(
        "POST", f"{path}/snoozeReminder", json={"newReminderTime": at("2026-03-03T09:59:00")}
    )
    refused = graph.code("POST", f"{path}/snoozeReminder", json={"newReminderTime": "soon"})

    after = graph.get(path)
    assert (done.status_code, refused) == (200, (400, "ErrorInvalidRequest"))
    differing = {name for name in after if after[name] != event.get(name)}
    assert differing - {"lastModifiedDateTime"} == {"changeKey", "@odata.etag"}
