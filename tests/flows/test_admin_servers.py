"""*Test* of an online server against Microsoft's side: every way to be wrong has its own words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, select

from backend.db.models import UserRow
from tests.support.product import Product, running_product
from tests.support.sandbox import RunningSandbox


@pytest.fixture
def admin(sqlite_product: Product) -> Callable[..., Any]:
    """Calls of the firm's admin below ``/api/admin``."""
    return sqlite_product.staff()


def the_server(admin: Callable[..., Any]) -> str:
    found: str = admin("GET", "/exchange-servers").json["items"][0]["id"]
    return found


def outcome(admin: Callable[..., Any], **body: Any) -> dict[str, bool]:
    """The codes of the checks and whether each is well; what is not says how to mend it."""
    answer = admin("POST", f"/exchange-servers/{the_server(admin)}/test", body)
    assert answer.status_code == 200, answer.text
    checks = answer.json["checks"]
    assert all(check["ok"] or check["fix"] for check in checks)
    assert answer.json["ok"] is all(check["ok"] for check in checks)
    return {check["code"]: check["ok"] for check in checks}


def change(admin: Callable[..., Any], **server: Any) -> None:
    answer = admin("PATCH", f"/exchange-servers/{the_server(admin)}", server)
    assert answer.status_code == 200, answer.text


def test_all_is_well(admin: Callable[..., Any]) -> None:
    assert outcome(admin) == {
        "sign_in": True,
        "calendars": True,
        "mailbox": True,
        "write_categories": True,
        "directory": True,
        "own_domains": True,
        "competing_sync": True,
        "notifications_off": True,
    }


def test_another_sync_at_work_is_named_with_what_it_left(
    admin: Callable[..., Any], product: Product
) -> None:
    organizer = product.sandbox.person()["address"]
    product.meeting(organizer, "jane@client.example", categories=["Tracked to Dynamics 365"])

    answer = admin(
        "POST", f"/exchange-servers/{the_server(admin)}/test", {"mailbox": organizer}
    ).json

    [found] = [check for check in answer["checks"] if check["code"] == "competing_sync"]
    assert (answer["ok"], found["ok"]) == (False, False)
    assert "Dynamics 365 server-side synchronization" in found["text"]
    assert "1 event" in found["text"]
    assert "twice" in found["fix"]


def test_a_wrong_secret(admin: Callable[..., Any]) -> None:
    outcome(admin)
    change(admin, secret="not the secret")

    assert outcome(admin) == {"wrong_secret": False}


def test_an_expired_secret_shows_although_a_token_is_still_good(
    admin: Callable[..., Any], sandbox: RunningSandbox
) -> None:
    outcome(admin)
    sandbox.faults([{"kind": "credentials", "expire": "secrets"}])

    assert outcome(admin) == {"expired_secret": False}


def test_a_tenant_that_is_none(admin: Callable[..., Any]) -> None:
    change(admin, tenant_id="11111111-2222-4333-8444-555555555555")

    assert outcome(admin) == {"wrong_tenant": False}


def test_the_tenant_of_somebody_else(admin: Callable[..., Any], sandbox: RunningSandbox) -> None:
    change(admin, tenant_id=sandbox.second_tenant_id)

    assert outcome(admin) == {"wrong_tenant": False}


def test_an_unknown_application(admin: Callable[..., Any]) -> None:
    change(admin, client_id="11111111-2222-4333-8444-555555555555")

    assert outcome(admin) == {"unknown_client": False}


def test_a_permission_for_calendars_that_is_missing(
    admin: Callable[..., Any], sandbox: RunningSandbox
) -> None:
    outcome(admin)
    sandbox.faults([{"kind": "permissions", "app": ["User.Read.All"]}])

    found = outcome(admin)

    assert found["missing_calendar_permission"] is False
    assert found["directory"] is True


def test_a_permission_for_the_directory_that_is_missing(
    admin: Callable[..., Any], sandbox: RunningSandbox
) -> None:
    sandbox.faults([{"kind": "permissions", "app": ["Calendars.Read"]}])

    found = outcome(admin)

    assert found["missing_directory_permission"] is False
    assert found["calendars"] is True


@pytest.mark.parametrize("by", ["policy", "rbac"])
def test_a_mailbox_that_is_left_out(
    admin: Callable[..., Any], sandbox: RunningSandbox, by: str
) -> None:
    people = [item["address"] for item in admin("GET", "/users?limit=3").json["items"]]
    sandbox.faults(
        [
            {
                "kind": "permissions",
                "app": ["Calendars.Read", "User.Read.All"],
                "mailboxes": people[:2],
                "by": by,
            }
        ]
    )

    assert outcome(admin, mailbox=people[2])["mailbox_out_of_scope"] is False
    assert outcome(admin, mailbox=people[0])["mailbox"] is True


def test_a_notification_address_that_nobody_reaches(
    sandbox: RunningSandbox, sqlite_url: URL, offset_file: Path
) -> None:
    nobody = "http://127.0.0.1:9/graph/notifications"
    with running_product(sandbox, sqlite_url, offset_file, notification_url=nobody) as product:
        found = outcome(product.staff())

    assert found["notification_unreachable"] is False
    assert found["mailbox"] is True


def test_the_sentences_differ(admin: Callable[..., Any], sandbox: RunningSandbox) -> None:
    path = f"/exchange-servers/{the_server(admin)}/test"
    change(admin, secret="not the secret")
    wrong = admin("POST", path, {}).json["checks"][0]
    change(admin, secret=sandbox.daemon_client_secret)
    sandbox.faults([{"kind": "credentials", "expire": "secrets"}])
    expired = admin("POST", path, {}).json["checks"][0]

    assert wrong["text"] != expired["text"]
    assert wrong["fix"] != expired["fix"]


def test_people_are_imported_from_the_directory(product: Product) -> None:
    admin = product.staff()
    known = {item["id"] for item in admin("GET", "/users?limit=200").json["items"]}
    with product.services.database.read() as session:
        before = len(session.scalars(select(UserRow.id)).all())

    begun = admin("POST", "/users/import", {})
    assert begun.status_code == 202, begun.text
    product.services.work.drain_mailboxes()

    operation = admin("GET", f"/operations/{begun.json['operation']['id']}").json
    assert (operation["state"], operation["failed"]) == ("done", 0)
    assert operation["done"] >= len(known)
    with product.services.database.read() as session:
        assert len(session.scalars(select(UserRow.id)).all()) >= before
    lines = admin("GET", "/audit?limit=200").json["items"]
    assert {line["act"] for line in lines} >= {"import_begun"}


def test_an_import_outlasts_an_outage(sqlite_product: Product, sandbox: RunningSandbox) -> None:
    product, admin = sqlite_product, sqlite_product.staff()
    sandbox.faults([{"kind": "status", "status": 503, "match": {"path": "^/users\\?"}, "times": 4}])
    begun = admin("POST", "/users/import", {}).json["operation"]["id"]
    product.services.administration.operations.work()
    assert admin("GET", f"/operations/{begun}").json["state"] == "running"

    for _ in range(6):
        product.advance(minutes=11)
        product.services.administration.operations.work()

    assert admin("GET", f"/operations/{begun}").json["state"] == "done"
