"""Changing events: whole arrays, versions, If-Match, what is mailed and what is not."""

from typing import Any

import pytest

from tests.support.firm import Graph, an_event, at, invited


def test_a_patch_replaces_arrays_whole_and_answers_the_whole_event(graph: Graph) -> None:
    created = graph.create(categories=["Blue category", "Matter 1"])
    graph.firm.clock.advance(seconds=1)

    changed = graph.patch(f"/me/events/{created['id']}", categories=["Ours"])

    assert changed["categories"] == ["Ours"]
    assert set(changed) == set(created)
    for name in ("changeKey", "@odata.etag", "lastModifiedDateTime"):
        assert changed[name] != created[name]
    assert changed["createdDateTime"] == created["createdDateTime"]


def test_a_categories_only_patch_mails_nobody_and_stays_in_its_copy(graph: Graph) -> None:
    created = graph.create(attendees=invited("ben@firm.example"))
    ben = graph.get("/me/events", "ben")["value"][0]
    sent = graph.firm.mails()

    graph.patch(f"/me/events/{created['id']}", categories=["Ours"])
    graph.patch(f"/me/events/{ben['id']}", "ben", categories=["Ben's"])

    assert graph.firm.mails() == sent
    assert graph.get(f"/me/events/{created['id']}")["categories"] == ["Ours"]
    assert graph.get(f"/me/events/{ben['id']}", "ben")["categories"] == ["Ben's"]


def test_a_stale_etag_is_refused_or_ignored_as_the_personality_says(graph: Graph) -> None:
    created = graph.create()
    path = f"/me/events/{created['id']}"
    stale = created["@odata.etag"]
    fresh = graph.ask("PATCH", path, json={"categories": ["1"]}, If_Match=stale)

    refused = graph.code("PATCH", path, json={"categories": ["2"]}, If_Match=stale)
    graph.firm.personality.if_match = "ignore"
    ignored = graph.ask("PATCH", path, json={"categories": ["3"]}, If_Match=stale)

    assert fresh.status_code == 200
    assert refused == (412, "ErrorIrresolvableConflict")
    assert ignored.json()["categories"] == ["3"]


def test_times_have_seven_digits_and_follow_the_preferred_zone(graph: Graph) -> None:
    created = graph.create(
        start=at("2026-07-01T09:00:00", "W. Europe Standard Time"),
        end=at("2026-07-01T10:00", "Europe/Berlin"),
    )

    in_tokyo = graph.get(f"/me/events/{created['id']}", Prefer='outlook.timezone="Asia/Tokyo"')
    unknown = graph.code("GET", "/me/events", Prefer='outlook.timezone="Mars"')

    assert created["start"] == at("2026-07-01T07:00:00.0000000")
    assert created["originalStartTimeZone"] == "W. Europe Standard Time"
    assert in_tokyo["start"] == at("2026-07-01T16:00:00.0000000", "Asia/Tokyo")
    assert unknown == (400, "TimeZoneNotSupportedException")


def test_all_day_events_are_dates(graph: Graph) -> None:
    zone = "W. Europe Standard Time"
    day = {"start": at("2026-07-01T00:00:00", zone), "end": at("2026-07-02T00:00:00", zone)}
    created = graph.create(isAllDay=True, **day)

    assert created["start"] == at("2026-07-01T00:00:00.0000000")
    not_midnight = an_event(isAllDay=True)
    code = graph.code("POST", "/me/events", json=not_midnight)
    assert code == (400, "ErrorPropertyValidationFailure")


def test_the_body_comes_as_html_or_text(graph: Graph) -> None:
    body = {"contentType": "html", "content": "<p>Hello <b>you</b></p><script>x()</script>"}
    created = graph.create(body=body)

    answer = graph.ask(
        "GET", f"/me/events/{created['id']}", Prefer='outlook.body-content-type="text"'
    )

    assert created["body"]["contentType"] == "html"
    assert answer.json()["body"] == {"contentType": "text", "content": "Hello you"}
    assert answer.headers["Preference-Applied"] == 'outlook.body-content-type="text"'
    assert created["bodyPreview"] == "Hello you"


def test_location_and_locations_correspond(graph: Graph) -> None:
    created = graph.create(locations=[{"displayName": "A"}, {"displayName": "B"}])
    changed = graph.patch(f"/me/events/{created['id']}", location={"displayName": "C"})

    assert created["location"]["displayName"] == "A; B"
    assert [place["displayName"] for place in changed["locations"]] == ["C"]


def test_an_online_meeting_stops_being_one_when_its_block_is_lost(graph: Graph) -> None:
    created = graph.create(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    path = f"/me/events/{created['id']}"

    switched = graph.patch(path, isOnlineMeeting=False)
    rewritten = graph.patch(path, body={"contentType": "html", "content": "<p>new</p>"})

    assert created["onlineMeeting"]["joinUrl"] in created["body"]["content"]
    assert switched["isOnlineMeeting"] is True
    assert (rewritten["isOnlineMeeting"], rewritten["onlineMeeting"]) == (False, None)


def test_the_same_transaction_id_is_taken_once(graph: Graph) -> None:
    graph.create(transactionId="once")

    refusal = graph.code("POST", "/me/events", json=an_event(transactionId="once"))

    assert refusal == (409, "ErrorDuplicateTransactionId")


def test_a_deleted_event_answers_as_the_personality_says(graph: Graph) -> None:
    created = graph.create()
    path = f"/me/events/{created['id']}"
    immutable = graph.get(path, Prefer='IdType="ImmutableId"')["id"]

    assert graph.ask("DELETE", path).status_code == 204
    assert graph.code("GET", f"/me/events/{immutable}") == (404, "ErrorItemNotFound")
    graph.firm.personality.deleted_get = "200"
    kept = graph.get(f"/me/events/{immutable}")

    assert kept["id"] != created["id"]
    assert graph.code("GET", path) == (404, "ErrorItemNotFound")
    assert graph.get("/me/events")["value"] == []


def test_what_a_person_makes_appears_in_graph_after_the_lag(graph: Graph) -> None:
    from tests.support.firm import BY_HAND

    firm = graph.firm
    firm.personality.get_lag = 30.0
    made = firm.exchange.create_event(firm.ann, an_event(), BY_HAND)

    before = graph.code("GET", f"/me/events/{made.id}")
    by_app = graph.create()
    firm.clock.advance(seconds=31)

    assert before == (404, "ErrorItemNotFound")
    assert graph.get(f"/me/events/{made.id}")["id"] == made.id
    assert graph.get(f"/me/events/{by_app['id']}")["id"] == by_app["id"]


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"subject": 7}, "RequestBodyRead"),
        ({"nonsense": 1}, "RequestBodyRead"),
        ({"categories": "x"}, "RequestBodyRead"),
        ({"categories": [1]}, "RequestBodyRead"),
        ({"importance": "huge"}, "RequestBodyRead"),
        ({"start": at("2030-01-01T00:00:00")}, "ErrorPropertyValidationFailure"),
        ({"start": at("yesterday")}, "ErrorPropertyValidationFailure"),
        ({"start": at("0001-01-01T00:00:00", "Asia/Tokyo")}, "ErrorPropertyValidationFailure"),
        ({"start": at("2026-01-01T00:00:00", "../etc")}, "TimeZoneNotSupportedException"),
        ({"attendees": [{"emailAddress": {}}]}, "ErrorPropertyValidationFailure"),
        ({"attendees": invited(*["x@y.example"] * 501)}, "ErrorPropertyValidationFailure"),
        ({"recurrence": {"pattern": {}, "range": {}}}, "RequestBodyRead"),
        ({"location": {"coordinates": {"latitude": "north"}}}, "RequestBodyRead"),
        ({"reminderMinutesBeforeStart": 2**40}, "ErrorPropertyValidationFailure"),
    ],
)
def test_bad_values_are_refused_and_change_nothing(graph: Graph, patch: Any, code: str) -> None:
    created = graph.create()
    path = f"/me/events/{created['id']}"

    assert graph.code("PATCH", path, json=patch) == (400, code)
    assert graph.get(path) == created


def test_hostile_texts_come_back_as_they_went_in(graph: Graph) -> None:
    subject = "\u202eevil \U0001f4a3 <script>alert(1)</script> " + "x" * 10_000
    created = graph.create(subject=subject, categories=[subject[:100], "a,b;c"])

    assert graph.get(f"/me/events/{created['id']}")["subject"] == subject
