"""Alembic's entry for the product's own tables."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext

from backend.db import admin_models, machine_models, models
from backend.db.base import Base
from backend.db.migrations import MIGRATIONS
from backend.sql import UtcDateTime


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Migrations name our own types by their import, and enums as the text they are."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from backend.sql import UtcDateTime")
        return "UtcDateTime()"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


TABLES = (models, admin_models, machine_models)
"""Imported so that ``Base`` knows every table."""

MIGRATIONS.run(Base.metadata, _render)
