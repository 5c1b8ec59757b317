"""The objects of an organisation, as describe tells them (Object Reference, per object)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Field:
    """One column. ``refers_to``: the objects whose ids it takes."""

    name: str
    type: str = "string"
    length: int = 0
    createable: bool = True
    updateable: bool = True
    required: bool = False
    unique: bool = False
    external_id: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    refers_to: tuple[str, ...] = ()
    encrypted: bool = False
    """By Shield Platform Encryption: no condition can name it."""
    default: Any = None

    def described(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "length": self.length,
            "createable": self.createable,
            "updateable": self.updateable,
            "filterable": not self.encrypted and self.length <= 4_099,
            "nillable": not self.required,
            "unique": self.unique,
            "externalId": self.external_id,
            "custom": self.name.endswith("__c"),
            "referenceTo": list(self.refers_to),
            "picklistValues": [
                {"value": value, "label": value, "active": True} for value in self.values
            ],
        }


@dataclass(frozen=True)
class Object:
    """One table. ``prefix``: how its ids begin (Object Reference: Object Name and ID Prefix)."""

    name: str
    prefix: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        wanted = name.casefold()
        return next((each for each in self.fields if each.name.casefold() == wanted), None)

    def without(self, *names: str) -> Object:
        return replace(self, fields=tuple(each for each in self.fields if each.name not in names))


def _ours(name: str, kind: str, *refers_to: str, default: Any = None) -> Field:
    """A system field: nobody but Salesforce writes it (System Fields)."""
    return Field(
        name, kind, createable=False, updateable=False, refers_to=refers_to, default=default
    )


SYSTEM = (
    _ours("Id", "id"),
    _ours("IsDeleted", "boolean", default=False),
    _ours("CreatedDate", "datetime"),
    _ours("CreatedById", "reference", "User"),
    _ours("LastModifiedDate", "datetime"),
    _ours("LastModifiedById", "reference", "User"),
    _ours("SystemModstamp", "datetime"),
)
OWNER = Field("OwnerId", "reference", refers_to=("User",))

USER = Object(
    "User",
    "005",
    (
        *SYSTEM,
        Field("Name", length=121),
        Field("Username", length=80),
        Field("Email", "email", 128),
        Field("FederationIdentifier", length=512),
        Field("IsActive", "boolean", default=True),
    ),
)
ACCOUNT = Object(
    "Account",
    "001",
    (
        *SYSTEM,
        OWNER,
        Field("Name", length=255, required=True),
        Field("Type", "picklist", 255, values=("Prospect", "Customer")),
        Field("Types__c", "multipicklist", 4099, values=("Client", "Prospect")),
    ),
)
CONTACT = Object(
    "Contact",
    "003",
    (
        *SYSTEM,
        OWNER,
        _ours("Name", "string"),
        Field("FirstName", length=40),
        Field("LastName", length=80, required=True),
        Field("Email", "email", 80),
        Field("Other_Email__c", "email", 80),
        Field("Third_Email__c", "email", 80),
        Field("AccountId", "reference", refers_to=("Account",)),
        Field("Types__c", "multipicklist", 4099, values=("Client", "Prospect", "Top Client")),
    ),
)
LEAD = Object(
    "Lead",
    "00Q",
    (
        *SYSTEM,
        OWNER,
        _ours("Name", "string"),
        Field("FirstName", length=40),
        Field("LastName", length=80, required=True),
        Field("Company", length=255, required=True),
        Field("Email", "email", 80),
        _ours("IsConverted", "boolean", default=False),
    ),
)
OPPORTUNITY = Object(
    "Opportunity",
    "006",
    (
        *SYSTEM,
        OWNER,
        Field("Name", length=120, required=True),
        Field("StageName", "picklist", 255, required=True),
        Field("AccountId", "reference", refers_to=("Account",)),
    ),
)
EVENT = Object(
    "Event",
    "00U",
    (
        *SYSTEM,
        OWNER,
        Field("Subject", "combobox", 255),
        Field("Location", length=255),
        Field("Description", "textarea", 32_000),
        Field("StartDateTime", "datetime"),
        Field("EndDateTime", "datetime"),
        Field("DurationInMinutes", "int"),
        Field("IsAllDayEvent", "boolean", default=False),
        Field("IsPrivate", "boolean", default=False),
        Field("ShowAs", "picklist", 40, values=("Busy", "OutOfOffice", "Free"), restricted=True),
        Field("Type", "picklist", 40, values=("Email", "Meeting", "Other", "Call")),
        Field("IsReminderSet", "boolean", default=False),
        Field("ReminderDateTime", "datetime"),
        Field("WhoId", "reference", refers_to=("Contact", "Lead")),
        Field("WhatId", "reference", refers_to=("Account", "Opportunity")),
        Field("Calendar_Sync_Key__c", length=64, unique=True, external_id=True),
    ),
)
EVENT_RELATION = Object(
    "EventRelation",
    "0RE",
    (
        *SYSTEM,
        Field("EventId", "reference", updateable=False, required=True, refers_to=("Event",)),
        Field(
            "RelationId",
            "reference",
            updateable=False,
            required=True,
            refers_to=("Contact", "Lead", "User"),
        ),
        Field("Status", "picklist", 40, values=("New", "Accepted", "Declined"), restricted=True),
        Field("Response", length=255),
        Field("IsParent", "boolean", default=False),
        Field("IsInvitee", "boolean", default=False),
        Field("IsWhat", "boolean", createable=False, updateable=False, default=False),
    ),
)
MEMORY = Object(
    "Calendar_Sync_Record__c",
    "a00",
    (
        *SYSTEM,
        OWNER,
        _ours("Name", "string"),
        Field("Key__c", length=64, unique=True, external_id=True),
        Field("Meeting__c", length=64, external_id=True),
        Field("Event_Id__c", length=18, external_id=True),
        Field("Status__c", length=20),
        Field("Removed__c", "boolean", default=False),
        Field("Memory__c", "textarea", 131_072),
    ),
)
OBJECTS = {
    each.name: each
    for each in (
        USER,
        ACCOUNT,
        CONTACT,
        LEAD,
        OPPORTUNITY,
        EVENT,
        EVENT_RELATION,
        MEMORY,
    )
}
