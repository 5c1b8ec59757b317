"""Where each Microsoft cloud lives, and how its addresses reach a stand-in during tests and demos.

Clients keep Microsoft's own https addresses, as MSAL insists on them; only the transport leads
elsewhere. Knows nothing about what is said to those addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

from backend.adapters.transport import BoundedAdapter


@dataclass(frozen=True, slots=True)
class Cloud:
    """One of Microsoft's separate clouds (Graph docs: national cloud deployments)."""

    name: str
    login_root: str
    graph_root: str
    has_master_categories: bool = True

    @property
    def scope(self) -> str:
        """What to ask Entra for: everything already agreed to for Graph."""
        return f"{self.graph_root}/.default"


GLOBAL = Cloud("global", "https://login.microsoftonline.com", "https://graph.microsoft.com")

CLOUDS: Mapping[str, Cloud] = {
    cloud.name: cloud
    for cloud in (
        GLOBAL,
        Cloud("us_gov_l4", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
        Cloud("us_gov_l5", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        Cloud(
            "china",
            "https://login.partner.microsoftonline.cn",
            "https://microsoftgraph.chinacloudapi.cn",
            has_master_categories=False,
        ),
    )
}

LOGIN_ROOTS = frozenset(
    {cloud.login_root for cloud in CLOUDS.values()} | {"https://login.chinacloudapi.cn"}
)
GRAPH_ROOTS = frozenset(cloud.graph_root for cloud in CLOUDS.values())


class RerouteAdapter(BoundedAdapter):
    """Sends what is addressed to Microsoft to ``base`` instead; the ``Host`` header stays."""

    def __init__(self, base: str, *, pool_size: int = 32) -> None:
        self._base = urlsplit(base)
        super().__init__(pool_size=pool_size)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        url = urlsplit(str(request.url))
        request.headers["Host"] = url.netloc
        path = self._base.path.rstrip("/") + url.path
        request.url = urlunsplit((self._base.scheme, self._base.netloc, path, url.query, ""))
        return super().send(request, **kwargs)


def reroute(
    session: requests.Session, *, graph_url: str, login_url: str, pool_size: int = 32
) -> None:
    """Lead Microsoft's hosts to ``graph_url`` and ``login_url`` where these name other hosts."""
    for base, roots in ((graph_url, GRAPH_ROOTS), (login_url, LOGIN_ROOTS)):
        if is_microsofts(base):
            continue
        adapter = RerouteAdapter(base, pool_size=pool_size)
        for root in sorted(roots):
            session.mount(f"{root}/", adapter)


def is_microsofts(url: str) -> bool:
    """Whether the address is one of Microsoft's own, so that nothing needs rerouting."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower() in LOGIN_ROOTS | GRAPH_ROOTS


def at_public_address(url: str, login_url: str) -> str:
    """``url`` with scheme and host of ``login_url``: the form of an Entra page a browser can open.

    Nothing changes when ``login_url`` is Microsoft's own.
    """
    if is_microsofts(login_url):
        return url
    base = urlsplit(login_url)
    parts = urlsplit(url)
    path = base.path.rstrip("/") + parts.path
    return urlunsplit((base.scheme, base.netloc, path, parts.query, parts.fragment))
