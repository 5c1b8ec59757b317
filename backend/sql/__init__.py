"""The small SQL kit below ``db`` and ``crm``: engines, sessions and column types, no tables."""

from backend.sql.database import Database
from backend.sql.failures import is_transient
from backend.sql.types import UtcDateTime

__all__ = ["Database", "UtcDateTime", "is_transient"]
