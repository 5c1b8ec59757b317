"""The small SQL kit below ``db`` and ``crm``: engines, sessions, types, clock; no tables."""

from backend.sql.clock import DatabaseClock
from backend.sql.database import Database
from backend.sql.failures import is_transient
from backend.sql.types import UtcDateTime

__all__ = ["Database", "DatabaseClock", "UtcDateTime", "is_transient"]
