"""The sandbox's sample firms as an admin would set them up on the first day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backend.services.setup import FirmSetup, NewServer, NewUser

_BEGINNERS = "Trainee"
"""Their job title picks the two who are not enabled, so that both ways can be seen."""


def registered(state: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The tenants of ``GET /_sandbox/state`` that are our customers."""
    return [tenant for tenant in state["tenants"] if tenant.get("registered", True)]


def firm_setups(state: Mapping[str, Any]) -> Iterator[FirmSetup]:
    """Combined mode, Client and Prospect selected, one server, everybody enabled but three: one
    left out by the admin, one by himself, one without an address.
    """
    daemon = state["clients"]["daemon"]
    for tenant in registered(state):
        yield FirmSetup(
            tenant_id=tenant["tenant_id"],
            name=tenant["name"],
            server=NewServer(
                name="Exchange Online",
                tenant_id=tenant["tenant_id"],
                client_id=daemon["client_id"],
                secret=daemon["client_secret"],
            ),
            users=list(_users(tenant["people"])),
            domains=tenant["domains"],
        )


def _users(people: Sequence[Mapping[str, Any]]) -> Iterator[NewUser]:
    members = [p for p in people if p.get("enabled", True) and not p.get("guest", False)]
    beginners = [person["id"] for person in members if person.get("job_title") == _BEGINNERS]
    by_admin, by_himself = beginners[:2] if len(beginners) > 1 else (None, None)
    for person in members:
        yield NewUser(
            oid=person["id"],
            name=person["name"],
            address=person["address"] or None,
            enabled_by_admin=person["id"] != by_admin,
            enabled_by_user=False if person["id"] == by_himself else None,
        )
