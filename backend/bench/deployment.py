"""A deployment to measure: its settings and its firm, as the sandbox describes them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from backend.services.setup import FirmSetup, NewServer, NewUser


def environment(
    state: Mapping[str, Any], sandbox: str, url: str, port: int = 8000
) -> dict[str, str]:
    """Settings of one process over the database at ``url``."""
    api = state["clients"]["api"]
    values = {
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "CLIENT_ID": api["client_id"],
        "CLIENT_SECRET": api["client_secret"],
        "ALLOWED_CLIENTS": state["clients"]["addin"]["client_id"],
        "TENANTS": state["tenant_id"],
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": url,
        "GRAPH_URL": sandbox,
        "LOGIN_URL": sandbox,
        "RATE_LIMIT": "1000000 per minute",
    }
    return {f"CALENDAR_SYNC_{name}": value for name, value in values.items()}


def firm_setup(state: Mapping[str, Any]) -> FirmSetup:
    """Everything on for everybody who has a mailbox."""
    daemon = state["clients"]["daemon"]
    return FirmSetup(
        tenant_id=state["tenant_id"],
        name="Benchmark",
        server=NewServer(
            "Exchange", state["tenant_id"], daemon["client_id"], daemon["client_secret"]
        ),
        users=[NewUser(p["id"], p["name"], p["address"]) for p in state["people"] if p["mailbox"]],
        domains=state["domains"],
    )
