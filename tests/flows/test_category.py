"""T11: the category is an input as well, with guards; nobody else's category is ever lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.product import CATEGORY, Meeting, Product

CLIENT = "ben@client.example"


def linked(product: Product, organizer: str, **event: Any) -> Meeting:
    meeting = product.meeting(organizer, CLIENT, **event)
    assert product.pane(organizer).tick(meeting.id).status_code == 200
    return meeting


def look(product: Product, organizer: str, meeting: Meeting) -> Any:
    """The user opens the event, the worker does what that rang for."""
    product.pane(organizer).view(meeting.id)
    product.drain()
    return product.pane(organizer).view(meeting.id).json["link"]


def test_taking_the_category_off_alone_and_later_is_an_untick(
    product: Product, organizer: str
) -> None:
    meeting = linked(product, organizer, categories=["Mine"])
    product.advance(minutes=11)
    meeting.change(categories=["Mine"])

    link = look(product, organizer, meeting)

    assert (link["state"], link["reason"]) == ("removed", "unticked")
    assert product.records(meeting.ical_uid) == []
    assert meeting.categories == ["Mine"]
    assert link["undo_until"] is not None


@pytest.mark.parametrize(
    ("minutes", "more"), [(1, {}), (30, {"subject": "Saved from an open form"})]
)
def test_an_open_forms_older_copy_is_put_back_once_and_then_counts(
    product: Product, organizer: str, minutes: float, more: dict[str, Any]
) -> None:
    meeting = linked(product, organizer)
    product.advance(minutes=minutes)
    meeting.change(categories=[], **more)

    assert look(product, organizer, meeting)["state"] == "linked"
    assert meeting.categories == [CATEGORY]
    assert len(product.records(meeting.ical_uid)) == 1
    product.advance(minutes=minutes)
    meeting.change(categories=[])

    assert look(product, organizer, meeting)["state"] == "removed"


def test_putting_it_on_by_hand_after_an_untick_is_a_tick(product: Product, organizer: str) -> None:
    meeting = linked(product, organizer)
    first = product.records(meeting.ical_uid)[0].id
    product.pane(organizer).untick(meeting.id)
    meeting.change(categories=["Mine", CATEGORY.upper()])

    link = look(product, organizer, meeting)

    assert link["state"] == "linked"
    assert link["activity_id"] == first
    assert meeting.categories == ["Mine", CATEGORY.upper()]


@pytest.mark.parametrize("if_match", ["honour", "ignore"])
def test_categories_of_the_users_own_are_never_touched(
    sqlite_product: Product, organizer: str, if_match: str
) -> None:
    product = sqlite_product
    product.sandbox.personality(if_match=if_match)
    mine = ["Red", "green", "Ünïcode", "red herring"]
    meeting = product.meeting(organizer, CLIENT, categories=mine)
    pane = product.pane(organizer)

    pane.tick(meeting.id)
    assert meeting.categories == [*mine, CATEGORY]
    pane.untick(meeting.id)
    assert meeting.categories == mine
    pane.undo(meeting.id)
    meeting.change(categories=[*mine, CATEGORY, "More"])
    pane.untick(meeting.id)

    assert meeting.categories == [*mine, "More"]


@pytest.mark.parametrize("if_match", ["honour", "ignore"])
def test_the_story_is_the_same_whether_or_not_if_match_counts(
    sqlite_product: Product, organizer: str, if_match: str
) -> None:
    product = sqlite_product
    product.sandbox.personality(if_match=if_match)
    meeting = linked(product, organizer)
    meeting.change(subject="Another subject")
    product.pane(organizer).untick(meeting.id)
    product.pane(organizer).tick(meeting.id)

    assert product.records(meeting.ical_uid)[0].draft.subject == "Another subject"
    assert meeting.categories == [CATEGORY]


def test_only_the_organizers_copy_carries_the_category(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    colleague = product.sandbox.person("support")["address"]
    meeting = product.meeting(organizer, colleague)
    product.pane(organizer).tick(meeting.id)

    copies = [e for e in product.sandbox.events(colleague) if e["iCalUId"] == meeting.ical_uid]

    assert [copy["categories"] for copy in copies] == [[]]
    seen = product.pane(colleague).view(copies[0]["id"]).json
    assert seen["link"] is None
    assert [other["visible"] for other in seen["others"]] == [True]
    assert seen["can"]["tick"] is False


def test_nobody_is_mailed_whatever_we_do(sqlite_product: Product, organizer: str) -> None:
    product = sqlite_product
    colleague = product.sandbox.person("support")["address"]
    meeting = product.meeting(organizer, colleague, CLIENT)
    mails = len(product.sandbox.mail())
    pane = product.pane(organizer)

    pane.tick(meeting.id)
    pane.untick(meeting.id)
    pane.undo(meeting.id)
    product.advance(hours=1)
    product.drain()

    assert len(product.sandbox.mail()) == mails
    for client in (product.sandbox.api_client_id, product.sandbox.daemon_client_id):
        assert product.sandbox.mail(client) == []


def test_a_category_put_on_by_hand_is_a_tick_once_the_pane_is_opened(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, categories=["Mine", CATEGORY])

    first = product.pane(organizer).view(meeting.id).json["link"]
    product.settle()

    assert first["next_attempt_at"] is not None
    link = product.pane(organizer).view(meeting.id).json["link"]
    assert (link["state"], link["category"]) == ("linked", "set")
    assert len(product.records(meeting.ical_uid)) == 1
    assert meeting.categories == ["Mine", CATEGORY]


def test_a_category_on_an_event_that_may_not_be_synced_is_left_alone(
    product: Product, organizer: str
) -> None:
    meeting = product.meeting(organizer, categories=[CATEGORY], sensitivity="private")

    answer = product.pane(organizer).view(meeting.id)
    product.settle()

    assert answer.json["link"] is None
    assert meeting.categories == [CATEGORY]
    assert product.records(meeting.ical_uid) == []
