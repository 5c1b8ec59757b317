"""The history of an event: what was decided and written, told to those who may see the event."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.test_event_ids import FORMS, awkward_meeting, id_in_form
from tests.flows.test_permissions import delegate_of
from tests.support.product import CATEGORY, Meeting, Product

CLIENT = "ben@client.example"
Json = dict[str, Any]


def history(product: Product, user: str, event_id: str, **params: Any) -> list[Json]:
    answer = product.pane(user).call("GET", f"/api/events/{event_id}/history", **params)
    assert answer.status_code == 200, answer.json
    items: list[Json] = answer.json["items"]
    return items


def lines(product: Product, meeting: Meeting, **params: Any) -> list[str]:
    """From the oldest on."""
    return [row["line"] for row in reversed(history(product, meeting.owner, meeting.id, **params))]


def name_of(product: Product, address: str) -> str:
    people = product.sandbox.state()["people"]
    return next(str(person["name"]) for person in people if person["address"] == address)


def test_everything_that_happens_to_a_ticked_event_is_told_in_order(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)

    pane.tick(meeting.id)
    meeting.change(subject="Dinner", location={"displayName": "The Strand"})
    pane.view(meeting.id)
    product.settle()
    pane.untick(meeting.id)
    pane.undo(meeting.id)

    assert lines(product, meeting) == [
        *("ticked", "category_set", "created"),
        "updated",
        *("unticked", "removed", "category_cleared"),
        *("ticked", "category_set", "restored"),
    ]
    told = {row["line"]: row for row in history(product, organizer, meeting.id)}
    assert told["updated"]["fields"] == ["subject", "location"]
    assert told["ticked"]["by"]["name"]
    assert told["ticked"]["on_behalf_of"] is None
    assert (told["ticked"]["source"], told["created"]["source"]) == ("pane", "sync")
    with_graph = [row for row in told.values() if row["line"] not in ("unticked", "removed")]
    assert [row["line"] for row in with_graph if not row["request_id"]] == []
    assert [row for row in told.values() if not row["message"].endswith(".")] == []


def test_pages_go_on_where_the_last_one_ended(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    for _ in range(4):
        pane.tick(meeting.id)
        pane.untick(meeting.id)
    whole = history(product, organizer, meeting.id, limit=200)
    path = f"/api/events/{meeting.id}/history"

    first = pane.call("GET", path, limit=5).json
    collected, cursor = first["items"], first["next"]
    while cursor is not None:
        page = pane.call("GET", path, limit=5, cursor=cursor).json
        collected += page["items"]
        cursor = page["next"]

    assert len(whole) > 20
    assert collected == whole


@pytest.mark.parametrize("form", FORMS)
def test_any_id_form_of_an_event_leads_to_its_history(
    sqlite_product: Product, organizer: str, form: str
) -> None:
    product = sqlite_product
    ticked = awkward_meeting(product, organizer)
    product.pane(organizer).tick(ticked.id)
    refused = product.meeting(organizer, CLIENT, sensitivity="private")
    product.pane(organizer).tick(refused.id)

    of_ticked = history(product, organizer, id_in_form(ticked, form))
    of_refused = history(product, organizer, id_in_form(refused, form))

    assert [row["line"] for row in of_ticked][-1] == "ticked"
    assert [row["line"] for row in of_refused] == ["tick_refused"]


def test_a_refusal_says_why_in_codes_and_sentences(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT, days=-40)
    product.pane(organizer).tick(meeting.id)

    [row] = history(product, organizer, meeting.id)

    assert (row["kind"], row["line"], row["codes"]) == (
        "refusal",
        "tick_refused",
        ["outside_window"],
    )
    assert row["why"] == [
        {"code": "outside_window", "text": "The event lies outside the sync period."}
    ]
    assert row["request_id"]


def test_an_event_nobody_knows_of_has_an_empty_history(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT)

    assert history(product, organizer, meeting.id) == []
    product.sandbox.delete_event(organizer, meeting.id)
    assert history(product, organizer, meeting.id) == []


def test_the_owner_reads_it_while_microsoft_365_is_silent(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    product.sandbox.faults([{"kind": "status", "status": 503, "match": {"path": "/me|/users"}}])

    told = lines(product, meeting)
    unknown = history(product, organizer, product.meeting(organizer, CLIENT).id)

    assert told[0] == "ticked"
    assert unknown == []


def test_a_private_event_leaves_one_line_without_a_word_of_it(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT, subject="Zephyrine", sensitivity="private")
    pane = product.pane(organizer)
    for _ in range(3):
        assert pane.tick(meeting.id).status_code == 422
    product.settle()

    answer = pane.call("GET", f"/api/events/{meeting.id}/history")

    [row] = answer.json["items"]
    assert (row["kind"], row["codes"], row["fields"]) == ("refusal", ["private_event"], [])
    assert row["request_id"]
    assert "Zephyrine" not in answer.text


def test_what_turned_private_is_told_by_codes_alone(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT, subject="Zephyrine")
    pane = product.pane(organizer)
    pane.tick(meeting.id)
    meeting.change(subject="Zephyrine II", sensitivity="private")
    pane.view(meeting.id)
    product.settle()

    answer = pane.call("GET", f"/api/events/{meeting.id}/history")

    told = {row["line"]: row for row in answer.json["items"]}
    assert told["became_private"]["codes"] == ["private_event"]
    assert "destroyed" in told
    assert "Zephyrine" not in answer.text
    assert CLIENT not in answer.text


def test_an_outage_is_one_line_an_hour(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.sandbox.faults([{"kind": "status", "status": 503, "match": {"method": "PATCH"}}])
    product.pane(organizer).tick(meeting.id)
    for _ in range(10):
        product.advance(minutes=1)
        product.drain()
    failures = [r for r in history(product, organizer, meeting.id) if r["kind"] == "failure"]

    [row] = failures
    assert row["line"] == "graph_failed"
    assert row["codes"][:2] == ["graph_unavailable", "http_503"]
    assert row["request_id"]


def test_a_frozen_link_tells_the_rule_and_where_it_came_from(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    pane.tick(meeting.id)
    start = meeting.now()["start"]["dateTime"][:10]
    weekly = {
        "pattern": {"type": "daily", "interval": 7},
        "range": {"type": "numbered", "startDate": start, "numberOfOccurrences": 3},
    }
    meeting.change(recurrence=weekly)
    pane.view(meeting.id)
    product.settle()

    [frozen] = [
        r for r in history(product, organizer, meeting.id) if r["line"] == "became_recurring"
    ]

    assert frozen["codes"][0] == "recurring_event"
    assert frozen["source"] == "outlook"


def test_the_category_in_outlook_is_told_as_such(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT, categories=[CATEGORY])
    product.pane(organizer).view(meeting.id)
    product.settle()

    [added] = [r for r in history(product, organizer, meeting.id) if r["line"] == "category_added"]

    assert (added["source"], added["by"], added["trigger"]) == ("category", None, "tick")


def test_a_delegate_sees_it_and_is_named_beside_the_owner(product: Product) -> None:
    assistant, owner = delegate_of(product, may_write=True, sees_private=False)
    meeting = product.meeting(owner, CLIENT)
    product.pane(assistant).tick(meeting.id, mailbox=owner)

    rows = history(product, assistant, meeting.id, mailbox=owner)

    [ticked] = [row for row in rows if row["line"] == "ticked"]
    assert ticked["by"]["name"] == name_of(product, assistant)
    assert ticked["on_behalf_of"]["name"] == name_of(product, owner)
    assert rows == history(product, owner, meeting.id)


def test_a_delegate_needs_graphs_word_each_time(sqlite_product: Product) -> None:
    product = sqlite_product
    assistant, owner = delegate_of(product, may_write=True, sees_private=False)
    meeting = product.meeting(owner, CLIENT)
    product.pane(assistant).tick(meeting.id, mailbox=owner)
    product.sandbox.faults([{"kind": "status", "status": 503, "match": {"path": "/users/"}}])

    answer = product.pane(assistant).call("GET", f"/api/events/{meeting.id}/history", mailbox=owner)

    assert (answer.status_code, answer.json["code"]) == (503, "graph_unavailable")


def test_a_colleague_without_any_right_learns_nothing(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    pane = product.pane(product.sandbox.person("support")["address"])
    path = f"/api/events/{meeting.id}/history"

    asked_for_the_owners = pane.call("GET", path, mailbox=organizer)
    asked_as_his_own = pane.call("GET", path)

    assert asked_for_the_owners.status_code in (403, 404)
    assert asked_as_his_own.json == {"items": [], "next": None}


def test_nobody_of_another_firm_learns_anything(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    second = next(
        tenant
        for tenant in product.sandbox.state()["tenants"]
        if tenant["tenant_id"] == product.sandbox.second_tenant_id
    )
    stranger = next(p["address"] for p in second["people"] if p.get("mailbox"))
    pane = product.pane(stranger, tenant=product.sandbox.second_tenant_id)
    path = f"/api/events/{meeting.id}/history"

    as_own = pane.call("GET", path)
    asked_for_the_owners = pane.call("GET", path, mailbox=organizer)

    assert as_own.json == {"items": [], "next": None}
    assert (asked_for_the_owners.status_code, asked_for_the_owners.json["code"]) == (
        403,
        "forbidden",
    )


def test_an_edit_in_the_crm_is_told_with_its_source(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    pane.tick(meeting.id)
    [record] = product.records(meeting.ical_uid)
    client = product.app.test_client()
    token = {"Authorization": f"Bearer {product.token(organizer)}"}
    edited = client.patch(
        f"/crm/api/activities/{record.id}",
        json={"subject": "Edited"},
        headers=token | {"If-Match": f'"{record.revision}"'},
    )
    assert edited.status_code == 200, edited.json
    pane.view(meeting.id)
    product.settle()

    told = {row["line"]: row for row in history(product, organizer, meeting.id)}

    assert told["edited_in_crm"]["source"] == "crm"
    assert told["marked"]["codes"] == ["edited_in_crm"]
