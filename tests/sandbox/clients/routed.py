"""Real clients with their real addresses, rerouted at transport level to a sandbox."""

import time
import urllib.parse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msal
import requests
from azure.core.credentials import AccessToken
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.graph_request_adapter import options
from msgraph_core import GraphClientFactory
from O365 import Account, MSGraphProtocol
from O365.utils.token import MemoryTokenBackend
from requests.adapters import HTTPAdapter

from tests.support.sandbox import RunningSandbox

LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com"
opened: list[requests.Session] = []
"""Sessions to be closed after each test; the libraries leave them open."""


class ToSandbox(HTTPAdapter):
    """Sends requests for Microsoft's hosts to the sandbox, under their own Host header."""

    def __init__(self, base: str) -> None:
        self._base = urllib.parse.urlsplit(base)
        super().__init__()

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        target = urllib.parse.urlsplit(str(request.url))
        request.headers["Host"] = target.netloc
        request.url = urllib.parse.urlunsplit(
            (self._base.scheme, self._base.netloc, target.path, target.query, "")
        )
        return super().send(request, **more)


def routed(base: str, session: Any = None) -> Any:
    """A session whose requests to Microsoft end in the sandbox."""
    session = session or requests.Session()
    session.trust_env = False
    opened.append(session)
    for host in (LOGIN, GRAPH):
        session.mount(f"{host}/", ToSandbox(base))
    return session


def daemon(sandbox: RunningSandbox, **more: Any) -> msal.ConfidentialClientApplication:
    """The tracker's application, signing in with its secret."""
    return msal.ConfidentialClientApplication(
        sandbox.daemon_client_id,
        client_credential=sandbox.daemon_client_secret,
        authority=f"{LOGIN}/{sandbox.tenant_id}",
        http_client=routed(sandbox.url),
        **more,
    )


class MsalCredential:
    """What azure-core wants of a credential, answered by msal."""

    def __init__(self, app: msal.ConfidentialClientApplication) -> None:
        self._app = app

    def get_token(self, *scopes: str, claims: str | None = None, **_more: Any) -> AccessToken:
        result = self._app.acquire_token_for_client(list(scopes), claims_challenge=claims)
        return AccessToken(result["access_token"], int(time.time()) + result["expires_in"])


class Rewrite(httpx.AsyncHTTPTransport):
    """The same as ToSandbox, for httpx."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._port = urllib.parse.urlsplit(base).port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Host"] = request.url.host
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return await super().handle_async_request(request)


@asynccontextmanager
async def graph_sdk(sandbox: RunningSandbox) -> AsyncIterator[GraphServiceClient]:
    """Microsoft's SDK with app permissions."""
    transport = Rewrite(sandbox.url)
    http = httpx.AsyncClient(
        transport=transport, base_url=f"{GRAPH}/v1.0", timeout=30, trust_env=False
    )
    client = GraphClientFactory.create_with_default_middleware(options=options, client=http)
    provider = AzureIdentityAuthenticationProvider(
        MsalCredential(daemon(sandbox)), scopes=[f"{GRAPH}/.default"]
    )
    try:
        yield GraphServiceClient(request_adapter=GraphRequestAdapter(provider, client))
    finally:
        # The SDK wraps the transport and forgets to close what it wrapped.
        await transport.aclose()
        await http.aclose()


def o365_account(sandbox: RunningSandbox, mailbox: str) -> Account:
    """python-o365 with app permissions in one mailbox."""
    account = Account(
        (sandbox.daemon_client_id, sandbox.daemon_client_secret),
        auth_flow_type="credentials",
        tenant_id=sandbox.tenant_id,
        token_backend=MemoryTokenBackend(),
        main_resource=mailbox,
        requests_delay=0,
        protocol=MSGraphProtocol(timezone="UTC"),
    )
    connection = account.con
    connection._msal_client = daemon(sandbox, token_cache=connection.token_backend)
    account.authenticate()
    connection.session = routed(sandbox.url, connection.get_session(load_token=True))
    return account
