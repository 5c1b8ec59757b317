"""Changes flow by themselves: Graph calls our web server, over HTTP both ways (X3, S4)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import URL, select, update
from sqlalchemy.exc import OperationalError

from backend.db import subscriptions, watches
from backend.db.models import FirmRow, LinkRow, MailboxRow, UserRow, WatchRow
from backend.services.subscriptions import ClientStates
from tests.browser.story.stack import Web
from tests.support.product import Meeting, Product, running_product
from tests.support.sandbox import RunningSandbox
from tests.support.waiting import wait_until

CLIENT = "ben@client.example"


@dataclass
class Office:
    """A deployment that Graph can reach, and one mailbox of it whose worker we play."""

    product: Product
    url: str
    organizer: str

    def __post_init__(self) -> None:
        self.product.pane(self.organizer).call("GET", "/api/me")
        self.mailbox_id = self._mailbox()
        with self.product.services.database.write.begin() as session:
            # The other mailboxes of the firm are nobody's business here.
            session.execute(
                update(WatchRow).where(WatchRow.mailbox_id != self.mailbox_id).values(due_at=None)
            )

    # -- the worker ----------------------------------------------------------------------------

    def pull(self) -> None:
        """Look at the mailbox now."""
        with self.product.services.database.write.begin() as session:
            watches.ring(session, self.mailbox_id, self.product.clock())
        self.work()

    def work(self) -> None:
        """Whatever is due at this moment."""
        self.product.services.work.drain_mailboxes()
        self.product.drain()

    def later(self, **span: float) -> None:
        self.product.advance(**span)
        self.work()

    # -- what there is -------------------------------------------------------------------------

    def _mailbox(self) -> str:
        with self.product.services.database.read() as session:
            of_owner = select(MailboxRow.id).join(UserRow, UserRow.id == MailboxRow.user_id)
            return session.scalars(of_owner.where(UserRow.address == self.organizer)).one()

    @property
    def row(self) -> WatchRow:
        with self.product.services.database.read() as session:
            return session.get_one(WatchRow, self.mailbox_id)

    def link(self, meeting: Meeting) -> LinkRow:
        with self.product.services.database.read() as session:
            found = select(LinkRow).where(LinkRow.ical_uid == meeting.ical_uid)
            return session.scalars(found).one()

    def set(self, **values: Any) -> None:
        with self.product.services.database.write.begin() as session:
            session.execute(
                update(WatchRow).where(WatchRow.mailbox_id == self.mailbox_id).values(**values)
            )

    @property
    def state(self) -> str:
        return ClientStates(self.product.settings.keys_for("notifications")).of(self.mailbox_id)

    def kept(self) -> list[dict[str, Any]]:
        """What Graph has."""
        found: list[dict[str, Any]] = self.product.sandbox.control("GET", "/subscriptions")["items"]
        return found

    def graph_calls(self, since: int) -> list[str]:
        """Methods and last parts of the paths of our calls."""
        sent = self.product.sandbox.requests(since)
        return [
            f"{r['method']} {r['path'].split('?')[0].rstrip('/').split('/')[-1]}"
            for r in sent
            if r["host"] == "graph"
        ]

    # -- what Graph does -----------------------------------------------------------------------

    def notified(self, since: datetime | None) -> None:
        """Wait for a notification newer than that."""

        def came() -> bool:
            at = self.row.notified_at
            return at is not None and (since is None or at > since)

        wait_until(came, "a notification")

    def all_delivered(self) -> None:
        def nothing_waits() -> bool:
            return self.product.sandbox.control("GET", "/subscriptions")["waiting"] == 0

        wait_until(nothing_waits, "all notifications delivered")

    def post(self, *items: Any, path: str = "/graph/notifications") -> requests.Response:
        """Somebody calls our address."""
        return self.call("POST", self.url + path, json={"value": list(items)})

    def call(self, method: str, url: str, **more: Any) -> requests.Response:
        """One request from outside, without the proxies of the environment."""
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, url, timeout=10, **more)

    def item(self, **members: Any) -> dict[str, Any]:
        """What Graph would send, true in every part."""
        return {
            "subscriptionId": self.row.subscription_id,
            "clientState": self.state,
            "changeType": "updated",
            "resourceData": {"id": "x"},
            "tenantId": self.product.sandbox.tenant_id,
        } | members


@contextmanager
def running_office(
    sandbox: RunningSandbox, url: str | URL, offset_file: Path, **settings: Any
) -> Iterator[Office]:
    web = Web()
    settings["notification_url"] = web.url
    try:
        with running_product(sandbox, url, offset_file, **settings) as product:
            web.start(product.app)
            yield Office(product, web.url, sandbox.person()["address"])
    finally:
        web.stop()


@pytest.fixture
def office(sandbox: RunningSandbox, database_url: str, offset_file: Path) -> Iterator[Office]:
    with running_office(sandbox, database_url, offset_file) as running:
        yield running


@pytest.fixture
def watching(office: Office) -> Office:
    """The mailbox has a subscription and a cursor, and nothing is on its way."""
    office.pull()
    office.all_delivered()
    assert office.row.cursor is not None
    return office


def linked(office: Office, **event: Any) -> Meeting:
    """A ticked meeting; our own write has been notified, read and found to be ours."""
    meeting = office.product.meeting(office.organizer, CLIENT, **event)
    answer = office.product.pane(office.organizer).tick(meeting.id)
    assert answer.json["link"]["state"] == "linked", answer.text
    office.all_delivered()
    office.later(seconds=70)
    return meeting


def subject(office: Office, meeting: Meeting) -> str:
    [record] = office.product.records(meeting.ical_uid)
    return record.draft.subject


# From a change to the record


def test_the_first_look_subscribes_and_graph_finds_us(office: Office) -> None:
    office.pull()

    row = office.row
    [kept] = office.kept()
    assert row.subscription_id == kept["id"]
    assert kept["notificationUrl"] == f"{office.url}/graph/notifications"
    assert kept["lifecycleNotificationUrl"] == f"{office.url}/graph/lifecycle"
    assert kept["immutable_ids"] is True
    assert kept["clientState"] == office.state
    assert row.subscription_expires_at is not None
    left = row.subscription_expires_at - office.product.clock()
    assert timedelta(days=5, hours=17) < left < timedelta(days=6)


def test_a_change_reaches_the_record_by_itself(watching: Office) -> None:
    meeting = linked(watching)
    before = watching.row.notified_at
    meeting.change(subject="Moved on")

    watching.notified(before)
    watching.all_delivered()
    row, link = watching.row, watching.link(meeting)
    now = watching.product.clock()
    assert row.due_at is not None
    assert row.due_at <= now + timedelta(seconds=5)
    assert row.again_at is not None
    assert link.due_at is not None
    assert link.due_at <= now + timedelta(seconds=2)
    watching.later(seconds=6)

    assert subject(watching, meeting) == "Moved on"


def test_our_own_write_is_no_news(watching: Office) -> None:
    meeting = watching.product.meeting(watching.organizer, CLIENT)
    watching.all_delivered()
    watching.later(seconds=70)
    before = watching.row.notified_at
    watching.product.pane(watching.organizer).tick(meeting.id)
    watching.notified(before)
    watching.all_delivered()
    since = watching.product.sandbox.last_request()

    watching.later(seconds=6)

    assert watching.graph_calls(since) == ["GET delta"]


def test_a_burst_of_changes_is_one_pull_and_one_look(watching: Office) -> None:
    meeting = linked(watching)
    since = watching.product.sandbox.last_request()
    for number in range(15):
        meeting.change(subject=f"Draft {number}")
    watching.all_delivered()

    watching.later(seconds=6)

    assert subject(watching, meeting) == "Draft 14"
    calls = watching.graph_calls(since)
    assert calls.count("GET delta") == 1
    assert calls.count("POST $batch") == 1


def test_a_change_that_becomes_visible_late_is_found_by_the_second_look(watching: Office) -> None:
    meeting = linked(watching)
    assert watching.post(watching.item()).status_code == 202
    watching.later(seconds=6)
    watching.set(notified_at=None)
    watching.product.sandbox.faults([{"kind": "notifications", "drop": True}])
    meeting.change(subject="Late")

    watching.later(seconds=60)

    assert subject(watching, meeting) == "Late"


@pytest.mark.parametrize(
    "disorder",
    [
        {"duplicate": 3},
        {"delay": 30},
        {"reorder": True},
    ],
    ids=["doubled", "late", "out of order"],
)
def test_order_doubles_and_delays_do_not_matter(watching: Office, disorder: dict[str, Any]) -> None:
    meeting = linked(watching)
    watching.product.sandbox.faults([{"kind": "notifications", **disorder}])
    for number in range(5):
        meeting.change(subject=f"Draft {number}")
        watching.later(seconds=1)
    watching.product.advance(seconds=40)
    watching.all_delivered()
    watching.later(seconds=6)

    assert subject(watching, meeting) == "Draft 4"


def test_a_lost_notification_costs_fifteen_minutes_at_most(watching: Office) -> None:
    meeting = linked(watching)
    watching.product.sandbox.faults([{"kind": "notifications", "drop": True}])
    meeting.change(subject="Unheard")

    watching.later(minutes=15)

    assert subject(watching, meeting) == "Unheard"


def test_what_could_not_be_stored_is_sent_again(
    watching: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = linked(watching)
    before = watching.row.notified_at
    find, refused = subscriptions.find_subscribers, threading.Event()

    def busy(*found: Any) -> Any:
        if not refused.is_set():
            refused.set()
            raise OperationalError("SELECT", {}, Exception("database is locked"))
        return find(*found)

    monkeypatch.setattr("backend.db.subscriptions.find_subscribers", busy)
    meeting.change(subject="Again")
    wait_until(refused.is_set, "a first try")
    wait_until(lambda: _attempts(watching)[-1] == (1, 503), "its answer")
    watching.product.advance(seconds=11)

    watching.notified(before)
    watching.all_delivered()
    assert (2, 202) in _attempts(watching)


def _attempts(office: Office) -> list[tuple[int, int]]:
    found = office.product.sandbox.control("GET", "/subscriptions")["deliveries"]
    return [(delivery["attempt"], delivery["status"]) for delivery in found]


def test_an_answer_never_waits_for_people_whose_ticks_wait_for_outlook(
    sandbox: RunningSandbox, sqlite_url: URL, offset_file: Path
) -> None:
    """Graph discards what is not answered within three seconds (A8: half of the threads are left).

    The server of the test has eight threads.
    """
    settings = {"web_threads": 8, "inline_budget": 4.0}
    with running_office(sandbox, sqlite_url, offset_file, **settings) as office:
        office.pull()
        office.all_delivered()
        events = [office.product.meeting(office.organizer, CLIENT).id for _ in range(12)]
        office.all_delivered()
        headers = {"Authorization": f"Bearer {office.product.token(office.organizer)}"}
        sandbox.faults([{"kind": "delay", "seconds": 5, "match": {"path": "events"}}])
        people = [
            threading.Thread(
                target=office.call,
                args=("PUT", f"{office.url}/api/events/{event}/link"),
                kwargs={"headers": headers},
            )
            for event in events
        ]
        for person in people:
            person.start()
        answers = [office.post(office.item()) for _ in range(20)]
        are_waiting = any(person.is_alive() for person in people)
        sandbox.clear_faults()
        for person in people:
            person.join(20)

    assert are_waiting
    assert {answer.status_code for answer in answers} == {202}
    assert max(answer.elapsed for answer in answers) < timedelta(seconds=3)


# Who is not believed


def test_a_stranger_who_guesses_rings_nobody(watching: Office) -> None:
    watching.work()
    before = watching.row.ring_seq
    forged = [
        watching.item(clientState="guess"),
        watching.item(subscriptionId="unknown"),
        watching.item(clientState="guess", lifecycleEvent="subscriptionRemoved"),
        {},
    ]

    for path in ("/graph/notifications", "/graph/lifecycle"):
        answer = watching.post(*forged, path=path)
        assert (answer.status_code, answer.content) == (202, b"")

    assert watching.row.ring_seq == before
    assert watching.row.subscription_id is not None


def test_one_firms_secret_opens_no_other_firms_mailbox(watching: Office) -> None:
    """Several tenants share a POST; each item proves itself (X3)."""
    sandbox = watching.product.sandbox
    with watching.product.services.database.write.begin() as session:
        other = session.scalars(
            select(WatchRow)
            .join(FirmRow, FirmRow.id == WatchRow.firm_id)
            .where(FirmRow.tenant_id == sandbox.second_tenant_id)
            .limit(1)
        ).one()
        other.subscription_id, other.due_at = "of the other firm", None
        other_id, before = other.mailbox_id, other.ring_seq
    states = ClientStates(watching.product.settings.keys_for("notifications"))
    stolen = watching.item(subscriptionId="of the other firm")

    def seq() -> int:
        with watching.product.services.database.read() as session:
            return session.get_one(WatchRow, other_id).ring_seq

    own = watching.row.ring_seq
    watching.post(watching.item(), stolen)
    assert (watching.row.ring_seq, seq()) == (own + 1, before)

    true = stolen | {"clientState": states.of(other_id), "tenantId": sandbox.second_tenant_id}
    watching.post(watching.item(), true)
    assert (watching.row.ring_seq, seq()) == (own + 2, before + 1)


def test_a_browser_is_shown_no_page(office: Office) -> None:
    address = f"{office.url}/graph/notifications"
    token = {"validationToken": "<script>alert(1)</script>"}

    answer = office.call("POST", address, params=token)

    assert answer.text == token["validationToken"]
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert office.call("GET", address, params=token).status_code == 405


# The life of a subscription


def lifecycle(office: Office, event: str) -> None:
    before = office.row.notified_at
    office.product.advance(seconds=1)
    office.product.sandbox.faults(
        [{"kind": "lifecycle", "event": event, "match": {"user": office.organizer}}]
    )
    office.notified(before)


def test_missed_notifications_are_caught_up_with(watching: Office) -> None:
    meeting = linked(watching)
    watching.product.sandbox.faults([{"kind": "notifications", "drop": True}])
    meeting.change(subject="Missed")
    watching.product.sandbox.clear_faults()

    lifecycle(watching, "missed")
    watching.later(seconds=6)

    assert subject(watching, meeting) == "Missed"
    assert len(watching.kept()) == 1


def test_a_removed_subscription_is_made_again(watching: Office) -> None:
    lost = watching.row.subscription_id

    lifecycle(watching, "subscriptionRemoved")
    assert watching.row.subscription_id is None
    watching.later(seconds=6)

    [kept] = watching.kept()
    assert kept["id"] == watching.row.subscription_id != lost


def test_a_wish_for_reauthorization_is_one_renewal(watching: Office) -> None:
    watching.product.advance(days=1)
    before = watching.row.subscription_expires_at
    since = watching.product.sandbox.last_request()

    lifecycle(watching, "reauthorizationRequired")
    lifecycle(watching, "reauthorizationRequired")
    watching.later(seconds=6)
    watching.later(seconds=70)

    row = watching.row
    calls = watching.graph_calls(since)
    assert calls.count(f"PATCH {row.subscription_id}") == 1
    assert "POST reauthorize" not in calls
    assert before is not None
    assert row.subscription_expires_at is not None
    assert row.subscription_expires_at > before + timedelta(hours=12)


def test_a_subscription_is_renewed_before_it_ends_and_never_lost(watching: Office) -> None:
    first = watching.row.subscription_id
    since = watching.product.sandbox.last_request()

    for _ in range(20):
        watching.later(hours=12)

    assert watching.row.subscription_id == first
    calls = watching.graph_calls(since)
    assert 2 <= calls.count(f"PATCH {first}") <= 3
    assert "POST subscriptions" not in calls
    [kept] = watching.kept()
    assert datetime.fromisoformat(kept["expirationDateTime"]) > watching.product.clock()


def test_a_subscription_nobody_told_us_was_lost_is_made_again(watching: Office) -> None:
    meeting = linked(watching)
    lost = watching.row.subscription_id
    _delete(watching, str(lost))
    meeting.change(subject="Unheard")

    watching.later(days=4, hours=2)

    [kept] = watching.kept()
    assert kept["id"] == watching.row.subscription_id != lost
    assert subject(watching, meeting) == "Unheard"


def _delete(office: Office, subscription_id: str) -> None:
    """As if Graph had dropped it, without a word."""
    sandbox = office.product.sandbox
    token = sandbox.token(audience="graph", app=True)
    url = f"{sandbox.url}/v1.0/subscriptions/{subscription_id}"
    answer = office.call("DELETE", url, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 204, answer.text


def test_a_subscription_we_forgot_is_adopted(watching: Office) -> None:
    ours = watching.row.subscription_id
    watching.set(subscription_id=None, subscription_expires_at=None, subscription_due_at=None)

    watching.pull()

    assert [kept["id"] for kept in watching.kept()] == [ours]
    row = watching.row
    assert (row.subscription_id, row.subscription_problem) == (ours, None)
    before = row.notified_at
    watching.product.meeting(watching.organizer, CLIENT)
    watching.notified(before)


def test_without_an_address_that_answers_polling_goes_on(
    sandbox: RunningSandbox, database_url: str, offset_file: Path
) -> None:
    nowhere = "http://127.0.0.1:9"
    with running_product(sandbox, database_url, offset_file, notification_url=nowhere) as product:
        office = Office(product, nowhere, sandbox.person()["address"])
        office.pull()
        meeting = linked(office)
        meeting.change(subject="Polled")
        office.later(minutes=15)

        row = office.row
        assert subject(office, meeting) == "Polled"
        assert (row.subscription_id, row.subscription_problem) == (
            None,
            "notification_address_unreachable",
        )
        assert row.subscription_due_at is not None
        assert row.subscription_due_at > product.clock() + timedelta(minutes=4)


def test_without_an_address_nobody_subscribes(product: Product, organizer: str) -> None:
    office = Office(product, "", organizer)

    office.pull()

    assert office.kept() == []
    assert office.row.cursor is not None
