"""Notifications travel as Graph's do: late, doubled, together, again after a failure."""

import base64
import threading
from datetime import datetime, timedelta

import pytest

from backend.sandbox.notifications.endpoints import Patience
from tests.sandbox.notifications.conftest import EVENT, Stage
from tests.support.graph_types import problems
from tests.support.receiver import Receiver

HOUR = 3600.0


def test_a_change_is_told_in_the_form_of_graph(stage: Stage) -> None:
    made = stage.subscribe()
    event = stage.create()
    stage.subscriber.wait_for(stage.changes)

    post = stage.subscriber.deliveries[0]
    item = post.items[0]

    owner = stage.owner["id"]
    resource = f"Users/{owner}/Events/{event['id']}"
    assert post.path == "/hook"
    assert post.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Authorization" not in post.headers
    assert set(item) == {
        "subscriptionId",
        "subscriptionExpirationDateTime",
        "changeType",
        "resource",
        "resourceData",
        "clientState",
        "tenantId",
    }
    assert item["subscriptionId"] == made["id"]
    assert item["subscriptionExpirationDateTime"].endswith("0+00:00")
    assert (item["changeType"], item["clientState"]) == ("created", "secret")
    assert item["tenantId"] == stage.sandbox.tenant_id
    assert item["resource"] == resource
    etag = item["resourceData"].pop("@odata.etag")
    assert item["resourceData"] == {
        "@odata.type": "#Microsoft.Graph.Event",
        "@odata.id": resource,
        "id": event["id"],
    }
    raw = base64.b64decode(etag.removeprefix('W/"').removesuffix('"'))
    assert raw[8:] == base64.b64decode(event["changeKey"])
    assert len(raw) == 30


def test_notifications_agree_with_the_metadata(stage: Stage) -> None:
    stage.subscribe()
    stage.create()
    stage.subscriber.wait_for(stage.changes)

    for item in stage.changes():
        moment = item["subscriptionExpirationDateTime"]
        # The moment has its offset spelled out, and resourceData is an open type.
        plain = {
            **item,
            "subscriptionExpirationDateTime": f"{moment[:19]}Z",
            "resourceData": {},
        }
        assert problems("changeNotification", plain, whole=False) == []


def test_creating_changing_and_deleting_are_told(stage: Stage) -> None:
    stage.subscribe()
    event = stage.create()
    stage.change(event, categories=["Red category"])
    stage.delete(event)

    stage.subscriber.wait_for(lambda: len(set(stage.told())) == 3)

    expected = {(kind, event["id"]) for kind in ("created", "updated", "deleted")}
    assert set(stage.told()) == expected


def test_only_wanted_change_types_are_told(stage: Stage) -> None:
    stage.subscribe(changeType="deleted")
    event = stage.create()
    stage.change(event, subject="Other")
    stage.delete(event)

    stage.subscriber.wait_for(stage.changes)

    assert stage.told() == [("deleted", event["id"])]


def test_the_header_of_the_creation_fixes_the_form_of_ids(stage: Stage) -> None:
    stage.subscribe(immutable=True)
    event = stage.create()
    stage.subscriber.wait_for(stage.changes)

    assert {item_id for _, item_id in stage.told()} == {event["immutableId"]}


def test_our_own_writes_come_back_and_a_changed_instance_changes_its_series(stage: Stage) -> None:
    stage.subscribe()
    recurrence = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2030-01-07", "numberOfOccurrences": 3},
    }
    master = stage.create(recurrence=recurrence)
    url = f"{stage.sandbox.url}/v1.0/users/{stage.owner['id']}/events/{master['id']}"
    window = "startDateTime=2030-01-01T00:00:00Z&endDateTime=2030-02-01T00:00:00Z"
    instance = stage.session.get(f"{url}/instances?{window}").json()["value"][1]
    stage.session.patch(url, json={"categories": ["Red category"]})
    stage.change(instance, subject="Apart")

    wanted = {("created", master["id"]), ("updated", master["id"]), ("updated", instance["id"])}

    stage.subscriber.wait_for(lambda: wanted <= set(stage.told()))


def test_a_move_is_told_as_gone_and_new(stage: Stage) -> None:
    stage.subscribe()
    event = stage.create()
    moved = stage.sandbox.act(stage.owner["address"], event["id"], "move", calendar="Other")

    stage.subscriber.wait_for(lambda: ("created", moved["id"]) in stage.told())

    assert ("deleted", event["id"]) in stage.told()


def test_a_meeting_that_arrives_late_is_told_when_it_arrives(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    organizer = stage.sandbox.person("admin")["address"]
    stage.sandbox.personality(invitation_lag=3600)
    invited = [{"emailAddress": {"address": stage.owner["address"]}}]
    stage.sandbox.create_event(organizer, **EVENT, attendees=invited)
    own = stage.create()
    stage.subscriber.wait_for(stage.changes)
    before = stage.told()

    stage.sandbox.advance(3601)
    stage.subscriber.wait_for(lambda: len(stage.changes()) == 2)

    assert before == [("created", own["id"])]


def test_other_mailboxes_are_not_told_of(stage: Stage) -> None:
    stage.subscribe()
    other = stage.sandbox.person("admin")["address"]
    stage.sandbox.create_event(other, **EVENT)
    event = stage.create()

    stage.subscriber.wait_for(stage.changes)

    assert {item_id for _, item_id in stage.told()} == {event["id"]}


def test_a_burst_travels_together_also_of_several_subscriptions(stage: Stage) -> None:
    stage.subscribe()
    stage.subscribe(changeType="created")
    events = [stage.create(subject=f"Number {number}") for number in range(10)]
    wanted = {event["id"] for event in events}

    stage.subscriber.wait_for(lambda: len(stage.changes()) >= 20)

    assert {item_id for _, item_id in stage.told()} == wanted
    shared = [post for post in stage.subscriber.deliveries if len(post.items) > 1]
    assert shared
    both = [{item["subscriptionId"] for item in post.items} for post in shared]
    assert any(len(ids) == 2 for ids in both)


def test_some_edits_are_told_more_than_once_and_some_creations_as_updates_too(
    stage: Stage,
) -> None:
    stage.subscribe()
    for number in range(20):
        stage.create(subject=f"Number {number}")

    stage.subscriber.wait_for(lambda: any(kind == "updated" for kind, _ in stage.told()))


# --- orders -------------------------------------------------------------------------------------


def test_notifications_are_lost_on_order(stage: Stage) -> None:
    made = stage.subscribe(changeType="created")
    stage.order(drop=True, times=1, match={"user": stage.owner["address"]})
    stage.create()
    seen = stage.create()

    stage.subscriber.wait_for(stage.changes)
    stage.wait_for_deliveries(1)

    assert stage.told() == [("created", seen["id"])]
    row = next(item for item in stage.state()["items"] if item["id"] == made["id"])
    assert (row["delivered"], row["dropped"]) == (1, 1)


def test_orders_for_one_mailbox_leave_others_alone(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    stage.order(drop=True, match={"user": "somebody@else.example"})
    event = stage.create()

    stage.subscriber.wait_for(stage.changes)

    assert stage.told() == [("created", event["id"])]


def test_notifications_are_doubled_on_order(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    stage.order(duplicate=2, times=1)
    event = stage.create()

    stage.subscriber.wait_for(lambda: len(stage.changes()) == 3)

    assert stage.told() == [("created", event["id"])] * 3


def test_notifications_are_late_on_order_by_the_sandbox_clock(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    stage.order(delay=600, times=1)
    late = stage.create()
    prompt = stage.create()
    stage.subscriber.wait_for(stage.changes)
    before = stage.told()

    stage.sandbox.advance(601)
    stage.subscriber.wait_for(lambda: len(stage.changes()) == 2)

    assert before == [("created", prompt["id"])]
    assert stage.told()[1] == ("created", late["id"])


def test_notifications_overtake_each_other_on_order(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    stage.order(reorder=True, times=1)
    first, second = stage.create(), stage.create()
    stage.subscriber.wait_for(stage.changes)

    stage.sandbox.advance(6)
    stage.subscriber.wait_for(lambda: len(stage.changes()) == 2)

    assert stage.told() == [("created", second["id"]), ("created", first["id"])]


# --- failures -----------------------------------------------------------------------------------


def test_a_refused_delivery_is_repeated_with_growing_pauses(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    stage.subscriber.manners.status = 503
    event = stage.create()
    stage.wait_for_deliveries(1)
    for attempt, pause in enumerate((10, 20, 40), start=2):
        stage.sandbox.advance(pause - 5)
        assert len(stage.state()["deliveries"]) == attempt - 1
        stage.sandbox.advance(5)
        stage.wait_for_deliveries(attempt)
    stage.subscriber.manners.status = 204
    stage.sandbox.advance(80)

    stage.wait_for_deliveries(5)

    attempts = stage.state()["deliveries"]
    assert [row["attempt"] for row in attempts] == [1, 2, 3, 4, 5]
    assert [row["status"] for row in attempts] == [503, 503, 503, 503, 204]
    assert stage.told() == [("created", event["id"])] * 5
    assert stage.state()["waiting"] == 0


def test_after_four_hours_graph_gives_up_and_says_that_something_was_missed(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    stage.subscriber.manners.status = 500
    stage.create()
    stage.wait_for_deliveries(1)
    for attempt in range(2, 12):
        stage.sandbox.advance(10 * 2 ** (attempt - 2))
        stage.wait_for_deliveries(attempt)
    stage.subscriber.manners.status = 202

    stage.subscriber.wait_for(stage.lifecycle)

    assert stage.lifecycle() == ["missed"]
    assert stage.state()["items"][0]["dropped"] == 1


def test_a_leap_of_the_clock_repeats_a_delivery_once(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    stage.subscriber.manners.status = 500
    stage.create()
    stage.wait_for_deliveries(1)
    stage.subscriber.manners.status = 202

    stage.sandbox.advance(3 * HOUR)
    stage.wait_for_deliveries(2)

    assert [row["outcome"] for row in stage.state()["deliveries"]] == ["refused", "delivered"]


def test_a_closed_port_is_tried_again(stage: Stage) -> None:
    with Receiver() as leaving:
        stage.subscribe(changeType="created", notificationUrl=f"{leaving.url}/hook")
    stage.create()
    stage.wait_for_deliveries(1)

    assert stage.state()["deliveries"][0]["outcome"] == "failed"
    assert stage.state()["waiting"] == 1


def test_an_answer_after_the_time_out_does_not_count(stage: Stage) -> None:
    stage.notifier.endpoints.patience = Patience(first=0.2, again=5)
    stage.subscribe(changeType="created")
    stage.subscriber.manners.hold = hold = threading.Event()
    stage.create()
    stage.wait_for_deliveries(1)
    hold.set()

    stage.sandbox.advance(10)
    stage.wait_for_deliveries(2)

    assert [row["outcome"] for row in stage.state()["deliveries"]] == ["timed out", "delivered"]


def test_the_first_try_waits_three_seconds_and_later_ones_ten() -> None:
    patience = Patience()

    assert (patience.first, patience.again, patience.validation) == (3.0, 10.0, 10.0)


def test_a_slow_host_is_served_ten_minutes_late(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    endpoints = stage.notifier.endpoints
    url, now = stage.subscriber.url, stage.notifier.clock()
    for number in range(10):
        endpoints.note(url, now, 3.5 if number < 2 else 0.1)
    stage.create()
    host = url.removeprefix("http://")
    assert stage.state()["hosts"] == {host: "slow"}

    stage.sandbox.advance(5)
    stage.sandbox.advance(590)
    before = stage.told()
    # More than the rest of the ten minutes: on a busy machine the delay may begin a moment late.
    stage.sandbox.advance(620)
    stage.subscriber.wait_for(stage.changes)

    assert before == []
    assert stage.state()["hosts"] == {host: "fine"}


def test_a_host_that_hangs_loses_its_notifications_and_is_told_so(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    endpoints = stage.notifier.endpoints
    for number in range(10):
        seconds = 10.0 if number < 2 else 0.1
        endpoints.note(stage.subscriber.url, stage.notifier.clock(), seconds)
    stage.create()
    stage.subscriber.wait_for(lambda: stage.state()["items"][0]["dropped"] == 1)

    stage.sandbox.advance(601)
    stage.subscriber.wait_for(stage.lifecycle)

    assert stage.lifecycle() == ["missed"]
    assert stage.told() == []


@pytest.mark.parametrize(
    ("slow", "hanging", "verdict"), [(2, 0, "fine"), (3, 0, "slow"), (3, 3, "slow"), (0, 4, "drop")]
)
def test_shares_of_late_answers_decide(stage: Stage, slow: int, hanging: int, verdict: str) -> None:
    endpoints, now = stage.notifier.endpoints, stage.notifier.clock()
    seconds = [3.5] * slow + [12.0] * hanging
    seconds = [0.1] * (20 - len(seconds)) + seconds

    for each in seconds:
        endpoints.note("http://127.0.0.1:1/", now, each)

    assert endpoints.verdict("http://127.0.0.1:1/", now).value == verdict


# --- the subscription itself --------------------------------------------------------------------


def test_its_end_is_announced_and_deletes_it(stage: Stage) -> None:
    made = stage.subscribe()
    stage.sandbox.advance(47 * HOUR + 14 * 60)
    assert stage.lifecycle() == []
    for minutes in range(1, 4):
        stage.sandbox.advance(60 if minutes == 1 else 15 * 60)
        stage.subscriber.wait_for(lambda minutes=minutes: len(stage.lifecycle()) == minutes)

    stage.sandbox.advance(16 * 60)
    stage.subscriber.wait_for(lambda: stage.state()["items"] == [])
    stage.create()

    assert stage.lifecycle() == ["reauthorizationRequired"] * 3
    assert stage.changes() == []
    post = stage.subscriber.deliveries[0]
    assert post.path == "/lifecycle"
    assert set(post.items[0]) == {
        "subscriptionId",
        "subscriptionExpirationDateTime",
        "tenantId",
        "clientState",
        "lifecycleEvent",
    }
    assert post.items[0]["subscriptionId"] == made["id"]


@pytest.mark.parametrize("way", ["renew", "reauthorize"])
def test_who_answers_the_warning_is_not_warned_again(stage: Stage, way: str) -> None:
    made = stage.subscribe()
    url = f"{stage.sandbox.url}/v1.0/subscriptions/{made['id']}"
    stage.sandbox.advance(47 * HOUR + 16 * 60)
    stage.subscriber.wait_for(stage.lifecycle)
    if way == "renew":
        end = datetime.fromisoformat(made["expirationDateTime"]) + timedelta(days=2)
        assert stage.session.patch(url, json={"expirationDateTime": end.isoformat()}).ok
    else:
        assert stage.session.post(f"{url}/reauthorize").ok

    stage.sandbox.advance(35 * 60)
    stage.create()
    stage.subscriber.wait_for(stage.changes)

    assert stage.lifecycle() == ["reauthorizationRequired"]


def test_a_renewed_subscription_is_warned_again_before_its_new_end(stage: Stage) -> None:
    made = stage.subscribe()
    url = f"{stage.sandbox.url}/v1.0/subscriptions/{made['id']}"
    end = datetime.fromisoformat(made["expirationDateTime"]) + timedelta(days=2)
    assert stage.session.post(f"{url}/reauthorize").ok
    stage.sandbox.advance(11 * 60)
    assert stage.session.patch(url, json={"expirationDateTime": end.isoformat()}).ok

    stage.sandbox.advance(95 * HOUR + 3 * 60)
    before = stage.lifecycle()
    stage.sandbox.advance(2 * 60)
    stage.subscriber.wait_for(stage.lifecycle)

    assert before == []
    assert stage.lifecycle() == ["reauthorizationRequired"]


@pytest.mark.parametrize("event", ["missed", "subscriptionRemoved", "reauthorizationRequired"])
def test_lifecycle_notifications_come_on_order(stage: Stage, event: str) -> None:
    stage.subscribe()
    other = stage.sandbox.person("admin")["address"]
    others = {"kind": "lifecycle", "event": "missed", "match": {"user": other}}
    mine = {"kind": "lifecycle", "event": event, "match": {"user": stage.owner["address"]}}

    stage.sandbox.faults([others, mine])
    stage.subscriber.wait_for(stage.lifecycle)

    assert stage.lifecycle() == [event]
    assert len(stage.state()["items"]) == (0 if event == "subscriptionRemoved" else 1)


def test_without_a_lifecycle_address_nothing_is_said(stage: Stage) -> None:
    stage.subscribe(lifecycleNotificationUrl=None)
    stage.sandbox.faults([{"kind": "lifecycle", "event": "missed"}])
    stage.create()

    stage.subscriber.wait_for(stage.changes)

    assert stage.lifecycle() == []


def test_who_loses_the_permission_is_told_nothing_until_it_comes_back(stage: Stage) -> None:
    stage.subscribe(changeType="created")
    stage.sandbox.faults([{"kind": "permissions", "app": ["User.Read.All"]}])
    stage.create()
    stage.subscriber.wait_for(stage.lifecycle)
    assert (stage.lifecycle(), stage.changes()) == (["reauthorizationRequired"], [])

    stage.sandbox.clear_faults()
    event = stage.create()
    stage.subscriber.wait_for(lambda: stage.changes() and len(stage.lifecycle()) == 2)

    assert stage.told() == [("created", event["id"])]
    assert stage.lifecycle()[1] == "missed"


def test_a_deleted_subscription_is_told_nothing_more(stage: Stage) -> None:
    made = stage.subscribe()
    stage.order(delay=60)
    stage.create()
    stage.session.delete(f"{stage.sandbox.url}/v1.0/subscriptions/{made['id']}")
    stage.sandbox.clear_faults()
    stage.subscribe(changeType="created")
    stage.sandbox.advance(61)
    event = stage.create()

    stage.subscriber.wait_for(stage.changes)

    assert stage.told() == [("created", event["id"])]
