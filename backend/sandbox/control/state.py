"""What the control plane tells about the sandbox: tenants, people, clients, settings, CRM seed."""

from datetime import datetime
from typing import Any

from backend.sandbox.directory import Person, Tenant
from backend.sandbox.sample import ids
from backend.sandbox.world import World

SHOWN_DELIVERIES = 100


def state_json(world: World) -> dict[str, Any]:
    """The sample firm at the top, all three tenants in the same shape below."""
    tenants = [tenant_json(world, tenant) for tenant in world.directory.tenants.values()]
    sample = next(item for item in tenants if item["tenant_id"] == ids.LAW_FIRM_TENANT_ID)
    return {**sample, "tenants": tenants}


def tenant_json(world: World, tenant: Tenant) -> dict[str, Any]:
    """One tenant with the people who can sign in, its rooms, groups and applications."""
    everybody = tenant.people.values()
    return {
        "tenant_id": tenant.id,
        "name": tenant.name,
        "registered": tenant.registered,
        "domains": [domain.name for domain in tenant.domains],
        "now": time_text(world.clock()),
        "clients": _clients(),
        "people": [person_json(person) for person in everybody if person.purpose == "user"],
        "rooms": [person_json(person) for person in everybody if person.purpose != "user"],
        "groups": [
            {
                "id": group.id,
                "name": group.name,
                "address": group.address,
                "kind": group.kind,
                "members": len(group.member_ids),
            }
            for group in tenant.groups.values()
        ],
        "delegates": [
            {
                "owner": world.directory.tenants[tenant.id].people[owner_id].address,
                "delegate": world.directory.tenants[tenant.id].people[other_id].address,
                "write": rights.write,
                "see_private": rights.see_private,
            }
            for (owner_id, other_id), rights in world.directory.delegations.items()
            if owner_id in tenant.people
        ],
    }


def person_json(person: Person) -> dict[str, Any]:
    """One line of `people`; somebody without an e-mail address has an empty one."""
    return {
        "id": person.id,
        "name": person.name,
        "address": person.address,
        "upn": person.upn,
        "roles": person.roles,
        "mailbox": person.has_mailbox,
        "enabled": person.account_enabled,
        "guest": person.user_type == "Guest",
        "purpose": person.purpose,
        "job_title": person.job_title,
        "department": person.department,
    }


def settings_json(world: World) -> dict[str, Any]:
    """What the Outlook-like page has to know."""
    return {
        "pane_url": world.settings.pane_url,
        "api_client_id": ids.API_CLIENT_ID,
        "api_scope": f"{ids.API_ID_URI}/{ids.API_SCOPE}",
        "addin_client_id": ids.ADDIN_CLIENT_ID,
        "tenant_id": ids.LAW_FIRM_TENANT_ID,
        "personality": world.personality.as_json(),
        "now": time_text(world.clock()),
    }


def subscriptions_json(world: World) -> dict[str, Any]:
    """All subscriptions with their owners and tallies, the last deliveries, the slow hosts."""
    notifier = world.notifier
    items = []
    for subscription in notifier.register:
        owner = world.directory.person_by_id(subscription.owner_id)
        items.append(
            subscription.as_json()
            | {
                "mailbox": owner.address if owner else None,
                "immutable_ids": subscription.immutable_ids,
                "delivered": subscription.tally.delivered,
                "failed_attempts": subscription.tally.failed_attempts,
                "dropped": subscription.tally.dropped,
            }
        )
    return {
        "items": items,
        "waiting": notifier.waiting,
        "deliveries": list(notifier.deliveries)[-SHOWN_DELIVERIES:],
        "hosts": notifier.endpoints.as_json(world.clock()),
    }


def time_text(at: datetime) -> str:
    """RFC 3339 in UTC with Z, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clients() -> dict[str, dict[str, str]]:
    return {
        "addin": {"client_id": ids.ADDIN_CLIENT_ID},
        "api": {
            "client_id": ids.API_CLIENT_ID,
            "client_secret": ids.API_CLIENT_SECRET,
            "app_id_uri": ids.API_ID_URI,
            "scope": ids.API_SCOPE,
        },
        "daemon": {
            "client_id": ids.DAEMON_CLIENT_ID,
            "client_secret": ids.DAEMON_CLIENT_SECRET,
            "expired_client_secret": ids.DAEMON_EXPIRED_SECRET,
        },
    }
