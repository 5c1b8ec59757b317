"""Whatever is sent, Graph's answer is an answer: a success or a refusal, never a 500."""

from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.firm import Graph, an_event, at, invited, weekly

MEMBERS = [
    "attendees",
    "body",
    "categories",
    "end",
    "hideAttendees",
    "importance",
    "isAllDay",
    "isOnlineMeeting",
    "isReminderOn",
    "location",
    "locations",
    "onlineMeetingProvider",
    "recurrence",
    "reminderMinutesBeforeStart",
    "responseRequested",
    "sensitivity",
    "showAs",
    "start",
    "subject",
    "transactionId",
    "allowNewTimeProposals",
    "singleValueExtendedProperties",
    "id",
    "organizer",
    "nonsense",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["UTC", "2026-03-03T10:00:00", "0001-01-01T00:00:00", "9999-12-31", "daily"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "dateTime",
                    "timeZone",
                    "content",
                    "contentType",
                    "emailAddress",
                    "address",
                    "name",
                    "type",
                    "pattern",
                    "range",
                    "interval",
                    "daysOfWeek",
                    "startDate",
                    "endDate",
                    "numberOfOccurrences",
                    "index",
                    "month",
                    "dayOfMonth",
                    "displayName",
                    "coordinates",
                    "latitude",
                    "value",
                    "id",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=8,
)
RECURRENCES = st.builds(
    lambda pattern, span: {"pattern": pattern, "range": span},
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                [
                    "daily",
                    "weekly",
                    "absoluteMonthly",
                    "relativeMonthly",
                    "absoluteYearly",
                    "relativeYearly",
                ]
            ),
            "interval": st.integers(1, 999),
        },
        optional={
            "daysOfWeek": st.lists(st.sampled_from(["monday", "sunday", "friday"]), max_size=3),
            "dayOfMonth": st.integers(1, 31),
            "month": st.integers(1, 12),
            "index": st.sampled_from(["first", "second", "third", "fourth", "last"]),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["noEnd", "endDate", "numbered"])},
        optional={
            "startDate": st.dates().map(str),
            "endDate": st.dates().map(str),
            "numberOfOccurrences": st.integers(0, 999),
            "recurrenceTimeZone": st.sampled_from(["UTC", "Asia/Tokyo", "Mars"]),
        },
    ),
)
fuzz = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WINDOW = "startDateTime=2026-01-01&endDateTime=2027-01-01&$top=1000"


@fuzz
@given(patch=st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=5))
def test_any_json_can_be_sent(graph: Graph, patch: dict[str, Any]) -> None:
    created = graph.ask("POST", "/me/events", json=an_event(**patch))
    event = graph.create(attendees=invited("ben@firm.example"), recurrence=weekly(count=3))
    changed = graph.ask("PATCH", f"/me/events/{event['id']}", json=patch)

    assert created.status_code in (201, 400, 409)
    assert changed.status_code in (200, 400)
    for who in ("ann", "ben"):
        assert graph.ask("GET", f"/me/calendarView?{WINDOW}", who).status_code == 200


@fuzz
@given(recurrence=RECURRENCES, day=st.dates().map(str))
def test_any_recurrence_can_be_sent(graph: Graph, recurrence: dict[str, Any], day: str) -> None:
    times = {"start": at(f"{day}T10:00:00"), "end": at(f"{day}T11:00:00")}

    created = graph.ask("POST", "/me/events", json=an_event(recurrence=recurrence, **times))

    assert created.status_code in (201, 400)
    assert graph.ask("GET", f"/me/calendarView?{WINDOW}").status_code == 200
    if created.status_code == 201:
        path = f"/me/events/{created.json()['id']}"
        assert graph.ask("GET", f"{path}/instances?{WINDOW}").status_code == 200
        graph.ask("DELETE", path)


@fuzz
@given(
    segment=st.text(min_size=1, max_size=40),
    options=st.dictionaries(
        st.sampled_from(["$filter", "$select", "$orderby", "$expand", "$top", "startDateTime"]),
        st.text(max_size=40)
        | st.text("()'/:,. abceqnotrd0123456789", max_size=40).map("subject eq ".__add__),
        max_size=3,
    ),
    header=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).map(str.strip),
)
def test_any_path_options_and_headers_can_be_sent(
    graph: Graph, segment: str, options: dict[str, str], header: str
) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in options.items())
    for path in ("/me/events/{}", "/users/{}/events", "/me/events", "/{}", "/me/calendarView"):
        full = path.format(quote(segment, safe="")) + f"?{query}"
        answer = graph.ask("GET", full, Prefer=header, If_Match=header)
        assert answer.status_code < 500, (full, answer.text)
