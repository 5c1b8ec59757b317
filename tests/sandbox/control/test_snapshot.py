"""What a demo did is still there after a restart."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.support.receiver import Receiver
from tests.support.sandbox import RunningSandbox
from tests.support.tokens import header_of

EVENT = {
    "subject": "Kept",
    "start": {"dateTime": "2030-01-07T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2030-01-07T11:00:00", "timeZone": "UTC"},
    "categories": ["Add this Event to InterAction"],
}


def test_events_categories_keys_and_switches_survive(tmp_path: Path) -> None:
    with RunningSandbox(data_dir=tmp_path) as first:
        owner = first.person()["address"]
        event = first.create_event(owner, **EVENT)
        first.personality(removed_line="silent")
        kid = header_of(first.token(owner))["kid"]

    with RunningSandbox(data_dir=tmp_path) as second:
        kept = second.get_event(owner, event["id"])
        switches = second.control("GET", "/personality")
        kid_after = header_of(second.token(owner))["kid"]

    assert kept["categories"] == ["Add this Event to InterAction"]
    assert kept["immutableId"] == event["immutableId"]
    assert switches["removed_line"] == "silent"
    assert kid_after == kid


def test_subscriptions_go_on_and_delta_links_do_not(tmp_path: Path) -> None:
    window = "startDateTime=2030-01-01T00:00:00Z&endDateTime=2030-02-01T00:00:00Z"
    with Receiver() as subscriber, requests.Session() as session:
        session.trust_env = False
        with RunningSandbox(data_dir=tmp_path) as first:
            owner = first.person()
            session.headers["Authorization"] = f"Bearer {first.token(audience='graph', app=True)}"
            mailbox = f"/v1.0/users/{owner['id']}"
            now = datetime.fromisoformat(first.state()["now"])
            wish = {
                "changeType": "created",
                "resource": f"users/{owner['id']}/events",
                "notificationUrl": f"{subscriber.url}/hook",
                "expirationDateTime": (now + timedelta(days=2)).isoformat(),
            }
            made = session.post(f"{first.url}/v1.0/subscriptions", json=wish).json()
            page = session.get(f"{first.url}{mailbox}/calendarView/delta?{window}").json()
            link = page.get("@odata.deltaLink") or page["@odata.nextLink"]

        with RunningSandbox(data_dir=tmp_path) as second:
            event = second.create_event(owner["address"], **EVENT)
            subscriber.wait_for(lambda: subscriber.items)
            lost = session.get(link.replace(first.url, second.url))

    item = subscriber.items[0]
    assert item["subscriptionId"] == made["id"]
    assert item["resourceData"]["id"] == event["id"]
    assert (lost.status_code, lost.json()["error"]["code"]) == (410, "SyncStateNotFound")


def test_reset_is_kept_as_well(tmp_path: Path) -> None:
    with RunningSandbox(data_dir=tmp_path) as first:
        owner = first.person()["address"]
        first.create_event(owner, **EVENT)
        first.reset()

    with RunningSandbox(data_dir=tmp_path) as second:
        found = second.events(owner, start="2030-01-01", end="2030-02-01")

    assert found == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"format": 99}',
        b'{"format": 1}',
        b'{"format": 1, "seed": 7, "scale": 0}',
        b'{"format": 1, "seed": 7, "scale": 0, "keys": [], "personality": {}, "exchange": []}',
    ],
)
def test_a_damaged_snapshot_starts_the_sample(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sandbox.json").write_bytes(content)

    with RunningSandbox(data_dir=tmp_path) as sandbox:
        assert len(sandbox.state()["people"]) >= 40


def test_another_seed_does_not_take_up_the_old_one(tmp_path: Path) -> None:
    with RunningSandbox(data_dir=tmp_path) as first:
        owner = first.person()["address"]
        first.create_event(owner, **EVENT)

    with RunningSandbox(data_dir=tmp_path, seed=8) as second:
        found = second.events(owner, start="2030-01-01", end="2030-02-01")

    assert found == []
