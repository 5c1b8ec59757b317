from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.crm.gateway import EmbeddedCrm
from backend.domain.crm import ActivityDraft, MatchedContact
from tests.crm.gateway_contract import KEY, OTHER_TENANT, TENANT, MakeContact, a_draft
from tests.support.crm import NOON

JANE = {"Authorization": f"Bearer {TENANT}:jane"}
JOE = {"Authorization": f"Bearer {TENANT}:joe"}
STRANGER = {"Authorization": f"Bearer {OTHER_TENANT}:eve"}
SERVICE = {"Authorization": "Bearer service-token", "X-CRM-Tenant": TENANT}
MEETING = {
    "subject": "Lunch",
    "type": "Meeting",
    "start": "2026-03-02T12:00:00+01:00",
    "end": "2026-03-02T12:00:00Z",
}


def synced(crm: EmbeddedCrm, key: str = KEY, **changes: object) -> str:
    visibility = str(changes.pop("visibility", "everyone"))
    draft: ActivityDraft = a_draft(**{"owner_id": "jane", **changes})
    return crm.write_activity(TENANT, key, draft, revision=None, visibility=visibility).id


def made(client: FlaskClient, **changes: Any) -> TestResponse:
    return client.post("/crm/api/activities", json={**MEETING, **changes}, headers=JANE)


def problem_of(response: TestResponse) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    body = response.get_json()
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    return response.status_code, body["code"]


def test_an_activity_has_exactly_the_members_of_the_contract(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    synced(crm)

    (activity,) = client.get("/crm/api/activities", headers=JANE).get_json()["items"]

    contract = {
        *("id", "external_key", "kind", "phase", "type", "subject", "description"),
        *("start", "end", "all_day", "start_date", "end_date", "time_zone"),
        *("location", "resources", "status", "contacts", "unmatched", "assigned_to"),
        *("company_ids", "opportunity_ids", "initiative_ids", "regarding", "visibility", "notes"),
        *("event_id", "ical_uid", "recurring", "web_link", "online_meeting", "show_as"),
        *(
            "importance",
            "duration_minutes",
            "reminder_minutes",
            "reminder_at",
            "sync_status",
            "revision",
            "edited_by",
        ),
        *("created_at", "updated_at"),
    }
    assert set(activity) == contract | {"owner_id", "private", "removed"}
    assert activity["start"] == "2026-03-02T09:00:00Z"
    assert activity["phase"] == "appointment"
    assert activity["kind"] == "synced"


def test_without_a_caller_nothing_is_answered(client: FlaskClient) -> None:
    response = client.get("/crm/api/activities")

    assert problem_of(response) == (401, "token_invalid")


def test_a_record_made_by_hand_belongs_to_its_maker_and_is_not_synced(client: FlaskClient) -> None:
    response = made(client, notes="Bring cake", visibility="only_me")

    assert response.status_code == 201
    body = response.get_json()
    assert response.headers["ETag"] == f'"{body["revision"]}"'
    assert body["kind"] == "added"
    assert body["sync_status"] == "not_synced"
    assert body["owner_id"] == "jane"
    assert body["assigned_to"] == {"name": "Jane", "address": "jane@firm.example"}
    assert body["start"] == "2026-03-02T11:00:00Z"
    assert body["notes"] == "Bring cake"
    assert body["edited_by"] is None


def test_the_same_request_sent_twice_makes_one_record(client: FlaskClient) -> None:
    request_id = "0b6b6f5c-6f0e-4b4d-9d0b-0a4f5f1b2c3d"

    first = made(client, request_id=request_id)
    second = made(client, request_id=request_id, subject="Again")

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.get_json() == first.get_json()


def test_changing_a_synced_field_raises_the_revision_and_names_the_editor(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    activity_id = synced(crm)
    before = client.get(f"/crm/api/activities/{activity_id}", headers=JANE)

    response = client.patch(
        f"/crm/api/activities/{activity_id}",
        json={"subject": "By hand"},
        headers={**JOE, "If-Match": before.headers["ETag"]},
    )

    assert response.status_code == 200
    after = response.get_json()
    assert after["subject"] == "By hand"
    assert after["revision"] != before.get_json()["revision"]
    assert after["edited_by"] == {"name": "Joe", "address": "joe@firm.example"}


def test_exempt_fields_never_raise_the_revision(client: FlaskClient, crm: EmbeddedCrm) -> None:
    activity_id = synced(crm)
    deal = client.post("/crm/api/opportunities", json={"name": "Deal"}, headers=JANE).get_json()
    drive = client.post("/crm/api/initiatives", json={"name": "Drive"}, headers=JANE).get_json()
    acme = client.post("/crm/api/companies", json={"name": "Acme"}, headers=JANE).get_json()
    before = client.get(f"/crm/api/activities/{activity_id}", headers=JANE).get_json()

    response = client.patch(
        f"/crm/api/activities/{activity_id}",
        json={
            "notes": "n",
            "opportunity_ids": [deal["id"]],
            "initiative_ids": [drive["id"]],
            "company_ids": [acme["id"]],
            "visibility": "only_me",
            "subject": before["subject"],
        },
        headers={**JANE, "If-Match": f'"{before["revision"]}"'},
    )

    after = response.get_json()
    assert response.status_code == 200
    assert after["revision"] == before["revision"]
    assert after["edited_by"] is None
    assert after["notes"] == "n"
    for kind, thing in (("opportunity", deal), ("initiative", drive), ("company", acme)):
        found = client.get(f"/crm/api/activities?{kind}={thing['id']}", headers=JANE).get_json()
        assert [activity["id"] for activity in found["items"]] == [activity_id]
    assert problem_of(client.delete(f"/crm/api/opportunities/{deal['id']}", headers=JANE)) == (
        409,
        "in_use",
    )


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_changes_need_the_revision_that_was_seen(
    client: FlaskClient, crm: EmbeddedCrm, method: str
) -> None:
    path = f"/crm/api/activities/{synced(crm)}"
    send = getattr(client, method)

    without = send(path, json={}, headers=JANE)
    stale = send(path, json={}, headers={**JANE, "If-Match": '"old"'})
    star = send(path, json={}, headers={**JANE, "If-Match": "*"})

    assert problem_of(without) == (428, "precondition_required")
    assert problem_of(stale) == (412, "changed_meanwhile")
    assert problem_of(star) == (422, "validation")


def test_a_removed_record_is_gone_for_people_and_names_who_removed_it(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    activity_id = synced(crm)
    tag = client.get(f"/crm/api/activities/{activity_id}", headers=JOE).headers["ETag"]

    response = client.delete(f"/crm/api/activities/{activity_id}", headers={**JOE, "If-Match": tag})

    assert response.status_code == 204
    gone = client.get(f"/crm/api/activities/{activity_id}", headers=JANE)
    assert problem_of(gone) == (404, "not_found")
    tombstone = crm.find_activity(TENANT, KEY)
    assert tombstone is not None
    assert tombstone.removed
    assert tombstone.edited_by is not None
    assert tombstone.edited_by.name == "Joe"


def test_own_records_are_seen_by_their_owner_and_the_service_only(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    own = synced(crm, visibility="only_me")
    group = synced(crm, KEY + "-2", visibility="group:partners")

    def seen_by(headers: dict[str, str]) -> set[str]:
        items = client.get("/crm/api/activities", headers=headers).get_json()["items"]
        by_key = client.get(f"/crm/api/activities?external_key={KEY}", headers=headers).get_json()
        one = client.get(f"/crm/api/activities/{own}", headers=headers)
        assert (one.status_code == 200) == (own in {item["id"] for item in items})
        assert bool(by_key["items"]) == (one.status_code == 200)
        return {item["id"] for item in items}

    assert seen_by(JANE) == {own, group}
    assert seen_by(SERVICE) == {own, group}
    assert seen_by(JOE) == set()
    assert seen_by(STRANGER) == set()


def test_only_the_owner_decides_who_sees_a_record(client: FlaskClient, crm: EmbeddedCrm) -> None:
    activity_id = synced(crm)
    tag = client.get(f"/crm/api/activities/{activity_id}", headers=JOE).headers["ETag"]

    response = client.patch(
        f"/crm/api/activities/{activity_id}",
        json={"visibility": "only_me"},
        headers={**JOE, "If-Match": tag},
    )

    assert problem_of(response) == (403, "forbidden")


def test_nobody_hides_a_record_without_an_owner_from_everybody(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    activity_id = synced(crm, owner_id=None)
    path = f"/crm/api/activities/{activity_id}"
    tag = {"If-Match": client.get(path, headers=JOE).headers["ETag"]}

    response = client.patch(path, json={"visibility": "only_me"}, headers={**JOE, **tag})

    assert problem_of(response) == (422, "validation")
    assert client.get(path, headers=JANE).get_json()["visibility"] == "everyone"


def test_a_private_contact_leaves_no_trace_for_anybody_but_its_owner(
    client: FlaskClient, crm: EmbeddedCrm, people: MakeContact
) -> None:
    secret = people("Secret Sue", "sue@x.example", private=True, owner_id="jane")
    open_one = people("Open Ann", "ann@x.example")
    matched = (
        MatchedContact(secret, "Secret Sue", "sue@x.example", "accepted", "required"),
        MatchedContact(open_one, "Open Ann", "ann@x.example", "accepted", "required"),
    )
    activity_id = synced(crm, contacts=matched)

    for headers, names in ((JANE, ["Secret Sue", "Open Ann"]), (JOE, ["Open Ann"])):
        one = client.get(f"/crm/api/activities/{activity_id}", headers=headers)
        assert [contact["name"] for contact in one.get_json()["contacts"]] == names
        assert ("Sue" in one.text) == (headers is JANE)
        grid = client.get(f"/crm/api/activities?contact={secret}", headers=headers).get_json()
        assert bool(grid["items"]) == (headers is JANE)
        listed = client.get("/crm/api/contacts?q=sue", headers=headers).get_json()
        assert bool(listed["items"]) == (headers is JANE)
        contact = client.get(f"/crm/api/contacts/{secret}", headers=headers)
        assert contact.status_code == (200 if headers is JANE else 404)


def test_a_contact_hidden_from_the_editor_survives_his_edit(
    client: FlaskClient, crm: EmbeddedCrm, people: MakeContact
) -> None:
    secret = people("Secret Sue", "sue@x.example", private=True, owner_id="jane")
    ann = people("Open Ann", "ann@x.example")
    activity_id = synced(
        crm, contacts=(MatchedContact(secret, "Secret Sue", "sue@x.example", "none", "required"),)
    )
    tag = client.get(f"/crm/api/activities/{activity_id}", headers=JOE).headers["ETag"]

    joes = client.patch(
        f"/crm/api/activities/{activity_id}",
        json={"contacts": [{"contact_id": ann}]},
        headers={**JOE, "If-Match": tag},
    )
    guess = client.patch(
        f"/crm/api/activities/{activity_id}",
        json={"contacts": [{"contact_id": secret}]},
        headers={**JOE, "If-Match": joes.headers["ETag"]},
    )

    assert [contact["contact_id"] for contact in joes.get_json()["contacts"]] == [ann]
    assert joes.get_json()["contacts"][0]["address"] == "ann@x.example"
    assert problem_of(guess) == (422, "validation")
    janes = client.get(f"/crm/api/activities/{activity_id}", headers=JANE).get_json()
    assert [contact["contact_id"] for contact in janes["contacts"]] == [ann, secret]


def test_lists_are_paged_by_key_without_gaps_or_repeats(
    client: FlaskClient, crm: EmbeddedCrm, people: MakeContact
) -> None:
    jane = people("Jane", "jane@x.example")
    contact = MatchedContact(jane, "Jane", "jane@x.example", "none", "required")
    ids = {synced(crm, f"{KEY}-{number}", contacts=(contact,)) for number in range(7)}

    for path in ("/crm/api/activities?limit=3", f"/crm/api/activities?limit=3&contact={jane}"):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            after = f"&cursor={cursor}" if cursor else ""
            page = client.get(path + after, headers=JANE).get_json()
            seen += [activity["id"] for activity in page["items"]]
            cursor = page["next"]

        assert len(seen) == 7
        assert set(seen) == ids


def test_from_and_to_bound_the_start(client: FlaskClient) -> None:
    made(client, start="2026-03-01T00:00:00Z", end="2026-03-01T01:00:00Z")
    middle = made(client, start="2026-03-02T00:00:00Z", end="2026-03-02T01:00:00Z").get_json()
    made(client, start="2026-03-03T00:00:00Z", end="2026-03-03T01:00:00Z")

    page = client.get(
        "/crm/api/activities?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z", headers=JANE
    ).get_json()

    assert [activity["id"] for activity in page["items"]] == [middle["id"]]


def test_an_appointment_becomes_an_activity_when_its_end_has_passed(client: FlaskClient) -> None:
    past = made(client, start="2026-02-01T00:00:00Z", end=NOON.isoformat())
    coming = made(client, start="2026-02-01T00:00:00Z", end="2026-03-01T12:00:00.000001Z")

    assert past.get_json()["phase"] == "activity"
    assert coming.get_json()["phase"] == "appointment"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": None},
        {"subject": "x" * 20_001},
        {"subject": "a\x00b"},
        {"subject": "\ud800"},
        {"start": "yesterday"},
        {"start": "2026-03-02T12:00:00"},
        {"start": "0001-01-01T00:00:00+14:00"},
        {"start": 5},
        {"end": "2026-03-01T00:00:00Z"},
        {"all_day": True},
        {"all_day": True, "start_date": "2026-03-02", "end_date": "2026-03-02"},
        {"all_day": "maybe"},
        {"contacts": [{"contact_id": "nobody"}]},
        {"contacts": [{"contact_id": "a\x00"}]},
        {"contacts": {}},
        {"unmatched": [5]},
        {"company_ids": ["nowhere"]},
        {"opportunity_ids": ["\ud800"]},
        {"visibility": "the world"},
        {"web_link": "javascript:alert(1)"},
        {"reminder_minutes": 2**40},
        {"reminder_minutes": True},
        {"revision": "mine"},
        {"external_key": KEY},
        {"kind": "synced"},
        {"request_id": "1"},
        {"status": "lost"},
    ],
)
def test_malformed_content_is_refused_by_field_and_nothing_is_stored(
    client: FlaskClient, changes: dict[str, Any]
) -> None:
    response = made(client, **changes)

    assert problem_of(response) == (422, "validation")
    assert response.get_json()["errors"]
    assert client.get("/crm/api/activities", headers=JANE).get_json()["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "cursor=WzEsMl0",
        "cursor=WyJhIiwiYiJd",
        "cursor=bnVsbA",
        "from=now",
        "contact=%00",
        "ical_uid=%00",
        "external_key=" + "k" * 641,
        "contact=a&company=b",
        "q=%00",
    ],
)
def test_malformed_queries_are_refused(client: FlaskClient, query: str) -> None:
    response = client.get(f"/crm/api/activities?{query}", headers=JANE)

    assert problem_of(response) == (422, "validation")


def test_hostile_text_comes_back_as_it_was(client: FlaskClient) -> None:
    subject = "<script>alert(1)</script> مرحبا \u202e 👩‍⚖️ '; DROP TABLE x; --" + "ß" * 10_000

    body = made(client, subject=subject).get_json()
    found = client.get("/crm/api/activities?q=%3CSCRIPT%3E", headers=JANE).get_json()

    assert body["subject"] == subject
    assert [activity["id"] for activity in found["items"]] == [body["id"]]


@pytest.mark.parametrize("activity_id", ["x", "%00", "%ED%A0%80", "a" * 5_000, "..", "%25", "👍"])
def test_ids_that_are_none_are_not_found(client: FlaskClient, activity_id: str) -> None:
    response = client.get(f"/crm/api/activities/{activity_id}", headers=JANE)

    assert response.status_code == 404


def test_bodies_that_are_no_json_or_too_large_are_refused(client: FlaskClient) -> None:
    json_type = {"Content-Type": "application/json"}

    broken = client.post("/crm/api/activities", data=b"{", headers={**JANE, **json_type})
    large = client.post(
        "/crm/api/activities", data=b" " * (5 * 1024 * 1024), headers={**JANE, **json_type}
    )

    assert problem_of(broken) == (400, "bad_request")
    assert problem_of(large) == (413, "request_too_large")


def test_no_firm_reads_or_changes_what_belongs_to_another(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    activity_id = synced(crm)
    tag = client.get(f"/crm/api/activities/{activity_id}", headers=JANE).headers["ETag"]
    theirs = {**STRANGER, "If-Match": tag}
    path = f"/crm/api/activities/{activity_id}"

    assert client.get(path, headers=theirs).status_code == 404
    assert client.patch(path, json={"subject": "x"}, headers=theirs).status_code == 404
    assert client.delete(path, headers=theirs).status_code == 404
    assert client.get("/crm/api/activities", headers=theirs).get_json()["items"] == []


def test_the_api_describes_itself(client: FlaskClient) -> None:
    spec = client.get("/docs/openapi.json").get_json()

    assert {"get", "post"} <= set(spec["paths"]["/crm/api/activities"])
    assert "CrmActivity" in spec["components"]["schemas"]
