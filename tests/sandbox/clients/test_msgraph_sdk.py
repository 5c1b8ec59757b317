"""Microsoft's own Python SDK works against the sandbox, unchanged but for the transport."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.outlook_category import OutlookCategory
from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import (
    CalendarViewRequestBuilder,
)
from msgraph.generated.users.item.events.events_request_builder import EventsRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder

from tests.sandbox.clients.routed import graph_sdk
from tests.support.sandbox import RunningSandbox

# The SDK imports most of itself when it is used, and warns about itself then.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
Story = Callable[[GraphServiceClient], Awaitable[Any]]


def tell(sandbox: RunningSandbox, story: Story) -> Any:
    async def whole() -> Any:
        async with graph_sdk(sandbox) as client:
            return await story(client)

    return asyncio.run(whole())


def a_meeting(subject: str, *addresses: str) -> Event:
    return Event(
        subject=subject,
        start=DateTimeTimeZone(date_time="2027-03-03T10:00:00", time_zone="UTC"),
        end=DateTimeTimeZone(date_time="2027-03-03T11:00:00", time_zone="UTC"),
        attendees=[Attendee(email_address=EmailAddress(address=each)) for each in addresses],
    )


def test_an_event_is_created_read_categorised_and_deleted(sandbox: RunningSandbox) -> None:
    owner = sandbox.person()["id"]

    async def story(client: GraphServiceClient) -> None:
        events = client.users.by_user_id(owner).events
        created = await events.post(a_meeting("By SDK", "someone@client.example"))
        assert created is not None
        assert created.id is not None
        patched = await events.by_event_id(created.id).patch(Event(categories=["Red category"]))
        read = await events.by_event_id(created.id).get()
        assert patched is not None
        assert read is not None
        assert (read.categories, read.type) == (["Red category"], EventType.SingleInstance)
        assert read.change_key == patched.change_key != created.change_key
        await events.by_event_id(created.id).delete()
        with pytest.raises(ODataError) as refusal:
            await events.by_event_id(created.id).get()
        assert refusal.value.response_status_code == 404
        assert refusal.value.error is not None
        assert refusal.value.error.code == "ErrorItemNotFound"
        assert refusal.value.error.inner_error is not None
        assert refusal.value.error.inner_error.request_id

    tell(sandbox, story)


def test_pages_are_followed_by_their_links(sandbox: RunningSandbox) -> None:
    owner = sandbox.person("admin")["id"]

    async def story(client: GraphServiceClient) -> list[str | None]:
        events = client.users.by_user_id(owner).events
        for number in range(12):
            await events.post(a_meeting(f"Number {number}"))
        query = EventsRequestBuilder.EventsRequestBuilderGetQueryParameters(
            select=["subject"], top=5, orderby=["subject"]
        )
        page = await events.get(RequestConfiguration(query_parameters=query))
        subjects: list[str | None] = []
        while page is not None:
            subjects += [event.subject for event in page.value or []]
            if page.odata_next_link is None:
                break
            page = await events.with_url(page.odata_next_link).get()
        return subjects

    subjects = tell(sandbox, story)

    assert sorted(str(subject) for subject in subjects) == sorted(f"Number {n}" for n in range(12))


def test_views_people_and_categories_answer(sandbox: RunningSandbox) -> None:
    person = sandbox.person("admin")

    async def story(client: GraphServiceClient) -> None:
        mailbox = client.users.by_user_id(person["id"])
        view = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters(
            start_date_time="2027-03-01T00:00:00Z", end_date_time="2027-04-01T00:00:00Z"
        )
        await mailbox.events.post(a_meeting("In view"))
        seen = await mailbox.calendar_view.get(RequestConfiguration(query_parameters=view))
        query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
            filter=f"mail eq '{person['address']}'", select=["id", "mail", "proxyAddresses"]
        )
        users = await client.users.get(RequestConfiguration(query_parameters=query))
        assert seen is not None
        assert seen.value
        assert users is not None
        assert [user.id for user in users.value or []] == [person["id"]]

    tell(sandbox, story)


def test_a_write_permission_that_was_not_granted_is_refused(sandbox: RunningSandbox) -> None:
    person = sandbox.person()
    sandbox.faults([{"kind": "permissions", "app": ["Calendars.Read", "User.Read.All"]}])

    async def story(client: GraphServiceClient) -> None:
        categories = client.users.by_user_id(person["id"]).outlook.master_categories
        with pytest.raises(ODataError) as refusal:
            await categories.post(OutlookCategory(display_name="Matter"))
        assert refusal.value.response_status_code == 403

    try:
        tell(sandbox, story)
    finally:
        sandbox.clear_faults()
