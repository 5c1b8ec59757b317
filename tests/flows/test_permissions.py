"""X1 and T9: what each sign-in may do decides what is written, and by whom."""

from __future__ import annotations

from typing import Any

from backend.sandbox.sample.people import DELEGATES
from tests.support.product import CATEGORY, Product

CLIENT = "ben@client.example"
WRITING = ["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"]


def revoke(product: Product, *scopes: str, give_back: bool = False) -> None:
    order: dict[str, Any] = {"kind": "consent", "revoke": not give_back, "scopes": list(scopes)}
    product.sandbox.faults([order])


def read_only(product: Product) -> None:
    revoke(product, "Calendars.Read", "Calendars.Read.Shared", give_back=True)
    revoke(product, *WRITING)
    product.sandbox.faults([{"kind": "permissions", "app": ["Calendars.Read", "User.Read.All"]}])


def restart_sign_in(product: Product) -> None:
    """Tokens of before a consent live on for an hour."""
    product.advance(hours=2)


def delegate_of(product: Product, *, may_write: bool, sees_private: bool) -> tuple[str, str]:
    login = next(d for d in DELEGATES if d[2:] == (may_write, sees_private))
    people = {p["address"].split("@")[0]: p["address"] for p in product.sandbox.state()["people"]}
    return people[login[0]], people[login[1]]


def test_with_reading_rights_only_the_record_is_made_and_the_category_waits(
    product: Product, organizer: str
) -> None:
    read_only(product)
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)

    answer = pane.tick(meeting.id)

    assert answer.status_code == 200, answer.json
    assert answer.json["link"]["state"] == "linked"
    assert answer.json["link"]["outstanding"] == []
    assert answer.json["link"]["category"] == "not_permitted"
    assert len(product.records(meeting.ical_uid)) == 1
    assert meeting.categories == []
    product.advance(hours=1)
    product.drain()
    assert pane.view(meeting.id).json["link"]["state"] == "linked"
    revoke(product, *WRITING, give_back=True)
    restart_sign_in(product)
    mended = pane.view(meeting.id).json
    assert mended["link"]["category"] == "set"
    assert meeting.categories == [CATEGORY]


def test_an_untick_with_reading_rights_only_is_done_for_the_record(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    read_only(product)
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    pane.tick(meeting.id)

    answer = pane.untick(meeting.id)

    assert answer.status_code == 200
    assert answer.json["link"]["state"] == "removed"
    assert product.records(meeting.ical_uid) == []


def test_nothing_consented_means_asking_for_consent(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    product.sandbox.faults([{"kind": "consent", "revoke": True}])
    meeting = product.meeting(organizer, CLIENT)

    answer = product.pane(organizer).tick(meeting.id)

    assert (answer.status_code, answer.json["code"]) == (403, "consent_required")
    assert answer.json["consent_url"].startswith("http")
    assert product.records(meeting.ical_uid) == []


def test_a_claims_challenge_reaches_the_pane(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.sandbox.faults([{"kind": "claims", "acrs": "c1"}])

    answer = product.pane(organizer).tick(meeting.id)

    assert (answer.status_code, answer.json["code"]) == (401, "claims_required")
    assert 'error="insufficient_claims"' in answer.headers["WWW-Authenticate"]
    assert product.records(meeting.ical_uid) == []


def test_a_worker_without_its_permission_leaves_the_category_to_the_user(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    product.sandbox.faults([{"kind": "permissions", "app": ["Calendars.Read", "User.Read.All"]}])
    meeting = product.meeting(organizer, CLIENT)
    unavailable = {"match": {"path": "/events/"}, "kind": "status", "status": 503, "times": 1}
    product.sandbox.faults([unavailable])
    product.pane(organizer).tick(meeting.id)
    product.settle()
    [record] = product.records(meeting.ical_uid)
    waiting = list(meeting.categories)

    mended = product.pane(organizer).view(meeting.id).json["link"]

    assert record.draft.subject == "Quarterly review"
    assert waiting == []
    assert (mended["state"], mended["category"]) == ("linked", "set")
    assert meeting.categories == [CATEGORY]


def test_a_delegate_with_the_edit_right_acts_for_the_owner(product: Product) -> None:
    assistant, owner = delegate_of(product, may_write=True, sees_private=False)
    meeting = product.meeting(owner, CLIENT)
    pane = product.pane(assistant)

    answer = pane.tick(meeting.id, mailbox=owner)

    assert answer.status_code == 200, answer.json
    assert answer.json["link"]["state"] == "linked"
    [record] = product.records(meeting.ical_uid)
    assert record.draft.assigned_to is not None
    assert record.draft.assigned_to.address == owner
    assert meeting.categories == [CATEGORY]
    assert product.pane(owner).view(meeting.id).json["link"]["state"] == "linked"
    assert pane.untick(meeting.id, mailbox=owner).json["link"]["state"] == "removed"


def test_a_delegate_who_may_only_read_neither_ticks_nor_unticks(sqlite_product: Product) -> None:
    product = sqlite_product
    assistant, owner = delegate_of(product, may_write=False, sees_private=False)
    meeting = product.meeting(owner, CLIENT)
    pane = product.pane(assistant)

    assert pane.view(meeting.id, mailbox=owner).status_code == 200
    ticked = pane.tick(meeting.id, mailbox=owner)
    assert (ticked.status_code, ticked.json["code"]) == (403, "forbidden")
    assert product.records(meeting.ical_uid) == []
    product.pane(owner).tick(meeting.id)
    unticked = pane.untick(meeting.id, mailbox=owner)

    assert (unticked.status_code, unticked.json["code"]) == (403, "forbidden")
    assert len(product.records(meeting.ical_uid)) == 1


def test_a_delegate_untick_needs_graph_to_confirm_the_right(sqlite_product: Product) -> None:
    product = sqlite_product
    assistant, owner = delegate_of(product, may_write=True, sees_private=False)
    meeting = product.meeting(owner, CLIENT)
    product.pane(owner).tick(meeting.id)
    product.sandbox.faults([{"match": {"path": "/users/"}, "kind": "status", "status": 503}])
    pane = product.pane(assistant)

    assert pane.untick(meeting.id, mailbox=owner).status_code == 503
    product.sandbox.clear_faults()
    assert pane.untick(meeting.id, mailbox=owner).status_code == 200


def test_a_delegate_who_does_not_see_private_events_learns_nothing(
    sqlite_product: Product,
) -> None:
    product = sqlite_product
    assistant, owner = delegate_of(product, may_write=True, sees_private=False)
    meeting = product.meeting(owner, CLIENT, subject="Secret", sensitivity="private")
    pane = product.pane(assistant)

    seen, ticked = (
        pane.view(meeting.id, mailbox=owner),
        pane.tick(meeting.id, mailbox=owner),
    )

    assert ticked.status_code in (403, 404, 422)
    assert "Secret" not in seen.text + ticked.text
    assert product.records(meeting.ical_uid) == []


def test_a_colleague_without_any_right_is_turned_away(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    pane = product.pane(product.sandbox.person("support")["address"])

    answers = [
        pane.view(meeting.id, mailbox=organizer),
        pane.tick(meeting.id, mailbox=organizer),
        pane.untick(meeting.id, mailbox=organizer),
        pane.undo(meeting.id, mailbox=organizer),
    ]

    assert {a.status_code for a in answers} <= {403, 404, 409}
    assert all(meeting.ical_uid not in a.text for a in answers)
    assert len(product.records(meeting.ical_uid)) == 1
