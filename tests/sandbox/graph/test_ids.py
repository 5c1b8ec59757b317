"""Ids: one per copy and form, naming their mailbox, refused as Graph refuses them."""

from typing import Any
from urllib.parse import quote

from tests.support.firm import BY_HAND, Graph, invited

IMMUTABLE = 'IdType="ImmutableId"'


def test_each_copy_has_its_own_ids_and_shares_the_ical_uid(graph: Graph) -> None:
    graph.create(attendees=invited("ben@firm.example"))

    ann = graph.get("/me/events")["value"][0]
    ben = graph.get("/me/events", "ben")["value"][0]

    assert ann["id"] != ben["id"]
    assert ann["changeKey"] != ben["changeKey"]
    assert ann["iCalUId"] == ben["iCalUId"]


def test_both_forms_of_an_id_are_accepted_and_the_header_chooses_the_answer(graph: Graph) -> None:
    mutable = graph.create()["id"]
    immutable = graph.get(f"/me/events/{mutable}", Prefer=IMMUTABLE)["id"]

    assert (len(mutable), mutable[:4], mutable[-4:]) == (152, "AAMk", "AAA=")
    assert immutable.startswith("AAkALgAA")
    assert all(mark in mutable for mark in "-_=")
    assert graph.get(f"/me/events/{immutable}")["id"] == mutable
    answer = graph.ask("GET", f"/me/events/{quote(mutable, safe='')}", Prefer=IMMUTABLE)
    assert answer.headers["Preference-Applied"] == IMMUTABLE


def test_an_id_of_another_mailbox_is_named_as_such(graph: Graph) -> None:
    graph.create(attendees=invited("ben@firm.example"))
    for prefer in ("", IMMUTABLE):
        foreign = graph.get("/me/events", "ben", Prefer=prefer)["value"][0]["id"]

        assert graph.code("GET", f"/me/events/{foreign}") == (404, "ErrorInvalidMailboxItemId")


def test_ids_are_case_sensitive_and_ews_ids_are_refused(graph: Graph) -> None:
    item = graph.create()["id"]
    ews = item.replace("-", "/").replace("_", "+")

    assert graph.ask("GET", f"/me/events/{item.swapcase()}").status_code in (400, 404)
    assert graph.code("GET", "/me/events/nonsense") == (400, "ErrorInvalidIdMalformed")
    assert graph.code("GET", f"/me/events/{ews}") == (400, "RequestBroker--ParseUri")
    assert graph.code("GET", f"/me/events/{quote(ews, safe='')}") == (
        400,
        "RequestBroker--ParseUri",
    )


def test_moving_changes_the_regular_id_and_keeps_the_immutable_one(graph: Graph) -> None:
    firm = graph.firm
    item = graph.create()["id"]
    immutable = graph.get(f"/me/events/{item}", Prefer=IMMUTABLE)["id"]
    other = firm.exchange.mailbox(firm.ann.id).add_calendar("Private")

    moved = firm.exchange.move_event(firm.ann, item, other.id, BY_HAND)

    assert moved.id != item
    assert graph.code("GET", f"/me/events/{item}") == (404, "ErrorItemNotFound")
    assert graph.get(f"/me/events/{immutable}")["id"] == moved.id
    assert graph.get("/me/calendar/events")["value"] == []
    assert len(graph.get("/me/events")["value"]) == 1


def test_ids_are_translated_between_all_forms(graph: Graph) -> None:
    item = graph.create()["id"]
    forms = ("restId", "ewsId", "restImmutableEntryId", "entryId", "immutableEntryId")
    written = {form: _translate(graph, item, "restId", form)["targetId"] for form in forms}

    for form in forms:
        assert _translate(graph, written[form], form, "restId")["targetId"] == item
    assert written["ewsId"] == item.replace("-", "/").replace("_", "+")
    refused = _translate(graph, "nonsense", "restId", "ewsId")
    assert refused["errorDetails"]["code"] == "ErrorInvalidIdMalformed"


def _translate(graph: Graph, item: str, source: str, target: str) -> Any:
    body = {"inputIds": [item], "sourceIdType": source, "targetIdType": target}
    return graph.ask("POST", "/me/translateExchangeIds", json=body).json()["value"][0]
