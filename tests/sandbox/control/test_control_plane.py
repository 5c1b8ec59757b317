"""State, tokens, clock, request log, mail, personality, reset: the contract other programs use."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support import tokens
from tests.support.sandbox import RunningSandbox

EVENT: dict[str, Any] = {
    "subject": "Review",
    "start": {"dateTime": "2030-01-07T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2030-01-07T11:00:00", "timeZone": "UTC"},
}


def refusal(sandbox: RunningSandbox, method: str, path: str, body: Any) -> tuple[int, str]:
    """Status and reason of an act that must not work."""
    with pytest.raises(requests.HTTPError) as refused:
        sandbox.control(method, path, body)
    answer = refused.value.response
    return answer.status_code, answer.json()["reason"]


# --- state ----------------------------------------------------------------------------------------


def test_state_shows_the_sample_firm_and_all_three_tenants(sandbox: RunningSandbox) -> None:
    state = sandbox.state()

    assert len(state["people"]) >= 40
    assert len(state["domains"]) == 3
    assert [len(tenant["people"]) for tenant in state["tenants"]][1] == 6
    assert [tenant["registered"] for tenant in state["tenants"]] == [True, True, False]
    assert state["tenant_id"] == state["tenants"][0]["tenant_id"]
    assert state["clients"]["daemon"]["client_secret"]
    assert {role for person in state["people"] for role in person["roles"]} == {
        "user",
        "admin",
        "support",
    }


def test_somebody_has_no_address_and_no_mailbox(sandbox: RunningSandbox) -> None:
    people = sandbox.state()["people"]

    without = [person for person in people if not person["address"]]

    assert len(without) == 1
    assert without[0]["mailbox"] is False


# --- tokens ---------------------------------------------------------------------------------------


def test_a_token_for_graph_has_all_granted_scopes_by_default(sandbox: RunningSandbox) -> None:
    claims = tokens.claims_of(sandbox.token(sandbox.person()["address"], "graph"))

    assert claims["ver"] == "1.0"
    assert {"Calendars.ReadWrite", "User.Read"} <= set(claims["scp"].split())


def test_scopes_lifetime_and_client_can_be_chosen(sandbox: RunningSandbox) -> None:
    user = sandbox.person()["address"]

    claims = tokens.claims_of(
        sandbox.token(user, "graph", scopes=["Calendars.Read"], lifetime=60, client="addin")
    )

    assert claims["scp"] == "Calendars.Read"
    assert claims["appid"] == sandbox.addin_client_id
    assert claims["exp"] - claims["iat"] == 360


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({}, "user"),
        ({"user": "nobody@nowhere.example"}, "nobody"),
        ({"user": 5}, "user"),
        ({"user": "x", "audience": "moon"}, "audience"),
        ({"user": "x", "lifetime": "long"}, "lifetime"),
        ({"user": "x", "lifetime": 1e12}, "lifetime"),
        ({"user": "x", "scopes": "all"}, "scopes"),
        ({"user": "x", "tenant": "atlantis"}, "tenant"),
        ({"user": "x", "colour": "red"}, "colour"),
        ([], "object"),
    ],
)
def test_a_malformed_token_order_says_what_is_wrong(
    sandbox: RunningSandbox, form: Any, reason: str
) -> None:
    status, text = refusal(sandbox, "POST", "/tokens", form)

    assert status == 400
    assert reason in text


def test_graph_refuses_every_forged_token_and_tokens_for_others(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    user = sandbox.person()["address"]
    bad = tokens.forged(sandbox, user)
    good_graph = bad.pop("Graph token")
    expired = sandbox.token(user, "graph", lifetime=-10)

    def status(token: str) -> int:
        header = {"Authorization": f"Bearer {token}"}
        return http.get(f"{sandbox.url}/v1.0/me", headers=header).status_code

    assert status(good_graph) == 200
    assert {name: status(token) for name, token in bad.items()} == dict.fromkeys(bad, 401)
    assert status(tokens.tampered(good_graph)) == 401
    assert status(expired) == 401


def test_a_graph_token_dies_with_the_sandboxs_clock(http: requests.Session) -> None:
    with RunningSandbox() as own:
        token = own.token(own.person()["address"], "graph", lifetime=600)
        header = {"Authorization": f"Bearer {token}"}
        alive = http.get(f"{own.url}/v1.0/me", headers=header)
        own.advance(601)

        dead = http.get(f"{own.url}/v1.0/me", headers=header)

    assert (alive.status_code, dead.status_code) == (200, 401)
    assert dead.json()["error"]["code"] == "InvalidAuthenticationToken"


# --- clock ----------------------------------------------------------------------------------------


def test_the_clock_moves_the_offset_file_along(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    with RunningSandbox(offset_file=file) as own:
        before = datetime.fromisoformat(own.state()["now"])

        now = datetime.fromisoformat(own.advance(3600))
        own.advance(50, only_sandbox=True)

    assert 3600 <= (now - before).total_seconds() < 3660
    assert float(file.read_text()) == 3600


def test_a_restarted_sandbox_follows_the_offset_file(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    file.write_text("7200")

    with RunningSandbox(offset_file=file) as own:
        offset = own.control("GET", "/clock")["offset_seconds"]

    assert offset == 7200


@pytest.mark.parametrize(
    "form", [{}, {"advance": -1}, {"advance": "x"}, {"advance": 1e12}, {"advance": 1, "only": "us"}]
)
def test_the_clock_cannot_be_moved_otherwise(sandbox: RunningSandbox, form: Any) -> None:
    status, _ = refusal(sandbox, "POST", "/clock", form)

    assert status == 400


# --- requests and mail ----------------------------------------------------------------------------


def test_the_log_names_app_user_mailbox_and_request_id(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    owner = sandbox.person()
    event = sandbox.create_event(owner["address"], **EVENT)
    seen = sandbox.last_request()
    token = sandbox.token(owner["address"], "graph")

    answer = http.get(
        f"{sandbox.url}/v1.0/users/{owner['id']}/events/{event['id']}?$select=id",
        headers={"Authorization": f"Bearer {token}", "client-request-id": "my-own-id"},
    )

    line = next(line for line in sandbox.requests(seen) if line["host"] == "graph")
    assert line["app"] == sandbox.api_client_id
    assert line["user"] == line["mailbox"] == owner["address"]
    assert line["status"] == 200
    assert line["path"].endswith("?$select=id")
    assert line["request_id"] == answer.headers["request-id"]
    assert answer.headers["client-request-id"] == "my-own-id"


def test_since_gives_only_what_came_later(sandbox: RunningSandbox) -> None:
    sandbox.state()
    seen = sandbox.last_request()
    sandbox.state()

    items = sandbox.requests(seen)

    assert [item["path"] for item in items] == ["/_sandbox/state"]
    assert items[0]["seq"] == seen + 1


def test_mail_tells_an_apps_doing_from_a_persons(
    sandbox: RunningSandbox, http: requests.Session
) -> None:
    owner, guest = sandbox.state()["people"][:2]
    invited = [{"emailAddress": {"address": guest["address"]}}]
    event = sandbox.create_event(owner["address"], **EVENT, attendees=invited)
    token = sandbox.token(owner["address"], "graph")

    http.patch(
        f"{sandbox.url}/v1.0/me/events/{event['id']}",
        json={"subject": "Changed by an app"},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert [(mail["kind"], mail["to"]) for mail in sandbox.mail("null")] == [
        ("invitation", [guest["address"]])
    ]
    assert [mail["kind"] for mail in sandbox.mail(sandbox.api_client_id)] == ["update"]


# --- acts of people -------------------------------------------------------------------------------


def test_a_meeting_stands_in_both_calendars_under_different_ids(sandbox: RunningSandbox) -> None:
    owner, guest = sandbox.state()["people"][:2]
    invited = [{"emailAddress": {"address": guest["address"]}}]

    event = sandbox.create_event(owner["address"], **EVENT, attendees=invited)

    path = f"/mailboxes/{owner['address']}/events/{event['id']}/copies"
    copies = sandbox.control("GET", path)["items"]
    assert {copy["owner"] for copy in copies} == {owner["address"], guest["address"]}
    assert len({copy["id"] for copy in copies}) == 2
    window = {"start": "2030-01-07T00:00:00Z", "end": "2030-01-08T00:00:00Z"}
    assert [found["subject"] for found in sandbox.events(guest["address"], **window)] == ["Review"]


def test_a_guest_answers_and_the_organizer_cancels(sandbox: RunningSandbox) -> None:
    owner, guest = sandbox.state()["people"][:2]
    invited = [{"emailAddress": {"address": guest["address"]}}]
    event = sandbox.create_event(owner["address"], **EVENT, attendees=invited)
    window = {"start": "2030-01-07T00:00:00Z", "end": "2030-01-08T00:00:00Z"}
    copy = sandbox.events(guest["address"], **window)[0]

    sandbox.act(guest["address"], copy["id"], "respond", response="accept")
    answered = sandbox.get_event(owner["address"], event["id"])
    sandbox.act(owner["address"], event["id"], "cancel", comment="Sorry")

    assert answered["attendees"][0]["status"]["response"] == "accepted"
    assert sandbox.events(owner["address"], **window) == []
    assert sandbox.events(guest["address"], **window)[0]["isCancelled"] is True


def test_a_draft_reaches_nobody_until_it_is_sent(sandbox: RunningSandbox) -> None:
    owner, guest = sandbox.state()["people"][:2]
    body = EVENT | {"attendees": [{"emailAddress": {"address": guest["address"]}}]}
    path = f"/mailboxes/{owner['address']}/events"
    window = {"start": "2030-01-07T00:00:00Z", "end": "2030-01-08T00:00:00Z"}

    draft = sandbox.control("POST", path + "?draft=1", body)
    before = sandbox.events(guest["address"], **window)
    sent = sandbox.act(owner["address"], draft["id"], "send")

    assert (draft["isDraft"], sent["isDraft"]) == (True, False)
    assert before == []
    assert [event["subject"] for event in sandbox.events(guest["address"], **window)] == ["Review"]
    assert [mail["kind"] for mail in sandbox.mail()] == ["invitation"]


def test_a_copy_brings_the_categories_along_and_a_move_changes_the_id(
    sandbox: RunningSandbox,
) -> None:
    owner = sandbox.person()["address"]
    event = sandbox.create_event(owner, **EVENT, categories=["Blue category"])

    copy = sandbox.act(owner, event["id"], "copy")
    moved = sandbox.act(owner, event["id"], "move", calendar="Archive")

    assert copy["categories"] == ["Blue category"]
    assert copy["iCalUId"] != event["iCalUId"]
    assert moved["id"] != event["id"]
    assert moved["immutableId"] == event["immutableId"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/mailboxes/nobody@nowhere.example/events", {}, 404),
        ("POST", "/mailboxes/{owner}/events", {"subject": 5}, 400),
        ("POST", "/mailboxes/{owner}/events", [], 400),
        ("POST", "/mailboxes/{owner}/events", {"subject": "no times"}, 400),
        ("PATCH", "/mailboxes/{owner}/events/{event}", {"nonsense": 1}, 400),
        ("GET", "/mailboxes/{owner}/events/not-an-id", None, 400),
        ("POST", "/mailboxes/{owner}/events/{event}/respond", {"response": "maybe"}, 400),
        ("POST", "/mailboxes/{owner}/events/{event}/move", {}, 400),
        ("GET", "/mailboxes/{owner}/events?start=yesterday", None, 400),
        ("GET", "/mailboxes/{owner}/events?start=2030-01-02&end=2030-01-01", None, 400),
        ("GET", "/requests?since=x", None, 400),
        ("POST", "/personality", {"if_match": "sometimes"}, 400),
        ("POST", "/personality", {"get_lag": -1}, 400),
        ("POST", "/personality", {"mood": "good"}, 400),
        ("POST", "/certificates", {"certificate": "none"}, 400),
    ],
)
def test_a_malformed_act_is_refused_with_a_reason(
    sandbox: RunningSandbox, method: str, path: str, body: Any, status: int
) -> None:
    owner = sandbox.person()["address"]
    event = sandbox.create_event(owner, **EVENT)

    found, reason = refusal(sandbox, method, path.format(owner=owner, event=event["id"]), body)

    assert found == status
    assert reason


def test_a_broken_body_is_a_400(sandbox: RunningSandbox, http: requests.Session) -> None:
    answer = http.post(f"{sandbox.url}/_sandbox/faults", data=b"{nope")

    assert answer.status_code == 400
    assert "JSON" in answer.json()["reason"]


# --- personality, changes, reset ------------------------------------------------------------------


def test_switches_change_together_or_not_at_all(sandbox: RunningSandbox) -> None:
    refusal(sandbox, "POST", "/personality", {"if_match": "ignore", "deleted_get": "500"})

    kept = sandbox.control("GET", "/personality")
    changed = sandbox.personality(if_match="ignore", get_lag=3)

    assert kept["if_match"] == "honour"
    assert (changed["if_match"], changed["get_lag"]) == ("ignore", 3)


def test_changes_name_the_mailboxes_that_are_to_be_read_again(sandbox: RunningSandbox) -> None:
    owner = sandbox.person()["address"]
    start = sandbox.control("GET", "/changes")["next"]

    sandbox.create_event(owner, **EVENT)
    found = sandbox.control("GET", "/changes", since=start)
    after = sandbox.control("GET", "/changes", since=found["next"])

    assert found["mailboxes"] == [owner]
    assert after["mailboxes"] == []


def test_reset_forgets_events_faults_and_switches(sandbox: RunningSandbox) -> None:
    owner = sandbox.person()["address"]
    sandbox.create_event(owner, **EVENT)
    sandbox.faults([{"kind": "hang"}, {"kind": "consent", "revoke": True}])
    sandbox.personality(deleted_get="200")

    sandbox.reset()

    window = {"start": "2030-01-01", "end": "2030-02-01"}
    assert sandbox.events(owner, **window) == []
    assert sandbox.control("GET", "/faults")["items"] == []
    assert sandbox.control("GET", "/personality")["deleted_get"] == "404"
    assert "Calendars.ReadWrite" in sandbox.issue(owner, "graph")["scope"]


def test_a_person_forwards_a_meeting(sandbox: RunningSandbox) -> None:
    people = [each["address"] for each in sandbox.state()["people"] if each["mailbox"]][:3]
    window = {"start": "2030-01-01", "end": "2030-02-01"}
    event = sandbox.create_event(
        people[0],
        subject="Review",
        start={"dateTime": "2030-01-07T10:00:00", "timeZone": "UTC"},
        end={"dateTime": "2030-01-07T11:00:00", "timeZone": "UTC"},
        attendees=[{"emailAddress": {"address": people[1]}}],
    )

    sandbox.act(people[0], event["id"], "forward", to=[people[2]])

    assert [each["iCalUId"] for each in sandbox.events(people[2], **window)] == [event["iCalUId"]]


def test_somebody_outside_invites(sandbox: RunningSandbox) -> None:
    address = sandbox.person()["address"]
    event = {
        "subject": "Deposition",
        "start": {"dateTime": "2030-01-07T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2030-01-07T11:00:00", "timeZone": "UTC"},
        "attendees": [{"emailAddress": {"address": address}}],
    }
    stranger = {"name": "Ida Stern", "address": "ida@outside.example"}

    form = {"organizer": stranger, "event": event}
    copies = sandbox.control("POST", "/invitations", form)["items"]

    assert [copy["owner"] for copy in copies] == [address]
    seen = sandbox.get_event(address, copies[0]["id"])
    assert seen["organizer"] == {"emailAddress": stranger}
    assert (seen["isOrganizer"], seen["responseStatus"]["response"]) == (False, "notResponded")
    for bad in ({"address": address}, {"address": "nobody"}, "x"):
        with pytest.raises(requests.HTTPError, match="organizer"):
            sandbox.control("POST", "/invitations", form | {"organizer": bad})


# --- delegates ------------------------------------------------------------------------------------

DOMAIN = "@harwoodosei.example"


def test_a_delegate_acts_in_the_owners_calendar_under_his_own_name(sandbox: RunningSandbox) -> None:
    owner, assistant = f"margaret.harwood{DOMAIN}", f"dorothy.pike{DOMAIN}"
    before = sandbox.last_request()

    made = sandbox.control("POST", f"/mailboxes/{owner}/events?as={assistant}", EVENT)

    [line] = [r for r in sandbox.requests(before) if r["method"] == "POST"]
    assert made["organizer"]["emailAddress"]["address"] == owner
    assert (line["user"], line["mailbox"]) == (assistant, owner)


def test_whoever_has_no_right_to_write_may_not_act_for_another(sandbox: RunningSandbox) -> None:
    owner = f"tomas.echeverria{DOMAIN}"
    reader, stranger = f"beatrix.mulder{DOMAIN}", f"dorothy.pike{DOMAIN}"

    for person in (reader, stranger):
        path = f"/mailboxes/{owner}/events?as={person}"
        status, reason = refusal(sandbox, "POST", path, EVENT)
        assert status == 403
        assert person in reason
