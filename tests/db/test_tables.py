"""What the tables themselves do not allow, and that migrating gives exactly the models."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from backend.db import links
from backend.db.base import Base
from backend.db.migrations import VERSION_TABLE, upgrade
from backend.db.models import EventIdRow, LinkRow
from backend.sql import Database
from tests.db.conftest import AddLink


def test_migrating_from_nothing_gives_exactly_the_models(database: Database) -> None:
    upgrade(database.write_engine)

    with database.write_engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_checks_are_those_of_the_models(database: Database) -> None:
    upgrade(database.write_engine)

    inspector = inspect(database.write_engine)
    for table in Base.metadata.sorted_tables:
        migrated = {check["name"] for check in inspector.get_check_constraints(table.name)}
        modelled = {
            constraint.name
            for constraint in table.constraints
            if constraint.__visit_name__ == "check_constraint"
        }
        assert modelled <= migrated


def test_everything_below_a_firm_carries_its_id() -> None:
    free = {"firms", "clocks", "workers"}

    for table in Base.metadata.sorted_tables:
        assert table.name in free or "firm_id" in table.columns


def test_migrating_twice_changes_nothing(database: Database) -> None:
    upgrade(database.write_engine)
    upgrade(database.write_engine)

    assert "links" in inspect(database.write_engine).get_table_names()


def test_processes_that_start_together_all_migrate_well(database: Database) -> None:
    program = (
        "import sys; from backend.sql import Database; from backend.db.migrations import upgrade;"
        "upgrade(Database(sys.argv[1]).write_engine)"
    )
    url = database.url.render_as_string(hide_password=False)

    started = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", program, url]) for _ in range(3)
    ]

    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]


@pytest.mark.parametrize("change", ["state = 'unknown'", "state = 'linked', activity_id = NULL"])
def test_the_database_backs_the_states(database: Database, add_link: AddLink, change: str) -> None:
    link_id = add_link()

    with pytest.raises(IntegrityError), database.write.begin() as session:
        session.execute(text(f"UPDATE links SET {change} WHERE id = :id"), {"id": link_id})


def test_a_firm_keeps_one_link_of_a_meeting(database: Database, add_link: AddLink) -> None:
    """S3: the second mailbox that claims the same iCalUId is refused."""
    add_link(0, ical_uid="same")

    with pytest.raises(IntegrityError):
        add_link(1, ical_uid="same")
    add_link(1, ical_uid=None)
    add_link(2, ical_uid=None)


def test_ids_are_compared_byte_by_byte(database: Database, add_link: AddLink) -> None:
    link_id = add_link(event_id="AAMkAGI2")
    with database.write.begin() as session:
        row = links.lock(session, link_id)
        assert row is not None
        links.remember_id(session, row, "ews/ID+")
        links.remember_id(session, row, "ews/ID+")

    with database.read() as session:
        for known in ("AAMkAGI2", "ews/ID+"):
            found = links.find(session, row.mailbox_id, (known,))
            assert found is not None
            assert found.id == link_id
        for unknown in ("aamkagi2", "ews/id+", "ews/ID"):
            assert links.find(session, row.mailbox_id, (unknown,)) is None


def test_a_merged_link_leaves_its_ids_to_the_one_that_stays(
    database: Database, add_link: AddLink
) -> None:
    kept_id, merged_id = add_link(event_id="first"), add_link(event_id="second")
    with database.write.begin() as session:
        merged, kept = links.lock(session, merged_id), links.lock(session, kept_id)
        assert merged is not None
        assert kept is not None
        links.remember_id(session, merged, "third")
        links.merge_into(session, merged, kept)

    with database.read() as session:
        assert session.get(LinkRow, merged_id) is None
        for event_id in ("first", "second", "third"):
            found = links.find(session, kept.mailbox_id, (event_id,))
            assert found is not None
            assert found.id == kept_id
        assert session.get(EventIdRow, (kept.mailbox_id, "third")) is not None
