"""Who exists: tenants with their people, groups, domains, granted permissions, delegate rights.

Holds no mailbox content and speaks no HTTP.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Domain:
    """A verified domain; exactly one per tenant is the default, one the initial onmicrosoft one."""

    name: str
    is_default: bool = False
    is_initial: bool = False


@dataclass(slots=True)
class Person:
    """A directory user, a room or a shared mailbox; `id` is the Entra object id."""

    id: str
    tenant_id: str
    name: str
    address: str
    upn: str
    roles: list[str]
    created_at: datetime
    proxy_addresses: list[str] = field(default_factory=list)
    has_mailbox: bool = True
    account_enabled: bool = True
    user_type: str = "Member"
    purpose: str = "user"
    job_title: str | None = None
    department: str | None = None


@dataclass(slots=True)
class Group:
    """A distribution list, security group or Microsoft 365 group."""

    id: str
    tenant_id: str
    name: str
    address: str
    kind: str
    member_ids: list[str]
    proxy_addresses: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DelegateRights:
    """What one person may do in another's calendar."""

    read: bool = True
    write: bool = False
    see_private: bool = False


@dataclass(frozen=True, slots=True)
class MailboxScope:
    """Which mailboxes an application may enter, by object id of their owners.

    With `permissions` it is a grant of Exchange (RBAC for Applications), on top of what Entra
    granted; without, an access policy that restricts what Entra granted.
    """

    person_ids: frozenset[str]
    permissions: frozenset[str] | None = None


MAILBOX_STATES = ("ready", "inactive", "undiscoverable", "moving", "moving_by_name")


@dataclass(slots=True)
class MailboxState:
    """What Graph finds at a mailbox; `asked` counts, because some answers alternate."""

    name: str
    asked: int = 0


@dataclass(slots=True)
class Tenant:
    """One Entra tenant; `registered` says whether it is one of our customer firms."""

    id: str
    name: str
    domains: list[Domain]
    registered: bool
    created_at: datetime
    people: dict[str, Person] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    app_permissions: dict[str, set[str]] = field(default_factory=dict)
    delegated_grants: dict[str, set[str]] = field(default_factory=dict)
    mailbox_scopes: dict[str, MailboxScope] = field(default_factory=dict)

    @property
    def default_domain(self) -> str:
        """Name of the domain that new addresses get."""
        return next(domain.name for domain in self.domains if domain.is_default)


class Directory:
    """All tenants of the sandbox, with case-insensitive look-ups."""

    def __init__(self) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.delegations: dict[tuple[str, str], DelegateRights] = {}
        self.mailbox_states: dict[str, MailboxState] = {}
        self._people: dict[str, Person] = {}
        self._tenant_keys: dict[str, Tenant] = {}
        self._by_key: dict[tuple[str, str], Person] = {}
        self._by_address: dict[str, Person | Group] = {}

    def clear(self) -> None:
        """Forget everybody; the object stays the one that others hold."""
        for kept in (
            self.tenants,
            self.delegations,
            self.mailbox_states,
            self._people,
            self._tenant_keys,
            self._by_key,
            self._by_address,
        ):
            kept.clear()

    def add_tenant(self, tenant: Tenant) -> Tenant:
        """Register a tenant and everybody already in it."""
        self.tenants[tenant.id] = tenant
        for key in (tenant.id, *(domain.name for domain in tenant.domains)):
            self._tenant_keys[key.casefold()] = tenant
        for person in list(tenant.people.values()):
            self.add_person(person)
        for group in list(tenant.groups.values()):
            self.add_group(group)
        return tenant

    def add_person(self, person: Person) -> Person:
        """Register a person of an already registered tenant, under all his addresses."""
        self.tenants[person.tenant_id].people[person.id] = person
        self._people[person.id] = person
        for key in (person.id, person.upn):
            self._by_key[person.tenant_id, key.casefold()] = person
        for address in _addresses(person):
            self._by_key.setdefault((person.tenant_id, address), person)
            self._by_address.setdefault(address, person)
        return person

    def add_group(self, group: Group) -> Group:
        """Register a group of an already registered tenant."""
        self.tenants[group.tenant_id].groups[group.id] = group
        for address in _addresses(group):
            self._by_address.setdefault(address, group)
        return group

    def grant_delegate(self, owner_id: str, other_id: str, rights: DelegateRights) -> None:
        """Give `other_id` these rights in the calendar of `owner_id`."""
        self.delegations[owner_id, other_id] = rights

    def tenant(self, key: str) -> Tenant | None:
        """The tenant with this id or verified domain."""
        return self._tenant_keys.get(key.casefold())

    def person_by_id(self, person_id: str) -> Person | None:
        """The person with this object id, whatever the tenant."""
        return self._people.get(person_id.casefold())

    def person(self, tenant_id: str, key: str) -> Person | None:
        """The person with this object id, principal name or mail address in the tenant."""
        return self._by_key.get((tenant_id, key.casefold()))

    def by_address(self, address: str) -> Person | Group | None:
        """Whoever receives mail at the address, in any tenant."""
        return self._by_address.get(address.strip().casefold())

    def delegate_rights(self, owner_id: str, other_id: str) -> DelegateRights | None:
        """Rights of the second person in the calendar of the first; None without any."""
        return self.delegations.get((owner_id, other_id))

    def people(self) -> Iterable[Person]:
        """Everybody, rooms and shared mailboxes included, in the order of registration."""
        return self._people.values()


def _addresses(entry: Person | Group) -> list[str]:
    """All addresses of the entry without their `smtp:` prefix, in lower case."""
    raw = [entry.address, *entry.proxy_addresses]
    return [
        address.split(":", 1)[1].casefold() if ":" in address else address.casefold()
        for address in raw
        if address
    ]
