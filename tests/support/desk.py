"""The real administration on a database, between an Outlook and a CRM in memory."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from backend.adapters import certificates
from backend.db.models import FirmRow
from backend.domain.ports import Clock
from backend.services.administration.desk import Administration, administration
from backend.services.callers import Callers
from backend.services.subscriptions import ClientStates
from backend.sql import Database
from tests.support.fake_sides import FakeCalendars, FakeCrm, FakeOutlook
from tests.support.stage import PlainVault, create_tables


class LazyDesk:
    """Makes tables and a firm when something is first asked of it; tests of other calls need none.

    The parts have the names of :class:`~backend.services.administration.desk.Administration`.
    """

    def __init__(self, database: Database, clock: Clock, *tenants: str) -> None:
        self.database = database
        self.clock = clock
        self.tenants = tenants
        self.rings: list[str] = []
        self.outlook = FakeOutlook(clock)

    @cached_property
    def real(self) -> Administration:
        create_tables(self.database)
        with self.database.write.begin() as session:
            for tenant in self.tenants:
                session.add(FirmRow(tenant_id=tenant, created_at=self.clock()))
        calendars = FakeCalendars(self.outlook, self.clock)
        vault = PlainVault()
        return administration(
            self.database,
            calendars,
            FakeCrm(self.clock),
            Callers(self.database, calendars, vault, self.clock),
            vault,
            self.clock,
            lambda kind, _delay: self.rings.append(kind),
            states=ClientStates([b"key"]),
            addresses=None,
            certificates=certificates,
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)
