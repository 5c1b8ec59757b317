"""Calendars: made, renamed, removed, listed in their group, shared with delegates."""

from typing import Any

import pytest

from tests.support.firm import Graph, at
from tests.support.graph_types import problems_of_list


def test_a_calendar_is_made_used_renamed_and_removed_with_what_is_in_it(graph: Graph) -> None:
    made = graph.ask("POST", "/me/calendars", json={"name": "Trials", "color": "LightRed"})
    calendar = made.json()
    event = graph.create(path=f"/me/calendars/{calendar['id']}/events")

    renamed = graph.patch(f"/me/calendars/{calendar['id']}", name="Hearings")
    removed = graph.ask("DELETE", f"/me/calendars/{calendar['id']}")

    assert made.status_code == 201
    assert (calendar["isDefaultCalendar"], calendar["color"]) == (False, "lightRed")
    assert renamed["name"] == "Hearings"
    assert removed.status_code == 204
    assert graph.code("GET", f"/me/events/{event['id']}") == (404, "ErrorItemNotFound")
    assert [each["name"] for each in graph.get("/me/calendars")["value"]] == ["Calendar"]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (400, "RequestBodyRead")),
        ({"name": 7}, (400, "RequestBodyRead")),
        ({"name": " "}, (400, "ErrorInvalidRequest")),
        ({"name": "x" * 300}, (400, "ErrorInvalidRequest")),
        ({"name": "CALENDAR"}, (409, "ErrorFolderExists")),
        ({"name": "Fine", "color": "purple"}, (400, "RequestBodyRead")),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(graph: Graph, body: Any, refusal: Any) -> None:
    assert graph.code("POST", "/me/calendars", json=body) == refusal
    assert len(graph.get("/me/calendars")["value"]) == 1


def test_the_default_calendar_stays_what_it_is(graph: Graph) -> None:
    calendar = graph.get("/me/calendar")

    assert graph.code("DELETE", f"/me/calendars/{calendar['id']}")[0] == 400
    assert graph.code("PATCH", "/me/calendar", json={"name": "Mine"})[0] == 400
    assert graph.patch("/me/calendar", color="lightBlue")["color"] == "lightBlue"


def test_a_removed_calendars_id_does_not_come_back_for_a_living_one(graph: Graph) -> None:
    first, second = (
        graph.ask("POST", "/me/calendars", json={"name": name}).json() for name in ("A", "B")
    )
    graph.ask("DELETE", f"/me/calendars/{first['id']}")

    third = graph.ask("POST", "/me/calendars", json={"name": "C"}).json()

    assert third["id"] != second["id"]
    assert len(graph.get("/me/calendars")["value"]) == 3


def test_the_calendar_group_leads_to_the_same_calendars(graph: Graph) -> None:
    group = graph.get("/me/calendarGroups")["value"][0]
    path = f"/me/calendarGroups/{group['id']}"

    assert graph.get(path)["name"] == "My Calendars"
    assert graph.get(f"{path}/calendars")["value"] == graph.get("/me/calendars")["value"]
    assert graph.code("GET", "/me/calendarGroups/other/calendars") == (404, "ErrorItemNotFound")


def test_a_delegate_lists_and_reads_the_calendars_he_was_given(graph: Graph) -> None:
    graph.create(subject="Secret", sensitivity="private")

    cleo = graph.get("/users/ann@firm.example/calendars", "cleo")
    dan = graph.get("/users/ann@firm.example/calendars", "dan")

    assert problems_of_list("calendar", cleo) == []
    rights = [
        (each["canEdit"], each["canViewPrivateItems"]) for each in (cleo["value"] + dan["value"])
    ]
    assert rights == [(True, False), (False, True)]
    assert graph.code("GET", "/users/ann@firm.example/calendars", "eve")[0] == 403
    events = [graph.get("/users/ann@firm.example/events", who)["value"] for who in ("cleo", "dan")]
    assert [each["subject"] for rows in events for each in rows] == [
        "Private Appointment",
        "Secret",
    ]


def test_permissions_of_a_calendar_name_its_delegates(graph: Graph) -> None:
    rows = graph.get("/me/calendar/calendarPermissions")["value"]

    assert [(row["emailAddress"]["name"], row["role"]) for row in rows] == [
        ("My Organization", "freeBusyRead"),
        ("Cleo Aide", "delegateWithoutPrivateEventAccess"),
        ("Dan Aide", "read"),
    ]


def test_a_read_only_delegate_and_a_reading_app_make_no_calendar(graph: Graph) -> None:
    path, body = "/users/ann@firm.example/calendars", {"name": "Mine"}

    assert graph.code("POST", path, "dan", json=body) == (403, "ErrorAccessDenied")
    assert graph.code("POST", path, "app:Calendars.Read", json=body) == (403, "ErrorAccessDenied")
    assert graph.ask("POST", path, "cleo", json=body).status_code == 201


def test_a_delegates_meeting_is_the_owners(graph: Graph) -> None:
    event = graph.create("cleo", "/users/ann@firm.example/events", start=at("2026-03-03T10:00:00"))

    assert event["isOrganizer"] is True
    assert event["organizer"]["emailAddress"]["address"] == "ann@firm.example"
    assert (
        graph.get("/me/calendarView?startDateTime=2026-03-01&endDateTime=2026-03-09", "cleo")[
            "value"
        ]
        == []
    )
