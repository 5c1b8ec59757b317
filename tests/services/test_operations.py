"""Long operations and what comes after a slice of them (A5)."""

from __future__ import annotations

from sqlalchemy import select

from backend.db.admin_models import OperationRow
from backend.db.models import FirmRow
from backend.db.persons import reasons_naming
from backend.services.administration.answers import RowResult
from backend.services.administration.operations import Claimed, Operations, Slice
from tests.support.stage import Stage


def test_workers_are_rung_when_a_slice_is_stored_and_not_before(stage: Stage) -> None:
    done_when_rung: dict[str, int] = {}

    def ring(kind: str, _delay: float) -> None:
        with stage.database.read() as session:
            done_when_rung[kind] = session.scalars(select(OperationRow.position)).one()

    operations = Operations(stage.database, None, stage.clock, ring)  # type: ignore[arg-type]

    def step(claimed: Claimed) -> Slice:
        def work(_session: object) -> list[RowResult]:
            return [RowResult(claimed.ids[0], ok=True)]

        return Slice(work, is_last=True, rings=True)

    operations.teach("anything", step)
    with stage.database.write.begin() as session:
        firm_id = session.scalars(select(FirmRow.id)).one()
        operations.plan(session, firm_id, "anything", argument={}, ids=["one"])
    operations.work()

    assert done_when_rung == {"drain_links": 1, "drain_mailboxes": 1}


def test_a_reason_names_who_it_names_and_nobody_whose_name_begins_alike(stage: Stage) -> None:
    stage.tick()
    stage.change_link(because="Anna Smith is a Client")
    with stage.database.read() as session:
        firm_id = session.scalars(select(FirmRow.id)).one()
        named = {
            name: reasons_naming(session, firm_id, {name})
            for name in ("Ann", "Anna", "Anna Smith", "Smith")
        }

    assert named == {"Ann": 0, "Anna": 0, "Anna Smith": 1, "Smith": 0}
