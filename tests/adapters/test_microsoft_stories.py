"""The adapters against the sandbox: MSAL, Graph and our verifier as in production, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from backend.domain.errors import (
    ConsentRequiredError,
    IdentityError,
    RemoteAccessError,
    RemoteConflictError,
    RemoteNotFoundError,
    TransientRemoteError,
)
from tests.adapters.office import Office


def test_a_tick_on_behalf_of_the_organizer(office: Office) -> None:
    ann = office.person()
    event_id = office.meeting(ann)["id"]
    calendar, mailbox = office.as_user(ann), office.mailbox(ann)

    look = calendar.get_event(mailbox, event_id, with_body=True)
    written = calendar.set_categories(
        mailbox, look.event.id, [*look.event.categories, "Ours"], etag=look.event.etag
    )

    assert look.event.body_text == "Agenda"
    assert look.event.is_organizer
    assert written.event.categories == ("Own", "Ours")
    assert written.event.body_text == "Agenda"
    assert written.event.id == look.event.id
    assert written.event.etag != look.event.etag
    assert office.sandbox.get_event(ann["address"], event_id)["categories"] == ["Own", "Ours"]
    assert calendar.may_write_events is True


def test_the_same_event_is_found_by_its_icaluid(office: Office) -> None:
    ann = office.person()
    event_id = office.meeting(ann, subject="O'Brien & Söhne")["id"]
    calendar, mailbox = office.as_user(ann), office.mailbox(ann)
    event = calendar.get_event(mailbox, event_id).event
    assert event.ical_uid is not None

    found = [
        calendar.find_events(mailbox, event.ical_uid, default_calendar=default)
        for default in (True, False)
    ]
    office.sandbox.delete_event(ann["address"], event_id)
    gone = calendar.find_events(mailbox, event.ical_uid, default_calendar=False)

    assert [[e.id for e in events] for events in found] == [[event.id], [event.id]]
    assert gone == []


def test_the_same_with_the_servers_own_identity(office: Office) -> None:
    ann = office.person()
    event_id = office.meeting(ann)["id"]
    calendar = office.as_app()

    look = calendar.get_event(office.mailbox(ann), event_id)

    assert look.event.subject == "Review"
    assert look.request_id
    assert calendar.may_write_events is None


def test_an_outdated_etag_is_a_conflict_where_graph_honours_it(office: Office) -> None:
    ann = office.person()
    event_id = office.meeting(ann)["id"]
    calendar, mailbox = office.as_user(ann), office.mailbox(ann)
    look = calendar.get_event(mailbox, event_id)
    office.sandbox.change_event(ann["address"], event_id, subject="Changed")

    office.sandbox.personality(if_match="honour")
    with pytest.raises(RemoteConflictError):
        calendar.set_categories(mailbox, event_id, ["Ours"], etag=look.event.etag)

    office.sandbox.personality(if_match="ignore")
    written = calendar.set_categories(mailbox, event_id, ["Ours"], etag=look.event.etag)
    assert written.event.subject == "Changed"


def test_a_deleted_event_and_one_of_another_mailbox_are_not_found(office: Office) -> None:
    office.sandbox.personality(deleted_get="404")
    ann, admin = office.person(), office.person("admin")
    deleted, foreign = office.meeting(ann)["id"], office.meeting(admin)["id"]
    office.sandbox.delete_event(ann["address"], deleted)

    for event_id in (deleted, foreign):
        with pytest.raises(RemoteNotFoundError):
            office.as_user(ann).get_event(office.mailbox(ann), event_id)


def test_the_coloured_category_is_made_once(office: Office) -> None:
    ann = office.person()
    calendar, mailbox = office.as_user(ann), office.mailbox(ann)
    since = office.sandbox.last_request()

    made = [calendar.ensure_master_category(mailbox, name, "preset7") for name in ("Ours", "OURS")]

    posts = [line for line in office.sandbox.requests(since) if line["method"] == "POST"]
    assert made == [True, True]
    assert len([line for line in posts if line["path"].endswith("masterCategories")]) == 1


def test_rights_domains_and_people(office: Office) -> None:
    ann = office.person()
    calendar, app = office.as_user(ann), office.as_app()

    assert calendar.may_edit(office.mailbox(ann)) is True
    assert ann["address"].rpartition("@")[2] in app.verified_domains()
    for key in (ann["id"], ann["address"], ann["address"].upper()):
        user = app.find_user(office.sandbox.tenant_id, key)
        assert user is not None
        assert (user.oid, user.address) == (ann["id"], ann["address"])
    assert app.find_user(office.sandbox.tenant_id, "nobody@nowhere.example") is None


def test_a_stranger_may_not_edit(office: Office) -> None:
    strangers = [p for p in office.sandbox.state()["people"] if p["mailbox"]]
    ann, other = strangers[0], strangers[-1]

    assert office.as_user(other).may_edit(office.mailbox(ann)) is False


def test_a_rotated_key_works_at_once(office: Office) -> None:
    ann = office.person()
    office.principal(ann["address"])
    office.advance(31)

    office.sandbox.faults([{"kind": "keys", "rotate": True}])

    assert office.principal(ann["address"]).oid == ann["id"]


@pytest.mark.parametrize(
    "order",
    [
        {"audience": "graph"},
        {"app": True},
        {"lifetime": -1},
        {"lifetime": -3600},
        {"scopes": ["something_else"]},
    ],
    ids=str,
)
def test_tokens_that_are_not_for_us_are_refused(office: Office, order: dict[str, Any]) -> None:
    ann = office.person()
    user = None if order.get("app") else ann["address"]
    token = office.sandbox.token(user, **order)

    with pytest.raises(IdentityError):
        office.verifier.verify(token)


def test_a_true_token_of_a_strangers_tenant_names_its_owner(office: Office) -> None:
    tenant = office.sandbox.unregistered_tenant_id
    person = office.sandbox.person(tenant_id=tenant)

    principal = office.principal(person["address"], tenant=tenant)

    assert (principal.tenant_id, principal.oid) == (tenant, person["id"])


def test_revoked_consent_is_told_and_heals_at_once(office: Office) -> None:
    ann = office.person()
    event_id = office.meeting(ann)["id"]
    principal = office.principal(ann["address"])
    calendar = office.calendars.as_user(principal)
    office.sandbox.faults([{"kind": "consent", "revoke": True}])

    with pytest.raises(ConsentRequiredError):
        calendar.get_event(office.mailbox(ann), event_id)
    office.sandbox.faults([{"kind": "consent", "revoke": False}])

    assert calendar.get_event(office.mailbox(ann), event_id)


def test_one_users_outage_at_entra_is_not_the_next_ones(office: Office) -> None:
    ann, admin = office.person(), office.person("admin")
    event_id = office.meeting(admin)["id"]
    office.sandbox.faults(
        [{"match": {"path": "oauth2/v2.0/token"}, "kind": "status", "status": 503, "times": 1}]
    )

    with pytest.raises(TransientRemoteError):
        office.as_user(ann).may_edit(office.mailbox(ann))

    assert office.as_user(admin).get_event(office.mailbox(admin), event_id)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 429, "retry_after": 7},
        {"kind": "status", "status": 503, "retry_after": 7},
        {"kind": "reset"},
        {"kind": "truncate"},
    ],
    ids=str,
)
def test_faults_of_graph_are_transient(office: Office, fault: dict[str, Any]) -> None:
    ann = office.person()
    event_id = office.meeting(ann)["id"]
    calendar, mailbox = office.as_user(ann), office.mailbox(ann)
    office.sandbox.faults([{"match": {"path": "/events/"}, **fault}])

    with pytest.raises(TransientRemoteError) as caught:
        calendar.get_event(mailbox, event_id)

    assert caught.value.retry_after == fault.get("retry_after")
    office.sandbox.clear_faults()
    assert calendar.get_event(mailbox, event_id)


def test_a_hanging_graph_costs_no_more_than_the_budget(office: Office) -> None:
    ann = office.person()
    event_id = office.meeting(ann)["id"]
    principal = office.principal(ann["address"])
    office.calendars.as_user(principal).get_event(office.mailbox(ann), event_id)
    office.sandbox.faults([{"match": {"path": "/events/"}, "kind": "hang"}])
    calendar = office.calendars.as_user(principal, budget=0.3)
    started = datetime.now(UTC)

    for _ in range(3):
        with pytest.raises(TransientRemoteError):
            calendar.get_event(office.mailbox(ann), event_id)

    assert datetime.now(UTC) - started < timedelta(seconds=2)


def test_a_token_that_graph_finds_expired_is_replaced_unseen(office: Office) -> None:
    """Only the sandbox's clock moves: we think the token lives, Graph does not."""
    ann = office.person()
    event_id = office.meeting(ann)["id"]
    calendar = office.as_app()
    calendar.get_event(office.mailbox(ann), event_id)

    office.sandbox.advance(3 * 3600, only_sandbox=True)

    assert calendar.get_event(office.mailbox(ann), event_id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, "AADSTS700016"),
        ({"tenant_id": "00000000-0000-4000-8000-000000000000"}, "unknown_tenant"),
        ({"certificate_pem": "garbage"}, "certificate_unreadable"),
        ({"cloud": "moon"}, "unknown_cloud"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_server_is_told_apart(
    office: Office, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(RemoteAccessError) as caught:
        office.as_app(**changes).verified_domains()

    assert caught.value.remote_code == code


def test_a_person_signs_in_on_our_pages(office: Office) -> None:
    admin = office.person("admin")
    redirect_uri = "http://localhost:8000/auth/callback"
    address, flow = office.sign_in.begin_sign_in(redirect_uri)
    browser = requests.Session()
    browser.trust_env = False

    answer = _choose(browser, address, admin)
    principal = office.sign_in.finish_sign_in(flow, answer)

    assert principal.oid == admin["id"]
    assert "admin" in principal.roles
    with pytest.raises(IdentityError):  # a code serves once
        office.sign_in.finish_sign_in(flow, answer)


def _choose(browser: requests.Session, address: str, person: dict[str, Any]) -> dict[str, str]:
    """What a person does on the sandbox's sign-in page, and the query he comes back with."""
    page = browser.get(address, timeout=5)
    assert page.status_code == 200, page.text
    answer = browser.post(address, data={"person": person["id"]}, allow_redirects=False, timeout=5)
    assert answer.status_code in (302, 303), answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
