"""The little we ask the directory: people, and the tenant's own domains."""

from __future__ import annotations

import re
from typing import Any

from backend.adapters.graph_client import GraphClient, json_list, json_object
from backend.adapters.graph_errors import graph_error
from backend.adapters.odata import literal
from backend.domain.errors import RemoteAccessError, RemoteNotFoundError
from backend.domain.event import normalised_address
from backend.domain.ports import DirectoryPage, DirectoryUser, GroupPage

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FIELDS = "id,displayName,mail,userPrincipalName,proxyAddresses,accountEnabled"
_LISTED = f"{_FIELDS},userType,assignedPlans"
_PAGE = "200"
"""Graph gives up to 999; a page is stored in one transaction, which nobody should wait for."""


def verified_domains(client: GraphClient) -> tuple[str, ...]:
    """The tenant's verified domains, casefolded (Graph docs: organization)."""
    answer = client.call("GET", "/organization", params={"$select": "id,verifiedDomains"})
    organisations = [o for o in json_list(json_object(answer)) if isinstance(o, dict)]
    domains = [
        domain["name"].strip().casefold()
        for organisation in organisations
        for domain in organisation.get("verifiedDomains") or []
        if isinstance(domain, dict) and isinstance(domain.get("name"), str)
    ]
    return tuple(dict.fromkeys(domains))


def find_user(client: GraphClient, key: str) -> DirectoryUser | None:
    """A user by object id, mail address, alias or principal name (Graph docs: user)."""
    if _GUID.fullmatch(key.strip()):
        return _user_by_id(client, key.strip())
    address = normalised_address(key)
    found = [user for item in _users_with(client, address) if (user := _directory_user(item))]
    return next(
        (user for user in found if normalised_address(user.address) == address),
        found[0] if found else None,
    )


def list_users(client: GraphClient, link: str | None) -> DirectoryPage:
    """A page of the active users (Graph docs: list users); rooms have no active account."""
    if link is None:
        params = {
            "$filter": "accountEnabled eq true",
            "$select": _LISTED,
            "$top": _PAGE,
        }
        answer = client.call("GET", "/users", params=params)
    else:
        answer = client.follow(link, "/users", mailbox=None)
    if not answer.ok:
        raise graph_error(answer)
    body = json_object(answer)
    users = (_directory_user(item) for item in json_list(body))
    following = body.get("@odata.nextLink")
    return DirectoryPage(
        tuple(user for user in users if user is not None),
        None if following is None else client.own_link(following),
    )


def list_groups(client: GraphClient, link: str | None) -> GroupPage:
    """A page of the groups with an address: an attendee may be one, and nobody tells (M)."""
    if link is None:
        params = {
            "$filter": "mailEnabled eq true",
            "$select": "id,mail,proxyAddresses",
            "$top": _PAGE,
        }
        answer = client.call("GET", "/groups", params=params)
    else:
        answer = client.follow(link, "/groups", mailbox=None)
    if not answer.ok:
        raise graph_error(answer)
    body = json_object(answer)
    found = [address for item in json_list(body) for address in _addresses_of(item)]
    following = body.get("@odata.nextLink")
    return GroupPage(
        tuple(dict.fromkeys(found)), None if following is None else client.own_link(following)
    )


def _addresses_of(item: object) -> list[str]:
    if not isinstance(item, dict):
        return []
    proxies = item.get("proxyAddresses")
    given = [item.get("mail"), *(proxies if isinstance(proxies, list) else ())]
    return [normalised_address(text) for text in given if isinstance(text, str) and "@" in text]


def _user_by_id(client: GraphClient, oid: str) -> DirectoryUser | None:
    try:
        answer = client.call("GET", "/users/{user}", {"user": oid}, params={"$select": _FIELDS})
    except RemoteNotFoundError:
        return None
    except RemoteAccessError as error:
        if error.status == 404:
            return None
        raise
    return _directory_user(json_object(answer))


def _users_with(client: GraphClient, address: str) -> list[Any]:
    # A primary address carries SMTP:, an alias smtp:; whether Graph minds the case is unknown.
    conditions = [
        f"mail eq {literal(address)}",
        f"userPrincipalName eq {literal(address)}",
        *(
            f"proxyAddresses/any(p:p eq {literal(prefix + address)})"
            for prefix in ("smtp:", "SMTP:")
        ),
    ]
    answer = client.call(
        "GET",
        "/users",
        params={"$filter": " or ".join(conditions), "$select": _FIELDS, "$top": "5"},
    )
    return json_list(json_object(answer))


def _directory_user(item: object) -> DirectoryUser | None:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        return None
    proxies = item.get("proxyAddresses")
    return DirectoryUser(
        oid=item["id"].lower(),
        name=_text(item.get("displayName")),
        address=_text(item.get("mail")) or _text(item.get("userPrincipalName")),
        proxy_addresses=tuple(
            normalised_address(proxy)
            for proxy in (proxies if isinstance(proxies, list) else ())
            if isinstance(proxy, str) and proxy[:5].casefold() == "smtp:"
        ),
        enabled=item.get("accountEnabled") is not False,
        mail=_text(item.get("mail")),
        principal_name=_text(item.get("userPrincipalName")),
        is_guest=item.get("userType") == "Guest",
        has_mailbox_plan=_has_mailbox_plan(item.get("assignedPlans")),
    )


def _has_mailbox_plan(plans: object) -> bool | None:
    """Graph has no flag for a mailbox; an enabled plan of Exchange comes closest."""
    if not isinstance(plans, list):
        return None
    return any(
        isinstance(plan, dict)
        and plan.get("service") == "exchange"
        and plan.get("capabilityStatus") == "Enabled"
        for plan in plans
    )


def _text(value: object) -> str:
    return value.replace("\x00", "") if isinstance(value, str) else ""
