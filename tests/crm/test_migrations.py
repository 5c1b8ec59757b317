from __future__ import annotations

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from backend.crm.migrations import VERSION_TABLE, upgrade
from backend.crm.models import Base
from backend.crm.searching import SEARCH_INDEXES
from backend.sql import Database


def test_migrating_from_nothing_gives_exactly_the_models(database: Database) -> None:
    upgrade(database.write_engine)

    with database.write_engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "compare_type": True,
                "include_name": lambda name, _type, _parents: name not in SEARCH_INDEXES,
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_checks_and_foreign_keys_are_those_of_the_models(database: Database) -> None:
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
        for key in inspector.get_foreign_keys(table.name):
            assert key["constrained_columns"][0] == "tenant_id"


def test_processes_that_start_together_all_migrate_well(database: Database) -> None:
    program = (
        "import sys; from backend.sql import Database; from backend.crm.migrations import upgrade;"
        "upgrade(Database(sys.argv[1]).write_engine)"
    )
    url = database.url.render_as_string(hide_password=False)

    started = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", program, url]) for _ in range(3)
    ]

    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    assert VERSION_TABLE in inspect(database.write_engine).get_table_names()
