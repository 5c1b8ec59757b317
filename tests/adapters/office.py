"""Our side of the wire, wired as in production, in front of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.adapters.entra_keys import EntraKeys
from backend.adapters.entra_msal import AppIdentity, MsalApps
from backend.adapters.entra_signin import EntraSignIn
from backend.adapters.entra_tokens import EntraTokenVerifier
from backend.adapters.graph import GraphCalendars
from backend.adapters.http import Http
from backend.adapters.routing import GLOBAL, reroute
from backend.adapters.transport import new_session
from backend.domain.ports import (
    Calendar,
    Calendars,
    Mailbox,
    Principal,
    ServerCredentials,
    TokenVerifier,
)
from tests.support.sandbox import RunningSandbox

START = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)


@dataclass
class Office:
    """Our side of the wire, wired as in production, in front of a sandbox."""

    sandbox: RunningSandbox

    def __post_init__(self) -> None:
        # The sandbox's clock only moves forward; an earlier story may have moved it.
        self.offset = datetime.fromisoformat(self.sandbox.state()["now"]) - datetime.now(UTC)
        session = new_session()
        reroute(session, graph_url=self.sandbox.url, login_url=self.sandbox.url)
        http = Http(session, clock=self.clock)
        self.keys = EntraKeys(http, GLOBAL.login_root, monotonic=self.monotonic)
        verifier = EntraTokenVerifier(
            self.keys,
            client_id=self.sandbox.api_client_id,
            clock=self.clock,
            allowed_clients=[self.sandbox.addin_client_id],
        )
        self.verifier: TokenVerifier = verifier
        self.sign_in = EntraSignIn(
            MsalApps(http),
            AppIdentity(self.sandbox.api_client_id, self.sandbox.api_client_secret),
            verifier,
            clock=self.clock,
            login_url=self.sandbox.url,
        )
        self.calendars: Calendars = GraphCalendars(http, self.sign_in, clock=self.clock)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def monotonic(self) -> float:
        return self.clock().timestamp()

    def advance(self, seconds: float) -> None:
        self.sandbox.advance(seconds)
        self.offset += timedelta(seconds=seconds)

    def person(self, role: str = "user") -> dict[str, Any]:
        return self.sandbox.person(role)

    def principal(self, address: str, **token: Any) -> Principal:
        return self.verifier.verify(self.sandbox.token(address, **token))

    def as_user(self, person: dict[str, Any]) -> Calendar:
        return self.calendars.as_user(self.principal(person["address"]), budget=10)

    def as_app(self, **changes: Any) -> Calendar:
        credentials = {
            "server_id": "s1",
            "tenant_id": self.sandbox.tenant_id,
            "client_id": self.sandbox.daemon_client_id,
            "secret": self.sandbox.daemon_client_secret,
        }
        return self.calendars.as_app(ServerCredentials(**{**credentials, **changes}), budget=10)

    def mailbox(self, person: dict[str, Any]) -> Mailbox:
        return Mailbox(self.sandbox.tenant_id, person["id"], person["address"])

    def meeting(self, person: dict[str, Any], **members: Any) -> dict[str, Any]:
        event = {
            "subject": "Review",
            "start": {"dateTime": START.isoformat()[:19], "timeZone": "UTC"},
            "end": {"dateTime": (START + timedelta(hours=1)).isoformat()[:19], "timeZone": "UTC"},
            "attendees": [
                {
                    "type": "required",
                    "emailAddress": {"name": "Ben", "address": "ben@client.example"},
                }
            ],
            "body": {"contentType": "html", "content": "<p>Agenda</p>"},
            "categories": ["Own"],
            **members,
        }
        return self.sandbox.create_event(person["address"], **event)
