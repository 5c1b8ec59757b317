"""The stand-in does as Salesforce documents: simple-salesforce unmodified, its sign-in included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
from simple_salesforce import Salesforce, SalesforceAuthenticationFailed
from simple_salesforce.exceptions import (
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from backend.adapters.routing import RerouteAdapter
from tests.adapters.salesforce_side import clock, served, stand_in
from tests.support.crm import HandClock
from tests.support.salesforce.server import CLIENT_SECRET, Served
from tests.support.salesforce.soql import MalformedQueryError, parse

__all__ = ["clock", "served", "stand_in"]

HOST = "https://firm.my.salesforce.com"
MEETING = {"StartDateTime": "2026-03-02T09:00:00Z", "DurationInMinutes": 60}


@pytest.fixture
def session(served: Served) -> Iterator[requests.Session]:
    """A session whose Salesforce is on this machine."""
    served.instance_url = HOST
    session = requests.Session()
    session.trust_env = False
    session.mount(f"{HOST}/", RerouteAdapter(served.url))
    yield session
    session.close()


@pytest.fixture
def client(served: Served, session: requests.Session) -> Salesforce:
    """Signed in by its own client credentials flow."""
    return Salesforce(
        consumer_key=served.client_id,
        consumer_secret=CLIENT_SECRET,
        domain="firm.my",
        session=session,
        version="62.0",
    )


def code_of(error: pytest.ExceptionInfo[Any]) -> str:
    code: str = error.value.content[0]["errorCode"]
    return code


def test_its_own_sign_in_works_and_wrong_secrets_do_not(
    client: Salesforce, served: Served, session: requests.Session
) -> None:
    assert client.query("SELECT Id FROM Contact")["totalSize"] == 0
    with pytest.raises(SalesforceAuthenticationFailed) as caught:
        Salesforce(
            consumer_key=served.client_id, consumer_secret="no", domain="firm.my", session=session
        )
    assert caught.value.code == "invalid_client"


def test_an_assertion_that_is_not_signed_with_our_key_is_refused(served: Served) -> None:
    claims = {"iss": served.client_id, "sub": "x", "aud": "y", "exp": datetime.now(UTC)}
    assertion = jwt.encode(claims, "k" * 40, algorithm="HS256")

    answer = requests.post(
        f"{served.url}/services/oauth2/token",
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion},
        timeout=5,
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_session_that_expired_is_401_and_the_library_signs_in_again(
    client: Salesforce, served: Served
) -> None:
    served.expire_sessions()

    assert client.query("SELECT Id FROM Contact")["done"]
    assert served.sign_ins == 2


def test_rows_are_made_read_changed_and_deleted_for_good(client: Salesforce) -> None:
    made = client.Event.create({**MEETING, "Subject": "  Lunch  "})

    assert client.Event.get(made["id"])["Subject"] == "Lunch"
    assert client.Event.get(made["id"])["EndDateTime"] == "2026-03-02T10:00:00.000+0000"
    assert client.Event.update(made["id"], {"Location": "Room 1"}) == 204
    assert client.Event.delete(made["id"]) == 204
    for again in (client.Event.delete, client.Event.get):
        with pytest.raises(SalesforceResourceNotFound) as caught:
            again(made["id"])
        assert code_of(caught) == "ENTITY_IS_DELETED"
    soql = "SELECT Id, IsDeleted FROM Event"
    assert client.query(soql)["totalSize"] == 0
    assert client.query(soql, include_deleted=True)["records"][0]["IsDeleted"]


def test_an_upsert_by_external_id_is_201_then_200_and_300_for_two(
    client: Salesforce, served: Served
) -> None:
    by_key = "Meeting__c/abc"
    memory = client.Calendar_Sync_Record__c

    assert memory.upsert(by_key, {"Status__c": "synced"}) == 201
    assert memory.upsert(by_key, {"Status__c": "final"}) == 200
    served.org.insert("Calendar_Sync_Record__c", {"Meeting__c": "ABC"})
    with pytest.raises(SalesforceMoreThanOneRecord) as caught:
        memory.upsert(by_key, {"Status__c": "final"})
    assert len(caught.value.content) == 2
    with pytest.raises(SalesforceMalformedRequest) as caught:
        memory.upsert("Meeting__c/new", {"Meeting__c": "new"})
    assert code_of(caught) == "INVALID_FIELD"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"StartDateTime": "2026-03-02T09:00:00Z"}, "REQUIRED_FIELD_MISSING"),
        ({**MEETING, "EndDateTime": "2026-03-02T11:00:00Z"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({**MEETING, "DurationInMinutes": 20_161}, "FIELD_INTEGRITY_EXCEPTION"),
        ({**MEETING, "Subject": "x" * 256}, "STRING_TOO_LONG"),
        ({**MEETING, "ShowAs": "Sleeping"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({**MEETING, "WhoId": "0015g0000000001EAA"}, "MALFORMED_ID"),
        ({**MEETING, "Nothing__c": 1}, "INVALID_FIELD"),
        ({**MEETING, "CreatedDate": "2026-03-02T09:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({**MEETING, "Subject": 7}, "JSON_PARSER_ERROR"),
        ({"StartDateTime": "2026-03-02", "DurationInMinutes": 1}, "JSON_PARSER_ERROR"),
    ],
)
def test_an_event_that_cannot_be_is_refused(
    client: Salesforce, fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.Event.create(fields)

    assert code_of(caught) == code


def test_what_is_unique_is_unique_among_what_is_not_deleted(client: Salesforce) -> None:
    first = client.Event.create({**MEETING, "Calendar_Sync_Key__c": "k"})
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.Event.create({**MEETING, "Calendar_Sync_Key__c": "K"})
    assert code_of(caught) == "DUPLICATE_VALUE"
    client.Event.delete(first["id"])

    assert client.Event.create({**MEETING, "Calendar_Sync_Key__c": "k"})["success"]


def test_the_contact_of_an_event_has_a_relation_and_the_next_one_takes_its_place(
    client: Salesforce,
) -> None:
    jane, joe = (client.Contact.create({"LastName": name})["id"] for name in ("Jane", "Joe"))
    event = client.Event.create({**MEETING, "WhoId": jane})["id"]
    both = {"EventId": event, "RelationId": joe, "IsParent": True, "IsInvitee": True}
    client.EventRelation.create(both)
    with pytest.raises(SalesforceMalformedRequest):
        client.EventRelation.create(both)

    rows = client.query("SELECT Id, RelationId, IsInvitee FROM EventRelation ORDER BY RelationId")
    assert [(r["RelationId"], r["IsInvitee"]) for r in rows["records"]] == [
        (jane, False),
        (joe, True),
    ]
    client.EventRelation.delete(rows["records"][0]["Id"])
    assert client.Event.get(event)["WhoId"] == joe
    client.Event.delete(event)
    assert client.query("SELECT Id FROM EventRelation")["totalSize"] == 0


def test_a_composite_call_is_done_whole_or_not_at_all(client: Salesforce) -> None:
    root = "/services/data/v62.0/sobjects"
    steps = [
        {
            "referenceId": "account",
            "method": "POST",
            "url": f"{root}/Account",
            "body": {"Name": "Acme"},
        },
        {
            "referenceId": "contact",
            "method": "POST",
            "url": f"{root}/Contact",
            "body": {"LastName": "Doe", "AccountId": "@{account.id}"},
        },
        {"referenceId": "again", "method": "GET", "url": f"{root}/Contact/@{{contact.id}}"},
    ]
    done = client.restful("composite", method="POST", json={"compositeRequest": steps})
    assert done is not None
    answers = done["compositeResponse"]
    assert [a["httpStatusCode"] for a in answers] == [201, 201, 200]
    assert answers[2]["body"]["AccountId"] == answers[0]["body"]["id"]

    steps.append({"referenceId": "bad", "method": "POST", "url": f"{root}/Lead", "body": {}})
    whole = {"allOrNone": True, "compositeRequest": steps}
    failed = client.restful("composite", method="POST", json=whole)
    assert failed is not None
    said = [a["body"][0]["errorCode"] for a in failed["compositeResponse"]]
    assert said == ["PROCESSING_HALTED"] * 3 + ["REQUIRED_FIELD_MISSING"]
    assert client.query("SELECT Id FROM Account")["totalSize"] == 1

    many = {"compositeRequest": steps * 7}
    with pytest.raises(SalesforceMalformedRequest):
        client.restful("composite", method="POST", json=many)


def test_a_row_that_changed_since_fails_the_precondition(
    client: Salesforce, clock: HandClock
) -> None:
    made = client.Event.create(MEETING)["id"]
    seen = {"If-Unmodified-Since": clock().strftime("%a, %d %b %Y %H:%M:%S GMT")}
    assert client.Event.update(made, {"Subject": "1"}, headers=dict(seen)) == 204
    clock.advance(timedelta(seconds=1))
    client.Event.update(made, {"Subject": "2"})

    with pytest.raises(SalesforceGeneralError) as caught:
        client.Event.update(made, {"Subject": "3"}, headers=dict(seen))

    assert caught.value.status == 412


def test_a_long_result_comes_in_pages(client: Salesforce, served: Served) -> None:
    served.rest.batch_size = 2
    for number in range(5):
        client.Account.create({"Name": f"A{number}"})

    first = client.query("SELECT Name FROM Account ORDER BY Name DESC")

    assert (len(first["records"]), first["totalSize"], first["done"]) == (2, 5, False)
    names = [r["Name"] for r in client.query_all("SELECT Name FROM Account")["records"]]
    assert sorted(names) == [f"A{n}" for n in range(5)]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Nothing FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Nothing = 1", "INVALID_FIELD"),
        ("SELECT Nobody.Name FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT Id FROM Contact WHERE Name = 'x", "MALFORMED_QUERY"),
        ("DELETE FROM Contact", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
    ],
)
def test_a_bad_query_is_refused(client: Salesforce, soql: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.query(soql)

    assert code_of(caught) == code


@pytest.mark.parametrize(
    "text",
    [
        "SELECT FROM Contact",
        "SELECT Id FROM Contact WHERE",
        "SELECT Id FROM Contact WHERE Name LIKE 7 LIMIT",
        "SELECT Id FROM Contact WHERE A = 1 AND B = 2 OR C = 3",
        "SELECT Id FROM Contact WHERE Name = 'a\\q'",
        "SELECT Id FROM Contact WHERE Name IN ()",
        'SELECT Id FROM Contact WHERE Name = "x"',
        "SELECT Id FROM Contact LIMIT x",
        "SELECT Id FROM Contact; SELECT Id FROM Lead",
        "SELECT Id FROM Contact WHERE Name IN ('" + "x" * 100_000 + "')",
    ],
)
def test_what_is_no_soql_is_malformed(text: str) -> None:
    with pytest.raises(MalformedQueryError):
        parse(text)


def test_an_address_that_is_too_long_is_refused(client: Salesforce) -> None:
    names = ",".join(f"'{n:020d}'" for n in range(1_000))

    with pytest.raises(SalesforceGeneralError) as caught:
        client.query(f"SELECT Id FROM Contact WHERE Name IN ({names})")

    assert caught.value.status == 414


def test_permissions_and_limits_are_told_apart(client: Salesforce, served: Served) -> None:
    served.org.denied.add(("Event", "create"))
    with pytest.raises(SalesforceRefusedRequest) as caught:
        client.Event.create(MEETING)
    assert code_of(caught) == "INSUFFICIENT_ACCESS_OR_READONLY"
    served.refuse(403, "REQUEST_LIMIT_EXCEEDED")
    with pytest.raises(SalesforceRefusedRequest) as caught:
        client.query("SELECT Id FROM Contact")
    assert code_of(caught) == "REQUEST_LIMIT_EXCEEDED"
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000
