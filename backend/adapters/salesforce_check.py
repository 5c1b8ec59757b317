"""What an organisation of Salesforce still lacks for the connector, in words for its admin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backend.adapters.salesforce_fields import EVENT_KEY, MEMORY, MEMORY_FIELDS
from backend.adapters.salesforce_org import ObjectInfo, SalesforceOrg
from backend.adapters.salesforce_people import TypeFields
from backend.domain.errors import RemoteAccessError, RemoteError, RemoteNotFoundError

FEW_CALLS = 1_000
_UNIQUE = ((MEMORY, "Key__c"), ("Event", EVENT_KEY))
_READ = ("Contact", "Lead", "Account", "Opportunity", "User")
_WRITTEN = ("Event", "EventRelation", MEMORY)
_GUIDE = "see docs/salesforce.md"


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that was looked at. ``advice`` is empty where nothing is wrong with it."""

    what: str
    advice: str = ""
    is_fine: bool = True


def inspect(org: SalesforceOrg, types: TypeFields) -> Iterator[Lack]:
    """Sign in, then look at objects, fields, permissions and the calls that are left."""
    try:
        org.sign_in_anew()
    except RemoteAccessError as error:
        advice = (
            "Check CALENDAR_SYNC_SALESFORCE_CLIENT_ID and the secret or key, and that the app"
            f" allows this flow and names its integration user ({_GUIDE})."
        )
        yield Lack(f"Salesforce refused our sign-in: {error.message}", advice, False)
        return
    except RemoteError as error:
        advice = f"This machine must reach {org.access.url}."
        yield Lack(f"Salesforce does not answer: {error.message}", advice, False)
        return
    yield Lack("Salesforce accepts our sign-in.")
    try:
        lacks = [*_objects(org), *_types(org, types)]
        yield from lacks or [Lack("Objects, fields and permissions in Salesforce are complete.")]
        yield _calls(org)
    except RemoteError as error:
        yield Lack(f"Salesforce could not be looked at: {error.message}", is_fine=False)


def _objects(org: SalesforceOrg) -> Iterator[Lack]:
    for name in (*_READ, *_WRITTEN):
        info = _described(org, name)
        if info is None:
            advice = f"Give the permission set access to {name}"
            if name == MEMORY:
                advice = "Make the custom object and give the permission set access to it"
            yield Lack(f"Salesforce has no {name} for our user.", f"{advice} ({_GUIDE}).", False)
        elif name in _WRITTEN:
            yield from _lacks_of(info)
        elif not info.queryable:
            yield Lack(f"Our user may not read {name}.", "Add Read to the permission set.", False)
        elif name == "Contact" and not _is_searchable(info, "Email"):
            advice = "Let the permission set read the field, and take encryption away from it."
            yield Lack("Contacts cannot be found by Email.", advice, False)


def _is_searchable(info: ObjectInfo, name: str) -> bool:
    found = info.fields.get(name)
    return found is not None and found.filterable


def _described(org: SalesforceOrg, name: str) -> ObjectInfo | None:
    try:
        return org.describe(name)
    except (RemoteNotFoundError, RemoteAccessError):
        return None


def _lacks_of(info: ObjectInfo) -> Iterator[Lack]:
    if not (info.createable and info.updateable and info.deletable and info.queryable):
        advice = f"Add Read, Create, Edit and Delete on {info.name} to the permission set."
        yield Lack(f"Our user may not write every {info.name}.", advice, False)
    needed = {MEMORY: MEMORY_FIELDS, "Event": (EVENT_KEY,)}.get(info.name, ())
    for name in needed:
        found = info.fields.get(name)
        if found is None or not (found.createable and found.updateable):
            advice = f"Make the field, or let the permission set edit it ({_GUIDE})."
            yield Lack(f"Our user cannot write the field {info.name}.{name}.", advice, False)
        elif (info.name, name) in _UNIQUE and not (found.unique and found.external_id):
            advice = "Tick Unique and External ID on it: one meeting must never get two records."
            yield Lack(f"The field {info.name}.{name} is not unique.", advice, False)


def _types(org: SalesforceOrg, types: TypeFields) -> Iterator[Lack]:
    for name, field, setting in (
        ("Contact", types.contact, "CONTACT"),
        ("Account", types.account, "ACCOUNT"),
    ):
        if field is None:
            continue
        info = _described(org, name)
        if info is not None and field not in info.fields:
            advice = f"Check CALENDAR_SYNC_SALESFORCE_{setting}_TYPE_FIELD."
            yield Lack(f"Our user does not see the field {name}.{field}.", advice, False)


def _calls(org: SalesforceOrg) -> Lack:
    left = org.calls_left()
    if left is None or left >= FEW_CALLS:
        return Lack("Salesforce has API calls left.")
    advice = "Other integrations share the limit of 24 hours; ask for more, or call less."
    return Lack(f"Only {left} API calls are left of the last 24 hours.", advice)
