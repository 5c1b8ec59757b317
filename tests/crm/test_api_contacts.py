from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.crm.gateway_contract import OTHER_TENANT, TENANT
from tests.crm.test_api_activities import problem_of
from tests.support.together import at_once

JANE = {"Authorization": f"Bearer {TENANT}:jane"}
ADMIN = {"Authorization": f"Bearer {TENANT}:admin"}
JOE = {"Authorization": f"Bearer {TENANT}:joe"}
STRANGER = {"Authorization": f"Bearer {OTHER_TENANT}:admin"}
SERVICE = {"Authorization": "Bearer service-token", "X-CRM-Tenant": TENANT}
COLLECTIONS = ("contacts", "contact-types", "companies", "opportunities", "initiatives")


def made(client: FlaskClient, collection: str, **given: Any) -> dict[str, Any]:
    maker = ADMIN if collection == "contact-types" else JANE
    response = client.post(f"/crm/api/{collection}", json=given, headers=maker)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.get_json()
    return body


def test_a_contact_is_made_read_changed_and_removed(client: FlaskClient) -> None:
    made(client, "contact-types", name="Client")
    acme = made(client, "companies", name="Acme", types=["client"])

    contact = made(
        client,
        "contacts",
        name="Jane Doe",
        emails=["Jane@X.example", "jd@y.example"],
        types=["CLIENT"],
        company_id=acme["id"],
    )
    path = f"/crm/api/contacts/{contact['id']}"
    changed = client.patch(path, json={"emails": ["new@x.example"]}, headers=JOE).get_json()
    found_by_old = client.get("/crm/api/contacts?q=jd@y", headers=JANE).get_json()["items"]
    removed = client.delete(path, headers=JANE)

    assert contact == {
        "id": contact["id"],
        "name": "Jane Doe",
        "emails": ["Jane@X.example", "jd@y.example"],
        "types": ["Client"],
        "company_id": acme["id"],
        "company_types": ["Client"],
        "private": False,
        "owner_id": "jane",
    }
    assert changed == {**contact, "emails": ["new@x.example"]}
    assert found_by_old == []
    assert removed.status_code == 204
    assert problem_of(client.get(path, headers=JANE)) == (404, "not_found")


def test_a_private_contact_belongs_to_its_maker_and_nobody_else_hides_it(
    client: FlaskClient,
) -> None:
    open_one = made(client, "contacts", name="Ann", emails=["ann@x.example"])
    path = f"/crm/api/contacts/{open_one['id']}"

    by_another = client.patch(path, json={"private": True}, headers=JOE)
    by_owner = client.patch(path, json={"private": True}, headers=JANE)

    assert problem_of(by_another) == (403, "forbidden")
    assert by_owner.get_json()["private"] is True
    assert problem_of(client.get(path, headers=JOE)) == (404, "not_found")
    assert problem_of(client.patch(path, json={"name": "x"}, headers=JOE)) == (404, "not_found")
    assert problem_of(client.delete(path, headers=JOE)) == (404, "not_found")
    assert client.get(path, headers=SERVICE).status_code == 200


def test_addresses_are_matched_for_the_service_only(client: FlaskClient) -> None:
    made(client, "contacts", name="Ann", emails=["Ann@x.example"])
    body = {"addresses": ["ANN@X.EXAMPLE", "nobody@x.example"]}

    answer = client.post("/crm/api/contacts/match", json=body, headers=SERVICE).get_json()
    as_user = client.post("/crm/api/contacts/match", json=body, headers=JANE)

    (match,) = answer["items"]
    assert match["address"] == "ann@x.example"
    assert [contact["name"] for contact in match["contacts"]] == ["Ann"]
    assert problem_of(as_user) == (403, "forbidden")


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_collection_is_listed_by_name_and_paged(client: FlaskClient, collection: str) -> None:
    names = ["b", "A", "ä", "C", "Z", "%", "c2"]
    for name in names:
        made(client, collection, name=name)

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        after = f"&cursor={cursor}" if cursor else ""
        page = client.get(f"/crm/api/{collection}?limit=2{after}", headers=JOE).get_json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next"]
    percent = client.get(f"/crm/api/{collection}?q=%25", headers=JOE).get_json()["items"]

    assert sorted(seen) == sorted(names)
    assert seen.index("A") < seen.index("b") < seen.index("C")
    assert [item["name"] for item in percent] == ["%"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_no_firm_reads_or_changes_what_belongs_to_another(
    client: FlaskClient, collection: str
) -> None:
    path = f"/crm/api/{collection}/{made(client, collection, name='Ours')['id']}"

    assert client.get(path, headers=STRANGER).status_code == 404
    assert client.patch(path, json={"name": "x"}, headers=STRANGER).status_code == 404
    assert client.delete(path, headers=STRANGER).status_code == 404
    assert client.get(f"/crm/api/{collection}", headers=STRANGER).get_json()["items"] == []
    assert client.get(path, headers=JOE).get_json()["name"] == "Ours"


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize(
    "given", [{}, {"name": ""}, {"name": "x" * 201}, {"name": "\x00"}, {"name": 5}, {"id": "x"}, []]
)
def test_malformed_content_is_refused_and_nothing_is_stored(
    client: FlaskClient, collection: str, given: Any
) -> None:
    response = client.post(f"/crm/api/{collection}", json=given, headers=JANE)

    assert problem_of(response) == (422, "validation")
    assert client.get(f"/crm/api/{collection}", headers=JANE).get_json()["items"] == []


@pytest.mark.parametrize(
    "given",
    [
        {"emails": ["no address"]},
        {"emails": ["a@b", "two words@x.example"]},
        {"emails": ["ŉ@" + "ŉ" * 300]},
        {"types": ["Unknown"]},
        {"company_id": "nowhere"},
        {"company_id": "\ud800"},
        {"owner_id": "somebody"},
    ],
)
def test_contacts_point_only_to_what_exists(client: FlaskClient, given: dict[str, Any]) -> None:
    response = client.post("/crm/api/contacts", json={"name": "Ann", **given}, headers=JANE)

    assert problem_of(response) == (422, "validation")


def test_what_is_in_use_cannot_be_removed(client: FlaskClient) -> None:
    client_type = made(client, "contact-types", name="Client")
    acme = made(client, "companies", name="Acme", types=["Client"])
    made(client, "opportunities", name="Deal", company_id=acme["id"], stage="open")

    for path in (f"contact-types/{client_type['id']}", f"companies/{acme['id']}"):
        assert problem_of(client.delete(f"/crm/api/{path}", headers=ADMIN)) == (409, "in_use")


def test_changing_and_removing_at_once_is_never_a_failure_of_ours(client: FlaskClient) -> None:
    given = {"contacts": {"emails": ["a@x.example", "b@x.example"]}, "companies": {}}
    for collection, changes in given.items():
        path = f"/crm/api/{collection}/{made(client, collection, name='Ann')['id']}"

        def act(method: str, path: str = path, changes: dict[str, Any] = changes) -> int:
            one = client.application.test_client()
            body = {"name": "Anna", **changes}
            return one.open(path, method=method, json=body, headers=JANE).status_code

        assert at_once(*[partial(act, "PATCH")] * 5) == [200] * 5
        statuses = at_once(*[partial(act, "PATCH")] * 4, *[partial(act, "DELETE")] * 2)
        assert set(statuses[:4]) <= {200, 404}
        assert sorted(statuses[4:]) == [204, 404]


def test_a_type_is_known_by_one_name_whatever_its_case(client: FlaskClient) -> None:
    made(client, "contact-types", name="Client")

    response = client.post("/crm/api/contact-types", json={"name": "CLIENT"}, headers=ADMIN)

    assert problem_of(response) == (409, "exists")


def test_long_names_that_fold_into_longer_ones_are_stored(client: FlaskClient) -> None:
    for collection in COLLECTIONS:
        longest = 100 if collection == "contact-types" else 200

        assert made(client, collection, name="ΐ" * longest)["name"] == "ΐ" * longest
