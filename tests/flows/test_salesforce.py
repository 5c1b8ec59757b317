"""The story of the product with Salesforce as its CRM: tick, update, edit there, untick, undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from backend.salesforce_settings import SalesforceSettings
from tests.support.crm import HandClock
from tests.support.product import CATEGORY, Product, running_product
from tests.support.salesforce.org import Organisation
from tests.support.salesforce.people import Clerk, contact_maker
from tests.support.salesforce.server import CLIENT_SECRET, Served, StandIn, served_salesforce
from tests.support.sandbox import RunningSandbox

CLIENT = "ben@client.example"


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with served_salesforce() as running:
        yield running


@pytest.fixture
def salesforce(stand_in: StandIn) -> Served:
    return stand_in.add(Organisation(HandClock()))


@pytest.fixture
def product(
    sandbox: RunningSandbox, sqlite_url: URL, offset_file: Path, salesforce: Served
) -> Iterator[Product]:
    settings = SalesforceSettings(
        url=salesforce.url,
        client_id=salesforce.client_id,
        client_secret=CLIENT_SECRET,
        contact_type_field="Types__c",
        account_type_field="Types__c",
    )
    chosen: dict[str, Any] = {"tenants": (sandbox.tenant_id,), "salesforce": settings}
    with running_product(sandbox, sqlite_url, offset_file, **chosen) as running:
        # Salesforce has the time of everybody else.
        salesforce.org.clock = running.clock
        yield running


def live_events(salesforce: Served) -> list[dict[str, Any]]:
    rows = salesforce.org.tables["Event"].values()
    return [row for row in rows if not row["IsDeleted"]]


def people_on(salesforce: Served, event_id: str) -> set[str]:
    rows = salesforce.org.tables["EventRelation"].values()
    return {r["RelationId"] for r in rows if r["EventId"] == event_id and not r["IsDeleted"]}


def test_a_meeting_is_ticked_moved_unticked_and_brought_back(
    product: Product, organizer: str, salesforce: Served
) -> None:
    owner = salesforce.org.insert("User", {"Name": "Organizer", "Email": organizer})
    ben = contact_maker(salesforce)("Ben Client", CLIENT, types=["Client"])
    meeting = product.meeting(organizer, CLIENT, "stranger@else.example")
    pane = product.pane(organizer)

    ticked = pane.tick(meeting.id)

    assert (ticked.status_code, ticked.json["link"]["state"]) == (200, "linked"), ticked.json
    assert ticked.json["link"]["outstanding"] == []
    assert CATEGORY in meeting.categories
    [event] = live_events(salesforce)
    assert (event["Subject"], event["DurationInMinutes"]) == ("Quarterly review", 60)
    assert (event["OwnerId"], event["WhoId"]) == (owner, ben)
    assert people_on(salesforce, event["Id"]) == {ben}

    Clerk(salesforce.org).write_notes(event["Id"], "Bring the file")
    meeting.change(subject="Annual review")
    product.advance(hours=2)
    product.drain()

    [moved] = live_events(salesforce)
    assert (moved["Id"], moved["Subject"]) == (event["Id"], "Annual review")
    assert moved["Description"].startswith("Bring the file")

    assert pane.untick(meeting.id).json["link"]["state"] == "removed"
    assert live_events(salesforce) == []
    assert CATEGORY not in meeting.categories

    undone = pane.undo(meeting.id)

    assert undone.json["link"]["state"] == "linked", undone.json
    [back] = live_events(salesforce)
    assert back["Id"] != event["Id"]
    assert back["Description"].startswith("Bring the file")
    assert len(product.records(meeting.ical_uid)) == 1


def test_what_a_person_edits_in_salesforce_is_never_overwritten(
    product: Product, organizer: str, salesforce: Served
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    pane.tick(meeting.id)
    [event] = live_events(salesforce)
    product.advance(hours=1)

    Clerk(salesforce.org).change_subject(event["Id"], "Mine now")
    meeting.change(subject="Late news")
    product.advance(hours=25)
    product.drain()

    [kept] = live_events(salesforce)
    assert kept["Subject"] == "Mine now"
    link = pane.view(meeting.id).json["link"]
    assert (link["state"], link["reason"]) == ("released", "edited_in_crm")


def test_a_tick_waits_while_salesforce_has_no_calls_left(
    product: Product, organizer: str, salesforce: Served
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    pane.view(meeting.id)
    salesforce.refuse(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", times=None)

    waiting = pane.tick(meeting.id)

    assert waiting.status_code == 202, waiting.json
    salesforce.relent()
    product.advance(minutes=20)
    product.drain()
    assert pane.view(meeting.id).json["link"]["state"] == "linked"
    assert len(live_events(salesforce)) == 1


def test_a_tick_and_an_update_take_few_calls_of_the_organisations_limit(
    product: Product, organizer: str, salesforce: Served
) -> None:
    contact_maker(salesforce)("Ben Client", CLIENT, types=["Client"])
    pane = product.pane(organizer)
    pane.tick(product.meeting(organizer, CLIENT).id)
    meeting = product.meeting(organizer, CLIENT)

    salesforce.asked.clear()
    pane.tick(meeting.id)
    ticked = len(salesforce.asked)
    meeting.change(subject="Annual review")
    product.advance(hours=2)
    salesforce.asked.clear()
    product.drain()

    looked_at_both = [path for _, path in salesforce.asked if path.endswith("/composite")]
    assert ticked <= 6
    assert len(looked_at_both) <= 2 + 4


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/crm/", "/"),
        ("/crm/activities/00U5g0000000001EAA", "/00U5g0000000001EAA"),
        ("/crm/contacts/0035g0000000001", "/0035g0000000001"),
        ("/crm/activities/..%2F..%2Fevil", None),
        ("/crm/activities/@evil.example", None),
        ("/crm/api/activities", None),
    ],
)
def test_links_to_records_lead_to_salesforce_and_nowhere_else(
    product: Product, salesforce: Served, path: str, leads_to: str | None
) -> None:
    answer = product.app.test_client().get(path)

    if leads_to is None:
        assert answer.status_code == 404
    else:
        assert (answer.status_code, answer.location) == (302, salesforce.url + leads_to)
