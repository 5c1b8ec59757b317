"""CRM data of the sample firms: companies, contact types, contacts, opportunities, initiatives.

The same for a seed on every machine; external attendees of the sample calendars come from here.
"""

import random
import unicodedata
from functools import lru_cache
from typing import Any

from backend.sandbox.sample import firms, ids, people
from backend.sandbox.sample.words import (
    COMPANIES,
    FIRST_NAMES,
    LAST_NAMES,
    MATTERS,
    SECOND_FIRM_COMPANIES,
    TITLES,
    Outside,
)

CONTACT_TYPES = [
    "Client",
    "Top Client",
    "Prospect",
    "Former Client",
    "Our Personnel",
    "Our Consultants",
    "Counsel",
    "Referral Source",
    "Vendor",
    "Press",
    "Alumni",
]
GROUPS = {"Corporate": "Corporate team", "Management": "Partners' office"}
"""Groups of the CRM by the department whose people are in them."""
PEOPLE_PER_COMPANY = (6, 9)
Json = dict[str, Any]


@lru_cache(maxsize=4)
def crm_seed(seed: int) -> Json:
    """`{"tenants": [...]}`: per tenant id the companies, types, contacts and what hangs on them.

    A contact has `emails` (first is the main one), `types` by name, and `owner`, the address of
    the firm member a private contact belongs to. A group has `members`, each with name and address.
    """
    return {
        "tenants": [
            _tenant(
                seed,
                ids.LAW_FIRM_TENANT_ID,
                "Harwood Lindqvist & Osei LLP",
                firms.LAW_FIRM_DOMAIN,
                COMPANIES,
                people.LAW_FIRM_PEOPLE,
            ),
            _tenant(
                seed,
                ids.SECOND_FIRM_TENANT_ID,
                "Thornbury & Keller Solicitors",
                firms.SECOND_FIRM_DOMAIN,
                SECOND_FIRM_COMPANIES,
                people.SECOND_FIRM_PEOPLE,
            ),
        ]
    }


def contacts_of(seed: int, tenant_id: str) -> list[Json]:
    """The contacts of one tenant, empty for one without a CRM."""
    for tenant in crm_seed(seed)["tenants"]:
        if tenant["tenant_id"] == tenant_id:
            found: list[Json] = tenant["contacts"]
            return found
    return []


def _tenant(
    seed: int,
    tenant_id: str,
    firm_name: str,
    domain: str,
    outside: list[Outside],
    cast: list[people.Role],
) -> Json:
    chance = random.Random(f"{seed}/crm/{tenant_id}")  # noqa: S311 - repeatable on purpose
    companies = [_company(tenant_id, company) for company in outside]
    own: Json = {
        "id": ids.stable_id(tenant_id, "company", domain),
        "name": firm_name,
        "domain": domain,
        "types": ["Our Personnel"],
    }
    contacts = [_colleague(tenant_id, own["id"], domain, role) for role in cast]
    taken: set[str] = set()
    for company, row in zip(outside, companies, strict=True):
        for _ in range(chance.randint(*PEOPLE_PER_COMPANY)):
            contacts.append(_contact(chance, tenant_id, company, row["id"], taken))
    partners = [f"{role.login}@{domain}" for role in cast if role.title.endswith("Partner")]
    _make_some_private(chance, contacts, partners)
    contacts += _second_entries(chance, tenant_id, contacts)
    return {
        "tenant_id": tenant_id,
        "contact_types": [
            {"id": ids.stable_id(tenant_id, "contact-type", name), "name": name}
            for name in CONTACT_TYPES
        ],
        "companies": [own, *companies],
        "contacts": contacts,
        "opportunities": _opportunities(chance, tenant_id, outside, companies),
        "initiatives": _initiatives(tenant_id),
        "groups": _groups(tenant_id, domain, cast),
    }


def _company(tenant_id: str, company: Outside) -> Json:
    return {
        "id": ids.stable_id(tenant_id, "company", company.domain),
        "name": company.name,
        "domain": company.domain,
        "types": [company.kind],
    }


def _colleague(tenant_id: str, company_id: str, domain: str, role: people.Role) -> Json:
    return {
        "id": ids.stable_id(tenant_id, "contact", role.login),
        "name": role.name,
        "emails": [f"{role.login}@{domain}"],
        "types": ["Our Personnel"],
        "company_id": company_id,
        "job_title": role.title,
        "private": False,
        "owner": None,
    }


def _contact(
    chance: random.Random, tenant_id: str, company: Outside, company_id: str, taken: set[str]
) -> Json:
    while True:
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        login = f"{plain(first)}.{plain(last)}"
        if login not in taken:
            break
    taken.add(login)
    emails = [f"{login}@{company.domain}"]
    if chance.random() < 0.3:
        emails.append(f"{login}@mail.example")
    if chance.random() < 0.08:
        emails.append(f"{plain(first)[0]}{plain(last)}@{company.domain}")
    types = [company.kind]
    if company.kind == "Client" and chance.random() < 0.25:
        types.append("Top Client")
    if chance.random() < 0.05:
        types.append("Alumni")
    if chance.random() < 0.04:
        types = []
    return {
        "id": ids.stable_id(tenant_id, "contact", login),
        "name": f"{first} {last}",
        "emails": emails,
        "types": types,
        "company_id": company_id,
        "job_title": chance.choice(TITLES),
        "private": False,
        "owner": None,
    }


def _make_some_private(chance: random.Random, contacts: list[Json], partners: list[str]) -> None:
    outsiders = [contact for contact in contacts if "Our Personnel" not in contact["types"]]
    for contact in chance.sample(outsiders, max(2, len(outsiders) // 25)):
        contact["private"] = True
        contact["owner"] = chance.choice(partners)


def _second_entries(chance: random.Random, tenant_id: str, contacts: list[Json]) -> list[Json]:
    """People who were entered twice: another name form and type, the same address."""
    outsiders = [
        contact
        for contact in contacts
        if "Our Personnel" not in contact["types"] and not contact["private"]
    ]
    doubles = []
    for contact in chance.sample(outsiders, max(1, len(outsiders) // 40)):
        first, _, last = contact["name"].partition(" ")
        doubles.append(
            {
                **contact,
                "id": ids.stable_id(tenant_id, "contact-again", contact["id"]),
                "name": f"{last}, {first}",
                "emails": [contact["emails"][0].upper()],
                "types": ["Prospect"],
            }
        )
    return doubles


def _opportunities(
    chance: random.Random, tenant_id: str, outside: list[Outside], companies: list[Json]
) -> list[Json]:
    rows = []
    for company, row in zip(outside, companies, strict=True):
        if company.kind not in ("Client", "Prospect"):
            continue
        matter = chance.choice(MATTERS)
        rows.append(
            {
                "id": ids.stable_id(tenant_id, "opportunity", company.domain),
                "name": f"{company.name}: {matter}",
                "company_id": row["id"],
                "status": chance.choice(["open", "open", "won", "lost"]),
            }
        )
    return rows


def _initiatives(tenant_id: str) -> list[Json]:
    names = ["Energy transition", "Key clients", "Nordic desk", "Women in law", "Technology week"]
    return [{"id": ids.stable_id(tenant_id, "initiative", name), "name": name} for name in names]


def _groups(tenant_id: str, domain: str, cast: list[people.Role]) -> list[Json]:
    """Departments that have a group, as far as the firm has them."""
    groups = []
    for department, name in GROUPS.items():
        members = [
            {"name": role.name, "address": f"{role.login}@{domain}"}
            for role in cast
            if role.department == department
        ]
        if members:
            id_ = ids.stable_id(tenant_id, "group", name)
            groups.append({"id": id_, "name": name, "members": members})
    return groups


def plain(name: str) -> str:
    """The name as it stands in an address: ASCII letters, lower case."""
    special = name.translate(str.maketrans("øØłŁ", "oOlL"))
    decomposed = unicodedata.normalize("NFKD", special)
    return "".join(letter for letter in decomposed.lower() if "a" <= letter <= "z")
