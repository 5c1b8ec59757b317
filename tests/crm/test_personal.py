"""What the embedded CRM finds of a person and takes away for good (X6)."""

from __future__ import annotations

from backend.crm.gateway import EmbeddedCrm
from tests.crm.gateway_contract import KEY, TENANT, a_draft

HIS, NAMESAKES = "jo@x.example", ("banjo@x.example", "jo@x.example.org", "m.jo@x.example")


def test_an_address_inside_of_somebody_elses_is_neither_found_nor_erased(
    crm: EmbeddedCrm,
) -> None:
    told = f"Ask {', '.join(NAMESAKES)}"
    crm.write_activity(TENANT, KEY, a_draft(description=told), revision=None)

    found = crm.records_of_person(TENANT, [HIS], owner_id=None, after="", limit=10)
    erased = crm.erase_person(TENANT, [HIS], owner_id=None, limit=10)

    record = crm.find_activity(TENANT, KEY)
    assert (list(found), erased.records) == ([], 0)
    assert record is not None
    assert record.draft.description == told


def test_an_address_is_erased_wherever_it_ends(crm: EmbeddedCrm) -> None:
    told = f"Ask <{HIS}>, mailto:{HIS.upper()}; or {HIS}. His own: {HIS}"
    crm.write_activity(TENANT, KEY, a_draft(description=told, subject=NAMESAKES[0]), revision=None)

    crm.erase_person(TENANT, [HIS], owner_id=None, limit=10)

    record = crm.find_activity(TENANT, KEY)
    assert record is not None
    assert record.draft.description == (
        "Ask <[erased]>, mailto:[erased]; or [erased]. His own: [erased]"
    )
    assert record.draft.subject == NAMESAKES[0]
