"""Searching for text: every match of "contains", however many records there are.

What is searched is a column of the row itself, folded (``search_text``), so that a record that is
changed, hidden or destroyed is so in searches, too: there is no copy that could lag behind or tell.

- PostgreSQL finds three letters and more by an index of trigrams (``pg_trgm``). The planner goes
  through the latest records instead where a word is common.
- SQLite goes through an index that holds the text in the order of the lists, to the page's end.

Migration 0006 makes these indexes. They are no part of the models: each is one database's own, and
answers are the same without them.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.orm import InstrumentedAttribute

from backend.crm.models import ActivityRow
from backend.crm.text import containing
from backend.sql import Database

SEARCH_INDEXES = frozenset(
    {"ix_crm_activities_scan", "ix_crm_activities_trigrams", "ix_crm_contacts_trigrams"}
)
_TRIGRAM = 3


def is_indexed(database: Database) -> bool:
    """Whether activities are found by an index; without ``pg_trgm`` PostgreSQL has none.

    Raises: sqlalchemy.exc.SQLAlchemyError when the database does not answer.
    """
    there = inspect(database.read_engine).get_indexes(ActivityRow.__tablename__)
    return any(index["name"] in SEARCH_INDEXES for index in there)


def says(column: InstrumentedAttribute[str], query: str) -> ColumnElement[bool]:
    """Whether a column of folded text contains ``query``; a blank query is contained by all."""
    # Fewer letters make no trigram: PostgreSQL would read its whole index and then every record.
    text = column if len(query.strip()) >= _TRIGRAM else column.concat("")
    return text.like(containing(query), escape="\\")
