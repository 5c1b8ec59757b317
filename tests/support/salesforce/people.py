"""A connector to organisations of the stand-in; contacts, people at work and trouble in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from backend.adapters.http import Http
from backend.adapters.salesforce import SalesforceCrm
from backend.adapters.salesforce_org import SalesforceAccess, SalesforceOrg
from backend.adapters.salesforce_people import TypeFields
from backend.adapters.salesforce_text import MARK
from tests.support.salesforce.org import Organisation
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


class Clerk:
    """A person at work in Salesforce."""

    def __init__(self, org: Organisation) -> None:
        self._org = org
        self.id = org.insert("User", {"Name": "Carla Clerk", "Email": "carla@firm.example"})

    def change_subject(self, activity_id: str, subject: str) -> None:
        self.edit(activity_id, Subject=subject)

    def write_notes(self, activity_id: str, notes: str) -> None:
        """Above the line, as it asks for."""
        said = self._org.live("Event", activity_id)["Description"] or MARK
        self.edit(activity_id, Description=f"{notes}\n\n{said}")

    def hide(self, activity_id: str) -> None:
        self.edit(activity_id, IsPrivate=True)

    def delete(self, activity_id: str) -> None:
        self._org.delete("Event", activity_id, by=self.id)

    def edit(self, activity_id: str, **fields: object) -> None:
        self._org.update("Event", activity_id, fields, by=self.id)


class Unwell:
    """Trouble that Salesforce can make."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def deny(self) -> None:
        """The permission set lacks "create" on Event."""
        self._served.org.denied.add(("Event", "create"))

    def throttle(self) -> None:
        said = "TotalRequests Limit exceeded."
        self._served.refuse(403, "REQUEST_LIMIT_EXCEEDED", said, times=None)

    def fail(self) -> None:
        self._served.refuse(503, "SERVER_UNAVAILABLE", "Service Unavailable", times=None)

    def lose_answers(self) -> None:
        self._served.loses_answers = True

    def relent(self) -> None:
        self._served.relent()
        self._served.loses_answers = False
        self._served.org.denied.clear()
