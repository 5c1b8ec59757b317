"""Who plays in the remarkable events of the sample, and when it is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from backend.sandbox.directory import Person, Tenant

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cast:
    """The staff by login, the contacts one meets openly, and those that are private in the CRM."""

    tenant: Tenant
    by_login: dict[str, Person]
    contacts: list[Json]
    private: list[Json]
    now: datetime

    @classmethod
    def of_firm(cls, tenant: Tenant, contacts: list[Json], now: datetime) -> Self:
        """Everybody with a mailbox, and everybody outside."""
        staff = [person for person in tenant.people.values() if person.has_mailbox]
        return cls(
            tenant=tenant,
            by_login={person.address.split("@")[0].casefold(): person for person in staff},
            contacts=[
                entry
                for entry in contacts
                if not entry["private"] and "Our Personnel" not in entry["types"]
            ],
            private=[entry for entry in contacts if entry["private"]],
            now=now,
        )

    def who(self, login: str) -> Person:
        """The member of staff with this login."""
        return self.by_login[login]

    def people_of(self, company: str) -> list[Json]:
        """Contacts of a company, by a word of its mail domain."""
        word = company.casefold()
        return [entry for entry in self.contacts if word in entry["emails"][0].split("@")[1]]

    def one_per_address(self) -> list[Json]:
        """The contacts, each main address once."""
        return list({entry["emails"][0].casefold(): entry for entry in self.contacts}.values())

    def day(self, distance: int) -> date:
        """That many days from today, moved off the weekend, away from today."""
        found = self.now.date() + timedelta(days=distance)
        while found.weekday() > 4:
            found += timedelta(days=1 if distance >= 0 else -1)
        return found

    def ago(self, days: int) -> datetime:
        """That many days and three hours ago."""
        return self.now - timedelta(days=days, hours=3)
