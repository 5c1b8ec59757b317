"""A connector to organisations of the stand-in, and contacts in them on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from backend.adapters.http import Http
from backend.adapters.salesforce import SalesforceCrm
from backend.adapters.salesforce_org import SalesforceAccess, SalesforceOrg
from backend.adapters.salesforce_people import TypeFields
from tests.support.salesforce.server import CLIENT_SECRET, Served

TYPES = TypeFields(contact="Types__c", account="Types__c")


def connector(
    http: Http, clock: Callable[[], datetime], served: Mapping[str, Served]
) -> SalesforceCrm:
    """``served``: the organisation of each tenant."""
    orgs = {tenant: SalesforceOrg(http, access_to(each), clock) for tenant, each in served.items()}
    return SalesforceCrm(orgs, TYPES)


def access_to(served: Served) -> SalesforceAccess:
    return SalesforceAccess(served.url, served.client_id, client_secret=CLIENT_SECRET)


def contact_maker(served: Served) -> Callable[..., str]:
    """A function that makes a contact, a second after the one before, and answers its id.

    A contact of nobody's account is private in Salesforce, so every other one gets an account.
    """
    org = served.org
    made = [0]

    def make(
        name: str,
        *emails: str,
        types: Sequence[str] = (),
        private: bool = False,
        owner_id: str | None = None,
        company_types: Sequence[str] = (),
    ) -> str:
        made[0] += 1
        fields = dict(zip(("Email", "Other_Email__c", "Third_Email__c"), emails, strict=False))
        if not private:
            account = {"Name": "Company", "Types__c": ";".join(company_types) or None}
            fields["AccountId"] = org.insert("Account", account)
        if owner_id is not None:
            person = {"Name": "Owner", "FederationIdentifier": owner_id}
            fields["OwnerId"] = org.insert("User", person)
        first, _, last = name.rpartition(" ")
        person = {"FirstName": first or None, "LastName": last, "Types__c": ";".join(types) or None}
        clock = org.clock
        org.clock = lambda: clock() + timedelta(seconds=made[0])
        try:
            return org.insert("Contact", person | fields)
        finally:
            org.clock = clock

    return make
