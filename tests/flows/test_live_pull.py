"""Changes in Outlook reach the record without anyone touching anything, by the delta alone (S4).

No notifications here: whatever these stories show also holds when all of them are lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select, update

from backend.db import watches
from backend.db.models import LinkRow, MailboxRow, UserRow, WatchRow
from backend.services import reading
from tests.support.product import Meeting, Product
from tests.support.sandbox import RunningSandbox

CLIENT = "ben@client.example"
DELTA = "/calendarView/delta"


@dataclass
class Watched:
    """One person's mailbox, watched; the others of the firm are left in peace."""

    product: Product
    address: str
    looks: bool = True

    def __post_init__(self) -> None:
        self.far = self.product.clock() + timedelta(days=3650)
        with self.product.services.database.write.begin() as session:
            self.mailbox_id = session.scalars(
                select(MailboxRow.id)
                .join(UserRow, UserRow.id == MailboxRow.user_id)
                .where(UserRow.address == self.address)
            ).one()
            session.execute(update(WatchRow).values(due_at=self.far))
        if self.looks:
            self.look()

    def look(self) -> int:
        """Somebody rings, the mailbox is pulled, its links are walked. How many requests it took
        to look.
        """
        with self.product.services.database.write.begin() as session:
            watches.ring(session, self.mailbox_id, self.product.clock())
        return self.drain()

    def drain(self) -> int:
        before = self.product.sandbox.last_request()
        self.product.services.work.drain_mailboxes()
        requests = [
            line for line in self.product.sandbox.requests(before) if line["host"] == "graph"
        ]
        self.product.drain()
        return len(requests)

    def linked(self, **event: Any) -> Meeting:
        """A meeting whose organizer ticked it; nothing of it is news any more."""
        meeting = self.product.meeting(self.address, CLIENT, **event)
        answer = self.product.pane(self.address).tick(meeting.id)
        assert answer.json["link"]["state"] == "linked"
        self.look()
        return meeting

    @property
    def row(self) -> WatchRow:
        with self.product.services.database.read() as session:
            return session.get_one(WatchRow, self.mailbox_id)

    def link(self, meeting: Meeting) -> LinkRow:
        with self.product.services.database.read() as session:
            return session.scalars(
                select(LinkRow).where(LinkRow.ical_uid == meeting.ical_uid)
            ).one()

    def me(self) -> Any:
        return self.product.pane(self.address).call("GET", "/api/me").json


@pytest.fixture
def watched(product: Product, organizer: str) -> Watched:
    return Watched(product, organizer)


@pytest.fixture
def sqlite_watched(sqlite_product: Product, organizer: str) -> Watched:
    """For stories in which the database plays no part."""
    return Watched(sqlite_product, organizer)


@pytest.fixture(params=["sent", "silent"])
def removed_line(request: pytest.FixtureRequest, sandbox: RunningSandbox) -> Iterator[str]:
    """Whether Graph tells of what is gone at all: nobody can confirm that it always does."""
    sandbox.personality(removed_line=request.param)
    yield request.param
    sandbox.personality(removed_line="sent")


def subject(watched: Watched, meeting: Meeting) -> str | None:
    record = watched.product.record(meeting.ical_uid)
    return None if record is None else record.draft.subject


def order(watched: Watched, **fault: Any) -> None:
    watched.product.sandbox.faults([{"kind": "delta", "times": 1} | fault])


def test_a_change_in_outlook_reaches_the_record(watched: Watched) -> None:
    meeting = watched.linked()

    meeting.change(subject="Annual review")
    watched.look()

    assert subject(watched, meeting) == "Annual review"
    me = watched.me()
    assert me["checked_at"] is not None
    assert me["changed_at"] is not None


def test_without_any_notification_a_quarter_of_an_hour_is_enough(watched: Watched) -> None:
    meeting = watched.linked()
    meeting.change(subject="Annual review")

    watched.product.advance(minutes=15)
    watched.drain()

    assert subject(watched, meeting) == "Annual review"


def test_an_idle_look_is_one_request_however_much_is_linked(watched: Watched) -> None:
    """Architecture §8: one Graph request, at most three statements."""
    counts: list[int] = []
    for number in (1, 12):
        for _ in range(number):
            watched.linked()
        watched.look()
        watched.product.advance(minutes=15)
        counts.append(count_statements(watched))

    assert counts == [3, 3]


def count_statements(watched: Watched) -> int:
    """Of one look, which must take one request."""
    statements: list[str] = []

    def listen(_connection: object, _cursor: object, sql: str, *_more: object) -> None:
        statements.append(sql)

    database = watched.product.services.database
    before = watched.product.sandbox.last_request()
    for engine in (database.write_engine, database.read_engine):
        sqlalchemy_event.listen(engine, "before_cursor_execute", listen)
    with database.write.begin() as session:
        lease = watches.claim(session, watched.product.clock(), timedelta(seconds=90))
    assert lease is not None
    watched.product.services.pulling.pull(lease)
    for engine in (database.write_engine, database.read_engine):
        sqlalchemy_event.remove(engine, "before_cursor_execute", listen)
    assert len(watched.product.sandbox.requests(before)) == 1
    return len([sql for sql in statements if not sql.startswith("BEGIN")])


@pytest.mark.parametrize("variant", ["not_found", "location", "resync_required", "invalid"])
def test_a_lost_cursor_loses_nothing(sqlite_watched: Watched, variant: str) -> None:
    """410 and the other forms of it; a change and a deletion fell into the gap."""
    watched = sqlite_watched
    changed, deleted = watched.linked(), watched.linked()
    changed.change(subject="Annual review")
    watched.product.sandbox.delete_event(deleted.owner, deleted.id)
    order(watched, expire=variant)

    watched.look()
    assert watched.me()["state"] == "resync"
    watched.product.advance(seconds=64)
    watched.drain()
    assert watched.me()["state"] == "watching"
    watched.product.settle()
    for _ in range(2):
        watched.product.advance(minutes=6)
        watched.product.drain()

    assert subject(watched, changed) == "Annual review"
    record = watched.product.record(deleted.ical_uid)
    assert record is None or record.removed or record.draft.status.value == "cancelled"


@pytest.mark.parametrize("effect", ["replay", "empty_page", "duplicate_item"])
def test_what_graph_says_twice_or_late_does_no_harm(sqlite_watched: Watched, effect: str) -> None:
    watched = sqlite_watched
    meeting = watched.linked()
    meeting.change(subject="Annual review")
    order(watched, **{effect: True})

    watched.look()
    watched.look()

    assert subject(watched, meeting) == "Annual review"
    assert len(watched.product.records(meeting.ical_uid)) == 1
    before = watched.product.sandbox.last_request()
    order(watched, replay=True)
    watched.look()
    paths = [line["path"] for line in watched.product.sandbox.requests(before)]
    assert [path for path in paths if "/events" in path or "batch" in path] == []


def test_a_meeting_moved_beyond_the_window_is_followed_on(sqlite_watched: Watched) -> None:
    """A15: the delta says it is gone; the look says where it went."""
    watched = sqlite_watched
    meeting = watched.linked()
    far = (watched.product.clock() + timedelta(days=700)).strftime("%Y-%m-%dT10:00:00")
    later = (watched.product.clock() + timedelta(days=700)).strftime("%Y-%m-%dT11:00:00")

    meeting.change(
        start={"dateTime": far, "timeZone": "UTC"}, end={"dateTime": later, "timeZone": "UTC"}
    )
    watched.look()

    record = watched.product.record(meeting.ical_uid)
    assert record is not None
    assert record.draft.start.strftime("%Y-%m-%dT%H:%M:%S") == far
    link = watched.link(meeting)
    assert (link.state, link.off_delta) == ("linked", True)
    assert link.due_at is not None


def test_a_deletion_is_found_whether_or_not_the_delta_tells_of_it(
    sqlite_watched: Watched, removed_line: str
) -> None:
    """A16: what no line told is found by the next window's mark and sweep."""
    watched = sqlite_watched
    deleted = watched.linked(attendees=[], days=20)
    kept = watched.linked(days=20)
    watched.product.sandbox.delete_event(deleted.owner, deleted.id)

    watched.look()
    assert (watched.link(deleted).gone_since is not None) is (removed_line == "sent")
    watched.product.advance(days=8)
    watched.drain()
    assert watched.link(deleted).gone_since is not None
    watched.product.advance(minutes=6)
    watched.product.drain()

    record = watched.product.record(deleted.ical_uid)
    assert record is None or record.removed
    link = watched.link(kept)
    assert (link.state, link.off_delta) == ("linked", False)
    assert len(watched.product.records(kept.ical_uid)) == 1


def test_a_linked_meeting_that_becomes_a_series_freezes(sqlite_watched: Watched) -> None:
    """L5; the delta tells of occurrences by ids only."""
    watched = sqlite_watched
    meeting = watched.linked()
    start = (watched.product.clock() + timedelta(days=2)).date().isoformat()

    meeting.change(
        recurrence={
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": start, "numberOfOccurrences": 5},
        }
    )
    watched.look()

    assert watched.link(meeting).blocked_by == "recurring_event"
    assert len(watched.product.records(meeting.ical_uid)) == 1


def test_retry_after_is_obeyed_to_the_second(sqlite_watched: Watched) -> None:
    watched = sqlite_watched
    meeting = watched.linked()
    meeting.change(subject="Annual review")
    fault = {"kind": "status", "status": 429, "retry_after": 40, "match": {"path": DELTA}}
    watched.product.sandbox.faults([fault | {"times": 1}])

    asked = watched.product.clock()
    watched.look()
    due_at = watched.row.due_at
    assert due_at is not None
    assert 40 <= (due_at - asked).total_seconds() <= 42
    assert watched.look() == 0, "a ring does not change that"
    watched.product.advance(seconds=30)
    assert watched.drain() == 0
    watched.product.advance(seconds=12)
    assert watched.drain() == 1
    assert subject(watched, meeting) == "Annual review"


@pytest.mark.parametrize(
    ("status", "error", "problem"),
    [
        (403, "ErrorAccessDenied", "access_denied"),
        (404, "MailboxNotEnabledForRESTAPI", "no_mailbox"),
        (404, "ErrorInvalidUser", "mailbox_gone"),
    ],
)
def test_a_mailbox_that_cannot_be_read_is_shown_and_comes_back(
    sqlite_watched: Watched, status: int, error: str, problem: str
) -> None:
    """L8: its records stay, what happens meanwhile follows, and other mailboxes do not notice."""
    watched = sqlite_watched
    meeting = watched.linked()
    match = {"path": "/users/", "user": watched.address}
    watched.product.sandbox.faults(
        [{"kind": "status", "status": status, "error": error, "match": match}]
    )
    meeting.change(subject="Annual review")

    watched.look()

    me = watched.me()
    assert (me["state"], me["problem"]) == ("problem", problem)
    assert me["problem_advice"]
    assert subject(watched, meeting) == "Quarterly review"
    other = Watched(watched.product, other_person(watched))
    theirs = other.linked()
    theirs.change(subject="Theirs")
    other.look()
    assert subject(other, theirs) == "Theirs"

    watched.product.sandbox.clear_faults()
    watched.product.advance(minutes=1)
    watched.look()
    watched.product.settle()

    assert watched.me()["state"] == "watching"
    assert subject(watched, meeting) == "Annual review"
    assert watched.link(meeting).blocked_by is None


def other_person(watched: Watched) -> str:
    tenant = watched.product.sandbox.state()["tenants"][0]
    found: str = next(
        person["address"]
        for person in tenant["people"]
        if person["mailbox"] and person["address"] != watched.address
    )
    return found


def test_a_pause_loses_nothing(sqlite_watched: Watched) -> None:
    """A3: nothing is read or written; resuming catches up."""
    watched = sqlite_watched
    meeting = watched.linked()
    set_paused(watched, True)
    meeting.change(subject="Annual review")

    assert watched.look() == 0
    assert watched.me()["state"] == "paused"
    set_paused(watched, False)
    watched.product.advance(minutes=1)
    watched.product.services.work.sweep()
    watched.drain()

    assert subject(watched, meeting) == "Annual review"


def set_paused(watched: Watched, paused: bool) -> None:
    with watched.product.services.database.write.begin() as session:
        session.execute(
            update(MailboxRow).where(MailboxRow.id == watched.mailbox_id).values(paused=paused)
        )


def test_the_first_pull_is_to_be_seen(
    sqlite_product: Product, organizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = sqlite_product
    pane = product.pane(organizer)
    assert pane.call("GET", "/api/me").json["state"] == "first_pull"
    monkeypatch.setattr(reading, "SLICE_PAGES", 1)
    product.sandbox.faults([{"kind": "delta", "times": 1, "empty_page": True}])

    watched = Watched(product, organizer, looks=False)
    with product.services.database.write.begin() as session:
        watches.ring(session, watched.mailbox_id, product.clock())
        lease = watches.claim(session, product.clock(), timedelta(seconds=90))
    assert lease is not None
    product.services.pulling.pull(lease)

    me = pane.call("GET", "/api/me").json
    assert me["state"] == "first_pull"
    assert (me["progress"]["pages"], me["progress"]["events"], me["checked_at"]) == (1, 0, None)
    watched.drain()
    me = pane.call("GET", "/api/me").json
    assert (me["state"], me["progress"]) == ("watching", None)
    assert me["checked_at"] is not None
