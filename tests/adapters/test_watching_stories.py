"""Watching a mailbox against the sandbox: delta, batch and subscriptions over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from backend.domain.errors import (
    DeltaExpiredError,
    RemoteAccessError,
    RemoteConflictError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.ports import (
    Calendar,
    Change,
    DeltaPage,
    Hooks,
    Mailbox,
    Touched,
    TouchedOccurrence,
    Vanished,
    Window,
)
from tests.adapters.office import Office
from tests.support.receiver import Receiver

LIFE = timedelta(days=6)


@pytest.fixture
def subscriber() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def window(office: Office) -> Window:
    return Window(office.clock() - timedelta(days=38), office.clock() + timedelta(days=556))


def whole_round(calendar: Calendar, mailbox: Mailbox, where: Window | str) -> DeltaPage:
    """All pages of a round as one."""
    changes: list[Change] = []
    for _ in range(50):
        page = calendar.read_changes(mailbox, where)
        changes += page.changes
        if page.is_last:
            return DeltaPage(tuple(changes), page.link, True, page.request_id)
        where = page.link
    raise AssertionError("a round without end")


def touched(changes: tuple[Change, ...]) -> set[str]:
    return {change.event.id for change in changes if isinstance(change, Touched)}


# Delta


def test_a_first_round_shows_what_is_there_and_the_next_what_changed(office: Office) -> None:
    ann = office.person()
    mailbox, calendar = office.mailbox(ann), office.as_app()
    made = [office.meeting(ann, subject=f"Meeting {n}") for n in range(60)]

    first = whole_round(calendar, mailbox, window(office))
    idle = whole_round(calendar, mailbox, first.link)
    office.sandbox.change_event(ann["address"], made[7]["id"], subject="Moved on")
    office.sandbox.delete_event(ann["address"], made[8]["id"])
    second = whole_round(calendar, mailbox, idle.link)

    assert len(touched(first.changes)) == 60
    assert idle.changes == ()
    (changed,) = [c for c in second.changes if isinstance(c, Touched)]
    assert changed.event.subject == "Moved on"
    assert changed.event.body_text is None
    gone = [c for c in second.changes if isinstance(c, Vanished)]
    assert len(gone) == 1
    assert gone[0].event_id in touched(first.changes)


def test_an_idle_look_is_one_request(office: Office) -> None:
    ann = office.person()
    first = whole_round(office.as_app(), office.mailbox(ann), window(office))
    before = office.sandbox.last_request()

    office.as_app().read_changes(office.mailbox(ann), first.link)

    assert [r["method"] for r in office.sandbox.requests(before) if r["host"] == "graph"] == ["GET"]


def test_ids_and_change_keys_are_those_of_a_look(office: Office) -> None:
    ann = office.person()
    mailbox, calendar = office.mailbox(ann), office.as_app()
    office.meeting(ann)

    (change,) = whole_round(calendar, mailbox, window(office)).changes

    assert isinstance(change, Touched)
    look = calendar.get_event(mailbox, change.event.id)
    assert look.event.id == change.event.id
    assert (look.event.change_key, look.event.etag) == (change.event.change_key, change.event.etag)
    assert look.event == change.event


def test_occurrences_are_stubs_and_their_series_an_event(office: Office) -> None:
    ann = office.person()
    day = office.clock().date()
    recurrence = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": str(day), "numberOfOccurrences": 3},
    }
    office.meeting(
        ann,
        recurrence=recurrence,
        start={"dateTime": f"{day}T09:00:00", "timeZone": "UTC"},
        end={"dateTime": f"{day}T10:00:00", "timeZone": "UTC"},
    )

    changes = whole_round(office.as_app(), office.mailbox(ann), window(office)).changes

    (series,) = touched(changes)
    stubs = [change for change in changes if isinstance(change, TouchedOccurrence)]
    assert len(stubs) == 3
    assert {stub.series_id for stub in stubs} == {series}


@pytest.mark.parametrize("variant", ["not_found", "location", "resync_required", "invalid"])
def test_a_dead_link_is_told_apart_in_all_its_forms(office: Office, variant: str) -> None:
    ann = office.person()
    mailbox, calendar = office.mailbox(ann), office.as_app()
    first = whole_round(calendar, mailbox, window(office))
    office.sandbox.faults([{"kind": "delta", "expire": variant, "times": 1}])

    with pytest.raises(DeltaExpiredError):
        calendar.read_changes(mailbox, first.link)


def test_an_old_generation_of_a_link_dies(office: Office) -> None:
    ann = office.person()
    mailbox, calendar = office.mailbox(ann), office.as_app()
    oldest = whole_round(calendar, mailbox, window(office)).link
    link = oldest
    for number in range(5):
        office.meeting(ann, subject=f"Meeting {number}")
        link = whole_round(calendar, mailbox, link).link

    with pytest.raises(DeltaExpiredError):
        calendar.read_changes(mailbox, oldest)


@pytest.mark.parametrize("seconds", [2, 11])
def test_a_throttled_delta_tells_how_long_to_wait(office: Office, seconds: int) -> None:
    ann = office.person()
    fault = {"match": {"path": "delta"}, "kind": "status", "status": 429, "retry_after": seconds}
    office.sandbox.faults([fault])

    with pytest.raises(TransientRemoteError) as caught:
        office.as_app().read_changes(office.mailbox(ann), window(office))

    assert caught.value.retry_after == seconds


# Examining


def test_an_examination_sees_what_three_calls_see(office: Office) -> None:
    ann = office.person()
    mailbox, calendar = office.mailbox(ann), office.as_app()
    event = office.meeting(ann)
    before = office.sandbox.last_request()

    found = calendar.examine(mailbox, event["id"], event["iCalUId"])

    sent = [r for r in office.sandbox.requests(before) if r["host"] == "graph"]
    assert [r["path"] for r in sent if "batch" in r["path"]] == ["/v1.0/$batch"]
    assert len(sent) == 4
    look = calendar.get_event(mailbox, event["id"], with_body=True)
    assert found.look is not None
    assert found.look.event == look.event
    assert found.look.request_id
    for listed, default in ((found.in_default_calendar, True), (found.in_any_calendar, False)):
        singly = calendar.find_events(mailbox, event["iCalUId"], default_calendar=default)
        assert listed == tuple(singly)
        assert len(listed) == 1


@pytest.mark.parametrize("deleted_get", ["404", "200"])
def test_a_deleted_event_is_in_no_list_whatever_a_look_says(
    office: Office, deleted_get: str
) -> None:
    ann = office.person()
    mailbox, calendar = office.mailbox(ann), office.as_app()
    office.sandbox.personality(deleted_get=deleted_get)
    event = office.meeting(ann)
    kept = calendar.get_event(mailbox, event["id"]).event.id
    office.sandbox.delete_event(ann["address"], event["id"])

    found = calendar.examine(mailbox, kept, event["iCalUId"])

    assert (found.in_default_calendar, found.in_any_calendar) == ((), ())
    assert (found.look is None) == (deleted_get == "404")


def test_a_throttled_item_of_a_batch_is_a_throttled_call(office: Office) -> None:
    ann = office.person()
    event = office.meeting(ann)
    fault = {
        "match": {"path": "iCalUId"},
        "kind": "status",
        "status": 429,
        "retry_after": 7,
        "times": 1,
    }
    office.sandbox.faults([fault])

    with pytest.raises(TransientRemoteError) as caught:
        office.as_app().examine(office.mailbox(ann), event["id"], event["iCalUId"])

    assert caught.value.retry_after == 7


def test_a_mailbox_that_is_closed_to_us_proves_nothing(office: Office) -> None:
    ann = office.person()
    event = office.meeting(ann)
    fault = {"match": {"path": "/calendar/events"}, "kind": "status", "status": 403}
    office.sandbox.faults([fault])

    with pytest.raises(RemoteAccessError):
        office.as_app().examine(office.mailbox(ann), event["id"], event["iCalUId"])


# Subscriptions


def hooks(subscriber: Receiver, state: str = "state") -> Hooks:
    return Hooks(f"{subscriber.url}/notify", f"{subscriber.url}/lifecycle", state)


def listed(office: Office) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.sandbox.control("GET", "/subscriptions")["items"]
    return found


def test_a_subscription_is_made_after_both_addresses_answered(
    office: Office, subscriber: Receiver
) -> None:
    ann = office.person()

    made = office.as_app().subscribe(office.mailbox(ann), hooks(subscriber), office.clock() + LIFE)

    assert {post.path for post in subscriber.validations} == {"/notify", "/lifecycle"}
    assert abs(made.expires_at - office.clock() - LIFE) < timedelta(seconds=10)
    assert made.notification_url == hooks(subscriber).notification_url
    assert [item["id"] for item in listed(office)] == [made.id]


def test_a_second_one_is_a_conflict_and_the_first_is_found(
    office: Office, subscriber: Receiver
) -> None:
    ann = office.person()
    mailbox, calendar = office.mailbox(ann), office.as_app()
    made = calendar.subscribe(mailbox, hooks(subscriber), office.clock() + LIFE)

    with pytest.raises(RemoteConflictError) as caught:
        calendar.subscribe(mailbox, hooks(subscriber), office.clock() + LIFE)

    assert calendar.find_subscription(mailbox, caught.value) == made
    # The refusal's text is a hint only: the list tells the same.
    unnamed = RemoteConflictError(system="graph", status=409)
    assert calendar.find_subscription(mailbox, unnamed) == made


def test_a_renewal_moves_the_end(office: Office, subscriber: Receiver) -> None:
    ann = office.person()
    calendar = office.as_app()
    end = office.clock() + timedelta(days=1)
    made = calendar.subscribe(office.mailbox(ann), hooks(subscriber), end)

    renewed = calendar.renew_subscription(made.id, end + timedelta(days=4))

    assert renewed.id == made.id
    assert renewed.expires_at - made.expires_at == timedelta(days=4)


def test_a_subscription_that_is_gone_is_not_found_but_ended(
    office: Office, subscriber: Receiver
) -> None:
    calendar = office.as_app()
    made = calendar.subscribe(
        office.mailbox(office.person()), hooks(subscriber), office.clock() + LIFE
    )
    calendar.unsubscribe(made.id)

    with pytest.raises(RemoteNotFoundError):
        calendar.renew_subscription(made.id, office.clock() + LIFE)
    calendar.unsubscribe(made.id)
    assert listed(office) == []


def test_an_address_that_does_not_repeat_the_token_is_refused(
    office: Office, subscriber: Receiver
) -> None:
    subscriber.manners.validation_status = 403

    with pytest.raises(RemoteRejectedError) as caught:
        office.as_app().subscribe(
            office.mailbox(office.person()), hooks(subscriber), office.clock() + LIFE
        )

    assert caught.value.remote_code == "ValidationError"


# Categories


def test_whether_the_mailbox_lists_a_category(office: Office) -> None:
    ann = office.person()
    mailbox, calendar = office.mailbox(ann), office.as_app()

    before = calendar.has_master_category(mailbox, "Add this")
    calendar.ensure_master_category(mailbox, "Add this", "preset7")

    assert (before, calendar.has_master_category(mailbox, "ADD THIS")) == (False, True)
