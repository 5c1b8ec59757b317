"""Groups, alerts, regarding and what the CRM's own changes do, over HTTP against the sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.flows.test_add_activity import CLIENT, colleague_of, copy_of, form_from
from tests.flows.test_admin_changes import change
from tests.flows.test_permissions import delegate_of
from tests.support.crm_user import CrmUser
from tests.support.product import Product
from tests.support.watched import Watched


def crm(product: Product, user: str, method: str, path: str, json: Any = None) -> Any:
    """A person's call of the CRM's API; its answer."""
    return product.app.test_client().open(
        f"/crm/api{path}",
        method=method,
        json=json,
        headers={"Authorization": f"Bearer {product.token(user)}"},
    )


def admin_of(product: Product) -> str:
    address: str = product.sandbox.person("admin")["address"]
    return address


def oid_of(product: Product, user: str) -> str:
    people = product.sandbox.state()["people"]
    return next(str(p["id"]) for p in people if p["address"] == user)


def a_group(product: Product, name: str, *members: str) -> str:
    """Its visibility; every member has signed in once, so that the firm knows him."""
    for member in members:
        assert product.pane(member).call("GET", "/api/me").status_code == 200
    given = {"name": name, "member_ids": [oid_of(product, member) for member in members]}
    made = crm(product, admin_of(product), "POST", "/groups", given)
    assert made.status_code == 201, made.text
    return f"group:{made.json['id']}"


def alerts(product: Product, user: str) -> list[tuple[str, str]]:
    items = crm(product, user, "GET", "/alerts").json["items"]
    return [(alert["news"], alert["subject"]) for alert in items]


def follow(product: Product, user: str, contact: str) -> None:
    assert crm(product, user, "PUT", f"/contacts/{contact}/follow").status_code == 204


def test_a_record_for_a_group_is_offered_made_and_seen_by_its_members_only(
    product: Product, organizer: str
) -> None:
    colleague = colleague_of(product, organizer)
    admin = admin_of(product)
    audience = a_group(product, "Shipping team", organizer, colleague)
    meeting = product.meeting(organizer, colleague, admin, CLIENT)
    pane = product.pane(organizer)

    proposal = pane.call("GET", f"/api/events/{meeting.id}/activity-draft")
    made = pane.call("POST", "/api/activities", form_from(proposal, visibility=audience))

    assert [group["visibility"] for group in proposal.json["groups"]] == [audience]
    assert pane.call("GET", "/api/groups").json["items"][0]["name"] == "Shipping team"
    assert made.status_code == 201, made.json
    for user, sees in ((colleague, True), (admin, False)):
        copy = copy_of(product, user, meeting.ical_uid)
        view = product.pane(user).call("GET", f"/api/events/{copy}/activity-draft").json
        assert [other["visible"] for other in view["others"]] == [sees]
        assert bool(view["others"][0]["by"]) == sees
        assert (CrmUser(product, user).get(made.json["id"]).status_code == 200) == sees


def test_nobody_uses_a_group_of_others_as_audience_or_as_default(
    product: Product, organizer: str
) -> None:
    colleague = colleague_of(product, organizer)
    audience = a_group(product, "Board", colleague)
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    proposal = pane.call("GET", f"/api/events/{meeting.id}/activity-draft")

    made = pane.call("POST", "/api/activities", form_from(proposal, visibility=audience))
    default = pane.call("PATCH", "/api/me", {"default_visibility": audience})

    assert proposal.json["groups"] == []
    assert (made.status_code, made.json["code"]) == (422, "unknown_reference")
    assert (default.status_code, default.json["code"]) == (422, "unknown_reference")
    assert product.records(meeting.ical_uid) == []


def test_a_group_as_default_is_who_sees_what_is_ticked(product: Product, organizer: str) -> None:
    colleague = colleague_of(product, organizer)
    audience = a_group(product, "Board", organizer, colleague)
    pane = product.pane(organizer)
    assert pane.call("PATCH", "/api/me", {"default_visibility": audience}).status_code == 200
    meeting = product.meeting(organizer, CLIENT)

    assert pane.tick(meeting.id).status_code == 200

    [record] = product.records(meeting.ical_uid)
    assert record.visibility == audience
    assert CrmUser(product, colleague).get(record.id).status_code == 200
    assert CrmUser(product, admin_of(product)).get(record.id).status_code == 404


def test_a_follower_hears_of_a_tick_a_move_and_an_untick_and_the_organizer_of_none(
    product: Product, organizer: str
) -> None:
    colleague = colleague_of(product, organizer)
    contact = product.add_contact("Ben Client", CLIENT, types=("Client",))
    for user in (colleague, organizer):
        follow(product, user, contact)
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)

    pane.tick(meeting.id)
    ticked = alerts(product, colleague)
    crm(product, colleague, "POST", "/alerts/read", {})
    start = product.clock() + timedelta(days=4)
    meeting.change(
        start={"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        end={"dateTime": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
    )
    pane.view(meeting.id)
    product.settle()
    moved = alerts(product, colleague)
    pane.untick(meeting.id)

    assert ticked == [("appeared", "Quarterly review")]
    assert moved == [("moved", "Quarterly review")]
    assert alerts(product, colleague) == [("removed", "")]
    assert alerts(product, organizer) == []


def test_a_meeting_that_turns_private_takes_its_alerts_along(
    product: Product, organizer: str
) -> None:
    colleague = colleague_of(product, organizer)
    contact = product.add_contact("Ben Client", CLIENT, types=("Client",))
    follow(product, colleague, contact)
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    pane.tick(meeting.id)
    before = alerts(product, colleague)

    meeting.change(sensitivity="private")
    pane.view(meeting.id)
    product.settle()

    assert len(before) == 1
    assert alerts(product, colleague) == []
    assert product.record(meeting.ical_uid) is None


def test_an_assistant_is_not_alerted_of_what_she_adds_for_her_partner(product: Product) -> None:
    assistant, owner = delegate_of(product, may_write=True, sees_private=False)
    contact = product.add_contact("Ben Client", CLIENT, types=("Client",))
    for user in (assistant, owner, admin_of(product)):
        follow(product, user, contact)
    meeting = product.meeting(owner, CLIENT)
    pane = product.pane(assistant)
    path = f"/api/events/{meeting.id}/activity-draft"

    form = form_from(pane.call("GET", path, mailbox=owner))
    assert pane.call("POST", "/api/activities", form, mailbox=owner).status_code == 201

    assert alerts(product, assistant) == alerts(product, owner) == []
    assert alerts(product, admin_of(product)) == [("appeared", "Quarterly review")]


def test_what_it_is_about_is_found_as_one_types_and_kept_with_the_record(
    product: Product, organizer: str
) -> None:
    product.add_contact("Halden Jr.", CLIENT, company_types=("Prospect",))
    deal = crm(product, organizer, "POST", "/opportunities", {"name": "Halden charter"}).json
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)

    found = pane.call("GET", "/api/regarding", q="HALDEN").json["items"]
    few = pane.call("GET", "/api/regarding", q="halden", limit=1).json["items"]
    about = {"kind": "opportunity", "id": deal["id"]}
    form = form_from(pane.call("GET", f"/api/events/{meeting.id}/activity-draft"), regarding=about)
    made = pane.call("POST", "/api/activities", form)

    assert [(each["kind"], each["name"]) for each in found] == [
        ("contact", "Halden Jr."),
        ("opportunity", "Halden charter"),
    ]
    assert len(few) == 1
    assert made.json["regarding"] == about


@pytest.mark.parametrize(
    "regarding",
    [{"kind": "company", "id": "nobody"}, {"kind": "planet", "id": "x"}, "x", {"id": "x"}],
)
def test_a_record_about_nothing_that_exists_is_refused(
    sqlite_product: Product, organizer: str, regarding: Any
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    form = form_from(
        pane.call("GET", f"/api/events/{meeting.id}/activity-draft"), regarding=regarding
    )

    assert pane.call("POST", "/api/activities", form).status_code == 422
    assert product.records(meeting.ical_uid) == []


@pytest.mark.parametrize("along", [True, False])
def test_the_firm_decides_whether_companies_come_along(
    sqlite_product: Product, organizer: str, along: bool
) -> None:
    product = sqlite_product
    product.add_contact("Ben Client", CLIENT, company_types=("Prospect",))
    change(product, add_companies=along)
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)

    proposal = pane.call("GET", f"/api/events/{meeting.id}/activity-draft")
    made = pane.call("POST", "/api/activities", form_from(proposal))
    pane.tick(meeting.id)

    assert proposal.json["companies_come_along"] is along
    assert len(proposal.json["companies"]) == 1
    assert bool(made.json["company_ids"]) is along
    synced = product.record(meeting.ical_uid)
    assert synced is not None
    assert len(synced.company_ids) == 1


def test_a_contact_made_on_the_form_is_matched_by_other_links_at_once(
    product: Product, organizer: str
) -> None:
    linked = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    pane.tick(linked.id)
    product.settle()
    other = product.meeting(organizer, CLIENT, days=3)
    proposal = pane.call("GET", f"/api/events/{other.id}/activity-draft")

    new = {"name": "Ben Client", "address": CLIENT}
    form = form_from(proposal, people=[], new_contacts=[new])
    assert pane.call("POST", "/api/activities", form).status_code == 201
    product.drain()

    [record] = product.records(linked.ical_uid)
    assert [contact.name for contact in record.draft.contacts] == ["Ben Client"]


def test_renaming_a_contact_type_takes_the_rule_along_and_removing_it_is_refused(
    product: Product, organizer: str
) -> None:
    admin = admin_of(product)
    made = crm(product, admin, "POST", "/contact-types", {"name": "Vendor"}).json
    change(product, contact_types=["Client", "Vendor"])

    renamed = crm(product, admin, "PATCH", f"/contact-types/{made['id']}", {"name": "Supplier"})
    refused = crm(product, admin, "DELETE", f"/contact-types/{made['id']}")

    assert renamed.status_code == 200, renamed.text
    settings = product.pane(admin).call("GET", "/api/admin/configuration").json
    assert settings["contact_types"] == ["Client", "Supplier"]
    audit = product.pane(admin).call("GET", "/api/admin/audit").json["items"]
    assert (audit[0]["act"], audit[0]["fields"]) == ("configuration_changed", ["contact_types"])
    assert (refused.status_code, refused.json["code"]) == (409, "selected")


def test_what_an_admin_does_with_groups_is_in_the_audit(product: Product, organizer: str) -> None:
    admin = admin_of(product)
    path = f"/groups/{a_group(product, 'Board', organizer).removeprefix('group:')}"
    crm(product, admin, "PATCH", path, {"member_ids": []})
    crm(product, admin, "DELETE", path)

    lines = product.pane(admin).call("GET", "/api/admin/audit").json["items"]

    assert [(line["act"], line["fields"]) for line in lines[:3]] == [
        ("group_removed", []),
        ("group_changed", ["member_ids"]),
        ("group_made", ["member_ids", "name"]),
    ]


def test_what_l4_exempts_neither_releases_a_record_nor_is_overwritten(
    product: Product, organizer: str
) -> None:
    watched = Watched(product, organizer)
    contact = product.add_contact("Ben Client", CLIENT, types=("Client",))
    deal = crm(product, organizer, "POST", "/opportunities", {"name": "Charter"}).json["id"]
    drive = crm(product, organizer, "POST", "/initiatives", {"name": "Key clients"}).json["id"]
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    record_id = watched.record_id(meeting)
    kept = {
        "opportunity_ids": [deal],
        "initiative_ids": [drive],
        "notes": "Bring the file",
        "visibility": "only_me",
        "regarding": {"kind": "opportunity", "id": deal},
    }

    CrmUser(product, organizer).edit(record_id, **kept)
    follow(product, organizer, contact)
    meeting.change(subject="Changed in Outlook afterwards")
    watched.pull()
    product.settle()

    after = CrmUser(product, organizer).get(record_id).json
    assert watched.word(meeting)[0] == "linked"
    assert after["subject"] == "Changed in Outlook afterwards"
    assert after["edited_by"] is None
    assert {name: after[name] for name in kept} == kept
    assert crm(product, organizer, "GET", f"/contacts/{contact}/follow").json["following"]
