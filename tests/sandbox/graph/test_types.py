"""Every answer of a long story agrees with Graph's v1.0 metadata to the last property."""

from typing import Any
from urllib.parse import quote

from tests.support.firm import Graph, at, invited, weekly
from tests.support.graph_types import problems, problems_of_event, problems_of_list

WINDOW = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-06-01T00:00:00Z"


def every_kind_of_event(graph: Graph) -> list[Any]:
    online = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    place = {
        "displayName": "Room Four",
        "locationUri": "room@firm.example",
        "locationType": "conferenceRoom",
        "uniqueId": "room@firm.example",
        "uniqueIdType": "directory",
        "address": {"city": "Bonn", "street": "Main 1"},
        "coordinates": {"latitude": 50.7, "longitude": 7},
    }
    midnight = {"start": at("2026-03-04T00:00:00"), "end": at("2026-03-06T00:00:00")}
    return [
        graph.create(),
        graph.create(attendees=invited("ben@firm.example", "all@firm.example"), **online),
        graph.create(attendees=invited("room@firm.example", kind="resource"), location=place),
        graph.create(locations=[place, {"displayName": "Elsewhere"}], categories=["Red category"]),
        graph.create(isAllDay=True, sensitivity="private", **midnight),
        graph.create(recurrence=weekly(), attendees=invited("ben@firm.example")),
        graph.create(body={"contentType": "html", "content": "<p>x</p>"}, transactionId="t-1"),
    ]


def test_events_of_every_kind_agree_with_the_metadata(graph: Graph) -> None:
    created = every_kind_of_event(graph)
    master = created[5]
    instances = graph.get(f"/me/events/{master['id']}/instances?{WINDOW}")
    graph.patch(f"/me/events/{instances['value'][1]['id']}", subject="Moved apart")
    graph.ask("POST", f"/me/events/{created[1]['id']}/cancel", json={"comment": "sorry"})

    for who in ("ann", "ben"):
        listed = graph.get("/me/events?$top=50", who)
        viewed = graph.get(f"/me/calendarView?{WINDOW}&$top=100", who)
        assert problems_of_list("event", listed) == []
        assert problems_of_list("event", viewed) == []
        for event in listed["value"] + viewed["value"]:
            assert problems_of_event(event) == []
            one = graph.get(f"/me/events/{quote(event['id'], safe='')}", who)
            assert problems_of_event(one) == []


def test_answers_to_writing_agree_with_the_metadata(graph: Graph) -> None:
    created = graph.create(attendees=invited("ben@firm.example"))
    changed = graph.patch(
        f"/me/events/{created['id']}",
        categories=["Blue category"],
        location={"displayName": "Here"},
        body={"contentType": "text", "content": "1 < 2"},
    )
    converted = graph.ask(
        "GET",
        f"/me/events/{created['id']}",
        Prefer='outlook.timezone="Asia/Tokyo", outlook.body-content-type="text"',
    ).json()

    for event in (created, changed, converted):
        assert problems_of_event(event) == []


def test_the_other_answers_agree_with_the_metadata(graph: Graph) -> None:
    assert problems("calendar", graph.get("/me/calendar")) == []
    assert problems_of_list("calendar", graph.get("/me/calendars")) == []
    categories = graph.get("/me/outlook/masterCategories")
    assert problems_of_list("outlookCategory", categories) == []
    assert problems_of_list("user", graph.get("/users", "app"), whole=False) == []
    assert problems("user", graph.get("/me"), whole=False) == []
    whole = "id,mail,accountEnabled,userType,proxyAddresses,assignedPlans,createdDateTime"
    user = graph.get(f"/users/ann@firm.example?$select={whole}", "app")
    assert problems("user", user, whole=False) == []
    firm = graph.get("/organization", "app")
    assert problems_of_list("organization", firm, whole=False) == []
