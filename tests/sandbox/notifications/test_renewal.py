"""A renewal and a reauthorization of one subscription must not meet within ten minutes."""

from datetime import datetime, timedelta

import pytest
import requests

from tests.sandbox.notifications.conftest import Stage

HOUR = 3600


def renew(stage: Stage, made: dict[str, str]) -> requests.Response:
    """Two more days."""
    end = datetime.fromisoformat(made["expirationDateTime"]) + timedelta(days=2)
    url = f"{stage.sandbox.url}/v1.0/subscriptions/{made['id']}"
    return stage.session.patch(url, json={"expirationDateTime": end.isoformat()})


def reauthorize(stage: Stage, made: dict[str, str]) -> requests.Response:
    url = f"{stage.sandbox.url}/v1.0/subscriptions/{made['id']}/reauthorize"
    return stage.session.post(url)


def end_of(stage: Stage, made: dict[str, str]) -> str:
    url = f"{stage.sandbox.url}/v1.0/subscriptions/{made['id']}"
    return str(stage.session.get(url).json()["expirationDateTime"])


@pytest.mark.parametrize("renewal_comes_first", [True, False])
def test_a_renewal_that_meets_a_reauthorization_is_answered_and_lost(
    stage: Stage, renewal_comes_first: bool
) -> None:
    made = stage.subscribe()

    if renewal_comes_first:
        renewed, reauthorized = renew(stage, made), reauthorize(stage, made)
    else:
        reauthorized, renewed = reauthorize(stage, made), renew(stage, made)

    assert (renewed.status_code, reauthorized.status_code) == (200, 204)
    assert renewed.json()["expirationDateTime"] > made["expirationDateTime"]
    assert end_of(stage, made) == made["expirationDateTime"]
    stage.sandbox.advance(49 * HOUR)
    stage.subscriber.wait_for(lambda: stage.state()["items"] == [])


@pytest.mark.parametrize("renewal_comes_first", [True, False])
def test_ten_minutes_apart_they_do_each_other_no_harm(
    stage: Stage, renewal_comes_first: bool
) -> None:
    made = stage.subscribe()
    acts = [renew, reauthorize] if renewal_comes_first else [reauthorize, renew]

    acts[0](stage, made)
    stage.sandbox.advance(10 * 60 + 1)
    acts[1](stage, made)

    assert end_of(stage, made) > made["expirationDateTime"]


def test_two_renewals_in_a_row_are_no_clash_and_reauthorizing_takes_both_back(
    stage: Stage,
) -> None:
    made = stage.subscribe()
    later = renew(stage, made).json()

    latest = renew(stage, later).json()
    kept = end_of(stage, made)
    reauthorize(stage, made)

    assert kept == latest["expirationDateTime"] > later["expirationDateTime"]
    assert end_of(stage, made) == made["expirationDateTime"]


def test_under_the_mild_personality_both_count(stage: Stage) -> None:
    stage.sandbox.personality(renewal_clash="kept")
    made = stage.subscribe()

    renewed = renew(stage, made).json()
    reauthorize(stage, made)

    assert end_of(stage, made) == renewed["expirationDateTime"]


def test_whoever_may_not_read_any_more_may_not_prolong(stage: Stage) -> None:
    made = stage.subscribe()
    stage.sandbox.faults([{"kind": "permissions", "app": ["User.Read.All"]}])

    refused = [renew(stage, made), reauthorize(stage, made)]

    assert [answer.status_code for answer in refused] == [403, 403]
    assert {answer.json()["error"]["code"] for answer in refused} == {"ErrorAccessDenied"}
    assert end_of(stage, made) == made["expirationDateTime"]


@pytest.mark.parametrize("by", ["rbac", "policy"])
def test_only_mailboxes_that_exchange_allows_can_be_watched(stage: Stage, by: str) -> None:
    people = [each for each in stage.sandbox.state()["people"] if each["mailbox"]]
    other = next(each for each in people if each["id"] != stage.owner["id"])
    order = {
        "kind": "permissions",
        "app": ["Calendars.Read", "User.Read.All"],
        "mailboxes": [stage.owner["address"]],
        "by": by,
    }
    stage.sandbox.faults([order])

    stage.subscribe()
    with pytest.raises(AssertionError, match="ErrorAccessDenied"):
        stage.subscribe(resource=f"users/{other['id']}/events")
