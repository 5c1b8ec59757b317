"""Orders of `POST /_sandbox/faults` about policies: claims, sessions, accounts, mailboxes."""

from collections.abc import Callable
from typing import Any

from backend.sandbox.control import forms
from backend.sandbox.control.forms import BadActError
from backend.sandbox.control.tokens import CLIENTS
from backend.sandbox.directory import MAILBOX_STATES, MailboxState, Person
from backend.sandbox.entra.policies import DEFAULT_DENIAL, DENIALS
from backend.sandbox.notifications.model import LifecycleEvent
from backend.sandbox.world import World

ACCOUNT_STATES = ("disabled", "enabled", "password_reset")
Act = Callable[[], None]


def claims(world: World, order: dict[str, Any]) -> Act:
    """`acrs: "c1"`: this authentication context is asked for until a token has it.

    `at` is `login` (on-behalf-of, refused with AADSTS `number`) or `graph` (claims challenge).
    """
    forms.only(order, "kind", "acrs", "at", "number")
    context, place = forms.text(order, "acrs", "c1"), forms.text(order, "at", "login")
    number = forms.number(order, "number", DEFAULT_DENIAL)
    if not context:
        raise BadActError("acrs must be the name of an authentication context")
    if place not in ("login", "graph"):
        raise BadActError("at must be login or graph")
    if number not in DENIALS:
        raise BadActError(f"number must be one of {', '.join(map(str, sorted(DENIALS)))}")

    def act() -> None:
        policies = world.policies
        (policies.login_acrs if place == "login" else policies.graph_acrs).add(context)
        policies.denial = int(number)
        world.tokens.forget_callers()

    return act


def sessions(world: World, order: dict[str, Any]) -> Act:
    """`revoke: true`, `user`: what was issued to that person so far counts no longer."""
    forms.only(order, "kind", "revoke", "user")
    if order.get("revoke") is not True:
        raise BadActError("revoke must be true")
    person = _person(world, order)

    def act() -> None:
        world.policies.revoked[person.id] = world.clock()
        world.tokens.forget_callers()

    return act


def credentials(world: World, order: dict[str, Any]) -> Act:
    """`expire: "secrets"|"certificates"`, `client`: they have expired."""
    forms.only(order, "kind", "expire", "client")
    what = forms.text(order, "expire")
    if what not in ("secrets", "certificates"):
        raise BadActError("expire must be secrets or certificates")
    wanted = forms.text(order, "client", "daemon") or "daemon"
    app = world.apps.get(CLIENTS.get(wanted, wanted))
    if app is None:
        raise BadActError(f"there is no application {wanted!r}")

    def act() -> None:
        if what == "secrets":
            app.secrets_expired = True
        else:
            app.certificates_expired = True

    return act


def mailbox(world: World, order: dict[str, Any]) -> Act:
    """`user`, `state`: what Graph says of that mailbox; `ready` is as before."""
    forms.only(order, "kind", "user", "state")
    person, state = _person(world, order), forms.text(order, "state")
    if state not in MAILBOX_STATES:
        raise BadActError(f"state must be one of {', '.join(MAILBOX_STATES)}")

    def act() -> None:
        world.directory.mailbox_states[person.id] = MailboxState(state)

    return act


def account(world: World, order: dict[str, Any]) -> Act:
    """`user`, `state`: the account is `disabled`, `enabled` again, or has its `password_reset`.

    The first and the last end sessions, and remove the subscriptions that were made with the
    person's tokens; those of applications stay (Graph docs: lifecycle notifications).
    """
    forms.only(order, "kind", "user", "state")
    person, state = _person(world, order), forms.text(order, "state")
    if state not in ACCOUNT_STATES:
        raise BadActError(f"state must be one of {', '.join(ACCOUNT_STATES)}")

    def act() -> None:
        world.tokens.forget_callers()
        if state == "enabled":
            world.policies.disabled.discard(person.id)
            person.account_enabled = True
            return
        if state == "disabled":
            if person.account_enabled:
                world.policies.disabled.add(person.id)
            person.account_enabled = False
        world.policies.revoked[person.id] = world.clock()
        of_person = [each for each in world.notifier.register if each.user_id == person.id]
        world.notifier.tell_lifecycle(LifecycleEvent.REMOVED, of_person)

    return act


def shown(world: World) -> list[dict[str, Any]]:
    """What of this stands."""
    policies, items = world.policies, list[dict[str, Any]]()
    for place, contexts in (("login", policies.login_acrs), ("graph", policies.graph_acrs)):
        if contexts:
            items.append({"kind": "claims", "at": place, "acrs": sorted(contexts)})
    for person_id in policies.revoked:
        items.append({"kind": "sessions", "revoke": True, "user": _address(world, person_id)})
    for person_id in policies.disabled:
        user = _address(world, person_id)
        items.append({"kind": "account", "state": "disabled", "user": user})
    for app in world.apps.values():
        for what in ("secrets", "certificates"):
            if getattr(app, f"{what}_expired"):
                items.append({"kind": "credentials", "expire": what, "client": app.client_id})
    for tenant in world.directory.tenants.values():
        for client_id, scope in tenant.mailbox_scopes.items():
            mailboxes = sorted(_address(world, each) for each in scope.person_ids)
            by = "policy" if scope.permissions is None else "rbac"
            where = {"tenant": tenant.id, "client": client_id}
            items.append({"kind": "permissions", "by": by, "mailboxes": mailboxes, **where})
    for person_id, state in world.directory.mailbox_states.items():
        user = _address(world, person_id)
        items.append({"kind": "mailbox", "user": user, "state": state.name})
    return items


def _person(world: World, order: dict[str, Any]) -> Person:
    key = forms.text(order, "user") or ""
    for tenant_id in world.directory.tenants:
        person = world.directory.person(tenant_id, key)
        if person is not None:
            return person
    raise BadActError(f"there is nobody {key!r}")


def _address(world: World, person_id: str) -> str:
    person = world.directory.person_by_id(person_id)
    return person.address if person else person_id
