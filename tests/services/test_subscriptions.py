"""A mailbox's subscription: made, renewed, adopted, replaced, and what a refusal leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from backend.db.models import MailboxRow, WatchRow
from backend.db.watches import snapshot
from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.ports import Calendar, Hooks, Mailbox, Subscription
from backend.services.subscriptions import (
    Addresses,
    ClientStates,
    Subscriptions,
    SubscriptionState,
)
from tests.services.conftest import Stage
from tests.support.crm import NOON

ADDRESSES = Addresses("https://sync.example/graph/notifications", "https://sync.example/graph/life")
STATES = ClientStates([b"new", b"old"])
DAY = timedelta(days=1)


class Graph:
    """The subscriptions of one mailbox, at most one at a time; refuses on order."""

    def __init__(self) -> None:
        self.kept: dict[str, Subscription] = {}
        self.calls: list[str] = []
        self.refusals: dict[str, list[RemoteError]] = {}
        self.tells_state = True
        self.number = 0

    def subscribe(self, mailbox: Mailbox, hooks: Hooks, expires_at: Any) -> Subscription:
        self._called("subscribe")
        if self.kept:
            raise RemoteConflictError(system="graph", status=409)
        self.number += 1
        made = Subscription(
            f"subscription-{mailbox.owner_oid[-6:]}-{self.number}",
            expires_at,
            hooks.notification_url,
            hooks.lifecycle_url,
            hooks.client_state if self.tells_state else None,
        )
        self.kept[made.id] = made
        return made

    def find_subscription(self, mailbox: Mailbox, conflict: object) -> Subscription | None:
        self._called("find")
        return next(iter(self.kept.values()), None)

    def renew_subscription(self, subscription_id: str, expires_at: Any) -> Subscription:
        self._called("renew")
        if subscription_id not in self.kept:
            raise RemoteNotFoundError(system="graph", status=404)
        self.kept[subscription_id] = replace(self.kept[subscription_id], expires_at=expires_at)
        return self.kept[subscription_id]

    def unsubscribe(self, subscription_id: str) -> None:
        self._called("unsubscribe")
        self.kept.pop(subscription_id, None)

    def refuse(self, call: str, *errors: RemoteError) -> None:
        self.refusals[call] = list(errors)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.refusals.get(name):
            raise self.refusals[name].pop(0)


class Tended:
    """A mailbox whose subscription is tended as a pull does it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.graph = Graph()
        self.chance = 0.0
        self.asked_to_wait: datetime | None = None
        self.subscriptions = self.over(STATES)
        with stage.database.read() as session:
            mailbox = select(MailboxRow.id).order_by(MailboxRow.id).limit(1)
            self.mailbox_id = session.scalars(mailbox).one()
        self.owner = stage.callers.owner_of_mailbox(stage.tenant_id, self.mailbox_id)

    def over(self, states: ClientStates, addresses: Addresses | None = ADDRESSES) -> Subscriptions:
        return Subscriptions(
            self.stage.database, states, addresses, self.stage.clock, chance=lambda: self.chance
        )

    @property
    def row(self) -> WatchRow:
        with self.stage.database.read() as session:
            return session.get_one(WatchRow, self.mailbox_id)

    @property
    def mailbox_row(self) -> MailboxRow:
        with self.stage.database.read() as session:
            return session.get_one(MailboxRow, self.mailbox_id)

    def set(self, **values: Any) -> None:
        with self.stage.database.write.begin() as session:
            session.execute(
                update(WatchRow).where(WatchRow.mailbox_id == self.mailbox_id).values(**values)
            )

    def tend(self) -> list[str]:
        """What was asked of Graph."""
        self.graph.calls.clear()
        state = SubscriptionState.of(snapshot(self.row))
        self.asked_to_wait = self.subscriptions.tend(
            self.owner, cast("Calendar", self.graph), state
        )
        return list(self.graph.calls)

    def advance(self, span: timedelta) -> None:
        self.stage.clock.advance(span)


@pytest.fixture
def tended(stage: Stage) -> Tended:
    return Tended(stage)


# Making


def test_a_mailbox_without_one_gets_one_for_six_days(tended: Tended) -> None:
    assert tended.tend() == ["subscribe"]

    row = tended.row
    (made,) = tended.graph.kept.values()
    assert row.subscription_id == made.id
    assert row.subscription_expires_at == made.expires_at == tended.stage.clock() + 6 * DAY
    assert row.subscription_due_at == made.expires_at - 2 * DAY
    assert made.client_state == STATES.of(tended.mailbox_id)


def test_without_an_address_nobody_subscribes(tended: Tended) -> None:
    tended.subscriptions = tended.over(STATES, None)

    assert tended.tend() == []
    assert not tended.subscriptions.is_due(SubscriptionState.of(snapshot(tended.row)))


def test_what_is_not_due_is_left_alone(tended: Tended) -> None:
    tended.tend()
    tended.advance(3.9 * DAY)

    assert tended.tend() == []


def test_ends_and_renewals_are_spread(tended: Tended) -> None:
    tended.chance = 1.0

    tended.tend()

    row = tended.row
    assert row.subscription_expires_at == tended.stage.clock() + 6 * DAY - timedelta(hours=6)
    assert row.subscription_due_at == row.subscription_expires_at - 2 * DAY - timedelta(hours=6)


def test_an_end_that_graph_cut_short_is_not_renewed_without_a_pause(tended: Tended) -> None:
    tended.tend()
    kept = tended.graph.kept[str(tended.row.subscription_id)]
    tended.graph.kept[kept.id] = replace(kept, expires_at=tended.stage.clock())

    class ShortLived(Graph):
        def renew_subscription(self, subscription_id: str, expires_at: Any) -> Subscription:
            short = tended.stage.clock() + timedelta(minutes=45)
            return super().renew_subscription(subscription_id, short)

    short_lived = ShortLived()
    short_lived.kept = tended.graph.kept
    tended.graph = short_lived
    tended.advance(5 * DAY)
    tended.tend()

    assert tended.row.subscription_due_at == tended.stage.clock() + timedelta(minutes=5)


# Renewing


def test_less_than_two_days_before_the_end_it_is_renewed_by_one_call(tended: Tended) -> None:
    tended.tend()
    tended.advance(4 * DAY)

    assert tended.tend() == ["renew"]
    row = tended.row
    assert row.subscription_expires_at == tended.stage.clock() + 6 * DAY
    assert row.subscription_due_at == tended.stage.clock() + 4 * DAY


def test_one_that_is_gone_is_made_again_and_the_mailbox_looked_at(tended: Tended) -> None:
    tended.tend()
    lost = tended.row.subscription_id
    tended.graph.kept.clear()
    tended.advance(4 * DAY)
    tended.set(due_at=tended.stage.clock() + DAY)

    assert tended.tend() == ["renew", "subscribe"]
    row = tended.row
    assert row.subscription_id not in (None, lost)
    assert row.due_at is not None
    assert row.due_at <= tended.stage.clock()


def test_one_that_has_ended_is_not_asked_to_go_on(tended: Tended) -> None:
    tended.tend()
    tended.graph.kept.clear()
    tended.advance(7 * DAY)

    assert tended.tend() == ["subscribe"]


def test_an_address_that_changed_takes_effect_with_the_next_renewal(tended: Tended) -> None:
    tended.tend()
    elsewhere = Addresses("https://new.example/graph/notifications", "https://new.example/life")
    tended.subscriptions = tended.over(STATES, elsewhere)
    tended.advance(4 * DAY)

    assert tended.tend() == ["renew", "unsubscribe", "subscribe"]
    (made,) = tended.graph.kept.values()
    assert made.notification_url == elsewhere.notification_url


def test_a_state_of_an_older_key_is_replaced_with_the_next_renewal(tended: Tended) -> None:
    tended.subscriptions = tended.over(ClientStates([b"old"]))
    tended.tend()
    tended.subscriptions = tended.over(STATES)
    tended.advance(4 * DAY)

    assert tended.tend() == ["renew", "unsubscribe", "subscribe"]
    (made,) = tended.graph.kept.values()
    assert made.client_state == STATES.of(tended.mailbox_id)


def test_a_graph_that_keeps_states_to_itself_is_believed(tended: Tended) -> None:
    tended.graph.tells_state = False
    tended.tend()
    tended.advance(4 * DAY)

    assert tended.tend() == ["renew"]


# A conflict


def test_a_duplicate_of_ours_is_adopted(tended: Tended) -> None:
    tended.tend()
    ours = tended.row.subscription_id
    tended.set(subscription_id=None, subscription_expires_at=None, subscription_due_at=None)

    assert tended.tend() == ["subscribe", "find", "renew"]
    assert tended.row.subscription_id == ours
    assert tended.row.subscription_expires_at == tended.stage.clock() + 6 * DAY


def test_a_duplicate_with_a_state_we_do_not_give_any_more_is_replaced(tended: Tended) -> None:
    tended.subscriptions = tended.over(ClientStates([b"lost with the old database"]))
    tended.tend()
    tended.set(subscription_id=None, subscription_due_at=None)
    tended.subscriptions = tended.over(STATES)

    assert tended.tend() == ["subscribe", "find", "unsubscribe", "subscribe"]
    (made,) = tended.graph.kept.values()
    assert (tended.row.subscription_id, made.client_state) == (
        made.id,
        STATES.of(tended.mailbox_id),
    )


def test_another_installations_duplicate_is_left_alone(tended: Tended) -> None:
    theirs = Subscription("theirs", NOON + DAY, "https://staging.example/graph/notifications")
    tended.graph.kept["theirs"] = theirs

    assert tended.tend() == ["subscribe", "find"]
    row = tended.row
    assert tended.graph.kept == {"theirs": theirs}
    assert (row.subscription_id, row.subscription_problem) == (None, "subscription_elsewhere")
    assert row.subscription_due_at == tended.stage.clock() + timedelta(hours=1)


def test_a_duplicate_that_nobody_finds_is_tried_again_later(tended: Tended) -> None:
    tended.graph.refuse("subscribe", RemoteConflictError(system="graph", status=409))

    assert tended.tend() == ["subscribe", "find"]
    assert tended.row.subscription_problem == "subscription_elsewhere"
    tended.advance(timedelta(hours=1))
    assert tended.tend() == ["subscribe"]
    assert tended.row.subscription_problem is None


# Refusals


def error(
    kind: type[RemoteError], status: int, code: str = "", wait: float | None = None
) -> RemoteError:
    return kind(system="graph", status=status, remote_code=code, retry_after=wait)


@pytest.mark.parametrize(
    ("refusal", "problem"),
    [
        (error(RemoteRejectedError, 400, "ExtensionError"), "subscription_refused"),
        (error(RemoteAccessError, 403, "ErrorAccessDenied"), "subscription_denied"),
        (error(RemoteAccessError, 403, "ExtensionError"), "subscription_limit"),
        (error(RemoteAccessError, 404, "MailboxNotEnabledForRESTAPI"), "subscription_denied"),
        (error(RemoteNotFoundError, 404), "subscription_denied"),
    ],
)
def test_a_refusal_has_a_name_and_an_hours_pause(
    tended: Tended, refusal: RemoteError, problem: str
) -> None:
    tended.graph.refuse("subscribe", refusal)

    tended.tend()

    row = tended.row
    assert row.subscription_problem == problem
    assert row.subscription_due_at == tended.stage.clock() + timedelta(hours=1)
    assert tended.mailbox_row.problem is None, "polling goes on"


@pytest.mark.parametrize("code", ["ValidationError", "InvalidRequest"])
def test_an_address_that_does_not_answer_is_tried_again_soon(tended: Tended, code: str) -> None:
    """Our web may only just be starting again; nobody shall wait an hour for that."""
    tended.graph.refuse("subscribe", error(RemoteRejectedError, 400, code))

    tended.tend()

    row = tended.row
    assert row.subscription_problem == "notification_address_unreachable"
    assert row.subscription_due_at == tended.stage.clock() + timedelta(minutes=5)


def test_a_renewal_that_is_refused_keeps_what_there_is(tended: Tended) -> None:
    tended.tend()
    kept = tended.row.subscription_id
    tended.advance(4 * DAY)
    tended.graph.refuse("renew", error(RemoteAccessError, 403, "ErrorAccessDenied"))

    tended.tend()

    row = tended.row
    assert (row.subscription_id, row.subscription_problem) == (kept, "subscription_denied")
    tended.advance(timedelta(hours=1))
    assert tended.tend() == ["renew"]
    assert tended.row.subscription_problem is None


def test_pauses_are_spread(tended: Tended) -> None:
    tended.chance = 1.0
    tended.graph.refuse("subscribe", error(RemoteRejectedError, 400))

    tended.tend()

    assert tended.row.subscription_due_at == tended.stage.clock() + timedelta(minutes=75)


def test_being_asked_to_wait_closes_the_mailbox_to_the_second(tended: Tended) -> None:
    tended.graph.refuse("subscribe", error(TransientRemoteError, 429, "TooManyRequests", 700.0))

    tended.tend()

    until = tended.stage.clock() + timedelta(seconds=700)
    assert tended.asked_to_wait == tended.mailbox_row.not_before == until
    assert tended.row.subscription_due_at == until


def test_what_may_pass_is_tried_again_soon_and_hides_no_problem(tended: Tended) -> None:
    tended.graph.refuse(
        "subscribe",
        error(RemoteRejectedError, 400, "ValidationError"),
        error(TransientRemoteError, 503),
    )
    tended.tend()
    tended.advance(timedelta(hours=1))

    tended.tend()

    row = tended.row
    assert row.subscription_due_at == tended.stage.clock() + timedelta(minutes=5)
    assert row.subscription_problem == "notification_address_unreachable"
    assert tended.asked_to_wait is None


def test_a_subscription_stored_meanwhile_is_not_overwritten(tended: Tended) -> None:
    state = SubscriptionState.of(snapshot(tended.row))
    tended.set(subscription_id="somebody-elses")

    tended.subscriptions.tend(tended.owner, cast("Calendar", tended.graph), state)

    assert tended.row.subscription_id == "somebody-elses"


# Client states


def test_a_state_proves_one_mailbox_under_any_key_in_use() -> None:
    old = ClientStates([b"old"]).of("m1")

    assert STATES.proves("m1", STATES.of("m1"))
    assert STATES.proves("m1", old)
    assert not STATES.proves("m2", STATES.of("m1"))
    assert not ClientStates([b"new"]).proves("m1", old)


@pytest.mark.parametrize("state", ["", "x", "ä", "\ud800", "0" * 64])
def test_nothing_else_proves_anything(state: str) -> None:
    assert not STATES.proves("m1", state)


def test_a_state_fits_into_what_graph_allows() -> None:
    assert len(STATES.of("m" * 36)) == 64
