"""Builds the three sample tenants: people, rooms, groups, delegates, what each app was granted."""

from datetime import datetime, timedelta

from backend.sandbox.directory import DelegateRights, Directory, Domain, Group, Person, Tenant
from backend.sandbox.sample import ids, people

LAW_FIRM_DOMAIN = "harwoodosei.example"
LAW_FIRM_SECOND_DOMAIN = "hlo-legal.example"
SECOND_FIRM_DOMAIN = "thornbury.example"
UNREGISTERED_DOMAIN = "casper-renard.example"

DAEMON_PERMISSIONS = frozenset(
    {
        "Calendars.ReadWrite",
        "MailboxSettings.ReadWrite",
        "User.Read.All",
        "GroupMember.Read.All",
        "Organization.Read.All",
    }
)
API_GRAPH_SCOPES = frozenset(
    {"User.Read", "Calendars.ReadWrite", "Calendars.ReadWrite.Shared", "MailboxSettings.ReadWrite"}
)


def fill(directory: Directory, now: datetime, scale: int = 0) -> None:
    """Put the sample tenants, and nobody else, into the directory.

    `scale` adds that many made-up mailboxes to the law firm.
    """
    directory.clear()
    joined = (now - timedelta(days=900)).replace(hour=8, minute=0, second=0, microsecond=0)
    law_firm = _tenant(
        directory,
        Tenant(
            ids.LAW_FIRM_TENANT_ID,
            "Harwood Lindqvist & Osei LLP",
            [
                Domain(LAW_FIRM_DOMAIN, is_default=True),
                Domain(LAW_FIRM_SECOND_DOMAIN),
                Domain("harwoodosei.onmicrosoft.com", is_initial=True),
            ],
            registered=True,
            created_at=joined,
        ),
    )
    second = _tenant(
        directory,
        Tenant(
            ids.SECOND_FIRM_TENANT_ID,
            "Thornbury & Keller Solicitors",
            [
                Domain(SECOND_FIRM_DOMAIN, is_default=True),
                Domain("thornbury.onmicrosoft.com", is_initial=True),
            ],
            registered=True,
            created_at=joined,
        ),
    )
    unregistered = _tenant(
        directory,
        Tenant(
            ids.UNREGISTERED_TENANT_ID,
            "Casper Renard Advocates",
            [
                Domain(UNREGISTERED_DOMAIN, is_default=True),
                Domain("casperrenard.onmicrosoft.com", is_initial=True),
            ],
            registered=False,
            created_at=joined,
        ),
    )
    _hire(directory, law_firm, people.LAW_FIRM_PEOPLE, joined)
    _hire(directory, second, people.SECOND_FIRM_PEOPLE, joined)
    _hire(directory, unregistered, people.UNREGISTERED_PEOPLE, joined)
    _odd_ones_out(directory, law_firm, joined)
    _rooms(directory, law_firm, joined)
    _groups(directory, law_firm)
    _delegates(directory, law_firm)
    _made_up_people(directory, law_firm, joined, scale)
    restore_grants(directory)


def restore_grants(directory: Directory) -> None:
    """Consent and application permissions as the sample has them."""
    for tenant in directory.tenants.values():
        clients = (ids.API_CLIENT_ID, ids.ADDIN_CLIENT_ID, ids.OFFICE_CLIENT_ID)
        tenant.delegated_grants = {
            client_id: set(sample_scopes(client_id)) for client_id in clients
        }
        tenant.app_permissions = {}
        tenant.mailbox_scopes = {}
        if tenant.registered:
            tenant.app_permissions[ids.DAEMON_CLIENT_ID] = set(DAEMON_PERMISSIONS)


def sample_scopes(client_id: str) -> frozenset[str]:
    """The delegated Graph permissions that the sample consents to for an application."""
    return {
        ids.API_CLIENT_ID: API_GRAPH_SCOPES,
        ids.ADDIN_CLIENT_ID: frozenset({"User.Read"}),
    }.get(client_id, frozenset())


def _tenant(directory: Directory, tenant: Tenant) -> Tenant:
    return directory.add_tenant(tenant)


def _hire(directory: Directory, tenant: Tenant, cast: list[people.Role], joined: datetime) -> None:
    second_domains = [
        domain.name for domain in tenant.domains if not (domain.is_default or domain.is_initial)
    ]
    initial = next(domain.name for domain in tenant.domains if domain.is_initial)
    for role in cast:
        address = f"{role.login}@{tenant.default_domain}"
        aliases = [f"smtp:{role.login}@{domain}" for domain in (*second_domains, initial)]
        roles = ["user"] if role.app_role == "user" else ["user", role.app_role]
        directory.add_person(
            Person(
                id=ids.stable_id(tenant.id, role.login),
                tenant_id=tenant.id,
                name=role.name,
                address=address,
                upn=address,
                roles=roles,
                created_at=joined,
                proxy_addresses=[f"SMTP:{address}", *aliases],
                job_title=role.title,
                department=role.department,
            )
        )


def _odd_ones_out(directory: Directory, tenant: Tenant, joined: datetime) -> None:
    """People every directory also holds: without address, gone, guest, with another name."""

    def add(name: str, login: str, upn: str, address: str, **more: object) -> None:
        person = Person(
            id=ids.stable_id(tenant.id, login),
            tenant_id=tenant.id,
            name=name,
            address=address,
            upn=upn,
            roles=["user"],
            created_at=joined,
            proxy_addresses=[f"SMTP:{address}"] if address else [],
        )
        for field, value in more.items():
            setattr(person, field, value)
        directory.add_person(person)

    domain = tenant.default_domain
    add(
        "Walter Finch",
        "walter.finch",
        f"walter.finch@{domain}",
        "",
        has_mailbox=False,
        job_title="Archivist",
        department="Knowledge",
    )
    add(
        "Marguerite Oyelaran",
        "m.oyelaran",
        f"moyelaran@{LAW_FIRM_SECOND_DOMAIN}",
        f"Marguerite.Oyelaran@{domain}",
        job_title="Consultant",
        department="Corporate",
    )
    add(
        "Raymond Stokes",
        "raymond.stokes",
        f"raymond.stokes@{domain}",
        f"raymond.stokes@{domain}",
        has_mailbox=False,
        account_enabled=False,
        job_title="Partner (left)",
        department="Corporate",
    )
    add(
        "Julia Sandoval",
        "guest.sandoval",
        "julia.sandoval_northmill.example#EXT#@harwoodosei.onmicrosoft.com",
        "julia.sandoval@northmill.example",
        has_mailbox=False,
        user_type="Guest",
        job_title="General Counsel, Northmill",
        department=None,
    )


def _rooms(directory: Directory, tenant: Tenant, joined: datetime) -> None:
    entries = [(name, login, "room") for name, login in people.ROOMS]
    entries.append(("Reception", "reception", "shared"))
    entries.append(("Projector Cart", "projector.cart", "equipment"))
    for name, login, purpose in entries:
        address = f"{login}@{tenant.default_domain}"
        directory.add_person(
            Person(
                id=ids.stable_id(tenant.id, login),
                tenant_id=tenant.id,
                name=name,
                address=address,
                upn=address,
                roles=[],
                created_at=joined,
                proxy_addresses=[f"SMTP:{address}"],
                account_enabled=False,
                purpose=purpose,
            )
        )


def _groups(directory: Directory, tenant: Tenant) -> None:
    by_department: dict[str, list[str]] = {}
    for person in tenant.people.values():
        if person.department and person.user_type == "Member" and person.account_enabled:
            by_department.setdefault(person.department, []).append(person.id)
    partners = [
        person.id
        for person in tenant.people.values()
        if person.account_enabled and (person.job_title or "").endswith("Partner")
    ]
    everybody = [person.id for person in tenant.people.values() if person.address]
    rows = [
        ("Litigation Team", "litigation", "distribution", by_department["Litigation"]),
        ("Corporate Deals", "corporate.deals", "unified", by_department["Corporate"]),
        ("All Partners", "partners", "distribution", partners),
        ("Everybody", "everybody", "security", everybody),
    ]
    for name, login, kind, members in rows:
        address = f"{login}@{tenant.default_domain}"
        directory.add_group(
            Group(
                id=ids.stable_id(tenant.id, "group", login),
                tenant_id=tenant.id,
                name=name,
                address=address,
                kind=kind,
                member_ids=members,
                proxy_addresses=[f"SMTP:{address}"],
            )
        )


def _delegates(directory: Directory, tenant: Tenant) -> None:
    for assistant, partner, may_write, sees_private in people.DELEGATES:
        owner_id, other_id = ids.stable_id(tenant.id, partner), ids.stable_id(tenant.id, assistant)
        rights = DelegateRights(read=True, write=may_write, see_private=sees_private)
        directory.grant_delegate(owner_id, other_id, rights)


def _made_up_people(directory: Directory, tenant: Tenant, joined: datetime, scale: int) -> None:
    for number in range(1, scale + 1):
        login = f"fee.earner{number:05d}"
        address = f"{login}@{tenant.default_domain}"
        directory.add_person(
            Person(
                id=ids.stable_id(tenant.id, login),
                tenant_id=tenant.id,
                name=f"Fee Earner {number:05d}",
                address=address,
                upn=address,
                roles=["user"],
                created_at=joined,
                proxy_addresses=[f"SMTP:{address}"],
                job_title="Associate",
                department="Pool",
            )
        )
