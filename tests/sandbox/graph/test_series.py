"""Series: instances, exceptions, cancelled occurrences, and their windows."""

from typing import Any

import pytest

from tests.support.firm import Graph, an_event, at, invited, weekly

WINDOW = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z&$top=100"


def instances(graph: Graph, master: Any, who: str = "ann") -> list[Any]:
    found: list[Any] = graph.get(f"/me/events/{master['id']}/instances?{WINDOW}", who)["value"]
    return found


def test_lists_show_masters_and_views_show_instances(graph: Graph) -> None:
    master = graph.create(recurrence=weekly(count=3))

    listed = graph.get("/me/events")["value"]
    viewed = graph.get(f"/me/calendarView?{WINDOW}")["value"]

    assert [event["type"] for event in listed] == ["seriesMaster"]
    assert [event["type"] for event in viewed] == ["occurrence"] * 3
    assert {event["seriesMasterId"] for event in viewed} == {master["id"]}
    assert len({event["iCalUId"] for event in viewed}) == 3
    assert viewed[0]["iCalUId"][32:40] == "07EA0302"
    uids = {event["iCalUId"][:32] + "0" * 8 + event["iCalUId"][40:] for event in viewed}
    assert uids == {master["iCalUId"]}
    assert len(viewed[0]["id"]) == 168


def test_instances_keep_their_wall_clock_time_over_a_change_to_summer(graph: Graph) -> None:
    zone = "W. Europe Standard Time"
    master = graph.create(
        start=at("2026-03-23T09:00:00", zone),
        end=at("2026-03-23T10:00:00", zone),
        recurrence=weekly(count=2, start="2026-03-23"),
    )

    starts = [event["start"]["dateTime"][:16] for event in instances(graph, master)]

    assert starts == ["2026-03-23T08:00", "2026-03-30T07:00"]


def test_touching_an_occurrence_makes_it_an_exception(graph: Graph) -> None:
    master = graph.create(recurrence=weekly(count=3))
    second = instances(graph, master)[1]

    changed = graph.patch(f"/me/events/{second['id']}", categories=["Ours"])
    graph.patch(f"/me/events/{master['id']}", categories=["All"], subject="Renamed")

    assert (changed["type"], changed["id"]) == ("exception", second["id"])
    after = instances(graph, master)
    assert [event["categories"] for event in after] == [["All"], ["Ours"], ["All"]]
    assert {event["subject"] for event in after} == {"Renamed"}
    assert [event["type"] for event in graph.get("/me/events")["value"]] == [
        "seriesMaster",
        "exception",
    ]


def test_a_deleted_occurrence_is_gone_and_named_by_the_master(graph: Graph) -> None:
    master = graph.create(recurrence=weekly(count=3))
    second = instances(graph, master)[1]

    graph.ask("DELETE", f"/me/events/{second['id']}")
    path = f"/me/events/{master['id']}?$select=cancelledOccurrences"

    assert graph.get(path)["cancelledOccurrences"] == [f"OID.{master['id']}.2026-03-09"]
    assert len(instances(graph, master)) == 2
    assert graph.code("GET", f"/me/events/{second['id']}") == (404, "ErrorItemNotFound")


def test_a_master_names_its_exceptions_when_they_are_selected_and_expanded(graph: Graph) -> None:
    master = graph.create(recurrence=weekly(count=3))
    second = instances(graph, master)[1]
    graph.patch(f"/me/events/{second['id']}", subject="Just this one")
    path = f"/me/events/{master['id']}"
    expand = "$expand=exceptionOccurrences"

    both = graph.get(f"{path}?$select=subject,exceptionOccurrences&{expand}")
    inner = graph.get(f"{path}?$select=exceptionOccurrences&{expand}($select=subject)")
    listed = graph.get(f"/me/events?$select=exceptionOccurrences&{expand}")["value"]

    assert [(each["id"], each["type"]) for each in both["exceptionOccurrences"]] == [
        (second["id"], "exception")
    ]
    assert set(inner["exceptionOccurrences"][0]) == {"@odata.etag", "id", "subject"}
    assert "exceptionOccurrences" not in graph.get(f"{path}?{expand}")
    assert all("exceptionOccurrences" not in each for each in listed)


def test_an_occurrence_does_not_pass_its_neighbours(graph: Graph) -> None:
    master = graph.create(recurrence=weekly(count=3))
    second = instances(graph, master)[1]
    body = {"start": at("2026-03-17T10:00:00"), "end": at("2026-03-17T11:00:00")}

    refusal = graph.code("PATCH", f"/me/events/{second['id']}", json=body)

    assert refusal == (400, "ErrorOccurrenceCrossingBoundary")


def test_a_moved_exception_is_found_where_it_went(graph: Graph) -> None:
    master = graph.create(recurrence=weekly(count=3))
    second = instances(graph, master)[1]
    graph.patch(
        f"/me/events/{second['id']}",
        start=at("2026-03-12T15:00:00"),
        end=at("2026-03-12T16:00:00"),
    )
    day = "startDateTime=2026-03-12T00:00:00Z&endDateTime=2026-03-13T00:00:00Z"

    found = graph.get(f"/me/calendarView?{day}")["value"]

    assert [event["type"] for event in found] == ["exception"]
    assert found[0]["originalStart"] == "2026-03-09T10:00:00Z"


def test_changes_of_one_instance_reach_the_attendees_instance(graph: Graph) -> None:
    master = graph.create(recurrence=weekly(count=3), attendees=invited("ben@firm.example"))
    graph.patch(f"/me/events/{instances(graph, master)[1]['id']}", subject="Just this one")
    graph.ask("DELETE", f"/me/events/{instances(graph, master)[2]['id']}")

    ben = graph.get("/me/events", "ben")["value"][0]
    seen = instances(graph, ben, "ben")

    assert [event["subject"] for event in seen] == [
        "Quarterly review",
        "Just this one",
        "Canceled: Quarterly review",
    ]
    assert [event["isCancelled"] for event in seen] == [False, False, True]


@pytest.mark.parametrize(
    ("pattern", "dates"),
    [
        ({"type": "daily", "interval": 2}, ["03-02", "03-04", "03-06"]),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "friday"]},
            ["03-02", "03-06", "03-16"],
        ),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}, ["03-31", "04-30", "05-31"]),
        (
            {
                "type": "relativeMonthly",
                "interval": 1,
                "daysOfWeek": ["tuesday"],
                "index": "last",
            },
            ["03-31", "04-28", "05-26"],
        ),
        ({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 5, "month": 3}, ["03-05"]),
        (
            {
                "type": "relativeYearly",
                "interval": 1,
                "month": 11,
                "daysOfWeek": ["monday"],
                "index": "first",
            },
            ["11-02"],
        ),
    ],
)
def test_every_kind_of_pattern_expands(graph: Graph, pattern: Any, dates: list[str]) -> None:
    span = {"type": "numbered", "startDate": "2026-03-02", "numberOfOccurrences": 3}
    master = graph.create(recurrence={"pattern": pattern, "range": span})

    found = [event["start"]["dateTime"][5:10] for event in instances(graph, master)]

    assert found == dates
    assert master["start"]["dateTime"][5:10] == dates[0]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?startDateTime=2026-01-01",
        "?startDateTime=x&endDateTime=y",
        "?startDateTime=2020-01-01&endDateTime=2026-01-01",
        "?startDateTime=2026-02-01&endDateTime=2026-01-01",
        "?startDateTime=0001-01-01T00:00:00%2B14:00&endDateTime=9999-12-31T00:00:00-14:00",
    ],
)
def test_windows_are_required_and_bounded(graph: Graph, query: str) -> None:
    assert graph.ask("GET", f"/me/calendarView{query}").status_code == 400


def test_an_endless_series_from_long_ago_is_cheap_to_look_at(graph: Graph) -> None:
    pattern = {"type": "daily", "interval": 1}
    span = {"type": "noEnd", "startDate": "1950-01-01"}
    old = at("1950-01-01T10:00:00"), at("1950-01-01T11:00:00")
    graph.create(start=old[0], end=old[1], recurrence={"pattern": pattern, "range": span})

    found = graph.get("/me/calendarView?startDateTime=2026-03-01&endDateTime=2026-03-03")

    assert len(found["value"]) == 2


def test_an_impossible_recurrence_is_refused(graph: Graph) -> None:
    body = an_event(recurrence=weekly(count=0))

    assert graph.code("POST", "/me/events", json=body)[0] == 400
