"""What an erasure that was stopped half-way has to leave: whatever the next one needs (X6)."""

from __future__ import annotations

from sqlalchemy import select

from backend.db.admin_models import DirectoryAddressRow
from backend.db.models import UserRow
from tests.flows.test_person import ALIAS, GUEST, erase
from tests.flows.test_reconciliation import Office
from tests.support.product import Product
from tests.support.traces import tables_with


def test_an_erasure_that_was_stopped_finds_every_address_again_and_is_not_lifted_meanwhile(
    sqlite_product: Product,
) -> None:
    office = Office(sqlite_product)
    with office.product.services.database.write.begin() as session:
        mine = UserRow.address == office.product.sandbox.person()["address"]
        firm_id = session.scalars(select(UserRow.firm_id).where(mine)).one()
        session.add(DirectoryAddressRow(firm_id=firm_id, address=ALIAS, primary_address=GUEST))
    begun = office.call("POST", "/person/erase", {"address": GUEST, "confirm": GUEST})
    asked = iter([False, False])
    office.product.services.administration.operations.work(lambda: next(asked, True))

    lift = office.admin.call("POST", "/api/admin/person/lift", {"address": GUEST})
    assert (lift.status_code, lift.json["code"]) == (409, "erasing_already")
    office.call("DELETE", f"/operations/{begun['id']}")

    found = office.call("POST", "/person/find", {"address": GUEST})
    assert found["addresses"] == sorted([GUEST, ALIAS])
    assert erase(office, GUEST)["state"] == "done"
    assert tables_with(office.product.services.database, ALIAS) == set()
