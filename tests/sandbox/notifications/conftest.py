"""A running sandbox, an application's session at Graph, and a subscriber's web server."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from backend.sandbox.notifications.endpoints import Patience
from backend.sandbox.notifications.notifier import Notifier
from tests.support.receiver import Manners, Receiver
from tests.support.sandbox import RunningSandbox

EVENT = {
    "subject": "Review",
    "start": {"dateTime": "2030-01-07T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2030-01-07T11:00:00", "timeZone": "UTC"},
}


@dataclass(slots=True)
class Stage:
    """One mailbox of the sample firm, watched by the tracker."""

    sandbox: RunningSandbox
    subscriber: Receiver
    session: requests.Session
    owner: dict[str, Any]

    def subscribe(self, *, immutable: bool = False, **members: Any) -> dict[str, Any]:
        """A subscription of the tracker on the owner's mailbox, for two days."""
        now = datetime.fromisoformat(self.sandbox.state()["now"])
        body = {
            "changeType": "created,updated,deleted",
            "resource": f"users/{self.owner['id']}/events",
            "notificationUrl": f"{self.subscriber.url}/hook",
            "lifecycleNotificationUrl": f"{self.subscriber.url}/lifecycle",
            "expirationDateTime": (now + timedelta(days=2)).isoformat(),
            "clientState": "secret",
        } | members
        headers = {"Prefer": 'IdType="ImmutableId"'} if immutable else {}
        answer = self.session.post(
            f"{self.sandbox.url}/v1.0/subscriptions", json=body, headers=headers, timeout=10
        )
        assert answer.status_code == 201, answer.text
        self.subscriber.forget()
        found: dict[str, Any] = answer.json()
        return found

    def create(self, **members: Any) -> dict[str, Any]:
        """The owner makes an event."""
        return self.sandbox.create_event(self.owner["address"], **{**EVENT, **members})

    def change(self, event: dict[str, Any], **members: Any) -> dict[str, Any]:
        """The owner changes it."""
        return self.sandbox.change_event(self.owner["address"], event["id"], **members)

    def delete(self, event: dict[str, Any]) -> None:
        """The owner deletes it."""
        self.sandbox.delete_event(self.owner["address"], event["id"])

    def order(self, **fault: Any) -> None:
        """A standing fault of notifications."""
        self.sandbox.faults([{"kind": "notifications", **fault}])

    def state(self) -> dict[str, Any]:
        """What the control plane says of subscriptions."""
        found: dict[str, Any] = self.sandbox.control("GET", "/subscriptions")
        return found

    def wait_for_deliveries(self, count: int) -> None:
        """Until the sandbox has noted that many attempts."""
        self.subscriber.wait_for(lambda: len(self.state()["deliveries"]) >= count)

    @property
    def notifier(self) -> Notifier:
        """The sandbox's own notifier, for what no control plane offers."""
        assert self.sandbox.app is not None
        return self.sandbox.app.world.notifier

    def told(self) -> list[tuple[str, str]]:
        """Change type and item of every notification that arrived."""
        return [(item["changeType"], item["resourceData"]["id"]) for item in self.changes()]

    def changes(self) -> list[dict[str, Any]]:
        """The notifications about events."""
        return [item for item in self.subscriber.items if "changeType" in item]

    def lifecycle(self) -> list[str]:
        """The lifecycle events that arrived."""
        items = self.subscriber.items
        return [item["lifecycleEvent"] for item in items if "lifecycleEvent" in item]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with RunningSandbox(calendars=False) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def listener() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def stage(running: RunningSandbox, listener: Receiver) -> Iterator[Stage]:
    running.reset()
    listener.forget()
    listener.manners = Manners()
    assert running.app is not None
    running.app.world.notifier.endpoints.patience = Patience()
    with requests.Session() as session:
        session.trust_env = False
        token = running.token(audience="graph", app=True, lifetime=14 * 24 * 3600)
        session.headers["Authorization"] = f"Bearer {token}"
        yield Stage(running, listener, session, running.person())
    if listener.manners.hold is not None:
        listener.manners.hold.set()
