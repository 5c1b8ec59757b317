"""Runs migrations on the connection that ``upgrade`` hands over."""

from alembic import context

from backend.db.migrations import VERSION_TABLE
from backend.db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
