"""Shared calendars that somebody added: listed, read and changed by ids of his own mailbox."""

from datetime import timedelta
from typing import Any

import pytest

from backend.sandbox.directory import DelegateRights
from backend.sandbox.notifications.model import Subscription
from tests.support.firm import BY_HAND, NOW, TENANT, Graph, an_event, at, invited, weekly
from tests.support.graph_types import problems, problems_of_list

WINDOW = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z"
CLEO_READS = "cleo:Calendars.Read"


def added(graph: Graph, who: str = "cleo", calendar_id: str | None = None) -> dict[str, Any]:
    """The calendar as its sharee lists it, once he added Ann's."""
    firm = graph.firm
    sharee = getattr(firm, who)
    calendar = firm.exchange.shared.accept(sharee, firm.ann, calendar_id)
    found: dict[str, Any] = graph.get(f"/me/calendars/{calendar.id}", who)
    return found


def subjects(graph: Graph, path: str, who: str = "cleo") -> list[str]:
    return [event["subject"] for event in graph.get(path, who)["value"]]


def delta(graph: Graph, link: str, who: str = "cleo") -> tuple[list[dict[str, Any]], str]:
    """All lines of a round and the link of the next one."""
    lines: list[dict[str, Any]] = []
    while True:
        page = graph.get(link, who)
        lines += page["value"]
        if "@odata.deltaLink" in page:
            return lines, page["@odata.deltaLink"]
        link = page["@odata.nextLink"]


# --- listing ------------------------------------------------------------------------------------


def test_an_added_calendar_stands_in_the_sharees_list_with_the_sharer_as_owner(
    graph: Graph,
) -> None:
    before = graph.get("/me/calendars", "cleo")["value"]

    calendar = added(graph)

    listed = graph.get("/me/calendars", "cleo")
    assert problems_of_list("calendar", listed) == []
    assert [each["isDefaultCalendar"] for each in listed["value"]] == [True, False]
    assert before == listed["value"][:1]
    row = listed["value"][1]
    assert {**row, "@odata.context": calendar["@odata.context"]} == calendar
    assert row["name"] == "Ann Lawyer"
    assert row["owner"] == {"name": "Ann Lawyer", "address": "ann@firm.example"}
    assert (row["canShare"], row["isRemovable"], row["isTallyingResponses"]) == (False, True, True)
    assert len(graph.get("/me/calendars")["value"]) == 1


@pytest.mark.parametrize(
    ("who", "rights"),
    [("cleo", (True, False)), ("dan", (False, True)), (CLEO_READS, (False, False))],
)
def test_what_the_sharee_may_do_follows_his_rights_and_his_token(
    graph: Graph, who: str, rights: tuple[bool, bool]
) -> None:
    calendar = added(graph, who.split(":", maxsplit=1)[0])

    seen = graph.get(f"/me/calendars/{calendar['id']}", who)

    assert (seen["canEdit"], seen["canViewPrivateItems"]) == rights


def test_a_further_calendar_is_shared_under_its_own_name_and_counts_no_answers(
    graph: Graph,
) -> None:
    trials = graph.ask("POST", "/me/calendars", json={"name": "Trials"}).json()
    graph.create(path=f"/me/calendars/{trials['id']}/events", subject="Hearing")
    graph.create(subject="Elsewhere")

    calendar = added(graph, "dan", trials["id"])

    assert (calendar["name"], calendar["isTallyingResponses"]) == ("Trials", False)
    assert subjects(graph, f"/me/calendars/{calendar['id']}/events", "dan") == ["Hearing"]


def test_ids_of_the_two_mailboxes_are_not_interchangeable(graph: Graph) -> None:
    event = graph.create()
    calendar = added(graph)
    [local] = graph.get(f"/me/calendars/{calendar['id']}/events", "cleo")["value"]
    original = graph.get("/me/calendar")

    assert local["id"] != event["id"]
    assert calendar["id"] != original["id"]
    assert local["iCalUId"] == event["iCalUId"]
    assert graph.code("GET", f"/me/events/{event['id']}", "cleo")[0] == 404
    assert graph.code("GET", f"/users/ann@firm.example/events/{local['id']}", "cleo")[0] == 404
    assert graph.code("GET", f"/me/calendars/{original['id']}/events", "cleo")[0] == 404
    assert graph.get(f"/me/events/{local['id']}", "cleo")["subject"] == event["subject"]


def test_what_is_not_shared_cannot_be_added(graph: Graph) -> None:
    with pytest.raises(Exception, match="not shared"):
        graph.firm.exchange.shared.accept(graph.firm.eve, graph.firm.ann)
    assert len(graph.get("/me/calendars", "eve")["value"]) == 1


def test_a_calendar_added_twice_is_there_once(graph: Graph) -> None:
    assert added(graph)["id"] == added(graph)["id"]
    assert len(graph.get("/me/calendars", "cleo")["value"]) == 2


# --- reading ------------------------------------------------------------------------------------


def test_events_are_read_through_it_with_scopes_for_the_own_mailbox(graph: Graph) -> None:
    graph.create(subject="Before")
    path = f"/me/calendars/{added(graph)['id']}"

    graph.create(subject="After", start=at("2026-03-04T10:00:00"), end=at("2026-03-04T11:00:00"))

    assert subjects(graph, f"{path}/events", CLEO_READS) == ["Before", "After"]
    assert subjects(graph, f"{path}/calendarView?{WINDOW}", CLEO_READS) == ["Before", "After"]
    [event, _] = graph.get(f"{path}/events", CLEO_READS)["value"]
    one = graph.get(f"{path}/events/{event['id']}", CLEO_READS)
    assert problems("event", one) == []
    assert (one["isOrganizer"], one["organizer"]["emailAddress"]["name"]) == (True, "Ann Lawyer")
    assert subjects(graph, f"/users/cleo@firm.example/calendars/{path[14:]}/events", "app") == [
        "Before",
        "After",
    ]


def test_the_sharees_own_lists_stay_his_own(graph: Graph) -> None:
    event = graph.create(subject="Ann's")
    graph.create("cleo", subject="Cleo's")
    added(graph)

    by_uid = f"/me/events?$filter=iCalUId eq '{event['iCalUId']}'"

    assert subjects(graph, "/me/events", "ann") == ["Ann's"]
    assert subjects(graph, "/me/events", "cleo") == ["Cleo's"]
    assert subjects(graph, f"/me/calendarView?{WINDOW}", "cleo") == ["Cleo's"]
    assert subjects(graph, by_uid, "cleo") == []
    assert {copy.owner_id for copy in graph.firm.exchange.copies_of(event["iCalUId"])} == {
        graph.firm.ann.id
    }


@pytest.mark.parametrize(("who", "sees"), [("cleo", False), ("dan", True)])
def test_private_events_are_masked_for_whoever_may_not_see_them(
    graph: Graph, who: str, sees: bool
) -> None:
    graph.create(subject="Secret", sensitivity="private", categories=["Blue category"])
    calendar = added(graph, who)
    path = f"/me/calendars/{calendar['id']}"

    [listed] = graph.get(f"{path}/events", who)["value"]
    [viewed] = graph.get(f"{path}/calendarView?{WINDOW}", who)["value"]
    lines, _ = delta(graph, f"{path}/calendarView/delta?{WINDOW}", who)

    shown = "Secret" if sees else "Private Appointment"
    assert [each["subject"] for each in (listed, viewed, *lines)] == [shown] * 3
    assert listed["categories"] == (["Blue category"] if sees else [])
    for one in (f"{path}/events/{listed['id']}", f"/me/events/{listed['id']}"):
        assert graph.ask("GET", one, who).status_code == (200 if sees else 403)


def test_a_series_is_there_with_its_exceptions_and_loses_what_is_cancelled(graph: Graph) -> None:
    master = graph.create(
        subject="Weekly",
        start=at("2026-03-02T10:00:00"),
        end=at("2026-03-02T11:00:00"),
        recurrence=weekly(count=4),
    )
    instances = graph.get(f"/me/events/{master['id']}/instances?{WINDOW}")["value"]
    graph.patch(f"/me/events/{instances[0]['id']}", subject="First")
    view = f"/me/calendars/{added(graph)['id']}/calendarView?{WINDOW}"
    at_first = subjects(graph, view)

    graph.patch(f"/me/events/{instances[2]['id']}", subject="Third")
    graph.ask("DELETE", f"/me/events/{instances[1]['id']}")
    graph.ask("DELETE", f"/me/events/{instances[3]['id']}")

    assert at_first == ["First", "Weekly", "Weekly", "Weekly"]
    assert subjects(graph, view) == ["First", "Third"]


def test_delta_follows_an_added_calendar_under_its_own_ids(graph: Graph) -> None:
    first, second = graph.create(subject="One"), graph.create(subject="Two")
    path = f"/me/calendars/{added(graph)['id']}"
    lines, link = delta(graph, f"{path}/calendarView/delta?{WINDOW}", CLEO_READS)
    ids = {line["subject"]: line["id"] for line in lines}

    graph.patch(f"/me/events/{first['id']}", subject="One, later")
    graph.ask("DELETE", f"/me/events/{second['id']}")
    changes, link = delta(graph, link, CLEO_READS)
    nothing, _ = delta(graph, link, CLEO_READS)

    told = {line["id"]: line.get("subject") or line["@removed"]["reason"] for line in changes}
    assert told == {ids["One"]: "One, later", ids["Two"]: "deleted"}
    assert nothing == []


def test_what_is_moved_to_another_calendar_of_the_owner_leaves(graph: Graph) -> None:
    event = graph.create()
    path = f"/me/calendars/{added(graph)['id']}/events"
    other = graph.ask("POST", "/me/calendars", json={"name": "Other"}).json()

    graph.firm.exchange.move_event(graph.firm.ann, event["id"], other["id"], BY_HAND)

    assert subjects(graph, path) == []


def test_what_changes_in_it_is_not_notified_as_the_sharees(graph: Graph) -> None:
    firm = graph.firm
    added(graph)
    for owner in (firm.ann, firm.cleo):
        wish = Subscription(
            id=f"of-{owner.id}",
            app="app",
            tenant_id=TENANT,
            creator_id="app",
            user_id=None,
            owner_id=owner.id,
            resource=f"users/{owner.id}/events",
            change_type="created",
            notification_url="http://127.0.0.1:9/hook",
            lifecycle_url=None,
            client_state=None,
            created=NOW,
            expires=NOW + timedelta(days=1),
        )
        firm.notifier.register.add(wish)

    firm.exchange.create_event(firm.ann, an_event(), BY_HAND)
    of_ann = firm.notifier.waiting
    firm.exchange.create_event(firm.cleo, an_event(), BY_HAND)

    assert (of_ann, firm.notifier.waiting) == (1, 2)


# --- changing -----------------------------------------------------------------------------------


def test_whoever_may_edit_changes_the_owners_event_through_it(graph: Graph) -> None:
    event = graph.create(attendees=invited("ben@firm.example"))
    path = f"/me/calendars/{added(graph)['id']}/events"
    [local] = graph.get(path, "cleo")["value"]

    changed = graph.patch(f"/me/events/{local['id']}", "cleo", subject="By Cleo")

    assert changed["id"] == local["id"]
    assert changed["changeKey"] != local["changeKey"]
    assert graph.get(f"/me/events/{event['id']}")["subject"] == "By Cleo"
    assert subjects(graph, "/me/events", "ben") == ["By Cleo"]
    kinds = [(mail.kind, mail.from_) for mail in graph.firm.exchange.mail]
    assert kinds[-1] == ("update", "ann@firm.example")


def test_what_is_made_in_it_is_the_owners(graph: Graph) -> None:
    path = f"/me/calendars/{added(graph)['id']}/events"

    made = graph.ask("POST", path, "cleo", json=an_event(subject="For Ann")).json()

    assert made["organizer"]["emailAddress"]["address"] == "ann@firm.example"
    assert graph.get(f"{path}/{made['id']}", "cleo")["subject"] == "For Ann"
    [original] = graph.get("/me/events")["value"]
    assert (original["subject"], original["iCalUId"]) == ("For Ann", made["iCalUId"])
    assert original["id"] != made["id"]


def test_an_instance_is_changed_and_an_event_deleted_through_it(graph: Graph) -> None:
    series = graph.create(
        start=at("2026-03-02T10:00:00"), end=at("2026-03-02T11:00:00"), recurrence=weekly(count=2)
    )
    single = graph.create(subject="Gone soon")
    path = f"/me/calendars/{added(graph)['id']}"
    view = graph.get(f"{path}/calendarView?{WINDOW}", "cleo")["value"]
    gone = next(event for event in view if event["subject"] == "Gone soon")
    instance = next(event for event in view if event["type"] == "occurrence")

    changed = graph.patch(f"/me/events/{instance['id']}", "cleo", subject="Only this one")
    deleted = graph.ask("DELETE", f"{path}/events/{gone['id']}", "cleo")

    assert (changed["type"], changed["id"]) == ("exception", instance["id"])
    originals = graph.get(f"/me/events/{series['id']}/instances?{WINDOW}")["value"]
    assert [event["subject"] for event in originals] == ["Only this one", "Quarterly review"]
    assert deleted.status_code == 204
    assert graph.code("GET", f"/me/events/{single['id']}") == (404, "ErrorItemNotFound")


def test_a_version_of_the_local_copy_is_compared_with_the_local_copy(graph: Graph) -> None:
    event = graph.create()
    path = f"/me/calendars/{added(graph)['id']}/events"
    [local] = graph.get(path, "cleo")["value"]
    one = f"/me/events/{local['id']}"

    fine = graph.ask("PATCH", one, "cleo", json={"subject": "1"}, If_Match=local["@odata.etag"])
    stale = graph.ask("PATCH", one, "cleo", json={"subject": "2"}, If_Match=local["@odata.etag"])

    assert (fine.status_code, stale.status_code) == (200, 412)
    assert graph.get(f"/me/events/{event['id']}")["subject"] == "1"


@pytest.mark.parametrize("who", ["dan", CLEO_READS])
def test_whoever_may_only_read_changes_nothing_through_it(graph: Graph, who: str) -> None:
    graph.create(attendees=invited("ben@firm.example"))
    path = f"/me/calendars/{added(graph, who.split(':', maxsplit=1)[0])['id']}/events"
    [local] = graph.get(path, who)["value"]
    one, denied = f"/me/events/{local['id']}", (403, "ErrorAccessDenied")

    assert graph.code("POST", path, who, json=an_event()) == denied
    assert graph.code("PATCH", one, who, json={"subject": "Mine"}) == denied
    assert graph.code("DELETE", one, who) == denied
    assert graph.code("POST", f"{one}/cancel", who, json={}) == denied
    to = {"ToRecipients": [{"emailAddress": {"address": "eve@firm.example"}}]}
    assert graph.code("POST", f"{one}/forward", who, json=to) == denied
    assert subjects(graph, "/me/events", "ann") == ["Quarterly review"]


def test_a_private_event_that_is_masked_cannot_be_changed(graph: Graph) -> None:
    graph.create(subject="Secret", sensitivity="private")
    path = f"/me/calendars/{added(graph)['id']}/events"
    [local] = graph.get(path, "cleo")["value"]

    assert graph.code("PATCH", f"{path}/{local['id']}", "cleo", json={"subject": "x"})[0] == 403
    assert graph.code("DELETE", f"{path}/{local['id']}", "cleo")[0] == 403


# --- its end ------------------------------------------------------------------------------------


def test_it_is_renamed_and_taken_off_the_list_and_the_original_stays(graph: Graph) -> None:
    event = graph.create()
    calendar = added(graph)
    path = f"/me/calendars/{calendar['id']}"

    renamed = graph.patch(path, "cleo", name="Boss")
    removed = graph.ask("DELETE", path, "cleo")
    graph.patch(f"/me/events/{event['id']}", subject="Nobody follows")

    assert (renamed["name"], graph.get("/me/calendar")["name"]) == ("Boss", "Calendar")
    assert removed.status_code == 204
    assert [each["name"] for each in graph.get("/me/calendars", "cleo")["value"]] == ["Calendar"]
    assert graph.get(f"/me/events/{event['id']}")["subject"] == "Nobody follows"
    assert added(graph)["name"] == "Ann Lawyer"


def test_rights_changed_later_count_at_once_and_withdrawn_ones_take_it_away(graph: Graph) -> None:
    graph.create(subject="Secret", sensitivity="private")
    firm, calendar = graph.firm, added(graph)
    path = f"/me/calendars/{calendar['id']}"

    firm.directory.grant_delegate(firm.ann.id, firm.cleo.id, DelegateRights(True, False, True))
    after = graph.get(path, "cleo")
    seen = subjects(graph, f"{path}/events")
    firm.exchange.shared.withdraw(firm.ann, firm.cleo)

    assert (after["canEdit"], after["canViewPrivateItems"]) == (False, True)
    assert seen == ["Secret"]
    assert graph.code("GET", path, "cleo") == (404, "ErrorItemNotFound")
    assert len(graph.get("/me/calendars", "cleo")["value"]) == 1
