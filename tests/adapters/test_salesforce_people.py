"""Contacts, leads, accounts and opportunities of Salesforce, whatever is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.adapters.salesforce import SalesforceCrm
from backend.domain.crm import Listing
from backend.domain.errors import RemoteRejectedError
from tests.adapters.salesforce_side import clock, gateway, http, people, served, stand_in
from tests.crm.gateway_contract import TENANT, MakeContact
from tests.support.salesforce.schema import OBJECTS
from tests.support.salesforce.server import Served

__all__ = ["clock", "gateway", "http", "people", "served", "stand_in"]


def converted_lead(served: Served, address: str) -> None:
    lead = {"LastName": "Used", "Company": "X", "Email": address}
    served.org.tables["Lead"][served.org.insert("Lead", lead)]["IsConverted"] = True


def test_five_hundred_addresses_take_few_calls_of_a_length_salesforce_takes(
    gateway: SalesforceCrm, served: Served, people: MakeContact
) -> None:
    jane = people("Jane", "jane@client.example")
    addresses = [f"somebody.with.a.name{n}@quite-a-long-domain.example" for n in range(500)]
    gateway.contacts_by_address(TENANT, ["warm@up.example"])
    served.asked.clear()

    found = gateway.contacts_by_address(TENANT, [*addresses, "jane@client.example"])

    assert [c.id for c in found["jane@client.example"]] == [jane]
    assert len(served.asked) <= 4


@pytest.mark.parametrize(
    "address",
    [
        "x' OR Name != '@a.example",
        "x\\' OR Email != null OR Email = 'y@b.example",
        "x\\@a.example",
        "a@b.example') OR (Name LIKE '%",
        'quote"@a.example',
        "ä" * 200 + "@a.example",
        "x@a.example\n",
    ],
)
def test_hostile_addresses_find_nobody_but_their_owner(
    gateway: SalesforceCrm, served: Served, people: MakeContact, address: str
) -> None:
    people("Jane", "jane@client.example")
    assert gateway.contacts_by_address(TENANT, [address]) == {}

    stored = address.strip()[-80:]
    owner = people("Owner", stored)

    found = gateway.contacts_by_address(TENANT, [stored])
    assert [contact.id for contacts in found.values() for contact in contacts] == [owner]


@pytest.mark.parametrize("query", ["'", "\\", "%'", "_", "x' OR Name LIKE '", "[", "\n"])
def test_hostile_searches_are_looked_for_as_they_stand(
    gateway: SalesforceCrm, people: MakeContact, query: str
) -> None:
    people("Jane", "jane@client.example")
    wanted = people(f"A{query}B C", "odd@client.example")

    found = gateway.find_contacts(TENANT, query.strip() and f"A{query}B", 10)

    assert wanted in {contact.id for contact in found}
    assert gateway.find_entries(TENANT, Listing.COMPANIES, f"no{query}such", 10) == []


def test_leads_come_after_contacts_and_converted_ones_not_at_all(
    gateway: SalesforceCrm, served: Served, people: MakeContact
) -> None:
    lead = gateway.create_contact(TENANT, "Zoe Lead", "both@client.example")
    contact = people("Jane Contact", "both@client.example")
    used = served.org.insert(
        "Lead", {"LastName": "Used", "Company": "X", "Email": "used@x.example"}
    )
    served.org.tables["Lead"][used]["IsConverted"] = True

    found = gateway.contacts_by_address(TENANT, ["both@client.example", "used@x.example"])

    assert [c.id for c in found["both@client.example"]] == [contact, lead.id]
    assert found["both@client.example"][1].types == ("Lead",)
    assert set(found) == {"both@client.example"}
    assert "Lead" in gateway.contact_types(TENANT)


def test_every_field_of_the_type_email_is_looked_at(
    gateway: SalesforceCrm, people: MakeContact
) -> None:
    jane = people("Jane", "one@x.example", "two@x.example", "three@x.example")

    found = gateway.contacts_by_address(TENANT, ["THREE@x.example"])

    assert [c.id for c in found["three@x.example"]] == [jane]
    assert found["three@x.example"][0].emails == (
        "one@x.example",
        "two@x.example",
        "three@x.example",
    )


def test_a_duplicate_rule_that_blocks_a_new_lead_is_a_refusal(
    gateway: SalesforceCrm, served: Served
) -> None:
    served.org.duplicate_rules.add("Lead")
    converted_lead(served, "zoe@x.example")

    with pytest.raises(RemoteRejectedError) as caught:
        gateway.create_contact(TENANT, "Zoe", "zoe@x.example")

    assert caught.value.remote_code == "DUPLICATES_DETECTED"


@pytest.mark.parametrize(
    ("name", "address"),
    [("", "a@x"), ("A", ""), ("A\x00", "a@x"), ("A" * 200, "a@x"), ("\ud800", "a")],
)
def test_a_contact_that_cannot_be_stored_is_refused_before_it_is_sent(
    gateway: SalesforceCrm, served: Served, name: str, address: str
) -> None:
    with pytest.raises(RemoteRejectedError):
        gateway.create_contact(TENANT, name, address)

    assert served.org.tables["Lead"] == {}


def test_an_opportunity_tells_its_company_and_stage(gateway: SalesforceCrm, served: Served) -> None:
    account = served.org.insert("Account", {"Name": "Acme"})
    deal = {"Name": "Big deal", "StageName": "Won", "AccountId": account}
    made = served.org.insert("Opportunity", deal)

    [found] = gateway.find_entries(TENANT, Listing.OPPORTUNITIES, "big", 10)

    assert (found.id, found.name, found.detail) == (made, "Big deal", "Acme · Won")
    assert gateway.entries_by_id(TENANT, Listing.OPPORTUNITIES, [made, account, "'"]) == [found]
    assert Listing.INITIATIVES not in gateway.capabilities.listings


def test_fields_that_are_encrypted_are_left_out(
    gateway: SalesforceCrm, served: Served, people: MakeContact
) -> None:
    contact = OBJECTS["Contact"]
    hidden = [replace(f, encrypted=f.name in ("Email", "Third_Email__c")) for f in contact.fields]
    served.org.objects["Contact"] = replace(contact, fields=tuple(hidden))
    jane = people("Jane", "one@x.example", "two@x.example")

    found = gateway.contacts_by_address(TENANT, ["one@x.example", "two@x.example"])

    assert {address: contacts[0].id for address, contacts in found.items()} == {
        "two@x.example": jane
    }
    assert [c.id for c in gateway.find_contacts(TENANT, "jane", 10)] == [jane]
