"""Ticks that nobody could judge at first, and silence of every side: kept, and ended rightly."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.product import CATEGORY, Meeting, Product

CLIENT = "ben@client.example"
SILENT = {"match": {"path": "/events/"}, "kind": "status", "status": 503}
ENTRA = {"match": {"path": "/oauth2/v2.0/token"}, "kind": "status", "status": 503}


def view(product: Product, meeting: Meeting) -> Any:
    return product.pane(meeting.owner).view(meeting.id).json


def graph_calls(product: Product, since: int) -> list[dict[str, Any]]:
    return [r for r in product.sandbox.requests(since) if r["host"] == "graph"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"sensitivity": "private"}, "private_event"),
        ({"days": -40}, "outside_window"),
        ({"attendees": [{"emailAddress": {"address": "spy@blocked.example"}}]}, "blocked_address"),
    ],
)
def test_an_ineligible_event_ticked_during_an_outage_ends_removed_with_its_checks(
    product: Product, organizer: str, event: dict[str, Any], code: str
) -> None:
    pane = product.pane(organizer)
    pane.call("PATCH", "/api/me", {"block_list": ["blocked.example"]})
    meeting = product.meeting(organizer, **({"attendees": []} | event))
    product.sandbox.faults([SILENT])
    answer = pane.tick(meeting.id)
    assert (answer.status_code, answer.json["verdict"]) == (202, None)

    product.sandbox.clear_faults()
    product.settle()

    seen = view(product, meeting)
    failed = [c["code"] for c in seen["verdict"]["checks"] if c["applies"] and not c["passed"]]
    assert (seen["link"]["state"], seen["link"]["reason"]) == ("removed", code)
    assert seen["link"]["outstanding"] == []
    assert failed == [code]
    assert seen["can"]["undo"] is False
    assert meeting.categories == []
    assert product.record(meeting.ical_uid) is None


def test_an_untick_before_any_verdict_leaves_nothing_behind(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT, categories=["Mine"])
    pane = product.pane(organizer)
    product.sandbox.faults([SILENT])
    pane.tick(meeting.id)

    assert pane.untick(meeting.id).status_code in (200, 202)
    product.sandbox.clear_faults()
    product.settle()

    assert view(product, meeting)["link"]["state"] == "removed"
    assert meeting.categories == ["Mine"]
    assert product.record(meeting.ical_uid) is None


def test_a_tick_an_untick_and_a_tick_during_one_outage_end_linked(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    product.sandbox.faults([SILENT])
    for act in (pane.tick, pane.untick, pane.tick):
        assert act(meeting.id).status_code in (200, 202)

    product.sandbox.clear_faults()
    product.settle()

    assert view(product, meeting)["link"]["state"] == "linked"
    assert meeting.categories == [CATEGORY]
    assert len(product.records(meeting.ical_uid)) == 1


def test_what_changes_in_outlook_during_an_outage_is_in_the_record_afterwards(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.sandbox.faults([SILENT])
    product.pane(organizer).tick(meeting.id)
    meeting.change(subject="Closing dinner")

    product.sandbox.clear_faults()
    product.settle()

    assert product.records(meeting.ical_uid)[0].draft.subject == "Closing dinner"


def test_entra_down_is_an_outage_like_any_other(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.token(organizer)
    product.sandbox.faults([ENTRA])
    pane = product.pane(organizer)

    seen, answer = pane.view(meeting.id), pane.tick(meeting.id)

    assert (seen.status_code, seen.json["code"]) == (503, "graph_unavailable")
    assert int(seen.headers["Retry-After"]) > 0
    assert (answer.status_code, answer.json["verdict"]) == (202, None)
    product.sandbox.clear_faults()
    product.settle()
    assert view(product, meeting)["link"]["state"] == "linked"
    assert len(product.records(meeting.ical_uid)) == 1


def test_an_untick_needs_neither_graph_nor_entra_to_take_the_record(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    pane.tick(meeting.id)
    product.advance(hours=2)  # the tokens we hold are old
    product.token(organizer)
    product.sandbox.faults([ENTRA, SILENT])

    answer = pane.untick(meeting.id)

    assert (answer.status_code, answer.json["link"]["outstanding"]) == (202, ["category"])
    assert product.records(meeting.ical_uid) == []
    product.sandbox.clear_faults()
    product.settle()
    assert meeting.categories == []


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_throttled_mailbox_is_left_alone_to_the_second_and_no_longer(
    sqlite_product: Product, organizer: str, method: str
) -> None:
    product = sqlite_product
    meeting, another = (product.meeting(organizer, CLIENT) for _ in range(2))
    pane = product.pane(organizer)
    throttling = {"kind": "status", "status": 429, "retry_after": 120, "times": 1}
    product.sandbox.faults([{"match": {"method": method, "path": "/events/"}} | throttling])
    assert pane.tick(meeting.id).status_code == 202
    since = product.sandbox.last_request()

    product.advance(seconds=115)
    product.drain()
    assert pane.tick(another.id).status_code == 202
    assert pane.view(another.id).status_code in (200, 503)
    assert graph_calls(product, since) == []
    product.advance(seconds=8)
    product.settle()

    for each in (meeting, another):
        assert view(product, each)["link"]["state"] == "linked"
        assert each.categories == [CATEGORY]


def test_a_throttled_mailbox_throttles_nobody_else(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    other = product.sandbox.person("support")["address"]
    throttling = {"kind": "status", "status": 429, "retry_after": 300}
    product.sandbox.faults([{"match": {"path": "/events/", "user": organizer}} | throttling])
    product.pane(organizer).tick(product.meeting(organizer, CLIENT).id)

    answer = product.pane(other).tick(product.meeting(other, CLIENT).id)

    assert (answer.status_code, answer.json["link"]["state"]) == (200, "linked")


def test_a_long_outage_costs_graph_little(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.sandbox.faults([SILENT])
    product.pane(organizer).tick(meeting.id)
    since = product.sandbox.last_request()

    for _ in range(60):
        product.advance(minutes=1)
        product.drain()

    assert 5 <= len(graph_calls(product, since)) <= 15
    product.sandbox.clear_faults()
    product.advance(minutes=16)
    product.drain()
    assert view(product, meeting)["link"]["state"] == "linked"


def test_a_token_that_graph_has_stopped_liking_is_replaced_on_the_spot(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    pane = product.pane(organizer)
    pane.tick(product.meeting(organizer, CLIENT).id)
    meeting = product.meeting(organizer, CLIENT)
    refused = {"kind": "status", "status": 401, "times": 1}
    product.sandbox.faults([{"match": {"path": "/events/"}} | refused])

    answer = pane.tick(meeting.id)

    assert (answer.status_code, answer.json["link"]["state"]) == (200, "linked")
