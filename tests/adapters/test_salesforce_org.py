"""Sign-in, sessions, limits and refusals of a Salesforce organisation, and what a doctor says."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from backend.adapters.answers import Answer
from backend.adapters.http import Http
from backend.adapters.salesforce import SalesforceCrm
from backend.adapters.salesforce_check import inspect
from backend.adapters.salesforce_errors import error_of
from backend.adapters.salesforce_org import (
    READING_TIME,
    SalesforceAccess,
    SalesforceOrg,
    Step,
    shown_path,
)
from backend.adapters.transport import new_session
from backend.domain.breaker import remote_of
from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from tests.adapters.salesforce_side import clock, gateway, http, served, stand_in
from tests.crm.gateway_contract import KEY, TENANT, a_draft
from tests.support.crm import HandClock
from tests.support.salesforce.people import TYPES, access_to
from tests.support.salesforce.schema import OBJECTS
from tests.support.salesforce.server import USERNAME, Served, StandIn

__all__ = ["clock", "gateway", "http", "served", "stand_in"]

Keys = tuple[str, str]


@pytest.fixture(scope="module")
def keys() -> Keys:
    """Private and public, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


@pytest.fixture
def org(http: Http, clock: HandClock, served: Served) -> SalesforceOrg:
    return SalesforceOrg(http, access_to(served), clock)


def test_a_session_that_ran_out_is_replaced_once_and_nobody_notices(
    gateway: SalesforceCrm, served: Served
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    served.expire_sessions()

    assert gateway.find_activity(TENANT, KEY) == made
    assert served.sign_ins == 2


def test_a_session_that_never_counts_is_a_missing_permission(
    org: SalesforceOrg, served: Served
) -> None:
    served.refuse(401, "INVALID_SESSION_ID", "Session expired or invalid", times=None)

    with pytest.raises(RemoteAccessError):
        org.query("SELECT Id FROM Contact")

    assert served.sign_ins == 2


def test_a_key_signs_in_as_the_user_it_was_given_for(
    http: Http, clock: HandClock, served: Served, keys: Keys
) -> None:
    private, served.public_key = keys
    access = replace(access_to(served), client_secret=None, private_key=private, username=USERNAME)

    assert SalesforceOrg(http, access, clock).user_id == served.org.user_id
    for wrong in (replace(access, username="eve@x"), replace(access, private_key="no key")):
        with pytest.raises(RemoteAccessError):
            SalesforceOrg(http, wrong, clock).sign_in_anew()


def test_a_refused_secret_is_told_by_salesforces_word_and_not_repeated_in_it(
    http: Http, clock: HandClock, served: Served
) -> None:
    access = replace(access_to(served), client_secret="a wrong secret")

    with pytest.raises(RemoteAccessError) as caught:
        SalesforceOrg(http, access, clock).sign_in_anew()

    assert caught.value.remote_code == "invalid_client"
    assert "a wrong secret" not in repr(access) + str(caught.value)


@pytest.mark.parametrize("instance", ["http://evil.example", "http://127.0.0.1:9", "ftp://x", ""])
def test_a_token_is_never_sent_in_the_clear(
    org: SalesforceOrg, served: Served, instance: str
) -> None:
    served.instance_url = instance or "nonsense"

    with pytest.raises(TransientRemoteError):
        org.sign_in_anew()


@pytest.mark.parametrize(
    ("status", "code", "kind", "counts"),
    [
        (403, "REQUEST_LIMIT_EXCEEDED", TransientRemoteError, False),
        (400, "UNABLE_TO_LOCK_ROW", TransientRemoteError, False),
        (503, "SERVER_UNAVAILABLE", TransientRemoteError, True),
        (500, "UNKNOWN_EXCEPTION", TransientRemoteError, True),
        (401, "INVALID_SESSION_ID", RemoteAccessError, False),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", RemoteAccessError, False),
        (400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", RemoteAccessError, False),
        (403, "API_DISABLED_FOR_ORG", RemoteAccessError, False),
        (400, "INVALID_FIELD", RemoteAccessError, False),
        (404, "ENTITY_IS_DELETED", RemoteNotFoundError, False),
        (404, "NOT_FOUND", RemoteNotFoundError, False),
        (400, "DUPLICATE_VALUE", RemoteConflictError, False),
        (412, "", RemoteConflictError, False),
        (300, "", RemoteRejectedError, False),
        (400, "DUPLICATES_DETECTED", RemoteRejectedError, False),
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", RemoteRejectedError, False),
        (400, "MALFORMED_QUERY", RemoteRejectedError, False),
    ],
)
def test_every_refusal_says_what_may_be_done_about_it_and_quotes_no_value(
    status: int, code: str, kind: type[RemoteError], counts: bool
) -> None:
    said = [{"errorCode": code, "message": "Castle: not allowed", "fields": ["Subject"]}]

    error = error_of(status, said if code else None)

    assert type(error) is kind
    assert error.system == "crm"
    assert (remote_of(error) is not None) is counts
    assert "Castle" not in str(error)


@pytest.mark.parametrize("body", ["<html>", [], [[]], {"message": 1}, [{"errorCode": 7}], None])
def test_an_answer_of_another_form_is_told_by_its_status(body: object) -> None:
    assert type(error_of(502, body)) is TransientRemoteError
    assert type(error_of(403, body)) is RemoteAccessError
    assert type(error_of(400, body)) is RemoteRejectedError


def test_a_refusal_says_nothing_of_a_record_in_the_log_either(
    org: SalesforceOrg, served: Served
) -> None:
    served.refuse(400, "STRING_TOO_LONG", "Subject: data value too large: Divorce of Jane Doe")

    with pytest.raises(RemoteRejectedError) as caught:
        org.create("Lead", {"LastName": "Doe"})

    assert "Jane Doe" not in "".join(traceback.format_exception(caught.value))


def test_the_daily_limit_is_waited_for_longer_than_the_one_at_once() -> None:
    code = "REQUEST_LIMIT_EXCEEDED"
    daily = error_of(403, [{"errorCode": code, "message": "TotalRequests Limit exceeded."}])
    at_once = error_of(403, [{"errorCode": code, "message": "ConcurrentPerOrgLongTxn Limit"}])

    assert daily.retry_after is not None
    assert at_once.retry_after is not None
    assert daily.retry_after > at_once.retry_after > 0


def test_a_locked_record_is_left_as_it_is_and_tried_later(
    gateway: SalesforceCrm, served: Served
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    served.org.locked.add(made.id)

    with pytest.raises(TransientRemoteError) as caught:
        gateway.write_activity(TENANT, KEY, a_draft(subject="2"), revision=made.revision)

    served.org.locked.clear()
    assert caught.value.retry_after
    assert gateway.find_activity(TENANT, KEY) == made


def test_a_page_of_apology_is_a_passing_failure(org: SalesforceOrg, served: Served) -> None:
    org.sign_in_anew()
    served.faults.append((200, "<html>We are down for maintenance</html>"))

    with pytest.raises(TransientRemoteError):
        org.query("SELECT Id FROM Contact")


def test_a_query_of_many_pages_is_read_to_its_end(org: SalesforceOrg, served: Served) -> None:
    served.rest.batch_size = 2
    made = [served.org.insert("Account", {"Name": f"A{n}"}) for n in range(5)]

    alone = org.query("SELECT Id FROM Account ORDER BY Name")
    together = org.queries(["SELECT Id FROM Account ORDER BY Name", "SELECT Id FROM Lead"])

    assert [row["Id"] for row in alone] == made
    assert [[row["Id"] for row in rows] for rows in together] == [made, []]


def test_a_change_may_take_longer_than_a_look(served: Served, clock: HandClock) -> None:
    session = new_session()
    taken: list[tuple[str, float]] = []
    http = Http(session, clock=clock, timeout=10.0)
    send = http.request

    def noted(method: str, url: str, **more: Any) -> Answer:
        taken.append((url.rpartition("/")[2], more.get("timeout")))
        return send(method, url, **more)

    http.request = noted  # type: ignore[method-assign]
    org = SalesforceOrg(http, access_to(served), clock)

    org.queries(["SELECT Id FROM Lead"])
    lead = {"LastName": "Doe", "Company": "X"}
    org.composite([Step("made", "POST", "sobjects/Lead", lead)])
    session.close()

    assert taken == [("token", None), ("composite", READING_TIME), ("composite", None)]


def test_the_log_shows_no_ids_and_no_keys() -> None:
    base = "https://firm.my.salesforce.com/services/data/v62.0"

    assert shown_path(f"{base}/sobjects/Event/00U5g0000000001EAA?x=1") == (
        "/services/data/v62.0/sobjects/Event/{id}"
    )
    assert shown_path(f"{base}/sobjects/Calendar_Sync_Record__c/a005g0000000001EAA") == (
        "/services/data/v62.0/sobjects/Calendar_Sync_Record__c/{id}"
    )


class TestDoctor:
    """What an administrator is told."""

    def test_a_complete_organisation_has_nothing_to_mend(self, org: SalesforceOrg) -> None:
        found = list(inspect(org, TYPES))

        assert all(each.is_fine and not each.advice for each in found)
        assert len(found) == 3

    def test_everything_that_lacks_is_told_at_once(
        self, org: SalesforceOrg, served: Served
    ) -> None:
        loose = [replace(f, unique=False, external_id=False) for f in OBJECTS["Event"].fields]
        served.org.objects["Event"] = replace(OBJECTS["Event"], fields=tuple(loose))
        served.org.objects["Contact"] = OBJECTS["Contact"].without("Types__c", "Email")
        del served.org.objects["Calendar_Sync_Record__c"]
        served.org.denied |= {("Lead", "query"), ("EventRelation", "delete")}

        told = "\n".join(each.what for each in inspect(org, TYPES) if not each.is_fine)

        assert "field Event.Calendar_Sync_Key__c is not unique" in told
        assert "no Calendar_Sync_Record__c for our user" in told
        assert "field Contact.Types__c" in told
        assert "Contacts cannot be found by Email" in told
        assert "may not read Lead" in told
        assert "may not write every EventRelation" in told

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda served: setattr(served, "client_id", "other"), "refused our sign-in"),
            (lambda served: served.refuse(503, "SERVER_UNAVAILABLE"), "could not be looked at"),
        ],
    )
    def test_a_sign_in_that_fails_ends_the_look(
        self,
        http: Http,
        clock: HandClock,
        stand_in: StandIn,
        served: Served,
        spoil: Callable[[Served], None],
        said: str,
    ) -> None:
        spoil(served)

        found = list(inspect(SalesforceOrg(http, access_to(served), clock), TYPES))

        assert said in found[-1].what
        assert not found[-1].is_fine

    def test_an_address_where_nobody_answers_is_named(self, http: Http, clock: HandClock) -> None:
        access = SalesforceAccess("http://127.0.0.1:1", "id", client_secret="secret")

        [found] = inspect(SalesforceOrg(http, access, clock), TYPES)

        assert "must reach http://127.0.0.1:1" in found.advice
