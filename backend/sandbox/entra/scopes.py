"""Scope strings: which resource they name and which permissions of it."""

from dataclasses import dataclass

from backend.sandbox.entra.clouds import CLOUDS, Cloud
from backend.sandbox.entra.errors import EntraError
from backend.sandbox.entra.registrations import AppRegistration
from backend.sandbox.sample import ids

OIDC_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
GRAPH_URLS = frozenset(f"https://{host}" for cloud in CLOUDS for host in cloud.graph_hosts)
GRAPH_AUDIENCES = frozenset({ids.GRAPH_APP_ID, *GRAPH_URLS, *(f"{url}/" for url in GRAPH_URLS)})


@dataclass(frozen=True, slots=True)
class ScopeRequest:
    """What one `scope` parameter asks for.

    `resource` is None for Graph, else the application asked for; `wants_default` stands for
    `.default`; `as_sent` maps each permission to the spelling of the request.
    """

    resource: AppRegistration | None
    permissions: frozenset[str]
    wants_default: bool
    oidc: frozenset[str]
    as_sent: dict[str, str]
    prefix: str

    @property
    def is_for_graph(self) -> bool:
        """Whether the token will be one for Graph."""
        return self.resource is None


def parse_scopes(
    text: str, apps: dict[str, AppRegistration], cloud: Cloud | None = None
) -> ScopeRequest:
    """Read a `scope` parameter; without a `cloud` the Graph of any of them will do.

    Raises EntraError 70011 for an unknown resource, 500011 for another cloud's Graph, 28000 for
    more than one resource, 28002 for a scope that the resource does not have.
    """
    words = text.split()
    oidc = frozenset(word for word in words if word.casefold() in OIDC_SCOPES)
    prefixes: set[str] = set()
    as_sent: dict[str, str] = {}
    for word in words:
        if word in oidc:
            continue
        prefix, _, name = word.rpartition("/")
        prefixes.add(_resource_key(prefix, cloud))
        as_sent[name] = word
    if len(prefixes) > 1:
        raise EntraError(28000, "invalid_scope")
    key = prefixes.pop() if prefixes else ids.GRAPH_URL
    resource = None if key == ids.GRAPH_URL else _application(key, apps)
    wants_default = ".default" in as_sent
    permissions = frozenset(name for name in as_sent if name != ".default")
    if wants_default and permissions:
        raise EntraError(70011, "invalid_scope", ".default cannot be combined with other scopes.")
    if "" in permissions:
        raise EntraError(70011, "invalid_scope")
    if resource is not None and permissions - resource.exposed_scopes:
        raise EntraError(28002, "invalid_scope")
    prefix = _sent_prefix(as_sent, resource)
    return ScopeRequest(resource, permissions, wants_default, oidc, as_sent, prefix)


def granted_text(request: ScopeRequest, granted: frozenset[str]) -> str:
    """The `scope` of the answer: what was granted, in the spelling of the request."""
    words = [request.as_sent.get(name, f"{request.prefix}{name}") for name in sorted(granted)]
    if request.wants_default:
        words.append(request.as_sent[".default"])
    return " ".join([*words, *sorted(request.oidc - {"offline_access"})])


def _resource_key(prefix: str, cloud: Cloud | None) -> str:
    # "https://graph.microsoft.com//.default" is legal: the resource itself ends with a slash.
    bare = prefix.rstrip("/")
    hosts = [host for each in CLOUDS if cloud in (None, each) for host in each.graph_hosts]
    if bare in ("", ids.GRAPH_APP_ID) or bare.removeprefix("https://") in hosts:
        return ids.GRAPH_URL
    if bare in GRAPH_AUDIENCES:
        raise EntraError(500011, "invalid_resource", f"'{bare}' belongs to another cloud.")
    return prefix


def _application(key: str, apps: dict[str, AppRegistration]) -> AppRegistration:
    for app in apps.values():
        if key.casefold() in {name.casefold() for name in app.audiences}:
            return app
    raise EntraError(70011, "invalid_scope", "The resource is unknown.")


def _sent_prefix(as_sent: dict[str, str], resource: AppRegistration | None) -> str:
    for word in as_sent.values():
        prefix, slash, _ = word.rpartition("/")
        return f"{prefix}{slash}"
    return "" if resource is None else f"{resource.app_id_uri or resource.client_id}/"
