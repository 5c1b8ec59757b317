"""One event has several ids: each of them, in either spelling, leads to the same link."""

from __future__ import annotations

import base64
import os
from typing import Any
from urllib.parse import quote

import pytest
import requests
from sqlalchemy import func, select

from backend.db.models import LinkRow
from tests.support.product import CATEGORY, Meeting, Product

CLIENT = "ben@client.example"
FORMS = ["restId", "ewsId", "restImmutableEntryId"]


def id_in_form(meeting: Meeting, form: str) -> str:
    """As Outlook's own clients ask Graph for it (Graph docs: translateExchangeIds)."""
    sandbox = meeting.product.sandbox
    session = requests.Session()
    session.trust_env = False
    answer = session.post(
        f"{sandbox.url}/v1.0/me/translateExchangeIds",
        json={"inputIds": [meeting.id], "sourceIdType": "restId", "targetIdType": form},
        headers={"Authorization": f"Bearer {sandbox.token(meeting.owner, 'graph')}"},
        timeout=10,
    )
    session.close()
    [row] = answer.json()["value"]
    return str(row["targetId"])


def awkward_meeting(product: Product, organizer: str) -> Meeting:
    """One whose EWS id holds both characters that Graph spells differently."""
    for _ in range(200):
        meeting = product.meeting(organizer, CLIENT)
        if "-" in meeting.id and "_" in meeting.id:
            return meeting
    raise LookupError("no id with both characters")


def number_of_links(product: Product) -> int:
    with product.services.database.read() as session:
        return session.scalar(select(func.count()).select_from(LinkRow)) or 0


@pytest.mark.parametrize("form", FORMS)
def test_an_event_can_be_seen_ticked_and_unticked_under_any_of_its_ids(
    sqlite_product: Product, organizer: str, form: str
) -> None:
    product = sqlite_product
    meeting = awkward_meeting(product, organizer)
    event_id = id_in_form(meeting, form)
    pane = product.pane(organizer)

    ticked = pane.tick(event_id)
    seen = [pane.view(id_in_form(meeting, other)).json["link"] for other in FORMS]
    unticked = pane.untick(event_id)

    assert ticked.status_code == 200
    assert [link["state"] for link in seen] == ["linked"] * 3
    assert len({link["activity_id"] for link in seen}) == 1
    assert unticked.json["link"]["state"] == "removed"
    assert number_of_links(product) == 1


def test_ews_ids_with_slash_and_plus_work_as_they_are_and_percent_encoded(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = awkward_meeting(product, organizer)
    ews_id = id_in_form(meeting, "ewsId")
    pane = product.pane(organizer)
    assert "/" in ews_id
    assert "+" in ews_id

    plain = pane.tick(ews_id)
    encoded = pane.view(quote(ews_id, safe=""))
    undone = [pane.untick(quote(ews_id)), pane.undo(ews_id)]

    assert plain.status_code == 200
    assert encoded.json["event"]["id"] == plain.json["event"]["id"]
    assert [answer.status_code for answer in undone] == [200, 200]
    assert meeting.categories == [CATEGORY]


@pytest.mark.parametrize("first", FORMS)
@pytest.mark.parametrize("second", FORMS)
def test_ticking_under_two_ids_makes_one_link_and_one_record(
    sqlite_product: Product, organizer: str, first: str, second: str
) -> None:
    product = sqlite_product
    meeting = awkward_meeting(product, organizer)
    pane = product.pane(organizer)

    pane.tick(id_in_form(meeting, first))
    pane.tick(id_in_form(meeting, second))

    assert number_of_links(product) == 1
    assert len(product.records(meeting.ical_uid)) == 1


def test_an_untick_under_another_id_works_without_graph_once_that_id_was_opened(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = awkward_meeting(product, organizer)
    pane = product.pane(organizer)
    pane.tick(id_in_form(meeting, "ewsId"))
    pane.tick(id_in_form(meeting, "restImmutableEntryId"))
    product.sandbox.faults([{"match": {"path": "/events/"}, "kind": "status", "status": 503}])

    answers = [pane.untick(id_in_form(meeting, form)).json["link"] for form in FORMS]

    assert [link and link["state"] for link in answers] == ["removing"] * 3
    assert product.records(meeting.ical_uid) == []


def test_wishes_under_two_ids_during_an_outage_become_one_and_the_last_one_counts(
    product: Product, organizer: str
) -> None:
    meeting = awkward_meeting(product, organizer)
    ews_id, immutable_id = (id_in_form(meeting, form) for form in ("ewsId", FORMS[2]))
    pane = product.pane(organizer)
    product.sandbox.faults([{"match": {"path": "/events/"}, "kind": "status", "status": 503}])
    assert pane.tick(ews_id).status_code == 202
    product.advance(seconds=1)
    assert pane.tick(immutable_id).status_code == 202
    product.advance(seconds=1)
    pane.untick(immutable_id)

    product.sandbox.clear_faults()
    product.settle()

    states = {pane.view(event_id).json["link"]["state"] for event_id in (ews_id, immutable_id)}
    assert states == {"removed"}
    assert number_of_links(product) == 1
    assert meeting.categories == []
    assert product.records(meeting.ical_uid) == []


def test_a_tick_after_the_outage_unites_what_two_ids_made_during_it(
    product: Product, organizer: str
) -> None:
    meeting = awkward_meeting(product, organizer)
    event_ids = [id_in_form(meeting, form) for form in ("ewsId", FORMS[2])]
    pane = product.pane(organizer)
    product.sandbox.faults([{"match": {"path": "/events/"}, "kind": "status", "status": 503}])
    for event_id in event_ids:
        pane.tick(event_id)
    product.sandbox.clear_faults()

    answers = [pane.tick(event_id) for event_id in event_ids]
    product.settle()

    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert number_of_links(product) == 1
    assert [pane.view(event_id).json["link"]["state"] for event_id in event_ids] == ["linked"] * 2
    assert len(product.records(meeting.ical_uid)) == 1


def test_an_event_that_nobody_knows_is_not_found(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.sandbox.control("DELETE", f"/mailboxes/{organizer}/events/{meeting.id}", for_good="1")
    pane = product.pane(organizer)

    seen, ticked, undone = pane.view(meeting.id), pane.tick(meeting.id), pane.undo(meeting.id)
    unticked = pane.untick(meeting.id)

    assert (seen.status_code, seen.json["code"]) == (404, "event_not_found")
    assert (ticked.status_code, ticked.json["code"]) == (404, "event_not_found")
    assert (undone.status_code, undone.json["code"]) == (409, "nothing_to_undo")
    assert (unticked.status_code, unticked.json["link"]) == (200, None)
    assert number_of_links(product) == 0


def hostile_ids() -> list[str]:
    random_bytes = base64.urlsafe_b64encode(os.urandom(96)).decode()
    return [
        "x",
        "../../me",
        "AAMkAG' or 1 eq 1",
        "AAMkAGI2%00AAAA",
        "AAMk" + "A" * 5000,
        "🙂" * 20,
        "<script>alert(1)</script>",
        "AAMkAGI2TG93AAA=?$expand=attachments",
        "AAMkAGI2TG93AAA=/attachments/1",
        random_bytes,
        "A" * 152,
    ]


@pytest.mark.parametrize("event_id", hostile_ids(), ids=range(11))
def test_a_malformed_id_is_a_clear_refusal_and_changes_nothing(
    sqlite_product: Product, organizer: str, event_id: str
) -> None:
    product = sqlite_product
    pane = product.pane(organizer)
    spelled = quote(event_id, safe="/+")

    answers: list[Any] = [pane.view(spelled), pane.tick(spelled), pane.undo(spelled)]

    codes = {(answer.status_code, answer.json["code"]) for answer in answers}
    assert codes <= {
        (400, "invalid_event_id"),
        (404, "event_not_found"),
        (409, "nothing_to_undo"),
    }
    assert number_of_links(product) == 0
