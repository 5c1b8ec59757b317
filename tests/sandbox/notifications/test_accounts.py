"""What happens to an account ends what was subscribed to with its tokens, and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from tests.sandbox.notifications.conftest import Stage
from tests.support.sandbox import RunningSandbox


def subscribe_as_owner(stage: Stage) -> dict[str, Any]:
    """A subscription made with the owner's own token, besides the application's."""
    token = stage.sandbox.token(stage.owner["address"], "graph")
    now = datetime.fromisoformat(stage.sandbox.state()["now"])
    body = {
        "changeType": "created,updated,deleted",
        "resource": "me/events",
        "notificationUrl": f"{stage.subscriber.url}/hook",
        "lifecycleNotificationUrl": f"{stage.subscriber.url}/lifecycle",
        "expirationDateTime": (now + timedelta(days=2)).isoformat(),
        "clientState": "of the owner",
    }
    answer = requests.post(
        f"{stage.sandbox.url}/v1.0/subscriptions",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def order(stage: Stage, state: str, person: dict[str, Any] | None = None) -> None:
    address = (person or stage.owner)["address"]
    stage.sandbox.faults([{"kind": "account", "user": address, "state": state}])


@pytest.mark.parametrize("state", ["disabled", "password_reset"])
def test_subscriptions_of_an_account_are_removed_and_those_of_applications_stay(
    stage: Stage, state: str
) -> None:
    of_app = stage.subscribe()
    of_owner = subscribe_as_owner(stage)
    stage.subscriber.forget()

    order(stage, state)
    stage.subscriber.wait_for(stage.lifecycle)

    [told] = stage.subscriber.items
    assert told["lifecycleEvent"] == "subscriptionRemoved"
    assert (told["subscriptionId"], told["clientState"]) == (of_owner["id"], "of the owner")
    assert [each["id"] for each in stage.state()["items"]] == [of_app["id"]]
    stage.create()
    stage.subscriber.wait_for(stage.changes)
    assert {item["subscriptionId"] for item in stage.changes()} == {of_app["id"]}


def test_somebody_elses_account_and_enabling_again_remove_nothing(stage: Stage) -> None:
    of_owner = subscribe_as_owner(stage)
    people = [each for each in stage.sandbox.state()["people"] if each["mailbox"]]
    other = next(each for each in people if each["id"] != stage.owner["id"])

    order(stage, "disabled", other)
    order(stage, "enabled")

    assert [each["id"] for each in stage.state()["items"]] == [of_owner["id"]]


def refusal(sandbox: RunningSandbox, address: str, assertion: str) -> int:
    """The AADSTS number with which on-behalf-of is refused, 0 if it is not."""
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "client_id": sandbox.api_client_id,
        "client_secret": sandbox.api_client_secret,
        "assertion": assertion,
        "scope": "https://graph.microsoft.com/.default",
        "requested_token_use": "on_behalf_of",
    }
    url = f"{sandbox.url}/{sandbox.tenant_id}/oauth2/v2.0/token"
    answer = requests.post(url, data=form, timeout=10).json()
    return int(answer.get("error_codes", [0])[0])


def test_a_disabled_account_signs_in_no_more_until_it_is_enabled(stage: Stage) -> None:
    sandbox, address = stage.sandbox, stage.owner["address"]
    before = sandbox.token(address)

    order(stage, "disabled")
    while_disabled = refusal(sandbox, address, before)
    shown = sandbox.control("GET", "/faults")["items"]
    [row] = [each for each in sandbox.state()["people"] if each["address"] == address]
    order(stage, "enabled")
    sandbox.advance(301)

    assert while_disabled == 50057
    assert {"kind": "account", "state": "disabled", "user": address} in shown
    assert row["enabled"] is False
    assert refusal(sandbox, address, before) == 50173
    assert refusal(sandbox, address, sandbox.token(address)) == 0


def test_taking_all_faults_back_enables_the_account(stage: Stage) -> None:
    order(stage, "disabled")

    stage.sandbox.clear_faults()

    people = stage.sandbox.state()["people"]
    assert next(each for each in people if each["id"] == stage.owner["id"])["enabled"] is True
    # Who left the firm stays gone.
    assert [each["name"] for each in people if not each["enabled"]] == ["Raymond Stokes"]


@pytest.mark.parametrize(
    "form",
    [
        {"state": "disabled"},
        {"user": "nobody@nowhere.example", "state": "disabled"},
        {"user": "{owner}", "state": "tired"},
        {"user": "{owner}", "state": "disabled", "colour": "red"},
    ],
)
def test_a_malformed_order_is_refused(stage: Stage, form: dict[str, str]) -> None:
    asked = {name: value.format(owner=stage.owner["address"]) for name, value in form.items()}

    with pytest.raises(requests.HTTPError, match="400"):
        stage.sandbox.faults([{"kind": "account", **asked}])
