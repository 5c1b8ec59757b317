"""Groups: who makes them, who sees them, and which records they let somebody see (T6)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.crm.access import CrmCaller
from backend.crm.gateway import EmbeddedCrm
from backend.domain.crm import Additions
from backend.domain.errors import RemoteRejectedError
from backend.sql import Database
from tests.crm.gateway_contract import KEY, OTHER_TENANT, TENANT, MakeContact, a_draft
from tests.support.crm import HandClock
from tests.support.crm_server import crm_app, crm_pages_app
from tests.support.together import at_once

JANE = {"Authorization": f"Bearer {TENANT}:jane"}
JOE = {"Authorization": f"Bearer {TENANT}:joe"}
ANN = {"Authorization": f"Bearer {TENANT}:ann"}
ADMIN = {"Authorization": f"Bearer {TENANT}:admin"}
OTHER_ADMIN = {"Authorization": f"Bearer {OTHER_TENANT}:admin"}
MEETING = {
    "subject": "Lunch",
    "type": "Meeting",
    "start": "2026-03-02T12:00:00Z",
    "end": "2026-03-02T13:00:00Z",
}


def a_group(client: FlaskClient, *members: str, name: str = "Partners") -> str:
    given = {"name": name, "member_ids": list(members)}
    made = client.post("/crm/api/groups", json=given, headers=ADMIN)
    assert made.status_code == 201, made.text
    group_id: str = made.get_json()["id"]
    return group_id


def listed(client: FlaskClient, path: str, who: dict[str, str]) -> list[Any]:
    found: list[Any] = client.get(f"/crm/api/{path}", headers=who).get_json()["items"]
    return found


def test_an_admin_makes_changes_and_removes_a_group(client: FlaskClient) -> None:
    group_id = a_group(client, "jane", "joe", "jane")
    path = f"/crm/api/groups/{group_id}"

    made = client.get(path, headers=ADMIN).get_json()
    renamed = client.patch(path, json={"name": "Board"}, headers=ADMIN).get_json()
    emptied = client.patch(path, json={"member_ids": []}, headers=ADMIN).get_json()
    removed = client.delete(path, headers=ADMIN)

    assert [member["id"] for member in made["members"]] == ["jane", "joe"]
    assert made["members"][0] == {"id": "jane", "name": "Jane", "address": "jane@firm.example"}
    assert (renamed["name"], len(renamed["members"])) == ("Board", 2)
    assert emptied["members"] == []
    assert removed.status_code == 204
    assert client.get(path, headers=ADMIN).status_code == 404


def test_a_group_is_unknown_to_whoever_is_not_in_it(client: FlaskClient) -> None:
    group_id = a_group(client, "jane")
    path = f"/crm/api/groups/{group_id}"

    assert [group["name"] for group in listed(client, "groups", JANE)] == ["Partners"]
    assert listed(client, "groups", JOE) == []
    assert client.get(path, headers=JANE).status_code == 200
    assert client.get(path, headers=JOE).status_code == 404
    assert client.get(path, headers=OTHER_ADMIN).status_code == 404
    for method in (client.patch, client.delete):
        assert method(path, json={}, headers=JANE).status_code == 403
    assert client.post("/crm/api/groups", json={"name": "x"}, headers=JOE).status_code == 403


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"name": "partners"}, 409, "exists"),
        ({"name": ""}, 422, "validation"),
        ({"name": "x", "member_ids": ["nobody"]}, 422, "validation"),
        ({"name": "x", "member_ids": "jane"}, 422, "validation"),
        ({"name": "x\u0000"}, 422, "validation"),
    ],
)
def test_a_group_that_makes_no_sense_is_refused(
    client: FlaskClient, given: dict[str, Any], status: int, code: str
) -> None:
    a_group(client)

    answer = client.post("/crm/api/groups", json=given, headers=ADMIN)

    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert len(listed(client, "groups", ADMIN)) == 1


def test_admins_who_change_a_group_at_once_do_so_one_after_the_other(client: FlaskClient) -> None:
    def act(method: str, path: str, *members: str) -> int:
        given = {"member_ids": list(members)}
        one = client.application.test_client()
        return one.open(path, method=method, json=given, headers=ADMIN).status_code

    for number in range(3):
        path = f"/crm/api/groups/{a_group(client, 'jane', name=f'Group {number}')}"
        change = partial(act, "PATCH", path, "jane", "joe", "ann")

        assert at_once(*[change] * 6) == [200] * 6
        assert len(client.get(path, headers=ADMIN).get_json()["members"]) == 3
        *changed, removed = at_once(*[change] * 5, partial(act, "DELETE", path))
        assert removed == 204
        assert set(changed) <= {200, 404}


def test_a_record_for_a_group_is_seen_by_its_members_everywhere_and_by_nobody_else(
    client: FlaskClient, people: MakeContact
) -> None:
    group_id = a_group(client, "jane", "joe")
    contact = people("Ann Lee", "ann@x.example")
    seen_by_group = {
        **MEETING,
        "visibility": f"group:{group_id}",
        "contacts": [{"contact_id": contact}],
    }
    made = client.post("/crm/api/activities", json=seen_by_group, headers=JANE).get_json()

    for who, sees in ((JANE, True), (JOE, True), (ANN, False), (ADMIN, False)):
        one = client.get(f"/crm/api/activities/{made['id']}", headers=who)
        assert one.status_code == (200 if sees else 404)
        for path in ("activities", "activities?q=lunch", f"activities?contact={contact}"):
            assert bool(listed(client, path, who)) == sees, (path, who)
    client.patch(f"/crm/api/groups/{group_id}", json={"member_ids": ["jane"]}, headers=ADMIN)
    assert listed(client, "activities", JOE) == []


def test_a_record_of_a_group_that_is_gone_is_its_owners_alone(client: FlaskClient) -> None:
    group_id = a_group(client, "jane", "joe")
    shown = {**MEETING, "visibility": f"group:{group_id}"}
    client.post("/crm/api/activities", json=shown, headers=JANE)

    client.delete(f"/crm/api/groups/{group_id}", headers=ADMIN)

    assert len(listed(client, "activities", JANE)) == 1
    assert listed(client, "activities", JOE) == []


def test_nobody_shows_a_record_to_a_group_he_is_not_in(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    group_id = a_group(client, "joe")
    shown = {**MEETING, "visibility": f"group:{group_id}"}

    by_hand = client.post("/crm/api/activities", json=shown, headers=JANE)
    own = client.post("/crm/api/activities", json=MEETING, headers=JANE)
    changed = client.patch(
        f"/crm/api/activities/{own.get_json()['id']}",
        json={"visibility": f"group:{group_id}"},
        headers={**JANE, "If-Match": own.headers["ETag"]},
    )
    additions = Additions(visibility=f"group:{group_id}")
    with pytest.raises(RemoteRejectedError) as caught:
        crm.add_activity(TENANT, "added/jane/1", a_draft(owner_id="jane"), additions)

    assert (by_hand.status_code, changed.status_code) == (422, 422)
    assert caught.value.remote_code == "unknown_reference"
    assert len(listed(client, "activities", JANE)) == 1


def test_a_user_default_that_names_a_lost_group_makes_a_record_for_the_owner(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    """The sync never stops for it: the record is made, and nobody sees too much."""
    crm.write_activity(
        TENANT, KEY, a_draft(owner_id="jane"), revision=None, visibility="group:lost"
    )

    assert len(listed(client, "activities", JANE)) == 1
    assert listed(client, "activities", JOE) == []


def test_the_gateway_names_the_groups_of_a_person(client: FlaskClient, crm: EmbeddedCrm) -> None:
    a_group(client, "jane", name="Zebra")
    a_group(client, "jane", "joe", name="alpha")

    assert [group.name for group in crm.groups_of(TENANT, "jane")] == ["alpha", "Zebra"]
    assert [group.name for group in crm.groups_of(TENANT, "joe")] == ["alpha"]
    assert crm.groups_of(OTHER_TENANT, "jane") == []
    assert crm.groups_of(TENANT, "\x00") == []


def test_the_pages_make_search_change_and_remove(tables: Database) -> None:
    admin = CrmCaller(TENANT, "admin", "Admin", "admin@firm.example", is_admin=True)
    client = crm_pages_app(tables, HandClock(), admin).test_client()
    form = {"csrf_token": "token", "name": "<b>Partners</b>"}

    searched = client.post(
        "/crm/groups/new", data={**form, "act": "search", "member_search": "j", "member": "ann"}
    ).text
    nameless = client.post("/crm/groups/new", data={"csrf_token": "token", "name": " "})
    made = client.post("/crm/groups/new", data={**form, "member": ["ann", "joe"]})
    page = client.get(made.headers["Location"]).text
    edit = made.headers["Location"].partition("?")[0] + "/edit"
    again = client.post(edit, data={**form, "member": ["joe"]})
    after = client.get(again.headers["Location"]).text
    unsure = client.post(edit, data={**form, "act": "remove"})
    removed = client.post(edit, data={**form, "act": "remove", "sure": "1"})

    assert 'value="ann" checked' in searched
    assert 'value="jane">' in searched
    assert (nameless.status_code, unsure.status_code) == (422, 422)
    assert (made.status_code, again.status_code, removed.status_code) == (303, 303, 303)
    assert "&lt;b&gt;Partners&lt;/b&gt;" in page
    assert ("ann@firm.example" in page, "joe@firm.example" in page) == (True, True)
    assert "ann@firm.example" not in after
    assert "There are no groups yet." in client.get("/crm/groups").text


def test_members_look_and_change_nothing_on_the_pages(tables: Database) -> None:
    joe = CrmCaller(TENANT, "joe", "Joe", "joe@firm.example")
    with crm_app(tables, HandClock()).test_client() as api:
        group_id = a_group(api, "joe")
    client = crm_pages_app(tables, HandClock(), joe).test_client()

    assert "Partners" in client.get("/crm/groups").text
    with crm_app(tables, HandClock()).test_client() as api:
        shown = {**MEETING, "visibility": f"group:{group_id}"}
        record = api.post("/crm/api/activities", json=shown, headers=JOE).get_json()["id"]
    assert "Seen by Partners" in client.get(f"/crm/activities/{record}").text
    page = client.get(f"/crm/groups/{group_id}").text
    assert "Members" in page
    assert "Edit" not in page
    for path in ("/crm/groups/new", f"/crm/groups/{group_id}/edit"):
        assert client.get(path).status_code == 403
        assert client.post(path, data={"csrf_token": "token", "name": "x"}).status_code == 403
