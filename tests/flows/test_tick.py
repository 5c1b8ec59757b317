"""The story of the product: tick, record, category, untick, undo."""

from tests.support.product import CATEGORY, Product

CLIENT = "ben@client.example"


def test_a_tick_makes_one_record_and_puts_the_category_beside_the_others(
    product: Product, organizer: str
) -> None:
    contact_id = product.add_contact("Ben Client", CLIENT, types=["Client"])
    meeting = product.meeting(organizer, CLIENT, "stranger@else.example", categories=["Mine"])

    answer = product.pane(organizer).tick(meeting.id)

    assert answer.status_code == 200
    assert answer.json["link"]["state"] == "linked"
    assert answer.json["link"]["outstanding"] == []
    assert meeting.categories == ["Mine", CATEGORY]
    [record] = product.records(meeting.ical_uid)
    assert [c.contact_id for c in record.draft.contacts] == [contact_id]
    assert [u.address for u in record.draft.unmatched] == ["stranger@else.example"]
    assert record.draft.subject == "Quarterly review"


def test_a_tick_needs_two_graph_calls_once_the_master_category_is_there(
    product: Product, organizer: str
) -> None:
    pane = product.pane(organizer)
    pane.tick(product.meeting(organizer).id)
    meeting = product.meeting(organizer)
    before = product.sandbox.last_request()

    pane.tick(meeting.id)

    graph = [r for r in product.sandbox.requests(before) if r["host"] == "graph"]
    assert [(r["method"], r["status"]) for r in graph] == [("GET", 200), ("PATCH", 200)]


def test_no_attendee_is_ever_mailed(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT)
    mailed = len(product.sandbox.mail())
    pane = product.pane(organizer)

    pane.tick(meeting.id)
    pane.untick(meeting.id)
    pane.undo(meeting.id)

    assert len(product.sandbox.mail()) == mailed


def test_an_untick_takes_record_and_category_away(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT, categories=["Mine"])
    pane = product.pane(organizer)
    pane.tick(meeting.id)

    answer = pane.untick(meeting.id)

    assert answer.status_code == 200
    assert answer.json["link"]["state"] == "removed"
    assert answer.json["can"]["undo"] is True
    assert meeting.categories == ["Mine"]
    assert product.records(meeting.ical_uid) == []


def test_undo_brings_the_same_record_back(product: Product, organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT)
    pane = product.pane(organizer)
    first = pane.tick(meeting.id).json["link"]["activity_id"]
    pane.untick(meeting.id)

    answer = pane.undo(meeting.id)

    assert answer.json["link"]["activity_id"] == first
    assert answer.json["link"]["state"] == "linked"
    assert meeting.categories == [CATEGORY]


def test_what_was_taken_away_is_erased_for_good_after_thirty_days(
    sqlite_product: Product, organizer: str
) -> None:
    meeting = sqlite_product.meeting(organizer, days=1)
    pane = sqlite_product.pane(organizer)
    pane.tick(meeting.id)
    pane.untick(meeting.id)
    assert sqlite_product.record(meeting.ical_uid) is not None

    sqlite_product.advance(days=29)
    sqlite_product.services.work.sweep()
    kept = sqlite_product.record(meeting.ical_uid)
    sqlite_product.advance(days=2)
    sqlite_product.services.work.sweep()

    assert kept is not None
    assert kept.removed
    assert sqlite_product.record(meeting.ical_uid) is None
