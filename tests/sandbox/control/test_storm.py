"""What a random storm needs of the control plane: every act, fault and switch, and fast ones."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.support.sandbox import RunningSandbox

WINDOW = {"start": "2030-01-01T00:00:00Z", "end": "2030-03-01T00:00:00Z"}
DELTA = "startDateTime=2030-01-01T00:00:00Z&endDateTime=2030-03-01T00:00:00Z"
ACTS_OF_A_STORM = 5_000
A_FEW_MINUTES = 180.0
WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "startDate": "2030-01-07", "numberOfOccurrences": 4},
}


def event(day: int = 7, **more: Any) -> dict[str, Any]:
    return {
        "subject": "Review",
        "start": {"dateTime": f"2030-01-{day:02d}T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"2030-01-{day:02d}T11:00:00", "timeZone": "UTC"},
    } | more


class Reader:
    """An application that reads one mailbox through Graph."""

    def __init__(self, sandbox: RunningSandbox, owner: dict[str, Any]) -> None:
        self.base = f"{sandbox.url}/v1.0/users/{owner['id']}"
        self.session = requests.Session()
        self.session.trust_env = False
        token = sandbox.token(audience="graph", app=True, lifetime=14 * 24 * 3600)
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **headers: str) -> requests.Response:
        url = path if path.startswith("http") else f"{self.base}{path}"
        return self.session.get(url, headers=headers, timeout=5)

    def round(self, link: str = f"/calendarView/delta?{DELTA}") -> list[dict[str, Any]]:
        """The pages of one round of delta."""
        pages: list[dict[str, Any]] = []
        while True:
            answer = self.get(link, Prefer="odata.maxpagesize=1")
            assert answer.status_code == 200, answer.text
            pages.append(answer.json())
            if "@odata.deltaLink" in pages[-1]:
                return pages
            link = pages[-1]["@odata.nextLink"]


@pytest.fixture
def people(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return [each for each in sandbox.state()["people"] if each["mailbox"]]


@pytest.fixture
def reader(sandbox: RunningSandbox, people: list[dict[str, Any]]) -> Iterator[Reader]:
    found = Reader(sandbox, people[0])
    yield found
    found.session.close()


def line_ids(pages: list[dict[str, Any]]) -> list[str]:
    return [line["id"] for page in pages for line in page["value"]]


# --- acts of people -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patch", "seen"),
    [
        ({"start": event(9)["start"], "end": event(9)["end"]}, {"day": "2030-01-09"}),
        ({"sensitivity": "private"}, {"sensitivity": "private"}),
        ({"sensitivity": "normal"}, {"sensitivity": "normal"}),
        ({"recurrence": WEEKLY}, {"type": "seriesMaster"}),
        ({"categories": ["Blue category"]}, {"categories": ["Blue category"]}),
        ({"attendees": []}, {"attendees": []}),
        ({"isAllDay": True} | {
            "start": {"dateTime": "2030-01-07T00:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "2030-01-08T00:00:00", "timeZone": "UTC"},
        }, {"isAllDay": True}),
    ],
)  # fmt: skip
def test_a_person_changes_an_event_and_delta_tells_it(
    sandbox: RunningSandbox,
    people: list[dict[str, Any]],
    reader: Reader,
    patch: dict[str, Any],
    seen: dict[str, Any],
) -> None:
    guest = [{"emailAddress": {"address": people[1]["address"]}}]
    made = sandbox.create_event(people[0]["address"], **event(attendees=guest))
    link = reader.round()[-1]["@odata.deltaLink"]

    changed = sandbox.change_event(people[0]["address"], made["id"], **patch)

    told = [line for page in reader.round(link) for line in page["value"]]
    line = next(line for line in told if line["id"] == changed["id"])
    shown = {**line, "day": line["start"]["dateTime"][:10]}
    assert {name: shown[name] for name in seen} == seen


def test_a_series_becomes_a_single_event_again(
    sandbox: RunningSandbox, people: list[dict[str, Any]]
) -> None:
    made = sandbox.create_event(people[0]["address"], **event(recurrence=WEEKLY))

    single = sandbox.change_event(people[0]["address"], made["id"], recurrence=None)

    assert (made["type"], single["type"]) == ("seriesMaster", "singleInstance")


def test_cancelling_deleting_answering_moving_and_copying_reach_delta(
    sandbox: RunningSandbox, people: list[dict[str, Any]], reader: Reader
) -> None:
    owner, guest = people[0]["address"], people[1]["address"]
    invited = [{"emailAddress": {"address": guest}}]
    made = [sandbox.create_event(owner, **event(day, attendees=invited)) for day in range(7, 12)]
    cancelled, deleted, moved, copied, answered = made
    link = reader.round()[-1]["@odata.deltaLink"]

    sandbox.act(owner, cancelled["id"], "cancel")
    sandbox.delete_event(owner, deleted["id"])
    elsewhere = sandbox.act(owner, moved["id"], "move", calendar="Other")
    copy = sandbox.act(owner, copied["id"], "copy")
    theirs = next(e for e in sandbox.events(guest, **WINDOW) if e["iCalUId"] == answered["iCalUId"])
    sandbox.act(guest, theirs["id"], "respond", response="accept")

    told = {line["id"]: line for page in reader.round(link) for line in page["value"]}
    gone = {key for key, line in told.items() if "@removed" in line}
    assert gone == {cancelled["id"], deleted["id"], moved["id"]}
    assert told[copy["id"]]["iCalUId"] != copied["iCalUId"]
    assert told[answered["id"]]["attendees"][0]["status"]["response"] == "accepted"
    assert elsewhere["id"] not in told
    flags = {e["iCalUId"]: e["isCancelled"] for e in sandbox.events(guest, **WINDOW)}
    assert flags[cancelled["iCalUId"]] is True


def test_a_storm_of_acts_is_fast(sandbox: RunningSandbox, people: list[dict[str, Any]]) -> None:
    chance = random.Random(7)
    addresses = [each["address"] for each in people[:12]]
    mine: list[tuple[str, str]] = []
    done: Counter[str] = Counter()
    refusals: set[int] = set()
    number = 600

    started = time.perf_counter()
    for _ in range(number):
        verb = chance.choice(
            ("create", "create", "time", "private", "tag", "recur", "copy", "move", "cancel",
             "delete", "respond", "rename")
        )  # fmt: skip
        owner, event_id = chance.choice(mine) if mine else (addresses[0], "")
        try:
            if verb == "create" or not mine:
                owner = chance.choice(addresses)
                guests = chance.sample(addresses, 3)
                body = event(
                    chance.randint(1, 28),
                    attendees=[{"emailAddress": {"address": each}} for each in guests],
                )
                mine.append((owner, sandbox.create_event(owner, **body)["id"]))
            elif verb == "time":
                later = event(chance.randint(1, 28))
                times = {"start": later["start"], "end": later["end"]}
                sandbox.change_event(owner, event_id, **times)
            elif verb == "private":
                wish = chance.choice(("private", "normal"))
                sandbox.change_event(owner, event_id, sensitivity=wish)
            elif verb == "tag":
                sandbox.change_event(owner, event_id, categories=["Blue category"])
            elif verb == "recur":
                sandbox.change_event(owner, event_id, recurrence=WEEKLY)
            elif verb == "copy":
                mine.append((owner, sandbox.act(owner, event_id, "copy")["id"]))
            elif verb == "rename":
                path = f"/mailboxes/{owner}/categories/Red category"
                sandbox.control("PATCH", path, {"displayName": "red category"})
            elif verb == "respond":
                guest = chance.choice(addresses)
                theirs = chance.choice(sandbox.events(guest, **WINDOW) or [{"id": "none"}])
                sandbox.act(guest, theirs["id"], "respond", response="tentative")
            else:
                mine.remove((owner, event_id))
                if verb == "delete":
                    sandbox.delete_event(owner, event_id)
                elif verb == "cancel":
                    sandbox.act(owner, event_id, "cancel")
                else:
                    sandbox.act(owner, event_id, "move", calendar="Other")
            done[verb] += 1
        except requests.HTTPError as refused:
            refusals.add(refused.response.status_code)
    seconds = time.perf_counter() - started

    # An answer to one's own meeting, a change of what is gone: said, not a 500.
    assert refusals <= {400, 404}
    assert set(done) >= {"create", "time", "private", "tag", "recur", "copy", "move", "cancel"}
    assert sum(done.values()) > number * 0.8
    assert seconds / number * ACTS_OF_A_STORM < A_FEW_MINUTES


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.02, 0.05])
def test_each_page_of_a_delta_is_late_by_itself(
    sandbox: RunningSandbox, people: list[dict[str, Any]], reader: Reader, seconds: float
) -> None:
    for day in range(7, 17):
        sandbox.create_event(people[0]["address"], **event(day))
    at_once = timed(reader)
    match = {"path": "/calendarView/delta", "user": people[0]["address"]}
    [order] = sandbox.faults([{"kind": "delay", "seconds": seconds, "match": match}])

    late = timed(reader)

    pages = sandbox.control("GET", "/faults")["items"][0]["hits"]
    assert order["seconds"] == seconds
    assert pages >= 10
    assert late > pages * seconds
    assert late < at_once + pages * (seconds + 0.03) + 0.5


def timed(reader: Reader) -> float:
    started = time.perf_counter()
    reader.round()
    return time.perf_counter() - started


def test_faults_strike_now_and_then_each_in_its_own_way(
    sandbox: RunningSandbox, people: list[dict[str, Any]], reader: Reader
) -> None:
    sandbox.create_event(people[0]["address"], **event())
    mix: list[dict[str, Any]] = [
        {"kind": "status", "status": 429, "retry_after": 7},
        {"kind": "status", "status": 503},
        {"kind": "reset"},
        {"kind": "truncate"},
        {"kind": "hang", "seconds": 0.05},
    ]
    sandbox.faults([{**order, "probability": 0.15} for order in mix])

    seen: Counter[str] = Counter()
    for _ in range(150):
        try:
            answer = reader.get("/events?$top=1")
        except requests.exceptions.ChunkedEncodingError:
            seen["truncate"] += 1
        except requests.ConnectionError:
            seen["broken"] += 1
        else:
            seen[str(answer.status_code)] += 1
            if answer.status_code == 429:
                assert answer.headers["Retry-After"] == "7"
                assert answer.json()["error"]["code"] == "ApplicationThrottled"

    assert set(seen) == {"200", "429", "503", "truncate", "broken"}
    hits = [each["hits"] for each in sandbox.control("GET", "/faults")["items"]]
    assert sum(hits) == 150 - seen["200"]
    assert min(hits) > 0


def test_orders_about_delta_come_through_the_control_plane(
    sandbox: RunningSandbox, people: list[dict[str, Any]], reader: Reader
) -> None:
    for day in (7, 8):
        sandbox.create_event(people[0]["address"], **event(day))
    match = {"user": people[0]["address"]}

    def order(**effect: Any) -> None:
        sandbox.faults([{"kind": "delta", "times": 1, "match": match, **effect}])

    first = reader.round()
    link = first[-1]["@odata.deltaLink"]
    order(replay=True)
    replayed = reader.round(link)
    order(duplicate_item=True)
    doubled = reader.round()
    order(empty_page=True)
    with_gap = reader.round(replayed[-1]["@odata.deltaLink"])
    order(expire=True)
    expired = reader.get(with_gap[-1]["@odata.deltaLink"])

    assert sorted(line_ids(replayed)) == sorted(line_ids(first))
    assert len(line_ids(doubled)) == len(set(line_ids(doubled))) + 1
    assert with_gap[0]["value"] == []
    assert "@odata.nextLink" in with_gap[0]
    assert (expired.status_code, expired.json()["error"]["code"]) == (410, "SyncStateNotFound")


# --- personalities --------------------------------------------------------------------------------


@dataclass
class Scene:
    """A mailbox under another personality, as its owner and an application see it."""

    sandbox: RunningSandbox
    owner: str
    reader: Reader

    def event_under(self, **switches: Any) -> dict[str, Any]:
        """An event that was made after the switches were set."""
        self.sandbox.personality(**switches)
        return self.sandbox.create_event(self.owner, **event())


@pytest.fixture
def scene(sandbox: RunningSandbox, people: list[dict[str, Any]], reader: Reader) -> Scene:
    return Scene(sandbox, people[0]["address"], reader)


@pytest.mark.parametrize(("value", "status"), [("honour", 412), ("ignore", 200)])
def test_if_match_under_both_personalities(scene: Scene, value: str, status: int) -> None:
    made = scene.event_under(if_match=value)
    scene.sandbox.change_event(scene.owner, made["id"], subject="Meanwhile")

    answer = scene.reader.session.patch(
        f"{scene.reader.base}/events/{made['id']}",
        json={"categories": ["Blue category"]},
        headers={"If-Match": made["@odata.etag"]},
        timeout=5,
    )

    assert answer.status_code == status


@pytest.mark.parametrize(("value", "status"), [("404", 404), ("200", 200)])
def test_a_deleted_item_by_its_immutable_id_under_both_personalities(
    scene: Scene, value: str, status: int
) -> None:
    made = scene.event_under(deleted_get=value)
    scene.sandbox.delete_event(scene.owner, made["id"])

    answer = scene.reader.get(f"/events/{made['immutableId']}", Prefer='IdType="ImmutableId"')

    assert answer.status_code == status


@pytest.mark.parametrize(("value", "lines"), [("sent", 1), ("silent", 0)])
def test_the_removal_line_under_both_personalities(scene: Scene, value: str, lines: int) -> None:
    made = scene.event_under(removed_line=value)
    link = scene.reader.round()[-1]["@odata.deltaLink"]
    scene.sandbox.delete_event(scene.owner, made["id"])

    assert len(line_ids(scene.reader.round(link))) == lines


def test_a_new_item_is_seen_after_the_lag(scene: Scene) -> None:
    made = scene.event_under(get_lag=60)

    before = scene.reader.get(f"/events/{made['id']}").status_code
    scene.sandbox.advance(61)

    assert before == 404
    assert scene.reader.get(f"/events/{made['id']}").status_code == 200


@pytest.mark.parametrize("value", ["keeps", "overwrites"])
def test_the_page_is_told_what_forms_do_with_categories(
    sandbox: RunningSandbox, value: str
) -> None:
    sandbox.personality(form_categories=value)

    settings = sandbox.control("GET", "/settings")

    assert settings["personality"]["form_categories"] == value
