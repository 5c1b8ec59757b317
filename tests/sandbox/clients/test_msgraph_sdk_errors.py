"""Microsoft's Python SDK meets batches, throttling and claims challenges as in production."""

from typing import Any

import pytest
from msgraph import GraphServiceClient
from msgraph.generated.models.event import Event
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

from tests.sandbox.clients.test_msgraph_sdk import a_meeting, tell
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_batch_has_an_answer_for_each_item(sandbox: RunningSandbox) -> None:
    person = sandbox.person()

    async def story(client: GraphServiceClient) -> dict[str, int | None]:
        user = client.users.by_user_id(person["id"])
        asked = {
            "calendar": user.calendar.to_get_request_information(),
            "made": user.events.to_post_request_information(a_meeting("By batch")),
            "missing": user.events.by_event_id("nonsense").to_get_request_information(),
        }
        content = BatchRequestContent()
        for name, information in asked.items():
            content.add_request(name, BatchRequestItem(information, name))
        answer = await client.batch.post(content)
        assert answer is not None
        return {name: each.status for name, each in (answer.responses or {}).items()}

    assert tell(sandbox, story) == {"calendar": 200, "made": 201, "missing": 400}


def test_a_throttled_request_is_sent_again_after_the_wait(sandbox: RunningSandbox) -> None:
    person = sandbox.person()
    since = sandbox.last_request()
    order = {"kind": "status", "status": 429, "retry_after": 1, "times": 1}
    sandbox.faults([{**order, "match": {"path": "/calendar$"}}])

    async def story(client: GraphServiceClient) -> Any:
        return await client.users.by_user_id(person["id"]).calendar.get()

    calendar = tell(sandbox, story)

    assert calendar.is_default_calendar is True
    statuses = [line["status"] for line in sandbox.requests(since) if line["host"] == "graph"]
    assert statuses == [429, 200]


def test_a_long_wait_and_a_version_conflict_surface_as_errors(sandbox: RunningSandbox) -> None:
    person = sandbox.person()
    order = {"kind": "status", "status": 429, "retry_after": 600, "times": 1}
    sandbox.faults([{**order, "match": {"path": "/calendar$"}}])

    async def story(client: GraphServiceClient) -> None:
        user = client.users.by_user_id(person["id"])
        with pytest.raises(ODataError) as throttled:
            await user.calendar.get()
        assert throttled.value.response_status_code == 429
        assert throttled.value.error is not None
        assert throttled.value.error.code == "ApplicationThrottled"
        made = await user.events.post(a_meeting("Contended"))
        assert made is not None
        assert made.id is not None
        information = user.events.by_event_id(made.id).to_patch_request_information(Event())
        information.headers.try_add("If-Match", 'W/"old"')
        with pytest.raises(ODataError) as conflict:
            await client.request_adapter.send_async(information, Event, {"XXX": ODataError})
        assert conflict.value.response_status_code == 412

    tell(sandbox, story)
