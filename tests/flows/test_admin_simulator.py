"""The simulator over the whole product: numbers part by part, and nothing written (A8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from backend.db.models import MailboxRow
from backend.services.administration import simulation
from tests.support.product import Product

CLIENT = "jane@client.example"
VENDOR = "vera@vendor.example"
SECRET = "The merger nobody may know of"
CHOICE = {"mode": "automatic", "contact_types": ["Client", "Vendor"]}

Simulate = Callable[..., dict[str, Any]]


@pytest.fixture
def product(sqlite_product: Product, organizer: str) -> Product:
    product = sqlite_product
    product.add_contact("Jane Doe", CLIENT, types=["Client"])
    product.add_contact("Vera Vendor", VENDOR, types=["Vendor"])
    product.meeting(organizer, CLIENT, days=-3)
    product.meeting(organizer, VENDOR, days=-4, subject=SECRET)
    product.meeting(organizer, VENDOR, days=-4, sensitivity="private", subject=SECRET)
    product.meeting(organizer, "stranger@nowhere.example", days=-5)
    return product


@pytest.fixture
def simulate(product: Product) -> Simulate:
    """All parts added up."""
    admin = product.pane(product.sandbox.person("admin")["address"])

    def run(settings: dict[str, Any], **more: Any) -> dict[str, Any]:
        total: Counter[str] = Counter()
        whole: dict[str, Any] = {"by_code": Counter(), "by_user": [], "sample": [], "parts": 0}
        cursor = None
        while True:
            body = {"settings": settings, "cursor": cursor} | more
            answer = admin.call("POST", "/api/admin/simulator", body)
            assert answer.status_code == 200, answer.text
            assert SECRET not in answer.text
            part = answer.json
            for name in ("calendars", "events", "records", "added", "removed", "unreadable"):
                total[name] += part[name]
            whole["by_code"].update(part["by_code"])
            whole["by_user"] += part["by_user"]
            whole["sample"] += part["sample"]
            whole["parts"] += 1
            whole["total"] = part["total"]
            cursor = part["next"]
            if cursor is None:
                return whole | dict(total)

    return run


def test_it_counts_records_users_and_reasons(simulate: Simulate, organizer: str) -> None:
    found = simulate(CHOICE)

    mine = [user for user in found["by_user"] if user["address"] == organizer]
    assert [(user["records"], user["removed"]) for user in mine] == [(2, 0)]
    assert found["calendars"] == found["total"] > 1
    assert found["by_code"]["private_event"] >= 1
    assert found["by_code"]["no_selected_contact_type"] >= 1
    assert found["unreadable"] == 0
    assert {one["subject"] for one in found["sample"]} <= {None}


def test_the_choice_decides_and_nothing_is_written(
    simulate: Simulate, product: Product, organizer: str
) -> None:
    fewer = simulate(CHOICE | {"contact_types": ["Vendor"]})
    none = simulate(CHOICE | {"contact_types": [], "unmatched_automatic": False})

    assert [u["records"] for u in fewer["by_user"] if u["address"] == organizer] == [1]
    assert none["records"] == 0
    admin = product.pane(product.sandbox.person("admin")["address"])
    assert admin.call("GET", "/api/admin/log").json["items"] == []
    assert admin.call("GET", "/api/admin/audit").json["items"] == []


def test_parts_cover_everybody_once(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = simulate(CHOICE)
    monkeypatch.setattr(simulation, "MOST_MAILBOXES", 2)

    parts = simulate(CHOICE)

    assert parts["parts"] > 3
    for name in ("calendars", "events", "records", "by_code"):
        assert parts[name] == whole[name], name


def test_before_anybody_is_enabled_everybody_may_be_counted(
    simulate: Simulate, product: Product, organizer: str
) -> None:
    admin = product.pane(product.sandbox.person("admin")["address"])
    disabled = admin.call("POST", "/api/admin/users/disable-sync", {"filter": {}})
    assert disabled.status_code == 200, disabled.text

    assert simulate(CHOICE)["calendars"] == 0
    found = simulate(CHOICE, everybody=True)

    assert [u["added"] for u in found["by_user"] if u["address"] == organizer] == [2]


def test_a_calendar_that_cannot_be_read_is_told(simulate: Simulate, product: Product) -> None:
    product.sandbox.faults(
        [{"kind": "status", "status": 403, "match": {"method": "GET", "path": "/calendarView"}}]
    )
    found = simulate(CHOICE)
    product.sandbox.clear_faults()

    assert found["unreadable"] == found["calendars"] > 1


def test_support_and_other_firms_may_not_ask(product: Product) -> None:
    support = product.pane(product.sandbox.person("support")["address"])

    assert support.call("POST", "/api/admin/simulator", {}).status_code == 403
    admin = product.pane(product.sandbox.person("admin")["address"])
    wrong = admin.call("POST", "/api/admin/simulator", {"settings": {"past_days": 91}})
    assert wrong.status_code == 422
    assert admin.call("POST", "/api/admin/simulator", {"cursor": "x"}).status_code == 422


def test_a_calendar_for_which_graph_asked_to_wait_is_left_alone(
    simulate: Simulate, product: Product, organizer: str
) -> None:
    with product.services.database.write.begin() as session:
        until = product.clock() + timedelta(minutes=5)
        session.execute(update(MailboxRow).values(not_before=until))
    since = product.sandbox.last_request()
    found = simulate(CHOICE)

    assert found["unreadable"] == found["calendars"] > 1
    assert [r for r in product.sandbox.requests(since) if "/calendarView" in r["path"]] == []
