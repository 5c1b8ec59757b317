"""Firms at the start, and the sample firm of the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db import people
from backend.db.crowds import Crowd
from backend.db.models import FirmRow, MailboxRow, ServerRow, UserRow
from backend.domain.event import normalised_address
from backend.domain.policy import SyncMode
from backend.domain.ports import Clock
from backend.services.callers import Vault
from backend.services.reevaluation import judge_again
from backend.sql import Database


@dataclass(frozen=True, slots=True)
class NewServer:
    """An online server to register; ``expires_at`` is the secret's end, if known."""

    name: str
    tenant_id: str
    client_id: str
    secret: str = field(repr=False)
    cloud: str = "global"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewUser:
    """A member to import; ``address=None``: no e-mail address of the type the firm uses."""

    oid: str
    name: str
    address: str | None
    enabled_by_admin: bool | None = True
    enabled_by_user: bool | None = None


@dataclass(frozen=True, slots=True)
class FirmSetup:
    """What an admin would do on the first day."""

    tenant_id: str
    name: str
    server: NewServer
    users: Sequence[NewUser]
    domains: Sequence[str] = ()
    mode: SyncMode = SyncMode.COMBINED
    contact_types: Sequence[str] = ("Client", "Prospect")
    past_days: int = 30


class Setup:
    """Makes firms and fills in what an admin would otherwise type."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    def ensure_firms(self, tenant_ids: Sequence[str], names: Mapping[str, str]) -> None:
        """A firm row for each registered tenant; sync is off until an admin enables it."""
        with self._database.write.begin() as session:
            known = set(session.scalars(select(FirmRow.tenant_id)))
            for tenant_id in tenant_ids:
                if tenant_id not in known:
                    session.add(
                        FirmRow(
                            tenant_id=tenant_id,
                            name=names.get(tenant_id, ""),
                            created_at=self._clock(),
                        )
                    )

    def configure(self, setup: FirmSetup) -> bool:
        """Set a firm up once; False, and nothing changed, when it was enabled before.

        So the demo's second start keeps what was changed since the first one.
        """
        self.ensure_firms([setup.tenant_id], {setup.tenant_id: setup.name})
        with self._database.write.begin() as session:
            firm = people.find_firm(session, setup.tenant_id)
            assert firm is not None
            if firm.sync_enabled:
                return False
            self._enable(firm, setup)
            server = self._add_server(session, firm, setup.server)
            for user in setup.users:
                self._add_user(session, firm, server, user)
            session.flush()
            judge_again(session, Crowd(firm_id=firm.id), self._clock())
        return True

    def _enable(self, firm: FirmRow, setup: FirmSetup) -> None:
        firm.name = setup.name
        firm.sync_enabled = True
        firm.sync_enabled_at = self._clock()
        firm.mode = setup.mode
        firm.contact_types = list(setup.contact_types)
        firm.verified_domains = list(setup.domains)
        firm.past_days = setup.past_days

    def _add_server(self, session: Session, firm: FirmRow, new: NewServer) -> ServerRow:
        server = ServerRow(
            firm_id=firm.id,
            name=new.name,
            cloud=new.cloud,
            tenant_id=new.tenant_id,
            client_id=new.client_id,
            secret_encrypted=self._vault.encrypt(new.secret),
            expires_at=new.expires_at,
            created_at=self._clock(),
        )
        session.add(server)
        session.flush()
        return server

    def _add_user(self, session: Session, firm: FirmRow, server: ServerRow, new: NewUser) -> None:
        found = people.find_owner(session, firm.tenant_id, new.oid)
        owner = found or people.add_user(
            session, firm, oid=new.oid, name=new.name, address=new.address, now=self._clock()
        )
        user: UserRow = owner.user
        mailbox: MailboxRow = owner.mailbox
        user.name = new.name
        user.address = normalised_address(new.address) if new.address else None
        user.mode = firm.mode
        user.enabled_by_admin = new.enabled_by_admin if new.address else None
        user.enabled_by_user = new.enabled_by_user
        mailbox.server_id = server.id
