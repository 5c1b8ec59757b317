"""A long random life of five people and an application: every answer agrees with the metadata.

`SANDBOX_RANDOM_STEPS=50000 pytest tests/sandbox/test_random_run.py` runs it for long; a failure
names the seed and the step, and the same numbers lead there again.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.sandbox.service.callers import Callers
from tests.support.graph_types import problems, problems_of_event, problems_of_list
from tests.support.sandbox import RunningSandbox

STEPS = int(os.environ.get("SANDBOX_RANDOM_STEPS", "500"))
WINDOW = "startDateTime=2030-01-01T00:00:00Z&endDateTime=2030-06-01T00:00:00Z"
ZONES = ("UTC", "W. Europe Standard Time", "Pacific Standard Time", "Asia/Tokyo")
PREFERENCES = (
    "",
    'IdType="ImmutableId"',
    'outlook.timezone="Asia/Tokyo"',
    'outlook.body-content-type="text"',
    'outlook.timezone="UTC", IdType="ImmutableId", odata.maxpagesize=3',
)
WORDS = ("Review", "Hearing", "", "x" * 300, "Ünïcödé 📅", "שלום", "<script>1</script>", "a'b\"c")
REFUSALS = {400, 403, 404, 409, 412, 424, 429}


class Life:
    """Draws what happens next, does it over HTTP, and judges the answer."""

    def __init__(self, callers: Callers, seed: int) -> None:
        self._callers = callers
        self._chance = random.Random(seed)
        state = callers.sandbox.state()
        self._people = [each for each in state["people"] if each["mailbox"]][:5]
        self._room = next(each for each in state["rooms"] if each["purpose"] == "room")
        self._group = state["groups"][0]
        self._events: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.met: Counter[str] = Counter()
        self._acts: list[tuple[int, Callable[[], None]]] = [
            (6, self.create),
            (6, self.change),
            (2, self.answer),
            (1, self.cancel),
            (1, self.delete),
            (1, self.forward),
            (1, self.remind),
            (3, self.look),
            (3, self.view),
            (4, self.page),
            (2, self.instances),
            (2, self.touch_instance),
            (1, self.calendars),
            (1, self.categories),
            (2, self.follow),
            (2, self.batch),
        ]

    def step(self) -> None:
        weights = [weight for weight, _act in self._acts]
        act = self._chance.choices([act for _weight, act in self._acts], weights)[0]
        act()

    # --- acts -------------------------------------------------------------------------------------

    def create(self) -> None:
        person = self._person()
        path = f"/users/{person['id']}/{self._chance.choice(('events', 'calendar/events'))}"
        event = self._event("POST", path, json=self._body())
        if event is not None:
            self._events.append((person, event))

    def change(self) -> None:
        person, event = self._known()
        body = self._body()
        names = self._chance.sample(sorted(body), self._chance.randint(1, 3))
        if {"start", "end", "isAllDay"} & set(names):
            names += ["start", "end", "isAllDay"]
        headers = {"If_Match": event["@odata.etag"]} if self._chance.random() < 0.3 else {}
        patch = {name: body[name] for name in names if name in body}
        self._event("PATCH", self._path(person, event), json=patch, **headers)

    def answer(self) -> None:
        person, event = self._copy()
        verb = self._chance.choice(("accept", "decline", "tentativelyAccept"))
        self._empty(f"{self._path(person, event)}/{verb}", {"comment": "", "sendResponse": True})

    def cancel(self) -> None:
        person, event = self._known()
        self._empty(f"{self._path(person, event)}/cancel", {"comment": "sorry"})

    def forward(self) -> None:
        person, event = self._copy()
        to = [{"emailAddress": {"address": self._person()["address"]}}]
        self._empty(f"{self._path(person, event)}/forward", {"toRecipients": to})

    def remind(self) -> None:
        person, event = self._copy()
        self._empty(f"{self._path(person, event)}/dismissReminder", {})

    def delete(self) -> None:
        person, event = self._copy()
        self._ask("DELETE", self._path(person, event), {204})

    def look(self) -> None:
        person, event = self._copy()
        self._event("GET", self._path(person, event), Prefer=self._chance.choice(PREFERENCES))

    def view(self) -> None:
        path = f"/users/{self._person()['id']}/calendarView?{WINDOW}&$top=50"
        self._events_of(path)

    def page(self) -> None:
        options = self._chance.choice(
            (
                "$top=5",
                "$orderby=start/dateTime&$top=20",
                "$filter=categories/any(c:c eq 'Red category')",
                "$filter=start/dateTime ge '2030-02-01T00:00:00'&$count=true",
                "$skip=3",
            )
        )
        self._events_of(f"/users/{self._person()['id']}/events?{options}")

    def instances(self) -> None:
        person, event = self._copy()
        if event["type"] == "seriesMaster":
            self._events_of(f"{self._path(person, event)}/instances?{WINDOW}&$top=50")

    def touch_instance(self) -> None:
        person, event = self._known()
        if event["type"] != "seriesMaster":
            return
        answer = self._ask("GET", f"{self._path(person, event)}/instances?{WINDOW}")
        rows = answer.json()["value"] if answer.status_code == 200 else []
        if not rows:
            return
        path = self._path(person, self._chance.choice(rows))
        if self._chance.random() < 0.3:
            self._ask("DELETE", path, {204})
        else:
            self._event("PATCH", path, json={"subject": "Just this", "categories": ["Ours"]})

    def calendars(self) -> None:
        path = f"/users/{self._person()['id']}/calendars"
        self._ask("POST", path, {201}, json={"name": f"C{self._chance.randrange(5)}"})
        answer = self._ask("GET", path)
        assert problems_of_list("calendar", answer.json()) == []

    def categories(self) -> None:
        path = f"/users/{self._person()['id']}/outlook/masterCategories"
        body = {"displayName": f"Matter {self._chance.randrange(9)}", "color": "preset3"}
        answer = self._ask("POST", path, {201}, json=body)
        if answer.status_code == 201:
            assert problems("outlookCategory", answer.json()) == []
        assert problems_of_list("outlookCategory", self._ask("GET", path).json()) == []

    def follow(self) -> None:
        url = f"/users/{self._person()['id']}/calendarView/delta?{WINDOW}"
        for _page in range(200):
            answer = self._ask("GET", url)
            page = answer.json()
            for row in page["value"]:
                kind = row.get("type")
                whole = kind is not None and kind != "occurrence"
                plain = {key: value for key, value in row.items() if not key.startswith("@")}
                assert problems("event", plain, whole=whole) == []
            if "@odata.deltaLink" in page:
                return
            url = page["@odata.nextLink"].split("/v1.0", 1)[1]
        raise AssertionError("the round does not end")

    def batch(self) -> None:
        chosen = [self._copy() for _ in range(self._chance.randint(1, 6))]
        items = [{"url": self._path(person, event)} for person, event in chosen]
        for answer in self._callers.batch(*items).values():
            self._judge(answer["status"], answer.get("body"), {200})
            if answer["status"] == 200:
                assert problems_of_event(answer["body"]) == []

    # --- parts ------------------------------------------------------------------------------------

    def _person(self) -> dict[str, Any]:
        return self._chance.choice(self._people)

    def _known(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Somebody's own event, perhaps one that is gone."""
        if not self._events:
            self.create()
        return self._chance.choice(self._events[-40:])

    def _copy(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Any event of anybody, as it is now; a known one if the mailbox is empty."""
        person = self._person()
        answer = self._ask("GET", f"/users/{person['id']}/events?$top=50")
        rows = answer.json()["value"]
        return (person, self._chance.choice(rows)) if rows else self._known()

    def _path(self, person: dict[str, Any], event: dict[str, Any]) -> str:
        return f"/users/{person['id']}/events/{quote(event['id'], safe='')}"

    def _body(self) -> dict[str, Any]:
        chance = self._chance
        day, hour = chance.randint(1, 28), chance.randint(7, 18)
        month = chance.randint(1, 5)
        is_all_day = chance.random() < 0.15
        zone = chance.choice(ZONES)
        start = f"2030-{month:02d}-{day:02d}T{0 if is_all_day else hour:02d}:00:00"
        end = (
            f"2030-{month + 1:02d}-01T00:00:00"
            if is_all_day
            else f"2030-{month:02d}-{day:02d}T{hour + 1:02d}:30:00"
        )
        body: dict[str, Any] = {
            "subject": chance.choice(WORDS),
            "start": {"dateTime": start, "timeZone": zone},
            "end": {"dateTime": end, "timeZone": zone},
            "isAllDay": is_all_day,
            "categories": chance.sample(("Red category", "Matter 1", "Ours"), chance.randint(0, 2)),
            "sensitivity": chance.choice(("normal", "private", "confidential", "personal")),
            "showAs": chance.choice(("busy", "free", "oof", "tentative")),
            "body": {"contentType": "html", "content": f"<p>{chance.choice(WORDS)}</p>"},
            "attendees": self._attendees(),
            "isOnlineMeeting": chance.random() < 0.3,
            "hideAttendees": chance.random() < 0.1,
        }
        if chance.random() < 0.25 and not is_all_day:
            body["recurrence"] = self._recurrence(start[:10])
        return body

    def _attendees(self) -> list[dict[str, Any]]:
        addresses = [each["address"] for each in self._people]
        addresses += [self._group["address"], "someone@outside.example"]
        chosen = self._chance.sample(addresses, self._chance.randint(0, 3))
        rows: list[dict[str, Any]] = [{"emailAddress": {"address": each}} for each in chosen]
        if self._chance.random() < 0.3:
            address = {"address": self._room["address"], "name": self._room["name"]}
            rows.append({"type": "resource", "emailAddress": address})
        return rows

    def _recurrence(self, day: str) -> dict[str, Any]:
        days = self._chance.sample(("monday", "wednesday", "friday"), 2)
        pattern = self._chance.choice(
            (
                {"type": "daily", "interval": 3},
                {"type": "weekly", "interval": 1, "daysOfWeek": days},
                {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
                {
                    "type": "relativeMonthly",
                    "interval": 1,
                    "daysOfWeek": ["tuesday"],
                    "index": "last",
                },
            )
        )
        span = self._chance.choice(
            (
                {"type": "numbered", "startDate": day, "numberOfOccurrences": 5},
                {"type": "endDate", "startDate": day, "endDate": "2030-08-01"},
                {"type": "noEnd", "startDate": day},
            )
        )
        return {"pattern": pattern, "range": span}

    # --- asking and judging -----------------------------------------------------------------------

    def _ask(
        self, method: str, path: str, good: set[int] | None = None, **more: Any
    ) -> requests.Response:
        answer = self._callers.ask(method, path, **more)
        body = answer.json() if answer.content else None
        self._judge(answer.status_code, body, good or {200})
        return answer

    def _judge(self, status: int, body: Any, good: set[int]) -> None:
        self.met[str(status)] += 1
        if status in good:
            return
        assert status in REFUSALS, (status, body)
        assert {"code", "message"} <= set(body["error"]), body

    def _event(self, method: str, path: str, **more: Any) -> dict[str, Any] | None:
        answer = self._ask(method, path, {200, 201}, **more)
        if answer.status_code not in (200, 201):
            return None
        event: dict[str, Any] = answer.json()
        assert problems_of_event(event) == []
        return event

    def _events_of(self, path: str) -> None:
        page = self._ask("GET", path).json()
        assert problems_of_list("event", page) == []
        for event in page["value"]:
            assert problems_of_event(event) == []

    def _empty(self, path: str, body: Any) -> None:
        answer = self._ask("POST", path, {200, 202}, json=body)
        assert answer.status_code not in (200, 202) or answer.content == b""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSandbox]:
    with RunningSandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("seed", [1, 2])
def test_every_answer_of_a_random_life_agrees_with_the_metadata(
    server: RunningSandbox, seed: int
) -> None:
    server.reset()
    callers = Callers(server)
    server.personality(throttling="off")
    life = Life(callers, seed)

    for number in range(STEPS):
        try:
            life.step()
        except AssertionError as problem:
            raise AssertionError(f"seed {seed}, step {number}: {problem}") from problem
    callers.close()

    assert life.met["200"] > STEPS / 2
    assert life.met["201"] > 0
