"""Who there is in a firm, as the embedded CRM asks it: to put people into groups (T6)."""

from __future__ import annotations

from collections.abc import Sequence

from backend.db import people
from backend.domain.crm import Member
from backend.sql import Database


class Colleagues:
    """The users the product knows of a firm: imported from the directory, or signed in once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, tenant_id: str, query: str, limit: int) -> Sequence[Member]:
        """Users whose name or address contains ``query``, by name."""
        with self._database.read() as session:
            firm = people.find_firm(session, tenant_id)
            if firm is None:
                return ()
            found = people.search_users(session, firm.id, query, limit)
            return [Member(user.oid, user.name, user.address or "") for user in found]

    def by_ids(self, tenant_id: str, ids: Sequence[str]) -> Sequence[Member]:
        """The users with these Entra object ids; unknown ones are absent."""
        with self._database.read() as session:
            firm = people.find_firm(session, tenant_id)
            if firm is None:
                return ()
            found = people.find_users(session, firm.id, ids)
            return [Member(user.oid, user.name, user.address or "") for user in found.values()]
