"""What admins change over HTTP takes effect on events that are there already (A1, A3, A5, S6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.product import CATEGORY, Product

CLIENT = "jane@client.example"
Act = Callable[..., Any]


@pytest.fixture
def act(product: Product) -> Act:
    """A call of the firm's admin that must succeed; its JSON."""
    pane = product.pane(product.sandbox.person("admin")["address"])

    def call(method: str, path: str, json: Any = None, **params: Any) -> Any:
        answer = pane.call(method, f"/api/admin{path}", json, **params)
        assert answer.status_code < 300, answer.text
        return answer.json

    return call


def change(product: Product, **settings: Any) -> None:
    answer = product.save_settings(**settings)
    assert answer.status_code == 200, answer.text


def person(act: Act, address: str) -> dict[str, Any]:
    [found] = act("GET", "/users", q=address)["items"]
    row: dict[str, Any] = found
    return row


def test_a_contact_type_that_is_chosen_selects_events_that_are_there(
    product: Product, organizer: str
) -> None:
    product.add_contact("Vera", "vera@vendor.example", types=["Vendor"])
    product.sync()
    meeting = product.meeting(organizer, "vera@vendor.example")
    product.sync()
    assert product.records(meeting.ical_uid) == []

    change(product, contact_types=["Client", "Vendor"])
    product.sync()

    assert len(product.records(meeting.ical_uid)) == 1


def test_a_category_that_is_renamed_moves_and_is_nobodys_untick(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    assert CATEGORY in meeting.categories

    change(product, category_name="In the CRM")
    for _ in range(3):
        product.sync()

    assert meeting.categories == ["In the CRM"]
    assert len(product.records(meeting.ical_uid)) == 1


def test_who_is_disabled_keeps_his_records_and_nothing_flows_until_he_is_enabled(
    product: Product, act: Act, organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    user = person(act, organizer)["id"]

    act("POST", "/users/disable-sync", {"ids": [user]})
    meeting.change(subject="While disabled")
    product.sync()
    [rests] = product.records(meeting.ical_uid)
    assert rests.draft.subject == "Quarterly review"
    assert person(act, organizer)["state"] == "disabled"
    act("POST", "/users/enable-sync", {"ids": [user]})
    product.sync()

    [flows] = product.records(meeting.ical_uid)
    assert flows.draft.subject == "While disabled"
    assert person(act, organizer)["enabled_by_admin"] is True


@pytest.mark.parametrize("level", ["firm", "server", "mailbox"])
def test_while_paused_nothing_is_written_and_resuming_catches_up(
    product: Product, act: Act, organizer: str, level: str
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    row = person(act, organizer)
    key = {"firm": None, "server": row["server_id"], "mailbox": row["mailbox_id"]}[level]

    act("POST", "/pause", {"level": level, "id": key})
    meeting.change(subject="While paused")
    product.sync()
    assert person(act, organizer)["state"] == "paused"
    assert product.records(meeting.ical_uid)[0].draft.subject == "Quarterly review"
    act("POST", "/resume", {"level": level, "id": key})
    product.sync()

    assert product.records(meeting.ical_uid)[0].draft.subject == "While paused"


def test_a_mailbox_is_read_through_the_server_it_is_assigned_to(
    product: Product, act: Act, organizer: str
) -> None:
    sandbox = product.sandbox
    broken = act(
        "POST",
        "/exchange-servers",
        {
            "name": "Broken",
            "tenant_id": sandbox.tenant_id,
            "client_id": sandbox.daemon_client_id,
            "secret": "wrong",
        },
    )["id"]
    row = person(act, organizer)
    product.sync()

    act("POST", "/users/assign-server", {"ids": [row["id"]], "server_id": broken})
    product.sync()
    assert person(act, organizer)["problem"] == "sign_in_failed"
    act("PATCH", f"/exchange-servers/{broken}", {"secret": sandbox.daemon_client_secret})
    product.sync(minutes=61)

    mended = person(act, organizer)
    assert (mended["problem"], mended["state"]) == (None, "watching")
