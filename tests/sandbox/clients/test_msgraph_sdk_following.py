"""Microsoft's SDK follows delta by its links and watches a mailbox, but for the transport as is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.users.item.calendar_view.delta.delta_get_response import DeltaGetResponse
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import (
    DeltaRequestBuilder,
)

from tests.sandbox.clients.test_msgraph_sdk import a_meeting, tell
from tests.support.receiver import Receiver
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def subscriber() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def somebody(sandbox: RunningSandbox) -> dict[str, Any]:
    """Whose mailbox no other story touches."""
    people = [person for person in sandbox.state()["people"] if person["mailbox"]]
    found: dict[str, Any] = people[-1]
    return found


def preferring(page_size: int, query: Any = None) -> Any:
    """Headers are not in a token: they go with every call."""
    configuration = RequestConfiguration(query_parameters=query)
    configuration.headers.add("Prefer", f"odata.maxpagesize={page_size}")
    configuration.headers.add("Prefer", 'IdType="ImmutableId"')
    return configuration


def first_request(page_size: int) -> Any:
    query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        start_date_time="2027-03-01T00:00:00Z", end_date_time="2027-04-01T00:00:00Z"
    )
    return preferring(page_size, query)


async def whole_round(
    builder: DeltaRequestBuilder, page: DeltaGetResponse | None
) -> tuple[list[Event], int, str]:
    """All events, the number of pages, and the link of the next round."""
    found: list[Event] = []
    pages = 0
    while page is not None:
        pages += 1
        found += page.value or []
        if page.odata_delta_link is not None:
            return found, pages, page.odata_delta_link
        assert page.odata_next_link is not None
        page = await builder.with_url(page.odata_next_link).get(preferring(3))
    raise AssertionError("a page was empty of everything")


def test_a_calendar_is_followed_page_by_page_and_round_by_round(sandbox: RunningSandbox) -> None:
    owner = somebody(sandbox)["id"]

    async def story(client: GraphServiceClient) -> None:
        mailbox = client.users.by_user_id(owner)
        builder = mailbox.calendar_view.delta
        made = [await mailbox.events.post(a_meeting(f"Number {n}")) for n in range(7)]
        first, pages, link = await whole_round(builder, await builder.get(first_request(3)))
        assert {event.subject for event in first} == {f"Number {n}" for n in range(7)}
        assert {event.type for event in first} == {EventType.SingleInstance}
        assert pages >= 3
        assert link.startswith("https://graph.microsoft.com/v1.0/users/")
        assert made[0] is not None
        assert made[0].id is not None
        assert made[1] is not None
        assert made[1].id is not None
        ids = {event.subject: str(event.id) for event in first}
        await mailbox.events.by_event_id(made[0].id).delete()
        await mailbox.events.by_event_id(made[1].id).patch(Event(categories=["Red category"]))

        page = await builder.with_url(link).get(preferring(3))
        second, _, newest = await whole_round(builder, page)

        by_id = {event.id: event for event in second}
        assert by_id[ids["Number 0"]].additional_data["@removed"] == {"reason": "deleted"}
        assert by_id[ids["Number 1"]].categories == ["Red category"]
        quiet, _, _ = await whole_round(builder, await builder.with_url(newest).get())
        assert quiet == []

    tell(sandbox, story)


def test_an_expired_link_is_an_error_with_its_code(sandbox: RunningSandbox) -> None:
    owner = somebody(sandbox)

    async def story(client: GraphServiceClient) -> None:
        builder = client.users.by_user_id(owner["id"]).calendar_view.delta
        _, _, link = await whole_round(builder, await builder.get(first_request(50)))
        sandbox.faults([{"kind": "delta", "expire": True, "times": 1}])
        with pytest.raises(ODataError) as refusal:
            await builder.with_url(link).get()
        assert refusal.value.response_status_code == 410
        assert refusal.value.error is not None
        assert refusal.value.error.code == "SyncStateNotFound"

    tell(sandbox, story)


def test_a_mailbox_is_watched_renewed_and_left(
    sandbox: RunningSandbox, subscriber: Receiver
) -> None:
    owner = somebody(sandbox)
    now = datetime.fromisoformat(sandbox.state()["now"])

    async def story(client: GraphServiceClient) -> None:
        wanted = Subscription(
            change_type="created,updated,deleted",
            resource=f"users/{owner['id']}/events",
            notification_url=f"{subscriber.url}/hook",
            lifecycle_notification_url=f"{subscriber.url}/lifecycle",
            expiration_date_time=now + timedelta(days=1),
            client_state="secret",
        )
        made = await client.subscriptions.post(wanted)
        assert made is not None
        assert made.id is not None
        one = client.subscriptions.by_subscription_id(made.id)
        later = Subscription(expiration_date_time=now + timedelta(days=6))
        renewed = await one.patch(later)
        assert renewed is not None
        assert renewed.expiration_date_time == now + timedelta(days=6)
        listed = await client.subscriptions.get()
        assert listed is not None
        assert [each.id for each in listed.value or []] == [made.id]
        with pytest.raises(ODataError) as refusal:
            await client.subscriptions.post(wanted)
        assert refusal.value.response_status_code == 409
        await client.users.by_user_id(owner["id"]).events.post(a_meeting("Watched"))
        subscriber.wait_for(lambda: subscriber.deliveries)
        await one.reauthorize.post()
        await one.delete()

    tell(sandbox, story)

    assert len(subscriber.validations) == 2
    assert {item["changeType"] for item in subscriber.items} <= {"created", "updated"}
