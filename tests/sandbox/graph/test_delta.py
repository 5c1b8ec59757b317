"""calendarView/delta tells a window and what changes in it the way Graph tells it."""

import base64
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.firm import Graph, at, invited, weekly
from tests.support.graph_types import problems, problems_of_event

WINDOW = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-06-01T00:00:00Z"
DELTA = f"/me/calendarView/delta?{WINDOW}"
OUTSIDE = {"start": at("2027-03-03T10:00:00"), "end": at("2027-03-03T11:00:00")}
IMMUTABLE = 'IdType="ImmutableId"'


class Round:
    """All pages of one round."""

    def __init__(self, pages: list[Any]) -> None:
        self.pages = pages
        self.items = [item for page in pages for item in page["value"]]
        self.link = str(pages[-1]["@odata.deltaLink"])

    @property
    def removed(self) -> list[str]:
        """The ids of all removal lines."""
        return [item["id"] for item in self.items if "@removed" in item]

    def types(self) -> list[str]:
        """The kinds of all other lines."""
        return [item["type"] for item in self.items if "@removed" not in item]


def follow(graph: Graph, path: str = DELTA, who: str = "ann", **headers: str) -> Round:
    """One round, link after link."""
    pages = [graph.get(path, who, **headers)]
    while "@odata.nextLink" in pages[-1]:
        pages.append(graph.get(pages[-1]["@odata.nextLink"], who, **headers))
    return Round(pages)


def order(graph: Graph, **fault: Any) -> None:
    """A standing fault of delta."""
    graph.firm.faults.add([{"kind": "delta", **fault}])


def a_series(graph: Graph, **members: Any) -> Any:
    """Mondays at ten from 2 March on, eight of them."""
    times = {"start": at("2026-03-02T10:00:00"), "end": at("2026-03-02T11:00:00")}
    return graph.create(**{**times, "recurrence": weekly(), **members})


def instances(graph: Graph, master: Any) -> list[Any]:
    path = f"/me/events/{master['id']}/instances?{WINDOW}&$top=100"
    found: list[Any] = graph.get(path)["value"]
    return found


# --- a first round ------------------------------------------------------------------------------


def test_a_first_round_has_singles_and_masters_whole_and_occurrences_as_stubs(
    graph: Graph,
) -> None:
    single = graph.create(attendees=invited("ben@firm.example"))
    master = a_series(graph)
    changed = graph.patch(f"/me/events/{instances(graph, master)[2]['id']}", subject="Apart")
    graph.create(**OUTSIDE)

    found = follow(graph)

    by_type: dict[str, list[Any]] = {}
    for item in found.items:
        assert item["@odata.type"] == "#microsoft.graph.event"
        by_type.setdefault(item["type"], []).append(item)
    assert {kind: len(items) for kind, items in by_type.items()} == {
        "singleInstance": 1,
        "seriesMaster": 1,
        "occurrence": 7,
        "exception": 1,
    }
    assert by_type["singleInstance"][0]["id"] == single["id"]
    assert by_type["exception"][0]["id"] == changed["id"]
    assert by_type["seriesMaster"][0]["recurrence"] == master["recurrence"]
    for stub in by_type["occurrence"]:
        assert set(stub) == {
            "@odata.type",
            "@odata.etag",
            "id",
            "seriesMasterId",
            "type",
            "start",
            "end",
        }
        assert stub["seriesMasterId"] == master["id"]
        assert problems("event", stub, whole=False) == []


def test_whole_items_agree_with_the_metadata_and_with_calendar_view(graph: Graph) -> None:
    graph.create(attendees=invited("ben@firm.example"), isOnlineMeeting=True)
    master = a_series(graph)
    graph.patch(f"/me/events/{instances(graph, master)[1]['id']}", subject="Apart")
    viewed = graph.get(f"/me/calendarView?{WINDOW}&$top=100")["value"]
    by_id = {event["id"]: event for event in viewed}

    for item in follow(graph).items:
        if item["type"] == "occurrence":
            continue
        plain = {**item, "@odata.etag": f'W/"{item["changeKey"]}"'}
        del plain["@odata.type"]
        assert problems_of_event(plain) == []
        if item["type"] != "seriesMaster":
            assert plain == by_id[item["id"]]


def test_etags_are_the_long_form_of_the_change_key(graph: Graph) -> None:
    graph.create()

    item = follow(graph).items[0]

    raw = base64.b64decode(item["@odata.etag"].removeprefix('W/"').removesuffix('"'))
    assert len(raw) == 30
    assert raw.startswith(b"\x0f\x00\x00\x00\x16\x00\x00\x00")
    assert raw[8:] == base64.b64decode(item["changeKey"])


def test_each_page_has_one_absolute_link_and_the_last_one_is_the_delta_link(graph: Graph) -> None:
    for number in range(7):
        graph.create(subject=f"Number {number}")

    found = follow(graph, Prefer="odata.maxpagesize=3")

    context = f"{graph.base}/v1.0/$metadata#Collection(event)"
    for page in found.pages:
        links = {"@odata.nextLink", "@odata.deltaLink"} & set(page)
        assert len(links) == 1
        assert set(page) == {"@odata.context", "value", *links}
        assert page["@odata.context"] == context
        assert len(page["value"]) <= 3
    assert len(found.items) == 7
    for page in found.pages[:-1]:
        link = page["@odata.nextLink"]
        assert link.startswith(f"{graph.base}/v1.0/me/calendarView/delta?$skiptoken=")
    assert found.link.startswith(f"{graph.base}/v1.0/me/calendarView/delta?$deltatoken=")


def test_links_name_the_host_that_the_client_believes_it_speaks_to(graph: Graph) -> None:
    path = f"{graph.base}/v1.0{DELTA}"

    page = graph.get(path, Host="graph.microsoft.com")

    link = page.get("@odata.nextLink") or page["@odata.deltaLink"]
    assert link.startswith("https://graph.microsoft.com/v1.0/me/calendarView/delta?$")


def test_some_first_rounds_begin_with_an_empty_page_that_has_a_next_link(graph: Graph) -> None:
    graph.create()

    begun = [graph.get(DELTA) for _ in range(12)]

    empty = [page for page in begun if not page["value"]]
    assert 0 < len(empty) < 12
    assert all("@odata.nextLink" in page for page in empty)


def test_all_items_of_a_series_stand_on_one_page(graph: Graph) -> None:
    a_series(graph)
    a_series(graph)

    found = follow(graph, Prefer="odata.maxpagesize=4")

    full = [page["value"] for page in found.pages if page["value"]]
    assert [len(items) for items in full] == [9, 9]


def test_a_series_without_an_instance_in_the_window_is_left_out(graph: Graph) -> None:
    a_series(graph, recurrence=weekly(start="2027-03-01"), **OUTSIDE)

    assert follow(graph).items == []


# --- asking -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/me/calendarView/delta",
        "/me/calendarview/DELTA",
        "/me/calendarView/delta()",
        "/me/calendarView/microsoft.graph.delta()",
        "/me/calendarView/Microsoft.Graph.delta",
        "//me//calendarView/delta()",
        "/me/calendar/calendarView/delta",
        "/users/ann@firm.example/calendarView/delta",
        "/users('ann@firm.example')/calendarView/delta()",
    ],
)
def test_every_spelling_of_the_call_answers_the_same(graph: Graph, path: str) -> None:
    event = graph.create()
    lowered = WINDOW.replace("startDateTime", "startdatetime").replace("endDate", "ENDdate")

    found = follow(graph, f"{path}?{lowered}")

    assert [item["id"] for item in found.items] == [event["id"]]
    assert "/delta?$deltatoken=" in found.link
    assert "//" not in urlsplit(found.link).path


def test_another_calendar_has_a_delta_of_its_own(graph: Graph) -> None:
    mailbox = graph.firm.exchange.mailbox(graph.firm.ann.id)
    other = mailbox.add_calendar("Other")
    graph.create()
    there = graph.create(path=f"/me/calendars/{other.id}/events")

    found = follow(graph, f"/me/calendars/{other.id}/calendarView/delta?{WINDOW}")

    assert [item["id"] for item in found.items] == [there["id"]]
    assert f"/me/calendars/{other.id.replace('=', '%3D')}/calendarView" in found.link or (
        f"/me/calendars/{other.id}/calendarView" in found.link
    )


@pytest.mark.parametrize("option", ["$select=id", "$filter=x", "$orderby=x", "$expand=x"])
def test_options_that_shape_the_answer_are_refused(graph: Graph, option: str) -> None:
    answer = graph.ask("GET", f"{DELTA}&{option}")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "ErrorInvalidUrlQuery"
    assert answer.json()["error"]["message"] == (
        "The following parameters are not supported with change tracking over the 'CalendarView' "
        "resource: '$orderby, $filter, $select, $expand, $search'."
    )


@pytest.mark.parametrize(
    "path",
    [
        "/me/events/delta",
        "/me/events/delta()",
        "/me/calendar/events/microsoft.graph.delta()",
        f"/me/events/delta?{WINDOW}",
    ],
)
def test_events_cannot_be_followed_in_this_version(graph: Graph, path: str) -> None:
    answer = graph.ask("GET", path)

    assert answer.status_code == 400
    assert "not supported against 'microsoft.graph.event'" in answer.json()["error"]["message"]


def test_a_first_request_needs_a_window_of_at_most_five_years(graph: Graph) -> None:
    missing = graph.ask("GET", "/me/calendarView/delta")
    half = graph.ask("GET", "/me/calendarView/delta?startDateTime=2026-03-01T00:00:00Z")
    start = "startDateTime=2026-01-01T00:00:00Z"
    longest = graph.ask("GET", f"/me/calendarView/delta?{start}&endDateTime=2030-12-31T00:00:00Z")
    too_long = graph.ask("GET", f"/me/calendarView/delta?{start}&endDateTime=2030-12-31T00:00:01Z")

    assert missing.status_code == half.status_code == 400
    assert missing.json()["error"]["message"] == (
        "This request requires a time window specified by the query string parameters "
        "StartDateTime and EndDateTime."
    )
    assert longest.status_code == 200
    assert (too_long.status_code, too_long.json()["error"]["code"]) == (400, "ErrorInvalidRequest")


def test_the_answer_tells_that_changes_are_tracked_and_which_wishes_it_heard(
    graph: Graph,
) -> None:
    answer = graph.ask("GET", DELTA, Prefer=f"odata.maxpagesize=3, {IMMUTABLE}")

    applied = answer.headers["Preference-Applied"]
    assert applied.split(", ")[:2] == ["odata.track-changes", "odata.maxpagesize=3"]


def test_only_a_reader_of_the_calendar_may_follow_it(graph: Graph) -> None:
    assert graph.code("GET", DELTA.replace("me", "users/ben@firm.example", 1)) == (
        403,
        "ErrorAccessDenied",
    )
    assert graph.code("GET", DELTA, "ann:User.Read") == (403, "ErrorAccessDenied")
    assert graph.ask("GET", DELTA, "ann:Calendars.Read").status_code == 200
    nobox = DELTA.replace("me", "users/nomad@firm.example", 1)
    assert graph.code("GET", nobox, "app") == (404, "MailboxNotEnabledForRESTAPI")


def test_private_items_are_masked_for_a_delegate_who_may_not_see_them(graph: Graph) -> None:
    graph.create(subject="Secret", sensitivity="private")

    found = follow(graph, DELTA.replace("me", "users/ann@firm.example", 1), "cleo")

    assert [item["subject"] for item in found.items] == ["Private Appointment"]


# --- later rounds -------------------------------------------------------------------------------


def test_a_quiet_round_is_empty_and_gives_a_new_link(graph: Graph) -> None:
    graph.create()
    first = follow(graph)

    second = follow(graph, first.link)

    assert (second.items, len(second.pages)) == ([], 1)
    assert second.link != first.link


def test_new_and_changed_singles_are_told_whole(graph: Graph) -> None:
    event = graph.create()
    link = follow(graph).link
    graph.patch(f"/me/events/{event['id']}", categories=["Red category"])
    fresh = graph.create(subject="New")

    found = follow(graph, link)

    assert [(item["id"], item["categories"]) for item in found.items] == [
        (event["id"], ["Red category"]),
        (fresh["id"], []),
    ]


def test_a_deleted_event_is_a_removal_line_with_nothing_but_its_id(graph: Graph) -> None:
    event = graph.create()
    link = follow(graph).link
    graph.ask("DELETE", f"/me/events/{event['id']}")

    found = follow(graph, link)

    assert found.items == [
        {
            "@odata.type": "#microsoft.graph.event",
            "id": event["id"],
            "@removed": {"reason": "deleted"},
        }
    ]


def test_what_happens_outside_the_window_is_a_removal_line_of_an_unknown_id(graph: Graph) -> None:
    link = follow(graph).link
    outside = graph.create(**OUTSIDE)
    series = a_series(graph, recurrence=weekly(start="2027-03-01"), **OUTSIDE)

    found = follow(graph, link)

    assert set(found.removed) == {outside["id"], series["id"]}
    assert found.types() == []


def test_an_event_moved_out_of_the_window_is_removed_and_one_moved_in_is_told(
    graph: Graph,
) -> None:
    inside, outside = graph.create(), graph.create(**OUTSIDE)
    link = follow(graph).link
    graph.patch(f"/me/events/{inside['id']}", **OUTSIDE)
    graph.patch(
        f"/me/events/{outside['id']}",
        start=at("2026-04-01T10:00:00"),
        end=at("2026-04-01T11:00:00"),
    )

    found = follow(graph, link)

    assert found.removed == [inside["id"]]
    assert [item["id"] for item in found.items if "@removed" not in item] == [outside["id"]]


def test_an_event_moved_to_another_calendar_is_removed_here_and_told_there(graph: Graph) -> None:
    firm = graph.firm
    other = firm.exchange.mailbox(firm.ann.id).add_calendar("Other")
    there_path = f"/me/calendars/{other.id}/calendarView/delta?{WINDOW}"
    event = graph.create()
    here, there = follow(graph).link, follow(graph, there_path).link
    here_immutable = follow(graph, Prefer=IMMUTABLE)

    from tests.support.firm import BY_HAND

    moved = firm.exchange.move_event(firm.ann, event["id"], other.id, BY_HAND)

    assert follow(graph, here).removed == [event["id"]]
    assert [item["id"] for item in follow(graph, there).items] == [moved.id]
    assert moved.id != event["id"]
    assert follow(graph, here_immutable.link, Prefer=IMMUTABLE).removed == [moved.immutable_id]
    assert here_immutable.items[0]["id"] == moved.immutable_id


def test_id_forms_follow_the_header_of_each_call_and_not_the_token(graph: Graph) -> None:
    event = graph.create()
    link = follow(graph, Prefer=IMMUTABLE).link
    graph.patch(f"/me/events/{event['id']}", subject="Other")

    plain = follow(graph, link)
    again = follow(graph, link, Prefer=IMMUTABLE)

    assert plain.items[0]["id"] == event["id"]
    assert again.items[0]["id"] != event["id"]


def test_a_changed_series_is_told_again_with_all_its_items(graph: Graph) -> None:
    master = a_series(graph)
    link = follow(graph).link
    graph.patch(f"/me/events/{master['id']}", subject="Renamed")

    found = follow(graph, link)

    assert found.types() == ["seriesMaster", *["occurrence"] * 8]
    assert found.items[0]["subject"] == "Renamed"


def test_a_shorter_series_loses_the_occurrences_that_are_no_more(graph: Graph) -> None:
    master = a_series(graph)
    lost = [event["id"] for event in instances(graph, master)[5:]]
    link = follow(graph).link
    graph.patch(f"/me/events/{master['id']}", recurrence=weekly(count=5))

    found = follow(graph, link)

    assert found.removed == lost
    assert found.types() == ["seriesMaster", *["occurrence"] * 5]


def test_a_series_that_becomes_a_single_event_loses_its_occurrences(graph: Graph) -> None:
    master = a_series(graph)
    lost = [event["id"] for event in instances(graph, master)]
    link = follow(graph).link
    graph.patch(f"/me/events/{master['id']}", recurrence=None)

    found = follow(graph, link)

    assert found.removed == lost
    assert found.types() == ["singleInstance"]


def test_a_changed_instance_is_told_as_an_exception_with_its_master(graph: Graph) -> None:
    master = a_series(graph)
    link = follow(graph).link
    changed = graph.patch(f"/me/events/{instances(graph, master)[3]['id']}", subject="Apart")

    found = follow(graph, link)

    assert found.types() == ["seriesMaster", "exception"]
    assert (found.items[1]["id"], found.items[1]["subject"]) == (changed["id"], "Apart")


def test_a_deleted_occurrence_is_a_removal_line_beside_its_master(graph: Graph) -> None:
    master = a_series(graph)
    link = follow(graph).link
    gone = instances(graph, master)[3]["id"]
    graph.ask("DELETE", f"/me/events/{gone}")

    found = follow(graph, link)

    assert (found.removed, found.types()) == ([gone], ["seriesMaster"])


def test_a_deleted_series_is_removed_with_every_known_instance(graph: Graph) -> None:
    master = a_series(graph)
    known = {master["id"], *(event["id"] for event in instances(graph, master))}
    link = follow(graph).link
    graph.ask("DELETE", f"/me/events/{master['id']}")

    assert set(follow(graph, link).removed) == known


def test_silent_deletions_leave_only_what_changed_around_them(graph: Graph) -> None:
    graph.firm.personality.removed_line = "silent"
    single, master = graph.create(), a_series(graph)
    moving = graph.create(subject="Moving")
    link = follow(graph).link
    graph.ask("DELETE", f"/me/events/{single['id']}")
    graph.ask("DELETE", f"/me/events/{instances(graph, master)[3]['id']}")
    graph.patch(f"/me/events/{moving['id']}", **OUTSIDE)

    found = follow(graph, link)

    assert found.removed == [moving["id"]]
    assert found.types() == ["seriesMaster"]


def test_masters_may_be_missing_where_they_have_been_seen_missing(graph: Graph) -> None:
    graph.firm.personality.master_line = "missing"
    old = a_series(
        graph,
        recurrence=weekly(start="2026-02-02", count=12),
        start=at("2026-02-02T10:00:00"),
        end=at("2026-02-02T11:00:00"),
    )
    young = a_series(graph)
    first = follow(graph)
    masters = [item["id"] for item in first.items if item["type"] == "seriesMaster"]
    graph.patch(f"/me/events/{instances(graph, young)[3]['id']}", subject="Apart")

    assert masters == [young["id"]]
    assert old["id"] in {item.get("seriesMasterId") for item in first.items}
    assert follow(graph, first.link).types() == ["exception"]


def test_a_new_event_that_graph_does_not_show_yet_is_told_when_it_does(graph: Graph) -> None:
    from tests.support.firm import BY_HAND, an_event

    firm = graph.firm
    link = follow(graph).link
    firm.personality.get_lag = 30
    event = firm.exchange.create_event(firm.ann, an_event(), BY_HAND)

    hidden = follow(graph, link)
    begun = follow(graph)
    firm.clock.advance(seconds=31)

    assert (hidden.items, begun.items) == ([], [])
    assert [item["id"] for item in follow(graph, hidden.link).items] == [event.id]
    assert [item["id"] for item in follow(graph, begun.link).items] == [event.id]


# --- tokens -------------------------------------------------------------------------------------


def test_a_window_beside_a_token_is_ignored(graph: Graph) -> None:
    link = follow(graph).link
    event = graph.create()
    narrow = "startDateTime=2020-01-01T00:00:00Z&endDateTime=2020-01-02T00:00:00Z"

    found = follow(graph, f"{link}&{narrow}")

    assert [item["id"] for item in found.items] == [event["id"]]


def test_only_the_last_three_generations_of_a_chain_can_be_used(graph: Graph) -> None:
    links = [follow(graph).link]
    for _ in range(4):
        links.append(follow(graph, links[-1]).link)

    answers = [graph.ask("GET", link) for link in links[:2]]

    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "SyncStateNotFound")
        assert answer.json()["error"]["message"].startswith(
            "The sync state generation is not found; generation="
        )
        assert answer.json()["error"]["innerError"]["request-id"]
    assert [graph.ask("GET", link).status_code for link in links[-2:]] == [200, 200]


def test_the_links_of_pages_die_as_newer_ones_are_used(graph: Graph) -> None:
    for number in range(8):
        graph.create(subject=f"Number {number}")
    pages = [graph.get(DELTA, Prefer="odata.maxpagesize=1")]
    while "@odata.nextLink" in pages[-1]:
        pages.append(graph.get(pages[-1]["@odata.nextLink"], Prefer="odata.maxpagesize=1"))

    assert graph.code("GET", pages[0]["@odata.nextLink"])[0] == 410
    assert graph.ask("GET", pages[-2]["@odata.nextLink"]).status_code == 200


def test_a_link_used_twice_repeats_what_it_told(graph: Graph) -> None:
    link = follow(graph).link
    event = graph.create()

    assert [item["id"] for item in follow(graph, link).items] == [event["id"]]
    assert [item["id"] for item in follow(graph, link).items] == [event["id"]]


@pytest.mark.parametrize("token", ["x", "", "AAAA", "R0usmc" * 40, "%00", "🙂"])
def test_a_token_that_graph_never_made_is_refused(graph: Graph, token: str) -> None:
    status, code = graph.code("GET", f"/me/calendarView/delta?$deltatoken={token}")

    assert (status, code) in {(400, "SyncStateInvalid"), (400, "ErrorInvalidRequest")}


@given(st.data())
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_damaged_token_is_refused_or_finds_no_state(graph: Graph, data: st.DataObject) -> None:
    link = follow(graph).link
    path, _, token = link.partition("=")
    at_place = data.draw(st.integers(0, len(token) - 1))
    text = data.draw(st.text(max_size=3))
    damaged = f"{path}={quote(token[:at_place] + text + token[at_place + 1 :])}"

    answer = graph.ask("GET", damaged)

    assert answer.status_code in (200, 400, 410)
    if answer.status_code == 200:
        assert damaged == link


def test_a_token_of_another_mailbox_or_calendar_finds_no_state(graph: Graph) -> None:
    other = graph.firm.exchange.mailbox(graph.firm.ann.id).add_calendar("Other")
    token = parse_qs(urlsplit(follow(graph).link).query)["$deltatoken"][0]

    elsewhere = f"/me/calendars/{other.id}/calendarView/delta?$deltatoken={token}"
    assert graph.code("GET", elsewhere) == (410, "SyncStateNotFound")
    foreign = f"/me/calendarView/delta?$deltatoken={token}"
    assert graph.code("GET", foreign, "ben") == (410, "SyncStateNotFound")


# --- on order -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "status", "code"),
    [
        (True, 410, "SyncStateNotFound"),
        ("location", 410, "resyncRequired"),
        ("resync_required", 400, "resyncRequired"),
        ("invalid", 400, "SyncStateInvalid"),
    ],
)
def test_a_token_expires_on_order_for_good(
    graph: Graph, variant: Any, status: int, code: str
) -> None:
    link = follow(graph).link
    order(graph, expire=variant, times=1, match={"user": "ann@firm.example"})

    assert graph.ask("GET", DELTA, "ben").status_code == 200
    assert graph.code("GET", link) == (status, code)
    assert graph.code("GET", link) == (410, "SyncStateNotFound")
    assert follow(graph).items == []


def test_the_location_of_an_expired_token_is_the_first_request_again(graph: Graph) -> None:
    link = follow(graph).link
    event = graph.create()
    order(graph, expire="location")

    again = graph.ask("GET", link).headers["Location"]

    assert again.endswith("&$deltatoken=")
    assert [item["id"] for item in follow(graph, again).items] == [event["id"]]


def test_a_round_is_replayed_on_order(graph: Graph) -> None:
    event = graph.create()
    first = follow(graph)
    order(graph, replay=True, times=1)

    second = follow(graph, first.link)
    other = graph.create()
    third = follow(graph, second.link)
    order(graph, replay=True, times=1)
    fourth = follow(graph, third.link)

    assert [item["id"] for item in second.items] == [event["id"]]
    assert [item["id"] for item in third.items] == [other["id"]]
    assert [item["id"] for item in fourth.items] == [other["id"]]


def test_an_item_comes_twice_on_order(graph: Graph) -> None:
    event = graph.create()
    order(graph, duplicate_item=True)

    assert [item["id"] for item in follow(graph).items] == [event["id"]] * 2


def test_a_page_is_empty_on_order_and_the_round_goes_on(graph: Graph) -> None:
    link = follow(graph).link
    event = graph.create()
    order(graph, empty_page=True, times=2)

    found = follow(graph, link)

    assert [len(page["value"]) for page in found.pages] == [0, 0, 1]
    assert [item["id"] for item in found.items] == [event["id"]]
