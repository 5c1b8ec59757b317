"""Settings that know contact types by name follow every rename (S1, E13)."""

from __future__ import annotations

from functools import partial

from sqlalchemy import select, update

from backend.crm.access import CrmCaller
from backend.db.models import FirmRow
from backend.services.crm_audit import CrmAudit
from backend.services.type_settings import TypeSettings
from tests.support.crm import HandClock
from tests.support.stage import Stage
from tests.support.together import at_once

NAMES = [f"Type {number}" for number in range(6)]


def test_of_renames_at_the_same_moment_none_is_lost(stage: Stage) -> None:
    database, settings = stage.database, TypeSettings(CrmAudit(HandClock()))
    with database.write.begin() as session:
        session.execute(update(FirmRow).values(contact_types=NAMES))
        tenant_id = session.scalars(select(FirmRow.tenant_id)).one()
    admin = CrmCaller(tenant_id, "admin", "Admin", "admin@firm.example", is_admin=True)

    def rename(name: str) -> None:
        with database.write.begin() as session:
            settings.rename(session, admin, name, f"New {name}")

    at_once(*[partial(rename, name) for name in NAMES])

    with database.read() as session:
        firm = session.scalars(select(FirmRow)).one()
    assert firm.contact_types == [f"New {name}" for name in NAMES]
    assert firm.version == 1 + len(NAMES)
