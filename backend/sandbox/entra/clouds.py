"""Microsoft's clouds: which hosts belong together (Graph docs: national cloud deployments).

The sandbox is the cloud whose host name a client sends; without one it is the global cloud.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """The hosts of one cloud; the first login host and the first Graph host are its own names.

    `lacks` are the last segments of Graph paths that this cloud does not have.
    """

    name: str
    login_hosts: tuple[str, ...]
    graph_hosts: tuple[str, ...]
    sts_host: str
    instance_name: str
    lacks: frozenset[str] = frozenset()

    @property
    def login_url(self) -> str:
        """Root of the login host, as it is in issuers."""
        return f"https://{self.login_hosts[0]}"

    @property
    def graph_url(self) -> str:
        """Root of the Graph host, the audience of tokens for it."""
        return f"https://{self.graph_hosts[0]}"

    @property
    def issuer_template(self) -> str:
        """Issuer of v2 tokens, with `{tenantid}` to be filled in."""
        return f"{self.login_url}/{{tenantid}}/v2.0"

    @property
    def v1_issuer_template(self) -> str:
        """Issuer of v1 tokens."""
        return f"https://{self.sts_host}/{{tenantid}}/"


GLOBAL = Cloud(
    "global",
    (
        "login.microsoftonline.com",
        "login.windows.net",
        "login.microsoft.com",
        "sts.windows.net",
    ),
    ("graph.microsoft.com",),
    "sts.windows.net",
    "microsoftonline.com",
)
US_GOVERNMENT = Cloud(
    "us_government",
    ("login.microsoftonline.us", "login.usgovcloudapi.net"),
    ("graph.microsoft.us", "dod-graph.microsoft.us"),
    "sts.windows.net",
    "microsoftonline.us",
    frozenset({"translateexchangeids"}),
)
CHINA = Cloud(
    "china",
    ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"),
    ("microsoftgraph.chinacloudapi.cn",),
    "sts.chinacloudapi.cn",
    "partner.microsoftonline.cn",
    frozenset({"mastercategories"}),
)
CLOUDS = (GLOBAL, US_GOVERNMENT, CHINA)
_BY_HOST = {host: cloud for cloud in CLOUDS for host in (*cloud.login_hosts, *cloud.graph_hosts)}


def cloud_of(host: str) -> Cloud | None:
    """The cloud that a Host header names; None for a host that is not Microsoft's."""
    return _BY_HOST.get(host.split(":", maxsplit=1)[0].casefold())
