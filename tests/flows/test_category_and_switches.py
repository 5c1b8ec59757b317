"""The category and the firm's switches: renamed, paused, on another's copy, where it may not be."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from backend.db.models import FirmRow, HistoryRow
from tests.support.product import CATEGORY, Meeting, Product

CLIENT = "ben@client.example"
NEW_NAME = "Sync to CRM"


def linked(product: Product, organizer: str, *attendees: str, **event: Any) -> Meeting:
    meeting = product.meeting(organizer, *(attendees or (CLIENT,)), **event)
    assert product.pane(organizer).tick(meeting.id).status_code == 200
    return meeting


def configure(product: Product, **settings: Any) -> None:
    """What an admin saves, without the web."""
    with product.services.database.write.begin() as session:
        query = select(FirmRow).where(FirmRow.tenant_id == product.sandbox.tenant_id)
        firm = session.scalars(query).one()
        for name, value in settings.items():
            setattr(firm, name, value)


def lines_of(product: Product) -> list[str]:
    with product.services.database.read() as session:
        return list(session.scalars(select(HistoryRow.line).order_by(HistoryRow.at)))


def test_a_renamed_category_moves_along_and_is_no_untick(product: Product, organizer: str) -> None:
    meeting = linked(product, organizer, categories=["Mine"])

    configure(product, category_name=NEW_NAME)
    product.an_hour_later()

    assert meeting.categories == ["Mine", NEW_NAME]
    assert meeting.link["state"] == "linked"
    assert len(product.records(meeting.ical_uid)) == 1


def test_after_a_rename_the_untick_takes_whichever_name_is_there(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer, categories=["Mine"])
    configure(product, category_name=NEW_NAME)

    answer = product.pane(organizer).untick(meeting.id)

    assert answer.json["link"]["state"] == "removed"
    assert meeting.categories == ["Mine"]


def test_a_category_in_other_letters_is_the_same_category(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer)
    product.advance(minutes=20)

    meeting.change(categories=[CATEGORY.lower()])
    product.an_hour_later()

    assert meeting.link["state"] == "linked"
    assert meeting.categories == [CATEGORY.lower()]


def test_the_category_on_an_attendees_copy_means_nothing(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    colleague = product.sandbox.person("support")["address"]
    meeting = linked(product, organizer, colleague)
    copy = next(e for e in product.sandbox.events(colleague) if e["iCalUId"] == meeting.ical_uid)

    product.sandbox.change_event(colleague, copy["id"], categories=[CATEGORY])
    product.pane(colleague).view(copy["id"])
    product.an_hour_later()
    product.sandbox.change_event(colleague, copy["id"], categories=[])
    product.an_hour_later()

    assert meeting.link["state"] == "linked"
    assert meeting.categories == [CATEGORY]
    assert len(product.records(meeting.ical_uid)) == 1


def test_a_category_put_back_on_an_event_that_turned_private_is_left_and_noted_once(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer)
    product.pane(organizer).untick(meeting.id)
    meeting.change(sensitivity="private")
    product.an_hour_later()

    meeting.change(categories=["Mine", CATEGORY])
    for _ in range(3):
        product.pane(organizer).view(meeting.id)
        product.drain()
        product.an_hour_later()

    link = meeting.link
    assert (link["state"], link["category"]) == ("removed", "set")
    assert meeting.categories == ["Mine", CATEGORY]
    assert product.record(meeting.ical_uid) is None
    assert lines_of(product).count("category_refused") == 1


def test_a_category_that_could_never_be_written_is_not_missed(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    product.sandbox.faults(
        [
            {"kind": "consent", "revoke": False, "scopes": ["Calendars.Read"]},
            {
                "kind": "consent",
                "revoke": True,
                "scopes": ["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"],
            },
            {"kind": "permissions", "app": ["Calendars.Read"]},
        ]
    )
    meeting = linked(product, organizer)

    for _ in range(3):
        meeting.change(subject="Changed", categories=["Mine"])
        product.an_hour_later()

    link = meeting.link
    assert (link["state"], link["outstanding"]) == ("linked", [])
    assert len(product.records(meeting.ical_uid)) == 1


@pytest.mark.parametrize("settings", [{"paused": True}, {"mode": "automatic"}])
def test_a_switch_of_the_firm_freezes_links_and_an_untick_still_counts(
    sqlite_product: Product, organizer: str, settings: dict[str, Any]
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer)
    configure(product, **settings)
    meeting.change(subject="Changed meanwhile")
    product.an_hour_later()
    frozen = meeting.link
    still = product.records(meeting.ical_uid)[0].draft.subject

    configure(product, paused=False, mode="combined")
    product.an_hour_later()

    assert (frozen["state"], bool(frozen["blocked_by"])) == ("linked", True)
    assert still == "Quarterly review"
    assert meeting.link["blocked_by"] is None
    assert product.records(meeting.ical_uid)[0].draft.subject == "Changed meanwhile"


def test_a_user_who_is_switched_off_keeps_his_records_and_may_still_untick(
    sqlite_product: Product, organizer: str
) -> None:
    product = sqlite_product
    meeting = linked(product, organizer)
    pane = product.pane(organizer)
    pane.call("PATCH", "/api/me", {"enabled": False})
    product.an_hour_later()
    frozen = meeting.link

    answer = pane.untick(meeting.id)

    assert (frozen["state"], frozen["blocked_by"]) == ("linked", "user_not_enabled")
    assert (answer.status_code, answer.json["link"]["state"]) == (200, "removed")
    assert meeting.categories == []
    assert product.records(meeting.ical_uid) == []
