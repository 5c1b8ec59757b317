"""Contacts, leads, accounts, opportunities and users of a Salesforce organisation, only read.

(But for one: a person whom nobody knew becomes a lead.)
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from simple_salesforce.format import format_soql, quote_soql_value

from backend.adapters.crm_json import UNSAYABLE
from backend.adapters.salesforce_fields import ACCOUNT, CONTACT, LEAD, OPPORTUNITY, moment_of
from backend.adapters.salesforce_org import LONGEST_QUERY, SalesforceOrg, is_id
from backend.domain.crm import Additions, Contact, Entry, Listing, ReferenceKind, group_of
from backend.domain.errors import RemoteRejectedError
from backend.domain.event import domain_of, normalised_address

LEAD_TYPE = "Lead"
"""The contact type of everybody who is a lead."""

_LONGEST_SEARCH = 200
_MOST_ROWS = 200
_MOST_OWNERS = 5_000
_OWNERS_FOR = timedelta(hours=1)
_ENTRY_OBJECTS: Mapping[Listing, tuple[str, str]] = {
    Listing.COMPANIES: ("Account", ACCOUNT),
    Listing.OPPORTUNITIES: ("Opportunity", OPPORTUNITY),
}
"""Practifi's table has no object for what this product calls an initiative."""


@dataclass(frozen=True, slots=True)
class TypeFields:
    """Which (multi-select) picklists hold the types of contacts and of companies."""

    contact: str | None = None
    account: str | None = "Type"


class SalesforcePeople:
    """Answers who carries an address, and what pickers list."""

    def __init__(self, org: SalesforceOrg, types: TypeFields) -> None:
        self._org = org
        self._types = types
        self._lock = threading.Lock()
        self._owners: dict[str, tuple[datetime, str | None]] = {}

    def by_address(self, addresses: Sequence[str]) -> dict[str, tuple[Contact, ...]]:
        """Contacts before leads, the one made first before the others, then the lower id (M)."""
        wanted = {normalised_address(a) for a in addresses if not UNSAYABLE.search(a)}
        likely = sorted(a for a in wanted if "@" in a and len(a) <= 254)
        if not likely:
            return {}
        soqls = [
            f"{self._select(name)} AND ({conditions})"
            for name in ("Contact", "Lead")
            for conditions in _in_chunks(self._email_fields(name), likely)
        ]
        rows = [row for answer in self._org.queries(soqls) for row in answer]
        found: dict[str, dict[str, Contact]] = defaultdict(dict)
        for row in sorted(rows, key=_oldest_contact_first):
            contact = self._contact(row)
            for address in {normalised_address(a) for a in contact.emails} & wanted:
                found[address][contact.id] = contact
        return {address: tuple(contacts.values()) for address, contacts in found.items()}

    def demand(self, ids: Iterable[str]) -> None:
        """Raises: RemoteRejectedError for people that are not there."""
        wanted = set(ids)
        if not all(is_id(each, CONTACT, LEAD) for each in wanted):
            raise unknown_reference()
        ordered = sorted(wanted)
        soqls = [
            f"SELECT Id FROM {name} WHERE IsDeleted = false AND Id IN {quote_soql_value(batch)}"  # noqa: S608
            for name, prefix in (("Contact", CONTACT), ("Lead", LEAD))
            for batch in _batches([each for each in ordered if each.startswith(prefix)])
        ]
        if wanted - {row["Id"] for rows in self._org.queries(soqls) for row in rows}:
            raise unknown_reference()

    def demand_additions(
        self, additions: Additions, companies: Sequence[str], opportunities: Sequence[str]
    ) -> None:
        """Raises: RemoteRejectedError for what a form names and Salesforce does not have."""
        about = additions.regarding
        unknown = (
            bool(additions.initiative_ids)
            or (about is not None and about.kind is ReferenceKind.INITIATIVE)
            or group_of(additions.visibility) is not None
        )
        for listing, ids in (
            (Listing.COMPANIES, companies),
            (Listing.OPPORTUNITIES, opportunities),
        ):
            known = {entry.id for entry in self.entries_by_id(listing, ids)}
            unknown = unknown or bool(set(ids) - known)
        if unknown:
            raise unknown_reference()

    def search(self, query: str, limit: int) -> list[Contact]:
        """Contacts and leads by name, those without an account left out: they are private."""
        pattern = _pattern(query)
        if pattern is None:
            return []
        soqls = []
        for name in ("Contact", "Lead"):
            fields = ["Name", *self._email_fields(name)]
            said = "(" + " OR ".join(f"{field} LIKE {pattern}" for field in fields) + ")"
            public = " AND AccountId != null" if name == "Contact" else ""
            rows = min(limit, _MOST_ROWS)
            soqls.append(f"{self._select(name)}{public} AND {said} ORDER BY Name, Id LIMIT {rows}")
        contacts = [self._contact(row) for answer in self._org.queries(soqls) for row in answer]
        return sorted(contacts, key=lambda each: (each.name.casefold(), each.id))[:limit]

    def entries(self, listing: Listing, query: str, limit: int) -> list[Entry]:
        """One page of a picker, by name."""
        pattern = _pattern(query)
        if listing not in _ENTRY_OBJECTS or pattern is None:
            return []
        said = f" WHERE Name LIKE {pattern}" if query.strip() else ""
        rows = min(limit, _MOST_ROWS)
        return self._entries(listing, f"{said} ORDER BY Name, Id LIMIT {rows}")

    def entries_by_id(self, listing: Listing, ids: Sequence[str]) -> list[Entry]:
        """As :meth:`entries`, for known ids."""
        if listing not in _ENTRY_OBJECTS:
            return []
        known = [i for i in dict.fromkeys(ids) if is_id(i, _ENTRY_OBJECTS[listing][1])]
        if not known:
            return []
        named = quote_soql_value(known[:_MOST_ROWS])
        return self._entries(listing, f" WHERE Id IN {named} ORDER BY Name, Id")

    def contact_types(self) -> list[str]:
        """Every value of the picklists that hold types, and what all leads are."""
        names = {LEAD_TYPE}
        for name, field in (("Contact", self._types.contact), ("Account", self._types.account)):
            info = self._org.describe(name).fields.get(field or "")
            names |= set(info.values) if info is not None else set()
        return sorted(names, key=str.casefold)

    def activity_types(self) -> list[str]:
        """The values of Event's Type, in the order its administrator gave them."""
        info = self._org.describe("Event").fields.get("Type")
        return list(info.values) if info is not None else []

    def create(self, name: str, address: str) -> Contact:
        """A lead, unless a public contact or a lead has this address.

        Not a contact: without an account it would be private, and nobody knows the account.
        """
        for field, value, longest in (("name", name, 120), ("address", address, 80)):
            if not value.strip() or UNSAYABLE.search(value) or len(value) > longest:
                raise RemoteRejectedError(
                    f"the CRM cannot store this {field}", system="crm", status=422
                )
        known = self.by_address([address]).get(normalised_address(address), ())
        existing = next((contact for contact in known if not contact.private), None)
        if existing is not None:
            return existing
        first, _, last = name.strip().rpartition(" ")
        company = domain_of(address) or "-"
        fields = {"FirstName": first[:40] or None, "LastName": last[:80], "Email": address}
        made = self._org.create("Lead", {**fields, "Company": company})
        return Contact(made, name.strip(), (address,), (LEAD_TYPE,))

    def owner_of(self, address: str) -> str | None:
        """The active user with this address; asked again after an hour."""
        wanted = normalised_address(address)
        if "@" not in wanted or UNSAYABLE.search(wanted):
            return None
        now = self._org.now()
        known = self._owners.get(wanted)
        if known is not None and now - known[0] < _OWNERS_FOR:
            return known[1]
        soql = (
            "SELECT Id FROM User WHERE IsActive = true AND Email = {} ORDER BY CreatedDate LIMIT 1"
        )
        rows = self._org.query(format_soql(soql, wanted))
        owner_id = str(rows[0]["Id"]) if rows else None
        with self._lock:
            if len(self._owners) >= _MOST_OWNERS:
                self._owners.clear()
            self._owners[wanted] = now, owner_id
        return owner_id

    def _select(self, name: str) -> str:
        fields = ["Id", "Name", *self._email_fields(name), "CreatedDate"]
        if name == "Lead":
            unused = "IsDeleted = false AND IsConverted = false"
            return f"SELECT {', '.join(fields)} FROM Lead WHERE {unused}"  # noqa: S608
        fields.append("AccountId")
        if "FederationIdentifier" in self._org.describe("User").fields:
            fields.append("Owner.FederationIdentifier")
        if self._types.contact:
            fields.append(self._types.contact)
        if self._types.account:
            fields.append(f"Account.{self._types.account}")
        return f"SELECT {', '.join(fields)} FROM Contact WHERE IsDeleted = false"  # noqa: S608

    def _email_fields(self, name: str) -> list[str]:
        """Every field of the type e-mail, the standard one first (M: every e-mail field)."""
        fields = self._org.describe(name).fields.values()
        found = {each.name for each in fields if each.type == "email" and each.filterable}
        return sorted(found, key=lambda field: (field != "Email", field))

    def _contact(self, row: Mapping[str, Any]) -> Contact:
        name = row["attributes"]["type"]
        emails = tuple(str(row[field]) for field in self._email_fields(name) if row.get(field))
        if name == "Lead":
            return Contact(row["Id"], row["Name"], emails, (LEAD_TYPE,))
        account, owner = row.get("Account") or {}, row.get("Owner") or {}
        is_private = row["AccountId"] is None
        return Contact(
            id=row["Id"],
            name=row["Name"],
            emails=emails,
            types=_values(row.get(self._types.contact or "")),
            company_id=row["AccountId"],
            company_types=_values(account.get(self._types.account or "")),
            private=is_private,
            owner_id=owner.get("FederationIdentifier") if is_private else None,
        )

    def _entries(self, listing: Listing, rest: str) -> list[Entry]:
        name = _ENTRY_OBJECTS[listing][0]
        further = ", StageName, Account.Name" if listing is Listing.OPPORTUNITIES else ""
        rows = self._org.query(f"SELECT Id, Name{further} FROM {name}{rest}")  # noqa: S608
        return [Entry(row["Id"], row["Name"], _detail(row)) for row in rows]


def unknown_reference() -> RemoteRejectedError:
    return RemoteRejectedError(
        "the CRM does not have what this record names",
        system="crm",
        status=422,
        remote_code="unknown_reference",
    )


def _batches(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _MOST_ROWS):
        yield list(ids[start : start + _MOST_ROWS])


def _in_chunks(fields: Sequence[str], addresses: Sequence[str]) -> Iterator[str]:
    """Conditions that name every address once, each short enough for an address line.

    None at all where every field is encrypted.
    """
    if not fields:
        return
    batch: list[str] = []
    size = 0
    for address in addresses:
        takes = (len(quote(quote_soql_value(address), safe="")) + 3) * len(fields)
        if batch and size + takes > LONGEST_QUERY:
            yield _in_fields(fields, batch)
            batch, size = [], 0
        batch.append(address)
        size += takes
    if batch:
        yield _in_fields(fields, batch)


def _in_fields(fields: Sequence[str], addresses: Sequence[str]) -> str:
    named = quote_soql_value(list(addresses))
    return " OR ".join(f"{field} IN {named}" for field in fields)


def _pattern(query: str) -> str | None:
    """What LIKE takes for "contains"; ``None`` where nothing can contain that."""
    if UNSAYABLE.search(query) or len(query) > _LONGEST_SEARCH:
        return None
    return format_soql("'%{:like}%'", query.strip())


def _oldest_contact_first(row: Mapping[str, Any]) -> tuple[bool, datetime, str]:
    return row["attributes"]["type"] == "Lead", moment_of(row["CreatedDate"]), row["Id"]


def _values(picked: str | None) -> tuple[str, ...]:
    """A multi-select picklist separates its values with semicolons."""
    return tuple(sorted(value for value in (picked or "").split(";") if value))


def _detail(row: Mapping[str, Any]) -> str:
    account = row.get("Account") or {}
    return " · ".join(part for part in (account.get("Name"), row.get("StageName")) if part)
