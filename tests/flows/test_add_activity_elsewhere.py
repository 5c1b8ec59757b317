"""Add Activity where nothing can be ticked: a partner's calendar, one meeting of a series."""

from __future__ import annotations

from datetime import timedelta

from tests.flows.test_add_activity import CLIENT, form_from
from tests.flows.test_permissions import delegate_of
from tests.flows.test_refusals import weekly
from tests.support.product import Product


def test_an_assistant_adds_for_the_partner_whose_calendar_it_is(product: Product) -> None:
    assistant, owner = delegate_of(product, may_write=True, sees_private=False)
    meeting = product.meeting(owner, CLIENT)
    pane = product.pane(assistant)
    path = f"/api/events/{meeting.id}/activity-draft"

    proposal = pane.call("GET", path, mailbox=owner)
    made = pane.call("POST", "/api/activities", form_from(proposal), mailbox=owner)

    assert made.status_code == 201, made.json
    assert made.json["assigned_to"]["address"] == owner
    [record] = product.records(meeting.ical_uid)
    people = {p["address"]: p for p in product.sandbox.state()["people"]}
    assert record.draft.owner_id == people[owner]["id"]
    history = pane.call("GET", f"/api/events/{meeting.id}/history", mailbox=owner).json["items"]
    [line] = [line for line in history if line["line"] == "activity_added"]
    assert line["by"]["name"] == people[assistant]["name"]
    assert line["on_behalf_of"]["name"] == people[owner]["name"]


def test_an_assistant_who_may_only_read_adds_nothing(sqlite_product: Product) -> None:
    product = sqlite_product
    assistant, owner = delegate_of(product, may_write=False, sees_private=False)
    meeting = product.meeting(owner, CLIENT)
    pane = product.pane(assistant)
    path = f"/api/events/{meeting.id}/activity-draft"
    form = form_from(pane.call("GET", path, mailbox=owner))

    made = pane.call("POST", "/api/activities", form, mailbox=owner)

    assert (made.status_code, made.json["code"]) == (403, "forbidden")
    assert product.records(meeting.ical_uid) == []


def test_one_meeting_of_a_series_is_added_at_its_own_time(product: Product, organizer: str) -> None:
    product.meeting(organizer, CLIENT, recurrence=weekly(product))
    now = product.clock()
    listed = product.sandbox.events(
        organizer,
        start=(now + timedelta(days=1)).isoformat(),
        end=(now + timedelta(days=30)).isoformat(),
    )
    *_, last = (e for e in listed if e["type"] == "occurrence")
    pane = product.pane(organizer)

    proposal = pane.call("GET", f"/api/events/{last['id']}/activity-draft")
    made = pane.call("POST", "/api/activities", form_from(proposal))

    assert made.status_code == 201, made.json
    assert made.json["start"][:16] == last["start"]["dateTime"][:16]
    again = pane.call("GET", f"/api/events/{last['id']}")
    assert [other["kind"] for other in again.json["others"]] == ["added"]
