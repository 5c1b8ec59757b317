"""What emulators commonly get wrong, one test per number of the reference's list (12 to 30).

Numbers 1 to 11, about change tracking and notifications, have theirs beside those subjects.
"""

import base64
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
import requests

from tests.sandbox.service.callers import EVENT, Callers
from tests.support.sandbox import RunningSandbox
from tests.support.tokens import claims_of

WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "startDate": "2030-01-07", "numberOfOccurrences": 3},
}
WINDOW = "startDateTime=2030-01-01T00:00:00Z&endDateTime=2030-03-01T00:00:00Z"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSandbox]:
    with RunningSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def callers(server: RunningSandbox) -> Iterator[Callers]:
    server.reset()
    callers = Callers(server)
    yield callers
    callers.close()


def made(callers: Callers, **more: Any) -> dict[str, Any]:
    """An event of Ann's."""
    return callers.sandbox.create_event(callers.ann["address"], **{**EVENT, **more})


def path_of(person: dict[str, Any], event: dict[str, Any]) -> str:
    return f"/users/{person['id']}/events/{quote(event['id'], safe='')}"


def meeting(callers: Callers, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ann's meeting with Ben and Cleo, and Ben's copy of it."""
    guests = [
        {"emailAddress": {"address": each["address"]}} for each in (callers.ben, callers.cleo)
    ]
    event = made(callers, attendees=guests, **more)
    wanted = quote(f"iCalUId eq '{event['iCalUId']}'")
    found = callers.get(f"/users/{callers.ben['id']}/events?$filter={wanted}")["value"]
    return event, found[0]


def token_request(callers: Callers, **changes: str) -> requests.Response:
    """The tracker's client credentials."""
    form = {
        "grant_type": "client_credentials",
        "client_id": callers.sandbox.daemon_client_id,
        "client_secret": callers.sandbox.daemon_client_secret,
        "scope": "https://graph.microsoft.com/.default",
    }
    return posted(callers, form | changes)


def on_behalf_of(callers: Callers, assertion: str, **changes: str) -> requests.Response:
    """Our API exchanges what it was sent."""
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "client_id": callers.sandbox.api_client_id,
        "client_secret": callers.sandbox.api_client_secret,
        "assertion": assertion,
        "scope": "https://graph.microsoft.com/User.Read",
        "requested_token_use": "on_behalf_of",
    }
    return posted(callers, form | changes)


def posted(callers: Callers, form: dict[str, str]) -> requests.Response:
    url = f"{callers.sandbox.url}/{callers.sandbox.tenant_id}/oauth2/v2.0/token"
    with requests.Session() as session:
        session.trust_env = False
        return session.post(url, data=form, timeout=10)


def test_12_ids_differ_per_copy_name_their_mailbox_and_change_with_a_move(callers: Callers) -> None:
    event, copy = meeting(callers)
    immutable = callers.get(path_of(callers.ann, event), Prefer='IdType="ImmutableId"')
    swapped = event["id"].swapcase()
    foreign = path_of(callers.ann, copy)

    moved = callers.sandbox.act(callers.ann["address"], event["id"], "move", calendar="Other")

    assert event["id"] != copy["id"]
    assert {"-", "_", "="} <= set(event["id"])
    assert callers.code("GET", path_of(callers.ann, {"id": swapped}))[0] in (400, 404)
    assert callers.code("GET", foreign) == (404, "ErrorInvalidMailboxItemId")
    assert moved["id"] != event["id"]
    assert callers.code("GET", path_of(callers.ann, event)) == (404, "ErrorItemNotFound")
    assert callers.get(path_of(callers.ann, immutable))["id"] == moved["id"]


def test_13_a_patch_replaces_arrays_answers_200_and_gives_a_new_version(callers: Callers) -> None:
    event = made(callers, categories=["A", "B"])
    master = made(callers, recurrence=WEEKLY)
    instance = callers.get(f"{path_of(callers.ann, master)}/instances?{WINDOW}")["value"][0]

    answer = callers.ask("PATCH", path_of(callers.ann, event), json={"categories": ["C"]})
    exception = callers.ask("PATCH", path_of(callers.ann, instance), json={"subject": "Once"})

    assert (answer.status_code, answer.json()["categories"]) == (200, ["C"])
    for name in ("changeKey", "@odata.etag", "lastModifiedDateTime"):
        assert answer.json()[name] != event[name]
    assert exception.json()["type"] == "exception"


def test_14_times_have_the_forms_of_graph(callers: Callers) -> None:
    event = made(callers)
    zone = 'outlook.timezone="W. Europe Standard Time"'

    plain = callers.get(path_of(callers.ann, event))
    answer = callers.ask("GET", path_of(callers.ann, event), Prefer=zone)

    assert plain["start"] == {"dateTime": "2030-01-07T10:00:00.0000000", "timeZone": "UTC"}
    assert answer.json()["start"]["dateTime"] == "2030-01-07T11:00:00.0000000"
    assert answer.headers["Preference-Applied"] == zone
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z", plain["lastModifiedDateTime"]
    )


def test_15_each_occurrence_has_its_own_icaluid(callers: Callers) -> None:
    master = made(callers, recurrence=WEEKLY)

    found = callers.get(f"{path_of(callers.ann, master)}/instances?{WINDOW}")["value"]

    uids = [each["iCalUId"] for each in found]
    assert [uid[32:40] for uid in uids] == ["07EE0107", "07EE010E", "07EE0115"]
    assert {uid[:32] + "00000000" + uid[40:] for uid in uids} == {master["iCalUId"]}


def test_16_answers_are_seen_by_the_organizer_and_isorganizer_by_the_owner(
    callers: Callers,
) -> None:
    event, copy = meeting(callers)
    callers.ask("POST", f"{path_of(callers.ben, copy)}/accept", json={})
    uid = quote(f"iCalUId eq '{event['iCalUId']}'")

    organizers = callers.get(path_of(callers.ann, event))
    cleos = callers.get(f"/users/{callers.cleo['id']}/events?$filter={uid}")["value"][0]

    def answer_of_ben(seen: dict[str, Any]) -> str:
        return str(seen["attendees"][0]["status"]["response"])

    assert (answer_of_ben(organizers), answer_of_ben(cleos)) == ("accepted", "none")
    assert (organizers["isOrganizer"], cleos["isOrganizer"]) == (True, False)
    assert organizers["responseStatus"]["response"] == "organizer"
    assert cleos["responseStatus"]["response"] == "notResponded"


def test_17_empty_members_are_null_empty_lists_and_empty_objects(callers: Callers) -> None:
    event = callers.get(path_of(callers.ann, made(callers)))

    for name in ("seriesMasterId", "recurrence", "onlineMeeting", "transactionId"):
        assert event[name] is None
    assert (event["attendees"], event["categories"], event["locations"]) == ([], [], [])
    assert event["location"]["address"] == event["location"]["coordinates"] == {}


def test_18_context_etag_and_absolute_links_are_there(callers: Callers) -> None:
    for number in range(2):
        made(callers, subject=f"Number {number}")

    page = callers.get(f"/users/{callers.ann['id']}/events?$top=1")

    assert page["@odata.context"].startswith(f"{callers.sandbox.url}/v1.0/$metadata#users(")
    assert page["value"][0]["@odata.etag"] == f'W/"{page["value"][0]["changeKey"]}"'
    assert page["@odata.nextLink"].startswith(f"{callers.sandbox.url}/v1.0/users/")


def test_19_a_page_has_ten_events_unless_asked_otherwise(callers: Callers) -> None:
    for number in range(11):
        made(callers, subject=f"Number {number}")

    assert len(callers.get(f"/users/{callers.ann['id']}/events")["value"]) == 10
    assert len(callers.get(f"/users/{callers.ann['id']}/calendarView?{WINDOW}")["value"]) == 10


def test_20_throttling_is_per_app_and_mailbox_says_when_and_counts_batch_items(
    callers: Callers,
) -> None:
    callers.sandbox.personality(request_limit=2, outlook_latency=0.01)
    calendar = {"url": f"/users/{callers.ann['id']}/calendar"}

    found = callers.batch(*[calendar] * 3)
    other = callers.ask("GET", f"/users/{callers.ben['id']}/calendar")

    refused = [each for each in found.values() if each["status"] == 429]
    assert len(refused) == 1
    assert int(refused[0]["headers"]["Retry-After"]) > 0
    assert other.status_code == 200
    callers.sandbox.personality(request_limit=1000, outlook_latency=0.4)
    statuses = [
        answer.status_code for answer in callers.together(5, f"/users/{callers.cleo['id']}/events")
    ]
    assert sorted(statuses) == [200, 200, 200, 200, 429]


def test_21_an_error_has_innererror_and_the_status_of_its_code(callers: Callers) -> None:
    order = {"kind": "mailbox", "user": callers.ann["address"], "state": "inactive"}
    callers.sandbox.faults([order])

    answer = callers.ask("GET", f"/users/{callers.ann['id']}/calendar")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (404, "MailboxNotEnabledForRESTAPI")
    assert error["innerError"]["request-id"] == answer.headers["request-id"]


def test_22_permissions_are_checked(callers: Callers) -> None:
    sandbox, event = callers.sandbox, made(callers)
    path = path_of(callers.ann, event)
    reading = sandbox.token(callers.ann["address"], "graph", scopes=["Calendars.Read"])
    callers._tokens["reader"] = reading

    assert callers.code("GET", "/me") == (400, "BadRequest")
    assert callers.ask("GET", "/me/calendar", "reader").status_code == 200
    assert callers.code("PATCH", path, "reader", json={"subject": "x"})[0] == 403
    assert callers.code("GET", "/me/outlook/masterCategories", "reader")[0] == 403
    assert callers.code("GET", path, callers.ben["address"])[0] == 403
    sandbox.faults(
        [{"kind": "permissions", "app": ["Calendars.Read"], "mailboxes": [callers.ben["address"]]}]
    )
    assert callers.code("GET", path) == (403, "ErrorAccessDenied")


def test_23_names_of_paths_and_options_may_have_any_case_but_ids_not(callers: Callers) -> None:
    event = made(callers)
    window = WINDOW.lower().replace("t00:00:00z", "T00:00:00Z")

    view = callers.get(f"/Users/{callers.ann['id']}/calendarview?{window}")

    assert [each["id"] for each in view["value"]] == [event["id"]]
    lowered = path_of(callers.ann, {"id": event["id"].lower()})
    assert callers.ask("GET", lowered).status_code in (400, 404)


def test_24_every_spelling_of_a_path_is_understood(callers: Callers) -> None:
    event = made(callers)
    user, item = callers.ann["id"], quote(event["id"], safe="")

    for path in (
        f"//users/{user}//events/{item}",
        f"/users('{user}')/events('{item}')",
        f"/users/{user}/events/{item}?%24select=subject",
    ):
        assert callers.get(path)["subject"] == event["subject"]
    for call in ("delta", "delta()", "microsoft.graph.delta()"):
        path = f"/users/{user}/calendarView/{call}?{WINDOW}"
        assert callers.ask("GET", path).status_code == 200


def test_25_graph_tokens_are_v1_and_ours_are_v2(callers: Callers) -> None:
    user = callers.ann["address"]

    graph = claims_of(callers.sandbox.token(user, "graph"))
    ours = claims_of(callers.sandbox.token(user))

    assert (graph["ver"], graph["iss"]) == ("1.0", f"https://sts.windows.net/{graph['tid']}/")
    assert {"appid", "appidacr", "upn"} <= set(graph)
    assert ours["ver"] == "2.0"
    assert ours["iss"] == f"https://login.microsoftonline.com/{ours['tid']}/v2.0"
    assert {"azp", "azpacr", "preferred_username"} <= set(ours)


def test_26_the_common_issuer_is_a_template_and_keys_overlap(callers: Callers) -> None:
    sandbox = callers.sandbox

    def published(path: str) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"{sandbox.url}{path}", timeout=10).json()

    before = published("/common/discovery/v2.0/keys")["keys"]
    sandbox.faults([{"kind": "keys", "rotate": True}])
    after = published("/common/discovery/v2.0/keys")["keys"]
    metadata = published("/common/v2.0/.well-known/openid-configuration")

    template = "https://login.microsoftonline.com/{tenantid}/v2.0"
    assert metadata["issuer"] == template
    assert {key["kid"] for key in before} < {key["kid"] for key in after}
    assert all(key["kid"] == key["x5t"] and key["issuer"] == template for key in after)


def test_27_on_behalf_of_checks_its_assertion(callers: Callers) -> None:
    sandbox, user = callers.sandbox, callers.ann["address"]

    def number(assertion: str, **changes: str) -> int:
        return int(on_behalf_of(callers, assertion, **changes).json()["error_codes"][0])

    good = sandbox.token(user)
    assert number(sandbox.token(user, "graph")) == 500131
    assert number(sandbox.token(user, lifetime=-60)) == 500133
    assert number(good[:-6] + "AAAAAA") == 50013
    assert number(sandbox.token(app=True)) == 7000114
    assert number(sandbox.issue(user, id_token=True)["id_token"]) == 240002
    assert number(good, scope="https://graph.microsoft.com/Mail.Send") == 65001
    plain = on_behalf_of(callers, good).json()
    offline = "https://graph.microsoft.com/User.Read offline_access"
    assert "refresh_token" not in plain
    assert "refresh_token" in on_behalf_of(callers, good, scope=offline).json()


def test_28_errors_of_entra_have_everything(callers: Callers) -> None:
    answer = token_request(callers, client_secret="wrong")

    body = answer.json()
    assert (answer.status_code, body["error"]) == (401, "invalid_client")
    assert body["error_codes"] == [7000215]
    assert body["error_description"].startswith("AADSTS7000215: ")
    assert UUID(body["trace_id"])
    assert UUID(body["correlation_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", body["timestamp"])


def test_29_lifetimes_are_random_between_an_hour_and_an_hour_and_a_half(callers: Callers) -> None:
    lifetimes = {token_request(callers).json()["expires_in"] for _ in range(8)}

    assert len(lifetimes) > 1
    assert all(3599 <= each <= 5400 for each in lifetimes)


def test_30_app_only_tokens_have_roles_unless_exchange_grants_the_access(callers: Callers) -> None:
    by_entra = claims_of(token_request(callers).json()["access_token"])
    order = {"kind": "permissions", "app": ["Calendars.Read"]}
    callers.sandbox.faults([order | {"mailboxes": [callers.ann["address"]]}])
    by_exchange = claims_of(token_request(callers).json()["access_token"])

    assert "scp" not in by_entra
    assert (by_entra["idtyp"], "Calendars.ReadWrite" in by_entra["roles"]) == ("app", True)
    assert "roles" not in by_exchange
    assert callers.ask("GET", f"/users/{callers.ann['id']}/calendar").status_code == 200


def test_the_ids_in_this_list_are_what_exchange_makes_of_them(callers: Callers) -> None:
    event = made(callers)

    raw = base64.b64decode(event["id"], altchars=b"_-")

    assert (len(event["id"]), raw[:4]) == (152, b"\x00\x03\x24\x00")
