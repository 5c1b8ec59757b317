"""What people arrange in Outlook beside events: categories, shared calendars, private events."""

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.sandbox import RunningSandbox

DOMAIN = "@harwoodosei.example"
OWNER, BLIND, SEEING = (
    f"margaret.harwood{DOMAIN}",
    f"anders.lindqvist{DOMAIN}",
    f"dorothy.pike{DOMAIN}",
)
WINDOW = {"start": "2030-01-01T00:00:00Z", "end": "2030-02-01T00:00:00Z"}
EVENT: dict[str, Any] = {
    "subject": "Review",
    "start": {"dateTime": "2030-01-07T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2030-01-07T11:00:00", "timeZone": "UTC"},
}
SERIES = EVENT | {
    "subject": "Weekly",
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
        "range": {"type": "numbered", "startDate": "2030-01-07", "numberOfOccurrences": 3},
    },
}


def refusal(sandbox: RunningSandbox, method: str, path: str, body: Any = None) -> tuple[int, str]:
    with pytest.raises(requests.HTTPError) as refused:
        sandbox.control(method, path, body)
    answer = refused.value.response
    return answer.status_code, answer.json()["reason"]


def names(sandbox: RunningSandbox) -> list[str]:
    rows = sandbox.control("GET", f"/mailboxes/{OWNER}/categories")["items"]
    return [row["displayName"] for row in rows]


# --- categories -----------------------------------------------------------------------------------


def test_renaming_a_category_renames_it_on_every_item_of_that_mailbox(
    sandbox: RunningSandbox,
) -> None:
    invited = [{"emailAddress": {"address": BLIND}}]
    tagged = {"categories": ["Travel", "blue category", "Red category"]}
    single = sandbox.create_event(OWNER, **EVENT, **tagged, attendees=invited)
    master = sandbox.create_event(OWNER, **SERIES, categories=["Blue category"])
    first, second, third = sandbox.events(
        OWNER, start="2030-01-07T00:00:00Z", end="2030-01-22T00:00:00Z"
    )[1:]
    sandbox.change_event(OWNER, first["id"], categories=["Blue category", "Own"])
    sandbox.change_event(OWNER, second["id"], subject="Not its own categories")
    theirs = sandbox.events(BLIND, **WINDOW)[0]
    sandbox.change_event(BLIND, theirs["id"], categories=["Blue category"])
    since = sandbox.control("GET", "/changes")["next"]

    answer = sandbox.control(
        "PATCH", f"/mailboxes/{OWNER}/categories/Blue category", {"displayName": "InterAction"}
    )

    assert (answer["displayName"], answer["color"], answer["renamed"]) == (
        "InterAction",
        "preset7",
        3,
    )
    assert "InterAction" in names(sandbox)
    assert "Blue category" not in names(sandbox)

    def seen(event: dict[str, Any]) -> list[str]:
        found: list[str] = sandbox.get_event(OWNER, event["id"])["categories"]
        return found

    assert seen(single) == ["Travel", "InterAction", "Red category"]
    assert seen(master) == seen(second) == seen(third) == ["InterAction"]
    assert seen(first) == ["InterAction", "Own"]
    assert sandbox.get_event(BLIND, theirs["id"])["categories"] == ["Blue category"]
    assert sandbox.control("GET", "/changes", since=since)["mailboxes"] == [OWNER]
    assert [mail["kind"] for mail in sandbox.mail()] == ["invitation"]


def test_renaming_to_a_name_an_item_has_already_leaves_it_once(sandbox: RunningSandbox) -> None:
    event = sandbox.create_event(OWNER, **EVENT, categories=["Blue category", "Travel"])

    path = f"/mailboxes/{OWNER}/categories/Blue category"
    sandbox.control("PATCH", path, {"displayName": "Travel"})

    assert sandbox.get_event(OWNER, event["id"])["categories"] == ["Travel"]


def test_a_deleted_category_stays_on_the_items_as_a_name(sandbox: RunningSandbox) -> None:
    event = sandbox.create_event(OWNER, **EVENT, categories=["Blue category"])
    since = sandbox.control("GET", "/changes")["next"]

    sandbox.control("DELETE", f"/mailboxes/{OWNER}/categories/Blue category")

    assert "Blue category" not in names(sandbox)
    assert sandbox.get_event(OWNER, event["id"])["categories"] == ["Blue category"]
    assert sandbox.control("GET", "/changes", since=since)["mailboxes"] == []


def test_categories_are_made_and_recoloured_and_named_by_id_too(sandbox: RunningSandbox) -> None:
    path = f"/mailboxes/{OWNER}/categories"

    made = sandbox.control("POST", path, {"displayName": "A/B: 100%", "color": "preset3"})
    changed = sandbox.control("PATCH", f"{path}/{made['id']}", {"color": "preset9"})
    recased = sandbox.control("PATCH", f"{path}/{made['id']}", {"displayName": "a/b: 100%"})

    assert (made["color"], changed["color"], changed["renamed"]) == ("preset3", "preset9", 0)
    assert recased["displayName"] == "a/b: 100%"


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("PATCH", "Blue category", {"displayName": "RED category"}, 409),
        ("PATCH", "Blue category", {"displayName": " "}, 400),
        ("PATCH", "Blue category", {"displayName": 7}, 400),
        ("PATCH", "Blue category", {"displayName": "x" * 256}, 400),
        ("PATCH", "Blue category", {"color": "mauve"}, 400),
        ("PATCH", "Blue category", {"colour": "preset1"}, 400),
        ("PATCH", "Nobody's", {"displayName": "x"}, 404),
        ("DELETE", "Nobody's", None, 404),
    ],
)
def test_a_category_that_cannot_be_is_refused(
    sandbox: RunningSandbox, method: str, name: str, body: Any, status: int
) -> None:
    before = names(sandbox)

    found, reason = refusal(sandbox, method, f"/mailboxes/{OWNER}/categories/{name}", body)

    assert found == status
    assert reason
    assert names(sandbox) == before


# --- private events -------------------------------------------------------------------------------


def share(sandbox: RunningSandbox, sharee: str, *, see_private: bool) -> None:
    form = {"with": sharee, "write": True, "see_private": see_private}
    sandbox.control("POST", f"/mailboxes/{OWNER}/shares", form)


@pytest.mark.parametrize("see_private", [False, True])
def test_a_delegate_sees_of_a_private_event_what_his_right_allows(
    sandbox: RunningSandbox, see_private: bool
) -> None:
    share(sandbox, BLIND, see_private=see_private)
    secret = {"subject": "Surgeon", "sensitivity": "private", "body": {"content": "Knee"}}
    event = sandbox.create_event(OWNER, **EVENT | secret, location={"displayName": "Clinic"})
    sandbox.create_event(OWNER, **EVENT, sensitivity="confidential")

    path = f"/mailboxes/{OWNER}/events"
    seen = sandbox.control("GET", path, **WINDOW, **{"as": BLIND})["items"]
    shown = str(seen[0])

    assert seen[1]["subject"] == "Review"
    assert seen[0]["start"] == event["start"]
    assert seen[0]["showAs"] == "busy"
    assert seen[0]["subject"] == ("Surgeon" if see_private else "Private Appointment")
    assert [word in shown for word in ("Surgeon", "Knee", "Clinic")] == [see_private] * 3
    one = f"{path}/{event['id']}"
    acts: list[tuple[str, str, Any]] = [
        ("GET", f"{one}?as={BLIND}", None),
        ("GET", f"{one}/copies?as={BLIND}", None),
        ("POST", f"{one}/copy?as={BLIND}", {}),
        ("PATCH", f"{one}?as={BLIND}", {"subject": "Seen"}),
        ("POST", f"{one}/move?as={BLIND}", {"calendar": "Away"}),
    ]
    for method, where, body in acts:
        if see_private:
            moved = sandbox.control(method, where, body)
            assert moved is not None
        else:
            assert refusal(sandbox, method, where, body) == (403, "This appointment is private.")
    now = sandbox.get_event(OWNER, event["immutableId"])["subject"]
    assert now == ("Seen" if see_private else "Surgeon")


def test_the_owner_himself_sees_everything_also_when_named(sandbox: RunningSandbox) -> None:
    sandbox.create_event(OWNER, **EVENT | {"subject": "Surgeon", "sensitivity": "private"})

    for params in ({}, {"as": OWNER}):
        [event] = sandbox.control("GET", f"/mailboxes/{OWNER}/events", **WINDOW, **params)["items"]
        assert event["subject"] == "Surgeon"


# --- shared calendars -----------------------------------------------------------------------------


def test_a_colleague_adds_a_shared_calendar_and_takes_it_off_again(sandbox: RunningSandbox) -> None:
    share(sandbox, BLIND, see_private=False)
    sandbox.create_event(OWNER, **EVENT)
    sandbox.create_event(OWNER, **EVENT | {"subject": "Surgeon", "sensitivity": "private"})
    path = f"/mailboxes/{BLIND}/calendars"

    added = sandbox.control("POST", path, {"shared_by": OWNER})
    listed = sandbox.control("GET", path)["items"]
    seen = sandbox.events(BLIND, **WINDOW, calendar=added["id"])
    private = next(event for event in seen if event["sensitivity"] == "private")
    hidden = refusal(sandbox, "GET", f"/mailboxes/{BLIND}/events/{private['id']}")
    acts = refusal(sandbox, "PATCH", f"/mailboxes/{BLIND}/events/{seen[0]['id']}", {"subject": "x"})
    sandbox.control("DELETE", f"{path}/{added['id']}")

    assert [row["shared_by"] for row in listed] == [None, OWNER]
    assert {event["subject"] for event in seen} == {"Review", "Private Appointment"}
    assert hidden == (403, "This appointment is private.")
    assert acts[0] in (400, 403)
    assert [row["shared_by"] for row in sandbox.control("GET", path)["items"]] == [None]
    assert len(sandbox.events(OWNER, **WINDOW)) == 2


def test_whoever_shares_no_longer_takes_the_calendar_from_the_colleagues_list(
    sandbox: RunningSandbox,
) -> None:
    share(sandbox, BLIND, see_private=True)
    sandbox.control("POST", f"/mailboxes/{BLIND}/calendars", {"shared_by": OWNER})

    sandbox.control("DELETE", f"/mailboxes/{OWNER}/shares?with={BLIND}")

    assert len(sandbox.control("GET", f"/mailboxes/{BLIND}/calendars")["items"]) == 1
    assert refusal(sandbox, "GET", f"/mailboxes/{OWNER}/events?as={BLIND}")[0] == 403


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"/mailboxes/{BLIND}/calendars", {"shared_by": f"tomas.echeverria{DOMAIN}"}, 403),
        (f"/mailboxes/{OWNER}/calendars", {"shared_by": OWNER}, 403),
        (f"/mailboxes/{BLIND}/calendars", {"shared_by": "nobody@nowhere.example"}, 400),
        (f"/mailboxes/{SEEING}/calendars", {"shared_by": OWNER, "calendar": "Moon"}, 404),
        (f"/mailboxes/{OWNER}/shares", {"with": OWNER}, 400),
        (f"/mailboxes/{OWNER}/shares", {"with": BLIND, "write": "yes"}, 400),
        (f"/mailboxes/{OWNER}/shares", {}, 400),
    ],
)
def test_what_cannot_be_shared_or_added_is_refused(
    sandbox: RunningSandbox, path: str, body: Any, status: int
) -> None:
    found, reason = refusal(sandbox, "POST", path, body)

    assert found == status
    assert reason


def test_an_added_calendar_goes_on_after_a_restart_with_its_ids(tmp_path: Path) -> None:
    with RunningSandbox(data_dir=tmp_path) as first:
        share(first, BLIND, see_private=True)
        event = first.create_event(OWNER, **SERIES)
        added = first.control("POST", f"/mailboxes/{BLIND}/calendars", {"shared_by": OWNER})
        before = first.events(BLIND, **WINDOW, calendar=added["id"])

    with RunningSandbox(data_dir=tmp_path) as second:
        after = second.events(BLIND, **WINDOW, calendar=added["id"])
        second.change_event(OWNER, event["id"], subject="Followed")
        followed = second.events(BLIND, **WINDOW, calendar=added["id"])
        path = f"/mailboxes/{OWNER}/events/{event['id']}/copies"
        copies = second.control("GET", path)["items"]

    assert [each["id"] for each in after] == [each["id"] for each in before]
    assert {each["subject"] for each in followed} == {"Followed"}
    assert len(followed) == 3
    assert [copy["owner"] for copy in copies] == [OWNER]
