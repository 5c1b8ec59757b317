"""Microsoft's addresses stay in every client; only the transport leads to a stand-in."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest

from backend.adapters.http import Http
from backend.adapters.routing import CLOUDS, at_public_address, reroute
from backend.adapters.transport import new_session
from tests.adapters import loopback

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "address",
    [
        "https://graph.microsoft.com/v1.0/organization?$select=id%20x",
        "https://login.microsoftonline.com/common/discovery/v2.0/keys",
        "https://graph.microsoft.us/v1.0/me",
        "https://dod-graph.microsoft.us/v1.0/me",
        "https://login.chinacloudapi.cn/common/oauth2/v2.0/token",
    ],
)
def test_a_call_to_microsoft_reaches_the_stand_in_with_its_own_host_name(address: str) -> None:
    heads: list[bytes] = []

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with loopback.peer(script, heads=heads) as url:
        session = new_session()
        reroute(session, graph_url=url, login_url=url)
        http = Http(session, clock=lambda: NOON)
        answer = http.request("GET", address, system="graph", path="/")

    host, _, rest = address.removeprefix("https://").partition("/")
    assert answer.ok
    assert heads[0].startswith(f"GET /{rest} HTTP/1.1\r\n".encode())
    assert f"Host: {host}\r\n".encode() in heads[0]


def test_nothing_is_rerouted_when_the_settings_name_microsoft() -> None:
    session = new_session()
    adapters = dict(session.adapters)

    reroute(
        session,
        graph_url="https://graph.microsoft.com",
        login_url="https://login.microsoftonline.com/",
    )

    assert dict(session.adapters) == adapters


def test_graph_alone_may_be_rerouted() -> None:
    session = new_session()

    reroute(
        session,
        graph_url="http://127.0.0.1:8001",
        login_url="https://login.microsoftonline.com",
    )

    assert "https://graph.microsoft.com/" in session.adapters
    assert "https://login.microsoftonline.com/" not in session.adapters


def test_each_cloud_asks_for_its_own_graph() -> None:
    scopes = {name: cloud.scope for name, cloud in CLOUDS.items()}

    assert scopes == {
        "global": "https://graph.microsoft.com/.default",
        "us_gov_l4": "https://graph.microsoft.us/.default",
        "us_gov_l5": "https://dod-graph.microsoft.us/.default",
        "china": "https://microsoftgraph.chinacloudapi.cn/.default",
    }


def test_a_browser_gets_the_stand_ins_address_and_in_production_microsofts() -> None:
    address = "https://login.microsoftonline.com/t/oauth2/v2.0/authorize?a=1&b=2"

    assert at_public_address(address, "http://localhost:8001") == (
        "http://localhost:8001/t/oauth2/v2.0/authorize?a=1&b=2"
    )
    assert at_public_address(address, "https://login.microsoftonline.com") == address
