"""`POST /_sandbox/tokens`: a token as the add-in would get it, without a sign-in page."""

from typing import Any

from backend.sandbox.control import forms
from backend.sandbox.control.forms import BadActError
from backend.sandbox.directory import Person, Tenant
from backend.sandbox.entra.errors import EntraError
from backend.sandbox.entra.grants import asked_acrs, declares_cp1
from backend.sandbox.entra.tokens import Client, Extras
from backend.sandbox.sample import ids
from backend.sandbox.world import World

LONGEST_LIFETIME_SECONDS = 10 * 366 * 24 * 3600
CLIENTS = {
    "addin": ids.ADDIN_CLIENT_ID,
    "api": ids.API_CLIENT_ID,
    "daemon": ids.DAEMON_CLIENT_ID,
    "office": ids.OFFICE_CLIENT_ID,
}
MEMBERS = (
    "user", "audience", "scopes", "lifetime", "tenant", "app", "client", "claims", "id_token",
    "nonce",
)  # fmt: skip


def issue(world: World, form: dict[str, Any]) -> dict[str, Any]:
    """The answer of the act: `access_token` and what a token endpoint says of it.

    On top of the contract: `client` (addin, api, daemon, office or a client id), `claims` (a
    challenge that counts as met), `id_token: true` with `nonce`. Raises BadActError.
    """
    forms.only(form, *MEMBERS)
    audience = forms.text(form, "audience", "api")
    if audience not in ("api", "graph"):
        raise BadActError("audience must be api or graph")
    lifetime = forms.number(form, "lifetime", float(world.tokens.new_lifetime()))
    if lifetime is None or abs(lifetime) > LONGEST_LIFETIME_SECONDS:
        raise BadActError("lifetime must be a number of seconds within ten years")
    scopes = forms.text_list(form, "scopes")
    tenant = _tenant(world, forms.text(form, "tenant"))
    if forms.flag(form, "app"):
        return _app_only(world, form, audience, lifetime, tenant, scopes)
    person = _person(world, forms.text(form, "user"), tenant)
    answer = _of_person(world, form, audience, lifetime, person, scopes)
    if forms.flag(form, "id_token"):
        client_id = _client_id(form, "addin")
        nonce = forms.text(form, "nonce")
        answer["id_token"] = world.tokens.id_token(person, Client(client_id), nonce, lifetime)
    return answer


def _of_person(
    world: World,
    form: dict[str, Any],
    audience: str,
    lifetime: float,
    person: Person,
    wanted: list[str] | None,
) -> dict[str, Any]:
    if audience == "graph":
        client_id = _client_id(form, "api")
        consented = world.directory.tenants[person.tenant_id].delegated_grants.get(client_id, set())
        scopes = frozenset(consented if wanted is None else wanted)
        token = world.tokens.for_graph(
            person, Client(client_id, "1"), scopes, lifetime, _extras(form)
        )
    else:
        scopes = frozenset([ids.API_SCOPE] if wanted is None else wanted)
        client = Client(_client_id(form, "addin"))
        token = world.tokens.for_api(person, client, scopes, lifetime, _extras(form))
    return _answer(token, lifetime) | {"scope": " ".join(sorted(scopes))}


def _app_only(
    world: World,
    form: dict[str, Any],
    audience: str,
    lifetime: float,
    tenant: Tenant | None,
    wanted: list[str] | None,
) -> dict[str, Any]:
    user = forms.text(form, "user")
    if tenant is None:
        tenant_id = _person(world, user, None).tenant_id if user else ids.LAW_FIRM_TENANT_ID
        tenant = world.directory.tenants[tenant_id]
    client = Client(_client_id(form, "daemon"), "1")
    if audience == "api":
        return _answer(world.tokens.for_api_app_only(tenant.id, client, lifetime), lifetime)
    granted = tenant.app_permissions.get(client.client_id, set())
    permissions = frozenset(granted if wanted is None else wanted)
    token = world.tokens.for_graph_app_only(tenant.id, client, permissions, lifetime)
    return _answer(token, lifetime)


def _answer(token: str, lifetime: float) -> dict[str, Any]:
    return {"access_token": token, "token_type": "Bearer", "expires_in": int(lifetime)}


def _extras(form: dict[str, Any]) -> Extras:
    claims = forms.text(form, "claims")
    try:
        return Extras(asked_acrs(claims), declares_cp1(claims))
    except EntraError:
        raise BadActError("claims must be the JSON text of a claims challenge") from None


def _client_id(form: dict[str, Any], default: str) -> str:
    wanted = forms.text(form, "client", default) or default
    return CLIENTS.get(wanted, wanted)


def _tenant(world: World, key: str | None) -> Tenant | None:
    if key is None:
        return None
    tenant = world.directory.tenant(key)
    if tenant is None:
        raise BadActError(f"there is no tenant {key!r}")
    return tenant


def _person(world: World, key: str | None, tenant: Tenant | None) -> Person:
    if not key:
        raise BadActError("user must be an address, a principal name or an id")
    tenants = [tenant] if tenant else list(world.directory.tenants.values())
    for candidate in tenants:
        person = world.directory.person(candidate.id, key)
        if person is not None:
            return person
    where = f" in {tenant.name}" if tenant else ""
    raise BadActError(f"there is nobody {key!r}{where}")
