"""A calendar of ours in front of a scripted Graph, and what its requests said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import requests

from backend.adapters.graph import GraphCalendar
from backend.adapters.graph_client import GraphClient
from backend.adapters.http import Http
from backend.adapters.mailbox_gates import MailboxGates
from backend.adapters.routing import GLOBAL, Cloud
from backend.adapters.token_cache import GraphToken
from backend.adapters.transport import new_session
from backend.domain.errors import ClaimsRequiredError
from backend.domain.ports import Mailbox

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TENANT = "3f6c1b52-7a0e-4c1d-9b8e-1d2f4a6c8e01"
OWNER = "7c4bf9ff-ec72-544c-b137-d4ed4bf9d3d3"
ROOT = "https://graph.microsoft.com/v1.0"
ANNS = Mailbox(TENANT, OWNER, "ann@firm.example")


class FakeTokens:
    """Counts what was asked; each dropped token is followed by a new one."""

    def __init__(self, scopes: frozenset[str], *, of_user: bool = True) -> None:
        self.scopes = scopes
        self.of_user = of_user
        self.number = 1
        self.answered: list[str] = []

    def get(self, _budget: object) -> GraphToken:
        return GraphToken(f"token-{self.number}", NOON + timedelta(hours=1), self.scopes)

    def drop(self, token: GraphToken) -> None:
        assert token.value == f"token-{self.number}"
        self.number += 1

    def answer_challenge(self, claims: str, _budget: object) -> None:
        if self.of_user:
            raise ClaimsRequiredError(claims)
        self.answered.append(claims)


ALL_SCOPES = frozenset({"calendars.readwrite", "mailboxsettings.readwrite"})


def a_calendar(
    tokens: FakeTokens | None = None,
    *,
    cloud: Cloud = GLOBAL,
    budget: float | None = None,
    gates: MailboxGates | None = None,
    timeout: float = 10.0,
    max_bytes: int = 16 * 1024 * 1024,
) -> GraphCalendar:
    tokens = tokens or FakeTokens(ALL_SCOPES)
    http = Http(new_session(), clock=lambda: NOON, max_bytes=max_bytes)
    client = GraphClient(
        http,
        tokens,
        graph_root=cloud.graph_root,
        tenant_id=TENANT,
        gates=gates or MailboxGates(),
        budget=None if budget is None else http.budget(budget),
        timeout=timeout,
    )
    return GraphCalendar(
        client, cloud=cloud, tenant_id=TENANT, clock=lambda: NOON, scopes_tell=tokens.of_user
    )


def query(request: requests.PreparedRequest) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(urlsplit(str(request.url)).query).items()}
