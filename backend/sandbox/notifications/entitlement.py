"""Whether a subscriber may still read the mailbox: Graph asks at every delivery, not only once."""

from __future__ import annotations

from backend.sandbox.directory import Directory, Tenant
from backend.sandbox.notifications.model import Subscription

_READING = frozenset(("Calendars.Read", "Calendars.ReadWrite"))


def is_entitled(directory: Directory, subscription: Subscription) -> bool:
    """Whether consent, grants and policies of the tenant still allow what was subscribed to."""
    tenant = directory.tenants.get(subscription.tenant_id)
    if tenant is None or subscription.owner_id not in tenant.people:
        return False
    if subscription.user_id is None:
        return bool(_of_app(tenant, subscription) & _READING)
    granted = tenant.delegated_grants.get(subscription.app)
    # Tokens of tests may belong to applications that nobody had to consent to.
    return granted is None or bool(granted & _READING)


def _of_app(tenant: Tenant, subscription: Subscription) -> set[str]:
    granted = tenant.app_permissions.get(subscription.app, set())
    scope = tenant.mailbox_scopes.get(subscription.app)
    if scope is None:
        return granted
    is_inside = subscription.owner_id in scope.person_ids
    if scope.permissions is None:
        return granted if is_inside else set()
    return granted | (scope.permissions if is_inside else frozenset())
