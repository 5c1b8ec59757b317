from __future__ import annotations

from typing import Any

from backend.crm import groups
from backend.crm.access import CrmCaller
from backend.crm.catalogue import Catalogue
from backend.crm.contact_desk import ContactDesk
from backend.crm.sample import import_sample
from backend.domain.crm import Group, Member
from backend.sandbox.sample.crm import crm_seed
from backend.sql import Database
from tests.crm.gateway_contract import OTHER_TENANT, TENANT
from tests.support.crm import HandClock, create_tables

SAMPLE: dict[str, Any] = {
    "contact_types": [{"id": "t1", "name": "Client"}, {"id": "t2", "name": "Prospect"}],
    "companies": [{"id": "c1", "name": "Acme", "types": ["Client"], "domain": "acme.example"}],
    "contacts": [
        {
            "id": "p1",
            "name": "Jane Doe",
            "emails": ["jane@acme.example", "jd@home.example"],
            "types": ["Client"],
            "company_id": "c1",
            "job_title": "Counsel",
            "private": False,
            "owner": None,
        },
        {
            "id": "p2",
            "name": "Secret Sue",
            "emails": ["JANE@acme.example"],
            "types": [],
            "company_id": None,
            "private": True,
            "owner": "ann@firm.example",
        },
    ],
    "opportunities": [{"id": "o1", "name": "Merger", "company_id": "c1", "status": "open"}],
    "initiatives": [{"id": "i1", "name": "Nordic desk"}],
    "groups": [
        {
            "id": "g1",
            "name": "Corporate team",
            "members": [
                {"name": "Ann", "address": "ann@firm.example"},
                {"name": "Gone", "address": "gone@firm.example"},
            ],
        }
    ],
}
ANN = CrmCaller(TENANT, "ann-oid", "Ann", "ann@firm.example")
OWNERS = {"ann@firm.example": "ann-oid"}


def test_sample_data_is_loaded_with_types_companies_and_owners(database: Database) -> None:
    create_tables(database)
    contacts = ContactDesk(database, HandClock())

    import_sample(database, TENANT, SAMPLE, OWNERS)

    jane = contacts.get(ANN, "p1")
    assert jane.emails == ("jane@acme.example", "jd@home.example")
    assert jane.types == ("Client",)
    assert jane.company_types == ("Client",)
    assert contacts.get(ANN, "p2").owner_id == "ann-oid"
    matched = contacts.match(ANN, ["jane@acme.example"])
    assert [contact.id for contact in matched["jane@acme.example"]] == ["p1", "p2"]
    assert Catalogue(database, HandClock()).opportunity(ANN, "o1").stage == "open"


def test_a_sample_group_has_the_members_the_directory_knows(database: Database) -> None:
    create_tables(database)

    import_sample(database, TENANT, SAMPLE, OWNERS)

    with database.read() as session:
        assert groups.members(session, TENANT, "g1") == [
            Member("ann-oid", "Ann", "ann@firm.example")
        ]
        assert groups.of_member(session, TENANT, "ann-oid") == [Group("g1", "Corporate team")]


def test_loading_again_adds_nothing_and_keeps_what_people_changed(database: Database) -> None:
    create_tables(database)
    contacts = ContactDesk(database, HandClock())
    first = import_sample(database, TENANT, SAMPLE, OWNERS)
    contacts.change(ANN, "p1", {"name": "Jane Roe"})

    again = import_sample(database, TENANT, SAMPLE, OWNERS)

    assert (first, again) == (8, 0)
    assert contacts.get(ANN, "p1").name == "Jane Roe"


def test_the_sandboxs_data_fits_and_each_firm_gets_its_own(database: Database) -> None:
    create_tables(database)
    seed = crm_seed(7)
    firm, second = seed["tenants"]

    for tenant in (firm, second):
        import_sample(database, tenant["tenant_id"], seed)
    import_sample(database, OTHER_TENANT, seed)

    for tenant in (firm, second):
        service = CrmCaller(tenant["tenant_id"], None, "service", "", is_service=True)
        page = ContactDesk(database, HandClock()).page(service, limit=1_000)
        assert {contact.id for contact in page.items} == {row["id"] for row in tenant["contacts"]}
    stranger = CrmCaller(OTHER_TENANT, None, "service", "", is_service=True)
    assert ContactDesk(database, HandClock()).page(stranger, limit=10).items == []
