"""Who may do what: scopes, app permissions, delegates, private events."""

import pytest

from tests.support.firm import TENANT, Graph

READ = "ann:Calendars.Read"
SHARED = "Calendars.ReadWrite.Shared"


def test_reading_permissions_do_not_write(graph: Graph) -> None:
    item = graph.create()["id"]
    for who in (READ, "ann:Calendars.ReadBasic", "ann:User.Read"):
        answer = graph.code("PATCH", f"/me/events/{item}", who, json={"categories": ["x"]})
        assert answer == (403, "ErrorAccessDenied")
    app = "app:Calendars.Read"
    path = f"/users/ann@firm.example/events/{item}"
    assert graph.code("PATCH", path, app, json={"categories": ["x"]})[0] == 403
    assert graph.get(path, app)["categories"] == []


def test_calendar_permissions_do_not_reach_master_categories(graph: Graph) -> None:
    path = "/me/outlook/masterCategories"

    assert graph.code("GET", path, "ann:Calendars.ReadWrite") == (403, "ErrorAccessDenied")
    assert graph.ask("GET", path, "ann:MailboxSettings.Read").status_code == 200
    body = {"displayName": "Matter", "color": "preset7"}
    assert graph.code("POST", path, "ann:MailboxSettings.Read", json=body)[0] == 403


def test_me_needs_a_user(graph: Graph) -> None:
    assert graph.code("GET", "/me", "app") == (400, "BadRequest")
    assert graph.code("GET", "/me/events", "app")[0] == 400


def test_without_a_token_nothing_is_answered(graph: Graph) -> None:
    answer = graph.session.get(f"{graph.base}/v1.0/me", timeout=5)

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_another_mailbox_needs_a_shared_scope_and_rights(graph: Graph) -> None:
    item = graph.create()["id"]
    path = f"/users/ann@firm.example/calendar/events/{item}"

    assert graph.get(path, f"cleo:{SHARED}")["id"] == item
    assert graph.code("GET", path, "cleo:Calendars.ReadWrite") == (403, "ErrorAccessDenied")
    assert graph.code("GET", path, f"eve:{SHARED}") == (403, "ErrorAccessDenied")
    assert graph.code("PATCH", path, f"dan:{SHARED}", json={"subject": "x"})[0] == 403
    changed = graph.patch(path, f"cleo:{SHARED}", categories=["By Cleo"])
    assert (changed["categories"], changed["isOrganizer"]) == (["By Cleo"], True)


def test_a_delegate_without_that_right_does_not_look_into_private_events(graph: Graph) -> None:
    item = graph.create(subject="Divorce", sensitivity="private")["id"]
    path = "/users/ann@firm.example/calendar/events"

    listed = graph.get(path, f"cleo:{SHARED}")["value"]
    probed = graph.get(f"{path}?$filter=subject eq 'Divorce'", f"cleo:{SHARED}")["value"]

    assert [event["subject"] for event in listed] == ["Private Appointment"]
    assert probed == []
    assert graph.code("GET", f"{path}/{item}", f"cleo:{SHARED}") == (403, "ErrorAccessDenied")
    assert graph.get(f"{path}/{item}", f"dan:{SHARED}")["subject"] == "Divorce"


def test_directory_reading_needs_directory_permissions(graph: Graph) -> None:
    assert graph.code("GET", "/users", "ann:User.Read") == (403, "Authorization_RequestDenied")
    assert graph.code("GET", "/groups", "ann:User.Read")[0] == 403
    basic = graph.get("/users?$select=mail,accountEnabled", "ann:User.ReadBasic.All")["value"]
    assert {person["accountEnabled"] for person in basic} == {None}
    assert graph.get("/me", "ann:User.Read")["mail"] == "ann@firm.example"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/users/nobody@firm.example/events", 404, "ErrorInvalidUser"),
        ("/users/nobody@firm.example", 404, "Request_ResourceNotFound"),
        ("/users/nomad@firm.example/events", 404, "MailboxNotEnabledForRESTAPI"),
        ("/users/ann@firm.example/nonsense", 400, "RequestBroker--ParseUri"),
    ],
)
def test_what_does_not_exist_has_its_own_code(
    graph: Graph, path: str, status: int, code: str
) -> None:
    assert graph.code("GET", path, "app") == (status, code)


def test_people_groups_and_domains_are_found(graph: Graph) -> None:
    by_mail = graph.get("/users?$filter=mail eq 'ANN@firm.example'&$select=id", "app")
    by_proxy = "proxyAddresses/any(p:p eq 'smtp:a.lawyer@firm.example')"
    aliased = graph.get(f"/users?$filter={by_proxy}&$select=mail", "app")
    enabled = graph.get("/users?$filter=accountEnabled eq false&$select=mail", "app")
    group = graph.get("/groups?$filter=mail eq 'all@firm.example'", "app")["value"][0]
    members = graph.get(
        f"/groups/{group['id']}/transitiveMembers/microsoft.graph.user?$select=mail", "app"
    )
    firm = graph.get("/organization?$select=id,verifiedDomains", "app")["value"][0]

    assert [person["id"] for person in by_mail["value"]] == [graph.firm.ann.id]
    assert [person["mail"] for person in aliased["value"]] == ["ann@firm.example"]
    assert [person["mail"] for person in enabled["value"]] == ["room@firm.example"]
    assert [person["mail"] for person in members["value"]] == [
        "ben@firm.example",
        "eve@firm.example",
    ]
    assert firm["id"] == TENANT
    assert [d["name"] for d in firm["verifiedDomains"] if d["isInitial"]] == ["f.onmicrosoft.com"]
