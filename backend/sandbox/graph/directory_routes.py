"""Directory endpoints: me, users, groups, organization."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from backend.sandbox.directory import Group, Person, Tenant
from backend.sandbox.exchange.model import Json
from backend.sandbox.graph import odata, render
from backend.sandbox.graph.call import Answer, Call
from backend.sandbox.graph.errors import GraphError
from backend.sandbox.graph.paths import PathTable
from backend.sandbox.graph.permissions import (
    require_groups,
    require_organization,
    require_user_reading,
)

DEFAULT_PAGE = 100
LARGEST_PAGE = 999
_USER_DEFAULT = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
)
_USER_BASIC = frozenset(("id", "displayName", "givenName", "mail", "surname", "userPrincipalName"))
_ADVANCED = re.compile(r"\b(ne|not)\b|\bendswith\s*\(", re.IGNORECASE)
_BY_ADDRESS = re.compile(r"\s*(?:mail|userPrincipalName)\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)


def add_routes(table: PathTable) -> None:
    """Put the endpoints of the directory into the table; `/me` is rewritten to `/users/*`."""
    table.add("GET", "users", list_users)
    table.add("GET", "users/*", get_user)
    table.add("GET", "groups", list_groups)
    table.add("GET", "groups/*", get_group)
    for members in ("members", "transitivemembers"):
        table.add("GET", f"groups/*/{members}", list_members)
        table.add("GET", f"groups/*/{members}/user", list_members)
    table.add("GET", "organization", list_organization)
    table.add("GET", "organization/*", get_organization)


def list_users(call: Call) -> Answer:
    """The people of the tenant, in pages."""
    is_basic = require_user_reading(call, None)
    people = _candidates(call, _tenant(call))
    rows = [_reduced(render.person_json(person), is_basic) for person in people]
    return _page(call, rows, "users", _USER_DEFAULT)


def get_user(call: Call) -> Answer:
    """One person by object id or principal name."""
    person = call.world.directory.person(call.caller.tenant_id, call.keys[0])
    is_basic = require_user_reading(call, person)
    if person is None:
        raise _unknown(call.keys[0])
    row = _reduced(render.person_json(person), is_basic)
    chosen = render.selected(row, call.options.select or ("id", *_USER_DEFAULT))
    return Answer(200, {"@odata.context": call.context("users/$entity"), **chosen})


def list_groups(call: Call) -> Answer:
    """The groups of the tenant, in pages."""
    require_groups(call)
    rows = [render.group_json(group) for group in _tenant(call).groups.values()]
    return _page(call, rows, "groups", ())


def get_group(call: Call) -> Answer:
    """One group by object id."""
    require_groups(call)
    row = render.group_json(_group(call))
    if call.options.select:
        row = render.selected(row, call.options.select)
    return Answer(200, {"@odata.context": call.context("groups/$entity"), **row})


def list_members(call: Call) -> Answer:
    """The people in a group; transitive ones too if the path says so."""
    require_groups(call)
    group = _group(call)
    tenant = _tenant(call)
    is_transitive = any(segment.lower() == "transitivemembers" for segment in call.segments)
    people = _members(tenant, group, is_transitive=is_transitive, seen=set())
    rows = [
        {"@odata.type": "#microsoft.graph.user", **render.person_json(person)} for person in people
    ]
    return _page(call, rows, "directoryObjects", ("@odata.type", *_USER_DEFAULT))


def list_organization(call: Call) -> Answer:
    """The firm, as a list of one."""
    require_organization(call)
    rows = [render.organization_json(_tenant(call))]
    return _page(call, rows, "organization", ())


def get_organization(call: Call) -> Answer:
    """The firm by its tenant id."""
    require_organization(call)
    tenant = _tenant(call)
    if call.keys[0].lower() != tenant.id.lower():
        raise _unknown(call.keys[0])
    row = render.organization_json(tenant)
    if call.options.select:
        row = render.selected(row, call.options.select)
    return Answer(200, {"@odata.context": call.context("organization/$entity"), **row})


# --- inside -------------------------------------------------------------------------------------


def _tenant(call: Call) -> Tenant:
    return call.world.directory.tenants[call.caller.tenant_id]


def _candidates(call: Call, tenant: Tenant) -> Iterable[Person]:
    """Everybody, or just one person when the filter asks for an address, for speed."""
    match = _BY_ADDRESS.fullmatch(call.options.filter or "")
    if match is None:
        return tenant.people.values()
    person = call.world.directory.person(tenant.id, match[1].replace("''", "'"))
    return [person] if person is not None else []


def _group(call: Call) -> Group:
    group = _tenant(call).groups.get(call.keys[0].lower())
    if group is None:
        raise _unknown(call.keys[0])
    return group


def _members(tenant: Tenant, group: Group, *, is_transitive: bool, seen: set[str]) -> list[Person]:
    found: list[Person] = []
    for member_id in group.member_ids:
        if member_id in seen:
            continue
        seen.add(member_id)
        if member_id in tenant.people:
            found.append(tenant.people[member_id])
        elif is_transitive and member_id in tenant.groups:
            inner = tenant.groups[member_id]
            found.extend(_members(tenant, inner, is_transitive=True, seen=seen))
    return found


def _unknown(key: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key[:200]}' does not exist or one of its queried reference-property objects "
        "are not present.",
    )


def _reduced(row: Json, is_basic: bool) -> Json:
    if not is_basic:
        return row
    return {
        name: value if name in _USER_BASIC else ([] if isinstance(value, list) else None)
        for name, value in row.items()
    }


def _page(call: Call, rows: list[Json], what: str, default: Sequence[str]) -> Answer:
    options = call.options
    _refuse_simple_use_of_advanced(call)
    kept = odata.ordered(odata.filtered(rows, options.filter), options.orderby)
    size = min(DEFAULT_PAGE if options.top is None else options.top, LARGEST_PAGE)
    if size == 0:
        raise GraphError(400, "Request_UnsupportedQuery", "Invalid page size specified: '0'.")
    begin = _skip_token(options)
    names = options.select or tuple(default)
    if "@odata.type" in default and options.select:
        names = ("@odata.type", *names)
    shown = kept[begin : begin + size]
    context = f"{what}({','.join(options.select)})" if options.select else what
    body: Json = {"@odata.context": call.context(context)}
    if options.count:
        body["@odata.count"] = len(kept)
    if begin + size < len(kept):
        body["@odata.nextLink"] = call.next_link(begin + size, "$skiptoken")
    body["value"] = [render.selected(row, names) if names else row for row in shown]
    return Answer(200, body)


def _skip_token(options: odata.Options) -> int:
    token = options.raw.get("$skiptoken")
    if token is None:
        return 0
    if not (token.isascii() and token.isdigit()) or len(token) > 9:
        raise GraphError(400, "Directory_ExpiredPageToken", "The page token is not valid.")
    return int(token)


def _refuse_simple_use_of_advanced(call: Call) -> None:
    """Graph docs, advanced queries: some filters need ConsistencyLevel and $count."""
    options = call.options
    if "$skip" in options.raw:
        raise GraphError(400, "Request_UnsupportedQuery", "'$skip' is not supported.")
    is_eventual = call.headers.get("consistencylevel", "").lower() == "eventual"
    text = re.sub(r"'(?:[^']|'')*'", "''", options.filter or "")
    if _ADVANCED.search(text) and not (is_eventual and options.count):
        raise GraphError(
            400,
            "Request_UnsupportedQuery",
            "Unsupported query: it needs the header ConsistencyLevel: eventual and $count=true.",
        )
    if options.count and not is_eventual:
        # Without the header Graph leaves the count out instead of refusing.
        call.options = odata.Options(options.raw, options.select, options.top, options.skip)
