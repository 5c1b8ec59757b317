"""App registrations: client ids, credentials, redirect addresses, exposed scopes and app roles."""

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from backend.sandbox.sample import ids


@dataclass(frozen=True, slots=True)
class Secret:
    """A client secret; one without an end never expires."""

    value: str
    expires_at: datetime | None = None


@dataclass(slots=True)
class AppRegistration:
    """One application as Entra knows it.

    `redirect_uris` are compared exactly, but for loopback ones whose port is free (Entra docs:
    redirect URI restrictions). `certificates` are DER bytes by SHA-256 thumbprint.
    """

    client_id: str
    name: str
    is_public: bool = False
    secrets: list[Secret] = field(default_factory=list)
    certificates: dict[str, bytes] = field(default_factory=dict)
    redirect_uris: list[str] = field(default_factory=list)
    app_id_uri: str | None = None
    exposed_scopes: frozenset[str] = frozenset()
    preauthorised_clients: frozenset[str] = frozenset()
    secrets_expired: bool = False
    certificates_expired: bool = False

    def allows_redirect(self, uri: str) -> bool:
        """Whether an answer of `authorize` may be sent to this address."""
        return any(_same_redirect(registered, uri) for registered in self.redirect_uris)

    @property
    def audiences(self) -> frozenset[str]:
        """Every `aud` that means this application."""
        return frozenset({self.client_id, self.app_id_uri or self.client_id})


def _same_redirect(registered: str, given: str) -> bool:
    if registered == given:
        return True
    try:
        want, have = urlsplit(registered), urlsplit(given)
        # Reading the port raises where it is no number.
        port_is_sound = have.port is None or have.port > 0
    except ValueError:
        return False
    if not (is_loopback(want.hostname) and is_loopback(have.hostname) and port_is_sound):
        return False
    has_extras = have.username is not None or have.query or have.fragment
    return not has_extras and (want.scheme, want.path) == (have.scheme, have.path)


def is_loopback(host: str | None) -> bool:
    """Whether the host name means this very machine."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sample_registrations(expired_at: datetime) -> dict[str, AppRegistration]:
    """The registrations every sandbox starts with; `expired_at` ends the daemon's old secret."""
    addin = AppRegistration(
        client_id=ids.ADDIN_CLIENT_ID,
        name="Calendar Sync add-in",
        is_public=True,
        redirect_uris=["http://localhost/taskpane/", "http://localhost/taskpane/signin.html"],
    )
    api = AppRegistration(
        client_id=ids.API_CLIENT_ID,
        name="Calendar Sync",
        secrets=[Secret(ids.API_CLIENT_SECRET)],
        redirect_uris=["http://localhost/auth/callback"],
        app_id_uri=ids.API_ID_URI,
        exposed_scopes=frozenset({ids.API_SCOPE}),
        preauthorised_clients=frozenset(
            {ids.ADDIN_CLIENT_ID, ids.API_CLIENT_ID, ids.OFFICE_CLIENT_ID}
        ),
    )
    daemon = AppRegistration(
        client_id=ids.DAEMON_CLIENT_ID,
        name="Calendar Sync tracker",
        secrets=[
            Secret(ids.DAEMON_CLIENT_SECRET),
            Secret(ids.DAEMON_EXPIRED_SECRET, expired_at),
        ],
    )
    office = AppRegistration(
        client_id=ids.OFFICE_CLIENT_ID, name="Microsoft Office", is_public=True
    )
    return {app.client_id: app for app in (addin, api, daemon, office)}
