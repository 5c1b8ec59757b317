"""Every quirk of Graph's event JSON has its row here, and garbage has one error."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.adapters.graph_events import SELECT, SELECT_WITH_BODY, parse_event
from backend.domain.errors import RemoteRejectedError
from backend.domain.event import (
    Attendee,
    AttendeeType,
    EventType,
    Location,
    OnlineMeeting,
    Person,
    Sensitivity,
)
from tests.adapters.payloads import an_attendee, an_event


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def at(moment: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": moment, "timeZone": zone}


def test_a_complete_event_becomes_a_value() -> None:
    event = parse_event(an_event())

    assert event.id == "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A="
    assert event.ical_uid == "040000008200E00074C5B7101A82E008"
    assert event.etag == 'W/"qU3PyJwbLk2ME1AW/lSG/AAAfFY3Cg=="'
    assert event.subject == "Quarterly review"
    assert (event.start, event.end) == (utc(2026, 3, 1, 9), utc(2026, 3, 1, 10))
    assert event.time_zone == "W. Europe Standard Time"
    assert event.type is EventType.SINGLE_INSTANCE
    assert event.organizer == Person("Ann Lawyer", "ann@firm.example")
    assert event.attendees == (
        Attendee("Ben Client", "ben@client.example", AttendeeType.REQUIRED, "accepted"),
    )
    assert event.categories == ("Blue category",)
    assert event.locations == ()
    assert event.body_text == "Agenda"
    assert event.reminder_minutes == 15
    assert event.online_meeting is None
    assert event.is_organizer
    assert not event.is_cancelled
    assert not event.is_draft
    assert not event.is_private
    assert not event.is_recurring


def test_a_look_without_body_says_so_and_does_not_ask_for_it() -> None:
    assert parse_event(an_event(body=...)).body_text is None
    assert "body" not in SELECT.split(",")
    assert set(SELECT_WITH_BODY.split(",")) == {*SELECT.split(","), "body"}


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2026-02-03T09:12:44Z", utc(2026, 2, 3, 9, 12, 44)),
        ("2026-02-03T09:12:44.1Z", utc(2026, 2, 3, 9, 12, 44, 100_000)),
        ("2026-02-03T09:12:44.55Z", utc(2026, 2, 3, 9, 12, 44, 550_000)),
        ("2026-02-03T09:12:44.103491Z", utc(2026, 2, 3, 9, 12, 44, 103_491)),
        ("2026-02-03T09:12:44.1034919Z", utc(2026, 2, 3, 9, 12, 44, 103_491)),
        ("2026-02-03T09:12:44+00:00", utc(2026, 2, 3, 9, 12, 44)),
        ("0001-01-01T00:00:00Z", utc(1, 1, 1)),
        (None, utc(1, 1, 1)),
    ],
)
def test_time_stamps_have_none_to_seven_fractional_digits(
    stamp: str | None, moment: datetime
) -> None:
    event = parse_event(an_event(createdDateTime=stamp, lastModifiedDateTime=None))

    assert event.created_at == event.modified_at == moment


@pytest.mark.parametrize(
    "name",
    ["UTC", "utc", "Etc/UTC", "GMT", "tzone://Microsoft/Utc"],
)
def test_start_and_end_in_utc_keep_their_clock(name: str) -> None:
    event = parse_event(an_event(start=at("2026-03-01T09:00:00.0000000", name)))

    assert event.start == utc(2026, 3, 1, 9)


def test_a_zone_we_never_asked_for_is_converted_where_it_has_a_standard_name() -> None:
    event = parse_event(
        an_event(
            start=at("2026-07-01T09:00:00", "Europe/Zurich"),
            end=at("2026-07-01T10:00", "Europe/Zurich"),
        )
    )

    assert (event.start, event.end) == (utc(2026, 7, 1, 7), utc(2026, 7, 1, 8))


@pytest.mark.parametrize(
    ("zone", "wall", "in_utc"),
    [
        ("W. Europe Standard Time", ("2026-07-01T09:00:00", "2026-07-01T10:00:00"), ("07", "08")),
        ("eastern standard time", ("2026-01-15T09:00:00", "2026-01-15T10:00:00"), ("14", "15")),
        ("Eastern Standard Time", ("2026-07-15T09:00:00", "2026-07-15T10:00:00"), ("13", "14")),
        # South of the equator January is summer.
        ("AUS Eastern Standard Time", ("2026-01-15T09:00:00", "2026-01-15T10:00:00"), ("22", "23")),
        ("AUS Eastern Standard Time", ("2026-07-15T09:00:00", "2026-07-15T10:00:00"), ("23", "00")),
        ("India Standard Time", ("2026-07-15T09:30:00", "2026-07-15T10:30:00"), ("04", "05")),
        # The hour that is not: clocks jump from 02:00 to 03:00.
        ("W. Europe Standard Time", ("2026-03-29T02:30:00", "2026-03-29T03:30:00"), ("01", "01")),
        # The hour that is twice: it ends in the second of the two.
        ("W. Europe Standard Time", ("2026-10-25T02:45:00", "2026-10-25T02:15:00"), ("00", "01")),
        ("America/New_York", ("2026-11-01T01:30:00", "2026-11-01T01:00:00"), ("05", "06")),
    ],
)
def test_wall_clocks_of_windows_and_iana_zones_become_utc(
    zone: str, wall: tuple[str, str], in_utc: tuple[str, str]
) -> None:
    event = parse_event(an_event(start=at(wall[0], zone), end=at(wall[1], zone)))

    assert (f"{event.start:%H}", f"{event.end:%H}") == in_utc
    assert event.start <= event.end


def test_a_place_without_a_name_is_told_by_its_street() -> None:
    address = {"street": "Bahnhofstr. 1", "postalCode": "8001", "city": "Zürich"}
    location = {"displayName": "", "locationType": "streetAddress", "address": address}

    event = parse_event(an_event(location=location, locations=[location]))

    assert event.locations == (Location("Bahnhofstr. 1, 8001 Zürich"),)


ZOOM = "https://us02web.zoom.us/j/84512345678?pwd=abc"


@pytest.mark.parametrize(
    "members",
    [
        {"location": {"displayName": ZOOM}},
        {"location": {"displayName": f"Zoom, {ZOOM}."}},
        {"locations": [{"displayName": "Zoom", "locationUri": ZOOM}]},
        {"body": {"contentType": "html", "content": f'<p><a href="{ZOOM}">Join</a></p>'}},
        {"body": {"contentType": "text", "content": f"Join Zoom Meeting\n{ZOOM}\n"}},
        {"isOnlineMeeting": True, "location": {"displayName": ZOOM}},
    ],
)
def test_a_join_address_of_another_service_is_found_where_it_was_written(
    members: dict[str, Any],
) -> None:
    assert parse_event(an_event(**members)).online_meeting == OnlineMeeting("zoom", ZOOM)


def test_graphs_own_join_address_goes_before_one_in_the_text() -> None:
    event = parse_event(
        an_event(
            isOnlineMeeting=True,
            onlineMeetingProvider="teamsForBusiness",
            onlineMeeting={"joinUrl": TEAMS},
            location={"displayName": ZOOM},
        )
    )

    assert event.online_meeting == OnlineMeeting("teamsForBusiness", TEAMS)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        # As documented: midnight UTC of the day itself, whatever the organizer's zone.
        ("2026-03-01T00:00:00.0000000", "2026-03-02T00:00:00.0000000", (1, 2)),
        ("2026-03-01T00:00:00.0000000", "2026-03-04T00:00:00.0000000", (1, 4)),
        # Nobody promises it. A converted midnight of Zürich, New York and Auckland:
        ("2026-02-28T23:00:00.0000000", "2026-03-01T23:00:00.0000000", (1, 2)),
        ("2026-03-01T05:00:00.0000000", "2026-03-02T05:00:00.0000000", (1, 2)),
        ("2026-02-28T12:00:00.0000000", "2026-03-01T12:00:00.0000000", (1, 2)),
        # An end on the day itself still covers that day.
        ("2026-03-01T00:00:00.0000000", "2026-03-01T00:00:00.0000000", (1, 2)),
    ],
)
def test_all_day_events_are_dates_that_never_shift(
    start: str, end: str, days: tuple[int, int]
) -> None:
    event = parse_event(an_event(isAllDay=True, start=at(start), end=at(end)))

    assert (event.start_date, event.end_date) == (date(2026, 3, days[0]), date(2026, 3, days[1]))
    assert (event.start, event.end) == (utc(2026, 3, days[0]), utc(2026, 3, days[1]))


def test_an_all_day_event_in_another_zone_shows_its_wall_date() -> None:
    event = parse_event(
        an_event(
            isAllDay=True,
            start=at("2026-03-01T00:00:00", "W. Europe Standard Time"),
            end=at("2026-03-02T00:00:00", "W. Europe Standard Time"),
        )
    )

    assert (event.start_date, event.end_date) == (date(2026, 3, 1), date(2026, 3, 2))


@pytest.mark.parametrize(
    ("original", "zone"),
    [
        ("W. Europe Standard Time", "W. Europe Standard Time"),
        ("Europe/Zurich", "Europe/Zurich"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("tzone://Microsoft/Custom", None),
        ("Customized Time Zone", None),
        ("(UTC+01:00) Amsterdam, Berlin, Bern", "(UTC+01:00) Amsterdam, Berlin, Bern"),
        ("", None),
        (None, None),
    ],
)
def test_the_original_zone_is_kept_where_its_rules_are_known(
    original: str | None, zone: str | None
) -> None:
    assert parse_event(an_event(originalStartTimeZone=original)).time_zone == zone


@pytest.mark.parametrize(
    ("word", "sensitivity"),
    [
        ("normal", Sensitivity.NORMAL),
        ("personal", Sensitivity.PERSONAL),
        ("private", Sensitivity.PRIVATE),
        ("confidential", Sensitivity.CONFIDENTIAL),
        ("topSecret", Sensitivity.PRIVATE),
        ("", Sensitivity.PRIVATE),
    ],
)
def test_a_sensitivity_we_do_not_know_is_private(word: str, sensitivity: Sensitivity) -> None:
    assert parse_event(an_event(sensitivity=word)).sensitivity is sensitivity


@pytest.mark.parametrize("word", ["occurrence", "exception", "seriesMaster", "somethingNew", None])
def test_whatever_is_not_surely_single_counts_as_recurring(word: str | None) -> None:
    assert parse_event(an_event(type=word)).is_recurring


def test_null_members_take_the_side_that_stores_less() -> None:
    names = (
        "subject iCalUId changeKey @odata.etag createdDateTime lastModifiedDateTime isAllDay type "
        "isOrganizer isCancelled isDraft organizer attendees hideAttendees categories location "
        "locations showAs importance isReminderOn reminderMinutesBeforeStart isOnlineMeeting "
        "onlineMeetingProvider onlineMeeting onlineMeetingUrl webLink body originalStartTimeZone"
    )

    event = parse_event(an_event(**dict.fromkeys(names.split())))

    assert (event.subject, event.ical_uid, event.change_key, event.etag) == ("", None, "", "")
    assert not event.is_organizer
    assert event.organizer is None
    assert (event.attendees, event.categories, event.locations) == ((), (), ())
    assert (event.show_as, event.importance) == ("busy", "normal")
    assert event.reminder_minutes is None
    assert event.body_text is None


def test_a_missing_etag_is_the_change_keys() -> None:
    event = parse_event(an_event(**{"@odata.etag": ..., "changeKey": "abc=="}))

    assert event.etag == 'W/"abc=="'


@pytest.mark.parametrize(
    ("organizer", "person"),
    [
        (
            {"emailAddress": {"name": "Ann", "address": "ann@x.example"}},
            Person("Ann", "ann@x.example"),
        ),
        ({"emailAddress": {"name": "Ann"}}, Person("Ann", "")),
        ({"emailAddress": {"name": None, "address": None}}, None),
        ({"emailAddress": None}, None),
        ({}, None),
    ],
)
def test_an_organizer_may_be_missing_in_whole_or_part(organizer: Any, person: Any) -> None:
    assert parse_event(an_event(organizer=organizer)).organizer == person


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (" Ben@Client.example ", "Ben@Client.example"),
        ("SMTP:ben@client.example", "ben@client.example"),
        ("/O=EXCHANGELABS/OU=GROUP/CN=RECIPIENTS/CN=BEN", ""),
        ("EX:/o=ExchangeLabs/cn=ben", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_an_attendees_address_is_an_address_or_nothing(address: str | None, kept: str) -> None:
    event = parse_event(an_event(attendees=[an_attendee(address)]))

    assert event.attendees[0] == Attendee("Ben Client", kept, AttendeeType.REQUIRED, "accepted")


def test_attendees_with_unknown_words_are_kept_and_empty_ones_left_out() -> None:
    attendees = [
        an_attendee(type="observer", response="maybe"),
        an_attendee(type="resource", response="tentativelyAccepted"),
        an_attendee(type="optional", response="none"),
        an_attendee(None, None),
        {},
        None,
    ]

    event = parse_event(an_event(attendees=attendees))

    assert [(a.type.value, a.response) for a in event.attendees] == [
        ("required", "none"),
        ("resource", "tentativelyAccepted"),
        ("optional", "none"),
    ]


def test_five_hundred_attendees_are_all_there() -> None:
    attendees = [an_attendee(f"p{n}@client.example") for n in range(500)]

    assert len(parse_event(an_event(attendees=attendees)).attendees) == 500


ROOM = {
    "displayName": "Room 4",
    "locationUri": "room4@firm.example",
    "locationType": "conferenceRoom",
    "uniqueId": "room4@firm.example",
    "uniqueIdType": "directory",
    "address": {},
    "coordinates": {},
}


@pytest.mark.parametrize(
    ("location", "locations", "places"),
    [
        (ROOM, [ROOM], (Location("Room 4", "room4@firm.example", True),)),
        (ROOM, [], (Location("Room 4", "room4@firm.example", True),)),
        ({"displayName": "Café"}, None, (Location("Café"),)),
        (
            {"displayName": "a"},
            [{"displayName": "a"}, ROOM],
            (Location("a"), Location("Room 4", "room4@firm.example", True)),
        ),
        (ROOM, [ROOM, ROOM], (Location("Room 4", "room4@firm.example", True),)),
        (
            {"displayName": "Bank", "locationType": "localBusiness", "uniqueId": "bing-17"},
            [],
            (Location("Bank"),),
        ),
        ({"displayName": "", "address": {}}, [], ()),
        (None, None, ()),
    ],
)
def test_places_and_rooms(location: Any, locations: Any, places: tuple[Location, ...]) -> None:
    assert parse_event(an_event(location=location, locations=locations)).locations == places


TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting"


@pytest.mark.parametrize(
    ("members", "meeting"),
    [
        (
            {
                "isOnlineMeeting": True,
                "onlineMeetingProvider": "teamsForBusiness",
                "onlineMeeting": {"joinUrl": TEAMS},
            },
            OnlineMeeting("teamsForBusiness", TEAMS),
        ),
        (
            {"onlineMeetingUrl": "https://meet.lync.com/x"},
            OnlineMeeting("skypeForBusiness", "https://meet.lync.com/x"),
        ),
        (
            {"onlineMeetingUrl": "https://sip.firm.example/x"},
            OnlineMeeting("unknown", "https://sip.firm.example/x"),
        ),
        ({"isOnlineMeeting": True, "onlineMeeting": None}, OnlineMeeting("unknown", None)),
        (
            {"isOnlineMeeting": True, "onlineMeetingProvider": "zoomForBusiness"},
            OnlineMeeting("unknown", None),
        ),
        (
            {"isOnlineMeeting": True, "onlineMeeting": {"joinUrl": "javascript:alert(1)"}},
            OnlineMeeting("unknown", None),
        ),
        ({"onlineMeetingUrl": "https://[broken"}, None),
        ({}, None),
    ],
)
def test_online_meetings(members: dict[str, Any], meeting: OnlineMeeting | None) -> None:
    assert parse_event(an_event(**members)).online_meeting == meeting


@pytest.mark.parametrize(
    ("is_on", "minutes", "kept"),
    [(True, 15, 15), (True, 0, 0), (False, 15, None), (True, -5, None), (True, True, None)],
)
def test_a_reminder_counts_only_when_it_is_on(is_on: bool, minutes: Any, kept: Any) -> None:
    event = parse_event(an_event(isReminderOn=is_on, reminderMinutesBeforeStart=minutes))

    assert event.reminder_minutes == kept


def test_categories_are_kept_to_the_letter_as_they_are_written_back() -> None:
    names = ["Red category", " spaced ", "RED CATEGORY", "", "Mandat 🗂, vertraulich"]

    assert parse_event(an_event(categories=names)).categories == tuple(names)


def test_properties_of_tomorrow_are_ignored() -> None:
    assert parse_event(an_event(occurrenceId="OID.1", uid="x", weather={"a": [1]})) == parse_event(
        an_event()
    )


def test_nul_characters_do_not_reach_the_database() -> None:
    attendees = [an_attendee(name="B\x00en")]

    event = parse_event(an_event(subject="a\x00b", attendees=attendees))

    assert event.subject == "ab"
    assert event.attendees[0].name == "Ben"


def test_a_subject_of_ten_thousand_characters_is_kept() -> None:
    subject = "\u202e🗓 <b>" * 2_000

    assert parse_event(an_event(subject=subject)).subject == subject


@pytest.mark.parametrize(
    "members",
    [
        {"id": ...},
        {"id": ""},
        {"id": 7},
        {"id": "a\x00b"},
        {"start": ...},
        {"start": None},
        {"start": {}},
        {"start": {"dateTime": "2026-03-01T09:00:00"}},
        {"start": at("tomorrow")},
        {"start": at("2026-02-30T09:00:00")},
        {"start": at("2026-03-01T24:00:00")},
        {"start": at("2026-03-01T09:00:00", "Middle Earth Standard Time")},
        {"start": at("2026-03-01T09:00:00", "tzone://Microsoft/Custom")},
        {"start": at("2026-03-01T09:00:00", "../../etc/passwd")},
        {"start": at("2026-03-01T09:00:00", "a" * 5_000)},
        {"end": at("2026-03-01T08:59:59")},
        {"isAllDay": True, "end": at("9999-12-31T23:00:00")},
        {"start": at("0001-01-01T00:00:00", "Asia/Tokyo")},
        {"createdDateTime": "yesterday"},
        {"sensitivity": ...},
        {"sensitivity": None},
        {"sensitivity": 3},
        {"categories": "Red"},
        {"categories": ["Red", None]},
    ],
)
def test_what_cannot_be_decided_upon_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(RemoteRejectedError) as caught:
        parse_event(an_event(**members))

    assert caught.value.remote_code == "unreadable_event"
    assert caught.value.system == "graph"


@pytest.mark.parametrize("raw", [None, [], {}, "x", 7, {"error": {"code": "x"}}, {"value": []}])
def test_what_is_no_event_is_refused(raw: Any) -> None:
    with pytest.raises(RemoteRejectedError):
        parse_event(raw)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_TIMES = st.builds(
    at,
    st.text() | st.datetimes().map(lambda d: d.isoformat()),
    st.sampled_from(["UTC", "Europe/Zurich", "Asia/Tokyo"]) | st.text(),
)


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from(sorted(an_event())), _JSON | _TIMES),
    st.booleans(),
)
def test_no_payload_raises_anything_but_an_error_of_ours(
    members: dict[str, Any], all_day: bool
) -> None:
    raw = {**an_event(isAllDay=all_day), **members}

    try:
        event = parse_event(raw)
    except RemoteRejectedError:
        return

    assert event.start <= event.end
    assert event.start.tzinfo is not None
    assert (event.start_date is None) == (not event.all_day)


@given(st.binary(max_size=200))
def test_no_bytes_that_are_json_raise_anything_but_an_error_of_ours(content: bytes) -> None:
    try:
        raw = orjson.loads(content)
    except orjson.JSONDecodeError:
        return

    with pytest.raises(RemoteRejectedError):
        parse_event(raw)
