"""What the firm's directory tells of addresses, over the sandbox: aliases, groups, domains (M)."""

from __future__ import annotations

from sqlalchemy import select

from backend.db import directory
from backend.db.models import FirmRow
from backend.domain.matching import FirmDirectory
from tests.support.product import Product

CLIENT = "ben@client.example"


def firm_of(product: Product) -> FirmRow:
    with product.services.database.read() as session:
        wanted = select(FirmRow).where(FirmRow.tenant_id == product.sandbox.tenant_id)
        return session.scalars(wanted).one()


def stored(product: Product) -> FirmDirectory:
    firm = firm_of(product)
    with product.services.database.read() as session:
        return directory.load(session, firm.id)


def graph_lists(product: Product, since: int) -> int:
    requests = product.sandbox.requests(since)
    return len([r for r in requests if r["path"].startswith(("/users?", "/v1.0/users?"))])


def test_a_members_alias_is_matched_by_his_primary_address(
    product: Product, organizer: str
) -> None:
    product.services.work.sweep()
    alias, primary = sorted(stored(product).aliases.items())[0]
    contact = product.add_contact("A Member", primary)
    meeting = product.meeting(organizer, alias.upper(), CLIENT)

    answer = product.pane(organizer).tick(meeting.id)

    assert answer.status_code == 200, answer.json
    (record,) = product.records(meeting.ical_uid)
    assert contact in {c.contact_id for c in record.draft.contacts}
    assert {u.address for u in record.draft.unmatched} == {CLIENT}


def test_a_group_is_shown_as_one_and_never_counts_as_a_contact(
    product: Product, organizer: str
) -> None:
    product.services.work.sweep()
    group = min(stored(product).groups)
    product.add_contact("Not a person", group, types=("Client",))
    meeting = product.meeting(organizer, group)

    answer = product.pane(organizer).tick(meeting.id)

    attendees = {a["address"]: a["match"] for a in answer.json["event"]["attendees"]}
    assert attendees[group] == "group"
    (record,) = product.records(meeting.ical_uid)
    assert record.draft.contacts == ()
    assert [u.address for u in record.draft.unmatched] == [group]


def test_a_directory_is_read_once_a_day_and_again_soon_when_it_did_not_answer(
    sqlite_product: Product,
) -> None:
    product = sqlite_product
    product.sandbox.faults([{"match": {"path": "^/users"}, "kind": "status", "status": 503}])
    product.services.work.sweep()
    assert stored(product) == FirmDirectory()
    product.sandbox.clear_faults()

    product.advance(minutes=16)
    product.services.work.sweep()
    assert stored(product).aliases

    since = product.sandbox.last_request()
    product.advance(minutes=2)
    product.services.work.sweep()
    assert graph_lists(product, since) == 0

    product.advance(hours=25)
    product.services.work.sweep()
    assert graph_lists(product, since) > 0


def test_the_tenants_domains_are_the_firms_own(sqlite_product: Product) -> None:
    product = sqlite_product
    with product.services.database.write.begin() as session:
        session.get_one(FirmRow, firm_of(product).id).verified_domains = []

    product.services.work.sweep()

    assert set(product.sandbox.state()["domains"]) <= set(firm_of(product).verified_domains)
