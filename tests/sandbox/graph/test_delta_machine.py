"""Whoever follows delta knows the calendar, whatever people do and whatever goes wrong."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from starlette.requests import Request

from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.exchange.model import EventKind, StoredEvent
from backend.sandbox.graph.routes import FrontDoor
from tests.support.firm import BY_HAND, NOW, Firm, an_event, at, invited, weekly
from tests.support.graph_types import problems, problems_of_event

BEGIN, END = "2026-03-01T00:00:00Z", "2026-04-15T00:00:00Z"
WINDOW = f"startDateTime={BEGIN}&endDateTime={END}"
IMMUTABLE = 'IdType="ImmutableId"'
DAYS = st.integers(min_value=-20, max_value=70)
PICK = st.integers(min_value=0, max_value=10_000)


class Door:
    """Graph without a network."""

    def __init__(self, firm: Firm) -> None:
        self._door = FrontDoor(firm)

    def get(self, url: str, prefer: str) -> tuple[int, Any]:
        """Status and body of a GET as Ann."""
        path, _, query = url.removeprefix("http://graph.test").partition("?")
        headers = {"authorization": "Bearer ann", "host": "graph.test", "prefer": prefer}
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "scheme": "http",
        }
        answer = self._door.answer(Request(scope), b"")
        return answer.status, answer.body


@dataclass
class Follower:
    """A client: follows links, keeps what it was told by id, starts anew when told to."""

    door: Door
    prefer: str
    base: str
    known: dict[str, Any] = field(default_factory=dict)
    masters: dict[str, Any] = field(default_factory=dict)
    fresh_masters: set[str] = field(default_factory=set)
    link: str | None = None

    def follow(self, *, breaks_after: int | None = None) -> None:
        """One round; `breaks_after` pages it dies, and the next round begins at the old link."""
        url = self.link or f"{self.base}/calendarView/delta?{WINDOW}"
        seen: set[str] = set()
        self.fresh_masters.clear()
        is_first = self.link is None
        for number in range(500):
            status, body = self.door.get(url, self.prefer)
            if status in (400, 410):
                assert body["error"]["code"].lower() in (
                    "syncstatenotfound",
                    "syncstateinvalid",
                    "resyncrequired",
                )
                self.link = None
                self.follow()
                return
            assert status == 200
            for item in body["value"]:
                self._take(item)
                seen.add(item["id"])
            if number + 1 == breaks_after:
                return
            if "@odata.deltaLink" in body:
                self.link = body["@odata.deltaLink"]
                break
            url = body["@odata.nextLink"]
        else:
            raise AssertionError("the round does not end")
        if is_first:
            self._forget_all_but(seen)

    def _take(self, item: dict[str, Any]) -> None:
        if "@removed" in item:
            assert set(item) == {"@odata.type", "id", "@removed"}
            self.known.pop(item["id"], None)
            self.masters.pop(item["id"], None)
        elif item["type"] == "seriesMaster":
            self.known.pop(item["id"], None)
            self.masters[item["id"]] = item
            self.fresh_masters.add(item["id"])
        else:
            self.masters.pop(item["id"], None)
            # An instance whose master did not come along: nobody knows whether it changed.
            if item["seriesMasterId"] not in self.fresh_masters:
                self.masters.pop(item["seriesMasterId"], None)
            self.known[item["id"]] = item

    def _forget_all_but(self, seen: set[str]) -> None:
        for kept in (self.known, self.masters):
            for item_id in set(kept) - seen:
                del kept[item_id]

    def view(self) -> dict[str, tuple[Any, ...]]:
        """What the calendar looks like to the client: by id, times and subject."""
        found = {}
        for item_id, item in self.known.items():
            whole = self._master(item["seriesMasterId"]) if item["type"] == "occurrence" else item
            found[item_id] = _looks({**whole, **item})
        return found

    def _master(self, item_id: str) -> dict[str, Any]:
        """The master that delta sent, else the one that a GET answers."""
        if item_id not in self.masters:
            status, self.masters[item_id] = self.door.get(f"/v1.0/me/events/{item_id}", self.prefer)
            assert status == 200
        return self.masters[item_id]


def _looks(item: dict[str, Any]) -> tuple[Any, ...]:
    return (
        item["type"],
        item["start"]["dateTime"],
        item["end"]["dateTime"],
        item["subject"],
        tuple(item["categories"]),
        item["isCancelled"],
    )


class DeltaMachine(RuleBasedStateMachine):
    """Ann and Ben live in their calendars while three clients follow Ann's two."""

    def __init__(self) -> None:
        super().__init__()
        self.firm = Firm()
        self.door = Door(self.firm)
        self.box = self.firm.exchange.mailbox(self.firm.ann.id)
        self.other = self.box.add_calendar("Other")
        main = "http://graph.test/v1.0/me"
        there = f"{main}/calendars/{self.other.id}"
        self.followers = [
            Follower(self.door, "odata.maxpagesize=3", main),
            Follower(self.door, f"odata.maxpagesize=50, {IMMUTABLE}", main),
            Follower(self.door, IMMUTABLE, there),
        ]
        self.count = 0

    # --- choosing ---------------------------------------------------------------------------

    def items(self) -> list[StoredEvent]:
        """Ann's singles and series."""
        return list(self.box.items())

    def item(self, pick: int) -> StoredEvent:
        """One of them."""
        items = self.items()
        return items[pick % len(items)]

    def instance(self, pick: int) -> StoredEvent | None:
        """An instance of one of her series."""
        found = [
            event
            for calendar in (self.box.default_calendar, self.other)
            for event in self.box.view(NOW - timedelta(60), NOW + timedelta(120), calendar.id)
            if event.master is not None
        ]
        return found[pick % len(found)] if found else None

    def subject(self) -> str:
        """A new one each time."""
        self.count += 1
        return f"Subject {self.count}"

    @staticmethod
    def times(days: int) -> dict[str, Any]:
        """An hour of that day."""
        day = (NOW + timedelta(days=days)).date().isoformat()
        return {"start": at(f"{day}T10:00:00"), "end": at(f"{day}T11:00:00")}

    def act(self, name: str, event: StoredEvent, *more: Any) -> None:
        """An act of Ann, who may be refused."""
        with suppress(ExchangeError):
            getattr(self.firm.exchange, name)(self.firm.ann, event.id, *more)

    # --- people -----------------------------------------------------------------------------

    @rule(days=DAYS, elsewhere=st.booleans())
    def make_a_single(self, days: int, elsewhere: bool) -> None:
        """In either calendar, in or out of the window."""
        body = an_event(subject=self.subject(), **self.times(days))
        calendar_id = self.other.id if elsewhere else None
        self.firm.exchange.create_event(self.firm.ann, body, BY_HAND, calendar_id)

    @rule(days=DAYS, count=st.integers(1, 12), elsewhere=st.booleans())
    def make_a_series(self, days: int, count: int, elsewhere: bool) -> None:
        """Weekly, of some length."""
        start = (NOW + timedelta(days=days)).date()
        recurrence = weekly(start.strftime("%A").lower(), count, start.isoformat())
        body = an_event(subject=self.subject(), recurrence=recurrence, **self.times(days))
        calendar_id = self.other.id if elsewhere else None
        self.firm.exchange.create_event(self.firm.ann, body, BY_HAND, calendar_id)

    @rule(days=DAYS, is_series=st.booleans())
    def be_invited(self, days: int, is_series: bool) -> None:
        """Ben's meeting arrives in Ann's calendar."""
        more: dict[str, Any] = {"attendees": invited("ann@firm.example")}
        if is_series:
            start = (NOW + timedelta(days=days)).date()
            more["recurrence"] = weekly(start.strftime("%A").lower(), 4, start.isoformat())
        body = an_event(subject=self.subject(), **self.times(days), **more)
        self.firm.exchange.create_event(self.firm.ben, body, BY_HAND)

    @rule(pick=PICK, days=DAYS)
    def ben_moves_or_cancels(self, pick: int, days: int) -> None:
        """What Ben does to his meetings reaches Ann."""
        mine = list(self.firm.exchange.mailbox(self.firm.ben.id).items())
        if not mine:
            return
        event = mine[pick % len(mine)]
        if days % 3 == 0:
            self.firm.exchange.cancel_event(self.firm.ben, event.id, "", BY_HAND)
        elif event.is_organizer and event.kind is EventKind.SINGLE:
            patch = self.times(days) | {"subject": self.subject()}
            self.firm.exchange.update_event(self.firm.ben, event.id, patch, BY_HAND)

    @precondition(lambda self: self.items())
    @rule(pick=PICK)
    def rename(self, pick: int) -> None:
        """A whole item gets another subject and category."""
        patch = {"subject": self.subject(), "categories": ["Red category"]}
        self.act("update_event", self.item(pick), patch, BY_HAND)

    @precondition(lambda self: self.items())
    @rule(pick=PICK, days=DAYS)
    def reschedule(self, pick: int, days: int) -> None:
        """A whole item moves, also across the edges of the window."""
        item = self.item(pick)
        patch: dict[str, Any] = self.times(days)
        if item.kind is EventKind.MASTER:
            start = (NOW + timedelta(days=days)).date()
            patch["recurrence"] = weekly(start.strftime("%A").lower(), 5, start.isoformat())
        self.act("update_event", item, patch, BY_HAND)

    @precondition(lambda self: self.items())
    @rule(pick=PICK, count=st.integers(0, 9))
    def repeat_differently(self, pick: int, count: int) -> None:
        """A single becomes a series, a series longer, shorter or a single."""
        item = self.item(pick)
        if count == 0:
            self.act("update_event", item, {"recurrence": None}, BY_HAND)
            return
        start = item.start.date()
        recurrence = weekly(start.strftime("%A").lower(), count, start.isoformat())
        self.act("update_event", item, {"recurrence": recurrence}, BY_HAND)

    @rule(pick=PICK, days=st.integers(-6, 6))
    def change_an_instance(self, pick: int, days: int) -> None:
        """One instance gets its own subject, and sometimes its own time."""
        event = self.instance(pick)
        if event is None:
            return
        patch: dict[str, Any] = {"subject": self.subject()}
        if days % 2:
            start = event.start + timedelta(days=days)
            text = start.replace(tzinfo=None).isoformat
            patch["start"] = at(text())
            patch["end"] = at((start + timedelta(hours=1)).replace(tzinfo=None).isoformat())
        self.act("update_event", event, patch, BY_HAND)

    @rule(pick=PICK)
    def delete_an_instance(self, pick: int) -> None:
        """One instance goes."""
        event = self.instance(pick)
        if event is not None:
            self.act("delete_event", event, BY_HAND)

    @precondition(lambda self: self.items())
    @rule(pick=PICK, for_good=st.booleans())
    def delete(self, pick: int, for_good: bool) -> None:
        """A whole item goes."""
        event = self.item(pick)
        self.firm.exchange.delete_event(self.firm.ann, event.id, BY_HAND, for_good=for_good)

    @precondition(lambda self: self.items())
    @rule(pick=PICK)
    def answer(self, pick: int) -> None:
        """Ann answers an invitation."""
        response = ("accepted", "tentativelyAccepted", "declined")[pick % 3]
        self.act("respond", self.item(pick), response, BY_HAND)

    @precondition(lambda self: self.items())
    @rule(pick=PICK)
    def move(self, pick: int) -> None:
        """An item goes to the other calendar, with a new id."""
        item = self.item(pick)
        is_there = item.calendar_id == self.other.id
        target = self.box.default_calendar.id if is_there else self.other.id
        self.act("move_event", item, target, BY_HAND)

    # --- time and faults --------------------------------------------------------------------

    @rule(lag=st.sampled_from([0, 40]))
    def graph_shows_new_items_late(self, lag: float) -> None:
        """The switch `get_lag`."""
        self.firm.personality.get_lag = lag

    @rule(line=st.sampled_from(["sent", "missing"]))
    def masters_may_be_missing(self, line: str) -> None:
        """The switch `master_line`."""
        self.firm.personality.master_line = line

    @rule(seconds=st.integers(1, 60))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.firm.clock.advance(seconds=seconds)

    @rule(
        effect=st.sampled_from(["replay", "empty_page", "duplicate_item", "expire"]),
        variant=st.sampled_from(["not_found", "location", "resync_required", "invalid"]),
        times=st.integers(1, 3),
    )
    def order(self, effect: str, variant: str, times: int) -> None:
        """Something will go wrong."""
        value: str | bool = variant if effect == "expire" else True
        self.firm.faults.add([{"kind": "delta", effect: value, "times": times}])

    # --- following --------------------------------------------------------------------------

    @rule(which=st.integers(0, 2), pages=st.integers(1, 3))
    def follow_and_die(self, which: int, pages: int) -> None:
        """A client reads some pages and forgets the links, not what it read."""
        follower = self.followers[which]
        if follower.link is not None:
            follower.follow(breaks_after=pages)

    @rule(which=st.integers(0, 2))
    def follow(self, which: int) -> None:
        """A client follows a whole round."""
        self.followers[which].follow()

    @rule()
    def everything_settles(self) -> None:
        """All lags pass, everybody follows: then everybody knows the calendar."""
        self.firm.personality.get_lag = 0
        self.firm.clock.advance(seconds=61)
        for follower in self.followers:
            follower.follow()
            assert follower.view() == self.truth(follower)

    def truth(self, follower: Follower) -> dict[str, tuple[Any, ...]]:
        """What calendarView says."""
        status, body = self.door.get(
            f"{follower.base}/calendarView?{WINDOW}&$top=1000", follower.prefer
        )
        assert status == 200
        return {item["id"]: _looks(item) for item in body["value"]}

    @invariant()
    def whatever_was_told_agrees_with_the_metadata(self) -> None:
        """Of the newest items only: the others were looked at before."""
        for follower in self.followers:
            for item in list(follower.known.values())[-2:]:
                if item["type"] == "occurrence":
                    assert problems("event", item, whole=False) == []
                    continue
                plain = {**item, "@odata.etag": f'W/"{item["changeKey"]}"'}
                assert problems_of_event(plain) == []

    def teardown(self) -> None:
        """Every story ends with everybody knowing everything."""
        self.firm.faults.clear()
        self.everything_settles()


TestDelta = DeltaMachine.TestCase
TestDelta.settings = settings(
    max_examples=250,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
