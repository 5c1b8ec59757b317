"""Alembic's entry for the CRM's tables."""

from backend.crm.migrations import MIGRATIONS
from backend.crm.models import Base

MIGRATIONS.run(Base.metadata)
