"""Orders of `POST /_sandbox/faults`: network faults, and switches of keys, consent, permissions."""

from collections.abc import Callable, Mapping
from typing import Any

from backend.sandbox.control import forms, policies
from backend.sandbox.control.faults import FaultFormError, fault_from_json
from backend.sandbox.control.forms import BadActError
from backend.sandbox.directory import Group, MailboxScope, Tenant
from backend.sandbox.graph.permissions import is_of_mailboxes
from backend.sandbox.notifications.model import LifecycleEvent
from backend.sandbox.sample import firms, ids
from backend.sandbox.world import World

MAX_ORDERS = 200


def add(world: World, orders: Any) -> list[dict[str, Any]]:
    """Carry out the orders, all or none; raises BadActError naming the first bad one."""
    if not isinstance(orders, list) or not all(isinstance(order, Mapping) for order in orders):
        raise BadActError("the body must be a list of faults")
    if len(orders) > MAX_ORDERS:
        raise BadActError(f"at most {MAX_ORDERS} faults at once")
    for position, order in enumerate(orders):
        try:
            if order.get("kind") in _SWITCHES:
                _read_switch(world, dict(order))
            else:
                fault_from_json(order, 0)
        except (BadActError, FaultFormError) as problem:
            raise BadActError(f"fault {position}: {problem}") from None
    return [_carry_out(world, dict(order)) for order in orders]


def shown(world: World) -> list[dict[str, Any]]:
    """The standing faults and the switches that differ from the sample."""
    items = [fault.as_json() for fault in world.faults.standing()]
    return items + policies.shown(world)


def _carry_out(world: World, order: dict[str, Any]) -> dict[str, Any]:
    if order.get("kind") in _SWITCHES:
        _read_switch(world, order)()
        return {"id": None, **order}
    return world.faults.add([order])[0].as_json()


def _read_switch(world: World, order: dict[str, Any]) -> Callable[[], None]:
    """Check the order and answer the act; nothing happens before it is called."""
    return _SWITCHES[order["kind"]](world, order)


def _keys(world: World, order: dict[str, Any]) -> Callable[[], None]:
    """`rotate: true`: sign with a new key; `keep_old: false` takes the old ones away."""
    forms.only(order, "kind", "rotate", "keep_old")
    if order.get("rotate") is not True:
        raise BadActError("rotate must be true")
    keep_old = order.get("keep_old", True)
    if not isinstance(keep_old, bool):
        raise BadActError("keep_old must be true or false")

    def act() -> None:
        world.keys.rotate(keep_old=keep_old)
        world.tokens.forget_callers()

    return act


def _consent(world: World, order: dict[str, Any]) -> Callable[[], None]:
    """`revoke: true` (all) or `scopes` (those); `revoke: false` gives the sample's back."""
    forms.only(order, "kind", "revoke", "scopes", "tenant", "client")
    revoke = order.get("revoke", True)
    if not isinstance(revoke, bool):
        raise BadActError("revoke must be true or false")
    scopes = forms.text_list(order, "scopes")
    tenants = _tenants(world, forms.text(order, "tenant"))
    client_id = forms.text(order, "client") or ids.API_CLIENT_ID

    def act() -> None:
        for tenant in tenants:
            granted = tenant.delegated_grants.setdefault(client_id, set())
            named = set(granted if scopes is None else scopes)
            if revoke:
                granted -= named
            else:
                granted |= set(firms.sample_scopes(client_id) if scopes is None else scopes)

    return act


def _permissions(world: World, order: dict[str, Any]) -> Callable[[], None]:
    """`app: [...]`: the application permissions the tracker has, and no others.

    `mailboxes` (people or groups) limits them to these: `by` is `rbac`, a grant of Exchange that
    is in no token, or `policy`, an access policy over what Entra granted.
    """
    forms.only(order, "kind", "app", "tenant", "client", "mailboxes", "by")
    wanted = forms.text_list(order, "app")
    if wanted is None:
        raise BadActError("app must be a list of permissions")
    tenants = _tenants(world, forms.text(order, "tenant"))
    client_id = forms.text(order, "client") or ids.DAEMON_CLIENT_ID
    by = forms.text(order, "by", "rbac")
    if by not in ("rbac", "policy"):
        raise BadActError("by must be rbac or policy")
    names = forms.text_list(order, "mailboxes")
    people = None if names is None else _people_behind(world, names)
    if people and order.get("tenant") is None:
        # Only the firms whose mailboxes are named are concerned.
        tenants = [tenant for tenant in tenants if people & set(tenant.people)]

    def act() -> None:
        for tenant in tenants:
            granted, of_mailboxes = set(wanted), {each for each in wanted if is_of_mailboxes(each)}
            tenant.mailbox_scopes.pop(client_id, None)
            if people is not None:
                by_exchange = frozenset(of_mailboxes) if by == "rbac" else None
                tenant.mailbox_scopes[client_id] = MailboxScope(people, by_exchange)
                granted -= of_mailboxes if by == "rbac" else set()
            tenant.app_permissions[client_id] = granted
        world.tokens.forget_callers()

    return act


def _people_behind(world: World, addresses: list[str]) -> frozenset[str]:
    """Object ids of the people at these addresses, members of groups included."""
    found: set[str] = set()
    for address in addresses:
        entry = world.directory.by_address(address)
        if entry is None:
            raise BadActError(f"there is nobody {address!r}")
        found.update(entry.member_ids if isinstance(entry, Group) else [entry.id])
    return frozenset(found)


def _lifecycle(world: World, order: dict[str, Any]) -> Callable[[], None]:
    """`event`: a lifecycle notification to every subscription, or to those in `user`'s mailbox."""
    forms.only(order, "kind", "event", "user", "match")
    events = {each.value: each for each in LifecycleEvent}
    event = events.get(forms.text(order, "event") or "")
    if event is None:
        raise BadActError(f"event must be one of {', '.join(events)}")
    match = order.get("match") or {}
    if not isinstance(match, Mapping) or set(match) - {"user"}:
        raise BadActError("match is an object of user")
    key = forms.text({**match, **order}, "user")
    owners = None if key is None else _people_behind(world, [key])

    def act() -> None:
        subscriptions = list(world.notifier.register)
        concerned = [each for each in subscriptions if owners is None or each.owner_id in owners]
        world.notifier.tell_lifecycle(event, concerned)

    return act


_SWITCHES: dict[str, Callable[[World, dict[str, Any]], Callable[[], None]]] = {
    "keys": _keys,
    "consent": _consent,
    "permissions": _permissions,
    "claims": policies.claims,
    "sessions": policies.sessions,
    "credentials": policies.credentials,
    "account": policies.account,
    "mailbox": policies.mailbox,
    "lifecycle": _lifecycle,
}


def _tenants(world: World, key: str | None) -> list[Tenant]:
    """The named tenant; without a name all registered ones, for tests rarely care which."""
    if key is None:
        return [tenant for tenant in world.directory.tenants.values() if tenant.registered]
    tenant = world.directory.tenant(key)
    if tenant is None:
        raise BadActError(f"there is no tenant {key!r}")
    return [tenant]
